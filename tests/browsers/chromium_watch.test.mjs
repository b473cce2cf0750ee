// The watch page in Chromium, in each of its ways to play.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, browser;
const senders = [];
before(async () => {
  server = await Server.start({
    config: '[channels]\naccess = "public"\n[[channel]]\nname = "main"\n[[channel]]\nname = "stable"\nlatency = "stable"\n[[channel]]\nname = "closed"\naccess = "token"\n[[channel]]\nname = "pictures"\nlatency = "realtime"\n',
  });
  const send = (channel, ...more) =>
    senders.push(new Child(program, ['publish', 'test', '--size', '640x360', ...more, `${server.ws}/ws?channel=${channel}`], { env: { BUTAI_TOKEN: publishToken(channel) } }));
  send('main');
  send('stable');
  send('pictures', '--format', 'jpeg', '--fps', '15');
  await Promise.all(['main', 'stable', 'pictures'].map((channel) => server.segmentsOf(channel)));
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

const median = (values) => values.filter((v) => v !== null).sort((a, b) => a - b)[values.length >> 1];

// Bounds that tell one way to play from another, on cores that others use too; the goals are ./dev bench latency's.
const kWays = [
  { player: 'ws', channel: 'main', latency: 1.5 },
  { player: 'hls', channel: 'main', latency: 4 },
  { player: 'hls', channel: 'stable', latency: 16 },
  { player: 'dash', channel: 'main', latency: 8 },
  { player: 'dash', channel: 'stable', latency: 16 },
];

describe('two at a time', { concurrency: 2 }, () => {
  for (const { player, channel, latency } of kWays) {
    test(`${player} of the ${channel} channel plays`, { timeout: 60_000 }, async () => {
      const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/${channel}?player=${player}`);
      try {
        const seen = await watchPlaying(watch.stats, { seconds: 6 });
        const [first, last] = [seen[0], seen.at(-1)];
        assert.equal(last.player, player);
        assert.equal(last.state, 'playing');
        assert.deepEqual([last.width, last.height], [640, 360]);
        assert.ok(last.decodedFrames - first.decodedFrames > 6 * 20, `${last.decodedFrames - first.decodedFrames} pictures in 6 s`);
        assert.ok(last.currentTime - first.currentTime > 4.5, `${last.currentTime - first.currentTime} s of media in 6 s`);
        const seconds = median(seen.slice(-12).map((stats) => stats.latencySeconds));
        console.log(`# ${player} ${channel}: latency ${seconds?.toFixed(2)} s, median told ${last.medianLatencySeconds?.toFixed(2)} s, buffer ${last.bufferSeconds.toFixed(2)} s, dropped ${last.droppedFrames}`);
        assert.ok(seconds !== undefined && seconds > -0.05 && seconds < latency, `latency ${seconds} s`);
        assert.deepEqual(watch.trouble, []);
        await watch.page.keyboard.press('i');
        await watch.screenshot(`watch_${player}_${channel}`);
      } finally {
        await watch.close();
      }
    });
  }

  test('a JPEG channel is drawn', { timeout: 40_000 }, async () => {
    const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/pictures`);
    const last = await until('pictures', async () => {
      const stats = await watch.stats();
      return stats.decodedFrames > 20 && stats;
    }, { within: 15_000 });
    assert.equal(last.player, 'jpeg');
    assert.deepEqual(watch.trouble, []);
    await watch.screenshot('watch_jpeg');
    await watch.close();
  });

  test('a channel that needs a token asks for it, and plays with one from the address', { timeout: 40_000 }, async () => {
    const asked = await openPage(browser, `http://localhost:${server.ports.http}/watch/closed`);
    await asked.page.locator('input').first().waitFor();
    await asked.screenshot('watch_token');
    await asked.close();
    const sender = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=closed`], { env: { BUTAI_TOKEN: publishToken('closed') } });
    await server.segmentsOf('closed', viewToken('closed'));
    const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/closed?player=ws#token=${viewToken('closed')}`);
    await watchPlaying(watch.stats, { seconds: 2 });
    assert.ok(!(await watch.page.evaluate(() => location.href)).includes('token'), 'the token left the address bar');
    await watch.close();
    await sender.stop();
  });

  test('viewers wait for a channel without a publisher, then see it', { timeout: 60_000 }, async () => {
    const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/soon?player=ws`);
    await until('it to wait', async () => (await watch.stats()).state === 'waiting', { within: 15_000 });
    await watch.screenshot('watch_waiting');
    const sender = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=soon`], { env: { BUTAI_TOKEN: publishToken('soon') } });
    await watchPlaying(watch.stats, { seconds: 2 });
    sender.kill('SIGKILL');
    await until('the gap to be shown', async () => (await watch.stats()).state === 'gap', { within: 10_000 });
    const again = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=soon`], { env: { BUTAI_TOKEN: publishToken('soon') } });
    const before = (await watch.stats()).decodedFrames;
    await until('the picture to be back', async () => {
      const stats = await watch.stats();
      return stats.state === 'playing' && stats.decodedFrames > before + 30;
    }, { within: 15_000 });
    await server.end('soon');
    await until('the end to be shown', async () => (await watch.stats()).state === 'ended', { within: 10_000 });
    assert.deepEqual(watch.trouble, []);
    await watch.close();
    await Promise.all([sender.stop(), again.stop()]);
  });
});

// Firefox ESR plays the watch page in each of its ways.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchPlaying } from '../harness/browser.mjs';
import { Firefox } from '../harness/marionette.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';

let server, sender, firefox;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  sender = new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=main`], { env: { BUTAI_TOKEN: publishToken() } });
  await server.segmentsOf('main');
  firefox = await Firefox.start();
});
after(async () => {
  await firefox?.stop();
  await sender?.stop();
  await server?.stop();
});

const stats = () => firefox.evaluate('window.butai ? window.butai.stats() : null');

for (const player of ['ws', 'hls', 'dash']) {
  test(`Firefox plays ${player}`, { timeout: 90_000 }, async () => {
    await firefox.open(`http://localhost:${server.ports.http}/watch/main?player=${player}`);
    const seen = await watchPlaying(stats, { seconds: 5, within: 30_000 });
    const [first, last] = [seen[0], seen.at(-1)];
    console.log(`# ${player}: ${last.decodedFrames - first.decodedFrames} pictures in 5 s, latency ${last.medianLatencySeconds?.toFixed(2)} s`);
    assert.equal(last.player, player);
    if (player === 'ws') assert.ok(last.medianLatencySeconds < 3, `${last.medianLatencySeconds} s behind`);
    assert.equal(last.state, 'playing');
    assert.ok(last.decodedFrames - first.decodedFrames > 5 * 15, `${last.decodedFrames - first.decodedFrames} pictures in 5 s`);
    assert.ok(last.currentTime - first.currentTime > 3.5, `${last.currentTime - first.currentTime} s of media in 5 s`);
    await firefox.screenshot(`firefox_${player}`);
  });
}

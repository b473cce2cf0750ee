// Players that are not ours, as they come from the shelf, on a page of somebody else: hls.js, dash.js and
// shaka-player play the addresses of a play from another origin.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { longestStill, playerSite } from '../harness/foreign_players.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { feed } from '../harness/feed.mjs';
import { media } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, site, browser, sender, steady;
before(async () => {
  server = await Server.start();
  // A film that is passed through, not the test picture: that leaves pictures out on a busy machine, and
  // players without our mending take up to three seconds to get over a hole.
  sender = await feed(server, 'main', await film({ seconds: 60 }));
  steady = new Child(program, ['publish', 'test', '--size', '320x240', `${server.ws}/ws?channel=steady`], { env: { BUTAI_TOKEN: publishToken('steady') } });
  site = await playerSite();
  await server.segmentsOf('main', viewToken());
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
  await sender?.stop();
  await steady?.stop();
  await server?.stop();
});

const kStillMs = 1500;
for (const [name, kind, slowest] of [['hls.js', 'hls', 4], ['dash.js', 'dash', 4.5], ['shaka-player', 'hls', 10], ['shaka-player', 'dash', 10]]) {
  test(`${name} plays ${kind} from another origin`, { timeout: 60_000 }, async () => {
    const play = await server.play('main', viewToken());
    const { page, trouble, close } = await openPage(browser, site.page(name, play[kind]));
    try {
      // On cores that others use too a player may run dry, and goes on: one look of three without that.
      let seen, still;
      for (let looks = 0; looks < 3 && !(still < kStillMs); ++looks) {
        seen = await watchPlaying(() => page.evaluate(() => window.stats()), { seconds: 6 });
        still = longestStill(seen);
      }
      const [first, last] = [seen[0], seen.at(-1)];
      console.log(`# ${name} ${kind}: ${last.decodedFrames - first.decodedFrames} pictures in 6 s, still for ${Math.round(still)} ms, latency ${last.latency?.toFixed?.(2)} s`);
      assert.ok(still < kStillMs, `the picture stood still for ${still} ms`);
      assert.ok(last.currentTime - first.currentTime > 4.5);
      assert.equal(last.width, 640);
      assert.ok(last.latency < slowest, `${last.latency} s`);
      assert.deepEqual(trouble, []);
    } finally {
      await close();
    }
  });
}

test('dash.js fetches segments while they grow, chunk by chunk', { timeout: 60_000 }, async () => {
  const play = await server.play('steady', viewToken('steady'));
  // Older than what dash.js stays behind: it does not get over a start before the first segment.
  await until('a channel of some age', async () => (await media(new URL('video/index.m3u8', play.hls).href).catch(() => null))?.segments.length >= 4, { within: 30_000, every: 500 });
  const { page, close } = await openPage(browser, site.page('dash.js', play.dash));
  try {
    const seen = await watchPlaying(() => page.evaluate(() => window.stats()), { seconds: 8 });
    const took = await page.evaluate(() =>
      performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('.m4s')).map((entry) => entry.duration),
    );
    // A segment lasts 2 s; an answer that took long was given as it was made.
    const grown = took.filter((ms) => ms > 700).length;
    console.log(`# dash.js, low latency: ${seen.at(-1).latency.toFixed(2)} s; ${grown} of ${took.length} segments grew`);
    assert.ok(grown >= 4, `${grown} of ${took.length} segments were fetched while they grew: ${took.map(Math.round)} ms`);
    assert.ok(seen.at(-1).latency < 4.5);
  } finally {
    await close();
  }
});

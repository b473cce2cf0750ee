// Players of others in a real browser, with ClearKey: shaka-player (DASH, HLS), hls.js, dash.js; cbcs and
// cenc, over a change of keys; the pixels on the screen are looked at. Without a right, or with wrong
// keys, the screen stays black.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { root } from '../harness/paths.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const packages = join(root, 'tests/node_modules');
const kPlayers = {
  'hls.js': {
    file: join(packages, 'hls.js/dist/hls.js'),
    start: `const hls = new Hls({ emeEnabled: true, drmSystems: { 'org.w3.clearkey': { licenseUrl: license + '/clearkey' } } });
      hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) console.error('hls.js: ' + data.details); });
      hls.loadSource(address); hls.attachMedia(video);`,
  },
  'dash.js': {
    file: join(packages, 'dashjs/dist/legacy/umd/dash.all.debug.js'),
    start: `const player = dashjs.MediaPlayer().create();
      player.updateSettings({ debug: { logLevel: 1 } });
      player.on('error', (e) => console.error('dash.js: ' + (e.error?.message ?? e.error)));
      player.initialize(video, address, true);`,
  },
  shaka: {
    file: join(packages, 'shaka-player/dist/shaka-player.compiled.js'),
    start: `const player = new shaka.Player();
      player.addEventListener('error', (e) => console.error('shaka: ' + e.detail.code));
      player.attach(video).then(() => player.load(address)).then(() => video.play(), (e) => console.error('shaka: ' + e.code));`,
  },
};

let server, site, browser;
const feeds = [];
before(async () => {
  server = await Server.start({
    config: ['cbcs', 'cenc'].map((scheme) => `[[channel]]\nname = "${scheme}"\nprotection = "${scheme}"\nlatency = "stable"\n`).join('\n'),
  });
  const source = await film({ seconds: 12 });
  for (const name of ['cbcs', 'cenc']) feeds.push(await feed(server, name, source));
  site = createServer((request, answer) => {
    const url = new URL(request.url, 'http://a');
    const player = kPlayers[url.searchParams.get('player')];
    if (url.pathname === '/player.js') return answer.setHeader('Content-Type', 'text/javascript').end(readFileSync(player.file));
    if (url.pathname === '/favicon.ico') return answer.writeHead(204).end();
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<!doctype html><video id="video" muted autoplay playsinline width="640"></video>
      <script src="/player.js?player=${encodeURIComponent(url.searchParams.get('player'))}"></script>
      <script>const video = document.getElementById('video');
      const query = new URL(location).searchParams, address = query.get('address'), license = query.get('license');
      let waits = 0; video.addEventListener('waiting', () => { if (video.currentTime > 0) waits += 1; });
      window.stats = () => ({ decodedFrames: video.getVideoPlaybackQuality().totalVideoFrames, currentTime: video.currentTime, waits, keys: video.mediaKeys !== null });
      ${player.start}</script>`);
  });
  await new Promise((ready) => site.listen(0, '127.0.0.1', ready));
  for (const name of ['cbcs', 'cenc']) await server.segmentsOf(name, viewToken(name));
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
  for (const one of feeds) await one.stop();
  await server?.stop();
});

const pageOf = (player, address, license) =>
  `http://localhost:${site.address().port}/?player=${player}&address=${encodeURIComponent(address)}&license=${encodeURIComponent(license)}`;

// How many colours the picture has on the screen: a canvas gets none of a protected video's pixels.
async function colours(page) {
  const png = (await page.locator('#video').screenshot()).toString('base64');
  return page.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const paper = canvas.getContext('2d');
    paper.drawImage(image, 0, 0, 64, 36);
    const { data } = paper.getImageData(0, 0, 64, 36);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4) seen.add((data[i] >> 5) << 6 | (data[i + 1] >> 5) << 3 | data[i + 2] >> 5);
    return seen.size;
  }, png);
}

for (const scheme of ['cbcs', 'cenc']) {
  for (const [player, kind, keys] of [['shaka', 'dash', ''], ['shaka', 'hls', '?keys=identity'], ['hls.js', 'hls', '?keys=clearkey'], ['dash.js', 'dash', '']]) {
    test(`${player} plays ${scheme} over ${kind} through a change of keys`, { timeout: 90_000 }, async () => {
      const play = await server.play(scheme, viewToken(scheme));
      const { page, trouble, close } = await openPage(browser, pageOf(player, play[kind] + keys, play.license));
      try {
        await watchPlaying(() => page.evaluate(() => window.stats()), { seconds: 2, within: 30_000 });
        assert.ok(await colours(page) > 8, 'the decoded picture has its colours');
        const rotated = await server.post(`/api/v1/channels/${scheme}/rotate-keys`, '', { token: controlToken() });
        assert.equal(rotated.status, 200, rotated.text);
        const before = await page.evaluate(() => window.stats());
        // Players of `stable` are about 10 s behind: long enough to come to the new keys and well past them.
        await sleep(18_000);
        const now = await page.evaluate(() => window.stats());
        console.log(`# ${player} ${kind} ${scheme}: ${(now.currentTime - before.currentTime).toFixed(1)} s played in 18, ${now.waits - before.waits} waits`);
        assert.ok(now.currentTime - before.currentTime > 15, `played ${now.currentTime - before.currentTime} s in 18; ${trouble}`);
        assert.ok(now.keys, 'through Encrypted Media Extensions');
        assert.ok(await colours(page) > 8, 'and still has its colours');
      } finally {
        await close();
      }
    });
  }
}

test('without a right the screen stays black', { timeout: 60_000 }, async () => {
  const token = viewToken('cbcs');
  const play = await server.play('cbcs', token);
  // The manifest may be fetched, but licenses are asked for with a play that has ended.
  const ended = await server.play('cbcs', token);
  await server.get(`/api/v1/plays/${ended.play}`, { token, method: 'DELETE' });
  const { page, trouble, close } = await openPage(browser, pageOf('hls.js', `${play.hls}?keys=clearkey`, ended.license));
  try {
    await until('the player complains', () => trouble.length > 0, { within: 30_000 });
    const { decodedFrames } = await page.evaluate(() => window.stats());
    assert.equal(decodedFrames, 0);
  } finally {
    await close();
  }
});

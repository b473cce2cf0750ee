// Players of others in a real browser, with ClearKey: shaka-player (DASH, HLS), hls.js, dash.js; cbcs and
// cenc, over a change of keys; the pixels on the screen are looked at. Without a right, or with wrong
// keys, the screen stays black. Each player once with either scheme; with BUTAI_LONG=1 with both.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { colours, openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { root } from '../harness/paths.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { later, sleep, until } from '../harness/wait.mjs';

const packages = join(root, 'tests/node_modules');
const hlsJs = (more) => ({
  file: join(packages, 'hls.js/dist/hls.js'),
  start: `const hls = new Hls({ emeEnabled: true, drmSystems: { 'org.w3.clearkey': { licenseUrl: license + '/clearkey'${more} } } });
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) console.error('hls.js: ' + data.details); });
    hls.loadSource(address); hls.attachMedia(video);`,
});
const kPlayers = {
  'hls.js': hlsJs(''),
  // Asks for the key that the playlist names; without, it asks for what the newest pssh names, and a change
  // of keys is a matter of luck (docs/design/protection.md).
  'hls.js with a hook': hlsJs(`,
    generateRequest: (type, data, { decryptdata }) => {
      const kid = btoa(String.fromCharCode(...decryptdata.keyId)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      return { initDataType: 'keyids', initData: new TextEncoder().encode(JSON.stringify({ kids: [kid] })) };
    }`),
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
    if (url.pathname === '/wrong/clearkey') return void wrongKeys(request, answer);
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

// A license as it should be, but for keys that fit nothing.
async function wrongKeys(request, answer) {
  let body = '';
  for await (const piece of request) body += piece;
  const { kids } = JSON.parse(body);
  const keys = kids.map((kid) => ({ kty: 'oct', kid, k: randomBytes(16).toString('base64url') }));
  answer.setHeader('Access-Control-Allow-Origin', '*').setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys, type: 'temporary' }));
}

const pageOf = (player, address, license) =>
  `http://localhost:${site.address().port}/?player=${encodeURIComponent(player)}&address=${encodeURIComponent(address)}&license=${encodeURIComponent(license)}`;

const kCases = ['cbcs', 'cenc'].flatMap((scheme) => [
  { player: 'shaka', kind: 'dash', keys: '', scheme, always: scheme === 'cenc' },
  { player: 'shaka', kind: 'hls', keys: '?keys=identity', scheme, always: scheme === 'cbcs' },
  { player: 'hls.js with a hook', kind: 'hls', keys: '?keys=clearkey', scheme, always: scheme === 'cbcs' },
  { player: 'dash.js', kind: 'dash', keys: '', scheme, always: scheme === 'cenc' },
]);
const cases = kCases.filter(({ always }) => always || process.env.BUTAI_LONG === '1');

// All play at the same time; the keys change once, when each has a picture or has failed.
const ready = cases.map(() => later());
const rotations = {};
const rotate = (scheme) => (rotations[scheme] ??= server.post(`/api/v1/channels/${scheme}/rotate-keys`, '', { token: controlToken() }));

describe('players of others', { concurrency: true }, () => {
  for (const [at, { player, kind, keys, scheme }] of cases.entries()) {
    test(`${player} plays ${scheme} over ${kind} through a change of keys`, { timeout: 120_000 }, async () => {
      const play = await server.play(scheme, viewToken(scheme));
      const { page, trouble, close } = await openPage(browser, pageOf(player, play[kind] + keys, play.license));
      const stats = () => page.evaluate(() => window.stats());
      try {
        try {
          await watchPlaying(stats, { seconds: 1, within: 45_000 });
          assert.ok(await colours(page) > 8, 'the decoded picture has its colours');
        } catch (error) {
          throw new Error(`${error.message}; ${trouble}`);
        } finally {
          ready[at].resolve();
        }
        await Promise.all(ready.map(({ promise }) => promise));
        const rotated = await rotate(scheme);
        assert.equal(rotated.status, 200, rotated.text);
        const before = await stats();
        // Players of `stable` are about 10 s behind: long enough to come to the new keys and well past them.
        await sleep(18_000);
        const now = await stats();
        console.log(`# ${player} ${kind} ${scheme}: ${(now.currentTime - before.currentTime).toFixed(1)} s played in 18, ${now.waits - before.waits} waits`);
        assert.ok(now.currentTime - before.currentTime > 13, `played ${now.currentTime - before.currentTime} s in 18; ${trouble}`);
        assert.ok(now.keys, 'through Encrypted Media Extensions');
        assert.ok(await colours(page) > 8, 'and still has its colours');
      } finally {
        await close();
      }
    });
  }

  test('hls.js as it comes plays cbcs', { timeout: 90_000 }, async () => {
    const play = await server.play('cbcs', viewToken('cbcs'));
    const { page, close } = await openPage(browser, pageOf('hls.js', `${play.hls}?keys=clearkey`, play.license));
    try {
      await watchPlaying(() => page.evaluate(() => window.stats()), { seconds: 1, within: 45_000 });
      assert.ok(await colours(page) > 8, 'the decoded picture has its colours');
    } finally {
      await close();
    }
  });

  test('without a right the screen stays black, and the player says so', { timeout: 90_000 }, async () => {
    const token = viewToken('cbcs');
    const play = await server.play('cbcs', token);
    // The manifest may be fetched, but licenses are asked for with a play that has ended.
    const ended = await server.play('cbcs', token);
    await server.get(`/api/v1/plays/${ended.play}`, { token, method: 'DELETE' });
    const { page, trouble, close } = await openPage(browser, pageOf('hls.js', `${play.hls}?keys=clearkey`, ended.license));
    try {
      await until('the player complains', () => trouble.some((line) => line.startsWith('hls.js: ')), { within: 60_000 });
      assert.equal((await page.evaluate(() => window.stats())).decodedFrames, 0);
      assert.ok(await colours(page) <= 2, 'black');
    } finally {
      await close();
    }
  });

  test('with a wrong key there is no picture', { timeout: 90_000 }, async () => {
    const play = await server.play('cbcs', viewToken('cbcs'));
    const wrong = `http://localhost:${site.address().port}/wrong`;
    const { page, trouble, close } = await openPage(browser, pageOf('hls.js', `${play.hls}?keys=clearkey`, wrong));
    try {
      await until('the player fails', () => trouble.some((line) => line.startsWith('hls.js: ')), { within: 60_000 });
      assert.ok(await colours(page) <= 8, 'nothing of the picture');
    } finally {
      await close();
    }
  });
});

// Captions by API in Chromium: on the watch page in each of its ways to play, and in players that are not ours,
// each cue is shown when the picture says so; the viewer switches them on and makes them larger.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage, pixels, startChromium, watchPlaying } from '../harness/browser.mjs';
import { feed } from '../harness/feed.mjs';
import { playerSite } from '../harness/foreign_players.mjs';
import { fetchOk, media, strictly } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kCues = 240; // one a second; the text is its number
const kBesideSeconds = 0.35; // of a change between two cues nothing is asked

// A text segment is there when it is whole: players of HLS and DASH are in time with it three seconds behind and more,
// as those of a stable channel are. By WebSocket cues come when they are made.
const kConfig = '[channels]\naccess = "public"\ncaptions = ["ja"]\n[[channel]]\nname = "main"\n[[channel]]\nname = "stable"\nlatency = "stable"\n';
const kChannels = ['main', 'stable'];
let server, site, browser, senders, origin;
before(async () => {
  server = await Server.start({ config: kConfig });
  // Black, so that captions are all that is white.
  const black = await film({ seconds: 60, size: '320x180', extra: ['-vf', 'lutyuv=y=16:u=128:v=128'] });
  senders = await Promise.all(kChannels.map((channel) => feed(server, channel, black)));
  site = await playerSite();
  await Promise.all(kChannels.map((channel) => server.segmentsOf(channel)));
  origin = Math.ceil(Date.now() / 1000) + 1;
  const cues = Array.from({ length: kCues }, (_, i) => ({
    start: new Date((origin + i) * 1000).toISOString(), end: new Date((origin + i + 1) * 1000).toISOString(), text: `字幕 ${i}`,
  }));
  for (const channel of kChannels) {
    const answer = await caption(cues, 'ja', channel);
    assert.deepEqual(answer.json(), { taken: kCues, late: 0 });
  }
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
  await Promise.all((senders ?? []).map((sender) => sender.stop()));
  await server?.stop();
});

const caption = (cues, language = 'ja', channel = 'main') => server.post(`/api/v1/channels/${channel}/captions`, { language, cues }, { token: controlToken() });

// What a page shows now, and the UTC of its picture.
const shown = (page) =>
  page.evaluate(() => {
    const [track] = [...document.querySelector('video').textTracks].filter(({ mode }) => mode === 'showing');
    const stats = window.butai?.stats();
    return { date: window.date?.() ?? Date.now() / 1000 - stats.latencySeconds, texts: [...(track?.activeCues ?? [])].map(({ text }) => text) };
  });

// Four times, far from a change: exactly the cue of that second.
async function readsRight(page, what) {
  let right = 0;
  const seen = [];
  await until(`captions of ${what}`, async () => {
    const now = await shown(page);
    const since = now.date - origin;
    if (since < 0 || since % 1 < kBesideSeconds || since % 1 > 1 - kBesideSeconds) return false;
    seen.push(`${since.toFixed(2)}: ${now.texts}`);
    if (now.texts.length === 1 && now.texts[0] === `字幕 ${Math.floor(since)}`) right += 1;
    else right = 0;
    return right >= 4;
  }, { within: 35_000, every: 170 }).catch((error) => assert.fail(`${error.message}; seen: ${seen.slice(-12).join(' | ')}`));
}

test('playlists and segments are legal, and say where they lie', { timeout: 30_000 }, async () => {
  const base = `${server.http}/live/main`;
  const { text } = await fetchOk(`${base}/index.m3u8`);
  strictly(text);
  assert.match(text, /TYPE=SUBTITLES,GROUP-ID="captions",NAME="ja",LANGUAGE="ja"/);
  await until('a segment with cues', async () => (await media(`${base}/video/index.m3u8`)).segments.some(({ time }) => time > origin), { within: 10_000 });
  const [video, captions] = await Promise.all(['video', 'captions-ja'].map((name) => media(`${base}/${name}/index.m3u8`)));
  strictly(captions.text);
  const segment = captions.segments.at(-1);
  assert.equal(segment.uri.replace('captions-ja', 'video').replace('.vtt', '.m4s'), video.segments[captions.sequence + captions.segments.length - 1 - video.sequence].uri);
  const vtt = await fetchOk(segment.uri);
  assert.match(vtt.headers['content-type'], /^text\/vtt/);
  assert.match(vtt.text, /^WEBVTT\nX-TIMESTAMP-MAP=LOCAL:\d\d:\d\d:\d\d\.\d{3},MPEGTS:\d+\n/);
  assert.match(vtt.text, /字幕 \d+/);
  assert.equal((await fetchOk(segment.uri)).text, vtt.text, 'a segment never changes');
});

test('bad cues are refused with a sentence, late ones counted', { timeout: 15_000 }, async () => {
  const cue = { start: 1, end: 2, text: 'x' };
  for (const [cues, language] of [
    [[]], [[{ ...cue, end: 1 }]], [[{ ...cue, start: 'now' }]], [[{ ...cue, text: ' ' }]], [[{ ...cue, text: 'x'.repeat(2000) }]], [[{ ...cue, text: '\u0000' }]],
    [[{ ...cue, start: 1e300 }]], [[null]], ['x'], [[cue], '../x'], [Array(257).fill(cue)],
  ]) {
    const answer = await caption(cues, language);
    assert.equal(answer.status, 400, JSON.stringify([cues, language]).slice(0, 100));
    assert.ok(answer.json().detail.length > 20);
  }
  assert.deepEqual((await caption([{ start: -20, end: -10, text: 'long ago' }])).json(), { taken: 0, late: 1 });
  assert.equal((await server.post('/api/v1/channels/main/captions', { language: 'ja', cues: [cue] })).status, 401);
});

// Pixels of captions in the lower half of the picture, in the middle, where no controls are.
async function white(page) {
  const data = await pixels(page, { from: [0.45, 0.5], to: [0.55, 1] });
  let count = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] > 200 && data[i + 1] > 200 && data[i + 2] > 200) count += 1;
  return count;
}

test('a size is chosen by key or menu, in the viewer’s language, and remembered', { timeout: 80_000 }, async () => {
  const url = `http://localhost:${server.ports.http}/watch/stable?player=hls`;
  const watch = await openPage(browser, url, { locale: 'ja-JP' });
  try {
    const { page } = watch;
    await watchPlaying(watch.stats, { seconds: 1 });
    await page.getByLabel('字幕 (c)').selectOption({ label: '日本語' });
    const sizes = page.getByLabel('字幕の大きさ (s)');
    await sizes.selectOption({ label: '小' });
    await readsRight(page, 'the small size');
    const small = await until('small captions', async () => {
      const now = await white(page);
      return now > 50 && now;
    }, { within: 10_000 });
    await sizes.selectOption({ label: '大' });
    const large = await until('larger captions', async () => {
      const now = await white(page);
      return now > 1.8 * small && now;
    }, { within: 10_000 });
    console.log(`# white pixels: small ${small}, large ${large}`);
    await page.keyboard.press('s');
    assert.equal(await sizes.inputValue(), 'small');
    await page.reload();
    await page.getByLabel('字幕の大きさ (s)').waitFor({ timeout: 15_000 });
    assert.equal(await page.getByLabel('字幕 (c)').inputValue(), 'ja');
    assert.equal(await page.getByLabel('字幕の大きさ (s)').inputValue(), 'small');
  } finally {
    await watch.close();
  }
});

describe('seven ways of playing, four side by side', { concurrency: 4 }, () => {
  for (const [player, channel] of [['ws', 'main'], ['hls', 'stable'], ['dash', 'stable']]) {
    test(`the watch page shows them by ${player}`, { timeout: 80_000 }, async () => {
      const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/${channel}?player=${player}`);
      try {
        await watchPlaying(watch.stats, { seconds: 1 });
        const menu = watch.page.getByLabel('Captions (c)');
        await menu.waitFor({ timeout: 15_000 });
        assert.deepEqual((await shown(watch.page)).texts, [], 'nothing before it is asked for');
        await watch.page.keyboard.press('c');
        await readsRight(watch.page, player);
        assert.deepEqual(watch.trouble, []);
        await watch.screenshot(`captions_${player}`);
      } finally {
        await watch.close();
      }
    });
  }

  for (const [name, kind] of [['hls.js', 'hls'], ['shaka-player', 'hls'], ['shaka-player', 'dash'], ['dash.js', 'dash']]) {
    test(`${name} shows them by ${kind}`, { timeout: 80_000 }, async () => {
      const play = await server.play('stable');
      const { page, close } = await openPage(browser, site.page(name, play[kind]));
      try {
        await watchPlaying(() => page.evaluate(() => window.stats()), { seconds: 1, within: 30_000 });
        await until('the captions', () => page.evaluate(() => window.read()), { within: 10_000 });
        await readsRight(page, `${name} by ${kind}`);
      } finally {
        await close();
      }
    });
  }
});

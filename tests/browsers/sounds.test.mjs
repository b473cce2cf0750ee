// Two sounds of one channel in Chromium: the watch page's menu and key, in each of its ways to play, and players that are
// not ours change from one to the other. What is heard is measured, and the picture does not stand still for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { kMainHertz, kSubHertz } from '../harness/dual_mono.mjs';
import { feed } from '../harness/feed.mjs';
import { longestStill, playerSite } from '../harness/foreign_players.mjs';
import { made } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const kStillMs = 1000;
const kConfig = `
[channels]
access = "public"
sounds = ["ja", "en"]
[[channel]]
name = "main"
[[channel]]
name = "stable"
latency = "stable"
[[channel]]
name = "locked"
protection = "cbcs"
`;
const kChannels = ['main', 'stable', 'locked'];
let server, site, browser, senders;
before(async () => {
  server = await Server.start({ config: kConfig });
  const tone = (hertz) => ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000`];
  const film = await made('mp4', ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30', ...tone(kMainHertz), ...tone(kSubHertz),
    '-map', '0', '-map', '1', '-map', '2', '-t', '60', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '60', '-threads', '1', '-c:a', 'aac', '-ac', '2']);
  senders = await Promise.all(kChannels.map((channel) => feed(server, channel, film)));
  site = await playerSite();
  await Promise.all(kChannels.map((channel) => server.segmentsOf(channel)));
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
  await Promise.all((senders ?? []).map((sender) => sender.stop()));
  await server?.stop();
});

// From now on window.tones() says how loud the two tones of the page's picture are, in dB.
const listen = (page) =>
  page.evaluate(([main, sub]) => {
    const video = document.querySelector('video');
    video.muted = false;
    video.volume = 1;
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaElementSource(video).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    const around = (hertz) => {
      const at = Math.round((hertz * analyser.fftSize) / context.sampleRate);
      return Math.max(...bins.subarray(at - 2, at + 3));
    };
    window.tones = () => {
      analyser.getFloatFrequencyData(bins);
      return { main: around(main), sub: around(sub) };
    };
    return context.resume();
  }, [kMainHertz, kSubHertz]);

// Waits until that tone is heard alone; how long the picture stood still meanwhile, ms.
async function hears(page, stats, which, within = 15_000) {
  const other = which === 'main' ? 'sub' : 'main';
  const seen = [];
  let tones;
  await until(`the ${which} sound`, async () => {
    seen.push({ at: performance.now(), ...(await stats()) });
    tones = await page.evaluate(() => window.tones());
    return tones[which] > -60 && tones[other] < tones[which] - 30;
  }, { within, every: 50 }).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(tones)}`));
  for (let i = 0; i < 20; ++i) seen.push({ at: performance.now(), ...(await stats()) });
  return longestStill(seen);
}

const kSound = '音声 (a)';
const watchPage = (channel, player) => `http://localhost:${server.ports.http}/watch/${channel}?player=${player}`;
for (const [channel, player] of [['main', 'ws'], ['main', 'hls'], ['stable', 'dash']]) {
  test(`the watch page by ${player} has both sounds in its menu, and changes without a stop`, { timeout: 90_000 }, async () => {
    const watch = await openPage(browser, watchPage(channel, player), { locale: 'ja-JP' });
    try {
      const { page, stats } = watch;
      await watchPlaying(stats, { seconds: 1, within: 40_000 });
      await listen(page);
      const menu = page.getByLabel(kSound);
      assert.deepEqual(await menu.locator('option').allTextContents(), ['日本語', '英語']);
      await hears(page, stats, 'main');
      await menu.selectOption({ label: '英語' });
      const still = [await hears(page, stats, 'sub')];
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press('a');
      assert.equal(await menu.inputValue(), 'first');
      still.push(await hears(page, stats, 'main'));
      await page.keyboard.press('a');
      still.push(await hears(page, stats, 'sub'));
      console.log(`# ${player}: the picture stood still for ${still.map(Math.round)} ms`);
      assert.ok(Math.max(...still) < kStillMs, `${still}`);
      await page.reload();
      await watchPlaying(stats, { seconds: 1, within: 40_000 });
      await listen(page);
      assert.equal(await page.getByLabel(kSound).inputValue(), 'second', 'remembered');
      await hears(page, stats, 'sub');
      assert.deepEqual(watch.trouble, []);
    } finally {
      await watch.close();
    }
  });
}

test('the sound of a protected channel changes too', { timeout: 60_000 }, async () => {
  const watch = await openPage(browser, watchPage('locked', 'ws'));
  try {
    const { page, stats } = watch;
    await watchPlaying(stats, { seconds: 1, within: 40_000 });
    await listen(page);
    await hears(page, stats, 'main');
    await page.getByLabel('Sound (a)').selectOption({ label: 'English' });
    const still = await hears(page, stats, 'sub');
    assert.ok(still < kStillMs, `${still}`);
  } finally {
    await watch.close();
  }
});

for (const [name, kind] of [['hls.js', 'hls'], ['dash.js', 'dash'], ['shaka-player', 'hls'], ['shaka-player', 'dash']]) {
  test(`${name} changes the sound of ${kind}`, { timeout: 90_000 }, async () => {
    const play = await server.play('stable');
    const { page, close } = await openPage(browser, site.page(name, play[kind]));
    try {
      const stats = () => page.evaluate(() => window.stats());
      await watchPlaying(stats, { seconds: 1, within: 40_000 });
      await listen(page);
      await hears(page, stats, 'main');
      await page.evaluate(() => void window.hear('en'));
      const still = [await hears(page, stats, 'sub', 30_000)];
      await page.evaluate(() => void window.hear('ja'));
      still.push(await hears(page, stats, 'main', 30_000));
      console.log(`# ${name} (${kind}): the picture stood still for ${still.map(Math.round)} ms`);
      assert.ok(Math.max(...still) < kStillMs, `${still}`);
    } finally {
      await close();
    }
  });
}

// Other people's players on a line that becomes slow and fast again: they go down the ladder and up, and the
// picture does not stand still (dash.js always, the others with --long). And the watch page's own menu: auto, save
// data, sound only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { feed } from '../harness/feed.mjs';
import { longestStill, playerSite } from '../harness/foreign_players.mjs';
import { film } from '../harness/media.mjs';
import { long } from '../harness/paths.mjs';
import { Server } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const kSource = 960, kSmall = 320; // widths; the source has more lines than "save data" allows
const kSlowBytes = 75_000; // a second: 600 kbit/s, half of the source and twice the small one
const kFastBytes = 2_500_000;
const kInHand = 8; // seconds that players of a stable channel are promised

let server, site, browser, sender;
before(async () => {
  server = await Server.start({
    config: `
[[rendition]]
name = "180p"
size = "320x180"
bitrate = 250000
[[rendition]]
name = "radio"
audio = 48000
[channels]
latency = "stable"
ladder = ["180p", "radio"]
[[channel]]
name = "main"
access = "public"
`,
  });
  sender = await feed(server, 'main', await film({ seconds: 60, size: '960x540' }));
  site = await playerSite();
  await until('both renditions', async () => /180p[^]*radio/.test((await server.get('/live/main/index.m3u8')).text), { within: 30_000 });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  site?.close();
  await sender?.stop();
  await server?.stop();
});

const kPlayers = [['hls.js', 'hls'], ['dash.js', 'dash'], ['shaka-player', 'dash']];
for (const [name, kind] of kPlayers.filter(([player]) => long || player === 'dash.js')) { // that one takes 15 s
  test(`${name} goes down and up the ladder of ${kind}`, { timeout: 120_000 }, async () => {
    const play = await server.play('main');
    const { page, close } = await openPage(browser, site.page(name, play[kind]));
    try {
      const line = await page.context().newCDPSession(page);
      await line.send('Network.enable');
      const bear = (bytes) => line.send('Network.emulateNetworkConditions', { offline: false, latency: 20, downloadThroughput: bytes, uploadThroughput: bytes });
      await bear(kFastBytes);
      const stats = () => page.evaluate(() => window.stats());
      await watchPlaying(stats, { seconds: 1, within: 40_000 });
      const seen = [];
      const shows = (width) => until(`${width} pixels`, async () => {
        seen.push(await stats());
        return seen.at(-1).width === width;
      }, { within: 40_000, every: 250 });
      await shows(kSource);
      // Although it came as soon as there was something to see.
      await until(`${kInHand} s in hand`, async () => (await stats()).bufferSeconds >= kInHand, { within: 10_000 });
      await bear(kSlowBytes);
      await shows(kSmall);
      await bear(kFastBytes);
      await shows(kSource);
      const still = longestStill(seen);
      console.log(`# ${name}: ${kSource}, ${kSmall} and ${kSource} pixels in ${((seen.at(-1).at - seen[0].at) / 1000).toFixed(1)} s, still for ${Math.round(still)} ms`);
      assert.ok(still < 1500, `the picture stood still for ${still} ms`);
    } finally {
      await close();
    }
  });
}

const kQuality = 'Quality (q)';
const watchPage = (query = '') => `http://localhost:${server.ports.http}/watch/main${query}`;
const widthBecomes = (watch, width) => until(`${width} pixels`, async () => (await watch.stats()).width === width, { within: 30_000, every: 250 });

test('the watch page saves data and plays sound alone, says what an hour costs, and remembers', { timeout: 120_000 }, async () => {
  const watch = await openPage(browser, watchPage());
  try {
    const { page } = watch;
    await watchPlaying(watch.stats, { seconds: 1, within: 30_000 });
    const menu = page.getByLabel(kQuality);
    const costs = await until('what each choice costs', async () => {
      const words = await menu.locator('option').allTextContents();
      const figures = words.map((each) => Number(/ · ([\d.]+) GB\/h$/.exec(each)?.[1]));
      return figures.every((each) => each > 0) && figures;
    }, { within: 15_000 });
    console.log(`# GB/h: auto ${costs[0]}, save data ${costs[1]}, sound only ${costs[2]}`);
    assert.ok(costs[0] > costs[1] && costs[1] > costs[2], `${costs}`);
    await widthBecomes(watch, kSource);
    await page.keyboard.press('q');
    assert.equal(await menu.inputValue(), 'data');
    await widthBecomes(watch, kSmall);
    await menu.selectOption('sound');
    await widthBecomes(watch, 0);
    const from = (await watch.stats()).currentTime;
    await until('sound to go on', async () => { const now = await watch.stats(); return now.currentTime > 1 && now.currentTime !== from && !(await page.locator('video').evaluate((v) => v.paused)); }, { within: 20_000 });
    await page.reload();
    await page.getByLabel(kQuality).waitFor();
    assert.equal(await page.getByLabel(kQuality).inputValue(), 'sound');
    await page.getByLabel(kQuality).selectOption('auto');
    await widthBecomes(watch, kSource);
    assert.deepEqual(watch.trouble, []);
  } finally {
    await watch.close();
  }
});

test('a browser that was told to save data begins so', { timeout: 60_000 }, async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) }));
  const page = await context.newPage();
  await page.goto(watchPage());
  assert.equal(await page.getByLabel(kQuality).inputValue(), 'data');
  await widthBecomes({ stats: () => page.evaluate(() => window.butai.stats()) }, kSmall);
  await context.close();
});

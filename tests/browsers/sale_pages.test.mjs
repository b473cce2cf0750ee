// Every page of the sale, as the real server serves it and with answers that bring each state: nothing that
// axe-core finds fault with, nothing wider than the phone, nothing heavy before the first picture.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { answerFrom } from '../harness/sale_answers.mjs';
import { long, workFolder } from '../harness/paths.mjs';
import { eachSalePage } from '../harness/sale_pages.mjs';
import { Server } from '../harness/server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const kFirstPaintBytes = 150_000;
const pictures = join(workFolder, 'screenshots', 'sale_pages'); // --long: every page in every look
mkdirSync(pictures, { recursive: true });

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 800 };
// Both languages, lights and sizes; --long: each of them meets each of the others.
const kLooks = [
  { lang: 'ja', colorScheme: 'light', viewport: phone, timezoneId: 'Asia/Tokyo' },
  { lang: 'en', colorScheme: 'dark', viewport: desktop, timezoneId: 'Europe/Berlin' },
];
if (long) {
  kLooks.push(
    { lang: 'ja', colorScheme: 'dark', viewport: desktop, timezoneId: 'Asia/Tokyo' },
    { lang: 'en', colorScheme: 'light', viewport: phone, timezoneId: 'Europe/Berlin' },
  );
}

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function spoken(address, lang) {
  const [path, hash] = address.split('#');
  return `${path}${path.includes('?') ? '&' : '?'}lang=${lang}${hash ? `#${hash}` : ''}`;
}

// Opens the page of a state as somebody does who was never here, and says what that cost.
async function open(context, sale, lang) {
  const page = await context.newPage();
  const trouble = [];
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.setCacheDisabled', { cacheDisabled: true });
  let bytes = 0;
  network.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (message) => {
    // A refusal that the table answers is the state that is looked at.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) trouble.push(message.text());
  });
  await answerFrom(page, sale.answers());
  await page.goto(`http://localhost:${server.ports.http}${spoken(sale.path, lang)}`);
  await page.locator('#main').waitFor();
  await page.waitForFunction(() => !document.querySelector('.loading'));
  await page.waitForFunction(() => document.readyState === 'complete');
  return { page, trouble, bytes };
}

for (const { lang, ...sight } of kLooks) {
  const name = `${lang}, ${sight.colorScheme}, ${sight.viewport.width} wide`;
  test(`nothing that axe-core finds fault with, and at most 150 kB: ${name}`, { timeout: 180_000 }, async () => {
    const context = await browser.newContext({ ...sight, reducedMotion: 'reduce' });
    const found = [];
    const heaviest = { bytes: 0 };
    const look = async ([state, sale]) => {
      const { page, trouble, bytes } = await open(context, sale, lang);
      if (bytes > heaviest.bytes) Object.assign(heaviest, { bytes, state });
      if (bytes < 10_000 || bytes > kFirstPaintBytes) found.push(`${state}: ${bytes} bytes until it stands`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(
        (rules) => window.axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] }),
        kRules,
      );
      for (const { id, nodes } of violations) found.push(`${state}: ${id} at ${nodes.map((node) => node.target.join(' ')).slice(0, 3)}: ${nodes[0].failureSummary}`);
      const { scrolls, title, language, moving } = await page.evaluate(() => ({
        scrolls: document.documentElement.scrollWidth - innerWidth,
        title: document.title,
        language: document.documentElement.lang,
        moving: document.getAnimations().filter((animation) => animation.playState === 'running').length,
      }));
      if (scrolls > 0) found.push(`${state}: ${scrolls} px wider than the screen`);
      if (!title.includes('Butai')) found.push(`${state}: called "${title}"`);
      if (language !== lang) found.push(`${state}: speaks ${language}`);
      if (moving > 0) found.push(`${state}: ${moving} things move although the visitor asked for stillness`);
      found.push(...trouble.map((line) => `${state}: ${line}`));
      if (long) await page.screenshot({ path: join(pictures, `${state}_${lang}_${sight.colorScheme}_${sight.viewport.width}.png`) });
      await page.close();
    };
    await eachSalePage(look);
    await context.close();
    console.log(`# heaviest: ${heaviest.state}, ${(heaviest.bytes / 1000).toFixed(1)} kB`);
    assert.deepEqual(found, []);
  });
}

test('the language of the address is remembered, and goes before the browser’s', { timeout: 30_000 }, async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  const language = () => page.evaluate(() => document.documentElement.lang);
  const at = `http://localhost:${server.ports.http}/publish`;
  await page.goto(at);
  assert.equal(await language(), 'en');
  await page.goto(`${at}?lang=ja`);
  await page.goto(at);
  assert.equal(await language(), 'ja');
  await page.locator('button[lang=en]').click();
  await page.reload();
  assert.equal(await language(), 'en');
  await context.close();
});

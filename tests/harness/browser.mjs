// Chromium without a window, through playwright-core; every message of the page's console is kept.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { workFolder } from './paths.mjs';
import { until } from './wait.mjs';

const kArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
];
const screenshots = join(workFolder, 'screenshots');
mkdirSync(screenshots, { recursive: true });

export const startChromium = (args = []) =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...kArguments, ...args] });

// A page of its own context, with what went wrong in it.
export async function openPage(browser, url, context = {}) {
  const made = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', ...context });
  const page = await made.newPage();
  const trouble = [];
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  await page.goto(url);
  return {
    page,
    trouble,
    stats: () => page.evaluate(() => window.butai.stats()),
    screenshot: (name) => page.screenshot({ path: join(screenshots, `${name}.png`) }),
    close: () => made.close(),
  };
}

// Waits until the picture runs, watches it for `seconds`, and says what was seen.
export async function watchPlaying(stats, { seconds = 5, within = 20_000 } = {}) {
  let first;
  try {
    first = await until('the picture to run', async () => {
      const now = await stats();
      return now?.decodedFrames > 10 && now.currentTime > 0 && now;
    }, { within, every: 200 });
  } catch (error) {
    throw new Error(`${error.message}; last: ${JSON.stringify(await stats().catch((e) => e.message))}`);
  }
  const seen = [first];
  const end = performance.now() + seconds * 1000;
  await until(`${seconds} s of it`, async () => {
    seen.push(await stats());
    return performance.now() > end;
  }, { within: seconds * 1000 + 5000, every: 250 });
  return seen;
}

// A part of the picture as it is on the screen, in fractions of it, as RGBA of `size`, or of its own.
export async function pixels(page, { from = [0, 0], to = [1, 1], size } = {}) {
  const png = (await page.locator('video').screenshot()).toString('base64');
  return page.evaluate(async ([png, [left, top], [right, bottom], size]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    const place = [left * image.width, top * image.height, (right - left) * image.width, (bottom - top) * image.height];
    [canvas.width, canvas.height] = size ?? place.slice(2);
    const paper = canvas.getContext('2d');
    paper.drawImage(image, ...place, 0, 0, canvas.width, canvas.height);
    return [...paper.getImageData(0, 0, canvas.width, canvas.height).data];
  }, [png, from, to, size]);
}

// For addInitScript: a browser that can unlock nothing.
export function withoutKeySystems() {
  navigator.requestMediaKeySystemAccess = () => Promise.reject(new DOMException('none', 'NotSupportedError'));
  const look = navigator.mediaCapabilities.decodingInfo.bind(navigator.mediaCapabilities);
  navigator.mediaCapabilities.decodingInfo = async (wanted) =>
    wanted.keySystemConfiguration ? { supported: false, smooth: false, powerEfficient: false, keySystemAccess: null } : look(wanted);
}

// How many colours the picture has on the screen: a canvas gets none of a protected video's pixels.
export async function colours(page) {
  const data = await pixels(page, { size: [64, 36] });
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add((data[i] >> 5) << 6 | (data[i + 1] >> 5) << 3 | data[i + 2] >> 5);
  return seen.size;
}

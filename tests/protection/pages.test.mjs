// Our own watch page on a protected channel, by WebSocket: the browser decrypts, through a change of keys;
// and what the page says when it cannot.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { colours, openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

let server, browser;
const feeds = [];
before(async () => {
  server = await Server.start({
    config: ['cbcs', 'cenc'].map((scheme) => `[[channel]]\nname = "${scheme}"\nprotection = "${scheme}"\nlatency = "realtime"\n`).join('\n'),
  });
  const source = await film({ seconds: 12 });
  for (const name of ['cbcs', 'cenc']) feeds.push(await feed(server, name, source));
  for (const name of ['cbcs', 'cenc']) await server.segmentsOf(name, viewToken(name));
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  for (const one of feeds) await one.stop();
  await server?.stop();
});

const address = (channel) => `http://localhost:${server.ports.http}/watch/${channel}#token=${viewToken(channel)}`;

describe('the watch page', { concurrency: true }, () => {
  for (const scheme of ['cbcs', 'cenc']) {
    test(`plays ${scheme} by WebSocket through two changes of keys`, { timeout: 120_000 }, async () => {
      const watch = await openPage(browser, address(scheme));
      try {
        const seen = await watchPlaying(watch.stats, { seconds: 2, within: 45_000 });
        assert.equal(seen.at(-1).player, 'ws');
        assert.equal(seen.at(-1).keySystem, 'org.w3.clearkey');
        assert.ok(await colours(watch.page) > 8, 'the decoded picture has its colours');
        for (let i = 0; i < 2; ++i) {
          const rotated = await server.post(`/api/v1/channels/${scheme}/rotate-keys`, '', { token: controlToken() });
          assert.equal(rotated.status, 200, rotated.text);
          await sleep(6_000); // the new keys begin with the next segment but one at the latest
        }
        const before = await watch.stats();
        await until('it to go on with the third keys', async () => {
          const now = await watch.stats();
          return now.state === 'playing' && now.currentTime > before.currentTime + 2;
        }, { within: 20_000 });
        assert.ok(await colours(watch.page) > 8, 'and still has its colours');
        assert.deepEqual(watch.trouble, []);
      } finally {
        await watch.close();
      }
    });
  }

  test('says so when the browser has none of the key systems', { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    try {
      await page.addInitScript(() => {
        navigator.requestMediaKeySystemAccess = () => Promise.reject(new DOMException('none', 'NotSupportedError'));
      });
      await page.goto(address('cbcs'));
      await until('the page to say it', async () => (await page.evaluate(() => window.butai.stats())).state === 'locked', { within: 30_000 });
      assert.match(await page.locator('body').innerText(), /protected, and this browser has no way to unlock it/);
    } finally {
      await context.close();
    }
  });

  test('says so when the license is refused', { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    try {
      await page.route('**/license/clearkey', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{}' }));
      await page.goto(address('cbcs'));
      await until('the page to say it', async () => (await page.evaluate(() => window.butai.stats())).state === 'refused', { within: 30_000 });
    } finally {
      await context.close();
    }
  });
});

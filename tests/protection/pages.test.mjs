// Our own watch page on a protected channel, by WebSocket: the browser decrypts, through a change of keys;
// and what the page says when it cannot. With tokens of a DRM service it asks the service itself.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { colours, openPage, startChromium, watchPlaying, withoutKeySystems } from '../harness/browser.mjs';
import { identityKey } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fakeLicenseService, selfSigned } from '../harness/license_services.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

let server, direct, service, browser;
const feeds = [];
before(async () => {
  server = await Server.start({
    config: ['cbcs', 'cenc'].map((scheme) => `[[channel]]\nname = "${scheme}"\nprotection = "${scheme}"\nlatency = "realtime"\n`).join('\n'),
  });
  const source = await film({ seconds: 12 });
  for (const name of ['cbcs', 'cenc']) feeds.push(await feed(server, name, source));
  for (const name of ['cbcs', 'cenc']) await server.segmentsOf(name, viewToken(name));
  // A service that gives ClearKey's licenses to who shows its token; the keys are from its agreement with us.
  const given = { form: 'jwt', key: randomBytes(32), keyId: 'butai' };
  service = await fakeLicenseService({ token: given, pair: await selfSigned() });
  service.wrap = async (_, { body }) => {
    const { kids } = JSON.parse(body);
    const keys = await Promise.all(kids.map(async (kid) => {
      const key = await identityKey(direct, Buffer.from(kid, 'base64url').toString('hex'), viewToken('stage'));
      return { kty: 'oct', kid, k: Buffer.from(key, 'hex').toString('base64url') };
    }));
    return JSON.stringify({ keys, type: 'temporary' });
  };
  direct = await Server.start({
    config: `[drm.widevine]\nlicense_url = "${service.url}/w"\n[drm.token]\nform = "jwt"\nkey_id = "butai"\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n`,
    env: { BUTAI_DRM_TOKEN_KEY: given.key.toString('base64') },
  });
  feeds.push(await feed(direct, 'stage', source));
  await direct.segmentsOf('stage', viewToken('stage'));
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  for (const one of feeds) await one.stop();
  await server?.stop();
  await direct?.stop();
  await service?.stop();
});

const address = (channel) => `http://localhost:${server.ports.http}/watch/${channel}#token=${viewToken(channel)}`;

describe('the watch page', { concurrency: 3 }, () => {
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

  test('with ?row=1 the page makes its row of the device matrix and tells the server', { timeout: 90_000 }, async () => {
    const watch = await openPage(browser, address('cbcs').replace('#', '?row=1#'));
    try {
      const row = await until('the row', async () => {
        const { rows } = (await server.get('/api/v1/device-rows', { token: controlToken() })).json();
        return rows[0];
      }, { within: 60_000, every: 500 });
      assert.match(row, /^\| \d{4}-\d\d-\d\d \| computer \| Linux \| Chrome \d+ \| ClearKey, software \| WebSocket \| \d+ ms \| (ok|\d gaps) \|$/);
      assert.equal(await watch.page.locator('.device-row code').innerText(), row);
    } finally {
      await watch.close();
    }
  });

  // This browser has no Widevine: ClearKey's module stands in for it, with Widevine's boxes and name.
  function widevineByClearKey() {
    const [kWidevine, kClearKey] = ['com.widevine.alpha', 'org.w3.clearkey'];
    const named = (access) => access && Object.defineProperty(access, 'keySystem', { value: kWidevine });
    const ask = navigator.requestMediaKeySystemAccess.bind(navigator);
    navigator.requestMediaKeySystemAccess = async (name, wanted) => {
      if (name !== kWidevine) throw new DOMException('none', 'NotSupportedError');
      return named(await ask(kClearKey, wanted));
    };
    // shaka-player asks here instead.
    const look = navigator.mediaCapabilities.decodingInfo.bind(navigator.mediaCapabilities);
    navigator.mediaCapabilities.decodingInfo = async (wanted) => {
      const keys = wanted.keySystemConfiguration;
      if (!keys) return look(wanted);
      if (keys.keySystem !== kWidevine) return { supported: false, smooth: false, powerEfficient: false, keySystemAccess: null };
      const plain = (track) => track && { ...track, robustness: '' };
      const found = await look({ ...wanted, keySystemConfiguration: { ...keys, keySystem: kClearKey, audio: plain(keys.audio), video: plain(keys.video) } });
      return { ...found, keySystemAccess: named(found.keySystemAccess) };
    };
    const generate = MediaKeySession.prototype.generateRequest;
    MediaKeySession.prototype.generateRequest = function (type, box) {
      const bytes = new Uint8Array(box.buffer ?? box);
      const at = bytes.findIndex((byte, i) => byte === 0x12 && bytes[i + 1] === 16);
      const kid = btoa(String.fromCharCode(...bytes.subarray(at + 2, at + 18))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      return generate.call(this, 'keyids', new TextEncoder().encode(JSON.stringify({ kids: [kid] })));
    };
  }

  for (const player of ['ws', 'dash']) {
    test(`${player}: the license comes from the service itself, byte for byte, and there is a picture`, { timeout: 90_000 }, async () => {
      const context = await browser.newContext({ locale: 'en-US', ignoreHTTPSErrors: true });
      const page = await context.newPage();
      try {
        const from = service.books.length;
        const sent = [];
        page.on('request', (request) => {
          if (request.url().startsWith(service.url) && request.method() === 'POST') sent.push(request.postDataBuffer());
        });
        await page.addInitScript(widevineByClearKey);
        await page.goto(`http://localhost:${direct.ports.http}/watch/stage?player=${player}#token=${viewToken('stage')}`);
        await watchPlaying(() => page.evaluate(() => window.butai.stats()), { seconds: 1, within: 45_000 });
        assert.ok(await colours(page) > 8, 'the decoded picture has its colours');
        const asked = service.books.slice(from).filter((entry) => sent.some((body) => body?.equals(entry.body)));
        assert.ok(sent.length > 0 && asked.length >= sent.length, `${asked.length} of ${sent.length} challenges are in the service's books`);
        for (const entry of asked) {
          assert.ok(entry.token?.kids.length > 0, entry.refused);
          assert.equal(entry.headers.cookie, undefined);
        }
      } finally {
        await context.close();
      }
    });
  }

  for (const player of ['ws', 'dash']) test(`${player}: says so when the browser has none of the key systems`, { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    try {
      await page.addInitScript(withoutKeySystems);
      await page.goto(address('cbcs').replace('#', `?player=${player}#`));
      await until('the page to say it', async () => (await page.evaluate(() => window.butai.stats())).state === 'locked', { within: 30_000 });
      assert.match(await page.locator('body').innerText(), /protected, and this browser has no way to unlock it/);
    } finally {
      await context.close();
    }
  });

  for (const player of ['ws', 'dash']) {
    test(`${player}: says so while no license can be had, and goes on when one comes`, { timeout: 90_000 }, async () => {
      const context = await browser.newContext({ locale: 'en-US' });
      const page = await context.newPage();
      try {
        const away = (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' });
        await page.route('**/license/**', away);
        await page.goto(address('cbcs').replace('#', `?player=${player}#`));
        const stats = () => page.evaluate(() => window.butai.stats());
        await until('the page to say it', async () => (await stats()).state === 'unlicensed', { within: 40_000 });
        assert.match(await page.locator('.words').innerText(), /The key to this broadcast cannot be had right now/);
        assert.equal((await stats()).decodedFrames, 0, 'black');
        await page.unroute('**/license/**', away);
        await watchPlaying(stats, { seconds: 1, within: 40_000 });
        assert.ok(await colours(page) > 8, 'and the picture is there');
      } finally {
        await context.close();
      }
    });
  }

  for (const player of ['ws', 'dash']) test(`${player}: says so when the license is refused`, { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    try {
      await page.route('**/license/clearkey', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{}' }));
      await page.goto(address('cbcs').replace('#', `?player=${player}#`));
      await until('the page to say it', async () => {
        const { state } = await page.evaluate(() => window.butai.stats());
        if (state !== 'refused') throw new Error(`it says ${state}`);
        return true;
      }, { within: 30_000 });
      // What came meanwhile cannot be shown: that is no gap of the line, nor worth beginning again.
      for (let i = 0; i < 40; ++i) {
        await sleep(200);
        assert.equal((await page.evaluate(() => window.butai.stats())).state, 'refused');
      }
    } finally {
      await context.close();
    }
  });
});

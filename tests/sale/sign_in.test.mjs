// Signing in with others: the real provider and Chromium that keeps third-party cookies out, a provider that lies,
// browsers that lose cookies, links by mail, authenticators.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { ForgingProvider, kClient, RealProvider } from '../harness/identity_providers.mjs';
import { letterIn } from '../harness/letters.mjs';
import { Visitor } from '../harness/sale.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { controlToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kMarkup = '<img src=x onerror=alert(1)>';
const kPeople = {
  hanako: { name: kMarkup, email: 'hanako@example.jp', email_verified: true },
  taro: { name: 'Taro', email: 'taro@example.jp', email_verified: true },
  jiro: { name: 'Jiro', email: 'jiro@example.jp', email_verified: true },
};

let real, forging, server, event, browser;
before(async () => {
  [real, forging] = await Promise.all([RealProvider.start(kPeople), ForgingProvider.start()]);
  const provider = (name, { issuer }, label) => `[[oidc]]\nname = "${name}"\nlabel = "${label}"\nissuer = "${issuer}"\nclient_id = "${kClient.id}"\n`;
  server = await Server.start({
    config: shopConfig() + provider('test', real, 'Test ID') + provider('forged', forging, kMarkup.replaceAll('"', '')),
    env: { BUTAI_OIDC_TEST_CLIENT_SECRET: kClient.secret, BUTAI_OIDC_FORGED_CLIENT_SECRET: kClient.secret },
  });
  event = await sell(server);
  await server.command(['user', 'add', 'studio', '--role', 'producer', ...server.place()], { input: 'correct horse\n' });
  browser = await startChromium(['--test-third-party-cookie-phaseout']);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await Promise.all([real?.stop(), forging?.stop()]);
});

const mailFolder = () => join(server.data, 'data', 'mail');

async function visitor(options) {
  const made = await Visitor.come(browser, { server, get site() { return `http://localhost:${server.ports.http}`; } }, options);
  made.page.on('dialog', (dialog) => made.trouble.push(`a dialog: ${dialog.message()}`));
  return made;
}
const arrived = (page, path) => page.waitForURL((url) => url.pathname === path);
const iAm = (page, who) => page.getByRole('button', { name: `I am ${who}` }).click();
async function signInWith({ page }, who) {
  await page.getByRole('link', { name: 'Sign in with Test ID' }).click();
  await iAm(page, who);
}
const accountOf = ({ page }) => page.evaluate(async () => (await fetch('/api/v1/session')).json()).then(({ account }) => account);

describe('in a browser', { timeout: 120_000 }, () => {
  test('a new visitor signs in, lands where they were, and buys; their name is text', async () => {
    const hanako = await visitor();
    await hanako.go(`/sign-in?next=/e/${event.slug}`);
    await signInWith(hanako, 'hanako');
    await arrived(hanako.page, `/e/${event.slug}`);
    const account = await accountOf(hanako);
    assert.deepEqual([account.name, account.email, account.role], [kMarkup, 'hanako@example.jp', 'viewer']);
    await hanako.go('/account');
    await hanako.page.getByText('Confirmed', { exact: true }).waitFor();
    await hanako.picture('account_phone');
    const bought = await hanako.page.evaluate(async (type) => {
      const { csrf } = await (await fetch('/api/v1/session')).json();
      const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } });
      const { id } = await (await post('/api/v1/orders', { ticket_type: type })).json();
      return (await (await post(`/api/v1/orders/${id}/confirm`, { method: 'free' })).json()).order.state;
    }, event.free);
    assert.equal(bought, 'fulfilled');
    assert.deepEqual(hanako.trouble, []);
    await hanako.close();
  });

  test('both sign-ins of one owner become one account, and the last one stays', async () => {
    const taro = await visitor();
    await taro.go('/sign-in?next=/tickets');
    await taro.press('New here? Make an account');
    await taro.makeAccount('taro.own@example.jp');
    await arrived(taro.page, '/tickets');
    const { id } = await accountOf(taro);
    await taro.go('/account');
    await taro.press('Add Test ID');
    await iAm(taro.page, 'taro');
    await arrived(taro.page, '/account');
    await taro.page.getByText('taro@example.jp').waitFor();

    const again = await visitor();
    await again.go('/sign-in?next=/account');
    await signInWith(again, 'taro');
    await arrived(again.page, '/account');
    assert.equal((await accountOf(again)).id, id);
    await again.press('Remove');
    await again.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await again.page.getByText('taro@example.jp').waitFor({ state: 'detached' });
    await Promise.all([taro.close(), again.close()]);
  });

  test('an address that an account has links nothing', async () => {
    const owner = await Person.signUp(server, 'jiro@example.jp');
    const jiro = await visitor();
    await jiro.go('/sign-in?next=/tickets');
    await signInWith(jiro, 'jiro');
    await jiro.page.getByText('There is an account with this e-mail address already.').waitFor();
    assert.equal(await accountOf(jiro), null);
    assert.deepEqual((await owner.read('/api/v1/account')).json().sign_ins, []);
    await jiro.close();
  });

  test('begun in one browser and ended in another: it begins again and lands on the page', async () => {
    const inApp = new Traveller();
    const away = await inApp.start('test', `/e/${event.slug}/buy`);
    const phone = await visitor();
    await phone.page.goto(`${real.issuer}/auth?${new URLSearchParams(away)}`);
    await iAm(phone.page, 'hanako');
    await arrived(phone.page, `/e/${event.slug}/buy`);
    assert.equal((await accountOf(phone)).email, 'hanako@example.jp');
    assert.deepEqual(phone.trouble, []);
    await phone.close();
  });

  test('who turns back at the provider is told so', async () => {
    const shy = await visitor();
    await shy.go('/sign-in');
    await shy.page.getByRole('link', { name: 'Sign in with Test ID' }).click();
    await shy.page.getByRole('button', { name: 'No' }).click();
    await shy.page.getByText('You went back before signing in.').waitFor();
    await shy.close();
  });

  test('a producer shows a second factor before acting', async () => {
    const studio = await visitor();
    const { page } = studio;
    await studio.go('/sign-in?next=/producer');
    await page.getByLabel('E-mail or account name').fill('studio');
    await page.getByLabel('Password', { exact: true }).fill('correct horse');
    await studio.press('Sign in');
    await arrived(page, '/account');
    assert.equal(await page.evaluate(async () => (await fetch('/api/v1/producer/events')).status), 403);
    await studio.press('Set up an authenticator');
    const secret = await page.locator('.secret').textContent();
    assert.equal(await page.locator('img.qr').evaluate((image) => image.naturalWidth > 0), true);
    const code = totp(secret);
    await page.getByLabel('Code').fill(code);
    await studio.press('Confirm');
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    const [recovery] = await page.locator('.codes li').allTextContents();
    await studio.picture('recovery_codes_phone');
    await studio.follow('Go on');
    await arrived(page, '/producer');
    assert.equal(await page.evaluate(async () => (await fetch('/api/v1/producer/events')).status), 200);

    const other = new Person(server);
    assert.equal((await other.write('POST', '/api/v1/session', { email: 'studio', password: 'correct horse' })).json().second_factor_needed, true);
    assert.equal((await other.read('/api/v1/producer/events')).status, 403);
    const show = (text) => other.write('POST', '/api/v1/session/second-factor', { code: text });
    assert.equal((await show(code)).status, 403, 'a code is good once');
    assert.equal((await show(recovery)).status, 204);
    assert.equal((await other.read('/api/v1/producer/events')).status, 200);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const token = await server.post('/token', 'grant_type=password&username=studio&password=correct+horse', { headers: form });
    assert.ok(!(token.json().scope ?? '').includes('control'), token.text);
    const forgot = await server.command(['user', 'forget-factor', 'studio', ...server.place()]);
    assert.match(forgot.stdout, /no second factor any more/);
    await studio.close();
  });

  test('a forgotten password: a letter, a new one, every session ends', async () => {
    const saburo = await Person.signUp(server, 'saburo@example.jp');
    const forgetful = await visitor();
    await forgetful.go('/sign-in');
    await forgetful.press('Forgot the password?');
    await forgetful.page.getByLabel('E-mail').fill('saburo@example.jp');
    await forgetful.press('Send the link');
    await forgetful.page.getByText('If there is an account with this address').waitFor();
    const letter = await letterIn(mailFolder(), 'saburo@example.jp', /^Set a new password/);
    await forgetful.page.goto('about:blank');
    await forgetful.page.goto(letter.link);
    await forgetful.page.getByLabel('Password').fill('a new sentence');
    await forgetful.press('Set a new password');
    await forgetful.page.getByText('Done. Sign in with your new password.').waitFor();
    assert.ok(!forgetful.page.url().includes('reset='), 'the link is not in the history');
    assert.equal((await saburo.read('/api/v1/orders')).status, 401);
    const before = await saburo.write('POST', '/api/v1/session', { email: 'saburo@example.jp', password: 'correct horse' });
    assert.equal(before.status, 401);
    assert.equal((await saburo.write('POST', '/api/v1/session', { email: 'saburo@example.jp', password: 'a new sentence' })).status, 200);
    await forgetful.page.goto('about:blank');
    await forgetful.page.goto(letter.link);
    await forgetful.page.getByLabel('Password').fill('one more sentence');
    await forgetful.press('Set a new password');
    await forgetful.page.getByText('This link was used').waitFor();
    await forgetful.close();
  });

  test('an address is proved by its letter; another app\'s browser is told of the way out', async () => {
    await Person.signUp(server, 'shiro@example.jp');
    const shiro = await visitor({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari Line/14.16.0' });
    const letter = await letterIn(mailFolder(), 'shiro@example.jp', /^Please confirm/);
    await shiro.page.goto(letter.link);
    await shiro.page.getByText('Thank you. Your address is confirmed.').waitFor();
    await shiro.go(`/e/${event.slug}`);
    const out = await shiro.page.getByRole('link', { name: 'Open in the browser' }).getAttribute('href');
    assert.match(out, /openExternalBrowser=1/);
    await shiro.close();
  });
});

function totp(secret) {
  let bits = '';
  for (const c of secret) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// A browser of few words: one cookie, redirects by hand.
class Traveller {
  static number = 0;
  headers = { 'X-Forwarded-For': `10.9.0.${++Traveller.number}` };
  async start(provider, back = '/tickets') {
    const answer = await server.get(`/auth/${provider}/start?return=${encodeURIComponent(back)}`, { headers: this.headers });
    assert.equal(answer.status, 303, answer.text);
    this.take(answer);
    return this.away(answer);
  }
  take(answer) {
    for (const cookie of answer.headers['set-cookie'] ?? []) if (cookie.startsWith('butai_sign_in=')) this.cookie = cookie.split(';')[0];
  }
  away(answer) {
    const url = new URL(answer.headers.location);
    return Object.fromEntries(url.searchParams);
  }
  callback(provider, query, { cookie = this.cookie } = {}) {
    const address = `/auth/${provider}/callback?${new URLSearchParams(query)}`;
    return server.get(address, { headers: { ...this.headers, ...(cookie ? { Cookie: cookie } : {}) } });
  }
}
const cameBack = (answer) => [answer.status, answer.headers.location];
const signedIn = (answer) => (answer.headers['set-cookie'] ?? []).some((cookie) => /^butai_session=.{40,}/.test(cookie));

describe('a provider that lies', () => {
  // The whole way with an ID token that `change` makes; where it ends.
  async function come(change, { sub = 'forged-1', key, header = {} } = {}) {
    const traveller = new Traveller();
    const { state, nonce } = await traveller.start('forged');
    forging.next = (json) => {
      const claims = { ...forging.claims(nonce, sub), ...change };
      for (const name of Object.keys(claims)) if (claims[name] === undefined) delete claims[name];
      json({ access_token: 'x', token_type: 'Bearer', id_token: forging.token({ alg: 'RS256', kid: 'good', ...header }, claims, key) });
    };
    return traveller.callback('forged', { code: 'c', state });
  }
  const now = () => Math.floor(Date.now() / 1000);

  test('a good ID token signs in, and the code came with its verifier', async () => {
    const answer = await come({});
    assert.deepEqual(cameBack(answer), [303, '/tickets']);
    assert.ok(signedIn(answer));
    assert.equal(forging.form.get('client_secret'), kClient.secret);
    assert.match(forging.form.get('code_verifier'), /^[\w-]{43}$/);
    assert.equal(forging.form.get('redirect_uri'), `${server.http}/auth/forged/callback`);
  });

  const wrong = {
    'iss of another': { iss: 'https://evil.example' }, 'no iss': { iss: undefined },
    'aud of another': { aud: 'other' }, 'no aud': { aud: undefined }, 'several aud without azp': { aud: ['butai', 'other'] },
    'azp of another': { azp: 'other' }, 'exp over': { exp: now() - 60 }, 'no exp': { exp: undefined }, 'exp as text': { exp: '9999999999' },
    'iat in future': { iat: now() + 600 }, 'iat long ago': { iat: now() - 3600 }, 'no iat': { iat: undefined }, 'nbf in future': { nbf: now() + 600 },
    'nonce of another': { nonce: 'other' }, 'no nonce': { nonce: undefined }, 'no sub': { sub: undefined }, 'empty sub': { sub: '' }, 'sub a number': { sub: 7 },
  };
  test('every claim wrong in turn, every trick with keys: nobody is signed in', async () => {
    const tricks = {
      'alg none': [{}, { header: { alg: 'none' } }],
      'public key as secret': [{}, { header: { alg: 'HS256' }, key: JSON.stringify(forging.jwk('good')) }],
      'the client\'s secret, which was not allowed': [{}, { header: { alg: 'HS256', kid: undefined }, key: kClient.secret }],
      'a stranger\'s key under a known name': [{}, { key: 'stranger' }],
      'a key in the header': [{}, { key: 'stranger', header: { kid: undefined, jwk: forging.jwk('stranger') } }],
      'another kind of token': [{}, { header: { typ: 'at+jwt' } }],
    };
    for (const [name, [change, options]] of [...Object.entries(wrong).map(([what, change]) => [what, [change, {}]]), ...Object.entries(tricks)]) {
      const answer = await come(change, options);
      assert.deepEqual(cameBack(answer), [303, '/sign-in?problem=provider&next=/tickets'], name);
      assert.ok(!signedIn(answer), name);
    }
  });

  test('no token, no JSON, a failure, something huge: nobody is signed in, and the server goes on', async () => {
    for (const next of [(json) => json({}), (json) => json({ id_token: 'x' }), (json) => json({ error: 'invalid_grant' }, 400), (json) => json({ id_token: 'x'.repeat(300_000) })]) {
      const traveller = new Traveller();
      const { state } = await traveller.start('forged');
      forging.next = next;
      assert.deepEqual(cameBack(await traveller.callback('forged', { code: 'c', state })), [303, '/sign-in?problem=provider&next=/tickets']);
    }
    assert.equal((await server.get('/healthz')).status, 200);
  });

  test('an answer counts once, for its browser, from its provider: state and nonce replayed', async () => {
    const traveller = new Traveller();
    const { state, nonce } = await traveller.start('forged');
    forging.next = (json) => json({ id_token: forging.token({ alg: 'RS256', kid: 'good' }, forging.claims(nonce, 'forged-1')) });
    const asked = forging.asked;
    assert.deepEqual(cameBack(await traveller.callback('test', { code: 'c', state }))[0], 303);
    assert.equal(forging.asked, asked, 'another provider\'s answer asks nobody');
    assert.deepEqual(cameBack(await traveller.callback('forged', { code: 'c', state })), [303, '/tickets']);
    const again = await traveller.callback('forged', { code: 'c', state });
    assert.deepEqual(cameBack(again), [303, '/sign-in?problem=again&next=/tickets']);
    assert.ok(!signedIn(again));
    // Somebody else's state with one's own cookie, and the other way round.
    const other = new Traveller();
    const theirs = await other.start('forged');
    assert.ok(!signedIn(await traveller.callback('forged', { code: 'c', state: theirs.state })));
    assert.ok(!signedIn(await other.callback('forged', { code: 'c', state })));
    for (const made of ['', 'x', 'A'.repeat(500), 'A'.repeat(5000)]) {
      assert.deepEqual(cameBack(await traveller.callback('forged', { code: 'c', state: made })), [303, '/sign-in?problem=again&next=/']);
    }
  });

  test('a browser without cookies begins again once, then is told why', async () => {
    const traveller = new Traveller();
    const { state } = await traveller.start('forged', '/e/night?x=1&y=2');
    const restarted = await traveller.callback('forged', { code: 'c', state }, { cookie: null });
    assert.equal(restarted.status, 303);
    const second = traveller.away(restarted);
    const told = await traveller.callback('forged', { code: 'c', state: second.state }, { cookie: null });
    assert.deepEqual(cameBack(told), [303, '/sign-in?problem=cookies&next=/e/night%3Fx=1%26y=2']);
  });

  test('nobody is sent to another host: open redirects', async () => {
    for (const back of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example', 'javascript:alert(1)', '/auth/forged/start', `/${'x'.repeat(600)}`]) {
      const traveller = new Traveller();
      const { state, nonce } = await traveller.start('forged', back);
      forging.next = (json) => json({ id_token: forging.token({ alg: 'RS256', kid: 'good' }, forging.claims(nonce, 'forged-1')) });
      assert.deepEqual(cameBack(await traveller.callback('forged', { code: 'c', state })), [303, '/'], back);
    }
  });

  test('linking needs the session that asked for it, and writes of other origins are refused', async () => {
    const owner = await Person.signUp(server, 'goro@example.jp');
    const { cookie: session, csrf } = owner;
    const begun = await owner.write('POST', '/api/v1/account/sign-ins', { name: 'forged' });
    Object.assign(owner, { cookie: session, csrf });
    assert.equal(begun.status, 200, begun.text);
    const query = Object.fromEntries(new URL(begun.json().url).searchParams);
    forging.next = (json) => json({ id_token: forging.token({ alg: 'RS256', kid: 'good' }, forging.claims(query.nonce, 'forged-goro')) });
    const cookie = begun.headers['set-cookie'][0].split(';')[0];
    const thief = new Traveller();
    const stolen = await thief.callback('forged', { code: 'c', state: query.state }, { cookie });
    assert.deepEqual(cameBack(stolen), [303, '/account?problem=again']);
    const foreign = await server.get('/api/v1/account/sign-ins', { method: 'POST', body: '{"name":"forged"}', headers: { ...owner.headers(), Origin: 'https://evil.example' } });
    assert.equal(foreign.status, 403);
    assert.equal((await owner.read('/api/v1/account')).json().sign_ins.length, 0);
  });
});

test('after signing in nobody asks the provider', async () => {
  const hanako = await visitor();
  await hanako.go('/sign-in?next=/tickets');
  await signInWith(hanako, 'hanako');
  await arrived(hanako.page, '/tickets');
  await real.stop();
  real = null;
  await hanako.go('/account');
  await hanako.page.locator('#main').getByText('hanako@example.jp').first().waitFor();
  assert.equal((await server.get('/api/v1/producer/events', { token: controlToken() })).status, 200);
  await hanako.close();
});

// Licenses straight from the service: our server signs what a play may have, the player shows it to the
// service at its own address, and the challenge and license pass no hands of ours. One way for every system
// and device: the right is in the address of the play, the token in a header, nothing in a cookie.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { fakeLicenseService } from '../harness/license_services.mjs';
import { film } from '../harness/media.mjs';
import { program } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kSystems = ['widevine', 'playready', 'fairplay'];
const kTypes = { widevine: 'application/octet-stream', playready: 'text/xml; charset=utf-8', fairplay: 'application/octet-stream' };
const kForms = ['axinom', 'jwt', 'drmtoday'];
const token = viewToken('stage');
const places = {};

async function place(form) {
  const given = { form, key: randomBytes(32), keyId: randomUUID(), merchant: 'our_house' };
  const service = await fakeLicenseService({ token: given });
  const systems = kSystems.map((name) => `[drm.${name}]\nlicense_url = "${service.url}/${name}"\n`).join('');
  const server = await Server.start({
    config: `${systems}[drm.token]\nform = "${form}"\nkey_id = "${given.keyId}"\nmerchant = "our_house"\n${form === 'jwt' ? 'audience = "licenses"\n' : ''}
      [[channel]]\nname = "stage"\nprotection = "cbcs"\n[[channel]]\nname = "other"\nprotection = "cbcs"\n[[channel]]\nname = "open"\n`,
    env: { BUTAI_DRM_TOKEN_KEY: given.key.toString('base64') },
  });
  places[form] = { service, server };
  await until('two periods of both channels', async () => (await kidsOf(server, 'other')).length === 6 && (await kidsOf(server, 'stage')).length === 6);
}
async function kidsOf(server, channel) {
  const { stdout } = await server.command(['keys', 'list', ...server.place()]);
  // A line per period, then one for each of its keys, further in.
  return stdout.split(/\n(?! )/).filter((period) => period.startsWith(`${channel} `)).flatMap((period) => period.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []);
}

before(async () => {
  await Promise.all(kForms.map(place));
});
after(async () => {
  for (const { server, service } of Object.values(places)) {
    await server.stop();
    await service.stop();
  }
});

const tokenFor = async (server, play, system, query = '') => server.get(`${play.license}/${system}/token${query}`);
const present = (url, headers, body, more = {}) =>
  request(url, { method: 'POST', body, headers: { ...headers, 'Content-Length': body.length, ...more } });

// One service and its server after the other's tests, all three side by side.
describe('a token of the service', { concurrency: true }, () => {
  for (const form of kForms) describe(form, { concurrency: 1 }, () => {
    test(`challenge and license go between player and service alone, for every system`, async () => {
      const { server, service } = places[form];
      const play = await server.play('stage', token);
      assert.equal(play.license_tokens, true);
      const kids = await kidsOf(server, 'stage');
      for (const system of kSystems) {
        const answer = await tokenFor(server, play, system);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal(answer.headers['set-cookie'], undefined);
        const { url, headers, seconds } = answer.json();
        assert.equal(url, `${service.url}/${system}`);
        assert.ok(seconds >= 30 && seconds <= 300, 'short-lived');
        const challenge = randomBytes(1500);
        const license = await present(url, headers, challenge, { 'Content-Type': kTypes[system] });
        const entry = service.books.at(-1);
        assert.equal(license.status, 200, license.text);
        assert.deepEqual(entry.body, challenge);
        assert.equal(entry.headers['content-type'], kTypes[system]);
        assert.deepEqual(license.bytes, entry.license);
        assert.deepEqual(entry.token.kids.toSorted(), kids.toSorted(), 'the keys of this channel, now and next');
        if (entry.token.play) assert.equal(entry.token.play, play.play, 'the play, nothing else of the viewer');
        assert.equal(entry.headers.cookie, undefined);
      }
    });

    test(`a player that sends no headers gets the same through our server`, async () => {
      const { server, service } = places[form];
      const play = await server.play('stage', token);
      const challenge = randomBytes(700);
      const license = await present(`${play.license}/widevine`, {}, challenge, { 'Content-Type': kTypes.widevine });
      const entry = service.books.at(-1);
      assert.equal(license.status, 200, license.text);
      assert.deepEqual([entry.body, entry.license], [challenge, license.bytes]);
      assert.ok(entry.token.kids.length > 0);
    });

    test(`the service refuses a token that is old, changed, or another's`, async () => {
      const { server, service } = places[form];
      const play = await server.play('stage', token);
      const { url, headers, seconds } = (await tokenFor(server, play, 'widevine')).json();
      const name = Object.keys(headers).at(-1);
      // One character of the claims: the signature no longer fits.
      const changed = { ...headers, [name]: headers[name].replace(/\.(.)/, (_, c) => `.${c === 'e' ? 'f' : 'e'}`) };
      assert.equal((await present(url, changed, randomBytes(9))).status, 403);
      const foreign = places[kForms.find((each) => each !== form)];
      const other = (await tokenFor(foreign.server, await foreign.server.play('stage', token), 'widevine')).json();
      assert.equal((await present(url, other.headers, randomBytes(9))).status, 403);
      service.clockOffMs = (seconds + 5) * 1000;
      assert.equal((await present(url, headers, randomBytes(9))).status, 403);
      assert.match(service.books.at(-1).refused, /expired/);
      service.clockOffMs = 0;
      assert.equal((await present(url, headers, randomBytes(9))).status, 200);
    });
  });
});

test('every token is made anew, for keys that may be named, and no others', async () => {
  const { server } = places.jwt;
  const play = await server.play('stage', token);
  const [one] = await kidsOf(server, 'stage');
  const named = await tokenFor(server, play, 'widevine', `?kids=${one}`);
  const claims = (answer) => JSON.parse(Buffer.from(answer.json().headers.Authorization.split('.')[1], 'base64url'));
  assert.deepEqual(claims(named).kids, [one]);
  assert.equal(claims(named).aud, 'licenses');
  assert.notEqual(claims(named).jti, claims(await tokenFor(server, play, 'widevine', `?kids=${one}`)).jti);
  const [foreign] = await kidsOf(server, 'other');
  for (const [query, status, why] of [
    [`?kids=${foreign}`, 403, /none of channel stage/],
    [`?kids=${one},${foreign}`, 403, /none of channel stage/],
    [`?kids=${randomUUID()}`, 403, /none of channel/],
    ['?kids=', 400, /32 hexadecimal/],
    [`?kids=${one},`, 400, /32 hexadecimal/],
    [`?kids=${Array(13).fill(one)}`, 400, /at most 12/],
  ]) {
    const answer = await tokenFor(server, play, 'widevine', query);
    assert.equal(answer.status, status, `${query}: ${answer.text}`);
    assert.match(answer.json().detail, why);
  }
});

test('who may not watch gets no token', async () => {
  const { server, service } = places.axinom;
  const before = service.books.length;
  const play = await server.play('stage', token);
  await server.get(`/api/v1/plays/${play.play}`, { token, method: 'DELETE' });
  assert.equal((await tokenFor(server, play, 'widevine')).status, 401);
  assert.equal((await server.get('/license/widevine/token?channel=stage')).status, 401);
  assert.equal((await server.get('/license/widevine/token?channel=other', { token })).status, 403);
  assert.equal((await server.get('/license/widevine/token?channel=stage', { token })).status, 200, 'a bearer may as well');
  assert.equal((await server.play('open', viewToken('open'))).license_tokens, false, 'not protected');
  assert.equal(service.books.length, before, 'and the service was not asked');
});

test('without a form there are no tokens; one that cannot sign ends the start with a sentence', async () => {
  const plain = await Server.start({ config: '[drm.widevine]\nlicense_url = "http://127.0.0.1:1/w"\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n' });
  try {
    const play = await plain.play('stage', token);
    assert.equal(play.license_tokens, false);
    const none = await tokenFor(plain, play, 'widevine');
    assert.equal(none.status, 404);
    assert.match(none.json().detail, /\[drm\.token\] form/);
    for (const [words, why] of [
      ['form = "jwt"', /\[drm\.token\] key/],
      ['form = "jwt"\nkey = "c2hvcnQ="', /16 bytes/],
      ['form = "axinom"\nkey = "MDEyMzQ1Njc4OWFiY2RlZg=="', /Communication Key ID/],
      ['form = "drmtoday"', /merchant/],
    ]) {
      const file = join(plain.data, 'wrong.toml');
      writeFileSync(file, `[drm.token]\n${words}\n`);
      const { code, stderr } = await plain.command(['serve', '--config', file, '--data', join(plain.data, 'wrong'), '--listen', '127.0.0.1:0'], { anyStatus: true, timeout: 10_000 });
      assert.equal(code, 1, words);
      assert.match(stderr, why);
    }
  } finally {
    await plain.stop();
  }
});

test('butai watch asks the service itself, and says what came of it', { timeout: 60_000 }, async () => {
  const { server, service } = places.drmtoday;
  const camera = await feed(server, 'stage', await film({ seconds: 8 }));
  try {
    await server.segmentsOf('stage', token);
    const watch = async (status) => {
      const { code, stdout } = await run(program, ['watch', `${server.http}/watch/stage`, '--json', '--seconds', '2'], { env: { BUTAI_TOKEN: token }, anyStatus: true });
      assert.equal(code, status);
      return JSON.parse(stdout);
    };
    const before = service.books.length;
    const seen = await watch(0);
    assert.deepEqual([seen.protection, seen.licenses, seen.licenses_refused], ['cbcs', 1, 0]);
    const asked = service.books.slice(before);
    assert.equal(asked.length, 1);
    assert.equal(asked[0].url, '/widevine');
    assert.deepEqual(asked[0].body, Buffer.from([8, 4]), 'the question for the service\'s certificate');
    assert.equal(asked[0].headers.authorization, undefined, 'our token is not the service\'s business');
    service.failing = 503;
    const refused = await watch(3);
    service.failing = null;
    assert.deepEqual([refused.licenses, refused.licenses_refused], [0, 1]);
  } finally {
    await camera.stop();
  }
});

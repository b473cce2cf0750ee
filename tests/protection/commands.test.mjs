// `butai keys` and `butai doctor` on a protected installation, beside a license service that is asked.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { identityKey, protections } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media } from '../harness/hls.mjs';
import { fakeLicenseService } from '../harness/license_services.mjs';
import { film } from '../harness/media.mjs';
import { program, root, schemas } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { spekeServer } from '../harness/speke_server.mjs';
import { viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const token = viewToken('stage');
let server, camera;
before(async () => {
  server = await Server.start({ config: '[[channel]]\nname = "stage"\nprotection = "cbcs"\n' });
  camera = await feed(server, 'stage', await film({ seconds: 8 }));
  await server.segmentsOf('stage', token);
});
after(async () => {
  await camera?.stop();
  await server?.stop();
});

async function kidsNow() {
  const options = { headers: { Authorization: `Bearer ${token}` } };
  const kidOf = async (track) => {
    const list = await media(`${server.http}/live/stage/${track}/index.m3u8`, options);
    return protections((await fetchOk(list.segments.at(-1).map, options)).bytes)[0].kid;
  };
  return Promise.all(['video', 'audio'].map(kidOf));
}
// Those that `keys list` shows of the channel.
async function kidsListed() {
  const { stdout } = await server.command(['keys', 'list', ...server.place()]);
  return [...stdout.matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g)].map(([kid]) => kid);
}
const plain = (uuid) => uuid.replaceAll('-', '');

test('keys list names the running key ids and no key', async () => {
  const { stdout } = await server.command(['keys', 'list', ...server.place()]);
  for (const kid of await kidsNow()) {
    assert.ok(plain(stdout).includes(kid), kid);
    assert.ok(!stdout.includes(await identityKey(server, kid, token)));
  }
});

test('keys rotate gives the running channel new keys', { timeout: 60_000 }, async () => {
  const before = await kidsNow();
  await server.command(['keys', 'rotate', 'stage', '--server', server.http, ...server.place()]);
  await until('new key ids', async () => (await kidsNow()).every((kid) => !before.includes(kid)), { within: 20_000, every: 500 });
  const refused = await server.command(['keys', 'rotate', 'nobody', '--server', server.http, ...server.place()], { anyStatus: true });
  assert.equal(refused.code, 1);
});

test('keys rewrap: another master key opens the vault, and the one before no longer', { timeout: 60_000 }, async () => {
  const [first, second] = ['11', '22'].map((byte) => byte.repeat(32));
  const own = await Server.start({ config: '[[channel]]\nname = "stage"\nprotection = "cbcs"\n', env: { BUTAI_DRM_MASTER_KEY: first } });
  try {
    const list = async () => (await own.command(['keys', 'list', ...own.place()])).stdout;
    await until('keys', async () => (await list()).includes('stage'));
    const [, kid] = /  AUDIO +([0-9a-f-]{36})/.exec(await list()) ?? assert.fail(await list());
    const key = await identityKey(own, plain(kid), token);
    await own.child.stop('SIGTERM');
    const next = join(own.data, 'next');
    writeFileSync(next, second, { mode: 0o600 });
    const { stdout } = await own.command(['keys', 'rewrap', '--next', next, ...own.place()]);
    assert.match(stdout, /^\d+ keys are wrapped by the new master key/);
    const again = await own.command(['keys', 'rewrap', '--next', next, ...own.place()], { anyStatus: true });
    assert.equal(again.code, 1, 'the old one opens nothing any more');
    assert.match(again.stderr, /not wrapped by this master key; nothing was changed/);
    own.env.BUTAI_DRM_MASTER_KEY = second;
    await own.startAgain();
    assert.equal(await identityKey(own, plain(kid), token), key, 'the same keys');
    assert.ok(!own.log.includes(second) && !own.log.includes(key));
  } finally {
    await own.stop();
  }
});

test('keys export-cpix writes the newest keys into a file that nobody else may read, once', async () => {
  const out = join(server.data, 'stage.xml');
  await server.command(['keys', 'export-cpix', 'stage', '--out', out, ...server.place()]);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const xml = readFileSync(out, 'utf8');
  if (schemas) await run('xmllint', ['--noout', '--nonet', '--schema', join(schemas, 'cpix-2.3/cpix.xsd'), out]);
  const keys = Object.fromEntries([...xml.matchAll(/<cpix:ContentKey kid="([^"]+)"[\s\S]*?<pskc:PlainValue>([^<]+)</g)].map(([, kid, key]) => [plain(kid), Buffer.from(key, 'base64').toString('hex')]));
  assert.equal(Object.keys(keys).length, 3);
  // The newest period was fetched ahead: its keys are known to the license address as well.
  for (const [kid, key] of Object.entries(keys)) assert.equal(key, await identityKey(server, kid, token));
  const again = await server.command(['keys', 'export-cpix', 'stage', '--out', out, ...server.place()], { anyStatus: true });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /is there already/);
  const unknown = await server.command(['keys', 'export-cpix', 'nobody', '--out', `${out}.2`, ...server.place()], { anyStatus: true });
  assert.match(unknown.stderr, /never had keys/);
});

// What doctor says with this configuration, by the name of the check.
async function doctor(config) {
  const place = join(server.data, 'doctor.toml');
  writeFileSync(place, `${config}\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n`);
  const { stdout } = await server.command(['doctor', '--config', place, '--data', join(server.data, 'data')], { anyStatus: true });
  return Object.fromEntries(stdout.split('\n').filter(Boolean).map((line) => [line.slice(6, 21).trim(), line]));
}

test('doctor warns when ClearKey is the only system, and opens the vault', { timeout: 60_000 }, async () => {
  const said = await doctor('');
  assert.match(said['key systems'], /^mind .*ClearKey only/);
  assert.match(said.vault, /^ok .*every key in it can be opened/);
  assert.match(said['key provider'], /^ok .*built in/);
  const other = await doctor(`[drm]\nmaster_key = "${'ab'.repeat(32)}"\n`);
  assert.match(other.vault, /^BAD .*another master key/);
});

test('doctor asks the license services: credentials, clocks, certificates', { timeout: 60_000 }, async () => {
  const service = await fakeLicenseService();
  const widevine = (header) => `[drm.widevine]\nlicense_url = "${service.url}/widevine"\nheader = "${header}"\n`;
  try {
    assert.match((await doctor(widevine(service.header))).widevine, /^ok .*answers 200/);
    assert.deepEqual(service.books.at(-1).body, Buffer.from([8, 4]), 'what asks for the service certificate');
    assert.match((await doctor(widevine('X-Api-Key: wrong'))).widevine, /^mind .*answers 401; look at the address and at header/);
    service.clockOffMs = 7_200_000;
    assert.match((await doctor(widevine(service.header))).widevine, /^BAD .*clock is 7\d\d\d s from ours/);
    service.clockOffMs = 0;
    const fairplay = await doctor(`[drm.fairplay]\nlicense_url = "${service.url}/fps"\nheader = "${service.header}"\ncertificate = "${join(server.data, 'doctor.toml')}"\n`);
    assert.match(fairplay.fairplay, /^BAD .*not a certificate/);
  } finally {
    await service.stop();
  }
  assert.match((await doctor(widevine(service.header))).widevine, /^BAD /, 'nobody is there any more');
});

test('doctor shows the license service the token that a player would', { timeout: 60_000 }, async () => {
  const given = { form: 'jwt', key: randomBytes(32), keyId: 'butai' };
  const service = await fakeLicenseService({ token: given });
  const wanted = (key, id = given.keyId) =>
    `[drm.widevine]\nlicense_url = "${service.url}/widevine"\n[drm.fairplay]\nlicense_url = "${service.url}/fps"\nform = "json"\n[drm.token]\nform = "jwt"\nkey_id = "${id}"\nkey = "${key.toString('base64')}"\n`;
  try {
    const said = await doctor(wanted(given.key));
    assert.match(said.widevine, /^ok .*answers 200/);
    const [widevine, fairplay] = service.books.slice(-2);
    const listed = await kidsListed();
    assert.ok(widevine.token.kids.length >= 6 && widevine.token.kids.every((kid) => listed.includes(kid)), 'for the keys of a protected channel');
    assert.equal(widevine.token.raw.channel, 'stage');
    assert.deepEqual(JSON.parse(fairplay.body), { spc: 'CAQ=' }, 'in the form that the service wants');
    assert.match((await doctor(wanted(randomBytes(32)))).widevine, /^mind .*answers 403; look at the address and at \[drm\.token\]/);
    assert.match((await doctor(wanted(Buffer.from('short'))))['license tokens'], /^BAD .*16 bytes/);
  } finally {
    await service.stop();
  }
});

test('doctor asks the key service for keys, and keeps none of them', { timeout: 60_000 }, async () => {
  const service = await spekeServer({ auth: 'basic' });
  const wanted = (password) => `[drm.speke]\nurl = "${service.url}"\nauth = "basic"\nuser = "butai"\npassword = "${password}"\n`;
  try {
    assert.match((await doctor(wanted('spoken softly')))['key provider'], /^ok .*gave 3 keys/);
    assert.match(service.books.at(-1).body, /contentId="butai-doctor"/);
    assert.match((await doctor(wanted('shouted')))['key provider'], /^BAD .*answered 401/);
    service.failing = 503;
    assert.match((await doctor(wanted('spoken softly')))['key provider'], /^BAD .*answered 503: the service is out of order/);
  } finally {
    await service.stop();
  }
  const { stdout } = await server.command(['keys', 'list', ...server.place()]);
  assert.ok(!stdout.includes('butai-doctor'), stdout);
});

test('doctor --device-matrix shows the page for devices and writes a row for each that tried it', { timeout: 60_000 }, async () => {
  const page = `${server.http}/watch/stage#token=${token}`;
  const rows = new Child(program, ['doctor', '--device-matrix', page, ...server.place()], { env: server.env });
  try {
    await until('the address', () => rows.stderr.includes(`${server.http}/watch/stage?row=1#token=${token}`));
    const device = { day: '2026-12-24', device: 'Pixel 8', system: 'Android 14', browser: 'Chrome 131', keys: 'Widevine, hardware', way: 'DASH', first_picture: '840 ms', result: 'ok' };
    const [one, two] = [await server.play('stage', token), await server.play('stage', token)];
    const tell = (play, row) => server.post(`/api/v1/plays/${play}/device-row`, row);
    assert.equal((await tell(one.play, device)).status, 204);
    assert.equal((await tell(two.play, { ...device, device: 'a|b', result: 'locked' })).status, 204);
    await until('two rows', () => rows.stdout.split('\n').length === 3);
    assert.deepEqual(rows.stdout.trim().split('\n'), [
      '| 2026-12-24 | Pixel 8 | Android 14 | Chrome 131 | Widevine, hardware | DASH | 840 ms | ok |',
      '| 2026-12-24 | a/b | Android 14 | Chrome 131 | Widevine, hardware | DASH | 840 ms | locked |',
    ]);
    for (const wrong of ['', '[]', {}, { ...device, day: 7 }, { ...device, day: '' }, { ...device, browser: '\u001b[2J' }, { ...device, keys: 'x'.repeat(81) }]) {
      assert.equal((await tell(one.play, wrong)).status, 400, JSON.stringify(wrong));
    }
    assert.equal((await tell('AAAAAAAAAAAAAAAAAAAAAA', device)).status, 404, 'no such play');
    assert.equal((await server.get('/api/v1/device-rows', { token })).status, 403, 'rows are the operator\'s');
    // The table's own header is what a row must fit.
    const head = readFileSync(join(root, 'docs/device-matrix.md'), 'utf8').split('\n').find((line) => line.startsWith('| day |'));
    assert.equal(head.split('|').length, rows.stdout.split('\n')[0].split('|').length);
  } finally {
    assert.deepEqual(await rows.stop('SIGINT'), { code: 0, signal: null });
  }
  const wrong = await server.command(['doctor', '--device-matrix', 'stage'], { anyStatus: true });
  assert.equal(wrong.code, 1);
  const stranger = await server.command(['doctor', '--device-matrix', page, '--seconds', '5'], { env: { BUTAI_AUTH_SECRET: 'y'.repeat(40) }, anyStatus: true });
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /--config and --data/);
});

// `butai keys` and `butai doctor` on a protected installation, beside a license service that is asked.
import assert from 'node:assert/strict';
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
const plain = (uuid) => uuid.replaceAll('-', '');

test('keys list names the running key ids and no key', async () => {
  const { stdout } = await server.command(['keys', 'list', ...server.place()]);
  for (const kid of await kidsNow()) {
    assert.ok(plain(stdout).includes(kid), kid);
    assert.ok(!stdout.includes(await identityKey(server, kid, token)));
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

// `butai watch` on protected channels: a player without a screen, with a license of its own. It opens every
// sample, through a change of keys, says what licenses it got and when, and ends with 3 and a sentence when it
// got none, or one whose key does not fit.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { injectingProxy } from '../harness/injecting_proxy.mjs';
import { film } from '../harness/media.mjs';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, publishToken, viewToken } from '../harness/token.mjs';
import { sleep } from '../harness/wait.mjs';

const schemes = ['cbcs', 'cenc'];
let server, proxy, loud;
const cameras = [];
// What the proxy does to licenses, by name.
const damage = {
  key: (license) => ({ ...license, keys: license.keys.map((key) => ({ ...key, k: Buffer.from(key.k, 'base64url').map((byte) => byte ^ 1).toString('base64url') })) }),
  none: () => ({ keys: [], type: 'temporary' }),
};
let damaging = null;
before(async () => {
  const channels = [...schemes.map((name) => [name, name]), ['loud', 'cbcs']];
  server = await Server.start({ config: channels.map(([name, scheme]) => `[[channel]]\nname = "${name}"\nprotection = "${scheme}"\n`).join('') });
  // With a clock in it: our own publisher stamps its pictures.
  for (const name of schemes) {
    cameras.push(new Child(program, ['publish', 'test', `${server.ws}/ws?channel=${name}`, '--size', '640x360'], { env: { BUTAI_TOKEN: publishToken(name) } }));
  }
  loud = await feed(server, 'loud', await film({ seconds: 12 }));
  for (const [name] of channels) await server.segmentsOf(name, viewToken(name));
  proxy = await injectingProxy(server.ports.http, '', (url, text) =>
    damaging && url.endsWith('/license/clearkey') ? JSON.stringify(damaging(JSON.parse(text))) : text);
});
after(async () => {
  proxy?.close();
  for (const camera of cameras) await camera.stop();
  await loud?.stop();
  await server?.stop();
});

async function watch(address, token, { seconds = 4, args = ['--json'] } = {}) {
  const { code, stdout, stderr } = await run(program, ['watch', address, '--seconds', String(seconds), ...args], { env: { BUTAI_TOKEN: token }, anyStatus: true });
  return { code, stderr, stdout, seen: args.includes('--json') ? JSON.parse(stdout) : undefined };
}
const all = (seen) => seen.frames + seen.sounds;

describe('a viewer with a right', { concurrency: true }, () => {
  for (const name of schemes) {
    test(`opens every sample of ${name}, through a change of keys`, { timeout: 60_000 }, async () => {
      const running = watch(`${server.http}/watch/${name}`, viewToken(name), { seconds: 14 });
      await sleep(3_000);
      const rotated = await server.post(`/api/v1/channels/${name}/rotate-keys`, '', { token: controlToken() });
      assert.equal(rotated.status, 200, rotated.text);
      const { code, seen, stderr } = await running;
      assert.equal(code, 0, stderr);
      assert.equal(seen.protection, name);
      assert.deepEqual([seen.licenses, seen.licenses_refused, seen.refusals], [2, 0, []], stderr);
      assert.equal(new Set(seen.key_ids).size, 4, 'of picture and sound, before and after');
      assert.ok(seen.license_ms.max > 0 && seen.license_ms.max < 2_000, `${seen.license_ms.max}`);
      assert.deepEqual([seen.opened, seen.locked, seen.garbled], [all(seen), 0, 0]);
      assert.ok(seen.frames > 200 && seen.sounds > 300, JSON.stringify(seen));
      assert.ok(seen.latency_ms.count > 100 && seen.latency_ms.p50 > 0, 'capture times stay readable');
      assert.deepEqual([seen.unreadable, seen.jumps, seen.gaps], [0, 0, 0]);
    });
  }

});

describe('a viewer who comes later', { concurrency: true }, () => {
  test('asks beside the socket when it is given its address, with the token or the signed path', { timeout: 60_000 }, async () => {
    const play = await server.play('cbcs', viewToken('cbcs'));
    const ways = await Promise.all([watch(`${server.ws}/live/cbcs/ws`, viewToken('cbcs')), watch(play.ws, '')]);
    for (const { code, seen, stderr } of ways) {
      assert.equal(code, 0, stderr);
      assert.deepEqual([seen.licenses, seen.opened], [1, all(seen)], stderr);
    }
  });

  test('reads it all in a table as well', { timeout: 60_000 }, async () => {
    const { code, stdout } = await watch(`${server.http}/watch/cenc`, viewToken('cenc'), { args: [] });
    assert.equal(code, 0);
    assert.match(stdout, /^protection +cenc, licenses: 1 given \(\d+\.\d ms at most\), 0 refused$/m);
    assert.match(stdout, /^key +[0-9a-f]{32}$/m);
    assert.match(stdout, /^samples +\d+ opened, 0 without a key, 0 that are no media with theirs$/m);
  });
});

// In cbcs what is shorter than a block stays clear, and so does silence: a wrong key is heard in sound only.
for (const name of ['loud', 'cenc']) {
  test(`a wrong key of ${name} is noticed: nothing else was done to what came`, { timeout: 60_000 }, async () => {
    damaging = damage.key;
    const { code, seen, stderr } = await watch(`http://127.0.0.1:${proxy.port}/watch/${name}`, viewToken(name));
    damaging = null;
    assert.equal(code, 3);
    assert.match(stderr, /a key does not fit: \d+ of \d+ decrypted samples are no media/);
    assert.ok(seen.garbled > seen.sounds / 4, JSON.stringify(seen));
    assert.deepEqual([seen.licenses, seen.licenses_refused], [1, 0]);
  });
}

test('a license without the keys that were asked for is none', { timeout: 60_000 }, async () => {
  damaging = damage.none;
  const { code, seen, stderr } = await watch(`http://127.0.0.1:${proxy.port}/watch/cbcs`, viewToken('cbcs'));
  damaging = null;
  assert.equal(code, 3);
  assert.match(stderr, /no license from the server: its license has no key [0-9a-f]{32}/);
  assert.deepEqual([seen.licenses, seen.opened, seen.locked], [0, 0, all(seen)]);
});

test('a refusal is told in the words of the server', { timeout: 60_000 }, async () => {
  // A ticket opens one socket and no license: there is nothing to ask for one with.
  const { ticket } = (await server.post('/api/v1/tickets', '{}', { token: viewToken('cbcs') })).json();
  const { code, seen, stderr } = await watch(`${server.ws}/live/cbcs/ws?ticket=${ticket}`, '');
  assert.equal(code, 3, stderr);
  assert.match(seen.refusals[0], /^no license from the server: 401 A token is needed here/);
  assert.ok(stderr.includes(seen.refusals[0]), stderr);
  assert.deepEqual([seen.licenses, seen.opened, seen.locked], [0, 0, all(seen)]);

  const play = await server.play('cbcs', viewToken('cbcs'));
  await server.get(`/api/v1/plays/${play.play}`, { token: viewToken('cbcs'), method: 'DELETE' });
  const ended = await watch(play.ws, '');
  assert.equal(ended.code, 1, 'who may not watch sees nothing at all');
  assert.match(ended.stderr, /This play was ended/);
});

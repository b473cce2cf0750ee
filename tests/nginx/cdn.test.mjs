// deploy/cdn/nginx.conf as it stands, but for its addresses: media is fetched once for all viewers, who may is
// asked of the server, and an ended play is dark in the cache within 10 s. With [cdn] key nginx checks addresses
// that the server signed, and asks nobody.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { startNginx } from '../harness/nginx.mjs';
import { root } from '../harness/paths.mjs';
import { Server, request } from '../harness/server.mjs';
import { viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kSecrets = { a: 'of yesterday, still valid for what it signed', b: 'of today: 32 characters and some more' };

// A server, and nginx in front of it by the recipe; `cdn`: with addresses that nginx checks itself.
async function house(cdn) {
  const server = await Server.start({
    config: '[server]\ntrusted_proxies = ["127.0.0.1"]\n[[channel]]\nname = "stage"\nprotection = "cbcs"\nlatency = "stable"\n[[channel]]\nname = "other"\n',
    env: cdn ? { BUTAI_CDN_KEY: `b:${kSecrets.b}`, BUTAI_CDN_PREVIOUS_KEY: `a:${kSecrets.a}` } : {},
  });
  const nginx = await startNginx(server, { secrets: cdn ? kSecrets : {} });
  const camera = await feed(server, 'stage', await film({ seconds: 12 }));
  await server.segmentsOf('stage', viewToken('stage'));
  return {
    server,
    front: nginx.url,
    stop: async () => {
      await camera.stop();
      await nginx.stop();
      await server.stop();
    },
  };
}

let asking, signing;
before(async () => ([asking, signing] = await Promise.all([house(false), house(true)])));
after(async () => Promise.all([asking, signing].map((one) => one?.stop())));

async function play(sub, { front } = asking) {
  const token = viewToken('stage', sub);
  const answer = await request(`${front}/api/v1/plays`, { method: 'POST', body: '{"channel":"stage"}', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
  assert.equal(answer.status, 201, answer.text);
  return { token, ...answer.json() };
}
const playlistOf = async ({ hls }) => renditionsOf((await fetchOk(hls)).text, hls).video;

test('a segment is fetched once for two viewers, a playlist never kept', { timeout: 60_000 }, async () => {
  const [one, two] = [await play('one'), await play('two')];
  const [first, second] = await Promise.all([one, two].map(async (each) => media(await playlistOf(each))));
  const segment = first.segments[0].uri;
  const same = second.segments.find(({ uri }) => uri.split('/live/')[1] === segment.split('/live/')[1]).uri;
  assert.notEqual(segment, same, 'each with a right of its own');
  const [cold, warm] = [await request(segment), await request(same)];
  assert.deepEqual([cold.headers['x-cache'], warm.headers['x-cache']], ['MISS', 'HIT']);
  assert.ok(cold.bytes.equals(warm.bytes));
  assert.match(warm.headers['cache-control'], /^public, max-age=31536000, immutable$/);
  const list = await request(await playlistOf(one));
  assert.equal(list.headers['x-cache'], undefined);
  assert.match(list.headers['cache-control'], /max-age=1$/);
  const license = await request(`${one.license}/clearkey`, { method: 'POST', body: '{"kids":["AAAAAAAAAAAAAAAAAAAAAA"]}' });
  assert.equal(license.headers['cache-control'], 'no-store');
});

test('what is in the cache is given to nobody without a right, and not 10 s after a play has ended', { timeout: 60_000 }, async () => {
  const mine = await play('three');
  const [{ uri: segment }] = (await media(await playlistOf(mine))).segments;
  assert.equal((await request(segment)).status, 200);
  const forged = segment.replace(/\/t\/(.)/, (_, c) => `/t/${c === 'A' ? 'B' : 'A'}`);
  assert.equal((await request(forged)).status, 401);
  const ended = await request(`${asking.front}/api/v1/plays/${mine.play}`, { method: 'DELETE', headers: { Authorization: `Bearer ${mine.token}` } });
  assert.equal(ended.status, 204);
  const from = performance.now();
  await until('the cache to know', async () => (await request(segment)).status === 401, { within: 10_000, every: 250 });
  console.log(`# dark after ${((performance.now() - from) / 1000).toFixed(1)} s`);
});

// As the documentation of nginx says it, and not with the program's code.
function signed(name, expires, path) {
  const md5 = createHash('md5').update(`${expires} ${path.split('/')[2]} ${kSecrets[name]}`).digest('base64url');
  return `/t/e-${name}-${expires}-${md5}${path}`;
}
const inMinutes = (minutes) => Math.floor(Date.now() / 1000) + minutes * 60;

test('signed addresses: one for all viewers, good for five minutes, checked by nginx itself', { timeout: 60_000 }, async () => {
  const [one, two] = [await play('one', signing), await play('two', signing)];
  const [first, second] = await Promise.all([one, two].map(async (each) => media(await playlistOf(each))));
  const segment = first.segments[0].uri;
  const path = new URL(segment).pathname;
  const [, name, expires] = /^\/t\/e-(\w+)-(\d+)-[\w-]{22}\/live\/stage\/video\/\d+\.m4s$/.exec(path) ?? assert.fail(path);
  assert.equal(name, 'b', 'signed with the new key');
  const left = expires - first.segments[0].time;
  assert.ok(left > 300 && left <= 360, `${left} s from the segment's start`);
  assert.ok(second.segments.some(({ uri }) => uri === segment), 'two viewers have the same address');
  const [cold, warm] = [await request(segment), await request(segment)];
  assert.deepEqual([cold.status, cold.headers['x-cache'], warm.headers['x-cache']], [200, 'MISS', 'HIT']);
  assert.match(warm.headers['cache-control'], /^public, max-age=31536000, immutable$/);
  assert.match(first.segments[0].map, /\/t\/(?!e-)/, 'init segments stay under the viewer\'s right');

  const media_ = path.slice(path.indexOf('/live/'));
  const ask = async (address, at = signing.front) => (await request(`${at}${address}`)).status;
  for (const at of [signing.front, signing.server.http]) {
    assert.equal(await ask(signed('b', inMinutes(2), media_), at), 200);
    assert.equal(await ask(signed('a', inMinutes(2), media_), at), 200, 'and with the old key while it is valid');
    for (const [what, address] of [
      ['expired', signed('b', inMinutes(-1), media_)],
      ['longer than it was signed for', signed('b', inMinutes(2), media_).replace(/-\d+-/, `-${inMinutes(60)}-`)],
      ['of another channel', signed('b', inMinutes(2), media_.replace('stage', 'other')).replace('/live/other', '/live/stage')],
      ['of a key that is none', signed('b', inMinutes(2), media_).replace('/e-b-', '/e-c-')],
      ['a playlist', signed('b', inMinutes(2), '/live/stage/video/index.m3u8')],
      ['a manifest', signed('b', inMinutes(2), '/live/stage/manifest.mpd')],
      ['a license', signed('b', inMinutes(2), '/live/stage').replace('/live/stage', '/license/clearkey')],
    ]) {
      assert.ok([401, 403, 404, 405].includes(await ask(address, at)), `${what} at ${at}: ${await ask(address, at)}`);
    }
  }
});

test('the function for CloudFront in deploy/cdn/README.md lets through what the server signs, and nothing else', async () => {
  const [, code] = /```js\n([\s\S]+?)```/.exec(readFileSync(join(root, 'deploy/cdn/README.md'), 'utf8'));
  const secrets = JSON.stringify(kSecrets);
  const handler = runInNewContext(`${code.replace(/var secrets = .*/, `var secrets = ${secrets};`)}; handler`, { require: (name) => (name === 'crypto' ? { createHash } : assert.fail(name)) });
  const answer = (uri) => handler({ request: { uri, headers: {} } });
  const [{ uri }] = (await media(await playlistOf(await play('five', signing)))).segments;
  const path = new URL(uri).pathname;
  const [, , right] = path.split('/');
  const through = answer(path);
  assert.equal(through.uri, path.slice(path.indexOf('/live/')), 'one address for all viewers');
  assert.deepEqual({ ...through.headers['x-right'] }, { value: right });
  assert.equal((await request(`${signing.server.http}/t/${through.headers['x-right'].value}${through.uri}`)).status, 200, 'as the origin puts it together again');
  const init = '/live/stage/video/init-1.mp4';
  assert.equal(answer(signed('a', inMinutes(2), init)).uri, init, 'and with the old key');
  for (const [what, address] of [
    ['expired', signed('b', inMinutes(-1), init)],
    ['longer than it was signed for', signed('b', inMinutes(2), init).replace(/-\d+-/, `-${inMinutes(60)}-`)],
    ['of another channel', signed('b', inMinutes(2), init.replace('stage', 'other')).replace('/live/other', '/live/stage')],
    ['of a key that is none', signed('b', inMinutes(2), init).replace('/e-b-', '/e-c-')],
    ['of no key', `/t/e-${init}`],
  ]) {
    assert.equal(answer(address).statusCode, 403, what);
  }
});

test('DASH names the signed address once, and a player without a play finds no new ones', { timeout: 60_000 }, async () => {
  const mine = await play('four', signing);
  const { text } = await fetchOk(mine.dash);
  const [, base] = /<BaseURL>([^<]+)<\/BaseURL>/.exec(text) ?? assert.fail('no BaseURL');
  assert.match(base, /^\/t\/e-b-\d+-[\w-]{22}\/live\/stage\/$/);
  const [, start] = /<S t="(\d+)"/.exec(text);
  const answer = await request(new URL(`${base}video/${start}.m4s`, signing.front).href);
  assert.equal(answer.status, 200, answer.text);
  await request(`${signing.front}/api/v1/plays/${mine.play}`, { method: 'DELETE', headers: { Authorization: `Bearer ${mine.token}` } });
  assert.equal((await request(mine.dash)).status, 401);
  assert.equal((await request(mine.hls)).status, 401);
});

// The ladder of a protected channel: every rendition is encrypted, with the key of its class, and changes
// keys with the picture.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ffmpegHashes, identityKey, protections, shakaHashes } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kRenditions = { video: 'video', audio: 'audio', low: 'video', radio: 'audio' };

let server, camera;
before(async () => {
  server = await Server.start({
    config: `[[rendition]]\nname = "low"\nsize = "320x180"\nbitrate = 300000\n[[rendition]]\nname = "radio"\naudio = 48000\n
[[channel]]\nname = "stage"\nprotection = "cbcs"\nladder = ["low", "radio"]\nlatency = "stable"\n`,
  });
  camera = await feed(server, 'stage', await film({ seconds: 12, size: '1280x720' }));
});
after(async () => {
  await camera?.stop();
  await server?.stop();
});

const token = viewToken('stage');
const options = { headers: { Authorization: `Bearer ${token}` } };
const at = (path) => `${server.http}/live/stage/${path}`;

// The newest segment of each rendition with the key id that its init segment says.
async function newest() {
  const found = {};
  for (const [name, kind] of Object.entries(kRenditions)) {
    const list = await media(at(`${name}/index.m3u8`), options);
    const last = list.segments.findLast((segment) => !segment.gap);
    const init = (await fetchOk(last.map, options)).bytes;
    const [told] = protections(init);
    assert.equal(told.scheme, 'cbcs', `${name} is protected`);
    found[name] = { kind, kid: told.kid, map: last.map, bytes: Buffer.concat([init, (await fetchOk(last.uri, options)).bytes]) };
  }
  return found;
}

async function assertDecrypts(found) {
  for (const [name, { kind, kid, bytes }] of Object.entries(found)) {
    const key = await identityKey(server, kid, token);
    const hashes = await ffmpegHashes(bytes, kind, key);
    assert.ok(hashes.length >= 20, `${name}: ${hashes.length} frames decrypted`);
    assert.deepEqual(await shakaHashes(bytes, kind, { [kid]: key }), hashes, `${name}: both decryptors agree`);
    const wrong = key.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    assert.notDeepEqual(await ffmpegHashes(bytes, kind, wrong).catch(() => []), hashes, `${name} with a wrong key`);
  }
}

test('every rendition is protected with the key of its class, through a change of keys', { timeout: 120_000 }, async () => {
  await until('the ladder is listed', async () => {
    const answer = await server.get('/live/stage/index.m3u8', { token });
    return answer.status === 200 && ['low', 'radio'].every((name) => answer.text.includes(`${name}/index.m3u8`));
  }, { within: 45_000 });
  const first = await newest();
  assert.notEqual(first.low.kid, first.video.kid, 'SD and HD have keys of their own');
  assert.equal(first.radio.kid, first.audio.kid, 'sound has one');
  await assertDecrypts(first);

  const manifest = (await fetchOk(at('manifest.mpd'), options)).text;
  assert.match(manifest, /<Representation id="low"/);
  for (const [, set] of manifest.matchAll(/contentType="video"([\s\S]*?)<\/AdaptationSet>/g)) {
    assert.equal([...set.matchAll(/<Representation /g)].length, 1, 'pictures with keys of their own are in sets of their own');
  }
  for (const { kid } of Object.values(first)) {
    const uuid = kid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    assert.ok(manifest.includes(`cenc:default_KID="${uuid}"`), `the manifest names ${uuid}`);
  }

  const rotated = await server.post('/api/v1/channels/stage/rotate-keys', '', { token: controlToken() });
  assert.equal(rotated.status, 200, rotated.text);
  let second;
  await until('every rendition has new keys', async () => {
    second = await newest();
    return Object.keys(kRenditions).every((name) => second[name].kid !== first[name].kid);
  }, { within: 30_000 });
  await assertDecrypts(second);
});

// The ladder of protected channels: every rendition is encrypted, with the key of its class, and changes
// keys with the picture; HLS, DASH and WebSocket carry the same bytes of each.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readManifest } from '../harness/dash.mjs';
import { ffmpegHashes, identityKey, protections, shakaHashes } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { fragments, isInit } from '../harness/mp4.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kRenditions = { video: 'video', audio: 'audio', low: 'video', radio: 'audio' };

const kSchemes = ['cbcs', 'cenc'];
const kPicture = 1; // its track

let server;
const cameras = [];
before(async () => {
  const channel = (scheme) => `[[channel]]\nname = "${scheme}"\nprotection = "${scheme}"\nladder = ["low", "radio"]\nlatency = "stable"\n`;
  server = await Server.start({
    config: `[[rendition]]\nname = "low"\nsize = "320x180"\nbitrate = 300000\n[[rendition]]\nname = "radio"\naudio = 48000\n${kSchemes.map(channel).join('')}`,
  });
  const source = await film({ seconds: 12, size: '1280x720' });
  for (const scheme of kSchemes) cameras.push(await feed(server, scheme, source));
});
after(async () => {
  for (const camera of cameras) await camera.stop();
  await server?.stop();
});

const optionsOf = (scheme) => ({ headers: { Authorization: `Bearer ${viewToken(scheme)}` } });
const at = (scheme, path) => `${server.http}/live/${scheme}/${path}`;

// The newest segment of each rendition with the key id that its init segment says.
async function newest(scheme) {
  const options = optionsOf(scheme);
  const found = {};
  for (const [name, kind] of Object.entries(kRenditions)) {
    const list = await media(at(scheme, `${name}/index.m3u8`), options);
    const last = list.segments.findLast((segment) => !segment.gap);
    const init = (await fetchOk(last.map, options)).bytes;
    const [told] = protections(init);
    assert.equal(told.scheme, scheme, `${name} is protected`);
    const segment = (await fetchOk(last.uri, options)).bytes;
    found[name] = { kind, kid: told.kid, map: last.map, uri: last.uri, segment, bytes: Buffer.concat([init, segment]) };
  }
  return found;
}

async function assertDecrypts(scheme, found) {
  for (const [name, { kind, kid, bytes }] of Object.entries(found)) {
    const key = await identityKey(server, kid, viewToken(scheme));
    const hashes = await ffmpegHashes(bytes, kind, key);
    assert.ok(hashes.length >= 20, `${name}: ${hashes.length} frames decrypted`);
    assert.deepEqual(await shakaHashes(bytes, kind, { [kid]: key }), hashes, `${name}: both decryptors agree`);
    const wrong = key.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    assert.notDeepEqual(await ffmpegHashes(bytes, kind, wrong).catch(() => []), hashes, `${name} with a wrong key`);
  }
}

for (const scheme of kSchemes) {
  test(`${scheme}: every rendition is protected with the key of its class, through a change of keys`, { timeout: 120_000 }, async () => {
    const token = viewToken(scheme);
    await until('the ladder is listed', async () => {
      const answer = await server.get(`/live/${scheme}/index.m3u8`, { token });
      return answer.status === 200 && ['low', 'radio'].every((name) => answer.text.includes(`${name}/index.m3u8`));
    }, { within: 45_000 });
    const socket = await viewer(server, scheme, 'latency=0&rendition=low', { token }).open();
    const first = await newest(scheme);
    assert.notEqual(first.low.kid, first.video.kid, 'SD and HD have keys of their own');
    assert.equal(first.radio.kid, first.audio.kid, 'sound has one');
    await assertDecrypts(scheme, first);

    const manifest = (await fetchOk(at(scheme, 'manifest.mpd'), optionsOf(scheme))).text;
    assert.match(manifest, /<Representation id="low"/);
    for (const [, set] of manifest.matchAll(/contentType="video"([\s\S]*?)<\/AdaptationSet>/g)) {
      assert.equal([...set.matchAll(/<Representation /g)].length, 1, 'pictures with keys of their own are in sets of their own');
    }
    for (const { kid } of Object.values(first)) {
      const uuid = kid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      assert.ok(manifest.includes(`cenc:default_KID="${uuid}"`), `the manifest names ${uuid}`);
    }

    const rotated = await server.post(`/api/v1/channels/${scheme}/rotate-keys`, '', { token: controlToken() });
    assert.equal(rotated.status, 200, rotated.text);
    let second;
    await until('every rendition has new keys', async () => {
      second = await newest(scheme);
      return Object.keys(kRenditions).every((name) => second[name].kid !== first[name].kid);
    }, { within: 30_000 });
    await assertDecrypts(scheme, second);

    // A segment is its chunks one after the other, and has one address for HLS and DASH.
    const { low } = second;
    await sleep(500);
    await socket.close();
    const chunks = socket.messages.filter((message) => !isInit(message) && fragments(message)[0].track === kPicture);
    const parts = chunks.filter((chunk) => low.segment.includes(chunk));
    assert.ok(Buffer.concat(parts).equals(low.segment), `WebSocket: ${parts.length} of ${chunks.length} chunks are those of the segment`);
    const place = (uri) => uri.split('/').slice(-2).join('/');
    const mpd = at(scheme, 'manifest.mpd');
    const listed = readManifest((await fetchOk(mpd, optionsOf(scheme))).text, mpd).flatMap(({ segments }) => segments);
    const same = listed.find(({ uri }) => place(uri) === place(low.uri)) ?? assert.fail(`DASH has no ${place(low.uri)}`);
    assert.ok((await fetchOk(same.uri, optionsOf(scheme))).bytes.equals(low.segment), 'DASH');
  });
}

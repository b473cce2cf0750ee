// Protected channels with clips that nobody chose (harness/clips.mjs): what viewers get is encrypted, and
// decrypted by two programs that are not ours it is bit-exact to the source; HLS, DASH and WebSocket carry
// the same bytes. A dozen clips; with BUTAI_LONG=1 a hundred and more (BUTAI_CLIPS=N, BUTAI_SEED=N).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { clip, recipe, titleOf } from '../harness/clips.mjs';
import { collect } from '../harness/dash.mjs';
import { ffmpegHashes, identityKey, protections, shakaHashes } from '../harness/decrypt.mjs';
import { Collector, renditionsOf } from '../harness/hls.mjs';
import { pictureHashes, soundHashes } from '../harness/media.mjs';
import { fragments, isInit } from '../harness/mp4.mjs';
import { Server } from '../harness/server.mjs';
import { publisher, viewer } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const count = Number(process.env.BUTAI_CLIPS ?? (process.env.BUTAI_LONG === '1' ? 108 : 12));
const seed = Number(process.env.BUTAI_SEED ?? 1);
const kAtOnce = 6;
const kPiece = 16 * 1024;
const kTracks = { video: 1, audio: 2 };
const clips = Array.from({ length: count }, (_, at) => ({ name: `clip${at}`, ...recipe(at, seed) }));

let server;
before(async () => {
  const config = clips.map(({ name, scheme }) => `[[channel]]\nname = "${name}"\nprotection = "${scheme}"\n`).join('\n');
  server = await Server.start({ config });
});
after(async () => server?.stop());

function assertSame(got, sent, what) {
  const differs = sent.findIndex((hash, at) => got[at] !== hash);
  assert.equal(got.length, sent.length, `${what}: ${got.length} of ${sent.length}; the first that differs is ${differs}`);
  assert.equal(differs, -1, `${what}: number ${differs} differs`);
}

// What three kinds of viewers got: {hls, dash, chunks: {video, audio}, init}.
async function broadcast(name, source, pictures) {
  const token = viewToken(name);
  const options = { headers: { Authorization: `Bearer ${token}` } };
  const socket = viewer(server, name, 'latency=0', { token });
  await socket.open();
  const camera = publisher(server, `channel=${name}`, { token: publishToken(name) });
  await camera.open();
  const bytes = readFileSync(source);
  for (let at = 0; at < bytes.length; at += kPiece) await camera.send(bytes.subarray(at, at + kPiece));
  const { text } = await server.segmentsOf(name, token);
  const { video, audio } = renditionsOf(text, `${server.http}/live/${name}/index.m3u8`);
  const lists = { video: new Collector(video, options), audio: new Collector(audio, options) };
  const chunksOf = (kind) => socket.messages.filter((message) => !isInit(message) && fragments(message)[0].track === kTracks[kind]);
  const arrived = (count) => until(`${count} pictures of ${name}`, () => chunksOf('video').length >= count, { within: 60_000, every: 200 });
  await arrived(pictures - 5);
  await camera.close(); // some containers keep their last frames until they end
  await arrived(pictures);
  await until('the last sound', async () => {
    const before = socket.messages.length;
    await sleep(1_200);
    return socket.messages.length === before;
  });
  await server.end(name);
  const mpd = `${server.http}/live/${name}/manifest.mpd`;
  const got = {};
  for (const kind of ['video', 'audio']) {
    got[kind] = { hls: await lists[kind].done, dash: await collect(mpd, kind, options), init: lists[kind].init };
  }
  await socket.closed.promise;
  for (const kind of ['video', 'audio']) got[kind].socket = Buffer.concat(chunksOf(kind));
  return { ...got, init: socket.messages.find(isInit), joint: Buffer.concat(socket.messages) };
}

describe(`${count} clips of seed ${seed}`, { concurrency: kAtOnce }, () => {
  for (const { name, ...wanted } of clips) {
    test(`${name}: ${titleOf(wanted)}`, { timeout: 180_000 }, async () => {
      const { scheme } = wanted;
      const source = await clip(wanted);
      // ffmpeg loses the last picture of some files of its own with a fragment per frame: it reads the same film in larger ones.
      const read = wanted.container === 'fmp4_frames' ? await clip({ ...wanted, container: 'fmp4' }) : source;
      const sent = { video: await pictureHashes(read), audio: await soundHashes(read, wanted.container === 'ts' ? ['-bsf:a', 'aac_adtstoasc'] : []) };
      const got = await broadcast(name, source, sent.video.length);

      const told = protections(got.init);
      assert.deepEqual(told.map((t) => t.scheme), [scheme, scheme]);
      assert.notEqual(told[0].kid, told[1].kid, 'sound has a key of its own');
      assert.equal(told[0].pattern, scheme === 'cbcs' ? 0x19 : 0);
      assert.equal(told[0].perSampleIv, scheme === 'cbcs' ? 0 : 8);
      const keys = {};
      for (const { kid } of told) keys[kid] = await identityKey(server, kid, viewToken(name));

      for (const [kind, at] of [['video', 0], ['audio', 1]]) {
        const { hls, dash, socket, init } = got[kind];
        assert.ok(hls.equals(dash), `HLS and DASH have the same bytes of ${kind}`);
        assert.ok(hls.subarray(init.length).equals(socket), `and WebSocket the same chunks of ${kind}`);
        assertSame(await ffmpegHashes(hls, kind, keys[told[at].kid]), sent[kind], `${kind} by ffmpeg`);
        assertSame(await shakaHashes(hls, kind, keys), sent[kind], `${kind} by shaka-packager`);
        assertSame(await shakaHashes(got.joint, kind, keys), sent[kind], `WebSocket ${kind} by shaka-packager`);
      }
      // A test that cannot fail is none: with another key nothing is the same.
      const own = keys[told[0].kid];
      const wrong = own.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      const garbage = await ffmpegHashes(got.video.hls, 'video', wrong).catch(() => []);
      assert.notDeepEqual(garbage, sent.video, 'pictures with a wrong key');
    });
  }
});

// A protected channel: what viewers get is encrypted, and decrypted by two programs that are not ours
// it is bit-exact to the source; in HLS, DASH and WebSocket the same bytes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { collect } from '../harness/dash.mjs';
import { ffmpegHashes, identityKey, protections, shakaHashes } from '../harness/decrypt.mjs';
import { Collector, renditionsOf } from '../harness/hls.mjs';
import { film, pictureHashes, soundHashes } from '../harness/media.mjs';
import { isInit } from '../harness/mp4.mjs';
import { Server } from '../harness/server.mjs';
import { publisher, viewer } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kPiece = 16 * 1024;
const kCases = [
  { name: 'cbcs-main', scheme: 'cbcs', film: {} },
  { name: 'cenc-main', scheme: 'cenc', film: {} },
  { name: 'cbcs-b-frames-slices', scheme: 'cbcs', film: { bframes: 3, extra: ['-x264-params', 'slices=6:weightb=1'] } },
  { name: 'cenc-b-frames-slices', scheme: 'cenc', film: { bframes: 3, extra: ['-x264-params', 'slices=6:weightb=1'] } },
  { name: 'cbcs-baseline-hd', scheme: 'cbcs', film: { profile: 'baseline', size: '1280x720' } },
  { name: 'cenc-flv-2997', scheme: 'cenc', film: { rate: '30000/1001', container: 'flv' } },
];

let server;
before(async () => {
  const config = kCases.map(({ name, scheme }) => `[[channel]]\nname = "${name}"\nprotection = "${scheme}"\n`).join('\n');
  server = await Server.start({ config });
});
after(async () => server?.stop());

function assertSame(got, sent, what) {
  const differs = sent.findIndex((hash, at) => got[at] !== hash);
  assert.equal(got.length, sent.length, `${what}: ${got.length} of ${sent.length}; the first that differs is ${differs}`);
  assert.equal(differs, -1, `${what}: number ${differs} differs`);
}

for (const { name, scheme, film: wanted } of kCases) {
  test(`${name}: bit-exact after two decryptors`, { timeout: 120_000 }, async () => {
    const source = await film({ seconds: 6, ...wanted });
    const sent = { video: await pictureHashes(source), audio: await soundHashes(source) };
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
    await until('everything was sent', async () => {
      const before = socket.messages.length;
      await sleep(1_500);
      return socket.messages.length === before;
    }, { within: 60_000 });
    await server.end(name);
    const hls = { video: await lists.video.done, audio: await lists.audio.done };
    const mpd = `${server.http}/live/${name}/manifest.mpd`;
    const dash = { video: await collect(mpd, 'video', options), audio: await collect(mpd, 'audio', options) };
    await socket.closed.promise;
    await camera.close();
    const joint = Buffer.concat(socket.messages);

    const told = protections(socket.messages.find(isInit));
    assert.deepEqual(told.map((t) => t.scheme), [scheme, scheme]);
    assert.notEqual(told[0].kid, told[1].kid, 'sound has a key of its own');
    assert.equal(told[0].pattern, scheme === 'cbcs' ? 0x19 : 0);
    assert.equal(told[0].perSampleIv, scheme === 'cbcs' ? 0 : 8);
    const keys = {};
    for (const { kid } of told) keys[kid] = await identityKey(server, kid, token);

    for (const [kind, at] of [['video', 0], ['audio', 1]]) {
      const own = keys[told[at].kid];
      for (const [way, bytes] of [['HLS', hls[kind]], ['DASH', dash[kind]], ['WebSocket', joint]]) {
        assertSame(await ffmpegHashes(bytes, kind, own), sent[kind], `${way} ${kind} by ffmpeg`);
        assertSame(await shakaHashes(bytes, kind, keys), sent[kind], `${way} ${kind} by shaka-packager`);
      }
      // A test that cannot fail is none: with another key nothing is the same.
      const wrong = own.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      const garbage = await ffmpegHashes(hls[kind], kind, wrong).catch(() => []);
      assert.notDeepEqual(garbage, sent[kind], `${kind} with a wrong key`);
    }
  });
}

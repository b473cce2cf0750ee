// What a publisher sends is what viewers get: pictures and sound of HLS, of DASH and of a WebSocket
// viewer are bit-exact to the source.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { asFile, film, pictureHashes, soundHashes } from '../harness/media.mjs';
import { collect } from '../harness/dash.mjs';
import { Collector, fetchOk, renditionsOf } from '../harness/hls.mjs';
import { isInit } from '../harness/mp4.mjs';
import { Server } from '../harness/server.mjs';
import { publisher, viewer } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start()));
after(async () => server?.stop());

const kPiece = 16 * 1024;

// Sends a file in pieces; paced: as fast as it plays.
async function sendFile(socket, path, { seconds, pace }) {
  const bytes = readFileSync(path);
  const from = performance.now();
  for (let at = 0; at < bytes.length; at += kPiece) {
    await socket.send(bytes.subarray(at, at + kPiece));
    if (pace) await sleep((at / bytes.length) * seconds * 1000 - (performance.now() - from));
  }
}

// What three kinds of viewers got of a channel, from its first frame to its end.
async function watchAll(name, publish) {
  const token = viewToken(name);
  const socket = viewer(server, name, 'latency=0', { token });
  await socket.open();
  await publish();
  const { text } = await server.segmentsOf(name, token);
  const base = `${server.http}/live/${name}/index.m3u8`;
  const { video, audio } = renditionsOf(text, base);
  const options = { headers: { Authorization: `Bearer ${token}` } };
  const lists = [new Collector(video, options), new Collector(audio, options)];
  await until(`everything of ${name} was sent`, async () => {
    const before = socket.messages.length;
    await sleep(1_500);
    return socket.messages.length === before;
  }, { within: 60_000 });
  await server.end(name);
  const [hlsVideo, hlsAudio] = await Promise.all(lists.map((list) => list.done));
  const mpd = `${server.http}/live/${name}/manifest.mpd`;
  const how = await socket.closed.promise;
  return {
    hls: { video: hlsVideo, audio: hlsAudio, inits: lists[0].inits, gaps: lists[0].discontinuities },
    dash: { video: await collect(mpd, 'video', options), audio: await collect(mpd, 'audio', options) },
    socket: Buffer.concat(socket.messages),
    socketInits: socket.messages.filter(isInit).length,
    texts: socket.texts,
    how,
    playlist: (await fetchOk(video, options)).text,
  };
}

const hashesOf = async (bytes, kind) =>
  asFile(bytes, 'mp4', (path) => (kind === 'video' ? pictureHashes(path) : soundHashes(path)));

function assertSame(got, sent, what) {
  const missing = sent.findIndex((hash, at) => got[at] !== hash);
  assert.equal(got.length, sent.length, `${what}: ${got.length} of ${sent.length}; the first that differs is ${missing}`);
  assert.equal(missing, -1, `${what}: number ${missing} differs`);
}

const kCases = [
  { name: 'fmp4-30', film: {} },
  { name: 'fmp4-30-paced', film: {}, pace: true },
  { name: 'fmp4-30-hangs-up', film: {}, hangsUp: true }, // all of it is sent before it plays
  { name: 'fmp4-25', film: { rate: '25' } },
  { name: 'fmp4-2997', film: { rate: '30000/1001' } },
  { name: 'fmp4-b-frames', film: { bframes: 2 } },
  { name: 'fmp4-every-frame', film: { container: 'fmp4_frames' } },
  { name: 'flv-30', film: { container: 'flv' } },
  // Where a picture ends is known when the next one begins, or when the publisher hangs up.
  { name: 'ts-30', film: { container: 'ts' }, hangsUp: true },
  { name: 'matroska-30', film: { container: 'webm' } },
];

for (const { name, film: wanted, pace = false, hangsUp = false } of kCases) {
  test(`${name}: bit-exact in HLS, DASH and WebSocket`, { timeout: 120_000 }, async () => {
    const seconds = 8;
    const source = await film({ seconds, ...wanted });
    // In a transport stream every AAC frame has a header of its own, in MP4 none has.
    const plain = wanted.container === 'ts' ? ['-bsf:a', 'aac_adtstoasc'] : [];
    const sent = { video: await pictureHashes(source), audio: await soundHashes(source, plain) };
    const camera = publisher(server, `channel=${name}`, { token: publishToken(name) });
    await camera.open();
    const got = await watchAll(name, async () => {
      await sendFile(camera, source, { seconds, pace });
      if (hangsUp) await camera.close();
    });
    await camera.close();
    assert.equal(got.how.code, 4410, 'the end of the channel is told');
    assert.equal(got.hls.inits, 1);
    assert.equal(got.hls.gaps, 0, 'no discontinuity inside');
    assert.equal(got.socketInits, 1);
    for (const kind of ['video', 'audio']) {
      assertSame(await hashesOf(got.hls[kind], kind), sent[kind], `HLS ${kind}`);
      assertSame(await hashesOf(got.dash[kind], kind), sent[kind], `DASH ${kind}`);
      assertSame(await hashesOf(got.socket, kind), sent[kind], `WebSocket ${kind}`);
    }
  });
}

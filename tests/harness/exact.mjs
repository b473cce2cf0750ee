// Whether viewers of a channel get what its publisher sent, bit by bit.
import assert from 'node:assert/strict';
import { asFile, pictureHashes, soundHashes } from './media.mjs';
import { collect } from './dash.mjs';
import { Collector, fetchOk, renditionsOf } from './hls.mjs';
import { isInit } from './mp4.mjs';
import { viewer } from './socket.mjs';
import { viewToken } from './token.mjs';
import { sleep, until } from './wait.mjs';

// What three kinds of viewers got of a channel, from its first frame to its end; with `second` also of its second
// sound, the WebSocket's beside the picture.
export async function watchAll(server, name, publish, { second = false } = {}) {
  const token = viewToken(name);
  const socket = viewer(server, name, 'latency=0', { token });
  await socket.open();
  const other = second && (await viewer(server, name, 'latency=0&sound=audio-2', { token }).open());
  await publish();
  const { text } = await server.segmentsOf(name, token);
  const base = `${server.http}/live/${name}/index.m3u8`;
  const { video, audio, second: hlsSecond } = renditionsOf(text, base);
  const options = { headers: { Authorization: `Bearer ${token}` } };
  const lists = [video, audio, ...(second ? [hlsSecond] : [])].map((url) => new Collector(url, options));
  await until(`everything of ${name} was sent`, async () => {
    const before = socket.messages.length;
    await sleep(1_500);
    return socket.messages.length === before;
  }, { within: 60_000 });
  await server.end(name);
  const [hlsVideo, hlsAudio, hlsOther] = await Promise.all(lists.map((list) => list.done));
  const mpd = `${server.http}/live/${name}/manifest.mpd`;
  const how = await socket.closed.promise;
  return {
    hls: { video: hlsVideo, audio: hlsAudio, inits: lists[0].inits, gaps: lists[0].discontinuities },
    dash: { video: await collect(mpd, 'video', options), audio: await collect(mpd, 'audio', options) },
    socket: Buffer.concat(socket.messages),
    socketInits: socket.messages.filter(isInit).length,
    texts: socket.texts,
    ...(second && {
      second: {
        hls: hlsOther,
        dash: await collect(mpd, 'audio', options, 'alternate'),
        socket: Buffer.concat(other.messages),
        texts: other.texts,
      },
      multivariant: text,
    }),
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

// `sent`: hashes of {video, audio}; everything arrived everywhere, in one piece.
export async function assertExact(got, sent) {
  assert.equal(got.how.code, 4410, 'the end of the channel is told');
  assert.equal(got.hls.inits, 1);
  assert.equal(got.hls.gaps, 0, 'no discontinuity inside');
  assert.equal(got.socketInits, 1);
  for (const kind of ['video', 'audio']) {
    assertSame(await hashesOf(got.hls[kind], kind), sent[kind], `HLS ${kind}`);
    assertSame(await hashesOf(got.dash[kind], kind), sent[kind], `DASH ${kind}`);
    assertSame(await hashesOf(got.socket, kind), sent[kind], `WebSocket ${kind}`);
  }
}

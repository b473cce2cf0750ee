// A channel with a ladder: every rendition decodes, is cut where the publisher's picture is cut, and
// stands in HLS and DASH; the picture itself is untouched.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fetchOk, readMedia, strictly } from '../harness/hls.mjs';
import { asFile, film, probe } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { publisher } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kConfig = `
[[rendition]]
name = "180p"
size = "320x180"
bitrate = 300000
[[rendition]]
name = "90p"
size = "160x90"
rate = 15
bitrate = 100000
[[rendition]]
name = "radio"
audio = 48000
[[channel]]
name = "stage"
access = "public"
latency = "stable"
ladder = ["180p", "90p", "radio"]
`;

const kPiece = 16 * 1024;

let server, camera;
before(async () => {
  server = await Server.start({ config: kConfig });
  camera = publisher(server, 'channel=stage', { token: publishToken('stage') });
  await camera.open();
  const bytes = readFileSync(await film({ seconds: 20 })); // plays at its own speed however fast it is sent
  const sent = [];
  for (let at = 0; at < bytes.length; at += kPiece) sent.push(camera.send(bytes.subarray(at, at + kPiece)));
  Promise.all(sent).catch(() => {});
});
after(async () => {
  await camera?.close();
  await server?.stop();
});

const base = () => `${server.http}/live/stage`;
const options = () => ({ headers: { Authorization: `Bearer ${viewToken('stage')}` } });
const list = async (name) => readMedia((await fetchOk(`${base()}/${name}/index.m3u8`, options())).text, `${base()}/${name}/`);

// What a rendition has in its complete segments with these numbers.
async function bytesOf(name, numbers) {
  const playlist = await list(name);
  const pieces = [];
  for (const number of numbers) {
    const segment = playlist.segments[number - playlist.sequence];
    if (pieces.length === 0) pieces.push((await fetchOk(segment.map, options())).bytes);
    pieces.push((await fetchOk(segment.uri, options())).bytes);
  }
  return Buffer.concat(pieces);
}

test('the multivariant playlist names all renditions below the source', { timeout: 60_000 }, async () => {
  await until('every rendition', async () => {
    const { text, status } = await server.get('/live/stage/index.m3u8', options());
    return status === 200 && text.includes('radio/index.m3u8');
  }, { within: 30_000 });
  const { text } = await fetchOk(`${base()}/index.m3u8`, options());
  strictly(text);
  const sizes = [...text.matchAll(/RESOLUTION=(\d+x\d+)/g)].map(([, size]) => size);
  assert.deepEqual(sizes, ['640x360', '320x180', '160x90']);
  const { text: manifest } = await fetchOk(`${base()}/manifest.mpd`, options());
  assert.equal(manifest.match(/<Representation /g).length, 5);
  assert.equal(manifest.match(/<AdaptationSet /g).length, 2);
});

test('renditions are cut alike and decode', { timeout: 60_000 }, async () => {
  const names = ['video', 'audio', '180p', '90p', 'radio'];
  let numbers;
  await until('three segments of every rendition', async () => {
    const lists = await Promise.all(names.map(list));
    const first = Math.max(...lists.map((each) => each.sequence));
    const end = Math.min(...lists.map((each) => each.sequence + each.segments.length));
    numbers = [first, first + 1, first + 2].filter((number) => number < end);
    return numbers.length === 3;
  }, { within: 30_000 });
  const [video, , half, quarter] = await Promise.all(names.map(list));
  for (const number of numbers) {
    const starts = [video, half, quarter].map((each) => each.segments[number - each.sequence].uri.split('/').at(-1));
    assert.equal(new Set(starts).size, 1, `${starts}`);
  }
  const frames = {};
  for (const name of ['video', '180p', '90p']) {
    frames[name] = await asFile(await bytesOf(name, numbers), 'mp4', async (path) => {
      const { streams } = await probe(path, ['-count_frames', '-show_streams']);
      return Number(streams[0].nb_read_frames);
    });
  }
  assert.equal(frames['180p'], frames.video);
  assert.ok(Math.abs(frames['90p'] - frames.video / 2) <= 3, `${frames['90p']} of ${frames.video}`);
  const sound = await asFile(await bytesOf('radio', numbers), 'mp4', (path) => probe(path, ['-show_streams']));
  assert.equal(sound.streams[0].codec_name, 'aac');
});

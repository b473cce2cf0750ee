// A channel with a ladder: every rendition decodes, is cut where the publisher's picture is cut, and
// stands in HLS and DASH; the picture itself is untouched.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { fetchOk, readMedia, strictly } from '../harness/hls.mjs';
import { asFile, film, probe } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { isInit } from '../harness/mp4.mjs';
import { kill } from '../harness/process.mjs';
import { Socket, viewer } from '../harness/socket.mjs';
import { viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

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
loudness = true
`;

let server, camera;
before(async () => {
  server = await Server.start({ config: kConfig });
  camera = await feed(server, 'stage', await film({ seconds: 60 }));
});
after(async () => {
  await camera?.stop();
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

test('every rendition of pictures has a snapshot, made once for all who ask', { timeout: 30_000 }, async () => {
  const sizes = { video: '640x360', '180p': '320x180', '90p': '160x90' };
  for (const [name, size] of Object.entries(sizes)) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetchOk(`${base()}/${name}/snapshot.jpg`, options())));
    assert.equal(answers[0].headers['content-type'], 'image/jpeg');
    const { streams } = await asFile(answers[0].bytes, 'jpg', (path) => probe(path));
    assert.equal(`${streams[0].width}x${streams[0].height}`, size);
    assert.ok(answers.every(({ bytes }) => bytes.equals(answers[0].bytes)));
  }
  assert.equal((await server.get('/live/stage/radio/snapshot.jpg', options())).status, 404);
  assert.equal((await server.get('/live/stage/720p/snapshot.jpg', options())).status, 404);
});

test('the loudness of an input is in the API and in metrics', { timeout: 30_000 }, async () => {
  const loudness = await until('it to be measured', async () => {
    const { loudness } = (await server.channel('stage')).inputs[0];
    return loudness?.integrated && loudness;
  }, { within: 20_000 });
  assert.deepEqual([loudness.target, loudness.target_japan], [-23, -24]);
  // A sine of -18 dBFS in two channels, louder for a moment every quarter of a second.
  assert.ok(loudness.integrated > -26 && loudness.integrated < -10, JSON.stringify(loudness));
  assert.ok(loudness.true_peak < 0 && loudness.true_peak > loudness.integrated, JSON.stringify(loudness));
  assert.equal((await server.channel('stage')).inputs[1].loudness, null);
  const { text } = await fetchOk(server.metricsUrl);
  assert.match(text, /butai_loudness\{channel="stage",input="a",of="integrated"\} -\d/);
});

// What a viewer's socket brought since its last init of this rendition, as a file.
const sizeOf = (socket, rendition) => {
  const { at } = socket.texts.findLast((text) => text.type === 'init' && text.rendition === rendition);
  return asFile(Buffer.concat(socket.messages.slice(at)), 'mp4', async (path) => {
    const { streams } = await probe(path, ['-count_frames', '-show_streams']);
    const picture = streams.find((stream) => stream.codec_type === 'video');
    return { height: picture?.height, frames: Number(picture?.nb_read_frames ?? 0), sound: streams.some((stream) => stream.codec_type === 'audio') };
  });
};
const sent = (socket, rendition) =>
  until(`a second of ${rendition || 'the source'}`, () => {
    const init = socket.texts.findLast((text) => text.type === 'init');
    return init?.rendition === rendition && socket.messages.length > init.at + 60;
  }, { within: 20_000 });

test('a WebSocket viewer gets the rendition it asks for, and changes without a gap', { timeout: 60_000 }, async () => {
  const socket = await viewer(server, 'stage', 'latency=33&rendition=180p').open();
  await sent(socket, '180p');
  assert.ok(isInit(socket.messages[0]));
  assert.deepEqual(await sizeOf(socket, '180p').then(({ height, sound }) => ({ height, sound })), { height: 180, sound: true });
  await socket.send(JSON.stringify({ type: 'rendition', name: '' }));
  await sent(socket, '');
  assert.equal((await sizeOf(socket, '')).height, 360);
  await socket.send(JSON.stringify({ type: 'rendition', name: 'radio' }));
  await until('sound alone', () => socket.texts.findLast((text) => text.type === 'init').rendition === 'radio', { within: 20_000 });
  await until('some of it', () => socket.messages.length > socket.texts.findLast((text) => text.type === 'init').at + 4, { within: 20_000 });
  assert.deepEqual(await sizeOf(socket, 'radio'), { height: undefined, frames: 0, sound: true });
  assert.ok(!socket.texts.some((text) => text.type === 'gap' && text.why !== 'input'), JSON.stringify(socket.texts));
  await socket.close();
});

test('a rendition that is not made gives the best there is, and a name that is none is refused', { timeout: 30_000 }, async () => {
  const socket = await viewer(server, 'stage', 'latency=33&rendition=4320p').open();
  await sent(socket, '');
  await socket.send(JSON.stringify({ type: 'rendition', name: '../x' }));
  assert.equal((await socket.closed.promise).code, 4400);
});

// A line to the server that bears so many bytes a second of what it says.
async function narrowLine(port, bytesPerSecond) {
  const sockets = new Set();
  const line = net.createServer((near) => {
    const far = net.connect({ port, host: '127.0.0.1', highWaterMark: 16 * 1024 });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.on('data', (piece) => far.write(piece));
    far.on('data', (piece) => {
      near.write(piece);
      far.pause();
      setTimeout(() => far.resume(), (piece.length / bytesPerSecond) * 1000);
    });
  });
  await new Promise((ready) => line.listen(0, '127.0.0.1', ready));
  return { port: line.address().port, stop: () => { sockets.forEach((socket) => socket.destroy()); line.close(); } };
}

test('a WebSocket viewer on a narrow line gets a lower rendition by itself', { timeout: 60_000 }, async () => {
  const line = await narrowLine(server.ports.http, 60_000); // a third of the source, and 180p in it
  const socket = await new Socket(`ws://127.0.0.1:${line.port}/live/stage/ws?latency=33`).open();
  try {
    await until('a lower rendition', () => socket.texts.findLast((text) => text.type === 'init')?.rendition === '180p', { within: 40_000 });
    const gaps = socket.texts.filter((text) => text.type === 'gap' && text.why === 'slow');
    assert.ok(gaps.length >= 2, JSON.stringify(socket.texts));
  } finally {
    await socket.close();
    line.stop();
  }
});

test('doctor says whether this machine can make the ladder', { timeout: 60_000 }, async () => {
  const { stdout } = await server.command(['doctor', ...server.place()], { anyStatus: true });
  assert.match(stdout, /ladder +180p, 90p, radio of one channel at 1080p30 take \d+ % of the time there is/);
});

test('a ladder that stands still holds nothing up, and says afterwards what it left out', { timeout: 60_000 }, async () => {
  const worker = (await server.workers()).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('ladder'));
  const socket = await viewer(server, 'stage', 'latency=0').open();
  await sent(socket, '');
  const before = (await list('video')).segments.at(-1).uri;
  kill(worker, 'SIGSTOP');
  const from = socket.arrived.length;
  try {
    await sleep(3_500);
  } finally {
    kill(worker, 'SIGCONT');
  }
  const arrived = socket.arrived.slice(from);
  const longest = Math.max(...arrived.slice(1).map((at, i) => at - arrived[i]));
  console.log(`# ${arrived.length} chunks while the ladder stood still, ${Math.round(longest)} ms apart at most`);
  assert.ok(arrived.length > 3.5 * 45, `${arrived.length} chunks`);
  assert.ok(longest < 500, `${longest} ms without a chunk`);
  assert.notEqual((await list('video')).segments.at(-1).uri, before, 'its playlist goes on');
  await until('what was left out', () => /too slow for the rendition 180p/.test(server.log), { within: 10_000 });
  await socket.close();
});

// kill -9 of the worker and of the publisher: viewers stay connected, and the picture is back within
// 1.5 s after the source is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { asFile, film, jpegs, pictureHashes } from '../harness/media.mjs';
import { media, renditionsOf } from '../harness/hls.mjs';
import { fragments, isInit } from '../harness/mp4.mjs';
import { long, program } from '../harness/paths.mjs';
import { Child, kill } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publisher, viewer } from '../harness/socket.mjs';
import { publishToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kRounds = long ? 30 : 3;
const kBackMs = 1500;

let server;
before(async () => (server = await Server.start({ config: '[channels]\naccess = "public"\n' })));
after(async () => server?.stop());

const now = () => performance.timeOrigin + performance.now();

// A viewer by socket and a player's playlist of one channel.
async function watchers(channel) {
  const socket = await viewer(server, channel, 'latency=0').open();
  await socket.count(30, 20_000);
  const { text } = await server.segmentsOf(channel);
  const { video } = renditionsOf(text, `${server.http}/live/${channel}/index.m3u8`);
  return { socket, video };
}

// Media time (seconds of UTC) up to which a playlist lists parts.
async function listedUntil(video) {
  const list = await media(video);
  const last = list.open ?? list.segments.at(-1);
  return last.time + last.parts.reduce((sum, part) => sum + part.duration, 0);
}

// When pictures (not sound) came.
const picturesOf = (socket) =>
  socket.arrived.filter((_, at) => !isInit(socket.messages[at]) && fragments(socket.messages[at])[0].track === 1);

function longestPause(socket, from) {
  const times = picturesOf(socket).filter((at) => at >= from - 200);
  let longest = 0;
  for (let i = 1; i < times.length; ++i) longest = Math.max(longest, times[i] - times[i - 1]);
  return longest;
}

// Longest time in which a playlist did not grow, while `act` runs.
async function playlistPause(video, act) {
  let running = true;
  let longest = 0;
  const looking = (async () => {
    let [grown, end] = [now(), await listedUntil(video)];
    while (running) {
      const last = await listedUntil(video);
      if (last > end) [grown, end, longest] = [now(), last, Math.max(longest, now() - grown)];
      await sleep(20);
    }
    return Math.max(longest, now() - grown);
  })();
  await act();
  running = false;
  return looking;
}

// How long the socket was without a picture after `from`, and the playlist without a new part.
async function outage({ socket, video }, from) {
  const playlist = await playlistPause(video, () =>
    until('the picture to go on for a second', () => {
      const times = picturesOf(socket);
      return times.at(-1) > from + 1300 && times.filter((at) => at > now() - 1000).length > 20;
    }, { within: 15_000 }));
  return { socket: longestPause(socket, from), playlist };
}

async function decodes(messages) {
  const last = messages.findLastIndex?.(isInit) ?? messages.map(isInit).lastIndexOf(true);
  const bytes = Buffer.concat(messages.slice(last));
  const pictures = await asFile(bytes, 'mp4', (path) => pictureHashes(path));
  assert.ok(pictures.length > 20, `${pictures.length} pictures after the last init`);
}

// A camera that never stops: JPEG pictures, 30 a second.
async function camera(channel) {
  const pictures = await jpegs({ count: 30 });
  const socket = await publisher(server, `channel=${channel}`, { token: publishToken(channel) }).open();
  let at = 0;
  const timer = setInterval(() => {
    if (!socket.how) socket.send(pictures[at++ % pictures.length]).catch(() => {});
  }, 33);
  return { socket, stop: () => (clearInterval(timer), socket.close()) };
}

const kSources = {
  'JPEG pictures': camera,
  'H.264 + AAC passed through': async (channel) => feed(server, channel, await film({ gop: 1 })),
};

for (const [what, open] of Object.entries(kSources)) {
  test(`kill -9 of the worker, ${what}`, { timeout: 60_000 * kRounds }, async (t) => {
    const channel = `worker-${what.slice(0, 4).replace('.', '')}`;
    const source = await open(channel);
    t.after(() => source.stop());
    const eyes = await watchers(channel);
    for (let round = 0; round < kRounds; ++round) {
      const [worker] = await until('a worker', async () => {
        const all = await server.workers();
        return all.length === 1 && all;
      });
      const from = now();
      assert.ok(kill(worker, 'SIGKILL'));
      const lost = await outage(eyes, from);
      assert.ok(lost.socket <= kBackMs, `${lost.socket.toFixed(0)} ms without a picture on the WebSocket`);
      assert.ok(lost.playlist <= kBackMs + 500, `${lost.playlist.toFixed(0)} ms without a new part`);
      console.log(`# worker of ${what}: ${lost.socket.toFixed(0)} ms, playlist ${lost.playlist.toFixed(0)} ms`);
      assert.equal(eyes.socket.how, undefined, 'the viewer stayed');
      assert.equal(source.socket.how, undefined, 'the publisher stayed');
      const [next] = await server.workers();
      assert.ok(next && next !== worker, 'another worker');
    }
    await decodes(eyes.socket.messages);
    await eyes.socket.close();
  });
}

test('kill -9 of the publisher: viewers stay, are told, and see the next one', { timeout: 60_000 * kRounds }, async (t) => {
  const start = () => new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=sender`], { env: { BUTAI_TOKEN: publishToken('sender') } });
  let sender = start();
  t.after(() => sender.stop());
  const eyes = await watchers('sender');
  for (let round = 0; round < kRounds; ++round) {
    const gaps = eyes.socket.texts.filter((text) => text.type === 'gap').length;
    sender.kill('SIGKILL');
    await sender.ended;
    await until('the gap to be told', () => eyes.socket.texts.filter((text) => text.type === 'gap').length > gaps, { within: 5_000 });
    const before = picturesOf(eyes.socket).length;
    const from = now();
    sender = start();
    await until('the picture', () => picturesOf(eyes.socket).length > before, { within: 10_000, every: 5 });
    const back = picturesOf(eyes.socket)[before] - from;
    const listed = await until('a new part', async () => (await listedUntil(eyes.video)) * 1000 > from && now(), { within: 10_000, every: 20 });
    console.log(`# publisher: ${back.toFixed(0)} ms, playlist ${(listed - from).toFixed(0)} ms`);
    assert.ok(back <= kBackMs, `${back.toFixed(0)} ms from the start of the program to the picture`);
    assert.ok(listed - from <= kBackMs + 500, `${(listed - from).toFixed(0)} ms to the first part`);
    assert.equal(eyes.socket.how, undefined);
    await sleep(1_500);
  }
  await decodes(eyes.socket.messages);
  await eyes.socket.close();
});

test('a publisher whose connection breaks comes back by itself', { timeout: 60_000 }, async () => {
  // A server that dies and comes back on the same port.
  const first = await Server.start({ config: '[channels]\naccess = "public"\n' });
  const sender = new Child(program, ['publish', 'test', '--size', '320x180', `${first.ws}/ws?channel=main`], { env: { BUTAI_TOKEN: publishToken() } });
  await first.segmentsOf('main');
  first.child.kill('SIGKILL');
  await first.child.ended;
  assert.equal((await first.workers()).length, 0);
  const second = await Server.start({ config: '[channels]\naccess = "public"\n', listen: `127.0.0.1:${first.ports.http}`, env: { BUTAI_SERVER_HTTPS_LISTEN: '127.0.0.1:0', BUTAI_SERVER_RTMP_LISTEN: '127.0.0.1:0', BUTAI_SERVER_RTMPS_LISTEN: '127.0.0.1:0', BUTAI_SERVER_METRICS_LISTEN: '127.0.0.1:0' } });
  try {
    await second.segmentsOf('main', undefined, 20_000);
    assert.ok(sender.running);
  } finally {
    await sender.stop();
    await second.stop();
    await first.stop();
  }
});

test('input B takes over when A dies, and viewers are told', { timeout: 60_000 }, async (t) => {
  const source = await film({ gop: 1 });
  const a = await feed(server, 'pair', source, { query: '&input=a' });
  t.after(() => a.stop());
  const eyes = await viewer(server, 'pair', 'latency=0').open();
  await eyes.count(10, 10_000);
  const b = await feed(server, 'pair', source, { query: '&input=b' });
  t.after(() => b.stop());
  await until('both inputs', async () => (await server.channel('pair')).inputs.every((input) => input.frames > 0));
  const from = now();
  a.cut();
  const told = await eyes.text('switch', 5_000);
  assert.equal(told.input, 'b');
  assert.match(server.log, /"viewers see the other input","channel":"pair","input":"b"/);
  const count = eyes.messages.length;
  await eyes.count(count + 20);
  const longest = longestPause(eyes, from);
  assert.ok(longest <= 2500, `${longest.toFixed(0)} ms without a picture`);
  await eyes.close();
});

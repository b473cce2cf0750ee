// The operator's side: the API, `butai channel`, instructions, reload, and an orderly end.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film, jpegs } from '../harness/media.mjs';
import { fragments, isInit } from '../harness/mp4.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { Socket, publisher, refusalOf, viewer } from '../harness/socket.mjs';
import { controlToken, publishToken, viewToken } from '../harness/token.mjs';
import { until, within } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start({ config: '[channels]\naccess = "public"\n' })));
after(async () => server?.stop());

const channel = (args, more = {}) => server.command(['channel', ...args, '--server', server.http, ...server.place()], more);

describe('a channel', () => {
  let sender, eyes;
  before(async () => {
    sender = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=stage`], { env: { BUTAI_TOKEN: publishToken('stage', 'camera-1') } });
    eyes = await viewer(server, 'stage', 'latency=0').open();
    await eyes.count(20, 15_000);
  });
  after(async () => {
    await eyes?.close();
    await sender?.stop();
  });

  test('is listed and described, by the API and by the command', async () => {
    const all = (await server.get('/api/v1/channels', { token: controlToken() })).json().channels;
    assert.ok(all.some(({ name }) => name === 'main'), 'main always exists');
    const one = await server.channel('stage');
    assert.equal(one.live, true);
    assert.equal(one.inputs[0].subject, 'camera-1');
    assert.ok(one.viewers >= 1 && one.inputs[0].frames > 0 && one.inputs[0].bytes > 0);
    assert.match((await channel(['list'])).stdout, /stage +live/);
    assert.match((await channel(['show', 'stage'])).stdout, /input a: camera-1, on air, .*\n    h264 320x180, aac 48000 Hz, channels: \d/);
    assert.equal(JSON.parse((await channel(['show', 'stage', '--json'])).stdout).name, 'stage');
    const urls = (await channel(['url', 'stage'])).stdout;
    assert.match(urls, /\/live\/stage\/index\.m3u8/);
    assert.match(urls, /^RTMP +rtmp:\/\/127\.0\.0\.1\/live /m, 'without a port: that of another server is not known here');
    const own = (await server.command(['channel', 'url', 'stage', ...server.place()], { env: { BUTAI_SERVER_RTMP_LISTEN: '0.0.0.0:19350' } })).stdout;
    assert.match(own, /^RTMP +rtmp:\/\/127\.0\.0\.1:19350\/live /m);
  });

  test('viewers without any right see only what is theirs to see', async () => {
    const { status, text } = await server.get('/api/v1/channels/stage/public');
    assert.equal(status, 200);
    assert.ok(!text.includes('camera-1'));
    assert.equal((await server.get('/api/v1/channels/stage')).status, 401);
  });

  test('a key frame is made when it is asked for, from the API to `butai publish`', async () => {
    const keys = () => eyes.messages.filter((m) => !isInit(m) && fragments(m)[0].track === 1 && isKey(m)).length;
    // The clock alone makes one in two seconds.
    for (let i = 0; i < 3; ++i) {
      const before = keys();
      const answer = await server.post('/api/v1/channels/stage/instructions', { do: 'key_frame' }, { token: controlToken() });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json(), { done: true });
      await until('the key frame', () => keys() > before, { within: 600, every: 10 });
    }
    assert.match((await channel(['key-frame', 'stage'])).stdout, /done/);
  });

  test('instructions that cannot be are refused in words', async () => {
    const ask = (body, name = 'stage') => server.post(`/api/v1/channels/${name}/instructions`, body, { token: controlToken() });
    assert.equal((await ask({ do: 'fly' })).status, 409);
    assert.equal((await ask({})).status, 400);
    assert.equal((await ask('nonsense')).status, 400);
    assert.equal((await ask(`${'['.repeat(1e4)}`)).status, 400);
    assert.equal((await ask({ do: 'key_frame', input: 'b' })).status, 409);
    assert.equal((await ask({ do: 'key_frame' }, 'nobody')).status, 404);
    const mute = await publisher(server, 'channel=mute', { token: publishToken('mute') }).open();
    await mute.send((await jpegs({ count: 1 }))[0]);
    await until('the input', async () => (await server.channel('mute')).inputs[0].connected);
    assert.equal((await ask({ do: 'bitrate' }, 'mute')).status, 409, 'it sent no hello');
    await mute.close();
  });

  test('a publisher is kicked with 4403, and viewers stay', async () => {
    const own = await publisher(server, 'channel=stage&input=b', { token: publishToken('stage', 'guest') }).open();
    await until('input b', async () => (await server.channel('stage')).inputs[1].connected);
    assert.match((await channel(['kick', 'stage', '--input', 'b'])).stdout, /done/);
    const how = await within(3000, 'the close', own.closed.promise);
    assert.equal(how.code, 4403);
    assert.equal(eyes.how, undefined);
    const again = await server.get('/api/v1/channels/stage/inputs/b', { method: 'DELETE', token: controlToken() });
    assert.ok([404, 409].includes(again.status), 'nobody is there any more');
  });

  test('the end is told: end and 4410 to viewers and publishers, ENDLIST in playlists', async () => {
    assert.match((await channel(['end', 'stage'])).stdout, /done/);
    await until('"end"', () => eyes.texts.some((text) => text.type === 'end'));
    assert.equal((await within(3000, 'the close', eyes.closed.promise)).code, 4410);
    const { text } = await server.get('/live/stage/video/index.m3u8');
    assert.match(text, /#EXT-X-ENDLIST/);
    const how = await within(5000, 'the publisher to stop', sender.ended);
    assert.equal(how.signal, null, 'it does not come back');
    assert.match(sender.stderr, /ended/);
  });
});

// Whether a chunk's first sample is a key frame: trun's first sample flags, or tfhd's.
function isKey(chunk) {
  const trun = chunk.indexOf('trun');
  const flags = chunk.readUIntBE(trun + 5, 3);
  let at = trun + 12;
  if (flags & 1) at += 4;
  if (flags & 4) return (chunk.readUInt32BE(at) & 0x10000) === 0;
  if (flags & 0x100) at += 4;
  if (flags & 0x200) at += 4;
  if (flags & 0x400) return (chunk.readUInt32BE(at) & 0x10000) === 0;
  const tfhd = chunk.indexOf('tfhd');
  const present = chunk.readUIntBE(tfhd + 5, 3);
  let skip = tfhd + 12;
  for (const bit of [1, 2, 8, 16]) if (present & bit) skip += bit === 1 ? 8 : 4;
  return present & 0x20 ? (chunk.readUInt32BE(skip) & 0x10000) === 0 : false;
}

describe('messages of a publisher', () => {
  test('hello is answered with welcome; acks count at most five times a second', async () => {
    const [picture] = await jpegs({ count: 1 });
    const socket = await publisher(server, 'channel=ack&echo=0', { token: publishToken('ack') }).open();
    await socket.sendText({ type: 'hello', clock: Date.now() * 1000 });
    const welcome = await socket.text('welcome');
    assert.equal(welcome.channel, 'ack');
    assert.equal(welcome.input, 'a');
    assert.ok(welcome.resume);
    const from = performance.now();
    for (let i = 0; i < 40; ++i) {
      await socket.send(picture);
      await new Promise((next) => setTimeout(next, 25));
    }
    const last = await until('the last ack', () => socket.texts.filter((text) => text.type === 'ack').find((ack) => ack.message === 40));
    assert.ok(last);
    const acks = socket.texts.filter((text) => text.type === 'ack').length;
    assert.ok(acks <= 5 * ((performance.now() - from) / 1000) + 2, `${acks} acks`);
    await socket.close();
  });

  test('no text for who said no hello; 24 echoes and no more without a query', async () => {
    const [picture] = await jpegs({ count: 1 });
    const socket = await new Socket(`${server.ws}/ws`, { token: publishToken() }).open();
    for (let i = 0; i < 60; ++i) {
      await socket.send(picture);
      await new Promise((next) => setTimeout(next, 10));
    }
    await socket.count(24);
    const eyes = await viewer(server, 'main', 'format=jpeg').open();
    await socket.send(picture);
    await eyes.count(1);
    assert.equal(socket.messages.length, 24);
    assert.ok(socket.messages.every((message) => message.equals(picture)), 'byte for byte');
    assert.deepEqual(socket.texts, []);
    await Promise.all([socket.close(), eyes.close()]);
  });

  test('echo=1 sends everything back to who reads', async () => {
    const pictures = await jpegs({ count: 30 });
    const socket = await publisher(server, 'channel=echo&echo=1', { token: publishToken('echo') }).open();
    for (const picture of pictures) {
      const before = socket.messages.length;
      await socket.send(picture);
      await socket.count(before + 1);
    }
    assert.ok(socket.messages.every((message, at) => message.equals(pictures[at])));
    await socket.close();
  });
});

describe('JPEG viewers without a WebSocket', () => {
  test('multipart and snapshot give the pictures as they were sent; 406 where there are none', { timeout: 30_000 }, async () => {
    const pictures = await jpegs({ count: 30 });
    const socket = await publisher(server, 'channel=still&echo=0', { token: publishToken('still') }).open();
    let at = 0;
    const timer = setInterval(() => socket.send(pictures[at++ % pictures.length]).catch(() => {}), 40);
    try {
      const snapshot = await until('a snapshot', async () => {
        const answer = await server.get('/live/still/snapshot.jpg');
        return answer.status === 200 && answer;
      });
      assert.equal(snapshot.headers['content-type'], 'image/jpeg');
      assert.ok(pictures.some((picture) => picture.equals(snapshot.bytes)));
      const parts = await firstParts(`${server.http}/live/still/mjpeg`, 5);
      for (const part of parts) assert.ok(pictures.some((picture) => picture.equals(part)));
    } finally {
      clearInterval(timer);
      await socket.close();
    }
    const sending = await feed(server, 'moving', await film({ seconds: 2 }));
    await until('it to be live', async () => (await server.channel('moving')).live);
    for (const path of ['mjpeg', 'snapshot.jpg']) assert.equal((await server.get(`/live/moving/${path}`)).status, 406, path);
    await sending.stop();
  });
});

// The bodies of the first parts of a multipart answer.
async function firstParts(url, count) {
  const { default: http } = await import('node:http');
  const asked = http.get(url);
  const answer = await new Promise((done, fail) => asked.on('response', done).on('error', fail));
  const boundary = /boundary=("?)([^";]+)\1/.exec(answer.headers['content-type'])[2];
  let bytes = Buffer.alloc(0);
  const found = [];
  for await (const piece of answer) {
    bytes = Buffer.concat([bytes, piece]);
    for (;;) {
      const head = bytes.indexOf('\r\n\r\n');
      const size = Number(/content-length: *(\d+)/i.exec(bytes.subarray(0, Math.max(head, 0)).toString('latin1'))?.[1]);
      if (head < 0 || !size || bytes.length < head + 4 + size) break;
      found.push(bytes.subarray(head + 4, head + 4 + size));
      bytes = bytes.subarray(head + 4 + size);
    }
    if (found.length >= count) break;
  }
  asked.destroy();
  if (!boundary) throw new Error('no boundary');
  return found;
}

describe('SIGHUP and SIGTERM', () => {
  test('SIGHUP reads the configuration again and keeps viewers; a broken one changes nothing', { timeout: 30_000 }, async () => {
    const own = await Server.start({ config: '[channels]\naccess = "public"\n' });
    try {
      const sending = await feed(own, 'main', await film({ seconds: 2 }));
      const eyes = await viewer(own, 'main').open();
      await eyes.count(10, 10_000);
      await writeFile(own.configFile, '[channels]\naccess = "token"\n');
      own.child.kill('SIGHUP');
      await until('the new rule', async () => (await own.get('/live/main/index.m3u8')).status === 401);
      const count = eyes.messages.length;
      await eyes.count(count + 20);
      assert.equal(eyes.how, undefined, 'who is in stays in');
      await writeFile(own.configFile, '[channels]\naccess = "everybody"\n');
      own.child.kill('SIGHUP');
      await until('the complaint', () => /not reloaded/.test(own.log));
      assert.equal((await own.get('/live/main/index.m3u8')).status, 401, 'the old one goes on');
      assert.equal(sending.socket.how, undefined);
      await Promise.all([sending.stop(), eyes.close()]);
    } finally {
      await own.stop();
    }
  });

  test('SIGTERM drains: not ready, moved, 1001, and nothing is left behind', { timeout: 30_000 }, async () => {
    const own = await Server.start({ config: '[channels]\naccess = "public"\n' });
    const sending = await feed(own, 'main', await film({ seconds: 2 }));
    const eyes = await viewer(own, 'main').open();
    await eyes.count(10, 10_000);
    const workers = await own.workers();
    assert.equal(workers.length, 1);
    own.child.kill('SIGTERM');
    const moved = await eyes.text('moved', 3_000);
    assert.match(moved.url, /^ws:\/\/.*\/live\/main\/ws/);
    assert.ok(moved.after_ms >= 0);
    assert.equal((await within(6_000, 'the close of the viewer', eyes.closed.promise)).code, 1001);
    assert.equal((await within(6_000, 'the close of the publisher', sending.socket.closed.promise)).code, 1001);
    const how = await within(6_000, 'the end of the program', own.child.ended);
    assert.deepEqual(how, { code: 0, signal: null });
    await until('the worker to be gone', () => {
      try {
        process.kill(workers[0], 0);
        return false;
      } catch {
        return true;
      }
    });
    await sending.stop();
    await own.stop();
  });
});

test('figures: publishers and viewers are counted', async () => {
  const { text } = await request(server.metricsUrl);
  for (const name of ['butai_ingest_pictures_total', 'butai_ingest_bytes_total']) assert.match(text, new RegExp(`^${name}`, 'm'));
});

test('a path of another method is 405 with Allow, an unknown one 404', async () => {
  const wrong = await server.get('/token');
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.allow, /POST/);
  assert.equal((await server.get('/nothing/here')).status, 404);
  assert.equal((await server.get('/ws')).status, 426, 'a socket asked for as a page');
});

test('a viewer is refused a channel with a name that is none', async () => {
  assert.ok([400, 404].includes((await refusalOf(viewer(server, 'a%20b', '', { token: viewToken() }))).status));
});

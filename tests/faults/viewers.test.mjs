// Viewers that stall, half-close, hang in the handshake or come when there is no room: whoever watches
// notices nothing. Counts are small here, ten times as many with --long.
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { fragments, isInit } from '../harness/mp4.mjs';
import { long } from '../harness/paths.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kMany = long ? 1000 : 100;

let server;
let source;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  source = await feed(server, 'main', await film({ gop: 1 }));
  await server.segmentsOf('main');
});
after(async () => {
  await source?.stop();
  await server?.stop();
});

const upgrade =
  'GET /live/main/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

// Watching sockets of our own, so that reading can be stopped at TCP.
function raw(host) {
  const socket = net.connect({ port: server.ports.http, host: '127.0.0.1', localAddress: host });
  socket.bytes = 0;
  socket.on('data', (piece) => (socket.bytes += piece.length));
  socket.on('error', () => {});
  socket.once('close', () => (socket.gone = true));
  socket.write(upgrade);
  return socket;
}
const crowd = (count) => Array.from({ length: count }, (_, i) => raw(`127.0.0.${2 + (i % 20)}`));

// Decode times of the pictures that came.
function pictures(socket) {
  const all = socket.messages.filter((message) => !isInit(message)).map((message) => fragments(message)[0]);
  return all.filter((fragment) => fragment.track === 1).map((fragment) => Number(fragment.time));
}

test(`${kMany} viewers stall together and come back; the others miss nothing`, { timeout: 120_000 }, async () => {
  const witness = await viewer(server, 'main', 'latency=0').open();
  await witness.count(10);
  const healthy = await viewer(server, 'main', 'latency=33').open();
  const all = crowd(kMany);
  await until('all to get the picture', () => all.every((socket) => socket.bytes > 1000), { within: 20_000 });
  for (const socket of all) socket.pause();
  await sleep(6_000);
  const at = all.map((socket) => socket.bytes);
  for (const socket of all) socket.resume();
  await until('all to get the picture again', () => all.every((socket, i) => socket.bytes > at[i]), { within: 20_000 });
  assert.ok(all.every((socket) => !socket.gone), 'nobody was thrown out for six seconds');
  const seen = pictures(healthy);
  assert.ok(seen.length > 100);
  const from = pictures(witness).indexOf(seen[0]);
  assert.deepEqual(seen, pictures(witness).slice(from, from + seen.length));
  for (const socket of [witness, healthy]) assert.ok(!socket.texts.some((text) => text.type === 'gap' && text.why === 'slow'));
  for (const socket of all) socket.destroy();
  await Promise.all([witness.close(), healthy.close()]);
  await until('the server to have forgotten them', async () => (await server.channel()).viewers === 0);
});

test('a viewer that half-closes is let go', { timeout: 30_000 }, async () => {
  const socket = raw('127.0.0.1');
  await until('the picture', () => socket.bytes > 1000);
  socket.end();
  await until('the end', () => socket.gone);
  await until('nobody counted', async () => (await server.channel()).viewers === 0);
});

test('TLS clients that stop in the handshake are cut, and others get in meanwhile', { timeout: 60_000 }, async () => {
  const hello = Buffer.from('160301010001', 'hex'); // the beginning of a ClientHello, and no more
  const stuck = Array.from({ length: 40 }, (_, i) => {
    const socket = net.connect({ port: server.ports.https, host: '127.0.0.1', localAddress: `127.0.0.${2 + (i % 20)}` });
    socket.on('error', () => {});
    socket.once('close', () => (socket.gone = true));
    socket.write(hello);
    return socket;
  });
  const answer = await server.get(`${server.https}/healthz`);
  assert.equal(answer.status, 200);
  await until('all of them to be cut', () => stuck.every((socket) => socket.gone), { within: 15_000 });
});

test('a TLS session is resumed, whichever loop it comes back to', { timeout: 30_000 }, async () => {
  const connect = (session) =>
    new Promise((done, fail) => {
      const socket = tls.connect({ port: server.ports.https, host: '127.0.0.1', rejectUnauthorized: false, session, ALPNProtocols: ['http/1.1'] });
      socket.on('error', fail);
      socket.once('session', (ticket) => {
        const reused = socket.isSessionReused();
        socket.destroy();
        done({ ticket, reused });
      });
    });
  const first = await connect();
  assert.equal(first.reused, false);
  for (let i = 0; i < 10; ++i) assert.ok((await connect(first.ticket)).reused);
});

test('a full server: 503 with a time to come back, and who watches goes on', { timeout: 60_000 }, async () => {
  const small = await Server.start({ config: '[server]\ncapacity = 4\n[channels]\naccess = "public"\n' });
  try {
    const camera = await feed(small, 'main', await film({ gop: 1 }));
    await small.segmentsOf('main');
    const inside = await Promise.all([1, 2, 3].map(() => viewer(small, 'main', 'latency=33').open()));
    const waits = new Set();
    for (let i = 0; i < 12; ++i) {
      const refused = await small.get('/live/main/index.m3u8');
      assert.equal(refused.status, 503);
      waits.add(Number(refused.headers['retry-after']));
    }
    assert.ok(waits.size > 1 && Math.min(...waits) >= 5 && Math.max(...waits) <= 30, `${[...waits]}`);
    assert.equal((await small.channel()).live, true);
    const seen = inside.map((socket) => socket.messages.length);
    await sleep(500);
    inside.forEach((socket, i) => assert.ok(socket.messages.length > seen[i]));
    await camera.stop();
  } finally {
    await small.stop();
  }
});

// Viewers that do not behave, and requests that are no requests: clear answers, and the others go on.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { Socket, refusalOf, viewer } from '../harness/socket.mjs';
import { publishToken, token, viewToken } from '../harness/token.mjs';
import { later, sleep, until, within } from '../harness/wait.mjs';

let server, sender;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "token"\n' });
  sender = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=main`], { env: { BUTAI_TOKEN: publishToken() } });
  await server.segmentsOf('main', viewToken());
});
after(async () => {
  await sender?.stop();
  await server?.stop();
});

// Noise: 20 Mbit/s, so that what the kernel keeps for a viewer is full within seconds.
const noise = () => film({ seconds: 6, extra: ['-vf', 'noise=alls=90:allf=t', '-preset', 'ultrafast', '-b:v', '20M', '-minrate', '20M', '-maxrate', '20M', '-bufsize', '10M'] });

// One connection by hand.
function raw(port = server.ports.http) {
  const socket = net.connect(port, '127.0.0.1');
  const got = { text: '', ended: later() };
  socket.on('data', (piece) => (got.text += piece.toString('latin1')));
  socket.on('error', () => {});
  socket.on('close', () => got.ended.resolve());
  return { socket, got, write: (text) => socket.write(text) };
}

const kRequests = [
  ['both lengths', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['two lengths', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', 400],
  ['a negative length', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 400],
  ['a length beyond everything', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n', 400],
  ['a body over the limit', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n', 413],
  ['a chunk size that is none', 'POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
  ['a folded header', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n', 400],
  ['a space before the colon', 'GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n', 400],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['two hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a NUL in the path', 'GET /live/\0main HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['an encoded NUL', 'GET /live/main%00/index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a way up', 'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', [400, 404]],
  ['an encoded way up', 'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', [400, 404]],
  ['a header of 64 KiB', `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65536)}\r\n\r\n`, 431],
  ['10,000 headers', `GET /healthz HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(10000)}\r\n`, 431],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['a method that is none', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', [400, 405, 501]],
  ['HTTP/3.0', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', [400, 505]],
  ['an upgrade without a key', 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n', [400, 401]],
  ['an upgrade to version 8', 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n', [401, 426]],
];
describe('at the same time', { concurrency: true }, () => {
  test('viewers that do not read: closed with 4008, or told a gap; the others lose nothing', { timeout: 120_000 }, async (t) => {
    const server = await Server.start(); // for 20 s, beside all the others
    t.after(() => server.stop());
    const sending = await feed(server, 'noise', await noise());
    t.after(() => sending.stop());
    const open = () => viewer(server, 'noise', '', { token: viewToken('noise') }).open();
    const [good, deaf, slow] = [await open(), await open(), await open()];
    await Promise.all([good, deaf, slow].map((socket) => socket.count(10)));
    await until('three viewers', async () => (await server.channel('noise')).viewers === 3);
    const began = performance.now();
    const before = good.messages.length;
    const taken = async () => (await server.channel('noise')).inputs[0].frames;
    const takenBefore = await taken();
    deaf.socket.pause();
    slow.socket.pause();
    await sleep(8_000);
    slow.socket.resume();
    const gap = await slow.text('gap', 10_000);
    assert.equal(gap.why, 'slow');
    assert.ok(gap.to >= gap.from, JSON.stringify(gap));
    const count = slow.messages.length;
    await slow.count(count + 30);

    await until('the server to give the deaf one up', async () => (await server.channel('noise')).viewers === 2, { within: 60_000, every: 250 });
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds > 9 && seconds < 45, `${seconds} s`);
    deaf.socket.resume();
    // 4008 waits behind what was never read; who does not read for two more seconds sees only the end.
    const { code } = await within(10_000, 'the close', deaf.closed.promise);
    assert.ok([4008, 1006].includes(code), `${code}`);
    // A picture is a message, two frames of sound are one: 53 messages for 77 frames. How many there are is
    // the source's affair, which may be late on a busy machine.
    const [got, made] = [good.messages.length - before, (await taken()) - takenBefore];
    assert.ok(got > 0.65 * made && made > 10 * seconds, `${got} messages of ${made} frames in ${seconds} s`);
    assert.deepEqual(good.texts.filter((text) => text.type === 'gap' && text.why !== 'input'), []);
    await Promise.all([good.close(), slow.close()]);
  });

  test('what viewers may not say is 4400', async () => {
    for (const say of [(s) => s.send(Buffer.from('binary')), (s) => s.send('no json'), (s) => s.sendText({ no: 'type' })]) {
      const socket = await viewer(server, 'main', '', { token: viewToken() }).open();
      await say(socket);
      assert.equal((await within(5000, 'the close', socket.closed.promise)).code, 4400);
    }
  });

  test('unknown channels: 404 with Retry-After for players, waiting for sockets', async () => {
    const early = await server.get('/live/later/index.m3u8', { token: viewToken('later') });
    assert.equal(early.status, 404);
    assert.equal(early.headers['retry-after'], '1');
    const mpd = await server.get('/live/later/manifest.mpd', { token: viewToken('later') });
    assert.deepEqual([mpd.status, mpd.headers['retry-after']], [404, '1']);
    const waiting = await viewer(server, 'later', '', { token: viewToken('later') }).open();
    const publishing = new Child(program, ['publish', 'test', '--size', '320x180', `${server.ws}/ws?channel=later`], { env: { BUTAI_TOKEN: publishToken('later') } });
    await waiting.text('init', 15_000);
    await waiting.count(10);
    await publishing.stop();
    await waiting.close();
  });

  test('where channels are not opened by themselves: 404 and 4404', async () => {
    const strict = await Server.start({ config: '[channels]\nauto = false\n' });
    try {
      const any = token('view:nothing publish:nothing');
      assert.equal((await strict.get('/live/nothing/index.m3u8', { token: any })).status, 404);
      assert.equal((await refusalOf(new Socket(`${strict.ws}/live/nothing/ws`, { token: any }))).status, 404);
      assert.equal((await refusalOf(new Socket(`${strict.ws}/ws?channel=nothing`, { token: any }))).status, 404);
      const late = await new Socket(`${strict.ws}/live/main/ws`, { token: viewToken() }).open();
      await late.close();
    } finally {
      await strict.stop();
    }
  });

  test('headers that come a byte at a time are cut off after 5 s', { timeout: 20_000 }, async () => {
    const { socket, got, write } = raw();
    const from = performance.now();
    const drip = setInterval(() => write('X'), 300);
    write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    await within(9_000, 'the end', got.ended.promise).finally(() => clearInterval(drip));
    const seconds = (performance.now() - from) / 1000;
    assert.ok(seconds > 4 && seconds < 7, `${seconds} s`);
    assert.match(got.text, /^(HTTP\/1\.1 408|$)/);
    socket.destroy();
  });

  for (const [what, text, wanted] of kRequests) {
    test(`HTTP: ${what}`, async () => {
      const { socket, got, write } = raw();
      write(text);
      await until('an answer', () => /^HTTP\/1\.1 \d{3}[\s\S]*\r\n\r\n/.test(got.text), { within: 8_000 });
      const status = Number(got.text.slice(9, 12));
      assert.ok([wanted].flat().includes(status), `${status}: ${got.text.slice(0, 300)}`);
      socket.destroy();
    });
  }
});

test('a flood of connections without a request does not lock others out', { timeout: 20_000 }, async () => {
  const silent = Array.from({ length: 200 }, () => raw());
  try {
    await sleep(300);
    // An admitted viewer goes on; one more of the same address may have to try again, but gets in
    // as soon as those without a request are gone.
    const eyes = await until('a viewer to get in', async () => {
      const socket = viewer(server, 'main', '', { token: viewToken() });
      await socket.open();
      return socket;
    }, { within: 10_000, every: 300 });
    await eyes.count(5);
    await eyes.close();
  } finally {
    for (const { socket } of silent) socket.destroy();
  }
});

test('S18: X-Forwarded-For of a stranger is not believed: guessing stays slow', async () => {
  const guess = (address, i) =>
    server.post('/token', `grant_type=password&username=u${i}&password=x`, {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Forwarded-For': address },
    });
  const answers = [];
  for (let i = 0; i < 30; ++i) answers.push((await guess(`203.0.113.${i}`, i)).status);
  assert.ok(answers.includes(429), `answers: ${answers}`);
  const { text } = await server.get('/live/main/manifest.mpd', {
    token: viewToken(),
    headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example' },
  });
  assert.ok(!text.includes('evil.example') && !text.includes('https://'), 'forged address in the manifest');
});

test('S4, S21: the log has no token in it', () => {
  assert.ok(!/eyJ[A-Za-z0-9_-]{10,}/.test(server.log), 'a token in the log');
});

// What a publisher may send that is wrong: each is answered clearly, and nobody else notices.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import net from 'node:net';
import { film, jpegs } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { publisher, refusalOf, viewer } from '../harness/socket.mjs';
import { publishToken, token, viewToken } from '../harness/token.mjs';
import { later, sleep, until, within } from '../harness/wait.mjs';

let server, picture;
before(async () => {
  server = await Server.start();
  [picture] = await jpegs({ count: 1 });
});
after(async () => {
  assert.ok(server.child.running, `the server lives after all of this: ${server.log.slice(-1000)}`);
  await server.stop();
});

const open = (channel, query = 'echo=0') =>
  publisher(server, `channel=${channel}&${query}`, { token: publishToken(channel) }).open();
const errorsOf = (socket) => socket.texts.filter((text) => text.type === 'error');

// A JPEG with this size in its frame header.
function resized(width, height) {
  const bytes = Buffer.from(picture);
  for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2) {
      bytes.writeUInt16BE(height, at + 5);
      bytes.writeUInt16BE(width, at + 7);
      return bytes;
    }
  }
  throw new Error('no frame header');
}

const kBadPictures = [
  ['not a JPEG', () => Buffer.from('hello, this is no picture')],
  ['a PNG', () => Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13])],
  ['one byte', () => Buffer.from([0xff])],
  ['nothing', () => Buffer.alloc(0)],
  ['only the first two bytes of a JPEG', () => picture.subarray(0, 2)],
  ['a JPEG cut in its header', () => picture.subarray(0, 100)],
  ['a JPEG cut in its picture', () => picture.subarray(0, picture.length >> 1)],
  ['a JPEG of 65,535 x 65,535', () => resized(65535, 65535)],
  ['a JPEG of 0 x 0', () => resized(0, 0)],
  ['two markers and nothing', () => Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
  ['a segment that says it is longer than the message', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 1, 2, 0xff, 0xd9])],
  ['a picture of 100,000 x 100,000 as a lying length', () => {
    // 16 bits cannot say it; a second header tries.
    return Buffer.concat([resized(34464, 34464).subarray(0, -2), resized(34464, 34464).subarray(2)]);
  }],
];

for (const [what, make] of kBadPictures) {
  test(`${what}: an error in words, and the connection stays`, async () => {
    const socket = await open('pictures');
    if (!what.startsWith('not') && !what.startsWith('a PNG')) await socket.send(picture); // its kind is known
    await socket.send(make());
    const error = await socket.text('error');
    assert.ok(error.code && error.message.length > 10, JSON.stringify(error));
    const eyes = await viewer(server, 'pictures', 'format=jpeg', { token: viewToken('pictures') }).open();
    await socket.send(picture);
    await eyes.count(1);
    assert.deepEqual(eyes.messages.at(-1), picture, 'a good picture after it arrives');
    assert.equal(socket.how, undefined);
    await Promise.all([socket.close(), eyes.close()]);
  });
}

test('100 bad messages in a row are closed with 4400; 99 and a good one are not', async () => {
  const socket = await open('patience');
  await socket.send(picture);
  for (let i = 0; i < 99; ++i) await socket.send(Buffer.from('bad'));
  await socket.send(picture);
  for (let i = 0; i < 99; ++i) await socket.send(Buffer.from('bad'));
  await until('the errors', () => errorsOf(socket).length > 0);
  assert.equal(socket.how, undefined);
  await socket.send(Buffer.from('bad'));
  const how = await within(5000, 'the close', socket.closed.promise);
  assert.equal(how.code, 4400);
});

test('text that is not a message of ours is an error; unknown types are ignored', async () => {
  const socket = await open('words');
  await socket.sendText({ type: 'from_the_future', anything: [1, { a: null }] });
  await socket.sendText({ type: 'hello', unknown: true });
  await socket.text('welcome');
  assert.deepEqual(errorsOf(socket), []);
  for (const bad of ['nonsense', '{"type":1}', '[]', '{}', '"hello"', `${'['.repeat(1e5)}`, '{"type":"hello"']) await socket.send(bad);
  await until('an error for each', () => errorsOf(socket).length >= 6);
  assert.equal(socket.how, undefined);
  await socket.close();
});

test('a message over 4 MiB is closed with 1009; one of 4 MiB is not', async () => {
  const fits = await open('large');
  await fits.send(Buffer.alloc(4 << 20));
  await fits.text('error');
  assert.equal(fits.how, undefined);
  await fits.close();
  const socket = await open('large');
  await socket.send(Buffer.alloc((4 << 20) + 1)).catch(() => {});
  assert.equal((await within(5000, 'the close', socket.closed.promise)).code, 1009);
});

// Frames by hand: what the client library would not send.
function frame(opcode, fin, payload, { masked = true, length = payload.length } = {}) {
  const head = [(fin ? 0x80 : 0) | opcode];
  const bit = masked ? 0x80 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65536) head.push(bit | 126, length >> 8, length & 255);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
    head.push(bit | 127, ...size);
  }
  return Buffer.concat([Buffer.from(head), masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

// An upgraded connection without a library: {write, ended, received}.
async function rawSocket(path, bearer) {
  const raw = net.connect(server.ports.http, '127.0.0.1');
  const got = { bytes: Buffer.alloc(0), ended: later() };
  raw.on('data', (piece) => (got.bytes = Buffer.concat([got.bytes, piece])));
  raw.on('close', () => got.ended.resolve());
  raw.on('error', () => {});
  raw.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nAuthorization: Bearer ${bearer}\r\n\r\n`);
  await until('the upgrade', () => got.bytes.includes('\r\n\r\n'));
  assert.match(got.bytes.toString('latin1'), /^HTTP\/1\.1 101/);
  got.bytes = got.bytes.subarray(got.bytes.indexOf('\r\n\r\n') + 4);
  return {
    write: (bytes) => raw.write(bytes),
    end: () => raw.destroy(),
    // The close code that the server sent.
    async code() {
      await within(8000, 'the end', got.ended.promise);
      for (let at = 0; at < got.bytes.length; ) {
        const small = got.bytes[at + 1] & 127;
        const size = small === 126 ? got.bytes.readUInt16BE(at + 2) : small;
        const body = at + 2 + (small === 126 ? 2 : 0);
        if ((got.bytes[at] & 15) === 8) return size >= 2 ? got.bytes.readUInt16BE(body) : 1005;
        at = body + size;
      }
      return null;
    },
  };
}

const kBadFrames = [
  ['a flood of one-byte fragments', (s) => {
    s.write(frame(2, false, Buffer.from([0xff])));
    for (let i = 0; i < 1000; ++i) s.write(frame(0, false, Buffer.from([0xd8])));
  }, [1008, 1009, 4400]],
  ['a frame without a mask', (s) => s.write(frame(2, true, Buffer.from('x'), { masked: false })), [1002]],
  ['a reserved bit', (s) => s.write(Buffer.concat([Buffer.from([0xc2]), frame(2, true, Buffer.from('x')).subarray(1)])), [1002]],
  ['a reserved opcode', (s) => s.write(frame(3, true, Buffer.from('x'))), [1002]],
  ['a continuation of nothing', (s) => s.write(frame(0, true, Buffer.from('x'))), [1002]],
  ['a fragmented ping', (s) => s.write(frame(9, false, Buffer.from('x'))), [1002]],
  ['a ping of 126 bytes', (s) => s.write(frame(9, true, Buffer.alloc(126))), [1002]],
  ['a length with its highest bit', (s) => s.write(Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])), [1002, 1009]],
  ['a length of 8 EiB', (s) => s.write(Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])), [1009]],
  ['text that is not UTF-8', (s) => s.write(frame(1, true, Buffer.from([0xc0, 0xaf]))), [1007]],
  ['a surrogate in UTF-8', (s) => s.write(frame(1, true, Buffer.from([0xed, 0xa0, 0x80]))), [1007]],
  ['a close code that must not be sent', (s) => s.write(frame(8, true, Buffer.from([0x03, 0xed]))), [1002]],
  ['a close of one byte', (s) => s.write(frame(8, true, Buffer.from([3]))), [1002]],
];
for (const [what, act, codes] of kBadFrames) {
  test(`${what} is closed`, async () => {
    const socket = await rawSocket('/ws?channel=frames', publishToken('frames'));
    act(socket);
    const code = await socket.code();
    assert.ok(codes.includes(code), `${code} is not one of ${codes}`);
  });
}

test('deflate is not negotiated', async () => {
  const socket = await publisher(server, 'channel=d', { token: publishToken('d'), perMessageDeflate: true }).open();
  assert.equal(socket.socket.extensions, '');
  await socket.close();
});

// The same noise in every run.
function noise(size) {
  const pieces = [];
  for (let i = 0; i * 32 < size; ++i) pieces.push(createHash('sha256').update(`${i}`).digest());
  return Buffer.concat(pieces).subarray(0, size);
}
const kGarbage = [
  ['fMP4', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypiso5'), noise(200_000)])],
  ['WebM', Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), noise(200_000)])],
  ['FLV', Buffer.concat([Buffer.from('FLV\x01\x05\0\0\0\x09', 'latin1'), noise(200_000)])],
  ['MPEG-TS', Buffer.concat(Array.from({ length: 1000 }, (_, i) => Buffer.concat([Buffer.from([0x47]), noise(40_000).subarray(i * 13, i * 13 + 187)])))],
];
describe('garbage and damage, at the same time', { concurrency: true }, () => {
  for (const [what, garbage] of kGarbage) {
    test(`${what} with garbage inside: a sentence to the publisher, and the channel goes on with the next`, { timeout: 60_000 }, async () => {
      const channel = `garbage-${what}`;
      const eyes = await viewer(server, channel, '', { token: viewToken(channel) }).open();
      const bad = await open(channel);
      for (let at = 0; at < garbage.length; at += 16_384) await bad.send(garbage.subarray(at, at + 16_384)).catch(() => {});
      const told = await until('a word about it', () => errorsOf(bad)[0] ?? bad.how, { within: 20_000 });
      assert.ok(told.message?.length > 10 || told.code === 4400, JSON.stringify(told));
      await bad.close();
      const good = await open(channel);
      const bytes = readFileSync(await film({ seconds: 2 }));
      for (let at = 0; at < bytes.length; at += 16_384) await good.send(bytes.subarray(at, at + 16_384));
      await eyes.count(20, 15_000);
      assert.equal(eyes.how, undefined);
      await Promise.all([good.close(), eyes.close()]);
    });
  }

  test('damage in the middle of a film loses a moment, not the channel', { timeout: 60_000 }, async () => {
    const eyes = await viewer(server, 'damage', '', { token: viewToken('damage') }).open();
    const socket = await open('damage');
    const bytes = readFileSync(await film({ seconds: 8, container: 'ts' }));
    const broken = Buffer.from(bytes);
    noise(40_000).copy(broken, broken.length >> 1);
    for (let at = 0; at < broken.length; at += 16_384) await socket.send(broken.subarray(at, at + 16_384));
    await until('what is behind the damage', async () => {
      const now = await server.channel('damage');
      return now.inputs[0].frames > 500;
    }, { within: 30_000 });
    assert.equal(eyes.how, undefined);
    assert.equal(socket.how, undefined);
    await Promise.all([socket.close(), eyes.close()]);
  });
});

test('a second publisher: 409 for another, taking over with 4409 for the same', async () => {
  const first = await open('seat');
  await first.send(picture);
  await until('the seat is taken', async () => (await server.channel('seat')).inputs[0].connected);
  const other = publisher(server, 'channel=seat', { token: publishToken('seat', 'somebody-else') });
  const refusal = await refusalOf(other);
  assert.equal(refusal.status, 409);
  assert.match(JSON.parse(refusal.text).detail, /taken/);
  const spare = await publisher(server, 'channel=seat&input=b', { token: publishToken('seat', 'somebody-else') }).open();
  const again = await open('seat');
  const how = await within(5000, 'the first one to be closed', first.closed.promise);
  assert.equal(how.code, 4409);
  assert.ok(how.reason.length > 0);
  assert.equal(again.how, undefined);
  assert.equal(spare.how, undefined);
  const late = await publisher(server, 'channel=seat').open();
  await late.sendText({ type: 'auth', token: token('publish:seat', { sub: 'a third one' }) });
  assert.equal((await within(5000, 'the late one to be refused', late.closed.promise)).code, 4409);
  await Promise.all([again.close(), spare.close()]);
});

test('queries that make no sense are 400, names that are none are 404', async () => {
  const any = { token: token('publish:main') };
  assert.equal((await refusalOf(publisher(server, 'channel=main&input=c', any))).status, 400);
  for (const name of ['..', 'a%2fb', 'x'.repeat(65), 'a b', '%00', '']) {
    const { status } = await refusalOf(publisher(server, `channel=${name}`, any));
    assert.ok([400, 403, 404].includes(status), `${name}: ${status}`);
  }
});

test('a publisher that goes silent keeps its connection; viewers are told', async () => {
  const eyes = await viewer(server, 'silence', 'format=jpeg', { token: viewToken('silence') }).open();
  const socket = await open('silence');
  for (let i = 0; i < 5; ++i) {
    await socket.send(picture);
    await sleep(33);
  }
  await eyes.count(5);
  const gap = await eyes.text('gap', 5000);
  assert.ok(gap.from && gap.why);
  assert.equal(socket.how, undefined);
  await socket.send(picture);
  await eyes.count(6);
  await Promise.all([socket.close(), eyes.close()]);
});

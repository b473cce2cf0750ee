// Many RTMP publishers from one process: all send the very same bytes at the same moments, so that a tick
// is made once and written to each socket.
// Spec: Adobe RTMP 1.0 clauses 5.2 (simple handshake), 5.3 (chunks), 7.2 (commands); FLV 10.1.
import { readFileSync } from 'node:fs';
import net from 'node:net';

const kChunk = 65536;
const kTickMs = 10;

const amf = {
  number: (value) => { const b = Buffer.alloc(9); b.writeDoubleBE(value, 1); return b; },
  text: (value) => Buffer.concat([Buffer.from([2, value.length >> 8, value.length & 255]), Buffer.from(value)]),
  nothing: () => Buffer.from([5]),
  object: (fields) => Buffer.concat([
    Buffer.from([3]),
    ...Object.entries(fields).flatMap(([name, value]) => [amf.text(name).subarray(1), amf.text(value)]),
    Buffer.from([0, 0, 9]),
  ]),
};

function chunks(id, type, stream, millis, body) {
  const long = millis >= 0xffffff;
  const head = Buffer.alloc(12 + (long ? 4 : 0));
  head[0] = id;
  head.writeUIntBE(long ? 0xffffff : millis, 1, 3);
  head.writeUIntBE(body.length, 4, 3);
  head[7] = type;
  head.writeUInt32LE(stream, 8);
  if (long) head.writeUInt32BE(millis, 12);
  const pieces = [head];
  for (let at = 0; at < body.length; at += kChunk) {
    if (at > 0) pieces.push(Buffer.from([0xc0 | id]), ...(long ? [head.subarray(12)] : []));
    pieces.push(body.subarray(at, at + kChunk));
  }
  return Buffer.concat(pieces);
}
const command = (stream, ...values) => chunks(3, 20, stream, 0, Buffer.concat(values));

// [{type, millis, body}] of an FLV file.
function tagsOf(path) {
  const bytes = readFileSync(path);
  const tags = [];
  for (let at = 13; at + 11 <= bytes.length; ) {
    const size = bytes.readUIntBE(at + 1, 3);
    const type = bytes[at];
    const millis = bytes.readUIntBE(at + 4, 3) + bytes[at + 7] * 2 ** 24;
    if (type === 8 || type === 9) tags.push({ type, millis, body: bytes.subarray(at + 11, at + 11 + size) });
    at += 15 + size;
  }
  return tags;
}
const isConfig = ({ type, body }) => body[1] === 0 && (type === 8 ? body[0] >> 4 === 10 : (body[0] & 15) === 7);

export class Publishers {
  // film: an FLV file, played in a loop; keys: what each writes behind /live.
  constructor({ film, port, keys }) {
    const tags = tagsOf(film);
    this.configs = tags.filter(isConfig);
    this.media = tags.filter((tag) => !isConfig(tag));
    this.turn = this.media.at(-1).millis + 33;
    this.port = port;
    this.keys = keys;
    this.sockets = [];
    this.sent = new Map(); // picture's time in ms: when it was written
    this.bytes = 0;
  }

  async start() {
    for (let at = 0; at < this.keys.length; at += 20) {
      await Promise.all(this.keys.slice(at, at + 20).map((key) => this.#open(key)));
    }
    this.began = performance.now();
    this.next = 0;
    this.timer = setInterval(() => this.#tick(), kTickMs);
  }

  async #open(key) {
    const socket = net.connect(this.port, '127.0.0.1');
    socket.setNoDelay(true);
    let got = 0;
    const received = (bytes) => new Promise((done, fail) => {
      const look = () => got >= bytes && done();
      socket.on('data', look);
      socket.on('error', fail);
      socket.on('close', () => fail(new Error(`the server closed ${key}`)));
      look();
    });
    socket.on('data', (piece) => { got += piece.length; });
    await new Promise((done, fail) => { socket.on('connect', done); socket.on('error', fail); });
    socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536, 7)]));
    await received(1 + 1536 + 1536);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(kChunk);
    socket.write(Buffer.concat([Buffer.alloc(1536, 7), chunks(2, 1, 0, 0, size),
      command(0, amf.text('connect'), amf.number(1), amf.object({ app: 'live', tcUrl: `rtmp://127.0.0.1:${this.port}/live` }))]));
    await received(got + 100);
    socket.write(command(0, amf.text('createStream'), amf.number(2), amf.nothing()));
    await received(got + 20);
    socket.write(command(1, amf.text('publish'), amf.number(3), amf.nothing(), amf.text(key), amf.text('live')));
    await received(got + 20);
    for (const { type, body } of this.configs) socket.write(chunks(type === 8 ? 4 : 6, type, 1, 0, body));
    socket.removeAllListeners('close');
    socket.on('close', () => { this.lost = (this.lost ?? 0) + 1; });
    this.sockets.push(socket);
  }

  #tick() {
    const now = performance.now() - this.began;
    const due = [];
    for (;;) {
      const tag = this.media[this.next % this.media.length];
      const millis = Math.floor(this.next / this.media.length) * this.turn + tag.millis;
      if (millis > now) break;
      due.push(chunks(tag.type === 8 ? 4 : 6, tag.type, 1, millis, tag.body));
      if (tag.type === 9) this.sent.set(millis, performance.now());
      if (tag.type === 9 && tag.body[0] >> 4 === 1) this.newestKey = millis;
      ++this.next;
    }
    if (due.length === 0) return;
    const bytes = Buffer.concat(due);
    for (const socket of this.sockets) socket.write(bytes);
    this.bytes += bytes.length * this.sockets.length;
    this.unread = Math.max(...this.sockets.map((socket) => socket.writableLength));
  }

  stop() {
    clearInterval(this.timer);
    for (const socket of this.sockets) {
      socket.removeAllListeners('close');
      socket.destroy();
    }
  }
}

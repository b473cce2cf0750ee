// Encoders as stations have them, over RTMP and RTMPS: what they send arrives bit by bit, and what must
// not be let in is told so.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { collect } from '../harness/dash.mjs';
import { identityKey, protections } from '../harness/decrypt.mjs';
import { assertExact, watchAll } from '../harness/exact.mjs';
import { dualMonoFilm, kMainHertz, kSubHertz, levelAt } from '../harness/dual_mono.mjs';
import { Collector, renditionsOf, strictly } from '../harness/hls.mjs';
import { asFile, film, pictureHashes, soundHashes } from '../harness/media.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { later, sleep, until, within } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start()));
after(async () => {
  assert.ok(server.child.running, `the server lives after all of this: ${server.log.slice(-1000)}`);
  await server.stop();
});

const rtmp = (key, { ports } = server) => `rtmp://127.0.0.1:${ports.rtmp}/live/${key}`;
const rtmps = (key) => `rtmps://127.0.0.1:${server.ports.rtmps}/live/${key}`;
const key = (channel, sub) => `${channel}?token=${publishToken(channel, sub)}`;

// ffmpeg as an encoder; it paces itself.
const ffmpeg = (source, url) =>
  new Child('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-i', source, '-c', 'copy', '-f', 'flv', url]);
const gstreamer = (source, url) =>
  new Child('gst-launch-1.0', [
    '-q', 'filesrc', `location=${source}`, '!', 'flvdemux', 'name=from',
    'flvmux', 'name=to', 'streamable=true', '!', 'rtmp2sink', `location=${url}`,
    'from.video', '!', 'queue', '!', 'h264parse', '!', 'to.video',
    'from.audio', '!', 'queue', '!', 'aacparse', '!', 'to.audio',
  ]);
async function succeeds(child, ms = 60_000) {
  const how = await within(ms, child.command, child.ended);
  assert.equal(how.code, 0, `${child.command}: ${child.stderr.slice(-1500)}`);
}
async function refused(child, ms = 20_000) {
  const how = await within(ms, child.command, child.ended);
  assert.notEqual(how.code, 0, 'it must not succeed');
}
const connected = (channel, input = 0) =>
  until(`a publisher on ${channel}`, async () => (await server.channel(channel)).inputs[input].connected);
const gone = (channel, ms) =>
  until(`no publisher on ${channel}`, async () => !(await server.channel(channel)).inputs[0].connected, { within: ms });

const kCases = [
  { name: 'ffmpeg-rtmp', film: {}, send: (source, name) => ffmpeg(source, rtmp(key(name))) },
  { name: 'ffmpeg-rtmps', film: {}, send: (source, name) => ffmpeg(source, rtmps(key(name))) },
  { name: 'ffmpeg-b-frames-2997', film: { bframes: 2, rate: '30000/1001' }, send: (source, name) => ffmpeg(source, rtmp(key(name))) },
  { name: 'gstreamer-rtmp', film: {}, send: (source, name) => gstreamer(source, rtmp(key(name))) },
];
// A line that passes everything on until it stalls; from then on a byte a second, as a dying modem does.
function stallingLine(port) {
  const line = { port: 0, stalled: false, sockets: [] };
  const proxy = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    const late = [];
    line.sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (bytes) => (line.stalled ? late.push(bytes) : far.write(bytes)));
    far.on('data', (bytes) => near.write(bytes));
    const drip = setInterval(() => {
      if (!line.stalled || late.length === 0 || far.destroyed) return;
      far.write(late[0].subarray(0, 1));
      late[0] = late[0].subarray(1);
    }, 1_000);
    for (const socket of [near, far]) {
      socket.on('close', () => {
        clearInterval(drip);
        near.destroy();
        far.destroy();
      });
    }
  });
  line.close = () => {
    for (const socket of line.sockets) socket.destroy();
    proxy.close();
  };
  return new Promise((ready) => proxy.listen(0, '127.0.0.1', () => {
    line.port = proxy.address().port;
    ready(line);
  }));
}

function noise(seed, size) {
  const pieces = [];
  for (let i = 0; i * 32 < size; ++i) pieces.push(createHash('sha256').update(`${seed} ${i}`).digest());
  return Buffer.concat(pieces).subarray(0, size);
}
const kHello = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);
const connect = Buffer.from('020007636f6e6e656374003ff0000000000000030003617070020004' + '6c697665' + '000009', 'hex');
const command = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, connect.length, 20, 0, 0, 0, 0]), connect]);
const kGarbage = [
  ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['a handshake and noise', (i) => Buffer.concat([kHello, noise(i, 200_000)])],
  ['a connect and noise', (i) => Buffer.concat([kHello, command, noise(i, 200_000)])],
  ['a message of 16 MiB', () => Buffer.concat([kHello, Buffer.from([6, 0, 0, 0, 255, 255, 255, 9, 1, 0, 0, 0])])],
  ['a chunk size of nothing', () => Buffer.concat([kHello, Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0])])],
];

// What a publisher with every right may still send: a whole session up to publish, then messages in one
// chunk each. The server hears of nothing good for 5 s and lets it go, or refuses it at once.
const message = (id, type, stream, body) => {
  const head = Buffer.from([id, 0, 0, 0, 0, 0, 0, type, stream, 0, 0, 0]);
  head.writeUIntBE(body.length, 4, 3);
  return Buffer.concat([head, body]);
};
const text = (value) => Buffer.concat([Buffer.from([2, value.length >> 8, value.length & 255]), Buffer.from(value)]);
const number = (value) => { const bytes = Buffer.alloc(9); bytes.writeDoubleBE(value, 1); return bytes; };
const admitted = (name, ...media) => Buffer.concat([
  kHello,
  message(2, 1, 0, Buffer.from([0, 1, 0, 0])), // chunks of 64 KiB
  message(3, 20, 0, connect),
  message(3, 20, 0, Buffer.concat([text('createStream'), number(2), Buffer.from([5])])),
  message(3, 20, 1, Buffer.concat([text('publish'), number(3), Buffer.from([5]), text(key(name)), text('live')])),
  ...media,
]);
const kAvc = Buffer.from('0164000dffe100196764000dacd94141fb0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800', 'hex');
const picture = (first, body) => message(6, 9, 1, Buffer.concat([Buffer.from(first), body]));
const unit = (nal) => { const size = Buffer.alloc(4); size.writeUInt32BE(nal.length); return Buffer.concat([size, nal]); };
const kBadMedia = [
  ['configurations that lie, and noise for pictures', (i) => [picture([0x17, 0, 0, 0, 0], noise(i, 60)), ...Array.from({ length: 20 }, (_, n) => picture([n ? 0x27 : 0x17, 1, 0, 0, 0], noise(i + n, 20_000)))]],
  ['noise in slices', (i) => [picture([0x17, 0, 0, 0, 0], kAvc), ...Array.from({ length: 20 }, (_, n) => picture([n ? 0x27 : 0x17, 1, 0, 0, 0], unit(Buffer.concat([Buffer.from([n ? 0x41 : 0x65]), noise(i + n, 20_000)]))))]],
  ['lengths that run off', () => [picture([0x17, 0, 0, 0, 0], kAvc), picture([0x17, 1, 0, 0, 0], Buffer.from('7fffffff65aabb', 'hex'))]],
  ['parameter sets without end', (i) => [picture([0x17, 0, 0, 0, 0], kAvc), ...Array.from({ length: 50 }, (_, n) => picture([0x17, 1, 0, 0, 0], Buffer.concat([unit(Buffer.concat([Buffer.from([0x67]), noise(i + n, 40)])), unit(Buffer.from([0x65, 0x88]))])))]],
  ['sound that is none', (i) => [message(4, 8, 1, Buffer.concat([Buffer.from([0xaf, 0]), noise(i, 30)])), ...Array.from({ length: 20 }, (_, n) => message(4, 8, 1, Buffer.concat([Buffer.from([0xaf, 1]), noise(i + n, 500)])))]],
  ['another codec', () => [picture([0x90], Buffer.from('hvc1'))]],
  ['metadata that is noise', (i) => [message(3, 18, 1, noise(i, 5_000))]],
];

describe('encoders side by side', { concurrency: true }, () => {
  for (const { name, film: wanted, send } of kCases) {
    test(`${name}: bit-exact in HLS, DASH and WebSocket, without a worker`, { timeout: 120_000 }, async () => {
      const source = await film({ seconds: 6, container: 'flv', ...wanted });
      const sent = { video: await pictureHashes(source), audio: await soundHashes(source) };
      const got = await watchAll(server, name, async () => {
        const encoder = send(source, name);
        await connected(name);
        assert.deepEqual(await server.workers(), [], 'nothing of it goes through FFmpeg');
        await succeeds(encoder);
      });
      await assertExact(got, sent);
    });
  }

  test('butai publish sends a file by RTMP and RTMPS', { timeout: 120_000 }, async () => {
    const source = await film({ seconds: 4 });
    for (const [name, url] of [['own-rtmp', rtmp('own-rtmp')], ['own-rtmps', rtmps('own-rtmps')]]) {
      const eyes = await viewer(server, name, 'latency=0', { token: viewToken(name) }).open();
      const { stdout } = await server.command(['doctor', ...server.place()], { anyStatus: true });
      const pin = /--pin ([0-9a-f]{64})/.exec(stdout)[1];
      const camera = new Child(program, ['publish', `file:${source}`, url, '--token', publishToken(name), '--pin', pin]);
      await succeeds(camera);
      await eyes.count(4 * 30 * 0.9, 20_000);
      await eyes.close();
    }
  });

  test('S5: a wrong token is refused in words, and so are another channel and no token at all', { timeout: 60_000 }, async () => {
    const source = await film({ seconds: 6, container: 'flv' });
    for (const [what, url] of [
      ['nonsense', rtmp('locked?token=abc')],
      ['another channel', rtmp(`locked?token=${publishToken('other')}`)],
      ['a view token', rtmp(`locked?token=${viewToken('locked')}`)],
      ['no token', rtmp('locked')],
      ['another application', `rtmp://127.0.0.1:${server.ports.rtmp}/../etc/passwd`],
    ]) {
      const from = performance.now();
      await refused(ffmpeg(source, url));
      assert.ok(performance.now() - from < 15_000, `${what} is refused at once`);
    }
    assert.match(server.log, /RTMP publisher refused/);
    const long = ffmpeg(source, rtmp(`locked?token=${publishToken('locked', 'x'.repeat(900))}`));
    await refused(long);
    assert.match(long.stderr, /Some encoders cut so long an address: use a stream key/);
    const camera = new Child(program, ['publish', 'test', rtmp('locked'), '--token', publishToken('other')]);
    await refused(camera);
    assert.match(camera.stderr, /does not allow to publish to locked/);
    assert.doesNotMatch(server.log, /eyJ/, 'no token in the log');
  });

  test('S5, S21: a stream key publishes until it is revoked, which takes its encoder off', { timeout: 60_000 }, async () => {
    const source = await film({ seconds: 30, container: 'flv' });
    const ask = (...args) => server.command(['channel', 'key', 'keyed', ...args, ...server.place(), '--server', server.http]);
    const word = (await ask()).stdout.trim();
    assert.match(word, /^sk_[A-Za-z0-9_-]{32}$/);
    const encoder = ffmpeg(source, rtmp(word));
    await connected('keyed');
    const spare = ffmpeg(source, rtmp(`${word}?input=b`));
    await connected('keyed', 1);
    const id = (await ask('--list')).stdout.split(' ')[0];
    assert.doesNotMatch((await ask('--list')).stdout, new RegExp(word));
    await ask('--revoke', id);
    await refused(encoder);
    await refused(spare);
    await gone('keyed', 5_000);
    await refused(ffmpeg(source, rtmp(word)));
    assert.doesNotMatch(server.log, new RegExp(word), 'no key in the log');
  });

  test('another publisher is refused, the same one takes over', { timeout: 60_000 }, async () => {
    const source = await film({ seconds: 30, container: 'flv' });
    const first = ffmpeg(source, rtmp(key('seat', 'studio')));
    await connected('seat');
    await refused(ffmpeg(source, rtmp(key('seat', 'somebody-else'))));
    assert.ok(first.running);
    const again = ffmpeg(source, rtmp(key('seat', 'studio')));
    await refused(first);
    assert.ok(again.running);
    await connected('seat');
    await again.stop();
  });

  test('key frames ten seconds apart are re-encoded, without a frame lost', { timeout: 90_000 }, async (t) => {
    const name = 'far-apart';
    const own = await Server.start(); // the others have no worker
    t.after(() => own.stop());
    const source = await film({ seconds: 12, gop: 10, container: 'flv' });
    const eyes = await viewer(own, name, 'latency=0', { token: viewToken(name) }).open();
    await succeeds(ffmpeg(source, rtmp(key(name), own)));
    await until('the last of it', async () => {
      const before = eyes.messages.length;
      await sleep(1_500);
      return eyes.messages.length === before;
    }, { within: 30_000 });
    const frames = (await own.channel(name)).inputs[0].frames;
    const sounds = Math.floor((12 * 48_000) / 1024);
    assert.ok(frames >= 12 * 30 + sounds - 5 && frames <= 12 * 30 + sounds + 10, `${frames} frames`);
    assert.equal(own.log.match(/re-encoded by the server: its key frames are more than 4 s apart/g)?.length, 1, 'told, and told once');
    await eyes.close();
  });

  test('of dual mono viewers hear the programme that their channel takes, and see the picture as it was sent', { timeout: 120_000 }, async (t) => {
    const own = await Server.start({ config: '[[channel]]\nname = "japanese"\ndual_mono = "main"\n[[channel]]\nname = "english"\ndual_mono = "sub"\n' });
    t.after(() => own.stop());
    const source = await dualMonoFilm();
    for (const [name, heard, other] of [['japanese', kMainHertz, kSubHertz], ['english', kSubHertz, kMainHertz]]) {
      const got = await watchAll(own, name, () => succeeds(ffmpeg(source, rtmp(key(name), own))));
      for (const sound of [got.hls.audio, got.dash.audio, got.socket]) {
        const [loud, quiet] = await asFile(sound, 'mp4', async (path) => [await levelAt(path, heard), await levelAt(path, other)]);
        assert.ok(loud > -30 && quiet < loud - 30, `${name}: ${loud} dB at ${heard} Hz, ${quiet} dB at ${other} Hz`);
      }
      assert.deepEqual(await asFile(got.hls.video, 'mp4', pictureHashes), await pictureHashes(source));
    }
    assert.match(own.log, /dual mono; of its two programmes viewers get the second/);
  });

  test('of dual mono viewers choose a programme, and hear it alone, in HLS, DASH and by WebSocket', { timeout: 120_000 }, async (t) => {
    const own = await Server.start({ config: '[[channel]]\nname = "film"\ndual_mono = "both"\nsounds = ["ja", "en"]\nladder = ["small"]\n[[rendition]]\nname = "small"\nsize = "160x90"\nbitrate = 100000\n' });
    t.after(() => own.stop());
    const source = await dualMonoFilm({ seconds: 10 });
    const got = await watchAll(own, 'film', () => succeeds(ffmpeg(source, rtmp(key('film'), own))), { second: true });
    const hears = async (sound, heard, other) => {
      const [loud, quiet] = await asFile(sound, 'mp4', async (path) => [await levelAt(path, heard), await levelAt(path, other)]);
      assert.ok(loud > -30 && quiet < loud - 30, `${loud} dB at ${heard} Hz, ${quiet} dB at ${other} Hz`);
    };
    for (const sound of [got.hls.audio, got.dash.audio, got.socket]) await hears(sound, kMainHertz, kSubHertz);
    for (const sound of [got.second.hls, got.second.dash, got.second.socket]) await hears(sound, kSubHertz, kMainHertz);
    for (const each of [got.socket, got.second.socket]) {
      assert.deepEqual(await asFile(each, 'mp4', pictureHashes), await pictureHashes(source));
    }
    strictly(got.multivariant);
    assert.match(got.multivariant, /NAME="ja",LANGUAGE="ja",DEFAULT=YES[^\n]*URI="audio\/[^]*NAME="en",LANGUAGE="en",DEFAULT=NO[^\n]*URI="audio-2\//);
    for (const variant of got.multivariant.match(/#EXT-X-STREAM-INF.*/g)) assert.match(variant, /AUDIO="audio"/);
    const init = (texts) => texts.find(({ type }) => type === 'init');
    assert.deepEqual(init(got.texts).sounds, [{ name: 'audio', language: 'ja' }, { name: 'audio-2', language: 'en' }]);
    assert.equal(init(got.texts).sound, 'audio');
    assert.equal(init(got.second.texts).sound, 'audio-2');
    assert.match(own.log, /dual mono; of its two programmes viewers get both/);
  });

  test('both programmes of a protected channel are encrypted, each heard with the key of sound', { timeout: 90_000 }, async (t) => {
    const own = await Server.start({ config: '[[channel]]\nname = "film"\nprotection = "cbcs"\ndual_mono = "both"\nsounds = ["ja", "en"]\n' });
    t.after(() => own.stop());
    const token = viewToken('film'), options = { headers: { Authorization: `Bearer ${token}` } };
    const encoder = ffmpeg(await dualMonoFilm({ seconds: 20 }), rtmp(key('film'), own));
    const { text } = await own.segmentsOf('film', token);
    const lists = renditionsOf(text, `${own.http}/live/film/index.m3u8`);
    const sockets = await Promise.all(['', '&sound=audio-2'].map((sound) => viewer(own, 'film', `latency=0${sound}`, { token }).open()));
    const collectors = [lists.audio, lists.second].map((url) => new Collector(url, options));
    await Promise.all(collectors.map((each) => each.segments(3)));
    await sockets[1].count(200, 20_000);
    const [{ kid, scheme }] = protections(collectors[1].init);
    assert.equal(scheme, 'cbcs');
    assert.equal(protections(collectors[0].init)[0].kid, kid, 'one key for both');
    const audioKey = await identityKey(own, kid, token);
    const mpd = `${own.http}/live/film/manifest.mpd`;
    const dash = [await collect(mpd, 'audio', options), await collect(mpd, 'audio', options, 'alternate')];
    const bytes = collectors.map((each) => Buffer.concat([each.init, ...each.got.values()]));
    for (const [i, [heard, other]] of [[kMainHertz, kSubHertz], [kSubHertz, kMainHertz]].entries()) {
      for (const sound of [bytes[i], dash[i], Buffer.concat(sockets[i].messages)]) {
        const [loud, quiet] = await asFile(sound, 'mp4', async (path) => [await levelAt(path, heard, audioKey), await levelAt(path, other, audioKey)]);
        assert.ok(loud > -35 && quiet < loud - 30, `${loud} dB at ${heard} Hz, ${quiet} dB at ${other} Hz`);
      }
    }
    await Promise.all([encoder.stop(), ...sockets.map((each) => each.close())]);
  });

  test('an encoder that stops sending is let go after five seconds', { timeout: 60_000 }, async () => {
    const encoder = ffmpeg(await film({ seconds: 30, container: 'flv' }), rtmp(key('stalled')));
    await connected('stalled');
    await sleep(1_000);
    encoder.kill('SIGSTOP');
    const from = performance.now();
    await gone('stalled', 12_000);
    assert.ok(performance.now() - from > 3_000, 'not at once');
    encoder.kill('SIGCONT');
    await encoder.stop();
  });

  test('B24: an encoder that stops in the middle of a frame and keeps its line open gives way to the other', { timeout: 60_000 }, async () => {
    const name = 'half-a-frame';
    const source = await film({ seconds: 30, container: 'flv' });
    const line = await stallingLine(server.ports.rtmp);
    const first = ffmpeg(source, `rtmp://127.0.0.1:${line.port}/live/${key(name, 'studio')}`);
    await connected(name);
    const second = ffmpeg(source, rtmp(`${key(name, 'studio')}&input=b`));
    await connected(name, 1);
    await until('input a on air', async () => {
      const now = await server.channel(name);
      return now.live && now.on_air === 'a';
    });
    line.stalled = true;
    const from = performance.now();
    await until('input b on air', async () => (await server.channel(name)).on_air === 'b', { within: 5_000, every: 50 });
    console.log(`# the other input was on air after ${Math.round(performance.now() - from)} ms`);
    await gone(name, 10_000);
    assert.ok((await server.channel(name)).live);
    assert.match(server.log, /no audio or video came for 5 s/);
    line.close();
    await Promise.all([first.stop(), second.stop()]);
  });

  test('publishers of garbage cost a viewer of another channel no frame', { timeout: 90_000 }, async (t) => {
    const name = 'control';
    const own = await Server.start(); // their address fills its share of connections
    t.after(() => own.stop());
    const source = await film({ seconds: 8, container: 'flv' });
    const sent = { video: await pictureHashes(source), audio: await soundHashes(source) };
    const got = await watchAll(own, name, async () => {
      const encoder = ffmpeg(source, rtmp(key(name), own));
      await until('the encoder', async () => (await own.channel(name)).inputs[0].connected);
      const ends = [];
      const kinds = [...kGarbage, ...kBadMedia.map(([what, media]) => [what, (i) => admitted(`waste-${i}`, ...media(i))])];
      for (let i = 0; i < 4 * kinds.length; ++i) {
        const [what, make] = kinds[i % kinds.length];
        const raw = net.connect(own.ports.rtmp, '127.0.0.1');
        const ended = later();
        raw.on('error', () => {});
        raw.on('close', () => ended.resolve());
        raw.resume();
        raw.write(make(i));
        ends.push(within(15_000, `the end of ${what}`, ended.promise));
        await sleep(50);
      }
      await Promise.all(ends);
      await succeeds(encoder);
    });
    await assertExact(got, sent);
    assert.ok(own.child.running, `the server lives after all of this: ${own.log.slice(-1000)}`);
    assert.match(own.log, /publisher on.*waste-/, 'those with a right were let in');
    assert.match(own.log, /Enhanced RTMP \(hvc1\) is not taken yet/);
  });
});

// Low latency DASH: a segment is in the manifest, and can be fetched, while it grows; its bytes come as
// they are made (DASH-IF IOP 5 part 4).
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { readManifest } from '../harness/dash.mjs';
import { fetchOk } from '../harness/hls.mjs';
import { fragments } from '../harness/mp4.mjs';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server;
const senders = [];
before(async () => {
  server = await Server.start({
    config: '[channels]\naccess = "public"\n[[channel]]\nname = "low"\n[[channel]]\nname = "stable"\nlatency = "stable"\n',
  });
  for (const channel of ['low', 'stable']) {
    senders.push(
      new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=${channel}`], {
        env: { BUTAI_TOKEN: publishToken(channel) },
      }),
    );
  }
  await Promise.all(['low', 'stable'].map((channel) => server.segmentsOf(channel)));
});
after(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

const address = () => `${server.http}/live/low/manifest.mpd`;
const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];

// When each piece of an answer came, in ms since the request, and all its bytes.
function timed(url) {
  return new Promise((done, fail) => {
    const from = performance.now();
    const pieces = [];
    http.get(url, { agent: false }, (answer) => {
      answer.on('data', (bytes) => pieces.push({ at: performance.now() - from, bytes }));
      answer.on('error', fail);
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, pieces, bytes: Buffer.concat(pieces.map((piece) => piece.bytes)) }));
    }).on('error', fail);
  });
}

// The open segment of a kind, soon after it has begun.
const openSegment = (type) =>
  until('a segment that has just begun', async () => {
    const { text } = await fetchOk(address());
    const segment = readManifest(text, address()).find((set) => set.type === type).segments.at(-1);
    const left = (segment.time + segment.duration) / segment.timescale - Date.now() / 1000;
    return left > 1.2 && segment;
  }, { every: 100 });

test('the manifest says that segments may be fetched while they grow', async () => {
  const { text } = await fetchOk(address());
  for (const [template] of text.matchAll(/<SegmentTemplate[^>]*>/g)) {
    assert.equal(attribute(template, 'availabilityTimeComplete'), 'false');
    const offset = Number(attribute(template, 'availabilityTimeOffset'));
    assert.ok(offset > 1.9 && offset < 2, `availabilityTimeOffset ${offset}`);
  }
  assert.match(attribute(text, 'profiles'), /low-latency-live-v5/);
  assert.equal(text.match(/<ProducerReferenceTime /g).length, 2);
  const [latency] = /<Latency [^>]*>/.exec(text);
  assert.ok(text.includes(`<ProducerReferenceTime id="${attribute(latency, 'referenceId')}"`));
});

for (const type of ['video', 'audio']) {
  test(`a growing ${type} segment comes piece by piece, and is then the same file`, { timeout: 30_000 }, async () => {
    const segment = await openSegment(type);
    const grown = await timed(segment.uri);
    assert.equal(grown.status, 200);
    assert.equal(grown.headers['transfer-encoding'], 'chunked');
    assert.match(grown.headers['cache-control'], /immutable/);
    assert.ok(grown.pieces[0].at < 300, `first piece after ${grown.pieces[0].at} ms`);
    assert.ok(grown.pieces.length > 10, `${grown.pieces.length} pieces`);
    assert.ok(grown.pieces.at(-1).at > 1000, `last piece after ${grown.pieces.at(-1).at} ms`);
    const gaps = grown.pieces.slice(1).map((piece, at) => piece.at - grown.pieces[at].at);
    assert.ok(Math.max(...gaps) < 600, `a pause of ${Math.max(...gaps)} ms`);
    const whole = await fetchOk(segment.uri);
    assert.ok(whole.bytes.equals(grown.bytes), 'what grew is what stays');
    assert.equal(whole.headers.etag, grown.headers.etag);
    assert.equal(Number(whole.headers['content-length']), grown.bytes.length);
    const all = fragments(whole.bytes);
    assert.equal(Number(all[0].time), segment.time);
  });
}

test('many at once get the same growing segment', { timeout: 30_000 }, async () => {
  const segment = await openSegment('video');
  const all = await Promise.all(Array.from({ length: 50 }, () => timed(segment.uri)));
  for (const each of all) assert.ok(each.bytes.equals(all[0].bytes));
});

test('a viewer that leaves in the middle harms nobody', { timeout: 30_000 }, async () => {
  const segment = await openSegment('video');
  const stays = timed(segment.uri);
  await new Promise((done) => {
    const leaving = http.get(segment.uri, { agent: false }, (answer) => answer.once('data', () => leaving.destroy()));
    leaving.on('error', () => {});
    leaving.on('close', done);
  });
  assert.ok((await stays).bytes.equals((await fetchOk(segment.uri)).bytes));
});

test('when the publisher stops and another goes on, the answer ends with what there was', { timeout: 30_000 }, async () => {
  const segment = await openSegment('video');
  const growing = timed(segment.uri);
  await senders[0].stop();
  senders[0] = new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=low`], { env: { BUTAI_TOKEN: publishToken('low') } });
  const { bytes } = await growing;
  assert.ok(bytes.length > 0);
  assert.ok((await fetchOk(segment.uri)).bytes.equals(bytes));
});

test('a stable channel gives whole segments only', async () => {
  const manifest = `${server.http}/live/stable/manifest.mpd`;
  const { text } = await fetchOk(manifest);
  assert.ok(!text.includes('availabilityTimeOffset'));
  const { segments } = readManifest(text, manifest).find((set) => set.type === 'video');
  const last = segments.at(-1);
  const next = last.uri.replace(String(last.time), String(last.time + last.duration));
  assert.equal((await request(next)).status, 404);
});

test('ffmpeg plays it', { timeout: 40_000 }, async () => {
  const { stderr } = await run('ffmpeg', ['-v', 'info', '-i', address(), '-t', '5', '-map', '0:v', '-f', 'null', '-'], { timeout: 35_000 });
  const frames = Number(/frame=\s*(\d+)(?!.*frame=)/s.exec(stderr)[1]);
  assert.ok(frames >= 5 * 30 - 2, `${frames} pictures`);
});

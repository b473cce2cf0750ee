// What a CDN and a browser's cache may keep, and how they ask again (RFC 9110, RFC 9111).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readManifest } from '../harness/dash.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';

let server;
const senders = [];
before(async () => {
  server = await Server.start({
    config: '[[channel]]\nname = "low"\naccess = "public"\n[[channel]]\nname = "stable"\naccess = "public"\nlatency = "stable"\n',
  });
  for (const channel of ['low', 'stable', 'main']) {
    senders.push(
      new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=${channel}`], {
        env: { BUTAI_TOKEN: publishToken(channel) },
      }),
    );
  }
  await Promise.all(['low', 'stable'].map((channel) => server.segmentsOf(channel)));
  await server.segmentsOf('main', viewToken());
});
after(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

const base = (channel) => `${server.http}/live/${channel}/index.m3u8`;
async function videoOf(channel) {
  const { text } = await fetchOk(base(channel));
  return renditionsOf(text, base(channel)).video;
}
const texts = (channel, video) => [base(channel), video, `${server.http}/live/${channel}/manifest.mpd`];

for (const channel of ['low', 'stable']) {
  describe(`${channel} channel`, () => {
    test('playlists and manifests may be shared for a second, and come as gzip', async () => {
      for (const url of texts(channel, await videoOf(channel))) {
        const [plain, packed] = await Promise.all([fetchOk(url), fetchOk(url, { headers: { 'Accept-Encoding': 'gzip, br' } })]);
        for (const answer of [plain, packed]) {
          assert.equal(answer.headers['cache-control'], 'public, max-age=1', url);
          assert.equal(answer.headers.vary, 'Accept-Encoding');
          assert.equal(answer.headers['access-control-allow-origin'], '*');
          assert.match(answer.headers['access-control-expose-headers'], /\bAge\b/);
        }
        assert.equal(plain.headers['content-encoding'], undefined);
        assert.equal(packed.headers['content-encoding'], 'gzip');
        assert.match(gunzipSync(packed.bytes).toString(), /^(#EXTM3U\n|<\?xml )/);
        assert.notEqual(plain.headers.etag, packed.headers.etag);
        assert.ok(packed.bytes.length < plain.bytes.length);
        const refused = await fetchOk(url, { headers: { 'Accept-Encoding': 'gzip;q=0' } });
        assert.equal(refused.headers['content-encoding'], undefined);
      }
    });

    test('what has not changed is 304, what has is new', async () => {
      const { segments } = await media(await videoOf(channel));
      const { headers } = await fetchOk(segments.at(-1).uri);
      const again = await request(segments.at(-1).uri, { headers: { 'If-None-Match': headers.etag } });
      assert.equal(again.status, 304);
      assert.equal(again.bytes.length, 0);
      assert.equal(again.headers.etag, headers.etag);
      assert.match(again.headers['cache-control'], /immutable/);
      for (const url of texts(channel, await videoOf(channel))) {
        const answer = await request(url, { headers: { 'If-None-Match': '"of yesterday"' } });
        assert.equal(answer.status, 200);
      }
    });

    test('segments, parts and init segments are kept for ever, and given in ranges', async () => {
      const list = await media(await videoOf(channel));
      const segment = list.segments.at(-1);
      for (const url of [segment.map, segment.uri, ...segment.parts.map((part) => part.uri)]) {
        const whole = await fetchOk(url);
        assert.equal(whole.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.equal(whole.headers['accept-ranges'], 'bytes');
        const part = await request(url, { headers: { Range: 'bytes=10-99', 'If-Range': whole.headers.etag } });
        assert.equal(part.status, 206);
        assert.equal(part.headers['content-range'], `bytes 10-99/${whole.bytes.length}`);
        assert.ok(part.bytes.equals(whole.bytes.subarray(10, 100)));
        const past = await request(url, { headers: { Range: `bytes=${whole.bytes.length}-` } });
        assert.equal(past.status, 416);
        const head = await request(url, { method: 'HEAD' });
        assert.equal(Number(head.headers['content-length']), whole.bytes.length);
        assert.equal(head.headers.etag, whole.headers.etag);
      }
    });

    test('what is not there is asked for again after a second', async () => {
      const answer = await request(`${server.http}/live/${channel}-unknown/index.m3u8`, { headers: { Authorization: `Bearer ${viewToken(`${channel}-unknown`)}` } });
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['retry-after'], '1');
      assert.equal(answer.headers['cache-control'], 'max-age=1');
    });
  });
}

test('a blocking reload has an address of its own and may be kept for six target durations', async () => {
  const video = await videoOf('low');
  const list = await media(video);
  const answer = await fetchOk(`${video}?_HLS_msn=${list.sequence + list.segments.length}&_HLS_part=0`);
  assert.equal(answer.headers['cache-control'], 'public, max-age=24');
});

test('the right in the path may be shared; a bearer token may not', async () => {
  const token = viewToken();
  const play = await server.play('main', token);
  const { text } = await fetchOk(play.hls);
  const shared = await fetchOk(renditionsOf(text, play.hls).video);
  assert.equal(shared.headers['cache-control'], 'public, max-age=1');
  const own = await server.get('/live/main/video/index.m3u8', { token });
  assert.equal(own.headers['cache-control'], 'private, max-age=1');
  const { segments } = await media(renditionsOf(text, play.hls).video);
  const path = new URL(segments.at(-1).uri).pathname.replace(/^\/t\/[^/]+/, '');
  assert.equal((await server.get(path, { token })).headers['cache-control'], 'private, max-age=31536000, immutable');
  assert.equal((await request(segments.at(-1).uri)).headers['cache-control'], 'public, max-age=31536000, immutable');
  const mpd = await fetchOk(play.dash);
  assert.ok(readManifest(mpd.text, play.dash).length > 0);
});

// The whole line once: start, answer, publish the test picture, play it three ways, stop.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { probe } from '../harness/media.mjs';
import { until } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start()));
after(async () => server?.stop());

test('prints its ports as one JSON line', () => {
  for (const name of ['http', 'https', 'metrics']) assert.ok(server.ports[name] > 0, name);
});

test('is alive and ready', async () => {
  assert.equal((await server.get('/healthz')).status, 200);
  assert.equal((await server.get('/readyz')).status, 200);
});

test('GET / is the site for browsers and a message for programs', async () => {
  const page = await server.get('/', { headers: { Accept: 'text/html,*/*' } });
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  assert.match(page.text, /<html/);
  const message = await server.get('/');
  assert.deepEqual(message.json(), { message: 'WebSocket endpoint is /ws' });
  assert.equal((await server.get('/', { headers: { Accept: '*/*' } })).text, '{"message": "WebSocket endpoint is /ws"}');
});

test('/time is UTC in milliseconds', async () => {
  const { text, headers } = await server.get('/time');
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(text) - Date.now()) < 1000);
  assert.match(headers['cache-control'], /no-store/);
});

test('the API describes itself, every route with its policy', async () => {
  const { status, json } = await server.get('/api/v1/openapi.json');
  assert.equal(status, 200);
  const api = json();
  assert.match(api.openapi, /^3\./);
  for (const path of ['/api/v1/channels', '/api/v1/plays', '/token', '/ws', '/live/{channel}/index.m3u8']) {
    assert.ok(api.paths[path], path);
  }
});

test('https answers with a certificate of its own', async () => {
  assert.equal((await server.get(`${server.https}/healthz`)).status, 200);
});

test('metrics are text for Prometheus', async () => {
  const { text, headers } = await server.get(server.metricsUrl);
  assert.match(headers['content-type'], /^text\/plain/);
  assert.match(text, /^# TYPE butai_/m);
});

test('the test picture of `butai publish` plays as HLS, DASH and WebSocket', async () => {
  const sender = new Child(program, ['publish', 'test', `${server.ws}/ws?channel=main`], {
    env: { BUTAI_TOKEN: publishToken() },
  });
  try {
    const token = viewToken();
    await server.segmentsOf('main', token);
    const play = await server.play('main', token);

    for (const address of [play.hls, play.dash]) {
      const { streams } = await until(`ffprobe of ${address}`, () => probe(address), { within: 20_000 });
      const codecs = streams.map((s) => s.codec_name).sort();
      assert.deepEqual(codecs, ['aac', 'h264'], address);
      const video = streams.find((s) => s.codec_name === 'h264');
      assert.deepEqual([video.width, video.height], [1280, 720]);
    }

    const watched = await server.command(['watch', play.ws, '--seconds', '3', '--json']);
    const figures = JSON.parse(watched.stdout.trim().split('\n').at(-1));
    assert.ok(figures.frames >= 60, watched.stdout);
    assert.equal(figures.gaps, 0, watched.stdout);
    assert.ok(sender.running, sender.stderr);
  } finally {
    await sender.stop();
  }
});

test('SIGTERM ends it within seconds, with status 0', async () => {
  const own = await Server.start();
  const how = await own.stop();
  assert.deepEqual(how, { code: 0, signal: null });
});

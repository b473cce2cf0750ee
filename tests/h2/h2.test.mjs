// HTTP/2 on the TLS port with clients of others: curl, node, Chromium, h2load. What they get is what
// HTTP/1.1 gives.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { fetchOk, media, readMedia, renditionsOf } from '../harness/hls.mjs';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, sender, session;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n[[channel]]\nname = "main"\nlatency = "low"\n' });
  sender = new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=main`], {
    env: { BUTAI_TOKEN: publishToken('main') },
  });
  await server.segmentsOf('main');
  session = http2.connect(server.https, { rejectUnauthorized: false });
});
after(async () => {
  session?.destroy();
  await sender?.stop();
  await server?.stop();
});

// One request of the shared connection.
function ask(path, headers = {}, body) {
  return new Promise((done, fail) => {
    const stream = session.request({ ':path': path, ':method': body === undefined ? 'GET' : 'POST', ...headers });
    const pieces = [];
    let head;
    stream.on('response', (fields) => (head = fields));
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('error', fail);
    stream.on('end', () => {
      const bytes = Buffer.concat(pieces);
      done({ status: head[':status'], headers: head, bytes, text: bytes.toString(), at: performance.now() });
    });
    stream.end(body);
  });
}
const path = (url) => new URL(url).pathname + new URL(url).search;

test('curl speaks HTTP/2 by ALPN, and HTTP/1.1 when it wants that', async () => {
  for (const [flag, version] of [['--http2', '2'], ['--http1.1', '1.1']]) {
    const { stdout } = await run('curl', ['-sk', flag, '-o', '/dev/null', '-w', '%{http_version} %{http_code}', `${server.https}/healthz`]);
    assert.equal(stdout, `${version} 200`);
  }
  const plain = await run('curl', ['-s', '--http2', '-o', '/dev/null', '-w', '%{http_version}', `${server.http}/healthz`]);
  assert.equal(plain.stdout, '1.1', 'no h2c');
});

// A page names a new one in every answer.
const withoutNonce = (bytes) => bytes.toString('latin1').replace(/nonce="[^"]+"/g, '');

test('pages, playlists, manifests, segments and parts are the same bytes as over HTTP/1.1', async () => {
  const { text } = await fetchOk(`${server.https}/live/main/index.m3u8`);
  const { video } = renditionsOf(text, `${server.https}/live/main/index.m3u8`);
  const list = await media(video);
  const segment = list.segments.at(-1);
  const part = [...list.segments, ...(list.open ? [list.open] : [])].flatMap(({ parts }) => parts).at(-1);
  const manifest = await fetchOk(`${server.https}/live/main/manifest.mpd`);
  assert.match(manifest.text, /<MPD/);
  for (const url of [`${server.https}/watch/main`, `${server.https}/`, segment.map, segment.uri, part.uri]) {
    const headers = { accept: 'text/html,*/*' };
    const one = await request(url, { headers });
    const two = await ask(path(url), headers);
    assert.equal(two.status, one.status, url);
    assert.ok(withoutNonce(two.bytes) === withoutNonce(one.bytes), `${url}: ${two.bytes.length} and ${one.bytes.length} bytes`);
    for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'access-control-allow-origin']) {
      assert.equal(two.headers[name], one.headers[name], `${name} of ${url}`);
    }
  }
  const ranged = await ask(path(segment.uri), { range: 'bytes=10-19' });
  assert.equal(ranged.status, 206);
  assert.ok(ranged.bytes.equals((await request(segment.uri)).bytes.subarray(10, 20)));
  assert.match((await ask('/live/main/manifest.mpd')).text, /<MPD/);
  // Answers say what goes first: playlists, then parts, then segments.
  assert.equal((await ask(path(video))).headers.priority, 'u=1');
  assert.equal((await ask(path(part.uri))).headers.priority, 'u=2');
  assert.equal((await ask(path(segment.uri))).headers.priority, 'u=4');
});

test('fifty held playlist reloads of one connection are released together, and hold up nobody', async () => {
  const { text } = await fetchOk(`${server.https}/live/main/index.m3u8`);
  const { video } = renditionsOf(text, `${server.https}/live/main/index.m3u8`);
  const list = readMedia((await ask(path(video))).text, video);
  const next = list.sequence + list.segments.length + 1;
  let open = 50;
  const held = Array.from({ length: open }, () => ask(`${path(video)}?_HLS_msn=${next}`).finally(() => --open));
  assert.equal((await ask('/healthz')).status, 200);
  assert.equal(open, 50, 'still held');
  const answers = await Promise.all(held);
  assert.ok(answers.every(({ status, bytes }) => status === 200 && bytes.equals(answers[0].bytes)));
  const times = answers.map(({ at }) => at);
  const spread = Math.max(...times) - Math.min(...times);
  console.log(`# 50 held reloads released within ${spread.toFixed(1)} ms`);
  assert.ok(spread < 250, `${spread} ms between the first and the last`);
});

test('a hinted part is held in its stream and comes when it is there', async () => {
  const { text } = await fetchOk(`${server.https}/live/main/index.m3u8`);
  const { video } = renditionsOf(text, `${server.https}/live/main/index.m3u8`);
  const list = readMedia((await ask(path(video))).text, video);
  const part = await ask(path(list.hint));
  assert.equal(part.status, 200);
  assert.ok(part.bytes.length > 100);
});

test('errors and bodies are as over HTTP/1.1', async () => {
  assert.equal((await ask('/live/nowhere/index.m3u8')).status, 404);
  assert.equal((await ask('/%2e%2e/etc/passwd')).status, 400);
  assert.equal((await ask('/live/main/ws')).status, 426);
  const login = await ask('/token', { 'content-type': 'application/x-www-form-urlencoded' }, 'grant_type=password&username=nobody&password=x');
  assert.ok([400, 401].includes(login.status), `${login.status}`);
  assert.equal((await ask('/token', { 'content-type': 'application/x-www-form-urlencoded' }, 'x'.repeat(5000))).status, 413);
});

test('a hundred streams at once, again and again, by h2load', async () => {
  const { stdout } = await run('h2load', ['-n', '5000', '-c', '4', '-m', '100', '-t', '1', `${server.https}/live/main/index.m3u8`]);
  console.log(`# ${/finished in.*/.exec(stdout)?.[0]}`);
  assert.match(stdout, /Application protocol: h2/);
  assert.match(stdout, /5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored/);
  assert.equal(await server.metric('butai_http2_faults_total'), 0);
});

test('Chromium fetches over h2 and opens wss on the same port beside it', { timeout: 60_000 }, async () => {
  const browser = await startChromium(['--ignore-certificate-errors']);
  try {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    const protocols = new Map();
    const client = await page.context().newCDPSession(page);
    await client.send('Network.enable');
    client.on('Network.responseReceived', ({ response }) => protocols.set(new URL(response.url).pathname, response.protocol));
    await page.goto(`${server.https}/watch/main?player=hls`);
    const playlist = await until('playlists over h2', () => [...protocols.keys()].find((name) => name.endsWith('/video/index.m3u8') || /live\/main\/.*index\.m3u8$/.test(name)), { within: 20_000 });
    const others = [...protocols].filter(([, protocol]) => protocol !== 'h2');
    assert.equal(protocols.get(playlist), 'h2');
    assert.deepEqual(others, []);
    await until('the picture to run', () => page.evaluate(() => window.butai?.stats()?.decodedFrames > 10), { within: 20_000 });
    const opened = await page.evaluate((url) => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      socket.onmessage = ({ data }) => { if (data instanceof ArrayBuffer) { socket.close(); done(data.byteLength); } };
      socket.onerror = () => done(0);
    }), `${server.wss}/live/main/ws`);
    assert.ok(opened > 0, 'a wss message came');
  } finally {
    await browser.close();
  }
});

// Behind Debian's nginx: one HTTPS port in front, everything works, and addresses and scheme are
// believed from it and from nobody else.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { probe } from '../harness/media.mjs';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server, request, temporaryFolder } from '../harness/server.mjs';
import { Socket, publisher, refusalOf } from '../harness/socket.mjs';
import { publishToken, token, viewToken } from '../harness/token.mjs';
import { freePort } from '../harness/webdriver.mjs';
import { until, within } from '../harness/wait.mjs';

let server, nginx, front, plainFront, sender;

const configuration = (folder, port, plain) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port} ssl;
    listen 127.0.0.1:${plain};
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    location / {
      proxy_pass http://127.0.0.1:${server.ports.http};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      # The test plays many viewers: each says who it is, and nginx appends the real address to it.
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
      proxy_read_timeout 60s;
    }
  }
}
`;

before(async () => {
  server = await Server.start({ config: '[server]\ntrusted_proxies = ["127.0.0.1"]\n' });
  const folder = await temporaryFolder();
  mkdirSync(folder, { recursive: true });
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]);
  const [port, plain] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, plain));
  nginx = new Child('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
  front = `https://localhost:${port}`;
  plainFront = `http://localhost:${plain}`;
  await until('nginx to answer', async () => {
    if (!nginx.running) throw new Error(nginx.stderr);
    return (await request(`${front}/healthz`)).status === 200;
  });
  sender = new Child(program, ['publish', 'test', '--size', '320x180', `${front.replace('https', 'wss')}/ws?channel=main`, '--ca', join(folder, 'cert.pem')], { env: { BUTAI_TOKEN: publishToken() } });
});
after(async () => {
  await sender?.stop();
  await nginx?.stop('SIGQUIT');
  await server?.stop();
});

const get = (path, options) => request(front + path, options);
const bearer = (t) => ({ headers: { Authorization: `Bearer ${t}` } });

test('`butai publish` sends through it; HLS, DASH and wss play through it', { timeout: 60_000 }, async () => {
  await until('the first segment', async () => (await get('/live/main/index.m3u8', bearer(viewToken()))).status === 200, { within: 20_000 });
  const answer = await request(`${front}/api/v1/plays`, { method: 'POST', body: '{"channel":"main"}', headers: { Authorization: `Bearer ${viewToken()}`, 'Content-Type': 'application/json' } });
  assert.equal(answer.status, 201, answer.text);
  const play = answer.json();
  assert.ok(play.hls.startsWith(`${front}/t/`), play.hls);
  assert.ok(play.ws.startsWith(front.replace('https', 'wss')), play.ws);
  for (const address of [play.hls, play.dash]) {
    const { streams } = await until(address, () => probe(address, ['-tls_verify', '0']), { within: 20_000 });
    assert.deepEqual(streams.map((s) => s.codec_name).sort(), ['aac', 'h264'], address);
  }
  const socket = await new Socket(play.ws).open();
  await socket.count(40);
  await socket.close();
});

test('the manifest names the address in front', async () => {
  const { text } = await get('/live/main/manifest.mpd', bearer(viewToken()));
  assert.match(text, new RegExp(`value="${front}/time"`));
});

test('blocking reload passes through', { timeout: 20_000 }, async () => {
  const { text } = await get('/live/main/video/index.m3u8', bearer(viewToken()));
  const sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]) + text.match(/#EXTINF/g).length;
  const from = performance.now();
  const answer = await get(`/live/main/video/index.m3u8?_HLS_msn=${sequence}`, bearer(viewToken()));
  assert.equal(answer.status, 200);
  assert.ok(performance.now() - from < 3500);
  assert.match(answer.text, /EXT-X-PART/);
});

test('pages: https through the proxy is fine; plain through it is sent to https', async () => {
  const page = await get('/', { headers: { Accept: 'text/html', Host: 'live.example.org' } });
  assert.equal(page.status, 200);
  const plain = await request(`${plainFront}/watch/main?x=1`, { headers: { Accept: 'text/html', Host: 'live.example.org' } });
  assert.equal(plain.status, 308);
  assert.match(plain.headers.location, /^https:\/\/live\.example\.org(:\d+)?\/watch\/main\?x=1$/);
  const local = await request(`${plainFront}/watch/main`, { headers: { Accept: 'text/html' } });
  assert.equal(local.status, 200, 'localhost stays on plain HTTP');
});

test('limits count the viewer behind the proxy, not the proxy', { timeout: 40_000 }, async () => {
  const guess = (address, i) =>
    get('/token', {
      method: 'POST',
      body: `grant_type=password&username=u${i}&password=x`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...(address ? { 'X-Forwarded-For': address } : {}) },
    });
  // One behind a proxy that is not ours can write what it likes before its own address: the last
  // address that is not a trusted proxy's counts. Here that is what the client wrote, as 127.0.0.1
  // (the test itself) is trusted.
  const one = [];
  for (let i = 0; i < 26; ++i) one.push((await guess('203.0.113.7', i)).status);
  assert.ok(one.includes(429), `one address: ${one}`);
  assert.notEqual((await guess('203.0.113.8', 90)).status, 429, 'its neighbour is not slowed down');
  const v6 = [];
  for (let i = 0; i < 26; ++i) v6.push((await guess(`2001:db8:1:2::${i.toString(16)}`, i)).status);
  assert.ok(v6.includes(429), 'one /64 counts as one');
  assert.notEqual((await guess('2001:db8:1:3::1', 91)).status, 429);
  assert.notEqual((await guess('not an address', 92)).status, 500);
});

test('refusals of sockets come through as they are', async () => {
  const ws = front.replace('https', 'wss');
  assert.equal((await refusalOf(new Socket(`${ws}/live/main/ws`, { token: token('view:other') }))).status, 403);
  assert.equal((await refusalOf(new Socket(`${ws}/ws?channel=main`, { token: publishToken('main', 'another') }))).status, 409);
  const late = await new Socket(`${ws}/live/main/ws`).open();
  assert.equal((await within(5000, 'the close', late.closed.promise)).code, 4401);
});

test('a server that trusts nobody believes none of it', async () => {
  const own = await Server.start();
  try {
    const page = await own.get('/', { headers: { Accept: 'text/html', Host: 'live.example.org', 'X-Forwarded-Proto': 'https' } });
    assert.equal(page.status, 308, 'sent to https all the same');
    const camera = await publisher(own, 'channel=x', { token: publishToken('x'), headers: { 'X-Forwarded-Host': 'evil.example' } }).open();
    await camera.close();
    const play = await own.post('/api/v1/plays', { channel: 'main' }, { token: viewToken(), headers: { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' } });
    assert.ok(!play.text.includes('evil') && !play.text.includes('https:'), play.text);
  } finally {
    await own.stop();
  }
});

// deploy/cdn/nginx.conf as it stands, but for its addresses: media is fetched once for all viewers, who may is
// asked of the server, and an ended play is dark in the cache within 10 s.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { root } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server, request, temporaryFolder } from '../harness/server.mjs';
import { viewToken } from '../harness/token.mjs';
import { freePort } from '../harness/webdriver.mjs';
import { until } from '../harness/wait.mjs';

let server, nginx, camera, front;
before(async () => {
  server = await Server.start({ config: '[server]\ntrusted_proxies = ["127.0.0.1"]\n[[channel]]\nname = "stage"\nprotection = "cbcs"\nlatency = "stable"\n' });
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 'cache'), { recursive: true });
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]);
  const port = await freePort();
  const replace = [
    ['/var/cache/nginx/butai', join(folder, 'cache')],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/butai/certificate.pem', join(folder, 'cert.pem')],
    ['/etc/butai/certificate.key', join(folder, 'key.pem')],
    ['server 127.0.0.1:8080', `server 127.0.0.1:${server.ports.http}`],
  ];
  let recipe = readFileSync(join(root, 'deploy/cdn/nginx.conf'), 'utf8');
  for (const [from, to] of replace) {
    assert.ok(recipe.includes(from), `the recipe has ${from}`);
    recipe = recipe.replace(from, to);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const user = process.getuid() === 0 ? 'user root;' : '';
  writeFileSync(join(folder, 'nginx.conf'), `${user} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;\nevents { worker_connections 256; }\nhttp { access_log off; ${temporary}\n${recipe}\n}\n`);
  nginx = new Child('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
  front = `https://localhost:${port}`;
  await until('nginx to answer', async () => {
    if (!nginx.running) throw new Error(nginx.stderr);
    return (await request(`${front}/healthz`)).status === 200;
  });
  camera = await feed(server, 'stage', await film({ seconds: 12 }));
  await server.segmentsOf('stage', viewToken('stage'));
});
after(async () => {
  await camera?.stop();
  await nginx?.stop('SIGQUIT');
  await server?.stop();
});

async function play(sub) {
  const token = viewToken('stage', sub);
  const answer = await request(`${front}/api/v1/plays`, { method: 'POST', body: '{"channel":"stage"}', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
  assert.equal(answer.status, 201, answer.text);
  return { token, ...answer.json() };
}
const playlistOf = async ({ hls }) => renditionsOf((await fetchOk(hls)).text, hls).video;

test('a segment is fetched once for two viewers, a playlist never kept', { timeout: 60_000 }, async () => {
  const [one, two] = [await play('one'), await play('two')];
  const [first, second] = await Promise.all([one, two].map(async (each) => media(await playlistOf(each))));
  const segment = first.segments[0].uri;
  const same = second.segments.find(({ uri }) => uri.split('/live/')[1] === segment.split('/live/')[1]).uri;
  assert.notEqual(segment, same, 'each with a right of its own');
  const [cold, warm] = [await request(segment), await request(same)];
  assert.deepEqual([cold.headers['x-cache'], warm.headers['x-cache']], ['MISS', 'HIT']);
  assert.ok(cold.bytes.equals(warm.bytes));
  assert.match(warm.headers['cache-control'], /^public, max-age=31536000, immutable$/);
  const list = await request(await playlistOf(one));
  assert.equal(list.headers['x-cache'], undefined);
  assert.match(list.headers['cache-control'], /max-age=1$/);
  const license = await request(`${one.license}/clearkey`, { method: 'POST', body: '{"kids":["AAAAAAAAAAAAAAAAAAAAAA"]}' });
  assert.equal(license.headers['cache-control'], 'no-store');
});

test('what is in the cache is given to nobody without a right, and not 10 s after a play has ended', { timeout: 60_000 }, async () => {
  const mine = await play('three');
  const [{ uri: segment }] = (await media(await playlistOf(mine))).segments;
  assert.equal((await request(segment)).status, 200);
  const forged = segment.replace(/\/t\/(.)/, (_, c) => `/t/${c === 'A' ? 'B' : 'A'}`);
  assert.equal((await request(forged)).status, 401);
  const ended = await request(`${front}/api/v1/plays/${mine.play}`, { method: 'DELETE', headers: { Authorization: `Bearer ${mine.token}` } });
  assert.equal(ended.status, 204);
  const from = performance.now();
  await until('the cache to know', async () => (await request(segment)).status === 401, { within: 10_000, every: 250 });
  console.log(`# dark after ${((performance.now() - from) / 1000).toFixed(1)} s`);
});

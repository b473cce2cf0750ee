// nginx in front of a server, by the recipe of deploy/cdn with its addresses replaced; `everywhere` is more
// configuration for the location of all that is not media, `secrets` are those of [cdn] key by their names.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { Child, run } from './process.mjs';
import { request, temporaryFolder } from './server.mjs';
import { until } from './wait.mjs';
import { freePort } from './webdriver.mjs';

export async function startNginx(server, { everywhere = '', secrets = {} } = {}) {
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
    ['location / {', `location / {\n    ${everywhere}`],
    ['  # a "the secret behind a: in [cdn] key";', Object.entries(secrets).map(([name, secret]) => `${name} "${secret}";`).join(' ')],
  ];
  let recipe = readFileSync(join(root, 'deploy/cdn/nginx.conf'), 'utf8');
  for (const [from, to] of replace) {
    assert.ok(recipe.includes(from), `the recipe has ${from}`);
    recipe = recipe.replace(from, to);
  }
  if (everywhere.includes('proxy_cache')) recipe = recipe.replace(/(location \/ \{[^}]*)proxy_buffering off;/, '$1');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const user = process.getuid() === 0 ? 'user root;' : '';
  writeFileSync(join(folder, 'nginx.conf'), `${user} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;\nevents { worker_connections 256; }\nhttp { access_log off; ${temporary}\n${recipe}\n}\n`);
  const nginx = new Child('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
  const url = `https://localhost:${port}`;
  await until('nginx to answer', async () => {
    if (!nginx.running) throw new Error(nginx.stderr);
    return (await request(`${url}/healthz`)).status === 200;
  });
  return { url, stop: () => nginx.stop('SIGQUIT') };
}

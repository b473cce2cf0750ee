// The container image, built from deploy/docker/Dockerfile and run, where there is no Docker engine: buildah in a
// chroot, on a Debian 12 that mmdebstrap makes. Only with --long: it builds the program once more, from nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program, root, workFolder } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { request } from '../harness/server.mjs';
import { publishToken, testSecret, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const place = join(workFolder, 'image');
const kMinute = 60_000;
const kAuthorities = '/etc/ssl/certs/ca-certificates.crt';
const base = 'http://127.0.0.1:8080';

async function buildah(args, timeout = kMinute) {
  const { code, stdout, stderr } = await run('buildah', ['--root', join(place, 'layers'), '--runroot', join(place, 'run'), '--storage-driver', 'vfs', ...args], { timeout });
  assert.equal(code, 0, `buildah ${args[0]}: ${stderr.slice(-2000)}`);
  return stdout.trim();
}

// What `docker pull debian:12` would bring.
async function debian() {
  const tar = join(place, 'debian.tar');
  if (!existsSync(tar)) {
    const { code, stderr } = await run('mmdebstrap', ['--variant=minbase', 'bookworm', tar], { timeout: 10 * kMinute });
    assert.equal(code, 0, stderr.slice(-2000));
  }
  const container = await buildah(['from', 'scratch']);
  await buildah(['add', container, tar, '/'], 5 * kMinute);
  await buildah(['config', '--cmd', 'bash', container]);
  await buildah(['copy', container, kAuthorities, '/opt/authorities.crt']); // a company's own is among them: npm asks for it
  await buildah(['config', '--env', 'NODE_EXTRA_CA_CERTS=/opt/authorities.crt', container]);
  for (const name of ['debian:12', 'debian:12-slim']) await buildah(['commit', container, `docker.io/library/${name}`], 5 * kMinute);
  await buildah(['rm', container]);
}

let container;
let serving;
before(async () => {
  mkdirSync(place, { recursive: true });
  await debian();
  await buildah(['bud', '--isolation', 'chroot', '--pull-never', '-f', 'deploy/docker/Dockerfile', '-t', 'butai', root], 40 * kMinute);
  container = await buildah(['from', 'butai'], 5 * kMinute);
}, { timeout: 60 * kMinute });
after(async () => {
  await serving?.stop('SIGKILL');
  if (container) await buildah(['rm', container]);
});

const inside = (...command) => ['--root', join(place, 'layers'), '--runroot', join(place, 'run'), '--storage-driver', 'vfs', 'run', '--isolation', 'chroot', '--env', `BUTAI_AUTH_SECRET=${testSecret}`, container, '--', ...command];

test('it serves as a user of its own: a camera goes in, segments come out', { timeout: 2 * kMinute }, async () => {
  serving = new Child('buildah', inside('butai', 'serve', '--data', '/data'));
  await until('it to be ready', async () => (await request(`${base}/readyz`)).status === 200, { within: 30_000 });
  const sender = new Child(program, ['publish', 'test', '--size', '640x360', 'ws://127.0.0.1:8080/ws?channel=main'], { env: { BUTAI_TOKEN: publishToken('main') } });
  try {
    const headers = { Authorization: `Bearer ${viewToken('main')}` };
    await until('a segment', async () => (await request(`${base}/live/main/index.m3u8`, { headers })).status === 200, { within: 30_000 });
  } finally {
    await sender.stop();
  }
});

test('the health check of the image answers', { timeout: kMinute }, async () => {
  const { OCIv1, Docker } = JSON.parse(await buildah(['inspect', container]));
  assert.equal(OCIv1.config.User, 'butai');
  assert.ok(Docker.config.Entrypoint.includes('butai'));
  const { code } = await run('buildah', inside('bash', '-c', "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"), { timeout: 20_000 });
  assert.equal(code, 0);
});

// What an operator may get wrong: one sentence that says what to do, and status 1 (2 for usage).
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';
import { Server, temporaryFolder } from '../harness/server.mjs';

let folder;
before(async () => (folder = await temporaryFolder()));
after(() => rm(folder, { recursive: true, force: true }));

const serve = (args, env = {}, listen = '127.0.0.1:0') =>
  run(program, ['serve', '--data', join(folder, 'data'), '--listen', listen, ...args], { anyStatus: true, timeout: 10_000, env });

async function failsWith(result, status, ...patterns) {
  const { code, stderr, signal } = await result;
  assert.equal(signal, null, 'it ended by itself');
  assert.equal(code, status, stderr);
  for (const pattern of patterns) assert.match(stderr, pattern);
  const sentences = stderr.trim().split('\n').filter((line) => line && !line.startsWith('{'));
  assert.equal(sentences.length, 1, `one sentence: ${stderr}`);
  assert.doesNotMatch(stderr, /what\(\)|terminate called|Assertion|std::/);
}

test('a port that is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => other.on('listening', ready));
  const { port } = other.address();
  await failsWith(run(program, ['serve', '--data', join(folder, 'port'), '--listen', `127.0.0.1:${port}`], { anyStatus: true, timeout: 10_000 }), 1, new RegExp(String(port)), /in use|taken|another/);
  other.close();
});

test('an address that is not ours, or none', async () => {
  await failsWith(serve([], {}, '192.0.2.1:0'), 1, /192\.0\.2\.1/);
  for (const wrong of ['nonsense', '127.0.0.1:99999', '127.0.0.1:', '1.2.3:x']) await failsWith(serve([], {}, wrong), 1, /--listen|address/);
});

test('a data folder that cannot be made or written', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  await failsWith(run(program, ['serve', '--data', join(file, 'data'), '--listen', '127.0.0.1:0'], { anyStatus: true, timeout: 10_000 }), 1, /a-file/);
  await failsWith(run(program, ['serve', '--data', '/proc/butai', '--listen', '127.0.0.1:0'], { anyStatus: true, timeout: 10_000 }), 1, /\/proc\/butai/);
});

test('a data folder that is read-only', async () => {
  const closed = join(folder, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  // root may write everywhere: become nobody.
  const asNobody = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  await chmod(folder, 0o755);
  const [command, ...args] = [...asNobody, program, 'serve', '--data', join(closed, 'data'), '--listen', '127.0.0.1:0'];
  await failsWith(run(command, args, { anyStatus: true, timeout: 10_000 }), 1, /closed/);
});

const kBroken = [
  ['no TOML', '[server]\nlisten = "0.0.0.0:8080\n', 2, /line|:2/],
  ['an unknown section', '[sevrer]\nlisten = "0.0.0.0:8080"\n', 1, /sevrer/],
  ['an unknown setting', '[server]\n\nlisen = "0.0.0.0:8080"\n', 3, /lisen/],
  ['a wrong type', '[server]\nloops = "two"\n', 2, /loops/],
  ['a wrong address', '[server]\nlisten = "here"\n', 2, /listen.*e\.g\.|e\.g\..*listen/s],
  ['a word that is none', '[channels]\nlatency = "fast"\n', 2, /stable/],
  ['a time without a unit', '[channels]\nlinger = "60"\n', 2, /60s|s"/],
  ['a channel without a name', '[[channel]]\naccess = "public"\n', 1, /name/],
  ['a channel with a bad name', '[[channel]]\nname = "a b"\n', 1, /name/],
  ['a channel twice', '[[channel]]\nname = "a"\n[[channel]]\nname = "a"\n', 3, /twice|already|"a"/],
  ['like a channel that is not there', '[[channel]]\nname = "a"\nlike = "b"\n', 3, /b/],
];
for (const [what, text, line, sentence] of kBroken) {
  test(`configuration: ${what} is said with file and line`, async () => {
    const file = join(folder, 'broken.toml');
    await writeFile(file, text);
    await failsWith(serve(['--config', file]), 1, /broken\.toml/, new RegExp(`:${line}\\b|line ${line}\\b`), sentence);
  });
}

test('a configuration that is not there', async () => {
  await failsWith(serve(['--config', join(folder, 'nowhere.toml')]), 1, /nowhere\.toml/);
});

test('environment: a wrong value names its variable', async () => {
  await failsWith(serve([], { BUTAI_CHANNELS_LATENCY: 'fast' }), 1, /BUTAI_CHANNELS_LATENCY/, /stable/);
});

test('S6: a weak secret is refused where others can reach the server', async () => {
  const weak = await Server.start({ secret: 'your-secret-key', listen: '127.0.0.1:0' });
  try {
    const { stdout } = await weak.command(['token', 'mint', '--sub', 'a', '--scope', 'view:main', ...weak.place()]);
    assert.equal((await weak.get('/live/main/index.m3u8', { token: stdout.trim() })).status, 404, 'accepted on loopback');
  } finally {
    await weak.stop();
  }
});

test('usage is status 2, and every command explains itself with an example', async () => {
  for (const args of [[], ['nonsense'], ['serve', '--nonsense'], ['token', 'mint']]) {
    const { code } = await run(program, args, { anyStatus: true });
    assert.equal(code, 2, args.join(' '));
  }
  for (const command of [['serve'], ['demo'], ['publish'], ['watch'], ['token', 'mint'], ['token', 'inspect'], ['user', 'add'], ['channel', 'list'], ['channel', 'kick'], ['doctor']]) {
    const { stdout } = await run(program, [...command, '--help']);
    assert.match(stdout, /Example: butai/, command.join(' '));
    assert.match(stdout, /^[\x20-\x7e\n]*$/, `${command.join(' ')} --help has unprintable characters`);
  }
});

test('butai doctor finds nothing wrong in a fresh place, and says what is in a broken one', async () => {
  const good = await run(program, ['doctor', '--data', join(folder, 'fresh')], { anyStatus: true, env: { BUTAI_SERVER_LISTEN: '127.0.0.1:0', BUTAI_SERVER_HTTPS_LISTEN: '127.0.0.1:0', BUTAI_SERVER_METRICS_LISTEN: '127.0.0.1:0' } });
  assert.equal(good.code, 0, good.stdout + good.stderr);
  const file = join(folder, 'broken.toml');
  await writeFile(file, `[[channel]]\nname = "trailer"\ninput = "file:${join(folder, 'trailer.mp4')}"\n[[channel]]\nname = "stage"\ninput = "file:${program}"\n`);
  const missing = await run(program, ['doctor', '--config', file, '--data', join(folder, 'fresh')], { anyStatus: true });
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /^BAD +input +trailer is to play \S+trailer\.mp4: No such file or directory; correct /m);
  assert.match(missing.stdout, /^ok +input +stage plays /m);
  await writeFile(file, '[server]\nlisten = 5\n');
  const bad = await run(program, ['doctor', '--config', file, '--data', join(folder, 'fresh')], { anyStatus: true });
  assert.equal(bad.code, 1);
  assert.match(bad.stdout + bad.stderr, /broken\.toml/);
});

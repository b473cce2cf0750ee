// clients/python/send.py: one short file, a token, and it comes back after a loss.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { plainFilm } from '../harness/media.mjs';
import { root } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { until, within } from '../harness/wait.mjs';

const kScript = join(root, 'clients/python/send.py');
const send = (url, args, token) => new Child('/usr/bin/python3', ['-W', 'ignore', kScript, url, ...args], { env: { BUTAI_TOKEN: token } });

let server, source;
before(async () => {
  server = await Server.start();
  source = await plainFilm({ seconds: 30 });
});
after(async () => server?.stop());

test('it is one short file', () => assert.ok(readFileSync(kScript, 'utf8').split('\n').length <= 100));

describe('at the same time', { concurrency: true }, () => {
  test('it sends a film as pictures, with the time of capture; watch tells the latency', { timeout: 40_000 }, async () => {
    const sender = send(`${server.ws}/ws?channel=py`, ['--source', source], publishToken('py'));
    const eyes = await viewer(server, 'py', 'format=jpeg', { token: viewToken('py') }).open();
    await eyes.count(20, 15_000);
    const { stdout } = await server.command(['watch', `${server.ws}/live/py/ws?format=jpeg`, '--format', 'jpeg', '--seconds', '3', '--json'], { env: { BUTAI_TOKEN: viewToken('py') } });
    const figures = JSON.parse(stdout.trim().split('\n').at(-1));
    assert.ok(figures.frames > 45, stdout);
    await server.segmentsOf('py', viewToken('py'));
    await sender.stop();
    await eyes.close();
  });

  test('it trusts a self-made certificate by its pin, and no other', { timeout: 40_000 }, async () => {
    const { stdout } = await run('sh', ['-c', `openssl s_client -connect 127.0.0.1:${server.ports.https} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`]);
    const pin = stdout.split('=')[1].trim();
    const sender = send(`${server.wss}/ws?channel=pin`, ['--source', source, '--pin', pin], publishToken('pin'));
    await until('pictures', async () => (await server.channel('pin')).inputs[0].pictures > 5, { within: 15_000 });
    await sender.stop();
    for (const wrong of [['--pin', '00'.repeat(32)], []]) {
      const refused = send(`${server.wss}/ws?channel=pin`, ['--source', source, ...wrong], publishToken('pin'));
      const how = await within(15_000, 'it to give up', refused.ended);
      assert.equal(how.code, 1);
      assert.match(refused.stderr, /certificate/i);
    }
  });

  test('a bad token ends it with a sentence; a lost server does not end it', { timeout: 60_000 }, async () => {
    const bad = send(`${server.ws}/ws?channel=py`, ['--source', source], viewToken('py'));
    assert.equal((await within(15_000, 'it to give up', bad.ended)).code, 1);
    assert.match(bad.stderr, /token/);

    const first = await Server.start();
    const sender = send(`${first.ws}/ws?channel=main`, ['--source', source], publishToken());
    await until('pictures', async () => (await first.channel()).inputs[0].pictures > 5, { within: 15_000 });
    first.child.kill('SIGKILL');
    await first.child.ended;
    const second = await Server.start({ listen: `127.0.0.1:${first.ports.http}`, env: { BUTAI_SERVER_HTTPS_LISTEN: '127.0.0.1:0', BUTAI_SERVER_METRICS_LISTEN: '127.0.0.1:0' } });
    try {
      await until('pictures again', async () => (await second.channel()).inputs[0].pictures > 5, { within: 20_000 });
    } finally {
      await sender.stop();
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});

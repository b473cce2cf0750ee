// Attacks that others' servers fell to, each against the real program: what is open by default, what names a
// file, what makes a server ask elsewhere, what runs a command, what another site's page may do, two devices at
// once, what a log keeps. Others of the list stand where their subject is: search the tests for S1 to S22.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { refusalOf, Socket, viewer } from '../harness/socket.mjs';
import { controlToken, publishToken, token, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kCanary = 'CNRY-this-stands-outside-of-everything';
const kHookSecret = 'CNRY-hooks-0123456789abcdef0123456789';
let server, event, ann, bait, taken, theirs;

const control = (path, body, method = 'POST') => server.post(`/api/v1/producer${path}`, body, { token: controlToken(), method });
async function listening(handler) {
  const made = createServer(handler);
  await new Promise((ready) => made.listen(0, '127.0.0.1', ready));
  made.url = `http://127.0.0.1:${made.address().port}`;
  return made;
}

before(async () => {
  // The bait counts who comes; the producer's program sends everybody on to it.
  bait = await listening((request, answer) => {
    bait.seen = [...(bait.seen ?? []), request.url];
    answer.end('internal');
  });
  taken = 0;
  theirs = await listening((_, answer) => {
    ++taken;
    answer.writeHead(307, { Location: `${bait.url}/from-a-redirect` }).end();
  });
  server = await Server.start({ config: shopConfig(`[webhooks]\nurl = "${theirs.url}/hook"\nsecret = "${kHookSecret}"\n`) });
  await writeFile(join(server.data, 'canary.txt'), kCanary);
  event = await sell(server, { capacity: 20 });
  ann = await Person.signUp(server, 'ann@example.org');
});
after(async () => {
  for (const one of [bait, theirs]) {
    one?.closeAllConnections();
    one?.close();
  }
  await server?.stop();
});

const connects = (host, port) =>
  new Promise((done) => {
    const socket = net.connect({ host, port, timeout: 2000 });
    socket.on('connect', () => (socket.destroy(), done(true)));
    for (const how of ['error', 'timeout']) socket.on(how, () => (socket.destroy(), done(false)));
  });

test('S6: on every address the site answers, figures on this machine alone, and control asks who it is', async () => {
  const open = await Server.start({ listen: '0.0.0.0:0' });
  try {
    const own = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';
    assert.equal(await connects(own, open.ports.http), true, 'the site is open');
    assert.equal(await connects('127.0.0.1', open.ports.metrics), true);
    assert.equal(await connects(own, open.ports.metrics), false, 'figures are not');
    for (const path of ['/api/v1/channels', '/api/v1/producer/events', '/api/v1/device-rows']) {
      assert.equal((await open.get(path.startsWith('http') ? path : `http://${own}:${open.ports.http}${path}`)).status, 401, path);
    }
    for (const path of ['/metrics', '/debug/pprof', '/config', '/api/config', '/api/v1/config', '/stats']) {
      assert.equal((await open.get(`http://${own}:${open.ports.http}${path}`)).status, 404, path);
    }
  } finally {
    await open.stop();
  }
});

test('S7: nobody ends a stream or reads its key without a right, and no figure shows one', async () => {
  const { stdout } = await server.command(['channel', 'key', 'stage', ...server.place(), '--server', server.http]);
  const key = stdout.trim();
  assert.match(key, /^sk_/);
  for (const [method, path] of [['DELETE', '/api/v1/channels/stage/inputs/a'], ['DELETE', '/api/v1/channels/stage'], ['GET', '/api/v1/channels/stage/keys'], ['POST', '/webhooks/test'], ['POST', '/webhooks/stripe'], ['POST', '/webhooks/nobody']]) {
    const answer = await server.get(path, { method, body: method === 'POST' ? '{}' : undefined });
    assert.ok([401, 404].includes(answer.status), `${method} ${path}: ${answer.status}`);
  }
  const { text } = await server.get(server.metricsUrl);
  assert.match(text, /butai_/, 'these are the figures');
  for (const path of ['/api/v1/channels', '/api/v1/channels/stage', '/api/v1/channels/stage/keys']) {
    const answer = await server.get(path, { token: controlToken() });
    assert.equal(answer.status, 200);
    assert.ok(!answer.text.includes(key) && !text.includes(key), path);
  }
});

test('S8: nothing that a visitor, buyer or producer writes makes the server ask elsewhere; redirects are not followed', async () => {
  const here = new URL(bait.url);
  const forms = [bait.url, `http://2130706433:${here.port}`, `http://[::ffff:127.0.0.1]:${here.port}`, `http://0x7f.1:${here.port}`, `http://localhost.:${here.port}`, `http://a@127.0.0.1:${here.port}`, `//127.0.0.1:${here.port}`, `rtmp://127.0.0.1:${here.port}/live`, `http://x\r\nHost: 127.0.0.1:${here.port}`];
  const now = (await server.get(`/api/v1/producer/events/${event.id}`, { token: controlToken() })).json();
  for (const form of forms) {
    const text = { ja: form, en: form };
    assert.ok([200, 400].includes((await control(`/events/${event.id}`, { ...now, title: text, text, artwork: form }, 'PUT')).status), form);
    assert.equal((await server.get(`/api/v1/producer/events/${event.id}/artwork`, { method: 'POST', body: form, token: controlToken() })).status, 400);
    await server.get(`/auth/nobody/start?return=${encodeURIComponent(form)}`);
    await server.get('/', { headers: { Host: form.replace(/[\r\n]/g, ''), 'X-Forwarded-Host': here.host, Referer: form.replace(/[\r\n]/g, '') } }).catch(() => null);
    await server.post('/license/widevine', form, { token: controlToken() });
    await new Person(server).write('POST', '/api/v1/accounts', { email: form, password: 'correct horse', url: form });
  }
  await control(`/events/${event.id}`, now, 'PUT');
  const { id } = (await ann.hold(event.free)).json();
  await ann.confirm(id, 'free'); // the producer's program is told, and answers with a redirect
  await until('the hook', () => taken > 0, { within: 10_000, every: 50 });
  await sleep(500);
  assert.deepEqual(bait.seen ?? [], []);

  const refused = async (config, words) => {
    const folder = join(server.data, 'refused.toml');
    await writeFile(folder, config);
    const { code, stderr } = await server.command(['serve', '--config', folder, '--data', join(server.data, 'refused'), '--listen', '127.0.0.1:0'], { anyStatus: true, timeout: 20_000 });
    assert.notEqual(code, 0, config);
    assert.match(stderr, words);
  };
  for (const url of ['http://169.254.169.254/latest', 'http://10.0.0.1/', 'ftp://example.org/', 'file:///etc/passwd', 'gopher://127.0.0.1/', 'http://metadata.internal/']) {
    await refused(`[webhooks]\nurl = "${url}"\nsecret = "${kHookSecret}"\n`, /https|address/);
  }
});

test('S9: no name of a file leads out of its place', async () => {
  const ups = ['../canary.txt', '../../canary.txt', '..%2f..%2fcanary.txt', '%2e%2e/%2e%2e/canary.txt', '%252e%252e%252fcanary.txt', '..%5c..%5ccanary.txt', '..%c0%af..%c0%afcanary.txt', '....//....//canary.txt', '.%00./canary.txt', join(server.data, 'canary.txt'), `%2f${encodeURIComponent(join(server.data, 'canary.txt'))}`, 'canary.txt%00.m4s'];
  const places = ['/', '/assets/', '/artwork/', '/live/stage/', '/live/stage/video/', '/live/', '/license/identity/', '/api/v1/tickets/', '/api/v1/events/', '/api/v1/channels/', '/e/', '/watch/', '/t/x/live/', '/auth/'];
  const before = readdirSync(server.data).sort();
  const raw = (path) =>
    new Promise((done) => {
      const socket = net.connect(server.ports.http, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token('view:stage control admin')}\r\nConnection: close\r\n\r\n`));
      let text = '';
      socket.on('data', (piece) => (text += piece.toString('latin1'))).on('error', () => {}).on('close', () => done(text));
    });
  for (const place of places) {
    for (const up of ups) {
      const text = await raw(place + up);
      assert.match(text, /^HTTP\/1\.1 [234]\d\d/, `${place}${up}`);
      assert.ok(!text.includes(kCanary), `${place}${up}`);
    }
  }
  for (const name of ['../x', '..', '.', 'a/b', 'a\\b', 'a\0b', '/etc/passwd', '%2e%2e']) {
    const socket = new Socket(`${server.ws}/ws?channel=${encodeURIComponent(name)}`, { token: token(`publish:${name}`) });
    assert.ok([400, 401, 403, 404].includes((await refusalOf(socket)).status), name);
    assert.ok([400, 404].includes((await server.get(`/api/v1/channels/${encodeURIComponent(name)}`, { token: controlToken() })).status), name);
  }
  assert.deepEqual(readdirSync(server.data).sort(), before, 'nothing was made either');
});

test('S10: no shell is in the program, and what looks like a command runs none', async () => {
  const proof = join(server.data, 'ran');
  for (const name of [`$(touch ${proof})`, `;touch ${proof};`, `\`touch ${proof}\``, `|touch ${proof}`, `a\ntouch ${proof}`, `-vf;touch ${proof}`]) {
    const at = encodeURIComponent(name);
    for (const path of [`/live/${at}/snapshot.jpg`, `/live/stage/${at}/snapshot.jpg`, `/live/${at}/index.m3u8`, `/watch/${at}`]) await server.get(path, { token: controlToken() });
    await refusalOf(new Socket(`${server.ws}/ws?channel=${at}`, { token: token(`publish:${name}`) })).catch(() => null);
    await server.post('/api/v1/channels/stage/instructions', { type: name, what: name }, { token: controlToken() });
    await control('/events', { slug: name, title: { en: name } });
  }
  await sleep(300);
  assert.equal(existsSync(proof), false);
  // Who starts a program gives it its words one by one; tests' own helpers may do as they like.
  const { stdout } = await run('grep', ['-rnE', '\\b(system|popen|wordexp)\\(|/bin/(ba|da)?sh"|"(ba)?sh"', '--exclude-dir=testing', '--include=*.cc', '--include=*.h', join(root, 'src')], { anyStatus: true });
  assert.equal(stdout, '');
});

test('S11: an API answer is data: no JSONP, no type that a browser guesses, no markup that it believes', async () => {
  for (const path of ['/api/v1/events?callback=alert', '/api/v1/events?jsonp=alert', '/api/v1/openapi.json?callback=alert', `/api/v1/events/${encodeURIComponent('<script>alert(1)</script>')}`, '/live/%3Cscript%3Ealert(1)%3C%2Fscript%3E/index.m3u8']) {
    const answer = await server.get(path);
    assert.match(answer.headers['content-type'], /^application\/(problem\+)?json/, path);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff', path);
    assert.doesNotMatch(answer.text, /^\s*alert/, path);
    assert.doesNotThrow(() => answer.json());
  }
  const page = await server.get('/', { headers: { Accept: 'text/html' } });
  const policy = page.headers['content-security-policy'];
  for (const rule of [/script-src 'nonce-[\w+/=-]{16,}'/, /default-src '(none|self)'/, /base-uri 'none'/, /frame-ancestors/]) assert.match(policy, rule);
  assert.doesNotMatch(policy, /script-src[^;]*'unsafe-inline'/);
  const again = await server.get('/', { headers: { Accept: 'text/html' } });
  assert.notEqual(again.headers['content-security-policy'], policy, 'a nonce is used once');
});

test('S13: another site’s page opens no socket with the visitor’s cookie and reads no answer that needs one', async () => {
  const { id } = (await ann.hold(event.free)).json();
  await ann.confirm(id, 'free');
  const headers = { Cookie: ann.cookie, Origin: 'https://evil.example' };
  const socket = viewer(server, 'stage', '', { headers });
  const how = await socket.open().then(() => socket.closed.promise, () => ({ code: 0 }));
  assert.ok([0, 4401, 4403].includes(how.code), `${how.code}`); // a cookie is nobody there: no token came
  assert.equal(socket.messages.length, 0);
  assert.deepEqual(socket.texts.filter(({ type }) => type === 'init'), []);
  for (const path of ['/api/v1/session', '/api/v1/account', '/api/v1/orders', `/api/v1/orders/${id}`, '/api/v1/tickets']) {
    const answer = await server.get(path, { headers });
    assert.equal(answer.headers['access-control-allow-origin'], undefined, path);
    assert.equal(answer.headers['access-control-allow-credentials'], undefined, path);
  }
  const media = await server.get('/live/stage/index.m3u8', { headers: { ...headers, Authorization: `Bearer ${viewToken('stage')}` } });
  assert.equal(media.headers['access-control-allow-credentials'], undefined, 'players of other sites bring a token, never a cookie');
});

test('S20: ten devices ask at once for the one seat of a ticket: one gets it, others after it', async () => {
  const bob = await Person.signUp(server, 'bob@example.org');
  const { id } = (await bob.hold(event.free)).json();
  await bob.confirm(id, 'free');
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => bob.play('stage', { device: `device ${i}` })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
  // Who takes over twice at the same time still has one seat.
  const first = answers.find(({ status }) => status === 201).json();
  const over = await Promise.all([1, 2, 3].map((i) => bob.play('stage', { device: `other ${i}`, take_over: first.play })));
  const started = over.filter(({ status }) => status === 201).map((answer) => answer.json());
  assert.equal(started.length, 1, over.map(({ status }) => status).join());
  assert.equal((await bob.read(`/api/v1/plays/${first.play}`)).json().state, 'taken-over');
});

test('S21: what is secret is in no log, no figure, no answer and no command’s words', async () => {
  const key = (await server.command(['channel', 'key', 'stage', ...server.place(), '--server', server.http])).stdout.trim();
  await server.get(`/live/stage/index.m3u8?token=${publishToken('stage')}`);
  await server.get('/api/v1/session', { method: 'POST', body: JSON.stringify({ email: 'ann@example.org', password: 'CNRY-password-typed' }), headers: { 'Content-Type': 'application/json' } });
  const doctor = await server.command(['doctor', ...server.place()], { anyStatus: true, timeout: 60_000 });
  const { text: figures } = await server.get(server.metricsUrl);
  const { text: api } = await server.get('/api/v1/openapi.json');
  const secrets = { 'the hooks’ secret': kHookSecret, 'a stream key': key, 'a password': 'CNRY-password-typed', 'a session': ann.cookie.split('=')[1], 'the signing secret': server.env.BUTAI_AUTH_SECRET };
  for (const [what, secret] of Object.entries(secrets)) {
    for (const [where, text] of Object.entries({ log: server.log, figures, doctor: doctor.stdout + doctor.stderr, api })) {
      for (const spelling of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('base64url'), Buffer.from(secret).toString('hex')]) {
        assert.ok(!text.includes(spelling), `${what} is in ${where}`);
      }
    }
  }
  assert.ok(readFileSync(server.configFile, 'utf8').includes(kHookSecret), 'the canary sings');
});

// Who may: every way a token can be wrong, on every kind of route, each with an answer that says what
// is wrong and how to make a good one.
import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { jpegs } from '../harness/media.mjs';
import { Server, temporaryFolder } from '../harness/server.mjs';
import { Socket, publisher, refusalOf, viewer } from '../harness/socket.mjs';
import { claims, publishToken, secondsFromNow, sign, token, viewToken } from '../harness/token.mjs';
import { until, within } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start()));
after(async () => server?.stop());

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = (scope) => claims(scope);

// [what, token for a scope, what the answer says]
const kBad = [
  ['no token', () => undefined, /token is needed/],
  ['not a token', () => 'garbage', /not a JWT/],
  ['expired', (scope) => sign({ ...good(scope), exp: secondsFromNow(-120) }), /expired/],
  ['not yet valid', (scope) => sign({ ...good(scope), nbf: secondsFromNow(300) }), /nbf/],
  ['no exp', (scope) => sign({ ...good(scope), exp: undefined }), /no exp/],
  ['exp as text', (scope) => sign({ ...good(scope), exp: '99999999999' }), /exp/],
  ['no sub', (scope) => sign({ ...good(scope), sub: undefined }), /no sub/],
  ['no scope', () => sign({ ...good(''), scope: undefined }), /no scope/],
  ['no aud', (scope) => sign({ ...good(scope), aud: undefined }), /no aud/],
  ['wrong audience', (scope) => sign({ ...good(scope), aud: 'elsewhere' }), /aud/],
  ['alg none', (scope) => sign(good(scope), { header: { alg: 'none', typ: 'JWT' }, signature: '' }), /alg/],
  ['alg none with a signature', (scope) => sign(good(scope), { header: { alg: 'none' } }), /alg/],
  ['alg HS512', (scope) => {
    const text = `${part({ alg: 'HS512' })}.${part(good(scope))}`;
    return `${text}.${createHmac('sha512', 'x').update(text).digest('base64url')}`;
  }, /alg/],
  ['another secret', (scope) => sign(good(scope), { secret: 'x'.repeat(32) }), /signature/],
  ['empty secret', (scope) => sign(good(scope), { secret: '' }), /signature/],
  ['changed claims', (scope) => {
    const [head, , mac] = sign(good('view:nothing')).split('.');
    return `${head}.${part(good(scope))}.${mac}`;
  }, /signature/],
  ['a key of its own in the header', (scope) => sign(good(scope), { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } }), /header/],
  ['a file as key id', (scope) => sign(good(scope), { header: { alg: 'HS256', kid: '../../../dev/null' }, secret: '' }), /kid|signature/],
  ['made for something else', (scope) => sign(good(scope), { header: { alg: 'HS256', typ: 'play+jwt' } }), /typ/],
];

const kRoutes = [
  ['GET the playlist', 'view:main', (t) => server.get('/live/main/index.m3u8', { token: t })],
  ['GET the channels', 'control', (t) => server.get('/api/v1/channels', { token: t })],
  ['POST a play', 'view:main', (t) => server.post('/api/v1/plays', { channel: 'main' }, { token: t })],
  ['DELETE a channel', 'admin', (t) => server.get('/api/v1/channels/nobody', { token: t, method: 'DELETE' })],
];

function assertProblem(answer, status, sentence, what = '') {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  const problem = JSON.parse(answer.text);
  assert.equal(problem.status, status);
  if (sentence) assert.match(problem.detail, sentence, what);
  if (status === 401) assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/);
  return problem;
}

for (const [route, scope, ask] of kRoutes) {
  test(`S1, S2: ${route}: refused with every bad token, allowed with a good one`, async () => {
    for (const [what, make, sentence] of kBad) {
      assertProblem(await ask(make(scope)), 401, sentence, what);
    }
    const answer = await ask(token(scope));
    assert.ok(answer.status !== 401 && answer.status !== 403, `${answer.status} ${answer.text}`);
  });
}

test('what is missing is named, with the line that makes a good token', async () => {
  const problem = assertProblem(await server.get('/live/main/index.m3u8', { token: token('view:other') }), 403);
  assert.match(problem.detail, /view:main/);
  assert.match(JSON.stringify(problem), /butai token mint .*view:main/);
});

test('wrong scopes are 403: view does not publish, publish does not control', async () => {
  assert.equal((await refusalOf(publisher(server, '', { token: token('view:main') }))).status, 403);
  assert.equal((await refusalOf(publisher(server, 'channel=other', { token: publishToken('main') }))).status, 403);
  assert.equal((await refusalOf(viewer(server, 'main', '', { token: token('publish:main') }))).status, 403);
  assertProblem(await server.get('/api/v1/channels', { token: publishToken() }), 403);
  assertProblem(await server.get('/api/v1/channels/main', { token: viewToken(), method: 'DELETE' }), 403);
});

test('S1, S2: a socket with a bad token is refused before the upgrade', async () => {
  for (const [what, make, sentence] of kBad.slice(1)) {
    for (const socket of [publisher(server, '', { token: make('publish:main') }), viewer(server, 'main', '', { token: make('view:main') })]) {
      const refusal = await refusalOf(socket);
      assertProblem(refusal, 401, sentence, what);
    }
  }
});

test('a token of 64 KiB is refused, whichever way it comes', async () => {
  const huge = token('view:main', { filler: 'x'.repeat(48 * 1024) });
  assert.ok(huge.length > 64 * 1024);
  assert.equal((await server.get('/live/main/index.m3u8', { token: huge })).status, 431);
  const socket = await viewer(server, 'main').open();
  await socket.sendText({ type: 'auth', token: huge });
  assert.ok([4401, 1009].includes((await within(5000, 'the close', socket.closed.promise)).code));
  const smaller = token('view:main', { filler: 'x'.repeat(8 * 1024) });
  assertProblem(await server.get('/live/main/index.m3u8', { token: smaller }), 401, /larger than/);
});

describe('the ways to give a token', { concurrency: true }, () => {
  test('as subprotocols, and only butai.v1 is answered', async () => {
    const socket = new Socket(`${server.ws}/live/main/ws`, { protocols: ['butai.v1', `bearer.${viewToken()}`] });
    await socket.open();
    assert.equal(socket.socket.protocol, 'butai.v1');
    await socket.close();
  });
  test('as the first text message', async () => {
    const socket = await publisher(server, 'channel=late').open();
    await socket.sendText({ type: 'auth', token: publishToken('late') });
    await socket.sendText({ type: 'hello' });
    assert.equal((await socket.text('welcome')).channel, 'late');
    await socket.close();
  });
  test('a first message that comes too late finds the socket closed with 4401', async () => {
    for (const make of [() => publisher(server, 'channel=late'), () => viewer(server, 'main')]) {
      const socket = await make().open();
      const from = performance.now();
      const { code, reason } = await within(6000, 'the close', socket.closed.promise);
      assert.equal(code, 4401);
      assert.ok(reason.length > 0);
      const waited = performance.now() - from;
      assert.ok(waited > 2500 && waited < 4500, `${waited} ms`);
    }
  });
  test('media before the token is 4401', async () => {
    const socket = await publisher(server, 'channel=late').open();
    await socket.send((await jpegs({ count: 1 }))[0]);
    assert.equal((await within(3000, 'the close', socket.closed.promise)).code, 4401);
  });
  test('a bad token in the message is 4401, a valid one that may not is 4403', async () => {
    for (const [bad, code] of [[sign(good('publish:main'), { secret: 'y'.repeat(32) }), 4401], [token('view:main'), 4403]]) {
      const socket = await publisher(server, 'channel=main').open();
      await socket.sendText({ type: 'auth', token: bad });
      const how = await within(3000, 'the close', socket.closed.promise);
      assert.equal(how.code, code, how.reason);
    }
  });
  test('S4: in a query only a ticket, once', async () => {
    const inQuery = await refusalOf(viewer(server, 'main', `token=${viewToken()}`)).catch((error) => error);
    assert.ok(inQuery.status === 401, `a token in the query: ${inQuery.status ?? inQuery.message}`);
    const { status, json } = await server.post('/api/v1/tickets', {}, { token: viewToken() });
    assert.equal(status, 201);
    const { ticket } = json();
    const socket = await viewer(server, 'main', `ticket=${ticket}`).open();
    await socket.close();
    assert.equal((await refusalOf(viewer(server, 'main', `ticket=${ticket}`))).status, 401);
    assert.equal((await server.get(`/live/main/index.m3u8?ticket=${ticket}`)).status, 401);
  });
});

test('S3: a socket lives until its token expires, and 30 s more', { timeout: 60_000 }, async () => {
  const short = token('view:main', { exp: secondsFromNow(-27) });
  const dying = await viewer(server, 'main', '', { token: short }).open();
  const renewed = await viewer(server, 'main', '', { token: short }).open();
  await renewed.sendText({ type: 'auth', token: token('view:main', { sub: 'tester' }) });
  assert.equal((await within(8000, 'the close', dying.closed.promise)).code, 4401);
  await until('the other one to be where it was', async () => !renewed.how, { within: 100 });
  await renewed.close();
});

describe('plays', { concurrency: true }, () => {
  test('addresses carry the right; they open nothing else', async () => {
    const play = await server.play('main', viewToken());
    for (const name of ['hls', 'dash', 'ws']) assert.match(play[name], /\/t\/[^/]+\/live\/main\//);
    assert.equal((await server.get(play.hls)).status, 404, 'nothing is on yet');
    const socket = await new Socket(play.ws).open();
    await socket.close();
    const other = play.hls.replace('/live/main/', '/live/other/');
    assert.ok([401, 403].includes((await server.get(other)).status));
    const forged = play.hls.replace(/\/t\/(.)/, (_, c) => `/t/${c === 'A' ? 'B' : 'A'}`);
    assert.equal((await server.get(forged)).status, 401);
    const publish = play.ws.replace(/live\/main\/ws$/, 'ws');
    assert.ok([401, 403, 404].includes((await refusalOf(new Socket(publish))).status));
  });
  test('S3: an ended play is dark within 10 s, open sockets too', { timeout: 20_000 }, async () => {
    const play = await server.play('main', viewToken());
    const socket = await new Socket(play.ws).open();
    const ended = await server.get(`/api/v1/plays/${play.play}`, { method: 'DELETE', token: viewToken() });
    assert.equal(ended.status, 204);
    assert.equal((await server.get(play.hls)).status, 401);
    assert.equal((await within(10_000, 'the close', socket.closed.promise)).code, 4401);
  });
  test('nobody plays what needs a token, and nobody ends the play of another', async () => {
    assertProblem(await server.post('/api/v1/plays', { channel: 'main' }), 401);
    const play = await server.play('main', viewToken());
    const other = await server.get(`/api/v1/plays/${play.play}`, { method: 'DELETE', token: viewToken('main', 'other') });
    assert.equal(other.status, 404);
    assert.equal((await server.get(`/api/v1/plays/${play.play}`, { method: 'DELETE' })).status, 401);
  });
});

describe('accounts', () => {
  const form = (fields) => new URLSearchParams({ grant_type: 'password', ...fields }).toString();
  const ask = (fields) => server.post('/token', form(fields), { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  before(async () => {
    await server.command(['user', 'add', 'studio', '--role', 'producer', '--scope', 'publish:main view:main', ...server.place()], { input: 'correct horse\n' });
  });
  test('a name and a password give a token with at most the account\'s scopes', async () => {
    const answer = await ask({ username: 'studio', password: 'correct horse', scope: 'view:main admin' });
    assert.equal(answer.status, 200, answer.text);
    const { access_token: made, token_type: type, expires_in: life } = answer.json();
    assert.equal(type, 'bearer');
    assert.equal(life, 3600);
    const inside = JSON.parse(Buffer.from(made.split('.')[1], 'base64url'));
    assert.equal(inside.scope, 'view:main');
    assert.equal((await server.post('/api/v1/plays', { channel: 'main' }, { token: made })).status, 201);
  });
  test('S18: a wrong password and an unknown name are the same answer', async () => {
    const [wrong, unknown] = [await ask({ username: 'studio', password: 'x' }), await ask({ username: 'nobody', password: 'x' })];
    assert.equal(wrong.status, 400);
    assert.equal(wrong.text, unknown.text);
  });
  test('S18: guessing is slowed down with 429', async () => {
    const tried = [];
    for (let i = 0; i < 8; ++i) tried.push(await ask({ username: 'victim', password: `guess ${i}` }));
    const last = tried.at(-1);
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers['retry-after']) > 0);
  });
  test('the token in the page of a stranger: no CORS on /token', async () => {
    const answer = await ask({ username: 'studio', password: 'x' });
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
});

describe('keys from elsewhere', () => {
  let jwks, folder, rsa, ec;
  before(async () => {
    folder = await temporaryFolder();
    rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = [
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' },
      { ...ec.publicKey.export({ format: 'jwk' }), kid: 'two', alg: 'ES256', use: 'sig' },
    ];
    await writeFile(join(folder, 'jwks.json'), JSON.stringify({ keys }));
    jwks = await Server.start({ config: `[auth]\njwks_file = "${join(folder, 'jwks.json')}"\nissuer = "https://login.example/"\n` });
  });
  after(async () => jwks?.stop());
  const ask = (t) => jwks.get('/live/main/index.m3u8', { token: t });
  const body = (more = {}) => ({ ...good('view:main'), iss: 'https://login.example/', ...more });
  function signed(header, claimsOf, key, dsaEncoding) {
    const text = `${part(header)}.${part(claimsOf)}`;
    return `${text}.${createSign('sha256').update(text).sign({ key, dsaEncoding }).toString('base64url')}`;
  }
  const rs = (claimsOf, header = {}) => signed({ alg: 'RS256', kid: 'one', ...header }, claimsOf, rsa.privateKey);
  const es = (claimsOf) => signed({ alg: 'ES256', kid: 'two' }, claimsOf, ec.privateKey, 'ieee-p1363');

  test('RS256 and ES256 are accepted', async () => {
    for (const t of [rs(body()), es(body())]) assert.equal((await ask(t)).status, 404, 'let in; nothing is on');
  });
  test('another issuer, or none, is not', async () => {
    assert.equal((await ask(rs(body({ iss: 'https://evil.example/' })))).status, 401);
    assert.equal((await ask(rs(body({ iss: undefined })))).status, 401);
  });
  test('S1: HS256 with the public key as the secret is not', async () => {
    for (const secret of [
      rsa.publicKey.export({ type: 'spki', format: 'pem' }),
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(rsa.publicKey.export({ format: 'jwk' })),
      rsa.publicKey.export({ format: 'jwk' }).n,
    ]) {
      for (const header of [{ alg: 'HS256', kid: 'one' }, { alg: 'HS256' }]) {
        assert.equal((await ask(sign(body(), { secret, header }))).status, 401);
      }
    }
  });
  test('S1: a key is used with its own algorithm only', async () => {
    assert.equal((await ask(rs(body(), { alg: 'ES256' }))).status, 401);
    assert.equal((await ask(rs(body(), { kid: 'two' }))).status, 401);
    assert.equal((await ask(rs(body(), { kid: 'unknown' }))).status, 401);
  });
});

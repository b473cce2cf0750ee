// Who may do what: every route of the server with every kind of credential, each with its exact answer. The
// routes are the server's own table; one that is not expected here fails, so none is added unseen.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { claims, controlToken, secondsFromNow, sign, token } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, source, event, routes, ann, order, ticket, payment;
const people = {};
let asked = 0;
const kPassword = 'correct horse';

const control = (path, body) => server.post(`/api/v1/producer${path}`, body, { token: controlToken() });

before(async () => {
  server = await Server.start({ config: shopConfig('[auth]\nsecond_factor = "off"\n') });
  for (const role of ['producer', 'admin']) await server.command(['user', 'add', role, '--role', role, ...server.place()], { input: `${kPassword}\n` });
  source = await feed(server, 'main', await film());
  event = await sell(server);
  for (const name of ['ann', 'bob', 'gone']) people[name] = await Person.signUp(server, `${name}@example.org`);
  for (const name of ['producer', 'admin']) {
    people[name] = new Person(server);
    assert.equal((await signIn(name)).status, 200);
  }
  ann = people.ann;
  order = (await ann.hold(event.free)).json().id;
  await ann.confirm(order, 'free');
  ticket = (await ann.read('/api/v1/tickets')).json().tickets[0].id;
  const paid = (await ann.hold(event.paid)).json().id;
  payment = new URL((await ann.confirm(paid, 'card')).json().pay_url).pathname.split('/').pop();
  const { cookie, csrf } = people.gone;
  await people.gone.write('DELETE', '/api/v1/session');
  Object.assign(people.gone, { cookie, csrf });
  await until('the picture', async () => (await server.get('/live/main/index.m3u8', { token: token('view:main') })).status === 200, { within: 20_000 });
  routes = (await server.get('/api/v1/openapi.json')).json()['x-routes'];
});
after(async () => {
  await source?.stop();
  await server?.stop();
});

// ---- credentials --------------------------------------------------------------------------------

const bearer = (text, more = {}) => ({ headers: () => ({ Authorization: `Bearer ${text()}` }), ...more });
const machine = (scope, sub = 'machine') => bearer(() => token(scope, { sub }), { scopes: scope.split(' '), account: null });
const refused = (text, status = 401) => bearer(text, { refused: status });
const cookie = (name, scopes, more = {}) => ({
  headers: () => ({ Cookie: people[name].cookie, 'X-CSRF-Token': people[name].csrf, Origin: server.http }),
  scopes, account: name, cookie: true, ...more,
});

const kCredentials = {
  nobody: { headers: () => ({}), nobody: true },
  'a token that is none': refused(() => 'garbage'),
  'an expired token': refused(() => sign({ ...claims('control admin view:main'), exp: secondsFromNow(-120) })),
  'a token of tomorrow': refused(() => sign({ ...claims('control admin view:main'), nbf: secondsFromNow(86_400) })),
  'a token for another audience': refused(() => sign({ ...claims('control admin view:main'), aud: 'elsewhere' })),
  'a token without a signature': refused(() => sign(claims('control admin view:main'), { header: { alg: 'none' }, signature: '' })),
  'a token signed by another': refused(() => sign(claims('control admin view:main'), { secret: 'x'.repeat(32) })),
  'a token with its own key': refused(() => sign(claims('control admin view:main'), { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } })),
  'a token without a scope': refused(() => sign({ ...claims(''), scope: undefined })),
  'a token in the query': { headers: () => ({}), query: () => `token=${token('control admin view:main')}`, refused: 401, cookieless: true },
  'a one-time ticket that is none': { headers: () => ({}), query: () => 'ticket=0123', refused: 401 },
  'to view main': machine('view:main'),
  'to view another channel': machine('view:other'),
  'to publish main': machine('publish:main'),
  'to control': machine('control', 'controller'),
  'to administer': machine('admin', 'administrator'),
  'a session without its CSRF word': { ...cookie('ann', []), headers: () => ({ Cookie: people.ann.cookie, Origin: server.http }), csrf: false },
  'a session with another’s CSRF word': { ...cookie('ann', []), headers: () => ({ Cookie: people.ann.cookie, 'X-CSRF-Token': people.bob.csrf, Origin: server.http }), csrf: false },
  'the owner’s session from another site': { ...cookie('ann', []), headers: () => ({ Cookie: people.ann.cookie, 'X-CSRF-Token': people.ann.csrf, Origin: 'https://evil.example' }), foreign: true },
  'a session that has ended': { headers: () => ({ Cookie: people.gone.cookie, 'X-CSRF-Token': people.gone.csrf, Origin: server.http }), nobody: true },
  'the owner’s session': cookie('ann', []),
  'another viewer’s session': cookie('bob', []),
  'a producer’s session': cookie('producer', ['control']),
  'an admin’s session': cookie('admin', ['control', 'admin']),
};

// What the guard says before any handler; null: it lets pass.
function guardSays({ who, method, pattern, csrf, socket }, credential) {
  if (credential.foreign && csrf) return 403;
  if (who === 'anyone') return null;
  if (credential.refused) return credential.refused;
  const reads = method === 'get';
  // A socket opens for nobody and waits for its token; until then nothing comes out of it.
  if (credential.nobody || (credential.cookie && !pattern.startsWith('/api/'))) return socket ? null : 401;
  if (credential.cookie && credential.csrf === false && !reads) return 403;
  const has = (scope) => credential.scopes.includes(scope);
  const allowed = { bearer: true, viewer: has('view:main'), publisher: has('publish:main'), control: has('control') || has('admin'), admin: has('admin') }[who];
  return allowed ? null : 403;
}

// ---- expectations -------------------------------------------------------------------------------

const mine = (credential) => (credential.account === 'ann' ? 200 : 404); // to all others it is not there
const account = (status) => (credential) => (credential.account ? status : 404); // a machine has none
const byRole = (acts, watches) => (credential) => (!credential.account ? 404 : credential.scopes.includes('control') ? acts : watches);
const fixed = (status, more = {}) => ({ status, ...more });
// Routes that ask inside: the credential counts although the table says anyone.
const asksInside = (status) => (credential, route) => {
  if (credential.refused) return credential.refused;
  if (credential.cookie && credential.csrf === false && route.method !== 'get') return 403;
  return status(credential);
};
const nobodyIs = (status, others) => (credential) => (credential.nobody ? status : others(credential));
const playOfMain = asksInside(nobodyIs(401, (credential) => (credential.scopes.includes('view:main') ? 201 : 403)));
const noSuchPlay = asksInside(() => 404);
const page = fixed(200, { headers: { Accept: 'text/html' } });
const nothing = { performance: 'pf_nothing' };

const kExpected = {
  'get /': page,
  'get /e/{slug}': page, 'get /e/{slug}/test': page, 'get /e/{slug}/buy': page, 'get /sign-in': page, 'get /account': page, 'get /orders/{id}/pay': page, 'get /orders/{id}/receipt': page,
  'get /legal': page, 'get /terms': page, 'get /privacy': page, 'get /external': page, 'get /orders/{id}': page, 'get /tickets': page,
  'get /watch': page, 'get /watch/{channel}': page, 'get /publish': page, 'get /producer': page, 'get /producer/events/{id}': page,
  'get /favicon.svg': fixed(200), 'get /favicon.ico': fixed(200),
  'get /assets/{name*}': fixed(404), 'get /artwork/{name}': fixed(404),
  'get /time': fixed(200), 'get /healthz': fixed(200), 'get /readyz': fixed(200), 'get /api/v1/openapi.json': fixed(200),

  'post /token': fixed(400),
  'post /api/v1/tickets': fixed(201),
  'get /api/v1/session': fixed(200),
  'post /api/v1/accounts': fixed(400, { body: {} }), 'post /api/v1/session': fixed(401, { body: () => ({ email: `nobody${asked}@example.org`, password: 'x' }) }),
  'delete /api/v1/session': fixed(204, { signsOut: true }), 'delete /api/v1/sessions': fixed(204, { signsOut: true }),

  'get /auth/{provider}/start': fixed(303), 'get /auth/{provider}/callback': fixed(303), 'get /api/v1/sign-ins': fixed(200),
  'get /api/v1/account': fixed(account(200)),
  'post /api/v1/account/second-factor': fixed(byRole(200, 409), { body: {} }),
  'post /api/v1/account/second-factor/confirm': fixed(byRole(403, 409), { body: {} }),
  'delete /api/v1/account/second-factor': fixed(account(403)),
  'post /api/v1/session/second-factor': fixed(account(409), { body: {} }),
  'post /api/v1/account/verification': fixed(account(202), { body: {} }),
  'post /api/v1/account/sign-ins': fixed(account(503), { body: {} }), 'delete /api/v1/account/sign-ins/{id}': fixed(account(409)),
  'post /api/v1/verifications': fixed(410, { body: {} }), 'post /api/v1/password-resets': fixed(202, { body: {} }), 'put /api/v1/password-resets': fixed(400, { body: {} }),
  'get /api/v1/legal': fixed(200), 'get /api/v1/panic': fixed(200), 'post /api/v1/panic': fixed(400, { body: {} }),

  'get /api/v1/events': fixed(200), 'get /api/v1/events/{slug}': fixed(200),
  'get /api/v1/orders': fixed(account(200)),
  'post /api/v1/orders': fixed(account(409), { body: { ticket_type: 'tt_nothing', quantity: 1 } }),
  'get /api/v1/orders/{id}': fixed(mine), 'post /api/v1/orders/{id}/confirm': fixed((c) => (c.account === 'ann' ? 400 : 404), { body: { method: 'card' } }),
  'post /api/v1/orders/{id}/cancel': fixed((c) => (c.account === 'ann' ? 409 : 404), { body: {} }),
  'get /api/v1/orders/{id}/payment': fixed((c) => (c.account === 'ann' ? 409 : 404)), 'post /api/v1/orders/{id}/look': fixed(mine, { body: {} }),
  'get /api/v1/orders/{id}/receipt': fixed((c) => (c.account === 'ann' ? 409 : 404)), 'post /api/v1/orders/{id}/receipt': fixed((c) => (c.account === 'ann' ? 409 : 404), { body: { addressee: 'Ann' } }),
  'get /api/v1/tickets': fixed(account(200)), 'get /api/v1/tickets/{file}': fixed(mine),
  'post /api/v1/test-plays': fixed(404, { body: nothing }), 'post /api/v1/test-reports': fixed(404, { body: nothing }),
  'get /api/v1/test-reports': fixed(account(200)),
  'post /webhooks/{provider}': fixed(401, { body: {} }),
  'get /test-payments/{payment}': fixed(200), 'post /test-payments/{payment}': fixed(200, { form: 'card=1' }),
  'post /test-payments/{payment}/operator': fixed(400, { body: { do: 'nothing' } }), 'post /test-payments/operator/clock': fixed(400, { body: { advance_s: -1 } }),

  'post /api/v1/plays': fixed(playOfMain, { body: { channel: 'main' } }),
  'get /api/v1/plays/{id}': fixed(404), 'put /api/v1/plays/{id}': fixed(404), 'delete /api/v1/plays/{id}': fixed(noSuchPlay),
  'post /license/clearkey': fixed(400, { body: {} }), 'get /license/identity/{kid}': fixed((credential) => credential.refused ?? 404), 'get /license/fairplay/certificate': fixed(404),
  'post /license/widevine': fixed(404, { body: {} }), 'post /license/playready': fixed(404, { body: {} }), 'post /license/fairplay': fixed(404, { body: {} }),
  'get /license/widevine/token': fixed(404), 'get /license/playready/token': fixed(404), 'get /license/fairplay/token': fixed(404),

  'get /ws': fixed(101), 'get /live/{channel}/ws': fixed(101),
  'get /live/{channel}/index.m3u8': fixed(200), 'get /live/{channel}/manifest.mpd': fixed(200),
  'get /live/{channel}/{rendition}/index.m3u8': fixed(200), 'get /live/{channel}/{rendition}/{file}': fixed(404),
  'get /live/{channel}/{rendition}/snapshot.jpg': fixed(200), 'get /live/{channel}/mjpeg': fixed(406), 'get /live/{channel}/snapshot.jpg': fixed(406),

  'get /api/v1/channels': fixed(200), 'get /api/v1/channels/public': fixed(200), 'get /api/v1/channels/{channel}': fixed(200),
  'get /api/v1/channels/{channel}/public': fixed(200),
  'delete /api/v1/channels/{channel}/inputs/{input}': fixed(409), 'post /api/v1/channels/{channel}/instructions': fixed(400, { body: {} }),
  'post /api/v1/channels/{channel}/captions': fixed(400, { body: {} }),
  'post /api/v1/channels/{channel}/rotate-keys': fixed(409, { body: {} }), 'delete /api/v1/channels/{channel}': fixed(404, { args: { channel: 'nothing' } }),
  'get /api/v1/channels/{channel}/keys': fixed(200), 'post /api/v1/channels/{channel}/keys': fixed(201, { body: {} }), 'delete /api/v1/channels/{channel}/keys/{id}': fixed(404),

  'post /api/v1/plays/{id}/device-row': fixed(404, { body: {} }), 'get /api/v1/device-rows': fixed(200),
  'get /api/v1/records/key': fixed(200),
  'get /api/v1/producer/events': fixed(200), 'post /api/v1/producer/events': fixed(400, { body: {} }),
  'get /api/v1/producer/events/{id}': fixed(200), 'put /api/v1/producer/events/{id}': fixed(400, { body: {} }),
  'delete /api/v1/producer/events/{id}': fixed(409), 'post /api/v1/producer/events/{id}/state': fixed(400, { body: { to: 'sideways' } }),
  'post /api/v1/producer/events/{id}/delay': fixed(400, { body: {} }), 'post /api/v1/producer/events/{id}/codes': fixed(400, { body: {} }),
  'get /api/v1/producer/events/{id}/orders': fixed(200), 'get /api/v1/producer/events/{id}/destruction': fixed(200),
  'get /api/v1/producer/events/{id}/sales': fixed(200), 'get /api/v1/producer/events/{id}/orders.csv': fixed(200),
  'post /api/v1/producer/events/{id}/artwork': fixed(400, { body: {} }), 'get /api/v1/producer/licenses': fixed(200),
  'post /api/v1/producer/orders/{id}/refund': fixed(404, { body: {}, args: { id: 'or_nothing' } }),
};

// ---- asking -------------------------------------------------------------------------------------

const args = () => ({
  slug: event.slug, channel: 'main', rendition: 'video', file: 'nothing.m4s', input: 'b', kid: '0'.repeat(32), provider: 'test', payment, name: 'nothing',
});
function pathOf(pattern, more = {}) {
  const at = { ...args(), ...more };
  if (pattern.startsWith('/api/v1/tickets/')) at.file = `${ticket}.ics`;
  at.id ??= pattern.includes('/orders/') ? order : pattern.includes('/events/') ? event.id : 'nothing';
  return pattern.replace(/\{(\w+)\*?\}/g, (_, name) => at[name]);
}

// One request from an address that nobody else has, so that no rate is met; 101 ends where it began.
function ask({ method, pattern, socket }, expectation, credential) {
  const { body, form, headers = {} } = expectation;
  const query = [credential.query?.(), pattern === '/ws' ? 'channel=main&input=b' : ''].filter(Boolean).join('&');
  const sent = form ?? (body === undefined ? undefined : JSON.stringify(typeof body === 'function' ? body() : body));
  const options = {
    method: method.toUpperCase(),
    headers: {
      'X-Forwarded-For': `10.20.${(++asked >> 8) & 255}.${asked & 255}`,
      ...(sent === undefined ? {} : { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json', 'Content-Length': Buffer.byteLength(sent) }),
      ...(socket ? { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } : {}),
      ...headers,
      ...credential.headers(),
    },
  };
  return new Promise((done, failed) => {
    const question = http.request(`${server.http}${pathOf(pattern, expectation.args)}${query ? `?${query}` : ''}`, options, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece)).on('end', () => done({ status: answer.statusCode, headers: answer.headers, text }));
    });
    question.on('upgrade', (answer, pipe) => {
      pipe.destroy();
      done({ status: 101, headers: answer.headers, text: '' });
    });
    question.on('error', failed).end(sent);
  });
}

const signIn = (name) => people[name].write('POST', '/api/v1/session', { email: ['producer', 'admin'].includes(name) ? name : `${name}@example.org`, password: kPassword });

const keyOf = ({ method, pattern }) => `${method} ${pattern}`;

test('S12: every route of the server is expected here, and every expectation is a route', () => {
  const there = routes.map(keyOf).concat('get /api/v1/openapi.json').sort();
  assert.deepEqual(there.filter((key) => !(key in kExpected)), [], 'routes without an expectation');
  assert.deepEqual(Object.keys(kExpected).filter((key) => !there.includes(key)), [], 'expectations without a route');
});

test('every route with every credential: the exact status', { timeout: 120_000 }, async () => {
  const wrong = [];
  let cells = 0, passed = 0;
  const ends = routes.filter((route) => kExpected[keyOf(route)]?.signsOut);
  for (const route of [...routes.filter((one) => !ends.includes(one)), ...ends]) {
    const expectation = kExpected[keyOf(route)];
    if (!expectation) continue;
    for (const [name, credential] of Object.entries(kCredentials)) {
      if (expectation.signsOut && credential.account) {
        await signIn(credential.account);
      }
      const says = guardSays(route, credential);
      const { status } = expectation;
      const expected = says ?? (typeof status === 'function' ? status(credential, route) : status);
      const answer = await ask(route, expectation, credential);
      ++cells;
      if (says === null) ++passed;
      if (answer.status !== expected) wrong.push(`${keyOf(route)} with ${name}: ${answer.status}, expected ${expected}: ${answer.text.slice(0, 160)}`);
      else if (answer.status >= 400 && !/^application\/problem\+json/.test(answer.headers['content-type']) && !route.pattern.startsWith('/test-payments/') && route.pattern !== '/token') wrong.push(`${keyOf(route)} with ${name}: no problem+json`);
    }
  }
  console.log(wrong.map((line) => `# ${line}`).join('\n'));
  assert.equal(wrong.length, 0, wrong[0]);
  console.log(`# ${routes.length} routes × ${Object.keys(kCredentials).length} credentials: ${cells} cells, ${passed} let in`);
  assert.ok(passed > cells / 4, 'a server that refuses everything would not pass');
});

test('S17: what is another’s and what is not there are answered alike', async () => {
  for (const name of ['ann', 'bob']) await signIn(name); // the matrix signed everybody out
  const { bob } = people;
  for (const [method, path] of [['GET', '/api/v1/orders/ID'], ['POST', '/api/v1/orders/ID/cancel'], ['POST', '/api/v1/orders/ID/confirm'], ['GET', '/api/v1/tickets/ID.ics']]) {
    const theirs = path.includes('tickets') ? ticket : order;
    const ids = [theirs, `${theirs.slice(0, -1)}${theirs.endsWith('A') ? 'B' : 'A'}`, theirs.toLowerCase(), `${theirs}0`, '1'];
    const answers = [];
    for (const id of ids) answers.push(await (method === 'GET' ? bob.read(path.replace('ID', id)) : bob.write(method, path.replace('ID', id), { method: 'card' })));
    for (const answer of answers) {
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.equal(answer.text, answers[1].text, 'the bytes tell nothing');
    }
  }
});

test('S12: a write from another site is refused, whatever it looks like', async () => {
  const body = JSON.stringify({ ticket_type: event.free, quantity: 1 });
  for (const headers of [
    { 'Content-Type': 'text/plain', Origin: 'https://evil.example' },
    { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://evil.example' },
    { 'Content-Type': 'application/json', 'X-CSRF-Token': '' },
    { 'Content-Type': 'application/json', 'X-CSRF-Token': 'null' },
    { 'Content-Type': 'application/json', 'X-HTTP-Method-Override': 'GET' },
  ]) {
    const answer = await server.get('/api/v1/orders', { method: 'POST', body, headers: { Cookie: ann.cookie, ...headers } });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
  const read = await server.get(`/api/v1/orders?ticket_type=${event.free}`, { headers: { Cookie: ann.cookie } });
  assert.equal(read.status, 200, 'a read buys nothing');
});

test('S18: guesses and writes have a rate per address, which does not reach who watches', { timeout: 30_000 }, async () => {
  const address = '10.99.0.1';
  const guess = () => server.get('/api/v1/session', { method: 'POST', body: JSON.stringify({ email: 'ann@example.org', password: 'wrong' }), headers: { 'X-Forwarded-For': address, 'Content-Type': 'application/json' } });
  const statuses = [];
  for (let i = 0; i < 25 && !statuses.includes(429); ++i) statuses.push((await guess()).status);
  assert.equal(statuses.at(-1), 429, statuses.join());
  assert.ok(statuses.slice(0, -1).every((status) => status === 401), statuses.join());
  const play = await server.get('/api/v1/orders', { headers: { ...ann.headers(), 'X-Forwarded-For': address } });
  assert.equal(play.status, 200, 'who is signed in goes on');
  let writes = 0;
  const write = () => server.get('/api/v1/orders/or_nothing/cancel', { method: 'POST', body: '{}', headers: { ...ann.headers({ 'Content-Type': 'application/json' }), 'X-Forwarded-For': '10.99.0.2' } });
  for (let status = 404; status === 404 && writes < 200; ++writes) ({ status } = await write());
  assert.ok(writes > 100 && writes < 200, `${writes} writes before 429`);
  assert.equal((await server.get('/live/main/index.m3u8', { token: token('view:main'), headers: { 'X-Forwarded-For': '10.99.0.2' } })).status, 200);
});

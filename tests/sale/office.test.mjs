// What a sale needs beside the tickets: the law's pages, receipts, figures, webhooks out; and the door when
// it is crowded: the database stands still, and the panic switch.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { controlToken, publishToken } from '../harness/token.mjs';
import { Child } from '../harness/process.mjs';
import { program } from '../harness/paths.mjs';
import { until } from '../harness/wait.mjs';

const kSecret = 'CNRY-webhooks-out-of-thirty-two-and-more';
let server, event, theirs, sender;
const taken = [];
before(async () => {
  // The producer's own program; it refuses each event once.
  theirs = createServer(async (request, answer) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const seen = taken.some(({ body }) => body === Buffer.concat(pieces).toString());
    taken.push({ body: Buffer.concat(pieces).toString(), signature: request.headers['butai-signature'], again: seen });
    answer.writeHead(seen ? 204 : 500).end();
  });
  await new Promise((ready) => theirs.listen(0, '127.0.0.1', ready));
  server = await Server.start({
    config: shopConfig(`[webhooks]\nurl = "http://127.0.0.1:${theirs.address().port}/hook"\nsecret = "${kSecret}"
[legal]\nseller = "株式会社 舞台"\nregistration_number = "T1234567890123"\nprivacy = "https://example.org/privacy"\n`),
  });
  sender = new Child(program, ['publish', 'test', '--size', '320x180', '--fps', '10', `${server.ws}/ws?channel=stage`], { env: { BUTAI_TOKEN: publishToken('stage') } });
  event = await sell(server, { capacity: 4 });
});
after(async () => {
  await sender?.stop();
  theirs?.closeAllConnections();
  theirs?.close();
  await server?.stop();
});

async function buy(person) {
  const { id } = (await person.hold(event.paid)).json();
  const url = (await person.confirm(id, 'card')).json().pay_url;
  await person.pay(url, '4242424242424242');
  await until('the ticket', async () => (await person.order(id)).state === 'fulfilled', { within: 10_000, every: 50 });
  return id;
}
const control = (path, body) => (body ? server.post(path, body, { token: controlToken() }) : server.get(path, { token: controlToken() }));

test('the law’s pages say what the configuration says; without it nothing goes on sale', async () => {
  const legal = (await server.get('/api/v1/legal')).json();
  assert.deepEqual(legal.seller, { ja: '株式会社 舞台', en: '株式会社 舞台' });
  assert.equal(legal.privacy.ja, 'https://example.org/privacy');
  assert.deepEqual(legal.external, []);
  for (const path of ['/legal', '/terms', '/privacy', '/external']) assert.equal((await server.get(path, { headers: { Accept: 'text/html' } })).status, 200);
  const bare = await Server.start({ config: shopConfig('[legal]\nseller = "S"\nphone = "1"\n').replace('test = "operator"', 'test = "cards"') });
  try {
    await assert.rejects(sell(bare), (error) => {
      assert.match(error.message, /legal-missing/);
      assert.match(error.message, /\[legal\] has no representative, address, email, extra_costs, cancellation, terms, privacy/);
      return true;
    });
    const typed = await bare.command(['event', 'state', 'night', 'on_sale', ...bare.place()], { anyStatus: true });
    assert.equal(typed.code, 1);
    assert.match(typed.stderr, /has no representative/);
  } finally {
    await bare.stop();
  }
});

test('a receipt is made out to whom the buyer says, and marked when it is made again', async () => {
  const ann = await Person.signUp(server, 'ann@example.org');
  const id = await buy(ann);
  assert.deepEqual((await ann.read(`/api/v1/orders/${id}/receipt`)).json(), { receipt: null });
  const first = (await ann.write('POST', `/api/v1/orders/${id}/receipt`, { addressee: '<b>株式会社</b>' })).json().receipt;
  assert.deepEqual([first.addressee, first.reissued, first.tax_rate, first.tax.amount, first.registration_number], ['<b>株式会社</b>', false, 10, 300, 'T1234567890123']);
  const second = (await ann.write('POST', `/api/v1/orders/${id}/receipt`, { addressee: 'Ann' })).json().receipt;
  assert.equal(second.reissued, true);
  assert.equal((await ann.write('POST', `/api/v1/orders/${id}/receipt`, { addressee: '' })).status, 400);
  const bob = await Person.signUp(server, 'bob@example.org');
  assert.equal((await bob.read(`/api/v1/orders/${id}/receipt`)).status, 404);
});

test('sales by the hour, and all orders for a spreadsheet', async () => {
  const sales = (await control(`/api/v1/producer/events/${event.id}/sales`)).json();
  assert.equal(sales.points.length, 1);
  assert.deepEqual([sales.points[0].tickets, sales.points[0].amount, sales.currency], [1, 3300, 'JPY']);
  const csv = await control(`/api/v1/producer/events/${event.id}/orders.csv`);
  assert.deepEqual([...csv.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.match(csv.text, /,fulfilled,夜,1,3300,300,JPY,card,ann@example\.org\r\n/);
  assert.equal((await server.get(`/api/v1/producer/events/${event.id}/orders.csv`)).status, 401);
});

test('webhooks out: signed, again until they are taken, one id each', async () => {
  await until('the order, twice', () => taken.filter(({ body }) => body.includes('order.paid')).length >= 2, { within: 15_000, every: 50 });
  const [one, two] = taken.filter(({ body }) => body.includes('order.paid'));
  assert.equal(one.body, two.body);
  const [, time, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(two.signature);
  assert.equal(v1, createHmac('sha256', kSecret).update(`${time}.${two.body}`).digest('hex'));
  assert.equal(JSON.parse(one.body).data.total, 3300);
});

test('with the database standing still, who is known goes on: page, session, play, picture; sold out is said', async () => {
  const cho = await Person.signUp(server, 'cho@example.org');
  await buy(cho);
  const dan = await Person.signUp(server, 'dan@example.org');
  for (let i = 0; i < 2; ++i) assert.equal((await dan.hold(event.paid)).status, 201);
  assert.equal((await dan.hold(event.paid)).status, 409);
  await until('everybody to know that it is sold out', async () => (await dan.read(`/api/v1/events/${event.slug}`)).json().ticket_types[0].availability === 'none', { within: 5000, every: 50 });
  const lock = new Child('python3', ['-c', `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()`, `${server.data}/data/butai.db`]);
  try {
    await lock.firstLine();
    const from = performance.now();
    const steps = {
      page: (await server.get('/watch/stage', { headers: { Accept: 'text/html' } })).status,
      session: (await cho.read('/api/v1/session')).json().account?.email,
      event: (await cho.read(`/api/v1/events/${event.slug}`)).status,
      'sold out': (await dan.hold(event.paid)).json().type,
    };
    const play = await cho.play('stage');
    steps.play = play.status;
    const playlist = await server.get(new URL(play.json().hls, server.http).pathname);
    steps.playlist = playlist.status;
    assert.deepEqual(steps, { page: 200, session: 'cho@example.org', event: 200, 'sold out': '/problems/sold-out', play: 201, playlist: 200 });
    const ms = performance.now() - from;
    console.log(`six steps of somebody known, without the database: ${ms.toFixed(0)} ms`);
    assert.ok(ms < 1000, `${ms} ms: something waited for the database`);
  } finally {
    await lock.stop();
  }
  await until('play.started', () => taken.some(({ body }) => body.includes('play.started')), { within: 10_000, every: 50 });
});

test('panic: what watching does not need rests, with a page that says so; by the API, the command, and back', async () => {
  const ann = await Person.signUp(server, 'eve@example.org');
  const html = { headers: { Accept: 'text/html' } };
  assert.deepEqual((await control('/api/v1/panic', { on: true })).json(), { on: true, written: true });
  for (const path of ['/', `/e/${event.slug}`, `/e/${event.slug}/buy`, '/orders/or_x']) {
    const answer = await server.get(path, html);
    assert.equal(answer.status, 503, path);
    assert.equal(answer.headers['retry-after'], '60');
    assert.match(answer.text, /混み合って[\s\S]*Those who watch come first/);
  }
  assert.equal((await ann.hold(event.free)).status, 503);
  assert.equal((await ann.read('/api/v1/orders')).json().status, 503);
  for (const path of ['/watch/stage', '/tickets', '/sign-in', '/producer']) assert.equal((await server.get(path, html)).status, 200, path);
  for (const path of ['/api/v1/session', `/api/v1/events/${event.slug}`, '/api/v1/tickets']) assert.equal((await ann.read(path)).status, 200, path);
  assert.equal((await server.post('/webhooks/test', {})).status, 401, 'money is still listened to');
  assert.equal((await server.post('/api/v1/panic', { on: false })).status, 401);
  await server.command(['panic', 'off', ...server.place()]);
  await until('the server to follow', async () => (await server.get('/', html)).status === 200, { within: 5000, every: 50 });
  assert.match((await server.command(['panic', 'on', ...server.place()])).stdout, /^panic/);
  await until('the server to follow', async () => (await server.get('/', html)).status === 503, { within: 5000, every: 50 });
  await control('/api/v1/panic', { on: false });
  assert.deepEqual((await control('/api/v1/panic')).json(), { on: false });
});

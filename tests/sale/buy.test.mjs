// From an account to a picture, and to its end: buy with a test card, play on a channel that asks for
// tickets, refund, dark within ten seconds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film, jpegs } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { Socket } from '../harness/socket.mjs';
import { controlToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kGoodCard = '4242 4242 4242 4242';
const kDarkMs = 10_000;

let server;
let event;
let source;
before(async () => {
  server = await Server.start({ config: shopConfig() });
  event = await sell(server, { capacity: 5 });
  source = await feed(server, 'stage', await film());
});
after(async () => {
  await source?.stop();
  await server?.stop();
});

async function buy(person, card = kGoodCard) {
  const held = await person.hold(event.paid);
  assert.equal(held.status, 201, held.text);
  const { id } = held.json();
  const confirmed = await person.confirm(id, 'card');
  assert.equal(confirmed.status, 200, confirmed.text);
  const { pay_url: url } = confirmed.json();
  assert.ok(url, confirmed.text);
  const paid = await person.pay(url, card);
  return { id, url, paid };
}

const settled = (person, id, state, ms = 5000) =>
  until(`order ${id} to be ${state}`, async () => (await person.order(id)).state === state, { within: ms, every: 50 });

test('S3, S22: a ticket opens the channel, and its refund darkens it', async () => {
  const ann = await Person.signUp(server, 'ann@example.org');
  const stranger = await ann.play('stage');
  assert.equal(stranger.status, 403, stranger.text);
  assert.equal(stranger.json().type, '/problems/no-ticket');

  const { id, paid } = await buy(ann);
  assert.equal(paid.status, 303, paid.text);
  assert.equal(paid.headers.location, `/orders/${id}`);
  await settled(ann, id, 'fulfilled');

  const started = await ann.play('stage', { device: 'first' });
  assert.equal(started.status, 201, started.text);
  const play = started.json();
  await until('the playlist', async () => (await server.get(play.hls)).status === 200, { within: 15_000 });

  // A second device is told of the first one, and may take over.
  const second = await ann.play('stage', { device: 'second' });
  assert.equal(second.status, 409, second.text);
  assert.equal(second.json().devices[0].device, 'first');
  const taken = await ann.play('stage', { device: 'second', take_over: play.play });
  assert.equal(taken.status, 201, taken.text);
  assert.equal((await server.get(play.hls)).status, 401);
  assert.deepEqual((await ann.read(`/api/v1/plays/${play.play}`)).json(), { state: 'taken-over', by: 'second' });

  const now = taken.json();
  assert.equal((await server.get(now.hls)).status, 200);
  const from = performance.now();
  const back = await server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token: controlToken() });
  assert.equal(back.status, 200, back.text);
  await until('the play to be dark', async () => (await server.get(now.hls)).status === 403, { within: kDarkMs, every: 50 });
  console.log(`dark ${Math.round(performance.now() - from)} ms after the refund`);
  assert.equal((await ann.order(id)).state, 'refunded');
  assert.equal((await ann.play('stage')).status, 403);
  assert.equal((await ann.read(`/api/v1/plays/${now.play}`)).json().state, 'revoked');
});

// Until something of the channel came by that way; what comes of it afterwards: 'plays', or how it ended.
const kWays = {
  hls: async ({ hls }) => {
    const look = async () => (await server.get(hls)).status;
    await until('the playlist', async () => (await look()) === 200, { within: 15_000 });
    return async () => ((await look()) === 200 ? 'plays' : await look());
  },
  dash: async ({ dash }) => {
    const look = async () => (await server.get(dash)).status;
    await until('the manifest', async () => (await look()) === 200, { within: 15_000 });
    return async () => ((await look()) === 200 ? 'plays' : await look());
  },
  websocket: async ({ ws }) => {
    const socket = new Socket(ws);
    await socket.open();
    await socket.count(3);
    return async () => socket.how?.code ?? 'plays';
  },
};
const kDark = { hls: 401, dash: 401, websocket: 4401 };

test('S20: a place that is held by HLS, DASH or WebSocket is held for each of them, and taken over from each by each', { timeout: 120_000 }, async () => {
  const ivy = await Person.signUp(server, 'ivy@example.org');
  const { id } = (await ivy.hold(event.free)).json();
  await ivy.confirm(id, 'free');
  const start = async (way, more) => {
    const answer = await ivy.play('stage', { device: way, ...more });
    return { status: answer.status, ...answer.json() };
  };
  let [holder, held] = ['hls', await start('hls')];
  let state = await kWays.hls(held);
  for (const way of ['websocket', 'hls', 'dash', 'websocket', 'dash', 'hls']) {
    const refused = await start(way);
    assert.equal(refused.status, 409, `${way} while ${holder} plays`);
    assert.deepEqual(refused.devices.map(({ play, device }) => [play, device]), [[held.play, holder]]);
    assert.equal(await state(), 'plays', `${holder} goes on`);
    const next = await start(way, { take_over: held.play });
    assert.equal(next.status, 201);
    const nextState = await kWays[way](next);
    await until(`${holder} to be dark`, async () => (await state()) === kDark[holder], { within: kDarkMs });
    assert.equal(await nextState(), 'plays');
    [holder, held, state] = [way, next, nextState];
  }
  // Its own addresses are one place: a page that changes its way of playing asks for no second one.
  const ways = await Promise.all(Object.values(kWays).map((open) => open(held)));
  for (const one of ways) assert.equal(await one(), 'plays');
  await ivy.write('DELETE', `/api/v1/plays/${held.play}`);
});

test('a declined card can be tried again, 3-D Secure asks first', async () => {
  const bob = await Person.signUp(server, 'bob@example.org');
  const { id, url, paid } = await buy(bob, '4000 0000 0000 0002');
  assert.equal(paid.status, 200);
  assert.match(paid.text, /declined/);
  assert.equal((await bob.order(id)).state, 'pending_payment');
  assert.match((await bob.pay(url, '4000 0000 0000 3220')).text, /3-D Secure/);
  const yes = await server.get(url, { method: 'POST', body: 'challenge=yes', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(yes.status, 303);
  await settled(bob, id, 'fulfilled');
});

test('a store is paid later, a dispute darkens, a dispute won brings the light back', async () => {
  const cho = await Person.signUp(server, 'cho@example.org');
  const later = await sell(server, { slug: 'later', doorsIn: 30 }); // a store is offered hours before the doors
  const { id } = (await cho.hold(later.paid)).json();
  const confirmed = (await cho.confirm(id, 'konbini')).json();
  assert.equal(confirmed.order.payment.method, 'konbini');
  assert.match(confirmed.order.payment.number, /^\d{6}$/);
  const tell = async (what) => {
    const payment = new URL(confirmed.pay_url).pathname;
    const told = await server.post(`${payment}/operator`, { do: what });
    assert.equal(told.status, 200, told.text);
  };
  await tell('store-paid');
  await settled(cho, id, 'fulfilled');
  await server.post(`/api/v1/producer/events/${later.id}/state`, { to: 'doors_open' }, { token: controlToken() });
  await tell('dispute');
  await settled(cho, id, 'disputed');
  assert.equal((await cho.play('stage')).status, 403);
  await tell('dispute-won');
  await settled(cho, id, 'fulfilled');
  assert.equal((await cho.play('stage')).status, 201);
});

test('S15, S17: a forged webhook changes nothing, and capacity is never exceeded', async () => {
  const dan = await Person.signUp(server, 'dan@example.org');
  const { id } = (await dan.hold(event.paid, 1)).json();
  await dan.confirm(id, 'card');
  const forged = await server.post('/webhooks/test', { id: 'evt_x', payment: { id: 'py_x', captured: 3300 } }, {
    headers: { 'Butai-Signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
  });
  assert.equal(forged.status, 401, forged.text);
  assert.equal((await dan.order(id)).state, 'pending_payment');
  const eve = await Person.signUp(server, 'eve@example.org');
  const answers = await Promise.all(Array.from({ length: 8 }, () => eve.hold(event.paid, 1)));
  const held = answers.filter(({ status }) => status === 201).length;
  assert.ok(answers.every(({ status }) => status === 201 || status === 409), answers.map(({ text }) => text).join());
  assert.ok(held <= 3, `${held} were held`);
  assert.equal(answers.find(({ status }) => status === 409).json().type, '/problems/sold-out');
});

test('an event’s picture: kept once under its hash, cached for ever, shown where the link is shared', async () => {
  const picture = (bytes) => server.get(`/api/v1/producer/events/${event.id}/artwork`, { method: 'POST', body: bytes, token: controlToken() });
  const [bytes] = await jpegs({ count: 1 });
  const kept = await picture(bytes);
  assert.equal(kept.status, 201, kept.text);
  const { artwork } = kept.json();
  assert.match(artwork, /^\/artwork\/[0-9a-f]{32}\.jpeg$/);
  const got = await server.get(artwork);
  assert.equal(got.headers['content-type'], 'image/jpeg');
  assert.match(got.headers['cache-control'], /immutable/);
  assert.ok(got.bytes.equals(bytes));
  assert.equal((await picture(bytes)).json().artwork, artwork, 'the same picture has the same name');
  assert.equal((await server.get(`/api/v1/events/${event.slug}`)).json().artwork, artwork);
  const page = await server.get(`/e/${event.slug}`, { headers: { Accept: 'text/html' } });
  assert.ok(page.text.includes(`<meta property="og:image" content="${server.http}${artwork}" />`), page.text.slice(0, 900));
  for (const [bad, words] of [['<svg/>', /JPEG, PNG or WebP/], [bytes.subarray(0, 400), /broken/], [Buffer.alloc(2_000_000, 0xff), /JPEG, PNG or WebP/]]) {
    const refused = await picture(bad);
    assert.equal(refused.status, 400);
    assert.match(refused.json().detail, words);
  }
  assert.equal((await picture(Buffer.alloc(3_000_000))).status, 413);
  assert.equal((await server.get('/artwork/nothing.jpeg')).headers['cache-control'], 'no-store');
});

test('a free ticket is the same path; somebody else sees nothing of it', async () => {
  const fay = await Person.signUp(server, 'fay@example.org');
  const { id } = (await fay.hold(event.free)).json();
  const { order, pay_url: url } = (await fay.confirm(id, 'free')).json();
  assert.equal(order.state, 'fulfilled');
  assert.equal(url, null);
  const { tickets } = (await fay.read('/api/v1/tickets')).json();
  assert.equal(tickets.length, 1);
  const calendar = await fay.read(tickets[0].ics);
  assert.match(calendar.text, /^BEGIN:VCALENDAR\r\n/);
  const gus = await Person.signUp(server, 'gus@example.org');
  assert.equal((await gus.read(`/api/v1/orders/${id}`)).status, 404);
  assert.equal((await gus.read(tickets[0].ics)).status, 404);
  assert.equal((await gus.confirm(id, 'free')).status, 404);
  const without = await server.get('/api/v1/orders', { method: 'POST', body: '{}', headers: { Cookie: gus.cookie, Origin: server.http } });
  assert.equal(without.status, 403, 'a write without X-CSRF-Token');
});

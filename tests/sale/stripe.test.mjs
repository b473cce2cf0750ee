// Stripe, played by a fake that keeps books of its own: what is bought, what comes back, and everything
// that may go wrong between the two. In the end its books and our ledger say the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { long } from '../harness/paths.mjs';
import { PostgreSql } from '../harness/postgresql.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { StripeFake } from '../harness/stripe_fake.mjs';
import { sleep, until } from '../harness/wait.mjs';
import { controlToken } from '../harness/token.mjs';

const kCard = '4242 4242 4242 4242';
let fake, server, event;

before(async () => {
  fake = await StripeFake.start();
  server = await Server.start({ config: shopConfig(fake.config()) });
  fake.target = server;
  event = await sell(server, { capacity: 60, doorsIn: 30 });
});
after(async () => {
  const { log } = server ?? {};
  await fake?.stop();
  await server?.stop();
  for (const secret of fake?.secrets() ?? []) assert.ok(!log.includes(secret), 'S21: a secret of the payment is in the log');
});

const settled = (person, id, state, within = 15_000) =>
  until(`${id} to be ${state}`, async () => (await person.order(id)).state === state, { within, every: 50 });
const refund = (id) => server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token: controlToken() });

async function begin(person, { method = 'card', type = event.paid } = {}) {
  const { id } = (await person.hold(type)).json();
  const confirmed = await person.confirm(id, method);
  assert.equal(confirmed.status, 200, confirmed.text);
  return { id, ...confirmed.json() };
}
async function buy(person) {
  const { id } = await begin(person);
  fake.confirm((await person.paying(id)).client_secret, { card: kCard });
  await settled(person, id, 'fulfilled');
  return { id, intent: fake.intentOf(id) };
}

test('a card is paid, disputed, won; refunded by the producer: each darkens or lights the ticket', async () => {
  const ann = await Person.signUp(server, 'ann@example.org');
  const { id, pay_url } = await begin(ann);
  assert.equal(new URL(pay_url).pathname, `/orders/${id}/pay`);
  const paying = await ann.paying(id);
  assert.equal(paying.publishable_key, fake.publishableKey);
  assert.deepEqual(fake.confirm(paying.client_secret, { card: '4000 0000 0000 0002' }).error.message, 'Your card was declined.');
  assert.equal((await ann.order(id)).state, 'pending_payment');
  assert.equal(fake.confirm(paying.client_secret, { card: kCard }).status, 'succeeded');
  await settled(ann, id, 'fulfilled');
  const intent = fake.intentOf(id);
  assert.equal(intent.amount, 3300);
  fake.dispute(intent.id);
  await settled(ann, id, 'disputed');
  fake.closeDispute(intent.id, 'won');
  await settled(ann, id, 'fulfilled');
  assert.equal((await refund(id)).status, 200);
  await settled(ann, id, 'refunded');
  assert.equal(intent.charge.amount_refunded, 3300);
  assert.equal((await ann.read(`/api/v1/orders/${id}/payment`)).status, 409, 'what can no longer be paid is not given out');
});

test('a store: its numbers, its deadline, paid at the till; too near the doors it is not offered', async () => {
  const bob = await Person.signUp(server, 'bob@example.org');
  const { id, order } = await begin(bob, { method: 'konbini' });
  const doors = Date.parse((await bob.read(`/api/v1/events/${event.slug}`)).json().performances[0].doors);
  assert.equal(Date.parse(order.pay_until), doors - 3_600_000);
  const { client_secret } = await bob.paying(id);
  assert.equal(fake.confirm(client_secret, { email: 'bob@example.org' }).status, 'requires_action');
  await until('the numbers', async () => (await bob.order(id)).payment.number, { within: 5000, every: 50 });
  const { payment } = await bob.order(id);
  assert.match(payment.number, /^FamilyMart \d{5} \/ 0312345678\nLawson /);
  assert.equal(payment.store_deadline, order.pay_until);
  assert.match(payment.pay_url, /\/voucher\/pi_/);
  fake.capture(fake.intentOf(id).id);
  await settled(bob, id, 'fulfilled');
  assert.equal((await refund(id)).status, 200);
  await settled(bob, id, 'refunded');

  const soon = await sell(server, { slug: 'soon', doorsIn: 3.9 });
  const told = (await bob.read('/api/v1/events/soon')).json();
  assert.deepEqual(told.ticket_types[0].payments, ['card']);
  const held = (await bob.hold(soon.paid)).json();
  assert.equal((await bob.confirm(held.id, 'konbini')).status, 409);
});

test('money that comes late gets a seat that is left, or goes back', async () => {
  const small = await sell(server, { slug: 'small', capacity: 1 });
  const [cho, dan] = [await Person.signUp(server, 'cho@example.org'), await Person.signUp(server, 'dan@example.org')];
  const first = await begin(cho, { type: small.paid });
  assert.equal((await cho.write('POST', `/api/v1/orders/${first.id}/cancel`, {})).status, 200);
  await settled(cho, first.id, 'cancelled');
  fake.capture(fake.intentOf(first.id).id); // the till was quicker
  await settled(cho, first.id, 'fulfilled');
  assert.equal((await dan.hold(small.paid)).status, 409, 'the seat is taken');
  assert.equal((await refund(first.id)).status, 200);
  await settled(cho, first.id, 'refunded');
  const second = await begin(dan, { type: small.paid });
  await dan.write('POST', `/api/v1/orders/${second.id}/cancel`, {});
  await settled(dan, second.id, 'cancelled');
  const third = await begin(cho, { type: small.paid });
  fake.confirm((await cho.paying(third.id)).client_secret, { card: kCard });
  await settled(cho, third.id, 'fulfilled');
  fake.capture(fake.intentOf(second.id).id); // and now there is none left
  await settled(dan, second.id, 'refunded');
  assert.equal(fake.intentOf(second.id).charge.amount_refunded, 3300);
});

test('an API that loses answers, is busy, or keeps a 500 under the key: one payment, in the end', async () => {
  const eve = await Person.signUp(server, 'eve@example.org');
  for (const trouble of ['lost', 'lost after', '409', '429']) {
    const failing = new Set();
    fake.trouble = ({ key }) => (key?.startsWith('create') && !failing.has(key) ? (failing.add(key), trouble) : 'none');
    const { id } = await begin(eve);
    fake.trouble = () => 'none';
    await until(`the payment after "${trouble}"`, async () => (await eve.read(`/api/v1/orders/${id}/payment`)).status === 200, { within: 15_000, every: 100 });
    const keys = new Set(fake.asked.filter(({ body }) => body.includes(id)).map(({ key }) => key));
    assert.equal(keys.size, 1, 'the same key each time');
    const intents = [...fake.intents.values()].filter(({ metadata }) => metadata.order === id);
    assert.equal(intents.length, 1, trouble);
    fake.confirm((await eve.paying(id)).client_secret, { card: kCard });
    await settled(eve, id, 'fulfilled');
  }
  // A refund whose answer is lost is asked for again, and happens once.
  const { id, intent } = await buy(eve);
  let lost = 0;
  fake.trouble = ({ path }) => (path === '/v1/refunds' && lost++ === 0 ? 'lost after' : 'none');
  assert.equal((await refund(id)).status, 200);
  await settled(eve, id, 'refunded');
  assert.equal(intent.charge.amount_refunded, 3300);
  fake.trouble = () => 'none';
  // A 500 is kept: nobody was given anything to pay with, so nobody can pay it.
  fake.trouble = ({ key }) => (key?.startsWith('create') ? '500' : 'none');
  const stuck = await begin(eve);
  fake.trouble = () => 'none';
  assert.equal(stuck.pay_url, null);
  assert.equal((await eve.read(`/api/v1/orders/${stuck.id}/payment`)).status, 409);
  assert.equal((await eve.order(stuck.id)).state, 'pending_payment');
});

test('a refund that fails weeks later is owed, told to the producer, and can be sent again; the ticket stays gone', async () => {
  const jun = await Person.signUp(server, 'jun@example.org');
  const { id, intent } = await buy(jun);
  assert.equal((await refund(id)).status, 200);
  await settled(jun, id, 'refunded');
  const payment = async () => (await jun.order(id)).payment.state;
  assert.equal(await payment(), 'refunded');
  fake.failRefund(intent.id);
  await until('it to be known', async () => (await payment()) === 'refund_failed', { within: 15_000, every: 50 });
  assert.equal((await jun.order(id)).state, 'refunded');
  const listed = (await server.get(`/api/v1/producer/events/${event.id}/orders`, { token: controlToken() })).json().orders.find((one) => one.id === id);
  assert.equal(listed.payment.state, 'refund_failed');
  const shown = async () => (await server.command(['order', 'show', id, ...server.place()])).stdout;
  assert.match(await shown(), /owed/);
  assert.equal((await refund(id)).status, 200);
  await until('the second one', async () => (await payment()) === 'refunded', { within: 15_000, every: 50 });
  assert.deepEqual(intent.charge.refunds.data.map(({ status }) => status), ['succeeded', 'failed']);
  assert.equal((await refund(id)).status, 200, 'and not a third');
  assert.equal(intent.charge.refunds.data.length, 2);
  assert.match((await server.command(['order', 'check', ...server.place()])).stdout, /agree|whole|right|ok/i);
});

test('S15: unsigned, forged, stale, from the future, written anew, replayed', async () => {
  const fay = await Person.signUp(server, 'fay@example.org');
  const { id } = await begin(fay);
  fake.sending = () => [];
  fake.capture(fake.intentOf(id).id);
  const paid = fake.events.at(-1);
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify(paid);
  const tried = {
    unsigned: { header: '' },
    'of nobody': { header: `t=${now},v1=${'0'.repeat(64)}` },
    'by another secret': { secret: 'whsec_other' },
    stale: { at: now - 301 },
    'from the future': { at: now + 301 },
    'written anew': { header: fake.sign(body), body: JSON.stringify(paid, null, 2) },
  };
  for (const [what, how] of Object.entries(tried)) assert.equal((await fake.deliver(paid, how)).status, 401, what);
  assert.equal((await fay.order(id)).state, 'pending_payment');
  // Two secrets while one is changed; three days old, signed today.
  const header = `${fake.sign(body, { secret: 'whsec_old' })},${fake.sign(body).split(',')[1]}`;
  const late = await fake.deliver({ ...paid, created: paid.created - 3 * 86_400 }, { header, body });
  assert.deepEqual(late.json(), { verdict: 'taken' });
  assert.deepEqual((await fake.deliver(paid)).json(), { verdict: 'again' });
  await settled(fay, id, 'fulfilled');
  fake.sending = (one) => [one];
});

test('S16: wrong amount, currency, order, account, mode, intent: signed, and nothing follows', async () => {
  const gus = await Person.signUp(server, 'gus@example.org');
  const { id } = await begin(gus);
  fake.sending = () => [];
  fake.capture(fake.intentOf(id).id);
  const paid = fake.events.at(-1);
  const changed = (change) => {
    const event = structuredClone(paid);
    event.id += Math.random().toString(36).slice(2);
    change(event, event.data.object);
    return event;
  };
  const tried = {
    'wrong amount': changed((_, intent) => { intent.amount = intent.amount_received = 1; }),
    'wrong amount ': changed((_, intent) => { intent.amount_received = 1; }),
    'wrong amount  ': changed((_, intent) => { intent.currency = 'usd'; }),
    'wrong order': changed((_, intent) => { intent.metadata.order = 'or_of_somebody_else'; }),
    'wrong order ': changed((_, intent) => { intent.id = 'pi_of_somebody_else'; }),
    'wrong account': changed((event) => { event.account = 'acct_of_somebody_else'; }),
    'wrong mode': changed((event, intent) => { event.livemode = intent.livemode = true; }),
    'unknown payment': changed((_, intent) => { intent.metadata.payment = 'py_unknown'; }),
  };
  for (const [verdict, event] of Object.entries(tried)) assert.deepEqual((await fake.deliver(event)).json(), { verdict: verdict.trim() });
  assert.equal((await fake.deliver(changed((event) => { event.livemode = true; }))).status, 400, 'two modes in one event');
  assert.equal((await gus.order(id)).state, 'pending_payment');
  assert.deepEqual((await fake.deliver(paid)).json(), { verdict: 'taken' });
  await settled(gus, id, 'fulfilled');
  fake.sending = (one) => [one];
});

test('a webhook of 10 MB is refused unread, one that is no event clearly', async () => {
  const body = `{"object":"event","x":"${'a'.repeat(10_000_000)}"}`;
  const large = await fake.deliver({}, { body, header: fake.sign(body) }).catch(() => ({ status: 'cut' }));
  assert.ok([413, 'cut'].includes(large.status), String(large.status));
  for (const text of ['', '[]', '{', '{"object":"event"}', `{"object":"event","id":"e","type":"payment_intent.succeeded","data":{"object":{}}}`]) {
    assert.equal((await fake.deliver({}, { body: text, header: fake.sign(text) })).status, 400, text);
  }
  const other = JSON.stringify({ id: 'evt_other', object: 'event', type: 'customer.created', livemode: false, data: { object: {} } });
  assert.deepEqual((await fake.deliver({}, { body: other })).json(), { verdict: 'not for us' });
  assert.equal((await server.get('/webhooks/test', { method: 'POST', body: '{}' })).status, 404, 'another provider than the one that is configured');
});

test('S14, S17: a payment is its buyer’s alone, kept by no cache, and its price is ours', async () => {
  const [hal, ida] = [await Person.signUp(server, 'hal@example.org'), await Person.signUp(server, 'ida@example.org')];
  const held = await hal.hold(event.paid, 1, { price: { amount: 1, currency: 'JPY' }, total: 1 });
  assert.equal(held.json().total.amount, 3300);
  for (const quantity of [0, -1, 11, 1e9]) assert.ok([400, 409].includes((await hal.hold(event.paid, quantity)).status));
  const { id } = held.json();
  await hal.confirm(id, 'card');
  const mine = await hal.read(`/api/v1/orders/${id}/payment`);
  assert.equal(mine.headers['cache-control'], 'no-store');
  const nothing = await ida.read('/api/v1/orders/or_nothing/payment');
  for (const [method, act] of [['GET', '/payment'], ['GET', ''], ['POST', '/look'], ['POST', '/cancel'], ['POST', '/confirm']]) {
    const answer = method === 'GET' ? await ida.read(`/api/v1/orders/${id}${act}`) : await ida.write('POST', `/api/v1/orders/${id}${act}`, { method: 'card' });
    assert.equal(answer.status, 404, act);
    assert.equal(answer.text, nothing.text, 'not to be told from one that is not there');
  }
  const noCsrf = await server.post(`/api/v1/orders/${id}/look`, {}, { headers: { Cookie: hal.cookie, Origin: 'https://evil.example' } });
  assert.equal(noCsrf.status, 403, 'S12: another site cannot ask for it');
});

// --- with the process killed, on both stores --------------------------------------------------------

const kKills = long ? 150 : 3;
const kBuyers = long ? 50 : 12;
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const kTroubles = ['lost', 'lost after', '409', '429', ...Array(12).fill('none')];

// Webhooks as they come from a bad day: twice, late, in any order, and strangers' among them.
function hostile(books) {
  books.trouble = ({ method }) => (method === 'GET' ? 'none' : pick(kTroubles));
  books.sending = (event) => {
    const object = event.data.object;
    const wrong = { ...event, id: `${event.id}_wrong`, data: { object: { ...object, amount: object.amount + 1 } } };
    if (Math.random() < 0.3) void books.deliver(wrong).catch(() => null);
    if (Math.random() < 0.2) void books.deliver(event, { secret: 'whsec_forged' }).catch(() => null);
    if (Math.random() < 0.3) return []; // it comes when everything is over
    return Math.random() < 0.3 ? [event, event, event] : [event];
  };
}
function faithful(books) {
  books.trouble = () => 'none';
  books.sending = (event) => [event];
}
// Everything that was ever sent, once more and in another order.
async function sendAllAgain(books) {
  const all = books.events.flatMap((event) => (Math.random() < 0.2 ? [event, event] : [event]));
  all.sort(() => Math.random() - 0.5);
  for (let at = 0; at < all.length; at += 20) await Promise.all(all.slice(at, at + 20).map((event) => books.deliver(event)));
}

async function shop(person, shopped, books, orders, going) {
  while (going()) {
    try {
      const held = await person.hold(shopped.paid);
      if (held.status !== 201) { await sleep(50); continue; }
      const { id } = held.json();
      orders.push({ person, id });
      await person.confirm(id, Math.random() < 0.3 ? 'konbini' : 'card');
      const told = await person.read(`/api/v1/orders/${id}/payment`);
      if (told.status !== 200) continue;
      books.confirm(told.json().client_secret, { card: kCard, email: person.email });
      const intent = books.intentOf(id);
      if (intent.status === 'requires_action') books.capture(intent.id);
      const fate = Math.random();
      if (fate < 0.15) books.refund(intent.id);
      if (fate < 0.05) books.failRefund(intent.id);
      else if (fate < 0.3) books.dispute(intent.id);
      if (fate > 0.2 && fate < 0.3) books.closeDispute(intent.id, fate < 0.25 ? 'won' : 'lost');
      if (fate > 0.9) await person.write('POST', `/api/v1/orders/${id}/cancel`, {});
    } catch {
      await sleep(20); // the server is dying or not there yet
    }
  }
}

// What the fake's books say that an order must be.
function truth(books, id) {
  const intents = [...books.intents.values()].filter(({ metadata }) => metadata.order === id);
  const paid = intents.filter(({ charge }) => charge);
  assert.ok(paid.length <= 1 && (paid[0]?.captures ?? 0) <= 1, `${id} was paid twice`);
  if (!paid.length) return ['held', 'pending_payment', 'expired', 'cancelled'];
  const { charge, id: name } = paid[0];
  if (charge.refunds.data.reduce((sum, { amount }) => sum + amount, 0) >= charge.amount) return ['refunded'];
  const dispute = books.disputes.find(({ payment_intent }) => payment_intent === name);
  return dispute && dispute.status !== 'won' ? ['disputed'] : ['fulfilled'];
}

async function survives(more) {
  const books = await StripeFake.start();
  const house = await Server.start({ config: shopConfig(books.config(more)) });
  books.target = house;
  try {
    const shopped = await sell(house, { capacity: 5000, doorsIn: 30 });
    const people = await Promise.all(Array.from({ length: kBuyers }, (_, i) => Person.signUp(house, `p${i}@example.org`)));
    const orders = [];
    const check = () => house.command(['order', 'check', ...house.place()]);
    hostile(books);
    for (let i = 0; i < kKills; ++i) {
      let on = true;
      const shoppers = people.map((person) => shop(person, shopped, books, orders, () => on));
      const paid = books.intents.size;
      await until('some payments', () => books.intents.size >= paid + kBuyers, { within: 20_000, every: 5 });
      await sleep(Math.random() * 200);
      await house.child.stop('SIGKILL');
      on = false;
      await Promise.all(shoppers);
      await check();
      await house.startAgain();
    }
    faithful(books);
    await sendAllAgain(books);
    await until('both books to say the same', async () => {
      for (const { person, id } of orders) {
        if (!truth(books, id).includes((await person.order(id)).state)) return false;
      }
      return true;
    }, { within: 90_000, every: 500 });
    const captured = [...books.intents.values()].filter(({ charge }) => charge).length;
    console.log(`${orders.length} orders, ${captured} captured, ${books.events.length} events, ${kKills} kills. ${(await check()).stdout}`);
  } finally {
    await books.stop();
    await house.stop();
  }
}

test('SQLite: kill -9 under hostile deliveries, and both books say the same', () => survives(''));

test('PostgreSQL: kill -9 under hostile deliveries, and both books say the same', async () => {
  const database = await PostgreSql.start();
  try {
    await survives(`[store]\nurl = "${database.url}"\n`);
  } finally {
    await database.stop();
  }
});

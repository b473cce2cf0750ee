// What visitors do on the pages of the sale, with answers that bring each turn: the six items before the
// order, an order that turns to paid by itself, doors that move and open, a place that is taken over.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { answerFrom, answers, event, konbini, order, performance, problem } from '../harness/sale_answers.mjs';
import { Server } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// A page of its own context whose answers can be changed while it is open.
async function visit(path, change = () => undefined, { lang = 'en', ...context } = {}) {
  const made = await browser.newContext({ viewport: { width: 390, height: 844 }, timezoneId: 'Europe/Berlin', ...context });
  const page = await made.newPage();
  const table = answers();
  change(table);
  const asked = await answerFrom(page, table);
  await page.goto(`http://localhost:${server.ports.http}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
  return { page, table, asked, writes: () => asked.filter(({ name }) => !name.startsWith('GET')), close: () => made.close() };
}

const watching = '/watch/main?performance=pf_1';
const slug = event.slug;

test('from the event to the last screen by keyboard, each write with the CSRF token', { timeout: 60_000 }, async () => {
  const { page, writes, table, close } = await visit(`/e/${slug}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip', 'the first stop skips the menu');
  const buy = page.getByRole('link', { name: 'Buy: Both nights' });
  for (let tabs = 0; tabs < 30 && !(await buy.evaluate((link) => link === document.activeElement)); tabs++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByLabel('Number').selectOption('2');
  await page.getByText('¥11,000').waitFor();
  await page.getByRole('button', { name: 'Review the order' }).press('Enter');
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  table[`POST /orders/${order.id}/confirm`] = { order: { ...order, state: 'fulfilled' }, pay_url: null };
  table[`GET /orders/${order.id}`] = { ...order, state: 'fulfilled' };
  await page.getByRole('button', { name: 'Pay ¥11,000' }).press('Enter');
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor();
  assert.deepEqual(writes().map(({ name, csrf }) => [name, csrf]), [['POST /orders', 'csrf-1'], [`POST /orders/${order.id}/confirm`, 'csrf-1']]);
  assert.deepEqual(JSON.parse(writes()[0].body), { ticket_type: 'tt_1', quantity: 2 });
  assert.deepEqual(JSON.parse(writes()[1].body), { method: 'card' });
  await close();
});

for (const [lang, items] of Object.entries({
  en: { Quantity: '2 tickets', Total: '¥11,000 tax included (10%: ¥1,000)', Payment: 'charged when you press', Delivery: 'at once', 'Offer ends': 'Japan Standard Time', Cancellation: 'cannot be cancelled' },
  ja: { 数量: '2枚', 販売価格: '11,000円 税込(うち消費税10% 1,000円)', '支払時期・方法': 'クレジットカード', 提供時期: '決済後すぐに', 申込期間: '日本標準時', 'キャンセル・返金': '返金はできません' },
})) {
  test(`the last screen before the order names the six items: ${lang}`, { timeout: 30_000 }, async () => {
    const { page, close } = await visit(`/e/${slug}/buy?order=${order.id}&method=card`, undefined, { lang });
    for (const [name, words] of Object.entries(items)) {
      const row = page.locator('dl.rows > div').filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) });
      assert.ok((await row.locator('dd').innerText()).replace(/\s+/g, ' ').includes(words), `${name}: ${await row.locator('dd').innerText()}`);
    }
    await close();
  });
}

test('seats that are no longer held cannot be paid', { timeout: 30_000 }, async () => {
  const { page, close } = await visit(`/e/${slug}/buy?order=${order.id}`, (table) => {
    table[`GET /orders/${order.id}`] = { ...order, hold_until: new Date(Date.now() + 1500).toISOString() };
  });
  await page.getByRole('button', { name: 'Pay ¥11,000' }).waitFor();
  await page.getByText('no longer held').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Pay/ }).count(), 0);
  await close();
});

test('an order turns to paid by itself, and says so', { timeout: 30_000 }, async () => {
  const { page, table, asked, close } = await visit(`/orders/${order.id}`, (all) => {
    all[`GET /orders/${order.id}`] = { ...konbini, payment: { ...konbini.payment, method: 'card' } };
  });
  await page.getByRole('heading', { name: 'Waiting for the payment' }).waitFor();
  table[`GET /orders/${order.id}`] = { ...order, state: 'fulfilled', tickets: ['tk_1'] };
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor();
  assert.equal(await page.getByRole('status').filter({ hasText: 'Paid' }).count(), 1, 'a screen reader hears it');
  const looks = asked.filter(({ name }) => name === `GET /orders/${order.id}`).length;
  await page.waitForTimeout(3000);
  assert.equal(asked.filter(({ name }) => name === `GET /orders/${order.id}`).length, looks, 'nobody asks on');
  await close();
});

test('a convenience store gets its number and its deadline, in the zone of the event and of the viewer', { timeout: 30_000 }, async () => {
  const { page, close } = await visit(`/orders/${order.id}`, (all) => (all[`GET /orders/${order.id}`] = konbini));
  await page.getByText('6241-0387-5519').waitFor();
  await page.getByText('Japan Standard Time').first().waitFor(); // as soon as the event is known
  const words = await page.locator('.konbini').innerText();
  assert.match(words, /20:00\s+Japan Standard Time/);
  assert.match(words, /1[23]:00 Central European (Summer|Standard) Time where you are/);
  await close();
});

test('the waiting room counts to the doors, tells that they moved, and goes in when they open', { timeout: 60_000 }, async () => {
  const soon = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
  const doors = soon(8);
  const at = (times) => ({ ...event, now: new Date().toISOString(), performances: [{ ...performance, ...times }] });
  const { page, table, asked, close } = await visit(watching, (all) => {
    all['POST /plays'] = problem(403, 'not-open-yet');
    all['GET /events'] = { events: [at({ doors })] };
    all[`GET /events/${slug}`] = at({ doors, start: soon(3600) });
  });
  await page.getByText('Doors open in', { exact: true }).waitFor();
  const attempts = () => asked.filter(({ name }) => name === 'POST /plays');
  assert.equal(attempts().length, 1, 'nobody knocks before the doors open');
  assert.deepEqual(JSON.parse(attempts()[0].body), { channel: 'main', performance: 'pf_1', device: 'Chrome on Linux' });
  table['POST /plays'] = problem(403, 'no-ticket');
  await page.getByText('You have no ticket for this performance.').waitFor({ timeout: 15_000 });
  assert.ok(Date.now() >= Date.parse(doors), 'not before the doors');
  await until('the later start to be told', () => page.getByText(/The show now starts at .* Japan Standard Time/).isVisible(), { within: 30_000 });
  await close();
});

test('too many devices: one tap takes the place over, from the device that is named', { timeout: 30_000 }, async () => {
  const devices = [{ play: 'pl_1', device: 'Safari on iPhone', since: new Date().toISOString() }];
  const { page, table, asked, close } = await visit(watching, (all) => {
    all['POST /plays'] = problem(409, 'too-many-devices', { devices });
  });
  await page.getByText('Safari on iPhone', { exact: true }).waitFor();
  table['POST /plays'] = problem(403, 'over');
  await page.getByRole('button', { name: 'Watch here instead of Safari on iPhone' }).click();
  await page.getByText('The broadcast has ended').waitFor();
  assert.equal(JSON.parse(asked.findLast(({ name }) => name === 'POST /plays').body).take_over, 'pl_1');
  await close();
});

test('who is not signed in is asked to, and comes back', { timeout: 30_000 }, async () => {
  const nobody = (all) => {
    all['GET /session'] = { account: null, csrf: 'csrf-0' };
    all['POST /accounts'] = [201, answers()['GET /session']];
  };
  const { page, table, writes, close } = await visit(`/e/${slug}/buy?type=tt_1`, nobody);
  await page.getByLabel('E-mail').fill('hanako@example.jp');
  await page.getByLabel('Password', { exact: true }).fill('a long enough sentence');
  table['GET /session'] = answers()['GET /session'];
  await page.getByRole('button', { name: 'Make an account', exact: true }).click();
  await page.getByRole('button', { name: 'Review the order' }).waitFor();
  assert.deepEqual(writes().map(({ name, csrf }) => [name, csrf]), [['POST /accounts', 'csrf-0']]);
  await close();
});

test('a producer types 25:30, and a refund asks first', { timeout: 60_000 }, async () => {
  const { page, table, writes, close } = await visit('/producer/events/ev_1', undefined, { viewport: { width: 1280, height: 800 } });
  await page.getByLabel('End', { exact: true }).first().fill('25:30');
  table['PUT /producer/events/ev_1'] = event;
  await page.getByRole('button', { name: 'Save' }).click();
  const saved = await until('it to be saved', () => writes().find(({ name }) => name.startsWith('PUT')));
  const [first] = JSON.parse(saved.body).performances;
  assert.equal(new Date(first.end).getTime() - new Date(first.start).getTime(), 5.5 * 3_600_000, 'from 20:00 to half past one');
  await page.getByRole('button', { name: 'Refund' }).first().click();
  assert.equal(writes().filter(({ name }) => name.endsWith('/refund')).length, 0);
  table[`POST /producer/orders/${order.id}/refund`] = { id: order.id, state: 'refunded' };
  await page.getByRole('dialog').getByRole('button', { name: 'Refund' }).click();
  await until('one refund', () => writes().filter(({ name }) => name.endsWith('/refund')).length === 1);
  await until('it to be shown', async () => (await page.getByRole('cell', { name: 'Refunded' }).count()) === 2);
  await close();
});

test('a producer sees the newest orders first, and those before with one more press', { timeout: 60_000 }, async () => {
  const { page, table, asked, close } = await visit('/producer/events/ev_1', undefined, { viewport: { width: 1280, height: 800 } });
  const orders = 'GET /producer/events/ev_1/orders';
  const more = page.getByRole('button', { name: 'More' });
  assert.equal(await more.count(), 0, 'there are no more');
  const first = table[orders];
  table[orders] = { ...first, next: 'MTc5OCBvcl8z' };
  await page.reload();
  await more.waitFor();
  table[orders] = { orders: [{ ...first.orders[1], id: 'or_4', buyer: 'the-first@example.jp' }], next: '' };
  await more.click();
  await page.getByRole('cell', { name: 'the-first@example.jp' }).waitFor();
  assert.equal(await page.getByRole('cell', { name: 'taro@example.jp' }).count(), 1, 'what was shown stays');
  assert.equal(asked.findLast(({ name }) => name === orders).search, '?after=MTc5OCBvcl8z');
  await more.waitFor({ state: 'detached' });
  await close();
});

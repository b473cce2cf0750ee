// What is looked at beside the ticket, with the real server: the buyer's receipt, the page that the law wants,
// and the producer's sales, which grow while one looks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { kCard, Sale, Visitor } from '../harness/sale.mjs';
import { Person } from '../harness/shop.mjs';
import { until } from '../harness/wait.mjs';

const kLegal = `[legal]
seller = "合同会社 北の灯"
seller_en = "Kita no Akari LLC"
representative = "灯 花子"
representative_en = "Hanako Akari"
address = "札幌市中央区北一条西1-1"
address_en = "1-1 Kita 1-jo Nishi, Sapporo"
phone = "011-000-0000"
email = "ticket@example.jp"
extra_costs = "視聴にかかる通信料はお客様のご負担です。"
extra_costs_en = "What your connection costs."
cancellation = "お支払い後の返金はできません。公演中止の場合は全額を返金します。"
cancellation_en = "Paid tickets are not taken back. If the show is cancelled all of it is refunded."
registration_number = "T1234567890123"
terms = "https://example.jp/terms"
privacy = "https://example.jp/privacy"
`;
const kHour = 3600;
const kSold = [2, 4, 3, 1, 1, 2, 4, 4]; // tickets of one buyer, an hour each

let sale, browser, event;
before(async () => {
  sale = await Sale.open({ on: [], more: kLegal });
  browser = await startChromium();
  event = await sale.event('office-night', { doorsIn: 2 * 86_400 });
});
after(async () => {
  await browser?.close();
  await sale?.close();
});

async function buy(email, quantity) {
  const person = await Person.signUp(sale.server, email);
  const held = await person.hold(event.ticket_types[0].id, quantity);
  assert.equal(held.status, 201, held.text);
  const { id } = held.json();
  await person.pay((await person.confirm(id, 'card')).json().pay_url, kCard);
  await until('the tickets', async () => (await person.order(id)).state === 'fulfilled');
}

test('the page that the law wants says what the configuration says, in both languages', { timeout: 30_000 }, async () => {
  const visitor = await Visitor.come(browser, sale);
  for (const [lang, rows] of Object.entries({
    ja: { 販売業者: '合同会社 北の灯', 所在地: '札幌市中央区北一条西1-1', '返品・キャンセル': '公演中止の場合は全額を返金', 登録番号: 'T1234567890123' },
    en: { Seller: 'Kita no Akari LLC', Telephone: '011-000-0000', 'Cancellation and refunds': 'all of it is refunded', 'Registration number': 'T1234567890123' },
  })) {
    await visitor.go(`/legal?lang=${lang}`);
    for (const [name, words] of Object.entries(rows)) {
      await visitor.page.locator('dl.rows > div').filter({ has: visitor.page.locator('dt', { hasText: name }) }).filter({ hasText: words }).waitFor();
    }
  }
  await visitor.pictures('legal');
  assert.deepEqual(visitor.trouble, []);
  await visitor.close();
});

test('a receipt is made out to whom the buyer types, and the second one is marked', { timeout: 60_000 }, async () => {
  const hanako = await Visitor.withAccount(browser, sale, 'hanako@example.jp');
  const { page } = hanako;
  await hanako.buy(event.slug);
  await hanako.follow('Receipt');
  await page.getByLabel('Made out to').fill('株式会社 みどり');
  await hanako.press('Make the receipt');
  const paper = page.getByRole('article');
  await paper.getByText('株式会社 みどり').waitFor();
  for (const words of ['¥3,300', '¥300', 'T1234567890123', 'Kita no Akari LLC']) assert.ok((await paper.innerText()).includes(words), await paper.innerText());
  assert.equal(await paper.getByText('Reissued').count(), 0);
  await hanako.pictures('receipt');
  const lines = await paper.locator('h1').evaluate((title) => title.offsetHeight / parseFloat(getComputedStyle(title).lineHeight));
  assert.ok(lines < 1.5, `${lines} lines of a title of one word, on a phone`);
  await page.getByLabel('Made out to').fill('Midori');
  await hanako.press('Reissue');
  await paper.getByText('Reissued').waitFor();
  assert.match(await paper.locator('.addressee').innerText(), /^Midori/);
  assert.deepEqual(hanako.trouble, []);
  await hanako.close();
});

test('the producer’s sales: a curve and its sum, which grow while one looks', { timeout: 90_000 }, async () => {
  for (const [hour, quantity] of kSold.entries()) {
    await buy(`buyer${hour}@example.jp`, quantity);
    await sale.later(kHour);
  }
  const producer = await sale.producer(browser, { viewport: { width: 1280, height: 800 } });
  const { page } = producer;
  await producer.go(`/producer/events/${event.id}?lang=en`);
  const card = page.locator('section[aria-labelledby=sales]');
  const sum = async () => {
    const [, tickets, yen] = /^(\d+) tickets, ¥([\d,]+)$/.exec(await card.getByRole('status').innerText());
    return { tickets: Number(tickets), yen: Number(yen.replaceAll(',', '')) };
  };
  const line = () => card.locator('path.sales-line').getAttribute('d');
  await card.locator('svg').waitFor();
  const sold = kSold.reduce((all, one) => all + one, 1); // and Hanako's
  assert.deepEqual(await sum(), { tickets: sold, yen: sold * 3300 });
  const before = await line();
  assert.ok(before.split('L').length > kSold.length, `a step for each hour: ${before}`);
  await buy('late@example.jp', 4);
  await until('the later tickets to be seen', async () => (await sum()).tickets === sold + 4, { within: 20_000, every: 200 });
  assert.notEqual(await line(), before);
  await producer.pictures('sales', card);
  assert.deepEqual(producer.trouble, []);
  await producer.close();
});

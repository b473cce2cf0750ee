// S11: names and titles that are markup, on every page in both languages and in every letter: they are text. Once
// with answers that say so on every page and in every state, once through the real server, where they are written
// into heads, calendars, spreadsheets and letters.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { letterIn, readLetter } from '../harness/letters.mjs';
import { answerFrom } from '../harness/sale_answers.mjs';
import { eachSalePage, kSalePages } from '../harness/sale_pages.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { controlToken } from '../harness/token.mjs';

const kMarkup = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>"'--></title><i id=pwned>`;
const kWords = new Set(['ja', 'en', 'text', 'name', 'label', 'email', 'buyer', 'device', 'number', 'detail', 'mail_problem']);
// Names that are looked up and would otherwise find nothing.
const kKept = new Set(['channels', 'sign_ins']);

let server, browser;
before(async () => {
  server = await Server.start({ config: shopConfig() });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const poisoned = (value, key, inside) => {
  if (typeof value === 'string') return kWords.has(key) && !(key === 'name' && kKept.has(inside)) ? kMarkup + value : value;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, key, key));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poisoned(one, name, Array.isArray(value) ? inside : key === undefined ? name : inside ?? key)]));
  return value;
};

for (const lang of ['ja', 'en']) {
  test(`S11: names and titles with markup are text on every page: ${lang}`, { timeout: 120_000 }, async () => {
    const context = await browser.newContext({ locale: lang === 'ja' ? 'ja-JP' : 'en-US', reducedMotion: 'reduce' });
    const found = [];
    let shown = 0;
    const look = async ([state, { path, answers }]) => {
      const page = await context.newPage();
      page.on('dialog', (dialog) => (found.push(`${state}: a dialog`), dialog.dismiss()));
      page.on('console', (message) => {
        if (/Content Security Policy/.test(message.text())) found.push(`${state}: ${message.text().slice(0, 200)}`);
      });
      await answerFrom(page, poisoned(answers()));
      const [where, hash] = path.split('#');
      await page.goto(`http://localhost:${server.ports.http}${where}${where.includes('?') ? '&' : '?'}lang=${lang}${hash ? `#${hash}` : ''}`);
      await page.locator('#main').waitFor();
      await page.waitForFunction(() => !document.querySelector('.loading'));
      const seen = await page.evaluate(() => ({
        ran: 'pwned' in window,
        made: document.querySelectorAll('img[src=x], img[onerror], #pwned').length,
        text: document.body.textContent.includes('<img src=x'),
      }));
      if (seen.ran || seen.made > 0) found.push(`${state}: it became markup`);
      if (seen.text) ++shown;
      await page.close();
    };
    await eachSalePage(look);
    await context.close();
    console.log(`# ${Object.keys(kSalePages).length} pages, ${shown} show it as text`);
    assert.deepEqual(found, []);
    assert.ok(shown >= 10, `${shown} pages show it at all`);
  });
}

test('S11: names and titles with markup are text in what the server writes itself, and in every letter', { timeout: 60_000 }, async () => {
  const event = await sell(server, { doorsIn: 30 });
  const token = controlToken();
  const now = (await server.get(`/api/v1/producer/events/${event.id}`, { token })).json();
  const title = { ja: `${kMarkup}夜`, en: `${kMarkup}Night` };
  const renamed = await server.post(`/api/v1/producer/events/${event.id}`, { ...now, title, text: title, performances: now.performances.map((one) => ({ ...one, title })), ticket_types: now.ticket_types.map((one) => ({ ...one, title })) }, { token, method: 'PUT' });
  assert.equal(renamed.status, 200, renamed.text);

  for (const language of ['en', 'ja']) {
    const person = new Person(server);
    const email = `${language}@example.org`;
    assert.equal((await person.write('POST', '/api/v1/accounts', { email, password: 'correct horse', language, name: kMarkup })).status, 201);
    const { id } = (await person.hold(event.paid)).json();
    const { pay_url: url } = (await person.confirm(id, 'card')).json();
    const page = await server.get(url);
    await person.pay(url, '4242 4242 4242 4242');
    await letterIn(join(server.data, 'data', 'mail'), email, language === 'en' ? /^Paid/ : /お支払い|チケット/);
    for (const path of [`/e/${event.slug}?lang=${language}`, `/e/${event.slug}/buy?lang=${language}`, `/orders/${id}?lang=${language}`, `/?lang=${language}`, `/watch/${encodeURIComponent(kMarkup)}`]) {
      const { text } = await server.get(path, { headers: person.headers({ Accept: 'text/html' }) });
      assert.ok(!text.includes('<img src=x') && !text.includes('window.pwned=1</script>'), path);
    }
    assert.ok(!page.text.includes('<img src=x'), 'the test payment’s page');
    const { tickets } = (await person.read('/api/v1/tickets')).json();
    const calendar = await person.read(tickets[0].ics);
    assert.match(calendar.headers['content-type'], /^text\/calendar/);
    assert.equal(calendar.headers['x-content-type-options'], 'nosniff');
    await server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token });
    await letterIn(join(server.data, 'data', 'mail'), email, language === 'en' ? /^Refunded/ : /返金/);
  }
  const csv = await server.get(`/api/v1/producer/events/${event.id}/orders.csv`, { token });
  assert.match(csv.headers['content-type'], /^text\/csv/);
  const folder = join(server.data, 'data', 'mail');
  const letters = readdirSync(folder).filter((name) => name.endsWith('.eml')).map((name) => readLetter(readFileSync(join(folder, name), 'utf8')));
  assert.ok(letters.filter(({ header, text }) => (header.subject + text).includes('<img src=x')).length >= 4, 'letters carry the title');
  for (const { header } of letters) assert.match(header['content-type'], /^text\/plain/, 'a letter is text, whatever stands in it');
});

// Paying in Chromium with the stand-in of Stripe's Payment Element: a card, 3-D Secure in the frame and at
// the bank's own page, a store's number; the order's page turns to paid by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from '../harness/browser.mjs';
import { Visitor } from '../harness/sale.mjs';
import { Server } from '../harness/server.mjs';
import { sell, shopConfig } from '../harness/shop.mjs';
import { StripeFake } from '../harness/stripe_fake.mjs';

let fake, server, event, browser, ann;
before(async () => {
  fake = await StripeFake.start();
  server = await Server.start({ config: shopConfig(fake.config()) });
  fake.target = server;
  event = await sell(server, { doorsIn: 30 });
  browser = await startChromium();
  const site = `http://localhost:${server.ports.http}`;
  ann = await Visitor.withAccount(browser, { server, site }, 'ann@example.jp', { extraHTTPHeaders: {} }); // none for other hosts
});
after(async () => {
  await ann?.close();
  await browser?.close();
  await fake?.stop();
  await server?.stop();
});

// As far as the pay page; its frame.
async function toThePayPage(method = 'Card', button = /^Pay ¥/) {
  await ann.go(`/e/${event.slug}/buy?type=${event.paid}`);
  await ann.page.getByLabel(method, { exact: false }).check();
  await ann.press('Review the order');
  await ann.press(button);
  await ann.page.waitForURL((url) => url.pathname.endsWith('/pay'));
  await ann.page.getByRole('button', { name: button }).and(ann.page.locator(':enabled')).waitFor();
  return ann.page.frameLocator('iframe');
}
const paid = () => ann.page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 15_000 });

test('a card that is declined, then one that pays', { timeout: 60_000 }, async () => {
  const frame = await toThePayPage();
  await frame.getByLabel('Card number').fill('4000 0000 0000 0002');
  await ann.press(/^Pay ¥/);
  await ann.page.getByText('Your card was declined.').waitFor();
  await ann.picture('pay_declined');
  await frame.getByLabel('Card number').fill('4242 4242 4242 4242');
  await ann.press(/^Pay ¥/);
  await paid();
  assert.ok(!ann.page.url().includes('back='), 'the address is that of the order alone');
});

test('3-D Secure in the frame: refused, then completed', { timeout: 60_000 }, async () => {
  const frame = await toThePayPage();
  await frame.getByLabel('Card number').fill('4000 0025 0000 3155');
  await ann.press(/^Pay ¥/);
  await frame.getByRole('button', { name: 'Fail' }).click();
  await ann.page.getByText('We are unable to authenticate').waitFor();
  await ann.press(/^Pay ¥/);
  await frame.getByRole('button', { name: 'Complete' }).click();
  await paid();
});

test('3-D Secure at the bank’s page, and back without its secrets in the address', { timeout: 60_000 }, async () => {
  const frame = await toThePayPage();
  await frame.getByLabel('Card number').fill('4000 0000 0000 3220');
  await ann.press(/^Pay ¥/);
  await ann.page.getByRole('button', { name: 'Authorize' }).click();
  await paid();
  assert.equal(new URL(ann.page.url()).search, '');
});

test('a store: its numbers, and paid by itself', { timeout: 60_000 }, async () => {
  const button = 'Order and pay at the store';
  const frame = await toThePayPage('Convenience store', button);
  await frame.getByLabel('E-mail').fill('ann@example.jp');
  await ann.press(button);
  await ann.page.locator('.konbini output').waitFor({ timeout: 15_000 });
  assert.match(await ann.page.locator('.konbini output').innerText(), /FamilyMart \d{5}/);
  await ann.picture('pay_konbini');
  const id = new URL(ann.page.url()).pathname.split('/').pop();
  fake.capture(fake.intentOf(id).id);
  await ann.page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 45_000 });
});

test('the pay page allows the script’s origin, and only there', async () => {
  const policyOf = async (path) => (await server.get(path, { headers: { Accept: 'text/html' } })).headers['content-security-policy'];
  const origin = new URL(fake.url).origin;
  const pay = await policyOf('/orders/or_x/pay');
  for (const rule of [`script-src 'nonce-`, `'strict-dynamic' 'self' ${origin};`, `frame-src ${origin};`, `connect-src 'self' ${origin};`]) assert.ok(pay.includes(rule), pay);
  for (const path of ['/', '/orders/or_x', `/e/${event.slug}/buy`]) assert.ok(!(await policyOf(path)).includes(origin), path);
  assert.deepEqual(ann.trouble, []);
});

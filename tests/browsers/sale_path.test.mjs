// The whole path with the real server: from nothing to the picture, and what darkens it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium, watchPlaying } from '../harness/browser.mjs';
import { Sale, Visitor } from '../harness/sale.mjs';
import { until } from '../harness/wait.mjs';

let sale, browser;
before(async () => {
  sale = await Sale.open();
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await sale?.close();
});

const kWatch = /^(Watch|Waiting room)/;

// What stands on a picture whose right has gone: no picture runs on behind the words.
async function goesDark(visitor, words, within) {
  await visitor.page.getByText(words).waitFor({ timeout: within });
  const shown = (await visitor.stats()).decodedFrames;
  await visitor.page.waitForTimeout(2000);
  assert.equal((await visitor.stats()).decodedFrames, shown, 'no picture runs on');
}

test('from nothing: account, test playback, card, ticket, the protected picture; a refund darkens it', { timeout: 180_000 }, async () => {
  const event = await sale.event('first-night');
  const hanako = await Visitor.come(browser, sale);
  const { page } = hanako;
  await hanako.go(`/e/${event.slug}`);
  await hanako.follow('Test playback');
  await hanako.makeAccount('hanako@example.jp');
  await hanako.press('Start the test');
  await page.getByRole('button', { name: 'Yes, both' }).waitFor({ timeout: 40_000 });
  await hanako.picture('test_running_phone');
  await hanako.press('Yes, both');
  await page.getByText('Everything works on this device.').waitFor({ timeout: 30_000 });
  await page.getByText('ClearKey, in software').waitFor();
  await hanako.picture('test_passed_phone');
  await hanako.follow('Go on to tickets');

  await hanako.follow('Buy: Streaming ticket');
  await page.getByRole('button', { name: 'Review the order' }).waitFor();
  assert.equal(await page.getByText('This device is not tested yet').count(), 0, 'the passed test is known');
  const order = await hanako.buy(event.slug);
  await hanako.picture('paid_phone');
  await hanako.follow('My tickets');
  await page.getByRole('article').waitFor();
  await hanako.picture('tickets_phone');
  await hanako.follow(kWatch);
  const seen = await watchPlaying(hanako.stats, { seconds: 3, within: 40_000 });
  assert.equal(seen.at(-1).keySystem, 'org.w3.clearkey');
  await hanako.picture('watch_phone');

  const taro = await Visitor.come(browser, sale);
  await taro.go(`/sign-in?next=/e/${event.slug}/buy`);
  await taro.makeAccount('taro@example.jp');
  await taro.page.waitForURL((url) => url.pathname.endsWith('/buy'));
  await taro.go(new URL(page.url()).pathname + new URL(page.url()).search);
  await taro.page.getByText('You have no ticket for this performance.').waitFor();
  await taro.close();

  await sale.control(`/orders/${order}/refund`);
  await goesDark(hanako, 'This ticket was refunded or taken back.', 60_000);
  await hanako.picture('refunded_phone');
  assert.deepEqual(hanako.trouble, []);
  await hanako.close();
});

test('a second device takes over with one tap, and the first says who', { timeout: 180_000 }, async () => {
  const event = await sale.event('second-night');
  const phone = await Visitor.come(browser, sale);
  await phone.go(`/sign-in?next=/e/${event.slug}/buy`);
  await phone.makeAccount('jiro@example.jp');
  await phone.page.waitForURL((url) => url.pathname.endsWith('/buy'));
  await phone.buy(event.slug);
  await phone.go('/tickets');
  await phone.follow(kWatch);
  await watchPlaying(phone.stats, { seconds: 2, within: 40_000 });

  const desk = await Visitor.come(browser, sale, { viewport: { width: 1280, height: 800 } });
  await desk.go('/sign-in?next=/tickets');
  await desk.signIn('jiro@example.jp');
  await desk.page.getByRole('article').waitFor();
  await desk.picture('tickets_desktop');
  await desk.follow(kWatch);
  await desk.page.getByText('Your ticket is in use. Watch here instead?').waitFor();
  await desk.picture('take_over_desktop');
  await desk.press(/Watch here instead of Chrome on Linux/);
  await watchPlaying(desk.stats, { seconds: 2, within: 40_000 });
  await desk.picture('watch_desktop');
  const auto = desk.page.getByLabel('Quality (q)').locator('option').first();
  await until('what the rest of the show takes', async () => /^Auto · [\d.]+ GB to the end$/.test(await auto.textContent()), { within: 15_000 });
  await goesDark(phone, 'Now playing on Chrome on Linux.', 60_000);
  await phone.picture('taken_over_phone');
  assert.deepEqual([...phone.trouble, ...desk.trouble], []);
  await phone.close();
  await desk.close();
});

test('a convenience store: the number, then paid at the till, and the page turns by itself', { timeout: 90_000 }, async () => {
  const event = await sale.event('third-night', { doorsIn: 6 * 3600 });
  const saburo = await Visitor.come(browser, sale);
  const { page } = saburo;
  await saburo.go(`/sign-in?next=/e/${event.slug}/buy`);
  await saburo.makeAccount('saburo@example.jp');
  await page.waitForURL((url) => url.pathname.endsWith('/buy'));
  await saburo.go(`/e/${event.slug}`);
  await saburo.picture('event_phone');
  await saburo.follow('Buy: Streaming ticket');
  await page.getByLabel('Convenience store').check();
  await saburo.picture('buy_phone');
  await saburo.press('Review the order');
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await saburo.picture('confirm_phone');
  const id = new URL(page.url()).searchParams.get('order');
  await saburo.press('Order and pay at the store');
  await page.waitForURL((url) => !url.pathname.endsWith('/buy'));
  await saburo.go(`/orders/${id}`);
  await page.locator('.konbini output').waitFor();
  await saburo.picture('konbini_phone');
  const order = await page.evaluate((path) => fetch(`/api/v1/orders/${path}`).then((answer) => answer.json()), id);
  const payment = new URL(order.payment.pay_url, sale.site).pathname;
  await until('the till to take the money', async () => (await sale.server.post(`${payment}/operator`, { do: 'store-paid' })).status === 200);
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 45_000 });
  assert.deepEqual(saburo.trouble, []);
  await saburo.close();
});

test('doors that are closed: the waiting room, and a delay that reaches it', { timeout: 90_000 }, async () => {
  const event = await sale.event('fourth-night', { doorsIn: 5400, price: 0 });
  const shiro = await Visitor.come(browser, sale, { viewport: { width: 1280, height: 800 }, timezoneId: 'Europe/Berlin' });
  const { page } = shiro;
  await shiro.go(`/sign-in?next=/e/${event.slug}/buy`);
  await shiro.makeAccount('shiro@example.jp');
  await page.waitForURL((url) => url.pathname.endsWith('/buy'));
  await shiro.go(`/e/${event.slug}`);
  await shiro.picture('event_desktop');
  await shiro.follow('Get: Streaming ticket');
  await shiro.press('Review the order');
  await shiro.press('Get the ticket');
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor();
  await shiro.follow('My tickets');
  await shiro.follow(kWatch);
  await page.getByText('Doors open in', { exact: true }).waitFor();
  await shiro.picture('waiting_room_desktop');
  await sale.control(`/events/${event.id}/delay`, { performance: event.performances[0].id, minutes: 15, which: 'both' });
  await page.getByText(/The show now starts at .* Japan Standard Time/).waitFor({ timeout: 40_000 });
  await shiro.picture('delayed_desktop');
  assert.deepEqual(shiro.trouble, []);
  await shiro.close();
});

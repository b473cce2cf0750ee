// The whole path with the real server: from nothing to the picture, and what darkens it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startChromium, watchPlaying, withoutKeySystems } from '../harness/browser.mjs';
import { kCard, Sale, Visitor } from '../harness/sale.mjs';
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
  await visitor.page.waitForTimeout(1000);
  assert.equal((await visitor.stats()).decodedFrames, shown, 'no picture runs on');
}

// They mostly wait for what players and pages hear by themselves.
describe('at the same time', { concurrency: true }, () => {
  test('from nothing: account, test playback, card, ticket, the protected picture; a refund darkens it', { timeout: 180_000 }, async () => {
    const event = await sale.event('first-night');
    const hanako = await Visitor.come(browser, sale);
    const { page } = hanako;
    await hanako.go(`/e/${event.slug}`);
    await hanako.follow('Test playback');
    await hanako.makeAccount('hanako@example.jp');
    await hanako.press('Start the test');
    await page.getByRole('button', { name: 'Yes, both' }).waitFor({ timeout: 40_000 });
    await hanako.pictures('test_running');
    await hanako.press('Yes, both');
    await page.getByText('Everything works on this device.').waitFor({ timeout: 30_000 });
    await page.getByText('ClearKey, in software').waitFor();
    await hanako.pictures('test_passed');
    // Counted apart from those of the show.
    assert.ok((await sale.server.metric('butai_licenses_total{purpose="test",result="given"}')) >= 1);
    const playing = () => sale.server.metric('butai_licenses_total{purpose="play",result="given"}');
    const before = await playing();
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
    assert.ok((await playing()) > before, 'a license of the show is counted as one');
    await hanako.picture('watch_phone');

    const taro = await Visitor.withAccount(browser, sale, 'taro@example.jp');
    await taro.go(new URL(page.url()).pathname + new URL(page.url()).search);
    await taro.page.getByText('You have no ticket for this performance.').waitFor();
    await taro.close();

    await sale.control(`/orders/${order}/refund`);
    await goesDark(hanako, 'This ticket was refunded or taken back.', 60_000);
    await hanako.picture('refunded_phone');
    assert.deepEqual(hanako.trouble, []);
    await hanako.close();
  });

  test('a device that can unlock nothing learns it from the test, before it buys', { timeout: 90_000 }, async () => {
    const event = await sale.event('locked-night');
    const saburo = await Visitor.withAccount(browser, sale, 'locked@example.jp');
    await saburo.page.addInitScript(withoutKeySystems);
    await saburo.go(`/e/${event.slug}/test`);
    await saburo.press('Start the test');
    const row = saburo.page.locator('.check-bad', { hasText: 'Protection' });
    await row.waitFor({ timeout: 20_000 });
    assert.match(await row.innerText(), /this browser has no way to unlock it/);
    await saburo.picture('test_locked_phone');
    await saburo.close();
  });

  test('a second device takes over with one tap, and the first says who', { timeout: 180_000 }, async () => {
    const event = await sale.event('second-night');
    const phone = await Visitor.withAccount(browser, sale, 'jiro@example.jp');
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

  test('doors that are closed: the waiting room, and a delay that reaches it', { timeout: 90_000 }, async () => {
    const event = await sale.event('fourth-night', { doorsIn: 5400, price: 0 });
    const shiro = await Visitor.withAccount(browser, sale, 'shiro@example.jp', { viewport: { width: 1280, height: 800 }, timezoneId: 'Europe/Berlin' });
    const { page } = shiro;
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
});

test('from a link to a paid ticket on a slow phone: at most 8 taps and 90 s', { timeout: 120_000 }, async () => {
  const kPauseMs = 4000; // reads before each tap; added up, not waited for
  const kTypeMs = 250; // a character, by thumb; likewise
  const event = await sale.event('slow-night');
  const ume = await Visitor.come(browser, sale, { hasTouch: true, isMobile: true });
  const { page } = ume;
  await ume.throttle();
  let taps = 0, typed = 0;
  const tap = async (what) => {
    await what.tap();
    ++taps;
  };
  const type = async (field, text) => {
    await tap(field);
    await field.fill(text);
    typed += text.length;
  };
  const from = performance.now();
  await ume.go(`/e/${event.slug}?lang=en`);
  await tap(page.getByRole('link', { name: 'Buy: Streaming ticket' }));
  await type(page.getByLabel('E-mail'), 'ume@example.jp');
  await type(page.getByLabel('Password', { exact: true }), 'a sentence of my own');
  await tap(page.getByRole('button', { name: 'Make an account', exact: true }));
  await tap(page.getByRole('button', { name: 'Review the order' }));
  await tap(page.getByRole('button', { name: /^Pay ¥/ }));
  const card = page.locator('input[name=card]');
  await card.fill(''); // the provider's page has it filled in already; a real one does not
  await type(card, kCard);
  await tap(page.locator('button').first());
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 60_000 });
  const seconds = (performance.now() - from + taps * kPauseMs + typed * kTypeMs) / 1000;
  console.log(`# ${taps} taps, ${seconds.toFixed(1)} s with ${kPauseMs / 1000} s before each and ${typed} characters by thumb`);
  assert.ok(taps <= 8, `${taps} taps`);
  assert.ok(seconds <= 90, `${seconds} s`);
  assert.deepEqual(ume.trouble, []);
  await ume.close();
});

test('after the end nothing plays, and the producer’s page has the signed record', { timeout: 120_000 }, async () => {
  const event = await sale.event('last-night', { price: 0 });
  const goro = await Visitor.withAccount(browser, sale, 'goro@example.jp');
  await goro.go(`/e/${event.slug}`);
  await goro.follow('Get: Streaming ticket');
  await goro.press('Review the order');
  await goro.press('Get the ticket');
  await goro.page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor();
  await goro.follow('My tickets');
  await goro.follow(kWatch);
  await watchPlaying(goro.stats, { seconds: 2, within: 40_000 });
  await sale.later(5 * 3600);
  await goesDark(goro, 'The broadcast has ended', 40_000);
  await goro.picture('ended_phone');
  const producer = await sale.producer(browser, { viewport: { width: 1280, height: 900 } });
  await producer.go(`/producer/events/${event.id}?lang=en`);
  await producer.page.getByText(/\d+ keys and \d+ segments? destroyed/).waitFor({ timeout: 20_000 });
  await producer.page.locator('#destroyed').scrollIntoViewIfNeeded();
  await producer.picture('destroyed_desktop');
  const { key } = (await sale.server.get('/api/v1/records/key')).json();
  assert.equal(await producer.page.getByText(key, { exact: true }).count(), 1);
  assert.deepEqual([...goro.trouble, ...producer.trouble], []);
  await goro.close();
  await producer.close();
});

test('a convenience store: the number, paid at the till hours later, and the page turns by itself', { timeout: 90_000 }, async () => {
  const event = await sale.event('third-night', { doorsIn: 86_400 });
  const saburo = await Visitor.withAccount(browser, sale, 'saburo@example.jp');
  const { page } = saburo;
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
  await sale.later(7 * 3600); // the next morning
  await page.reload();
  await page.locator('.konbini output').waitFor();
  await until('the till to take the money', async () => (await sale.server.post(`${payment}/operator`, { do: 'store-paid' })).status === 200);
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 45_000 });
  assert.deepEqual(saburo.trouble, []);
  await saburo.close();
});

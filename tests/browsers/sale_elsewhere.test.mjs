// The pages of the sale in Firefox and WebKitGTK, without protection: what a buyer meets from the account to
// the picture, and what a producer does.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Firefox } from '../harness/marionette.mjs';
import { kCard, kPassword, Sale } from '../harness/sale.mjs';
import { until } from '../harness/wait.mjs';
import { startWebKit } from '../harness/webkit.mjs';

let sale;
before(async () => {
  sale = await Sale.open({ protection: 'none' });
  await sale.stagehand();
});
after(async () => sale?.close());

const text = (value) => JSON.stringify(value);
const words = (driver) => driver.evaluate('document.body.innerText');
const says = (driver, pattern, ms = 20_000) =>
  until(`${pattern} on the page`, async () => pattern.test(await words(driver)), { within: ms }).catch(async (error) => {
    throw new Error(`${error.message}; it says: ${(await words(driver)).slice(0, 1500)}`);
  });

// Presses the button or link of that name as soon as it is there.
const press = (driver, name, inside = 'body') =>
  until(`${name} to be there`, async () => {
    await driver.click(`[...document.querySelectorAll('${inside} button, ${inside} a')].find((one) => (one.ariaLabel ?? one.innerText).trim() === ${text(name)} && !one.disabled) ?? null`);
    return true;
  }, { within: 20_000 });

// As a hand would: the page hears the input.
const put = (driver, find, value) =>
  until(`${find} to be there`, () =>
    driver.evaluate(`(() => {
      const input = ${find};
      if (!input) return false;
      input.value = ${text(value)};
      return input.dispatchEvent(new Event('input', { bubbles: true }));
    })()`));
const fill = (driver, label, value) =>
  put(driver, `document.getElementById([...document.querySelectorAll('label')].find((one) => one.innerText === ${text(label)})?.htmlFor)`, value);

async function plays(driver) {
  const time = () => driver.evaluate('(() => { const video = document.querySelector("video"); return video?.videoWidth ? video.currentTime : 0; })()');
  const from = await until('the picture', time, { within: 40_000, every: 200 });
  await until('two seconds of it', async () => (await time()) > from + 2, { within: 20_000, every: 200 });
}

for (const [name, start] of Object.entries({ Firefox: () => Firefox.start(), WebKitGTK: startWebKit })) {
  describe(name, () => {
    const slug = `night-in-${name.toLowerCase()}`;
    const email = `${name.toLowerCase()}@example.jp`;
    let driver, event;
    before(async () => {
      event = await sale.event(slug);
      driver = await start();
    });
    after(async () => driver?.stop());

    test('an account, a free ticket, the waiting room', { timeout: 120_000 }, async () => {
      const free = await sale.event(`guests-${slug}`, { doorsIn: 7200, price: 0 });
      await driver.open(`${sale.site}/e/${free.slug}?lang=en`);
      await press(driver, 'Get: Streaming ticket');
      await says(driver, /Make an account/);
      await fill(driver, 'E-mail', email);
      await fill(driver, 'Password', kPassword);
      await press(driver, 'Make an account');
      await says(driver, /This device is not tested yet/);
      await press(driver, 'Review the order');
      await says(driver, /Is this right\?/);
      await press(driver, 'Get the ticket');
      await says(driver, /Enjoy the show!/);
      await press(driver, 'My tickets');
      await press(driver, 'Waiting room');
      await says(driver, /Doors open in/);
      await driver.screenshot(`sale_${name.toLowerCase()}`);
      assert.match(await words(driver), /Japan Standard Time/);
    });

    // By WebSocket too, where no file is fetched whose speed could tell that of the line.
    for (const query of name === 'Firefox' ? ['', '&player=ws'] : ['']) {
      test(`the test playback passes${query}`, { timeout: 120_000 }, async () => {
        await driver.open(`${sale.site}/e/${slug}/test?lang=en${query}`);
        await press(driver, 'Start the test');
        await says(driver, /Do you see the picture/, 40_000);
        await press(driver, 'Yes, both');
        await says(driver, /Everything works on this device\.|Not everything works/, 30_000);
        const result = await words(driver);
        await driver.screenshot(`test_${name.toLowerCase()}`);
        console.log(`# ${result.match(/^This device: .*/m)}`);
        for (const line of [/Everything works/, /Plays, 640 × 360/, /You hear it/, /This event needs none/, /bit\/s: enough/]) assert.match(result, line);
      });
    }

    test('a ticket by card, and its picture', { timeout: 120_000 }, async () => {
      await driver.open(`${sale.site}/e/${slug}?lang=en`);
      await says(driver, /¥3,300/);
      await press(driver, 'Buy: Streaming ticket');
      await press(driver, 'Review the order');
      await says(driver, /Is this right\?/);
      assert.doesNotMatch(await words(driver), /not tested yet/, 'the passed test is known');
      const items = await driver.evaluate(`[...document.querySelectorAll('dl.rows > div')].map((row) => [...row.children].map((one) => one.innerText.trim()).join(': '))`);
      for (const item of [/^Quantity: 1 ticket/, /^Total: ¥3,300 tax included \(10%: ¥300\)/, /^Payment: .*charged/, /^Delivery: .*at once/s, /^Offer ends: .*Japan Standard Time/s, /^Cancellation: .*cannot be cancelled/]) {
        assert.ok(items.some((one) => item.test(one)), `${item} in ${items.join(' | ')}`);
      }
      await press(driver, 'Pay ¥3,300');
      await put(driver, 'document.querySelector("input[name=card]")', kCard);
      await press(driver, '支払う / Pay');
      await says(driver, /Paid\. Enjoy the show!/);
      await press(driver, 'My tickets');
      await press(driver, 'Watch');
      await plays(driver);
    });

    test('the producer’s pages: an event made, one changed, an order refunded', { timeout: 120_000 }, async () => {
      await driver.open(`${sale.site}/sign-in?next=/producer&lang=en`);
      await fill(driver, 'E-mail or account name', 'stagehand');
      await fill(driver, 'Password', kPassword);
      await press(driver, 'Sign in');
      await fill(driver, 'Title, English', 'Made elsewhere');
      await fill(driver, 'Address', `made-in-${name.toLowerCase()}`);
      await press(driver, 'New event');
      await says(driver, /Only you see it\./);

      await driver.open(`${sale.site}/producer`);
      await until('the event in the list', () => driver.click(`document.querySelector('a[href="/producer/events/${event.id}"]')`).then(() => true));
      await says(driver, /1 ticket, ¥3,300/);
      await fill(driver, 'Title, English', `Seen in ${name}`);
      await press(driver, 'Save');
      await until('the new title', () => driver.evaluate(`document.querySelector('h1')?.innerText === 'Seen in ${name}'`), { within: 10_000 });
      await says(driver, new RegExp(email));
      await press(driver, 'Refund', '[aria-labelledby=orders]');
      await press(driver, 'Refund', 'dialog[open]');
      await says(driver, /\bRefunded\b/);
      await driver.screenshot(`producer_${name.toLowerCase()}`);
    });
  });
}

// The pages of the sale in Firefox and WebKitGTK: account, a free ticket, the waiting room.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Firefox } from '../harness/marionette.mjs';
import { Sale } from '../harness/sale.mjs';
import { until } from '../harness/wait.mjs';
import { startWebKit } from '../harness/webkit.mjs';

let sale, event;
before(async () => {
  sale = await Sale.open();
  event = await sale.event('guest-night', { doorsIn: 7200, price: 0 });
});
after(async () => sale?.close());

const text = (value) => JSON.stringify(value);
const words = (driver) => driver.evaluate('document.body.innerText');
const says = (driver, pattern) => until(`${pattern} on the page`, async () => pattern.test(await words(driver)), { within: 20_000 });

// Presses the button or link of that name as soon as it is there.
const press = (driver, name) =>
  until(`${name} to be there`, () =>
    driver.evaluate(`(() => {
      const named = [...document.querySelectorAll('button, a')].find((one) => (one.ariaLabel ?? one.innerText).trim() === ${text(name)} && !one.disabled);
      named?.click();
      return Boolean(named);
    })()`), { within: 20_000 });

// As a hand would: the page hears the input.
const fill = (driver, label, value) =>
  driver.evaluate(`(() => {
    const id = [...document.querySelectorAll('label')].find((one) => one.innerText === ${text(label)}).htmlFor;
    const input = document.getElementById(id);
    input.value = ${text(value)};
    input.dispatchEvent(new Event('input', { bubbles: true }));
    return true;
  })()`);

for (const [name, start] of Object.entries({ Firefox: () => Firefox.start(), WebKitGTK: startWebKit })) {
  test(`${name}: from the event to the waiting room`, { timeout: 120_000 }, async () => {
    const driver = await start();
    try {
      await driver.open(`${sale.site}/e/${event.slug}?lang=en`);
      await press(driver, 'Get: Streaming ticket');
      await says(driver, /Make an account/);
      await fill(driver, 'E-mail', `${name.toLowerCase()}@example.jp`);
      await fill(driver, 'Password', 'a sentence of my own');
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
    } finally {
      await driver.stop();
    }
  });
}

// One visitor's way with everything that is not ours in it, in Chromium that keeps third-party cookies out: signs
// in at a real OpenID provider, pays with 3-D Secure in the payment provider's frame, watches the protected
// channel; and the bank that sends the refund back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pixels, startChromium, watchPlaying } from '../harness/browser.mjs';
import { kClient, RealProvider } from '../harness/identity_providers.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Visitor } from '../harness/sale.mjs';
import { Server } from '../harness/server.mjs';
import { sell, shopConfig } from '../harness/shop.mjs';
import { StripeFake } from '../harness/stripe_fake.mjs';
import { controlToken, publishToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let real, fake, server, sender, event, browser;
before(async () => {
  [real, fake] = await Promise.all([RealProvider.start({ hanako: { name: 'Hanako', email: 'hanako@example.jp', email_verified: true } }), StripeFake.start()]);
  server = await Server.start({
    config: `${shopConfig('protection = "cbcs"\nlatency = "low"\n')}${fake.config()}[[oidc]]\nname = "test"\nlabel = "Test ID"\nissuer = "${real.issuer}"\nclient_id = "${kClient.id}"\n`,
    env: { BUTAI_OIDC_TEST_CLIENT_SECRET: kClient.secret },
  });
  fake.target = server;
  sender = new Child(program, ['publish', 'test', '--size', '640x360', '--fps', '15', `${server.ws}/ws?channel=stage`], { env: { BUTAI_TOKEN: publishToken('stage') } });
  [event, browser] = await Promise.all([sell(server), startChromium(['--test-third-party-cookie-phaseout'])]);
  await server.segmentsOf('stage', viewToken('stage'));
});
after(async () => {
  await browser?.close();
  await sender?.stop();
  await server?.stop();
  await Promise.all([real?.stop(), fake?.stop()]);
});

test('third-party cookies blocked: a real provider, 3-D Secure in the frame, the protected picture; a refund that comes back', { timeout: 60_000 }, async () => {
  const hanako = await Visitor.come(browser, { server, site: `http://localhost:${server.ports.http}` }, { extraHTTPHeaders: {} });
  const { page } = hanako;
  await hanako.go(`/e/${event.slug}/buy?type=${event.paid}`);
  await page.getByRole('link', { name: 'Sign in with Test ID' }).waitFor();
  await hanako.pictures('sign_in');
  await page.getByRole('link', { name: 'Sign in with Test ID' }).click();
  await page.getByRole('button', { name: 'I am hanako' }).click();
  await page.waitForURL((url) => url.pathname === `/e/${event.slug}/buy`);

  await hanako.press('Review the order');
  await hanako.press(/^Pay ¥/);
  await page.waitForURL((url) => url.pathname.endsWith('/pay'));
  await page.getByRole('button', { name: /^Pay ¥/ }).and(page.locator(':enabled')).waitFor();
  const frame = page.frameLocator('iframe');
  const kept = await frame.locator('body').evaluate(() => {
    document.cookie = 'third=party; SameSite=None; Secure';
    return document.cookie;
  });
  assert.equal(kept, '', 'this browser keeps third-party cookies out');
  await frame.getByLabel('Card number').fill('4000 0025 0000 3155');
  await hanako.press(/^Pay ¥/);
  await frame.getByRole('button', { name: 'Complete' }).waitFor();
  await hanako.pictures('pay_3ds');
  await frame.getByRole('button', { name: 'Complete' }).click();
  await page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor({ timeout: 15_000 });
  const id = new URL(page.url()).pathname.split('/').pop();

  await hanako.follow('My tickets');
  await hanako.follow(/^(Watch|Waiting room)/);
  const seen = await watchPlaying(hanako.stats, { seconds: 2, within: 20_000 });
  assert.equal(seen.at(-1).keySystem, 'org.w3.clearkey');
  const look = async () => (await pixels(page, { size: [32, 18] })).join();
  const before = await look();
  await until('the decoded pixels to move', async () => (await look()) !== before, { within: 5000, every: 200 });

  assert.equal((await server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token: controlToken() })).status, 200);
  await page.getByText('This ticket was refunded or taken back.').waitFor({ timeout: 15_000 });
  fake.failRefund(fake.intentOf(id).id);
  const order = () => page.evaluate((one) => fetch(`/api/v1/orders/${one}`).then((answer) => answer.json()), id);
  await until('the failure to be known', async () => (await order()).payment.state === 'refund_failed', { within: 5000 });
  await hanako.go(`/orders/${id}`);
  await page.getByText('The refund did not reach you').waitFor();
  await hanako.pictures('refund_failed');
  assert.deepEqual(hanako.trouble, []);
  await hanako.close();
});

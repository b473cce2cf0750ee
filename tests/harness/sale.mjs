// A server that sells: its event, its buyers in browsers of their own, its till.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, workFolder } from './paths.mjs';
import { Child } from './process.mjs';
import { Server } from './server.mjs';
import { shopConfig } from './shop.mjs';
import { controlToken, publishToken, viewToken } from './token.mjs';

export const kCard = '4242 4242 4242 4242';
export const kPassword = 'a sentence of my own';
const pictures = join(workFolder, 'screenshots', 'sale');
mkdirSync(pictures, { recursive: true });

const config = (protection, more) => `[auth]
second_factor = "off"
${shopConfig(`protection = "${protection}"
latency = "low"
[[channel]]
name = "stage-test"
like = "stage"
access = "token"
${more}`)}`;

export class Sale {
  aheadSeconds = 0; // the sale's clock before ours
  // on: the channels with a picture; more: of the configuration.
  static async open({ protection = 'cbcs', on = ['stage', 'stage-test'], more = '' } = {}) {
    const sale = new Sale();
    sale.server = await Server.start({ config: config(protection, more) });
    sale.senders = on.map(
      (channel) =>
        new Child(program, ['publish', 'test', '--size', '640x360', '--fps', '15', `${sale.server.ws}/ws?channel=${channel}`], {
          env: { BUTAI_TOKEN: publishToken(channel) },
        }),
    );
    await Promise.all(on.map((channel) => sale.server.segmentsOf(channel, viewToken(channel))));
    return sale;
  }

  async close() {
    await Promise.all((this.senders ?? []).map((sender) => sender.stop()));
    await this.server?.stop();
  }

  get site() {
    return `http://localhost:${this.server.ports.http}`;
  }

  // Hours later for the sale, at once.
  async later(seconds) {
    const answer = await this.server.post('/test-payments/operator/clock', { advance_s: seconds });
    if (answer.status !== 200) throw new Error(answer.text);
    this.aheadSeconds += seconds;
  }

  // Makes the account of somebody who may see the producer's pages.
  async stagehand() {
    await this.server.command(['user', 'add', 'stagehand', '--role', 'producer', ...this.server.place()], { input: `${kPassword}\n` });
  }

  // The same, signed in.
  async producer(browser, look) {
    await this.stagehand();
    const visitor = await Visitor.come(browser, this, look);
    await visitor.go('/sign-in?next=/producer');
    await visitor.signIn('stagehand');
    await visitor.page.waitForURL((url) => url.pathname === '/producer');
    return visitor;
  }

  async control(path, body, method = 'POST') {
    const answer = await this.server.post(`/api/v1/producer${path}`, body ?? {}, { token: controlToken(), method });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.status === 204 ? null : answer.json();
  }

  // An event on sale whose doors open in `doorsIn` seconds.
  async event(slug, { doorsIn = -600, price = 3300, devices = 1 } = {}) {
    const at = (seconds) => new Date(Date.now() + (this.aheadSeconds + seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    const wish = {
      slug, zone: 'Asia/Tokyo',
      title: { ja: '極光 TOUR FINAL「白夜のうた」', en: 'Aurora: songs of the white night' },
      text: { ja: '全18公演の締めくくり。', en: 'The last night of eighteen cities.' },
      performances: [{ title: { ja: '初日', en: 'First night' }, doors: at(doorsIn), start: at(doorsIn + 300), end: at(doorsIn + 7500), channels: [{ name: 'stage', title: { en: 'Main stage' } }] }],
      ticket_types: [{
        title: { ja: '配信チケット', en: 'Streaming ticket' }, price: { amount: price, currency: 'JPY' }, tax_rate: 10, performances: ['0'], capacity: 100, devices,
        per_account: 4, sale_from: at(-3600), sale_until: at(doorsIn + 7500), code_needed: false, payments: price ? ['card', 'konbini'] : [],
      }],
    };
    const made = await this.control('/events', wish);
    for (const to of ['announced', 'on_sale']) await this.control(`/events/${made.id}/state`, { to });
    return this.control(`/events/${made.id}`, undefined, 'GET');
  }
}

let visitors = 0;

// A browser of somebody's own, on a phone unless told otherwise, with an address of its own: what is counted
// by address is counted for each.
export class Visitor {
  static async come(browser, sale, { lang = 'en', ...context } = {}) {
    const visitor = new Visitor();
    visitor.sale = sale;
    visitor.context = await browser.newContext({
      viewport: { width: 390, height: 844 }, locale: lang === 'ja' ? 'ja-JP' : 'en-US', timezoneId: 'Asia/Tokyo',
      extraHTTPHeaders: { 'X-Forwarded-For': `10.1.0.${++visitors}` }, ...context,
    });
    visitor.page = await visitor.context.newPage();
    visitor.trouble = [];
    visitor.page.on('pageerror', (error) => visitor.trouble.push(String(error)));
    visitor.page.on('console', (message) => {
      // A refusal is an answer that pages ask for: no ticket, too many devices.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) visitor.trouble.push(message.text());
    });
    return visitor;
  }

  // Somebody who has an account already, and is signed in.
  static async withAccount(browser, sale, email, look = {}) {
    const visitor = await Visitor.come(browser, sale, look);
    const answer = await visitor.context.request.post(`${sale.site}/api/v1/accounts`, { data: { email, password: kPassword, language: 'en' } });
    if (answer.status() !== 201) throw new Error(await answer.text());
    return visitor;
  }

  // A slow phone on a slow line: the profile that Lighthouse calls "slow 4G", with a processor four times slower.
  async throttle() {
    const phone = await this.context.newCDPSession(this.page);
    await phone.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 });
    await phone.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  }

  go = (path) => this.page.goto(this.sale.site + path);
  press = (name) => this.page.getByRole('button', { name }).click();
  follow = (name) => this.page.getByRole('link', { name }).first().click();
  stats = () => this.page.evaluate(() => window.butai?.stats());
  picture = (name) => this.page.screenshot({ path: join(pictures, `${name}.png`) });
  // What a desktop shows, and a phone, which stays; from that part of the page on, if one is named.
  pictures = async (name, part) => {
    for (const [size, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } })) {
      await this.page.setViewportSize(viewport);
      await part?.evaluate((element) => element.scrollIntoView({ behavior: 'instant' }));
      await this.picture(`${name}_${size}`);
    }
  };
  close = () => this.context.close();

  async makeAccount(email) {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password', { exact: true }).fill(kPassword);
    await this.press('Make an account');
  }
  async signIn(email) {
    await this.page.getByLabel('E-mail or account name').fill(email);
    await this.page.getByLabel('Password', { exact: true }).fill(kPassword);
    await this.press('Sign in');
  }

  // From the event's page to the order's, where it says that it is paid.
  async buy(slug) {
    await this.go(`/e/${slug}`);
    await this.follow('Buy: Streaming ticket');
    await this.press('Review the order');
    await this.press(/^Pay ¥/);
    await this.page.locator('input[name=card]').fill(kCard);
    await this.page.locator('button').first().click();
    await this.page.getByRole('heading', { name: 'Paid. Enjoy the show!' }).waitFor();
    return this.page.url().split('/').pop();
  }
}

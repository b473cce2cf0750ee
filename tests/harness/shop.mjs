// People who buy and watch, and the producer who sells: the sale's API as pages use it.
import assert from 'node:assert/strict';
import { controlToken } from './token.mjs';

export const shopConfig = (more = '') => `[server]
trusted_proxies = ["127.0.0.0/8"]
[payments]
test = "operator"
[[channel]]
name = "stage"
access = "ticket"
${more}`;

let people = 0;

// Somebody with a browser: a cookie, the word that writes carry, an address of their own.
export class Person {
  constructor(server) {
    this.server = server;
    this.address = `10.0.${Math.floor(people / 250)}.${1 + (people++ % 250)}`;
    this.cookie = '';
    this.csrf = '';
  }
  static async signUp(server, email) {
    const person = new Person(server);
    person.email = email;
    const answer = await person.write('POST', '/api/v1/accounts', { email, password: 'correct horse' });
    assert.equal(answer.status, 201, answer.text);
    return person;
  }
  headers(more = {}) {
    return {
      'X-Forwarded-For': this.address,
      ...(this.cookie ? { Cookie: this.cookie, 'X-CSRF-Token': this.csrf, Origin: this.server.http } : {}),
      ...more,
    };
  }
  async read(path) {
    return this.server.get(path, { headers: this.headers() });
  }
  async write(method, path, body) {
    const answer = await this.server.get(path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: this.headers({ 'Content-Type': 'application/json' }),
    });
    const cookie = answer.headers['set-cookie']?.[0];
    if (cookie) {
      this.cookie = cookie.split(';')[0];
      this.csrf = answer.status < 300 && answer.text ? (answer.json().csrf ?? '') : '';
    }
    return answer;
  }
  async hold(type, quantity = 1, more = {}) {
    return this.write('POST', '/api/v1/orders', { ticket_type: type, quantity, ...more });
  }
  async confirm(order, method) {
    return this.write('POST', `/api/v1/orders/${order}/confirm`, { method });
  }
  // What the provider's card page sends; its answer.
  async pay(url, card) {
    return this.server.get(url, {
      method: 'POST',
      body: new URLSearchParams({ card }).toString(),
      headers: { 'X-Forwarded-For': this.address, 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  }
  // What the payment provider's script is given for an order.
  async paying(id) {
    const answer = await this.read(`/api/v1/orders/${id}/payment`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json();
  }
  async order(id) {
    const answer = await this.read(`/api/v1/orders/${id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json();
  }
  async play(channel, more = {}) {
    return this.write('POST', '/api/v1/plays', { channel, ...more });
  }
}

const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString().replace(/\.\d+Z/, 'Z');

// An event that is on sale and whose doors are open, or open in so many hours; its paid and its free ticket type.
export async function sell(server, { slug = 'night', channel = 'stage', capacity = 100, devices = 1, doorsIn = -1 } = {}) {
  const title = { ja: '夜', en: 'Night' };
  const type = (amount) => ({
    title,
    price: { amount, currency: 'JPY' },
    performances: ['0'],
    capacity,
    devices,
    sale_from: inHours(-1),
    sale_until: inHours(Math.max(doorsIn, 0) + 4),
    per_account: 100,
    payments: amount ? ['card', 'konbini'] : [],
  });
  const token = controlToken();
  const made = await server.post('/api/v1/producer/events', {
    slug,
    title,
    performances: [{ title, doors: inHours(doorsIn), start: inHours(doorsIn), end: inHours(Math.max(doorsIn, 0) + 4), channels: [{ name: channel, title }] }],
    ticket_types: [type(3300), type(0)],
  }, { token });
  assert.equal(made.status, 201, made.text);
  const event = made.json();
  const opened = await server.post(`/api/v1/producer/events/${event.id}/state`, { to: 'on_sale' }, { token });
  assert.equal(opened.status, 200, opened.text);
  const [paid, free] = event.ticket_types.map(({ id }) => id);
  return { id: event.id, slug, paid, free, performance: event.performances[0].id };
}

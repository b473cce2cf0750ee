// A FAKE of Stripe, written from its documentation and not from the program: it moves no money. It keeps
// its own books of intents, charges, refunds and disputes, remembers what it answered under each key,
// serves a stand-in of its script with a Payment Element in a frame (stripe_fake_element.mjs), and signs its
// webhooks with npm `stripe`'s own generator. `trouble` makes its API fail; `sending` makes its webhooks
// come twice, late, in another order or wrong.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Stripe from 'stripe';
import { elementScript, framePage, redirectPage } from './stripe_fake_element.mjs';

const kVersion = '2026-10-28.endive';
const kCreateFields = /^(amount|currency|description|metadata\.(payment|order)|automatic_payment_methods\.enabled|excluded_payment_method_types\.\d|payment_method_types\.\d|payment_method_options\.konbini\.expires_at)$/;
const kRefundFields = /^(payment_intent|amount|metadata\.payment|instructions_email)$/;
const generator = new Stripe('sk_test_of_the_generator').webhooks;

const seconds = () => Math.floor(Date.now() / 1000);
const id = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const refusal = (status, code, type = 'invalid_request_error') => ({ status, body: { error: { type, code, message: code } } });

// a[b][c]=v as { 'a.b.c': v }
function fields(text) {
  const flat = {};
  for (const [name, value] of new URLSearchParams(text)) flat[name.replaceAll('][', '.').replace('[', '.').replace(']', '')] = value;
  return flat;
}

export class StripeFake {
  static async start({ live = false } = {}) {
    const fake = new StripeFake();
    const mode = live ? 'live' : 'test';
    Object.assign(fake, {
      live,
      secretKey: `sk_${mode}_CNRY${randomBytes(12).toString('hex')}`,
      publishableKey: `pk_${mode}_${randomBytes(12).toString('hex')}`,
      webhookSecret: `whsec_CNRY${randomBytes(12).toString('hex')}`,
      intents: new Map(), answers: new Map(), disputes: [], events: [], asked: [],
      trouble: () => 'none', sending: (event) => [event], target: null,
    });
    fake.server = createServer((request, answer) => void fake.#serve(request, answer));
    await new Promise((ready) => fake.server.listen(0, '127.0.0.1', ready));
    fake.url = `http://127.0.0.1:${fake.server.address().port}`;
    return fake;
  }
  stop() {
    this.target = null;
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }
  config(more = '') {
    return `[payments.stripe]
secret_key = "${this.secretKey}"
publishable_key = "${this.publishableKey}"
webhook_secret = "${this.webhookSecret}"
api_base = "${this.url}"
js_url = "${this.url}/v3/"
${more}`;
  }
  secrets() {
    return [this.secretKey, this.webhookSecret, ...[...this.intents.values()].map((intent) => intent.client_secret)];
  }

  // --- the API ------------------------------------------------------------------------------------
  async #serve(request, answer) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const url = new URL(request.url, this.url);
    const say = ({ status = 200, body: said, type = 'application/json' }) =>
      answer.writeHead(status, { 'Content-Type': type, 'Access-Control-Allow-Origin': '*' }).end(typeof said === 'string' ? said : JSON.stringify(said));
    if (!url.pathname.startsWith('/v1/')) return say(this.#browser(request.method, url, body));
    if (request.headers.authorization !== `Bearer ${this.secretKey}`) return say(refusal(401, 'api_key_invalid'));
    if (request.headers['stripe-version'] !== kVersion) return say(refusal(400, 'stripe_version'));
    const key = request.headers['idempotency-key'];
    const entry = { method: request.method, path: url.pathname, key, body };
    this.asked.push(entry);
    const trouble = this.trouble(entry);
    if (trouble === '429') return say(refusal(429, 'rate_limit'));
    if (trouble === '409') return say(refusal(409, 'idempotency_key_in_use', 'idempotency_error'));
    if (trouble === 'lost') return request.socket.destroy();
    const told = this.#once(key, `${url.pathname} ${body}`, () =>
      trouble === '500' ? refusal(500, 'api_error', 'api_error') : this.#act(request.method, url, fields(body)));
    if (trouble === 'lost after') return request.socket.destroy();
    say(told);
  }
  // What was answered under a key once is answered again, whatever it was.
  #once(key, asked, act) {
    if (!key) return act();
    const before = this.answers.get(key);
    if (before && before.asked !== asked) return refusal(400, 'idempotency_error', 'idempotency_error');
    const told = before?.told ?? JSON.parse(JSON.stringify(act()));
    this.answers.set(key, { asked, told });
    return told;
  }
  #act(method, url, form) {
    const [, , kind, name, act] = url.pathname.split('/');
    if (kind === 'disputes') {
      const data = this.disputes.filter(({ payment_intent }) => payment_intent === url.searchParams.get('payment_intent'));
      return { body: { object: 'list', data } };
    }
    if (kind === 'refunds') return this.#refund(form);
    if (method === 'POST' && !name) return this.#create(form);
    if (name === 'search') {
      const wanted = /^metadata\['payment'\]:'([\w-]+)'$/.exec(url.searchParams.get('query'))?.[1];
      const data = [...this.intents.values()].filter(({ metadata }) => metadata.payment === wanted).map((one) => this.#expanded(one));
      return { body: { object: 'search_result', data } };
    }
    const intent = this.intents.get(name);
    if (!intent) return refusal(404, 'resource_missing');
    if (act === 'cancel') {
      if (['succeeded', 'canceled', 'processing'].includes(intent.status)) return refusal(400, 'payment_intent_unexpected_state');
      this.#change(intent, { status: 'canceled', next_action: null }, 'payment_intent.canceled');
    }
    return { body: this.#expanded(intent) };
  }
  #create(form) {
    const unknown = Object.keys(form).find((name) => !kCreateFields.test(name));
    if (unknown) return refusal(400, `parameter_unknown ${unknown}`);
    const amount = Number(form.amount);
    const until = Number(form['payment_method_options.konbini.expires_at'] ?? 0);
    const konbini = form['payment_method_types.0'] === 'konbini';
    if (!Number.isSafeInteger(amount) || amount < 50 || form.currency !== 'jpy') return refusal(400, 'amount_too_small');
    if (konbini && (until < seconds() + 60 || amount > 300_000)) return refusal(400, 'parameter_invalid');
    const name = id('pi');
    const intent = {
      id: name, object: 'payment_intent', amount, currency: form.currency, livemode: this.live, status: 'requires_payment_method',
      amount_received: 0, client_secret: `${name}_secret_${randomBytes(12).toString('hex')}`, created: seconds(), next_action: null,
      metadata: { payment: form['metadata.payment'], order: form['metadata.order'] }, payment_method_types: konbini ? ['konbini'] : ['card'], latest_charge: null,
    };
    this.intents.set(name, intent);
    Object.defineProperty(intent, 'storeUntil', { value: until, enumerable: false });
    this.emit('payment_intent.created', intent);
    return { body: intent };
  }
  #refund(form) {
    const unknown = Object.keys(form).find((name) => !kRefundFields.test(name));
    if (unknown) return refusal(400, `parameter_unknown ${unknown}`);
    const intent = this.intents.get(form.payment_intent);
    if (!intent?.charge) return refusal(404, 'resource_missing');
    if (intent.payment_method_types[0] === 'konbini' && !form.instructions_email) return refusal(400, 'parameter_missing');
    const amount = Number(form.amount);
    if (amount > intent.charge.amount - intent.charge.amount_refunded) return refusal(400, 'charge_already_refunded');
    return { body: this.refund(intent.id, amount) };
  }
  #expanded(intent) {
    return { ...intent, latest_charge: intent.charge ? { ...intent.charge, refunds: intent.charge.refunds } : null };
  }
  #change(intent, values, type) {
    Object.assign(intent, values);
    if (type) this.emit(type, intent);
  }

  // --- what people do -----------------------------------------------------------------------------
  // The buyer's browser, with a card or a store; what the script is told.
  confirm(secret, { card = '', email = 'buyer@example.jp', challenged = false } = {}) {
    const intent = [...this.intents.values()].find((one) => one.client_secret === secret);
    if (!intent || ['succeeded', 'canceled'].includes(intent.status)) return { error: { message: 'This payment is over.' } };
    if (intent.payment_method_types[0] === 'konbini') {
      const stores = Object.fromEntries(['familymart', 'lawson', 'ministop', 'seicomart'].map((name) => [name, { payment_code: String(10_000 + Math.floor(Math.random() * 90_000)), confirmation_number: '0312345678' }]));
      const details = { expires_at: intent.storeUntil, hosted_voucher_url: `${this.url}/voucher/${intent.id}`, stores };
      intent.billing = email;
      this.#change(intent, { status: 'requires_action', next_action: { type: 'konbini_display_details', konbini_display_details: details } }, 'payment_intent.requires_action');
      return { status: intent.status };
    }
    const digits = card.replaceAll(' ', '');
    if (digits === '4000000000000002') {
      this.emit('payment_intent.payment_failed', intent);
      return { error: { message: 'Your card was declined.' } };
    }
    if (!challenged && digits === '4000002500003155') return { challenge: 'frame' };
    if (!challenged && digits === '4000000000003220') return { challenge: 'redirect' };
    this.capture(intent.id);
    return { status: intent.status };
  }
  capture(name) {
    const intent = this.intents.get(name);
    if (intent.charge) return;
    intent.captures = (intent.captures ?? 0) + 1;
    const charge = {
      id: id('ch'), object: 'charge', amount: intent.amount, amount_captured: intent.amount, amount_refunded: 0, currency: intent.currency, livemode: intent.livemode,
      paid: true, captured: true, disputed: false, payment_intent: name, metadata: { ...intent.metadata }, billing_details: { email: intent.billing ?? null },
    };
    // Only who asks for it is given the list.
    Object.defineProperty(charge, 'refunds', { value: { object: 'list', data: [] }, enumerable: false });
    Object.defineProperty(intent, 'charge', { value: charge, enumerable: false });
    this.#change(intent, { status: 'succeeded', amount_received: intent.amount, next_action: null, latest_charge: charge.id }, 'payment_intent.succeeded');
  }
  refund(name, amount = Infinity) {
    const { charge, currency } = this.intents.get(name);
    const sent = Math.min(charge.amount - charge.amount_refunded, amount);
    const refund = { id: id('re'), object: 'refund', amount: sent, currency, payment_intent: name, charge: charge.id, status: 'succeeded' };
    if (sent > 0) charge.refunds.data.unshift(refund);
    charge.amount_refunded += sent;
    this.emit('charge.refunded', charge);
    return refund;
  }
  // Weeks later the buyer's bank sends it back.
  failRefund(name) {
    const { charge } = this.intents.get(name);
    const refund = charge.refunds.data.find(({ status }) => status === 'succeeded');
    Object.assign(refund, { status: 'failed', failure_reason: 'lost_or_stolen_card' });
    charge.amount_refunded -= refund.amount;
    this.emit('refund.failed', refund);
    this.emit('charge.refund.updated', refund);
    return refund;
  }
  dispute(name) {
    const { charge } = this.intents.get(name);
    charge.disputed = true;
    const dispute = { id: id('dp'), object: 'dispute', amount: charge.amount, currency: charge.currency, livemode: charge.livemode, payment_intent: name, charge: charge.id, status: 'needs_response' };
    this.disputes.push(dispute);
    this.emit('charge.dispute.created', dispute);
  }
  closeDispute(name, status) {
    const dispute = this.disputes.find(({ payment_intent }) => payment_intent === name);
    dispute.status = status;
    this.emit('charge.dispute.closed', dispute);
  }
  intentOf(order) {
    return [...this.intents.values()].find(({ metadata }) => metadata.order === order);
  }

  // --- webhooks -----------------------------------------------------------------------------------
  emit(type, object) {
    const event = {
      id: id('evt'), object: 'event', api_version: kVersion, created: seconds(), type, livemode: this.live, pending_webhooks: 1,
      data: { object: JSON.parse(JSON.stringify(object)) },
    };
    this.events.push(event);
    for (const one of this.sending(event)) void this.#sendUntilTaken(one);
    return event;
  }
  sign(payload, { secret = this.webhookSecret, at = seconds() } = {}) {
    return generator.generateTestHeaderString({ payload, secret, timestamp: at });
  }
  // One delivery; the answer.
  async deliver(event, { header, body = JSON.stringify(event), ...how } = {}) {
    return this.target.get('/webhooks/stripe', {
      method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Stripe-Signature': header ?? this.sign(body, how) },
    });
  }
  // As Stripe does: again and again until somebody says 2xx.
  async #sendUntilTaken(event) {
    for (let tries = 0; this.target && tries < 200; ++tries) {
      const answer = await this.deliver(event).catch(() => null);
      if (answer && answer.status < 300) return;
      await new Promise((next) => setTimeout(next, 100 + 20 * tries));
    }
  }

  // --- the buyer's browser ------------------------------------------------------------------------
  #browser(method, url, body) {
    const html = (text) => ({ body: text, type: 'text/html; charset=utf-8' });
    if (url.pathname === '/v3/') return { body: elementScript(this.url), type: 'text/javascript' };
    if (url.pathname === '/frame') return html(framePage());
    if (url.pathname === '/redirect') return html(redirectPage());
    if (url.pathname.startsWith('/voucher/')) return html('<h1>Payment slip</h1>');
    if (method === 'POST' && url.pathname === '/confirm') return { body: this.confirm(JSON.parse(body).secret, JSON.parse(body)) };
    if (url.pathname === '/session') {
      const intent = [...this.intents.values()].find((one) => one.client_secret === url.searchParams.get('secret'));
      return intent && url.searchParams.get('key') === this.publishableKey ? { body: { types: intent.payment_method_types } } : refusal(401, 'client_secret');
    }
    return refusal(404, 'nothing_here');
  }
}

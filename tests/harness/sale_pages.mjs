// Every page of the sale in the states that a visitor can meet: its address, and what the server answers there.
import { answers, event, konbini, order, problem } from './sale_answers.mjs';

const page = (path, change = () => undefined) => ({
  path,
  answers() {
    const table = answers();
    change(table);
    return table;
  },
});
const orderIs = (state, more = {}) => (table) => {
  table[`GET /orders/${order.id}`] = { ...order, state, ...more };
};
const playIs = (answer) => (table) => {
  table['POST /plays'] = answer;
};
const eventIs = (state) => (table) => {
  table['GET /producer/events/ev_1'] = { ...event, state };
};
const watching = '/watch/main?performance=pf_1';
const nobody = (table) => {
  table['GET /session'] = { account: null, csrf: 'csrf-1' };
};
const taken = [{ play: 'pl_other', device: 'Chrome on Windows', since: new Date().toISOString() }];

export const kSalePages = {
  home: page('/'),
  event: page(`/e/${event.slug}`, nobody),
  event_missing: page('/e/nothing'),
  sign_in: page('/sign-in?next=/tickets', nobody),
  make_account: page(`/sign-in?next=/e/${event.slug}/buy`, nobody),
  sign_in_problem: page('/sign-in?problem=address-taken&next=/tickets', nobody),
  forgot: page('/sign-in?forgot=1', nobody),
  reset: page('/sign-in#reset=x', nobody),
  account: page('/account'),
  account_without_factor: page('/account', (table) => {
    table['GET /account'].second_factor = { in_force: false, recovery_codes_left: 0, shown: false };
  }),
  bounced: page('/tickets', (table) => {
    table['GET /account'].mail_problem = '550 no such user';
  }),
  test: page(`/e/${event.slug}/test`),
  buy: page(`/e/${event.slug}/buy?type=tt_1`),
  buy_with_code: page(`/e/${event.slug}/buy?type=tt_3`),
  confirm: page(`/e/${event.slug}/buy?order=${order.id}&method=card`),
  konbini: page(`/orders/${order.id}`, orderIs('pending_payment', { payment: konbini.payment })),
  paid: page(`/orders/${order.id}`, orderIs('fulfilled', { tickets: ['tk_1'] })),
  refunded: page(`/orders/${order.id}`, orderIs('refunded')),
  refund_failed: page(`/orders/${order.id}`, orderIs('refunded', { payment: { method: 'card', state: 'refund_failed' } })),
  tickets: page('/tickets'),
  waiting_room: page(watching, playIs(problem(403, 'not-open-yet'))),
  too_many_devices: page(watching, playIs(problem(409, 'too-many-devices', { devices: taken }))),
  no_ticket: page(watching, playIs(problem(403, 'no-ticket'))),
  over: page(watching, playIs(problem(403, 'over'))),
  legal: page('/legal'),
  terms: page('/terms'),
  privacy: page('/privacy'),
  external: page('/external'),
  receipt: page(`/orders/${order.id}/receipt`),
  receipt_first: page(`/orders/${order.id}/receipt`, (table) => {
    table[`GET /orders/${order.id}/receipt`] = { receipt: null };
  }),
  pay_refused: page(`/orders/${order.id}/pay`, (table) => {
    table[`GET /orders/${order.id}/payment`] = problem(409, 'not-possible');
  }),
  producer: page('/producer'),
  producer_event: page('/producer/events/ev_1'),
  producer_closed: page('/producer/events/ev_1', eventIs('closed')),
};

// Looks at each [state, page], two at a time.
export async function eachSalePage(look) {
  const waiting = Object.entries(kSalePages);
  const lane = async () => {
    while (waiting.length > 0) await look(waiting.shift());
  };
  await Promise.all([lane(), lane()]);
}

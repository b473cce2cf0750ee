// What the server would answer about a small sale, so that every page can be looked at in every state
// without living through it: playwright answers /api/v1 itself, all else comes from the real server.

const kDayMs = 86_400_000;
const at = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
// The next 20:00 in Tokyo that is at least two days away: pictures do not change with the hour they are made at.
const start = Math.ceil((Date.now() + 2 * kDayMs) / kDayMs) * kDayMs + 11 * 3_600_000;

export const account = { id: 'ac_1', email: 'hanako@example.jp', name: 'Hanako', role: 'producer', language: 'ja' };

export const performance = {
  id: 'pf_1', title: { ja: '初日', en: 'First night' }, state: 'scheduled',
  doors: at(start - 1_800_000), start: at(start), end: at(start + 5_400_000),
  channels: [{ name: 'main', title: { ja: 'メイン', en: 'Main stage' } }],
};
const second = {
  ...performance, id: 'pf_2', title: { ja: '千秋楽', en: 'Last night' },
  doors: at(start + kDayMs - 1_800_000), start: at(start + kDayMs), end: at(start + kDayMs + 7_200_000),
};

const type = {
  id: 'tt_1', title: { ja: '通し券', en: 'Both nights' }, price: { amount: 5500, currency: 'JPY' }, tax_rate: 10,
  performances: ['pf_1', 'pf_2'], availability: 'few', devices: 1, sale_from: at(start - 30 * kDayMs), sale_until: at(start),
  per_account: 4, code_needed: false, payments: ['card', 'konbini'], capacity: 3000,
};

export const event = {
  id: 'ev_1', slug: 'aurora-tour-final', state: 'on_sale', zone: 'Asia/Tokyo',
  title: { ja: '極光 TOUR FINAL「白夜のうた」', en: 'Aurora: songs of the white night' },
  text: {
    ja: '北海道から始まった全18公演の締めくくり。\n\n弦楽四重奏を迎えた特別編成で、新しいアルバムの全曲をお届けします。',
    en: 'The last night of eighteen cities.\n\nAll of the new album, with a string quartet on stage.',
  },
  artwork: null, performances: [performance, second],
  ticket_types: [
    type,
    { ...type, id: 'tt_2', title: { ja: '初日', en: 'First night' }, price: { amount: 3300, currency: 'JPY' }, performances: ['pf_1'], availability: 'many' },
    { ...type, id: 'tt_3', title: { ja: 'ご招待', en: 'Guests' }, price: { amount: 0, currency: 'JPY' }, code_needed: true, availability: 'many', payments: [] },
    { ...type, id: 'tt_4', title: { ja: '千秋楽', en: 'Last night' }, price: { amount: 3300, currency: 'JPY' }, performances: ['pf_2'], availability: 'none' },
  ],
  now: at(Date.now()),
};
export const others = [
  { ...event, id: 'ev_2', slug: 'rakugo-night', state: 'live', title: { ja: '深夜寄席', en: 'Midnight rakugo' }, performances: [{ ...performance, id: 'pf_3', state: 'live' }] },
  { ...event, id: 'ev_3', slug: 'brass-in-the-park', state: 'announced', title: { ja: '公園のブラス', en: 'Brass in the park' }, performances: [{ ...performance, id: 'pf_4' }] },
];

export const order = {
  id: 'or_8Kq2Zr7bVt5m', state: 'held', event: { slug: event.slug, title: event.title }, ticket_type: { id: 'tt_1', title: type.title },
  quantity: 2, total: { amount: 11000, currency: 'JPY' }, tax: { amount: 1000, currency: 'JPY' },
  hold_until: at(Date.now() + 590_000), pay_until: null, payment: null, created: at(Date.now()), tickets: [],
};
export const konbini = {
  ...order, state: 'pending_payment', hold_until: null,
  payment: { method: 'konbini', state: 'pending', number: '6241-0387-5519', store_deadline: at(start - kDayMs) },
};

export const ticket = {
  id: 'tk_1', order: order.id, state: 'valid', devices: 1, ics: '/api/v1/tickets/tk_1.ics', performances: [performance, second],
  event: { slug: event.slug, title: event.title, artwork: null, state: 'on_sale', zone: event.zone },
};

const both = (ja, en) => ({ ja, en });
export const legal = {
  seller: both('合同会社 北の灯', 'Kita no Akari LLC'), representative: both('灯 花子', 'Hanako Akari'), address: both('札幌市中央区北一条西1-1', '1-1 Kita 1-jo Nishi, Sapporo'),
  phone: both('011-000-0000', '+81 11 000 0000'), email: both('ticket@example.jp', 'ticket@example.jp'), extra_costs: both('通信料はお客様のご負担です。', 'What your connection costs.'),
  payment: both('クレジットカード、コンビニ', 'Card, convenience store'), delivery: both('開場時刻から視聴できます。', 'From the opening of the doors.'),
  cancellation: both('購入後の取消はできません。', 'A purchase cannot be undone.'), environment: both('Chrome、Safari、Firefox、Edgeの最新版', 'Chrome, Safari, Firefox, Edge'),
  registration_number: both('T1234567890123', 'T1234567890123'), terms: both('第1条 この規約は…', 'Article 1. These terms …'), privacy: both('https://example.jp/privacy', 'https://example.jp/privacy'),
  external: [{ host: 'js.stripe.com', kinds: 'script, frame, connect' }],
};
export const receipt = {
  number: '8Kq2Zr7bVt5m-2', addressee: '株式会社 みどり', issued: at(Date.now()), reissued: true, event: { title: event.title }, ticket_type: { title: type.title },
  quantity: 2, total: { amount: 11000, currency: 'JPY' }, tax: { amount: 1000, currency: 'JPY' }, tax_rate: 10, method: 'card', registration_number: 'T1234567890123',
};

const list = (orders, next = '') => ({ orders, next });

// Path → answer, or [status, answer]. A test changes what its state needs.
export const answers = () => ({
  'GET /session': { account, csrf: 'csrf-1' },
  'GET /events': { events: [...others, event] },
  [`GET /events/${event.slug}`]: event,
  [`GET /orders/${order.id}`]: order,
  'GET /orders': list([konbini]),
  'GET /sign-ins': { sign_ins: [{ name: 'line', label: 'LINE' }, { name: 'google', label: 'Google' }] },
  'GET /account': {
    email: account.email, email_verified: false, mail_problem: null, password: true,
    sign_ins: [{ id: 'id_1', name: 'line', email: '', linked: at(Date.now() - kDayMs) }],
    second_factor: { in_force: true, recovery_codes_left: 9, shown: false },
  },
  'POST /account/second-factor': { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', address: 'otpauth://totp/Butai:hanako%40example.jp?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Butai' },
  'GET /tickets': { tickets: [ticket, { ...ticket, id: 'tk_2', state: 'revoked', performances: [second] }, { ...ticket, id: 'tk_3', state: 'over', performances: [performance] }] },
  'GET /test-reports': { reports: [] },
  'POST /orders': [201, order],
  'GET /producer/events': { events: [event, ...others] },
  'GET /producer/events/ev_1': event,
  'GET /producer/events/ev_1/orders': list([
    { ...order, state: 'fulfilled', buyer: 'taro@example.jp', missed: { without_picture_s: 90, not_delivered_s: 12 } },
    { ...konbini, id: 'or_2', buyer: 'jiro@example.jp' },
    { ...order, id: 'or_3', state: 'refunded', buyer: '' },
  ]),
  'GET /producer/events/ev_1/destruction': { records: [{
    record: { what: 'butai destruction 1', channel: 'main', ended: at(start), destroyed: at(start), keys: ['0f3c2a10-5b1e-4c7d-8a2f-9e6b1d4c3a20'], segments_in_memory: 32 },
    key: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', signature: '0Q2bZ8',
  }] },
  'GET /producer/events/ev_1/sales': {
    currency: 'JPY', step_seconds: 3600,
    points: [3, 9, 31, 18, 12, 7, 5, 14, 22, 40].map((tickets, i) => ({ from: at(start - (20 - i) * 3_600_000), orders: tickets, tickets, amount: tickets * 5500 })),
  },
  'GET /legal': legal,
  [`GET /orders/${order.id}/receipt`]: { receipt },
  'GET /channels/public': { channels: [{ name: 'main', live: true, viewers: 214, latency: 'low', kind: 'video', protection: 'none' }] },
  'GET /channels/main/public': { name: 'main', live: false, viewers: 0, latency: 'stable', kind: 'video', protection: 'none' },
});

export const problem = (status, name, more = {}) => [status, { type: `/problems/${name}`, title: name, status, detail: name, ...more }];

// Answers this page's /api/v1 from the table, and keeps what was asked with which CSRF token.
export async function answerFrom(page, table) {
  const asked = [];
  await page.route('**/api/v1/**', async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const name = `${request.method()} ${pathname.slice('/api/v1'.length)}`;
    asked.push({ name, search, csrf: request.headers()['x-csrf-token'], body: request.postData() });
    const found = table[name] ?? problem(404, 'unknown');
    const [status, body] = Array.isArray(found) ? found : [200, found];
    await route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) });
  });
  return asked;
}

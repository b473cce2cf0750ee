// Letters through a real mail server: taken, refused, hesitated about, cut off; old carriers' addresses, other
// alphabets, titles that want to be header lines; a bounce beside the tickets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MailServer } from '../harness/letters.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { controlToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kPassword = 'CNRY-smtp-7fd1';
const kTitle = { ja: '極光 TOUR\r\nBcc: all@example.org', en: '<b>Aurora</b>\r\nBcc: all@example.org' };

let mail, server, event;
before(async () => {
  mail = await MailServer.start({ password: kPassword });
  server = await Server.start({
    config: shopConfig() + '[mail]\nfrom = "Butai 舞台 <tickets@example.org>"\n',
    env: { BUTAI_MAIL_SMTP: mail.url },
  });
  event = await sell(server, { doorsIn: 30 });
  const token = controlToken();
  const now = (await server.get(`/api/v1/producer/events/${event.id}`, { token })).json();
  const renamed = await server.post(`/api/v1/producer/events/${event.id}`, { ...now, title: kTitle }, { token, method: 'PUT' });
  assert.equal(renamed.status, 200, renamed.text);
});
after(async () => {
  await server?.stop();
  await mail?.stop();
});

const signUp = async (email, language) => {
  const person = new Person(server);
  const answer = await person.write('POST', '/api/v1/accounts', { email, password: 'correct horse', language });
  assert.equal(answer.status, 201, answer.text);
  return person;
};
const bounced = (person) =>
  until('the bounce', async () => (await person.read('/api/v1/account')).json().mail_problem, { within: 15_000 });

test('from the order to the refund, in the language of the account, each once', async () => {
  const ann = await signUp('ann@example.org', 'en');
  const { id } = (await ann.hold(event.paid)).json();
  const { pay_url: url } = (await ann.confirm(id, 'card')).json();
  await ann.confirm(id, 'card');
  await ann.pay(url, '4242 4242 4242 4242');
  const paid = await mail.letter('ann@example.org', /^Paid/);
  assert.match(paid.text, /Total: ¥3,300, tax included/);
  assert.match(paid.text, new RegExp(`/orders/${id}$`, 'm'));
  assert.equal(paid.header.subject, 'Paid, and your ticket is ready: <b>Aurora</b>  Bcc: all@example.org');
  assert.equal(paid.from, 'tickets@example.org');
  assert.equal(paid.header.from, 'Butai 舞台 <tickets@example.org>');
  assert.equal(paid.header.bcc, undefined);
  assert.deepEqual(paid.to, ['ann@example.org']);

  await server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token: controlToken() });
  await mail.letter('ann@example.org', /^Refunded/);
  const subjects = mail.to('ann@example.org').map(({ header }) => header.subject.split(':')[0]).sort();
  assert.deepEqual(subjects, ['Paid, and your ticket is ready', 'Please confirm your e-mail address', 'Refunded', 'Your order, waiting for its payment']);
});

test('a store\'s number and its deadline, and new times, in Japanese at an old carrier\'s address', async () => {
  const bob = await signUp('b..b@docomo.ne.jp', 'ja');
  const { id } = (await bob.hold(event.paid)).json();
  const { order } = (await bob.confirm(id, 'konbini')).json();
  const to = '"b..b"@docomo.ne.jp';
  const number = await mail.letter(to, /^コンビニ/);
  assert.deepEqual(number.to, ['b..b@docomo.ne.jp'], 'what the server understood');
  assert.equal(number.header['content-language'], 'ja');
  assert.ok(number.text.includes(order.payment.number), number.text);
  assert.match(number.text, /お支払い期限: \d{4}年\d+月\d+日\(.\) \d\d:\d\d（日本時間）/);

  const { id: free } = (await bob.hold(event.free)).json();
  await bob.confirm(free, 'free');
  await mail.letter(to, /^チケットをご用意しました/);
  const delayed = await server.post(`/api/v1/producer/events/${event.id}/delay`, { performance: event.performance, minutes: 30, which: 'end' }, { token: controlToken() });
  assert.equal(delayed.status, 200, delayed.text);
  await mail.letter(to, /^開演時刻の変更/);
});

test('another alphabet goes to a server that takes it', async () => {
  await signUp('花子@例え.jp', 'ja');
  const letter = await until('a letter in another alphabet', () => mail.letters.find(({ header }) => header.to === '花子@例え.jp'), { within: 15_000 });
  assert.equal(letter.utf8, true);
});

test('a refusal for good is a bounce that the owner sees; buying goes on', async () => {
  const cho = await signUp('refuse@example.org', 'en');
  assert.match(await bounced(cho), /^550 5\.1\.1 no such user/);
  const { id } = (await cho.hold(event.free)).json();
  assert.equal((await cho.confirm(id, 'free')).json().order.state, 'fulfilled');
  const dan = await signUp('spam@example.org', 'en');
  assert.match(await bounced(dan), /^554/);
});

test('who hesitates is asked again, whose answer is lost is not', async () => {
  await signUp('cut@example.org', 'en');
  await mail.letter('cut@example.org', /^Please confirm/);
  await signUp('later@example.org', 'en');
  const metric = (fate) => server.metric(`butai_letters_total{fate="${fate}"}`);
  await until('both fates to be known', async () => (await metric('unknown')) === 1 && (await metric('later')) >= 1, { within: 15_000 });
  assert.equal(mail.to('cut@example.org').length, 1);
});

test('addresses that would be header lines make no account', async () => {
  for (const email of ['a@b.jp\r\nBcc: c@d.jp', 'a\n@b.jp', 'a b@c.jp', 'a@b@c']) {
    const answer = await new Person(server).write('POST', '/api/v1/accounts', { email, password: 'correct horse' });
    assert.equal(answer.status, 400, email);
  }
});

test('a mail server that is away holds up nobody; doctor asks about the domain', async () => {
  await mail.stop();
  const eve = await signUp('eve@example.org', 'en');
  const { id } = (await eve.hold(event.free)).json();
  const from = performance.now();
  assert.equal((await eve.confirm(id, 'free')).json().order.state, 'fulfilled');
  assert.ok(performance.now() - from < 2000);
  const told = await server.command(['doctor', ...server.place()], { anyStatus: true, timeout: 60_000 });
  assert.match(told.stdout, /mail {2,}by the server of \[mail\] smtp, from tickets@example\.org/);
  assert.match(told.stdout, /mail SPF/);
  assert.ok(!told.stdout.includes(kPassword) && !server.log.includes(kPassword), 'the password is nowhere');
});

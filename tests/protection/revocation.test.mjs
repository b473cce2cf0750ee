// A ticket's right ends on all ways at once, on a protected channel: after a refund, and for the device whose
// place another took, HLS, DASH, a new and an open WebSocket, and the license of each key system are refused
// with a sentence; the license service is not asked any more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { protections } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { fakeLicenseService } from '../harness/license_services.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { Socket } from '../harness/socket.mjs';
import { controlToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kDarkMs = 10_000;
const kSystems = ['widevine', 'playready', 'fairplay'];

let server, service, event, camera;
before(async () => {
  service = await fakeLicenseService();
  const systems = kSystems.map((name) => `[drm.${name}]\nlicense_url = "${service.url}/${name}"\nheader = "${service.header}"\n`).join('');
  server = await Server.start({ config: shopConfig(`protection = "cbcs"\n${systems}`) });
  event = await sell(server);
  camera = await feed(server, 'stage', await film({ seconds: 8 }));
});
after(async () => {
  await camera?.stop();
  await server?.stop();
  await service?.stop();
});

async function ticketOf(email) {
  const person = await Person.signUp(server, email);
  const { id } = (await person.hold(event.paid)).json();
  const { pay_url: url } = (await person.confirm(id, 'card')).json();
  await person.pay(url, '4242 4242 4242 4242');
  await until('the ticket', async () => (await person.order(id)).state === 'fulfilled', { within: 5_000, every: 50 });
  return { person, id };
}
async function begin(person, device, more = {}) {
  const started = await person.play('stage', { device, ...more });
  assert.equal(started.status, 201, started.text);
  return started.json();
}
async function kidOf(play) {
  await until('the playlist', async () => (await server.get(play.hls)).status === 200, { within: 15_000 });
  const { video } = renditionsOf((await fetchOk(play.hls)).text, play.hls);
  return protections((await fetchOk((await media(video)).segments.at(-1).map)).bytes)[0].kid;
}

// Each way's status and sentence.
async function asked(play, kid) {
  const socket = new Socket(play.ws);
  const ws = await socket.open().then(() => ({ status: 101, text: '' }), () => ({ status: socket.refusal?.status, text: socket.refusal?.text ?? '' }));
  await socket.close();
  const answers = { ws, hls: await server.get(play.hls), dash: await server.get(play.dash) };
  answers.clearkey = await server.post(`${play.license}/clearkey`, { kids: [Buffer.from(kid, 'hex').toString('base64url')], type: 'temporary' });
  answers.identity = await server.get(`${play.license}/identity/${kid}`);
  for (const system of kSystems) answers[system] = await server.get(`${play.license}/${system}`, { method: 'POST', body: 'challenge' });
  return answers;
}
function assertLit(answers) {
  for (const [way, { status, text }] of Object.entries(answers)) assert.equal(status, way === 'ws' ? 101 : 200, `${way}: ${text}`);
}
function assertDark(answers, wanted) {
  for (const [way, { status, text }] of Object.entries(answers)) {
    assert.equal(status, wanted, `${way}: ${text}`);
    assert.ok(JSON.parse(text).detail.length > 10, `${way} says why`);
  }
}

test('S3, S22: a refund ends HLS, DASH, WebSocket and every license', { timeout: 60_000 }, async () => {
  const { person, id } = await ticketOf('ann@example.org');
  const play = await begin(person, 'first');
  const kid = await kidOf(play);
  assertLit(await asked(play, kid));
  const open = await new Socket(play.ws).open();
  const from = performance.now();
  const back = await server.post(`/api/v1/producer/orders/${id}/refund`, {}, { token: controlToken() });
  assert.equal(back.status, 200, back.text);
  await until('the playlist to be refused', async () => (await server.get(play.hls)).status === 403, { within: kDarkMs, every: 50 });
  const before = service.books.length;
  assertDark(await asked(play, kid), 403);
  assert.equal(service.books.length, before, 'the license service is not asked');
  assert.ok([4401, 4403].includes((await open.closed.promise).code));
  const took = performance.now() - from;
  assert.ok(took < kDarkMs, `${took} ms`);
  console.log(`# dark on every way ${Math.round(took)} ms after the refund`);

  const rotated = await server.post('/api/v1/channels/stage/rotate-keys', '', { token: controlToken() });
  assert.equal(rotated.status, 200, rotated.text);
  const { person: other } = await ticketOf('bob@example.org');
  const theirs = await begin(other, 'first');
  const next = await until('the next keys', async () => {
    const now = await kidOf(theirs);
    return now !== kid && now;
  }, { within: 20_000, every: 500 });
  assertDark(await asked(play, next), 403);
  assertLit(await asked(theirs, next));
});

test('S22: a device whose place was taken gets no license either', { timeout: 60_000 }, async () => {
  const { person } = await ticketOf('eve@example.org');
  const first = await begin(person, 'first');
  const kid = await kidOf(first);
  assertLit(await asked(first, kid));
  assert.equal((await person.play('stage', { device: 'second' })).status, 409, 'one device a ticket');
  const second = await begin(person, 'second', { take_over: first.play });
  assertDark(await asked(first, kid), 401);
  assertLit(await asked(second, kid));
});

// A cache in front, users and nobody taking turns: whatever is asked in whatever order, nobody is ever given
// what was answered to somebody else. The recipe is deploy/cdn/nginx.conf, and once more with a cache that
// keeps everything that the answers allow it to.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { startNginx } from '../harness/nginx.mjs';
import { long } from '../harness/paths.mjs';
import { Server, request } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { until } from '../harness/wait.mjs';

const kAsked = long ? 10_000 : 600;
let server, recipe, greedy, source, people;

// Everything that may be kept, is: what must not be mixed has to say so itself.
const kGreedy = `proxy_cache butai; proxy_cache_key "$request_method $request_uri"; proxy_cache_valid 200 301 302 308 404 410 10m; add_header X-Cache $upstream_cache_status;`;

before(async () => {
  server = await Server.start({ config: shopConfig() });
  source = await feed(server, 'stage', await film());
  const event = await sell(server);
  people = [];
  for (const name of ['ann', 'bob']) {
    const person = await Person.signUp(server, `${name}@example.org`);
    const { id } = (await person.hold(event.free)).json();
    await person.confirm(id, 'free');
    const play = (await person.play('stage')).json();
    people.push({ name, person, order: id, ticket: (await person.read('/api/v1/tickets')).json().tickets[0].id, play });
  }
  await until('the picture', async () => (await server.get(people[0].play.hls)).status === 200, { within: 20_000 });
  [recipe, greedy] = await Promise.all([startNginx(server), startNginx(server, { everywhere: kGreedy })]);
});
after(async () => {
  await source?.stop();
  await Promise.all([recipe, greedy].map((front) => front?.stop()));
  await server?.stop();
});

const nobody = { name: 'nobody', order: null };
const headersOf = ({ person }) => (person ? person.headers() : { 'X-Forwarded-For': '10.9.9.9' });

// What is asked, and what must be in the answer for whom.
const kQuestions = [
  (who) => ['/api/v1/session', 200, (text) => JSON.parse(text).account?.email ?? null, who.person ? `${who.name}@example.org` : null],
  (who) => ['/api/v1/orders', who.person ? 200 : 401, (text) => JSON.parse(text).orders?.map(({ id }) => id).join() ?? null, who.order],
  (who) => ['/api/v1/tickets', who.person ? 200 : 401, (text) => JSON.parse(text).tickets?.map(({ id }) => id).join() ?? null, who.ticket ?? null],
  (who, others) => [`/api/v1/orders/${others.order}`, who.person ? (who === others ? 200 : 404) : 401, (text) => JSON.parse(text).id ?? null, who === others ? who.order : null],
  (who, others) => [`/api/v1/tickets/${others.ticket}.ics`, who.person ? (who === others ? 200 : 404) : 401, (text) => text.includes(`UID:${others.ticket}`), who === others],
  () => ['/api/v1/events', 200, (text) => JSON.parse(text).events.length, 1],
  () => ['/e/night', 200, (text) => /nonce="([^"]+)"/.exec(text)?.[1].length > 10, true],
  () => ['/api/v1/producer/events', null, (text) => text.includes('"capacity"'), false],
];

async function interleave(front) {
  const everybody = [...people, nobody];
  const nonces = new Set();
  let pages = 0;
  const ask = async (turn) => {
    const who = everybody[turn % 3];
    const others = people[Math.floor(turn / 3) % 2];
    const question = kQuestions[Math.floor(turn / 6) % kQuestions.length];
    const [path, status, read, expected] = question(who, others);
    const answer = await request(front.url + path, { headers: { ...headersOf(who), Accept: 'text/html,application/json' } });
    const where = `${who.name} asks ${path}: ${answer.status} ${answer.headers['x-cache'] ?? ''} ${answer.text.slice(0, 200)}`;
    if (status !== null) assert.equal(answer.status, status, where);
    else assert.ok([401, 403].includes(answer.status), where);
    assert.equal(read(answer.text), expected, where);
    assert.equal(answer.headers['set-cookie'], undefined, where);
    const nonce = path === '/e/night' ? /nonce="([^"]+)"/.exec(answer.text)[1] : null;
    if (nonce) nonces.add(nonce), ++pages;
  };
  for (let turn = 0; turn < kAsked; turn += 12) await Promise.all(Array.from({ length: 12 }, (_, i) => ask(turn + i)));
  assert.equal(nonces.size, pages, 'a page that was kept would repeat its nonce');
}

test('deploy/cdn as it stands: nobody gets what is somebody else\'s', { timeout: 120_000 }, () => interleave(recipe));
test('a cache that keeps whatever it may: nobody gets what is somebody else\'s', { timeout: 120_000 }, () => interleave(greedy));

test('an ended play is dark in both caches, and another’s goes on', { timeout: 60_000 }, async () => {
  const [ann, bob] = people.map(({ play }) => play);
  const at = (front, address) => front.url + new URL(address).pathname;
  const fronts = [recipe, greedy];
  for (const front of fronts) for (const { hls } of [ann, bob]) assert.equal((await request(at(front, hls))).status, 200);
  assert.equal((await people[0].person.write('DELETE', `/api/v1/plays/${ann.play}`)).status, 204);
  for (const front of fronts) {
    await until('it to be dark', async () => (await request(at(front, ann.hls))).status === 401, { within: 10_000, every: 200 });
    assert.equal((await request(at(front, bob.hls))).status, 200);
  }
});

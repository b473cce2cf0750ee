// The end of a night, as it was promised: players are told, then nothing plays, old addresses have nothing
// behind them, keys are gone, and a signed record says so. Hours pass by the clock of the test provider.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, event, source, kate, play, segment, kid;
const control = (path, options = {}) => server.get(`/api/v1/producer${path}`, { token: controlToken(), ...options });
const advance = (seconds) => server.post('/test-payments/operator/clock', { advance_s: seconds });
const license = (address) =>
  server.get(`${address}/clearkey`, { method: 'POST', body: JSON.stringify({ kids: [Buffer.from(kid.replaceAll('-', ''), 'hex').toString('base64url')], type: 'temporary' }), headers: { 'Content-Type': 'application/json' } });

before(async () => {
  server = await Server.start({ config: shopConfig('protection = "cbcs"\n') });
  event = await sell(server, { capacity: 5 });
  source = await feed(server, 'stage', await film());
  kate = await Person.signUp(server, 'kate@example.org');
});
after(async () => {
  await source?.stop();
  await server?.stop();
});

// The newest segment's address of the first rendition, absolute.
async function newestSegment(master) {
  const rendition = new URL((await server.get(master)).text.split('\n').find((line) => line && !line.startsWith('#')), master).href;
  const playlist = (await server.get(rendition)).text;
  const last = playlist.split('\n').filter((line) => line && !line.startsWith('#')).at(-1);
  return last && new URL(last, rendition).href;
}

test('a play of the night, with its segment and its key', async () => {
  const held = (await kate.hold(event.free)).json();
  assert.equal((await kate.confirm(held.id, 'free')).json().order.state, 'fulfilled');
  const started = await kate.play('stage', { device: 'phone' });
  assert.equal(started.status, 201, started.text);
  play = started.json();
  segment = await until('a segment', async () => (await server.get(play.hls)).status === 200 && newestSegment(play.hls), { within: 20_000 });
  assert.equal((await server.get(segment)).status, 200);
  [kid] = (await server.command(['keys', 'list', ...server.place()])).stdout.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
  assert.equal((await license(play.license)).status, 200);
  assert.deepEqual((await control(`/events/${event.id}/destruction`)).json(), { records: [] });
});

test('what did not reach a viewer is told per order', { timeout: 60_000 }, async () => {
  await source.stop();
  const missed = async () => (await control(`/events/${event.id}/orders`)).json().orders[0].missed;
  assert.deepEqual(await missed(), { without_picture_s: 0, not_delivered_s: 0 });
  await until('some seconds without a picture to be written down', async () => {
    await server.get(play.hls); // the player is there
    return (await missed()).without_picture_s >= 4;
  }, { within: 25_000, every: 1000 });
  source = await feed(server, 'stage', await film());
  await until('the picture again', async () => (await server.get(`/api/v1/channels/stage`, { token: controlToken() })).json().live, { within: 10_000 });
});

test('after the end nothing plays, and old addresses have nothing behind them', async () => {
  const ended = await server.post(`/api/v1/producer/events/${event.id}/state`, { to: 'ended' }, { token: controlToken() });
  assert.equal(ended.status, 200, ended.text);
  assert.equal((await server.get(segment)).status, 200, 'the last notes are still heard');
  assert.equal((await advance(45)).status, 200);
  await until('players to be told', async () => (await server.get(await rendition())).text.includes('#EXT-X-ENDLIST'), { within: 5000 });
  await advance(60);
  await until('the record', async () => (await control(`/events/${event.id}/destruction`)).json().records.length === 1, { within: 10_000 });
  assert.equal((await server.get(play.hls)).status, 410);
  assert.equal((await server.get(segment)).status, 410);
  assert.equal((await license(play.license)).status, 410);
  assert.deepEqual((await kate.read(`/api/v1/plays/${play.play}`)).json(), { state: 'ended' });
  assert.equal((await kate.play('stage')).json().type, '/problems/over');
  // Nor for somebody who needs no ticket: there is nothing there.
  const bare = new URL(segment).pathname.replace(/^\/t\/[^/]+/, '');
  assert.equal((await server.get(bare, { token: viewToken('stage') })).status, 404);
  const keys = await server.command(['keys', 'list', ...server.place()]);
  assert.ok(!keys.stdout.includes(kid), keys.stdout);
});

async function rendition() {
  return new URL((await server.get(play.hls)).text.split('\n').find((line) => line && !line.startsWith('#')), play.hls).href;
}

test('the record verifies without the server, and a changed one does not', async () => {
  const answer = (await control(`/events/${event.id}/destruction`)).json();
  const [{ record, key }] = answer.records;
  assert.equal(record.channel, 'stage');
  assert.ok(record.keys.includes(kid), JSON.stringify(record));
  assert.ok(record.segments_in_memory > 0 && record.bytes_in_memory > 1000, JSON.stringify(record));
  assert.equal((await server.get('/api/v1/records/key')).json().key, key);
  const file = join(server.data, 'record.json');
  const verify = (text, ...more) => {
    writeFileSync(file, text);
    return server.command(['event', 'verify-record', file, ...more], { anyStatus: true });
  };
  const good = await verify(JSON.stringify(answer, null, 2), '--key', key);
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^good: stage was destroyed at /);
  assert.equal((await verify(JSON.stringify(answer.records[0]))).code, 0);
  for (const change of [(one) => one.keys.pop(), (one) => (one.destroyed = one.ended), (one) => (one.event.slug = 'other')]) {
    const copy = structuredClone(answer.records[0]);
    change(copy.record);
    const bad = await verify(JSON.stringify(copy));
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /changed/);
  }
  const other = await verify(JSON.stringify(answer), '--key', `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`);
  assert.equal(other.code, 1);
  assert.ok(readFileSync(file).length > 0);
});

test('the channel is there again for the next night, with other keys', async () => {
  await source.stop();
  source = await feed(server, 'stage', await film());
  const [next] = await until('new keys', async () => (await server.command(['keys', 'list', ...server.place()])).stdout.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/), { within: 10_000 });
  assert.notEqual(next, kid);
});

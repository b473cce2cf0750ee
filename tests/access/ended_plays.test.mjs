// An ended play stays ended: the server is killed as soon as it has answered, and its next run refuses the
// play's addresses on HLS, DASH, WebSocket and licenses, with the same sentence; so does another server of the
// same database, at once. Whoever was not ended goes on. On SQLite and on PostgreSQL.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { protections } from '../harness/decrypt.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { PostgreSql } from '../harness/postgresql.mjs';
import { Server } from '../harness/server.mjs';
import { Socket } from '../harness/socket.mjs';
import { viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const token = viewToken('stage');
const channel = '[[channel]]\nname = "stage"\nprotection = "cbcs"\n';
const servers = [];
let postgresql;
after(async () => {
  for (const server of servers) await server.stop();
  await postgresql?.stop();
});

async function start(config) {
  const server = await Server.start({ config: config + channel });
  servers.push(server);
  return server;
}

// The play's addresses at a server that may have other ports.
const at = (server, play) => ({
  ...play,
  ...Object.fromEntries(['hls', 'dash', 'license', 'ws'].map((kind) => [kind, play[kind].replace(/:\d+\//, `:${server.ports.http}/`)])),
});

// What each way says: {hls, dash, ws, license}, a status and its sentence.
async function asked(server, play, kid) {
  const here = at(server, play);
  const socket = new Socket(here.ws);
  const ws = await socket.open().then(() => ({ status: 101 }), () => ({ status: socket.refusal?.status, text: socket.refusal?.text ?? '' }));
  await socket.close();
  const answers = { ws };
  for (const kind of ['hls', 'dash']) answers[kind] = await server.get(here[kind]);
  answers.license = await server.post(`${here.license}/clearkey`, { kids: [Buffer.from(kid, 'hex').toString('base64url')], type: 'temporary' });
  return answers;
}
const statuses = (answers) => Object.fromEntries(Object.entries(answers).map(([way, { status }]) => [way, status]));
const kGood = { ws: 101, hls: 200, dash: 200, license: 200 };
const kEnded = { ws: 401, hls: 401, dash: 401, license: 401 };
function assertEnded(answers, when) {
  assert.deepEqual(statuses(answers), kEnded, when);
  for (const [way, { text }] of Object.entries(answers)) assert.match(text, /This play was ended/, `${way} ${when}`);
}

async function kidOf(play) {
  const { video } = renditionsOf((await fetchOk(play.hls)).text, play.hls);
  return protections((await fetchOk((await media(video)).segments.at(-1).map)).bytes)[0].kid;
}

async function survives(config) {
  const server = await start(config);
  const source = await film({ seconds: 8 });
  let camera = await feed(server, 'stage', source);
  await server.segmentsOf('stage', token);
  const [ended, other] = [await server.play('stage', token), await server.play('stage', token)];
  const kid = await kidOf(ended);
  assert.deepEqual(statuses(await asked(server, ended, kid)), kGood);

  // The answer is the promise; nothing after it was allowed to matter.
  const answer = await server.get(`/api/v1/plays/${ended.play}`, { token, method: 'DELETE' });
  await server.child.stop('SIGKILL');
  assert.equal(answer.status, 204);
  await camera.stop();
  await server.startAgain();
  camera = await feed(server, 'stage', source);
  await server.segmentsOf('stage', token);

  const now = await kidOf(at(server, other));
  assert.notEqual(now, kid, 'another opening has other keys: no IV meets a key again');
  assertEnded(await asked(server, ended, now), 'after kill -9');
  assert.deepEqual(statuses(await asked(server, other, now)), kGood, 'the other play goes on');
  assert.deepEqual((await server.get(`/api/v1/plays/${ended.play}`)).json(), { state: 'ended' });
  await camera.stop();
  return { server, ended, other, kid: now };
}

describe('an ended play', { concurrency: true }, () => {
  test('stays ended over kill -9, with SQLite', { timeout: 120_000 }, () => survives(''));

  test('stays ended over kill -9, and on the other node, with PostgreSQL', { timeout: 120_000 }, async () => {
    postgresql = await PostgreSql.start();
    const config = `[store]\nurl = "${postgresql.url}"\n`;
    const { server, ended, other, kid } = await survives(config);
    const second = await start(config);
    assertEnded(await asked(second, ended, kid), 'on a node that started later');
    const before = await second.get(at(second, other).hls);
    assert.notEqual(before.status, 401);
    await server.get(at(server, other).hls); // whoever ends it knows it by a heartbeat
    assert.equal((await server.get(`/api/v1/plays/${other.play}`, { token, method: 'DELETE' })).status, 204);
    await until('the other node to hear of it', async () => (await second.get(at(second, other).hls)).status === 401, { within: 10_000 });
  });
});

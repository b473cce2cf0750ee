// The door in small: two hundred come within six seconds beside some who watch; the server is killed three seconds
// later and started again; and with the database standing still after a restart, who is known goes in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Door } from '../harness/door.mjs';
import { program } from '../harness/paths.mjs';
import { PostgreSql } from '../harness/postgresql.mjs';
import { Child } from '../harness/process.mjs';
import { request } from '../harness/server.mjs';
import { SlowLine } from '../harness/slow_line.mjs';
import { Socket } from '../harness/socket.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

const kVisitors = 200;
const freePort = () => new Promise((done) => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

let door;
before(async () => {
  door = await Door.build({ there: 20, visitors: kVisitors, port: await freePort() });
});
after(() => door?.stop());

test('everybody who was cut off or came in between watches again, and the books are whole', async () => {
  const got = await door.open(program, { args: ['--calm', 1, '--within', 3, '--after', 8, '--probes', 50], killAfter: 3000, timeout: 60_000 });
  const { known_came: known, cold_came: cold, buyer_came: buyers, webhook_came: webhooks, lost, back_in_time_percent: back, playing_percent: playing, back_p99_ms: backMs, restart_ms: restart } = got;
  console.log(`${lost} cut off, the last back after ${backMs?.toFixed(0)} ms (the server took ${restart.toFixed(0)} ms to start); ${playing} % play`);
  assert.deepEqual({ known, cold, buyers, webhooks }, { known: 176, cold: 10, buyers: 10, webhooks: 4 });
  assert.ok(got.calm_frames > 100, `the probes saw ${got.calm_frames} pictures before the doors`);
  assert.equal(got.calm_gaps, 0);
  assert.ok(lost >= 20, `only ${lost} were cut off`);
  assert.ok(back >= 99, `only ${back} % were back within 10 s: ${JSON.stringify(got)}`);
  assert.ok(playing >= 99, `only ${playing} % play: ${JSON.stringify(got)}`);
  assert.equal(got.webhook_served, webhooks);
  assert.ok(got.segments >= 0.99 * (known + cold + buyers), `only ${got.segments} got a whole HLS segment`);
  await door.check();
});

test('after a restart, with the database standing still: page, session, play, playlist, license, first frame', async () => {
  const { server } = door;
  await server.child.stop();
  await server.startAgain();
  const sender = new Child(program, ['publish', 'test', '--size', '320x180', '--fps', '10', `${server.ws}/ws?channel=stage`], { env: { BUTAI_TOKEN: publishToken('stage') } });
  const lock = new Child('python3', ['-c', `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
sys.stdin.readline()
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()`, `${server.data}/data/butai.db`]);
  try {
    const visitor = readFileSync(door.visitors, 'utf8').split('\n').map((line) => JSON.parse(line)).find(({ is }) => is === 'known');
    const headers = { Cookie: visitor.cookie, 'X-Forwarded-For': visitor.address, Origin: server.http };
    // The channel's picture and its key are there: the key was written before the database stops.
    const watcher = await until('a segment', async () => {
      const { csrf } = (await server.get('/api/v1/session', { headers })).json();
      const play = (await server.post('/api/v1/plays', { channel: 'stage' }, { headers: { ...headers, 'X-CSRF-Token': csrf } })).json();
      return (await request(play.hls)).status === 200 && play;
    }, { within: 20_000, every: 200 });
    assert.ok(watcher);
    lock.child.stdin.write('\n');
    await lock.firstLine();
    const other = readFileSync(door.visitors, 'utf8').split('\n').map((line) => JSON.parse(line)).findLast(({ is }) => is === 'known');
    const from = performance.now();
    const asked = { Cookie: other.cookie, 'X-Forwarded-For': other.address, Origin: server.http };
    const page = await server.get('/watch/stage', { headers: { ...asked, Accept: 'text/html' } });
    const session = (await server.get('/api/v1/session', { headers: asked })).json();
    const play = await server.post('/api/v1/plays', { channel: 'stage' }, { headers: { ...asked, 'X-CSRF-Token': session.csrf } });
    const list = await request(play.json().hls);
    const media = await request(new URL(list.text.split('\n').find((line) => line && !line.startsWith('#')), play.json().hls).href);
    const kid = /license\/identity\/([0-9a-f]{32})/.exec(media.text)[1];
    const license = await request(`${play.json().license}/clearkey`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kids: [Buffer.from(kid, 'hex').toString('base64url')] }) });
    const socket = new Socket(play.json().ws);
    await socket.opened.promise;
    await until('the first picture', () => socket.messages.length >= 2, { within: 2000, every: 5 });
    const ms = performance.now() - from;
    socket.socket.terminate();
    assert.deepEqual([page.status, session.account?.email, play.status, list.status, media.status, license.status], [200, other.email, 201, 200, 200, 200]);
    console.log(`seven steps of somebody known, after a restart and without the database: ${ms.toFixed(0)} ms`);
    assert.ok(ms < 1500, `${ms} ms: something waited for the database`);
  } finally {
    await lock.stop();
    await sender.stop();
  }
});

test('with the database 200 ms away everybody who has a ticket gets in, signed in or with a password', async () => {
  const database = await PostgreSql.start();
  const line = await SlowLine.to(database.socket);
  let far;
  try {
    const store = `postgresql://postgres@127.0.0.1:${line.port}/postgres`;
    far = await Door.build({ there: 5, visitors: 100, cold: 20, buyers: 10, port: await freePort(), store, database: database.url });
    line.delayMs = 200;
    const got = await far.open(program, { args: ['--calm', 1, '--within', 3, '--after', 12, '--probes', 50], timeout: 60_000 });
    console.log(`${got.cold_playing_percent} % of who signed in and ${got.buyer_playing_percent} % of the buyers play; sign-in ${got.step_sign_in_p50_ms?.toFixed(0)} ms`);
    assert.equal(got.known_playing_percent, 100);
    assert.equal(got.cold_playing_percent, 100, JSON.stringify(got));
    assert.equal(got.rush_gaps, 0);
    const { stdout } = await far.server.command(['doctor', ...far.server.place()], { anyStatus: true, timeout: 60_000 });
    assert.match(stdout, /the server of \[store\] url, 20\d\.\d ms a question; an order is some forty of them/);
    line.delayMs = 0;
    await far.check();
  } finally {
    await far?.stop();
    await line.stop();
    await database.stop();
  }
});

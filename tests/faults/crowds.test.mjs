// Crowds that come, go and never finish coming: the server's memory and descriptors stay what they were,
// and whoever watches notices nothing. Seconds here, minutes and ten thousand with --long.
import assert from 'node:assert/strict';
import net from 'node:net';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { film } from '../harness/media.mjs';
import { long, program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { publishToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

let server;
let source;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  source = await feed(server, 'main', await film({ gop: 1 }));
  await server.segmentsOf('main');
});
after(async () => {
  await source?.stop();
  await server?.stop();
});

const descriptors = () => readdirSync(`/proc/${server.child.pid}/fd`).length;
const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
const cpuSeconds = () => readFileSync(`/proc/${server.child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
const viewers = async () => (await server.channel()).viewers;
const address = (i) => `127.0.0.${2 + (i % 50)}`; // who has not asked yet is counted by address

// Somebody who watches from now on; afterwards: nothing was left out.
async function witness() {
  const socket = await viewer(server, 'main', 'latency=33').open();
  await socket.count(5);
  return async () => {
    const seen = socket.messages.length;
    await socket.count(seen + 10);
    assert.ok(!socket.texts.some((text) => text.type === 'gap' && text.why === 'slow'), 'a gap');
    await socket.close();
  };
}

const upgrade =
  'GET /live/main/ws?latency=100 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

test('500 viewers come and go every second: memory and descriptors stay', { timeout: 900_000 }, async () => {
  const seconds = long ? 600 : 5;
  const unharmed = await witness();
  const flat = descriptors();
  let open = 0;
  let served = 0;
  const one = (i) => {
    const socket = net.connect({ port: server.ports.http, host: '127.0.0.1', localAddress: address(i) });
    ++open;
    socket.on('error', () => {});
    socket.on('close', () => --open);
    socket.once('data', () => {
      ++served;
      // Half of them say goodbye, half are gone.
      setTimeout(() => (i % 2 ? socket.end() : socket.resetAndDestroy()), 50);
    });
    socket.write(upgrade);
  };
  const begun = performance.now();
  let joined = 0;
  let settled; // memory, when everything has been used once
  while (performance.now() - begun < seconds * 1000) {
    while (joined < ((performance.now() - begun) / 1000) * 500) one(joined++);
    if (settled === undefined && performance.now() - begun > seconds * 500) settled = residentMb();
    await sleep(10);
  }
  await until('all to have been served', () => {
    if (open > 0) throw new Error(`${open} of ${joined} are open, ${joined - served} without an answer`);
    return true;
  });
  await until('all to be gone there', async () => (await viewers()) === 1);
  await until('as many descriptors as before', () => descriptors() <= flat + 2);
  assert.equal(served, joined);
  const grown = residentMb() - settled;
  assert.ok(grown < 16, `grown by ${grown.toFixed(1)} MB in the second half`);
  await unharmed();
});

test('a crowd leaves together and comes back; those who stayed miss nothing', { timeout: 300_000 }, async () => {
  const [stay, leave, seconds] = long ? [500, 9500, 40] : [50, 950, 8];
  const watch = `${server.ws}/live/crowd/ws?latency=100`;
  const bench = (count, more) =>
    new Child(program, ['bench', 'fanout', watch, '--viewers', String(count), '--joins', '1000', '--kbit', '300', '--fps', '25', '--json', ...more], { env: { BUTAI_TOKEN: publishToken('crowd') } });
  const stayed = bench(stay, ['--publish', `${server.ws}/ws?channel=crowd`, '--seconds', String(seconds)]);
  await until('those who stay', async () => (await server.channel('crowd')).viewers === stay);
  const before = descriptors();
  const memory = [];
  for (let round = 0; round < 2; ++round) {
    const crowd = bench(leave, ['--seconds', '1']);
    await until('the crowd', async () => (await server.channel('crowd')).viewers === stay + leave, { within: 60_000 });
    memory.push(residentMb());
    crowd.kill('SIGKILL');
    await until('the crowd to be gone', async () => (await server.channel('crowd')).viewers === stay);
  }
  await until('as many descriptors as before', () => descriptors() <= before + 2);
  assert.ok(memory[1] - memory[0] < 16, `grown from ${memory[0]} to ${memory[1]} MB`);
  assert.equal((await stayed.ended).code, 0, stayed.stderr);
  const { opened, closed, missing, out_of_order, damaged } = JSON.parse(stayed.stdout);
  assert.deepEqual({ opened, closed, missing, out_of_order, damaged }, { opened: stay, closed: 0, missing: 0, out_of_order: 0, damaged: 0 });
});

test('out of descriptors: viewers go on, nothing spins, and there is room again afterwards', { timeout: 60_000 }, async () => {
  const unharmed = await witness();
  const allow = (count) => run('prlimit', ['--pid', String(server.child.pid), `--nofile=${count}:`]);
  const usual = /Max open files\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/limits`, 'utf8'))[1];
  await allow(descriptors() + 10);
  const many = Array.from({ length: 60 }, (_, i) => {
    const socket = net.connect({ port: server.ports.http, host: '127.0.0.1', localAddress: address(i) });
    socket.on('error', () => {});
    socket.once('close', () => (socket.gone = true));
    return socket;
  });
  await until('the first to be turned away', () => many.some((socket) => socket.gone));
  assert.ok(!many.every((socket) => socket.gone), 'some were let in');
  const before = cpuSeconds();
  await sleep(1_000);
  const spent = cpuSeconds() - before;
  assert.ok(spent < 0.5, `${spent} s of processor in a second`);
  for (const socket of many) socket.destroy();
  await until('somebody to be let in', async () => (await server.get('/healthz')).status === 200);
  await unharmed();
  await allow(usual);
});

// Sockets whose filter drops the server's answer: for it they stay half open.
const kFlood = `
import ctypes, resource, socket, struct, sys, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
nothing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # BPF: return 0
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(nothing))
kept = []
for i in range(int(sys.argv[2])):
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
    s.bind(("127.0.%d.%d" % (1 + int(sys.argv[3]), 1 + i % 200), 0))
    s.connect_ex(("127.0.0.1", int(sys.argv[1])))
    kept.append(s)
print("half open", flush=True)
sys.stdin.read()
`;

test('a flood of half-open handshakes: viewers go on, and others get in', { timeout: 60_000 }, async () => {
  const unharmed = await witness();
  const port = server.ports.http.toString(16).toUpperCase().padStart(4, '0');
  const halfOpen = () => readFileSync('/proc/net/tcp', 'utf8').split('\n').filter((line) => line.includes(`0100007F:${port} `) && / 03 /.test(line)).length;
  // More than the queues of both loops hold.
  const floods = Array.from({ length: 5 }, (_, i) => new Child('python3', ['-c', kFlood, String(server.ports.http), '2000', String(i)]));
  await Promise.all(floods.map((flood) => flood.firstLine(20_000)));
  assert.ok(halfOpen() > 2000, `${halfOpen()} half open`);
  const begun = performance.now();
  for (let i = 0; i < 5; ++i) assert.equal((await server.get('/healthz')).status, 200);
  assert.ok(performance.now() - begun < 5_000, 'others were let in at once');
  await unharmed();
  for (const flood of floods) await flood.stop('SIGKILL');
});

// ./dev bench latency: how long a picture takes from the publisher's clock to a viewer on loopback, how
// fast the server starts, what it weighs; the echo side by side with the design document's own server.
// Rounds are interleaved, the median of the rounds is quoted, minimum and maximum stand beside it.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { openPage, startChromium, watchPlaying } from '../tests/harness/browser.mjs';
import { root } from '../tests/harness/paths.mjs';
import { Child, run } from '../tests/harness/process.mjs';
import { Server } from '../tests/harness/server.mjs';
import { token as bearer } from '../tests/harness/token.mjs';
import { until } from '../tests/harness/wait.mjs';
import { machine, writeSection } from './_results.mjs';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 8);
const butai = process.env.BUTAI ?? join(root, 'build/release/butai');

const freePort = () =>
  new Promise((done) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

async function probe(name, publish, watch, token) {
  const args = ['bench', 'latency', name, publish, ...(watch ? [watch] : []), '--seconds', String(seconds)];
  const { code, stdout, stderr } = await run(butai, args, { env: { BUTAI_TOKEN: token }, timeout: seconds * 1000 + 60_000 });
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout);
}

async function seedServer() {
  const port = await freePort();
  const child = new Child('/usr/bin/python3', [join(root, 'bench/seed_echo.py'), String(port)]);
  await until('the seed server', () => new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
  }));
  return { child, url: `ws://127.0.0.1:${port}/ws` };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// Seconds from the publisher's clock to the screen of Chromium's watch page.
async function watchPage(server, player) {
  const channel = `page-${player}`;
  const sender = new Child(butai, ['publish', 'test', '--size', '1280x720', `${server.ws}/ws?channel=${channel}`], { env: { BUTAI_TOKEN: bearer(`publish:${channel}`) } });
  const browser = await startChromium();
  try {
    const token = bearer(`view:${channel}`);
    await server.segmentsOf(channel, token);
    const watch = await openPage(browser, `http://localhost:${server.ports.http}/watch/${channel}?player=${player}#token=${token}`);
    const seen = await watchPlaying(watch.stats, { seconds });
    return median(seen.slice(-12).map(({ latencySeconds }) => latencySeconds).filter((value) => value !== null));
  } finally {
    await browser.close();
    await sender.stop();
  }
}

async function round(figures) {
  const note = (name, value) => (figures[name] ??= []).push(value);
  const server = await Server.start();
  const seed = await seedServer();
  try {
    note('start to ready, ms', server.startMs);
    note('idle memory, MB', Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024);
    for (const [name, what] of [['jpeg-jpeg', 'JPEG to JPEG viewer'], ['h264-ws', 'H.264 to WebSocket CMAF'], ['jpeg-ws', 'JPEG to H.264 to WebSocket CMAF'], ['first-frame', 'first frame after connect']]) {
      const token = bearer(`publish:${name} view:${name}`);
      const got = await probe(name, `${server.ws}/ws?channel=${name}`, `${server.ws}/live/${name}/ws?latency=0${name === 'jpeg-jpeg' ? '&format=jpeg' : ''}`, token);
      note(`${what}, p50 ms`, got.p50_ms);
      note(`${what}, p99 ms`, got.p99_ms);
      console.log(`  ${what}: p50 ${got.p50_ms} p99 ${got.p99_ms} ms of ${got.count}`);
    }
    for (const [player, what] of [['ws', 'WebSocket'], ['hls', 'LL-HLS']]) {
      const got = await watchPage(server, player);
      note(`Chromium's watch page by ${what}, s`, got);
      console.log(`  Chromium's watch page by ${what}: ${got?.toFixed(2)} s`);
    }
    const ours = await probe('echo', `${server.ws}/ws?channel=echo&echo=1`, null, bearer('publish:echo'));
    const theirs = await probe('echo', seed.url, null, 'none');
    note('echo round trip, p50 ms', ours.p50_ms);
    note('echo round trip, p99 ms', ours.p99_ms);
    note("echo of the design document's server, p50 ms", theirs.p50_ms);
    note("echo of the design document's server, p99 ms", theirs.p99_ms);
    note('echo p50, ours / theirs', ours.p50_ms / theirs.p50_ms);
    console.log(`  echo: ours p50 ${ours.p50_ms}, theirs ${theirs.p50_ms} ms`);
  } finally {
    await server.stop();
    await seed.child.stop();
  }
}

const goals = {
  'JPEG to JPEG viewer, p50 ms': 3, 'JPEG to JPEG viewer, p99 ms': 15,
  'H.264 to WebSocket CMAF, p50 ms': 10, 'H.264 to WebSocket CMAF, p99 ms': 40,
  'JPEG to H.264 to WebSocket CMAF, p50 ms': 60, 'JPEG to H.264 to WebSocket CMAF, p99 ms': 150,
  'first frame after connect, p99 ms': 300, 'echo p50, ours / theirs': 1,
  "Chromium's watch page by WebSocket, s": 0.5, "Chromium's watch page by LL-HLS, s": 2,
  'start to ready, ms': 300, 'idle memory, MB': 30,
};

const figures = {};
for (let i = 1; i <= rounds; ++i) {
  console.log(`round ${i} of ${rounds}`);
  await round(figures);
}
const show = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
const rows = Object.entries(figures).map(([name, list]) =>
  `| ${name} | ${show(median(list))} | ${show(Math.min(...list))} – ${show(Math.max(...list))} | ${goals[name] ?? ''} |`);
const table = ['| figure | median | min – max | goal |', '|---|---|---|---|', ...rows].join('\n');
console.log(table);
writeSection('Latency', `720p at 30 pictures a second, loopback, one viewer, \`latency=0\`; ${rounds} rounds of ${seconds} s each.\n${machine()}\n\n${table}`);
const missed = Object.entries(goals).filter(([name, goal]) => figures[name] && median(figures[name]) > goal);
for (const [name, goal] of missed) console.log(`missed: ${name} ${show(median(figures[name]))}, goal ${goal}`);

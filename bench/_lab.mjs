// The laboratory of bench/: servers side by side on one machine, rounds, medians of ratios.
//
// Everything runs in a network namespace of its own when this is root: there cubic is the congestion
// control of every server alike (the machine's may be bbr, which paces each socket by a timer), and
// nobody else's traffic moves the counters. On a machine that others use too, BUTAI_BENCH_TURN is a
// command that says "go" when it is our turn, and ends when its standard input does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../tests/harness/paths.mjs';
import { Child, run } from '../tests/harness/process.mjs';
import { Server } from '../tests/harness/server.mjs';
import { token } from '../tests/harness/token.mjs';
import { until } from '../tests/harness/wait.mjs';

export const butai = process.env.BUTAI ?? join(root, 'build/release/butai');
// An older server can be measured with the newer generator.
export const generator = process.env.BUTAI_LOAD ?? butai;
const floorProgram = process.env.FLOOR ?? join(root, 'build/release/bench/floor');

export const options = {
  rounds: 5,
  seconds: 5,
};
for (const name of ['rounds', 'seconds']) {
  const at = process.argv.indexOf(`--${name}`);
  if (at > 0) options[name] = Number(process.argv[at + 1]);
}

// Starts this script again where nothing else is; returns in the new process only.
export function isolate() {
  if (process.env.BUTAI_BENCH_ALONE) return;
  if (process.getuid() !== 0 || spawnSync('unshare', ['--net', 'true']).status !== 0) {
    console.log('not root: the congestion control is the system\'s, and others share the counters');
    return;
  }
  // Other namespaces may only choose what the machine allows to everybody; put back afterwards.
  const list = '/proc/sys/net/ipv4/tcp_allowed_congestion_control';
  const allowed = readFileSync(list, 'utf8').trim();
  if (!allowed.split(' ').includes('cubic')) writeFileSync(list, `${allowed} cubic`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const set = 'ip link set lo up && { echo cubic > /proc/sys/net/ipv4/tcp_congestion_control; exec "$@"; }';
  const { status } = spawnSync('unshare', ['--net', 'sh', '-c', set, 'sh', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, BUTAI_BENCH_ALONE: '1' },
  });
  writeFileSync(list, allowed);
  process.exit(status ?? 1);
}

export const congestion = () => execFileSync('cat', ['/proc/sys/net/ipv4/tcp_congestion_control'], { encoding: 'utf8' }).trim();

async function turn(work) {
  const command = process.env.BUTAI_BENCH_TURN;
  if (!command) return work();
  const holder = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((go) => createInterface({ input: holder.stdout }).once('line', go));
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await new Promise((done) => holder.on('close', done));
  }
}

export const freePort = () =>
  new Promise((done) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

const reachable = (port) => until(`port ${port}`, () => new Promise((done) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
  socket.on('error', () => done(false));
}));

async function started(command, args, env = {}) {
  const port = await freePort();
  const child = new Child(command, args.map((arg) => (arg === 'PORT' ? String(port) : arg)), { env });
  await reachable(port);
  return { port, child, stop: () => child.stop('SIGKILL') };
}

// ---- the servers: each gives where to publish and watch, and how to stop ------------------------

export const bearer = token('publish:main view:main');

export async function ours({ flush = 100, secure = false, config = '' } = {}) {
  const server = await Server.start({ config: `[channels]\nlatency = "low"\n${config}` });
  const base = secure ? server.wss : server.ws;
  return {
    server,
    pid: server.child.pid,
    publish: `${server.ws}/ws?channel=main`,
    watch: `${base}/live/main/ws?latency=${flush}`,
    stop: () => server.stop(),
  };
}

export async function floor({ flush = 100, secure = false, kbit, fps }) {
  const pair = secure ? certificate() : [];
  const { port, child, stop } = await started(floorProgram, ['PORT', String(flush), String(kbit), String(fps), ...pair]);
  return { pid: child.pid, watch: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, stop };
}

const relay = ({ port, child, stop }) => ({ pid: child.pid, publish: `ws://127.0.0.1:${port}/ws`, watch: `ws://127.0.0.1:${port}/live/main/ws`, stop });

export const seed = async ({ flush = 100 } = {}) =>
  relay(await started('/usr/bin/python3', [join(root, 'bench/seed_fanout.py'), 'PORT', String(flush)]));

export const npmWs = async ({ flush = 100, how = 'prepared' } = {}) =>
  relay(await started(process.execPath, [join(root, 'bench/_ws_fanout.mjs'), 'PORT', String(flush), how]));

// FLV over WebSocket; RTMP in, so that ffmpeg publishes to it.
export async function nodeMediaServer({ film }) {
  const [http, rtmp] = [await freePort(), await freePort()];
  const child = new Child(process.execPath, [join(root, 'bench/_node_media_server.mjs'), String(http), String(rtmp)], { cwd: folder() });
  await reachable(rtmp);
  await reachable(http);
  const ffmpeg = new Child('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', film, '-c', 'copy', '-f', 'flv', `rtmp://127.0.0.1:${rtmp}/live/main`]);
  await new Promise((done) => setTimeout(done, 1500));
  return {
    pid: child.pid,
    watch: `ws://127.0.0.1:${http}/live/main.flv`,
    stop: async () => { await ffmpeg.stop('SIGKILL'); await child.stop('SIGKILL'); },
  };
}

// Files of `directory`, over http and https; one worker, as one thread of ours.
export async function nginx({ directory }) {
  const [http, https] = [await freePort(), await freePort()];
  const [cert, key] = certificate();
  const place = folder();
  const text = `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; worker_rlimit_nofile 20000; error_log stderr crit; pid ${place}/pid;
events { worker_connections 19000; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=100;
 client_body_temp_path ${place}/a; proxy_temp_path ${place}/b; fastcgi_temp_path ${place}/c; uwsgi_temp_path ${place}/d; scgi_temp_path ${place}/e;
 types { application/vnd.apple.mpegurl m3u8; }
 ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3; ssl_session_cache shared:a:10m;
 server { listen 127.0.0.1:${http} backlog=4096; listen 127.0.0.1:${https} ssl backlog=4096; root ${directory}; } }
`;
  writeFileSync(join(place, 'nginx.conf'), text);
  const child = new Child('/usr/sbin/nginx', ['-c', join(place, 'nginx.conf'), '-p', place]);
  await reachable(http);
  const worker = Number(execFileSync('ps', ['--ppid', String(child.pid), '-o', 'pid='], { encoding: 'utf8' }));
  return { pid: worker, http: `http://127.0.0.1:${http}`, https: `https://127.0.0.1:${https}`, stop: () => child.stop('SIGTERM') };
}

const folders = [];
export function folder() {
  folders.push(mkdtempSync(join(tmpdir(), 'butai-bench-')));
  return folders.at(-1);
}
process.on('exit', () => folders.forEach((each) => rmSync(each, { recursive: true, force: true })));

let pair;
export function certificate() {
  if (pair) return pair;
  const place = folder();
  pair = [join(place, 'cert.pem'), join(place, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-out', pair[0], '-keyout', pair[1]], { stdio: 'ignore' });
  return pair;
}

// A film for servers that want a real encoder's: 3 Mbit/s, 30 frames a second, a key frame a second.
export function film(kbit = 3000, fps = 30) {
  const path = join(folder(), 'film.mp4');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${fps},noise=alls=40:allf=t`, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', '10',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', `${kbit - 128}k`, '-maxrate', `${kbit - 128}k`, '-bufsize', `${kbit}k`, '-g', String(fps), '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '128k', path]);
  return path;
}

// ---- one sample ---------------------------------------------------------------------------------

// `butai bench …` beside a server; what it printed as JSON.
export async function load(mode, args, seconds = options.seconds, token = bearer) {
  const { stdout } = await run(generator, ['bench', mode, ...args.map(String), '--seconds', String(seconds), '--json'], {
    env: { BUTAI_TOKEN: token },
    timeout: (seconds + 120) * 1000,
  });
  return JSON.parse(stdout);
}

export async function fanout(make, { viewers, kbit, fps, flush, secure, joins = 4000, more = [], seconds, mode = 'fanout', ...rest }) {
  const server = await make({ flush, secure, kbit, fps, ...rest });
  try {
    const publish = server.publish ? ['--publish', server.publish] : [];
    return await load(mode, [server.watch, ...publish, '--pid', server.pid, '--viewers', viewers, '--kbit', kbit, '--fps', fps, '--joins', joins, ...more], seconds);
  } finally {
    await server.stop();
  }
}

// ---- rounds -------------------------------------------------------------------------------------

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
export const show = (value) => (value === undefined || Number.isNaN(value) ? '–' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

// Samples by name, each an async function; every other round goes the other way round.
export async function rounds(samples, count = options.rounds) {
  const names = Object.keys(samples);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1; round <= count; ++round) {
    const order = round % 2 ? names : [...names].reverse();
    await turn(async () => {
      for (const name of order) {
        const got = await samples[name]();
        figures[name].push(got);
        const said = ['cpu_s_per_gb', 'server_cores', 'answers_per_cpu_s', 'latency_p50_ms', 'latency_p99_ms', 'starved', 'missing']
          .filter((key) => got[key] !== undefined).map((key) => `${key} ${show(got[key])}`).join(', ');
        console.log(`round ${round}: ${name}: ${said}${got.void?.length ? `; VOID: ${got.void.join('; ')}` : ''}`);
      }
    });
  }
  return figures;
}

// Median, least and greatest of what `pick` takes from each round's sample.
export function spread(samples, pick) {
  const values = samples.map(pick).filter((value) => value !== undefined && !Number.isNaN(value));
  return values.length === 0 ? null : { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}
export const ratios = (a, b, pick) => spread(a.map((_, i) => pick(a[i]) / pick(b[i])), (value) => value);
export const told = (figure) => (figure ? `${show(figure.median)} (${show(figure.least)}–${show(figure.most)})` : '–');
// Each reason once, with the figures of the last round that gave it.
export const voids = (samples) =>
  [...new Map(samples.flatMap((sample) => sample.void ?? []).map((why) => [why.replace(/[\d.]+/g, ''), why])).values()].join('; ');

// A table with one line per name and one column per figure: {title: sample => number}.
export function table(names, figures, columns) {
  const head = `| | ${Object.keys(columns).join(' | ')} | why void |`;
  const lines = names.map((name) =>
    `| ${name} | ${Object.values(columns).map((pick) => told(spread(figures[name], pick))).join(' | ')} | ${voids(figures[name])} |`);
  return [head, `|${'---|'.repeat(Object.keys(columns).length + 2)}`, ...lines].join('\n');
}
export const usual = {
  'CPU-s/GB': (s) => s.cpu_s_per_gb,
  cores: (s) => s.server_cores,
  'p50 ms': (s) => s.latency_p50_ms,
  'p99 ms': (s) => s.latency_p99_ms,
  starved: (s) => s.starved,
  'missed by probes': (s) => s.missing,
};
export const how = () => `${options.rounds} interleaved rounds of ${options.seconds} s, median (least–greatest). Congestion control ${congestion()}.`;

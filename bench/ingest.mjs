// ./dev bench ingest: 200 RTMP publishers of 2 Mbit/s each, beside nginx-rtmp; what a picture takes from a
// publisher's socket to a viewer's WebSocket.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fragments, isInit, timescales } from '../tests/harness/mp4.mjs';
import { Child } from '../tests/harness/process.mjs';
import { Server } from '../tests/harness/server.mjs';
import { viewer } from '../tests/harness/socket.mjs';
import { publishToken, viewToken } from '../tests/harness/token.mjs';
import { until } from '../tests/harness/wait.mjs';
import { film, folder, freePort, how, isolate, options, ratios, rounds, spread, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';
import { Publishers } from './_rtmp_publishers.mjs';

isolate();
const kPublishers = 200;
const kKbit = 2000;
const kThinKbit = 200; // the same with a tenth of the media
const kWatched = 4; // channels with a viewer who looks at the clock
const kLateMs = 500;
const kMeg = 1 << 20;
const kHlsSeconds = 64; // as long as ours can reach back

function flvOf(kbit) {
  const path = join(folder(), `film-${kbit}.flv`);
  spawnSync('ffmpeg', ['-v', 'error', '-i', film(kbit), '-c', 'copy', '-f', 'flv', path], { stdio: 'inherit' });
  return path;
}
const flv = flvOf(kKbit), thin = flvOf(kThinKbit);

const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

// How late each picture of a channel is, by the generator's clock: the media time since the first picture
// is the publisher's own.
async function watched(server, channel, publishers, latencies) {
  const socket = viewer(server, channel, 'latency=0', { token: viewToken(channel) });
  let scale, first;
  socket.onBinary = (message) => {
    const now = performance.now();
    if (isInit(message)) { scale = timescales(message)[1]; return; }
    const [{ track, time }] = fragments(message);
    if (track !== 1) return;
    first ??= { time, millis: publishers.newestKey }; // where a new viewer begins
    const sent = publishers.sent.get(first.millis + Math.round((Number(time - first.time) * 1000) / scale));
    if (sent !== undefined) latencies.push(now - sent);
  };
  await socket.open();
  return socket;
}

async function sample({ pid, port, keys, before, watch = async () => [], source = flv, kbit = kKbit }) {
  const publishers = new Publishers({ film: source, port, keys });
  const latencies = [];
  await publishers.start();
  const sockets = await watch(publishers, latencies);
  await new Promise((done) => setTimeout(done, 3000)); // the first groups are kept
  latencies.length = 0;
  const from = { cpu: cpuSeconds(pid), bytes: publishers.bytes, at: performance.now() };
  await new Promise((done) => setTimeout(done, options.seconds * 1000));
  const seconds = (performance.now() - from.at) / 1000;
  const cpu = cpuSeconds(pid) - from.cpu;
  const gigabytes = (publishers.bytes - from.bytes) / 1e9;
  const grown = (memory(pid) - before) / kPublishers;
  // Until kHlsSeconds have gone by all that was sent is still held: for HLS and DASH each channel keeps that long.
  const sent = publishers.bytes / kPublishers;
  const { lost = 0, unread } = publishers;
  publishers.stop();
  for (const socket of sockets) await socket.close();
  latencies.sort((a, b) => a - b);
  const at = (part) => latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))];
  return {
    cpu_s_per_gb: cpu / gigabytes, server_cores: cpu / seconds, memory_mb_each: grown / kMeg, beside_media_mb_each: (grown - sent) / kMeg,
    ...(latencies.length ? { latency_p50_ms: at(0.5), latency_p99_ms: at(0.99), late: latencies.filter((ms) => ms > kLateMs).length, pictures: latencies.length } : {}),
    void: [...(performance.now() - publishers.began > kHlsSeconds * 1000 ? ['longer than media is kept: what is held is not what was sent'] : []), ...(lost ? [`${lost} publishers were closed`] : []), ...(unread > 1e6 ? ['the server did not read in time'] : []), ...(gigabytes * 8e6 < 0.9 * kbit * kPublishers * seconds / 1 ? ['the generator was too slow'] : [])],
  };
}

async function butai(more = {}) {
  const server = await Server.start();
  const names = Array.from({ length: kPublishers }, (_, i) => `c${i}`);
  try {
    return await sample({
      pid: server.child.pid, port: server.ports.rtmp, before: memory(server.child.pid),
      keys: names.map((name) => `${name}?token=${publishToken(name)}`),
      watch: (publishers, latencies) => Promise.all(names.slice(0, kWatched).map((name) => watched(server, name, publishers, latencies))),
      ...more,
    });
  } finally {
    await server.stop();
  }
}

// `hls on` writes the same minute of segments, to files; without it nothing is packaged and nothing is kept.
async function nginxRtmp({ hls = false, ...more } = {}) {
  const port = await freePort();
  const place = folder();
  const packaged = hls ? `hls on; hls_path ${place}/hls; hls_fragment 2s; hls_playlist_length ${kHlsSeconds}s;` : '';
  writeFileSync(join(place, 'nginx.conf'), `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
${process.getuid() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; error_log stderr crit; pid ${place}/pid;
events { worker_connections 4096; }
rtmp { access_log off; server { listen 127.0.0.1:${port}; chunk_size 4096; application live { live on; ${packaged} } } }
`);
  const child = new Child('/usr/sbin/nginx', ['-c', join(place, 'nginx.conf'), '-p', place]);
  try {
    const pid = await until('its worker', () =>
      Number(/(\d+) nginx: worker/.exec(spawnSync('ps', ['--ppid', String(child.pid), '-o', 'pid=,args='], { encoding: 'utf8' }).stdout)?.[1] ?? 0));
    return await sample({ pid, port, before: memory(pid), keys: Array.from({ length: kPublishers }, (_, i) => `c${i}`), ...more });
  } finally {
    await child.stop('SIGTERM');
  }
}

const kThin = { source: thin, kbit: kThinKbit };
const figures = await rounds({
  butai: () => butai(), 'nginx-rtmp': () => nginxRtmp(), 'nginx-rtmp, hls on': () => nginxRtmp({ hls: true }),
  'butai, thin': () => butai({ ...kThin, watch: async () => [] }), 'nginx-rtmp, thin': () => nginxRtmp(kThin),
});
const worst = (samples, pick) => ({ ...spread(samples, pick), median: Math.max(...samples.map(pick)) }); // one late picture in any round is one
const verdict = verdicts([
  { what: 'CPU-s/GB against nginx-rtmp, which only takes in', must: 0.8, got: ratios(figures.butai, figures['nginx-rtmp'], (s) => s.cpu_s_per_gb) },
  { what: 'CPU-s/GB against nginx-rtmp with `hls on`', must: 0.8, got: ratios(figures.butai, figures['nginx-rtmp, hls on'], (s) => s.cpu_s_per_gb) },
  { what: `pictures more than ${kLateMs} ms late`, must: 0, got: worst(figures.butai, (s) => s.late) },
  { what: 'MB of a publisher beside its media', must: 1, got: spread(figures.butai, (s) => s.beside_media_mb_each) },
  { what: 'RTMP to WebSocket, p99 ms', must: 60, got: spread(figures.butai, (s) => s.latency_p99_ms) },
]);
keep('ingest', figures);
writeSection('RTMP ingest', `${kPublishers} publishers × ${kKbit / 1000} Mbit/s, H.264 and AAC, from one generator that sends all of them the same bytes at the same moments. Butai packages each of
them for WebSocket, HLS and DASH; nginx-rtmp (one worker, \`live on\`) only takes them in, and with \`hls on\` writes HLS of 2 s segments to
files. "MB each" is what the resident memory grew by, divided by the publishers; "beside media" is the same without the bytes that were sent until
then, all of which are still held (a channel keeps ${kHlsSeconds} s, of which its newest group of pictures is a part). nginx-rtmp keeps none in memory. The
thin ones send ${kThinKbit} kbit/s. ${how()}
${machine()}

${table(Object.keys(figures), figures, { 'CPU-s/GB': (s) => s.cpu_s_per_gb, cores: (s) => s.server_cores, 'p50 ms': (s) => s.latency_p50_ms, 'p99 ms': (s) => s.latency_p99_ms, 'late pictures': (s) => s.late, 'MB each': (s) => s.memory_mb_each, 'MB beside media': (s) => s.beside_media_mb_each })}

${verdict}`);

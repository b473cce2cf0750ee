// ./dev bench storms: ten thousand held requests released, ten thousand joins in ten seconds, viewers
// that stall beside healthy ones, and what a viewer weighs.
import { fanout, how, isolate, load, options, ours, ratios, rounds, spread, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();
async function held() {
  const server = await ours();
  try {
    return await load('llhls', [`${server.server.http}/live/main/index.m3u8`, '--publish', server.publish, '--pid', server.pid, '--viewers', 10000, '--joins', 4000], options.seconds);
  } finally {
    await server.stop();
  }
}
const W1 = { kbit: 600, fps: 25, flush: 33 };
const idle = (secure) => async () => {
  const server = await ours({ flush: 33, secure });
  try {
    return await load('fanout', [server.watch, '--pid', server.pid, '--viewers', 3000, '--joins', 1000, '--probes', 0], 2);
  } finally {
    await server.stop();
  }
};
const samples = {
  'held requests released': held,
  'join storm': () => fanout(ours, { ...W1, viewers: 500, mode: 'joins', more: ['--storm', 10000, '--storm-rate', 1000], seconds: 14 }),
  'all healthy': () => fanout(ours, { ...W1, viewers: 3000 }),
  'some slow': () => fanout(ours, { ...W1, viewers: 3000, more: ['--stalled', 1, '--slow', 5] }),
  'idle, ws': idle(false),
  'idle, wss': idle(true),
};
const figures = await rounds(samples);
const of = (name, pick) => spread(figures[name], pick);
const lines = verdicts([
  { what: '10,000 held requests released: p99 ms', must: 80, got: of('held requests released', (s) => s.release_p99_ms) },
  { what: 'join storm: first frame p99 ms', must: 1000, got: of('join storm', (s) => s.storm_first_frame_p99_ms) },
  { what: 'join storm: frames missed by those who were there', must: 0, got: of('join storm', (s) => s.missing + s.starved) },
  { what: 'slow viewers: p99 of the healthy, against none slow', must: 1.1, got: ratios(figures['some slow'], figures['all healthy'], (s) => s.latency_p99_ms) },
  { what: 'slow viewers: server CPU, against none slow', must: 1.05, got: ratios(figures['some slow'], figures['all healthy'], (s) => s.server_cores) },
  { what: 'KB of an idle viewer, ws', must: 8, got: of('idle, ws', (s) => s.kb_per_viewer) },
  { what: 'KB of an idle viewer, wss', must: 24, got: of('idle, wss', (s) => s.kb_per_viewer) },
]);
keep('storms', figures);
writeSection('Storms, slow viewers, memory', `${how()}
${machine()}

${table(Object.keys(samples), figures, { cores: (s) => s.server_cores, 'p50 ms': (s) => s.latency_p50_ms, 'p99 ms': (s) => s.latency_p99_ms, 'release p50 ms': (s) => s.release_p50_ms, 'release p99 ms': (s) => s.release_p99_ms, 'first frame p99 ms': (s) => s.storm_first_frame_p99_ms, starved: (s) => s.starved, 'missed by probes': (s) => s.missing, 'KB a viewer': (s) => s.kb_per_viewer })}

${lines}`);

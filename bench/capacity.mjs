// ./dev bench capacity: ten thousand paying viewers, generator on the same machine; and how soon they
// see what happens when nothing is batched.
import { fanout, floor, how, isolate, load, ours, rounds, spread, table, usual } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();
const ten = { viewers: 10000, fps: 30 };
async function hls() {
  const server = await ours({ config: '[[channel]]\nname = "main"\nlatency = "stable"\n' });
  try {
    return await load('hls', [`${server.server.https}/live/main/index.m3u8`, '--publish', server.publish, '--pid', server.pid, '--viewers', 10000, '--kbit', 1000, '--fps', 30, '--joins', 1000], 8);
  } finally {
    await server.stop();
  }
}
const samples = {
  '10,000 × 1 Mbit/s, ws, 33 ms': () => fanout(ours, { ...ten, kbit: 1000, flush: 33 }),
  '10,000 × 1 Mbit/s, wss, 100 ms': () => fanout(ours, { ...ten, kbit: 1000, flush: 100, secure: true, joins: 1500 }),
  '10,000 × 1 Mbit/s, https HLS, stable': hls,
  'the floor: 10,000 × 1 Mbit/s, wss, 100 ms': () => fanout(floor, { ...ten, kbit: 1000, flush: 100, secure: true, joins: 1500 }),
  '1,000 × W1, not batched': () => fanout(ours, { viewers: 1000, kbit: 600, fps: 25, flush: 0 }),
  '1,000 × W2, not batched': () => fanout(ours, { viewers: 1000, kbit: 3000, fps: 30, flush: 0 }),
};
const figures = await rounds(samples);
const of = (name, pick) => spread(figures[name], pick);
const [plain, secure, https, , one, two] = Object.keys(samples);
const lines = verdicts([
  { what: `${plain}: frames missed`, must: 0, got: of(plain, (s) => s.missing + s.starved) },
  { what: `${plain}: p99 ms`, must: 150, got: of(plain, (s) => s.latency_p99_ms) },
  { what: `${secure}: frames missed`, must: 0, got: of(secure, (s) => s.missing + s.starved) },
  { what: `${secure}: cores`, must: 1, got: of(secure, (s) => s.server_cores) },
  { what: `${https}: rounds missed (late by more than a segment)`, must: 0, got: of(https, (s) => s.missed) },
  { what: `${https}: cores`, must: 1, got: of(https, (s) => s.server_cores) },
  { what: `${one}: p50 ms`, must: 3, got: of(one, (s) => s.latency_p50_ms) },
  { what: `${one}: p99 ms`, must: 10, got: of(one, (s) => s.latency_p99_ms) },
  { what: `${two}: p50 ms`, must: 5, got: of(two, (s) => s.latency_p50_ms) },
  { what: `${two}: p99 ms`, must: 25, got: of(two, (s) => s.latency_p99_ms) },
]);
keep('capacity', figures);
writeSection('Ten thousand', `The load generator runs on the same cores. ${how()}
${machine()}

${table(Object.keys(samples), figures, { ...usual, 'generator, cores': (s) => s.generator_cores, 'rounds missed': (s) => s.missed, 'round p99 ms': (s) => s.round_p99_ms })}

${lines}`);

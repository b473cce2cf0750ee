// ./dev bench fanout: what fan-out costs above the floor, from a thousand to ten thousand viewers.
import { fanout, floor, how, isolate, ours, ratios, rounds, spread, table, usual } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();
const W1 = { kbit: 600, fps: 25 };
const W2 = { kbit: 3000, fps: 30 };
const cells = {
  'W1, 1,000 viewers, 33 ms': { ...W1, viewers: 1000, flush: 33 },
  'W1, 10,000 viewers, 100 ms': { ...W1, viewers: 10000, flush: 100 },
  'W2, 1,000 viewers, 100 ms': { ...W2, viewers: 1000, flush: 100 },
  'W2, 3,000 viewers, 33 ms': { ...W2, viewers: 3000, flush: 33 },
  'W2, 10,000 viewers, 100 ms': { ...W2, viewers: 10000, flush: 100 },
};

const samples = {};
for (const [name, cell] of Object.entries(cells)) {
  samples[`${name}: butai`] = () => fanout(ours, cell);
  samples[`${name}: floor`] = () => fanout(floor, cell);
}
const figures = await rounds(samples);

const cost = (sample) => sample.cpu_s_per_gb;
const judged = Object.keys(cells).map((name) => ({
  what: `CPU-s/GB against the floor, ${name}`, must: 1.15, got: ratios(figures[`${name}: butai`], figures[`${name}: floor`], cost),
}));
const most = figures['W2, 10,000 viewers, 100 ms: butai'];
judged.push({ what: '10,000 × 3 Mbit/s at 100 ms: cores', must: 0.8, got: spread(most, (s) => s.server_cores) });
judged.push({ what: '10,000 × 3 Mbit/s at 100 ms: p99 ms', must: 250, got: spread(most, (s) => s.latency_p99_ms) });
judged.push({ what: '10,000 × 3 Mbit/s at 100 ms: frames missed, viewers starved', must: 0, got: spread(most, (s) => s.missing + s.starved) });
const lines = verdicts(judged);
keep('fanout', figures);
writeSection('Fan-out against the floor', `W1 = 600 kbit/s, 25 frames/s; W2 = 3 Mbit/s, 30 frames/s, a key frame a second; sound in both. CPU-s/GB of the server process,
its worker not counted. ${how()}
${machine()}

${table(Object.keys(samples), figures, { ...usual, 'generator, cores': (s) => s.generator_cores })}

${lines}`);

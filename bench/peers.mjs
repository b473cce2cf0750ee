// ./dev bench peers: the same stream to the same viewers by other servers, at the same flush interval.
import { fanout, film, floor, how, isolate, nodeMediaServer, npmWs, options, ours, ratios, rounds, seed, table, usual } from './_lab.mjs';
import { plot } from './_plot.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();

const cell = { kbit: 3000, fps: 30, viewers: 1000, flush: 100 };
const source = film();
const samples = {
  butai: () => fanout(ours, cell),
  floor: () => fanout(floor, cell),
  'npm ws, prepared frame': () => fanout(npmWs, cell),
  'npm ws, send()': () => fanout(npmWs, { ...cell, how: 'naive' }),
  'FastAPI + uvicorn': () => fanout(seed, cell),
  'node-media-server, WS-FLV, its own flush': () => fanout(nodeMediaServer, { ...cell, film: source, joins: 1000, more: ['--probes', 0] }),
};
for (const flush of [0, 33]) {
  samples[`butai, ${flush} ms`] = () => fanout(ours, { ...cell, flush });
  samples[`floor, ${flush} ms`] = () => fanout(floor, { ...cell, flush });
  samples[`npm ws, prepared frame, ${flush} ms`] = () => fanout(npmWs, { ...cell, flush });
}
const figures = await rounds(samples);

const cost = (sample) => sample.cpu_s_per_gb;
const against = (name) => ratios(figures.butai, figures[name], cost);
const judged = [
  { what: "CPU-s/GB against the seed's design, W2, 100 ms", must: 0.25, got: against('FastAPI + uvicorn') },
  { what: 'CPU-s/GB against node-media-server, W2, 100 ms', must: 0.25, got: against('node-media-server, WS-FLV, its own flush') },
  { what: 'CPU-s/GB against npm ws (prepared frame), W2, 100 ms', must: 0.5, got: against('npm ws, prepared frame') },
];
const lines = verdicts(judged);
const middle = (name) => {
  const costs = figures[name].map(cost).sort((a, b) => a - b);
  const ages = figures[name].map((s) => s.latency_p99_ms).sort((a, b) => a - b);
  return [ages[Math.floor(ages.length / 2)], costs[Math.floor(costs.length / 2)]];
};
const three = (name) => [`${name}, 0 ms`, `${name}, 33 ms`, name].map(middle);
plot('cost_against_latency.svg', {
  title: 'Cost against added latency: 1,000 viewers × 3 Mbit/s, flush every 0, 33, 100 ms',
  x: 'added latency, p99, ms', y: 'CPU-s/GB of the server', logY: true,
  series: { butai: three('butai'), floor: three('floor'), 'npm ws, prepared': three('npm ws, prepared frame'), 'npm ws, send()': [middle('npm ws, send()')], 'FastAPI + uvicorn': [middle('FastAPI + uvicorn')] },
});
keep('peers', figures);
writeSection('Beside others', `1,000 viewers × 3 Mbit/s (W2), plain WebSocket, flush every 100 ms unless said. The others relay what they are sent; the floor makes it itself.
node-media-server takes RTMP and has no flush interval; its viewers are not probed. ${how()}
${machine()}

${table(Object.keys(samples), figures, usual)}

${lines}

![Cost against added latency](plots/cost_against_latency.svg)`);

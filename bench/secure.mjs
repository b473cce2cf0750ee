// ./dev bench secure: fan-out over TLS against the floor's TLS and against nginx sending files.
import { writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fanout, floor, folder, how, isolate, load, nginx, ours, ratios, rounds, table, usual } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();
const directory = folder();
writeFileSync(join(directory, 'segment.m4s'), randomBytes(750_000));
async function files() {
  const server = await nginx({ directory });
  try {
    return await load('requests', [`${server.https}/segment.m4s`, '--pid', server.pid]);
  } finally {
    await server.stop();
  }
}
const cell = { kbit: 3000, fps: 30, flush: 100, secure: true, joins: 400 };
const samples = {
  'butai, 1,000 viewers': () => fanout(ours, { ...cell, viewers: 1000 }),
  'floor, 1,000 viewers': () => fanout(floor, { ...cell, viewers: 1000 }),
  'butai, 3,000 viewers': () => fanout(ours, { ...cell, viewers: 3000 }),
  'floor, 3,000 viewers': () => fanout(floor, { ...cell, viewers: 3000 }),
  'nginx, 750 kB files by https': files,
};
const figures = await rounds(samples);
const cost = (sample) => sample.cpu_s_per_gb;
const lines = verdicts([1000, 3000].map((viewers) => viewers.toLocaleString('en')).flatMap((viewers) => [
  { what: `wss CPU-s/GB against the TLS floor, ${viewers} viewers`, must: 1.15, got: ratios(figures[`butai, ${viewers} viewers`], figures[`floor, ${viewers} viewers`], cost) },
  { what: `wss CPU-s/GB against nginx https, ${viewers} viewers`, must: 0.8, got: ratios(figures[`butai, ${viewers} viewers`], figures['nginx, 750 kB files by https'], cost) },
]));
keep('secure', figures);
writeSection('Over TLS', `3 Mbit/s (W2) over wss, flush every 100 ms; TLS 1.3, ECDSA P-256, sessions resumed. ${how()}
${machine()}

${table(Object.keys(samples), figures, usual)}

${lines}`);

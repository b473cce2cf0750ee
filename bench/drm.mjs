// ./dev bench drm: what protection adds: to packaging, per frame, from src/drm's own benchmark; to fan-out, a
// server with a protected channel and one with a clear channel in the same seconds, so that whatever else the
// machine does is in both. Two clear ones beside each other say how far such a ratio is to be believed.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../tests/harness/paths.mjs';
import { fanout, how, isolate, options, ours, rounds, spread, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();
const build = join(root, 'build/release-bench');
const cmake = (...args) => execFileSync('cmake', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
cmake('--preset', 'release', '-B', build, '-DBUTAI_TESTS=ON');
cmake('--build', build, '-j2', '--target', 'drm_bench');

// CPU seconds per GB of each case.
function packaging() {
  const text = execFileSync(join(build, 'tests/drm_bench'), ['--benchmark_format=json', '--benchmark_min_time=0.3'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const found = {};
  for (const { name, bytes_per_second } of JSON.parse(text).benchmarks) found[name] = 1e9 / bytes_per_second;
  return found;
}

const cell = { kbit: 3000, fps: 30, viewers: 1000, flush: 100, more: ['--probes', '0'] };
const protection = (scheme) => (scheme === 'none' ? '' : `protection = "${scheme}"\n`);

// The first's figures, with those of the clear one as `beside`; who begins takes turns.
let turns = 0;
async function beside(scheme) {
  const begin = (one) => fanout(ours, { ...cell, config: protection(one) });
  const both = turns++ % 2 ? [scheme, 'none'] : ['none', scheme];
  const [one, two] = await Promise.all(both.map(begin));
  const [mine, clear] = both[0] === scheme ? [one, two] : [two, one];
  return { ...mine, beside: clear, void: [...new Set([...mine.void, ...clear.void])] };
}
const samples = {
  packaging: async () => packaging(),
  cbcs: () => beside('cbcs'),
  cenc: () => beside('cenc'),
  'a second clear one': () => beside('none'),
};
const figures = await rounds(samples);
const added = (name) => spread(figures.packaging, (s) => s[name] - s.clear);
const ratio = (s) => s.cpu_s_per_gb / s.beside.cpu_s_per_gb;
const against = (name) => spread(figures[name], ratio);
const lines = verdicts([
  { what: 'added to packaging by cbcs, CPU-s/GB', must: 0.15, got: added('protect/cbcs') },
  { what: 'the same, 8 slices', must: 0.15, got: added('protect/cbcs_8_slices') },
  { what: 'added to packaging by cenc, CPU-s/GB', must: 0.2, got: added('protect/cenc') },
  { what: 'the same, 8 slices', must: 0.2, got: added('protect/cenc_8_slices') },
  { what: 'fan-out of a cbcs channel against a clear one', must: 1.02, got: against('cbcs') },
  { what: 'fan-out of a cenc channel against a clear one', must: 1.02, got: against('cenc') },
]);
keep('drm', figures);
const perGb = Object.keys(figures.packaging[0]).map((name) => `| ${name} | ${spread(figures.packaging, (s) => s[name]).median.toFixed(3)} |`).join('\n');
writeSection('Protection', `Packaging: frames of 50 kB, each one chunk, whole or in 8 slices, medians of ${options.rounds}. Fan-out: two servers, each with 1,000 viewers of 3 Mbit/s at
100 ms, in the same seconds; a second clear one says how far such a ratio is to be believed. ${how()}
${machine()}

| per frame | CPU-s/GB |
|---|---|
${perGb}

${table(['cbcs', 'cenc', 'a second clear one'], figures, { 'CPU-s/GB': (s) => s.cpu_s_per_gb, 'of the clear one beside': (s) => s.beside.cpu_s_per_gb, ratio, cores: (s) => s.server_cores, starved: (s) => s.starved + s.beside.starved })}

${lines}`);

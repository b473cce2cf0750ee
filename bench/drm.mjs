// ./dev bench drm: what protection adds: to packaging, per frame, from src/drm's own benchmark; to fan-out,
// a protected channel beside a clear one.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../tests/harness/paths.mjs';
import { fanout, how, isolate, options, ours, ratios, rounds, spread, table, usual } from './_lab.mjs';
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

const cell = { kbit: 3000, fps: 30, viewers: 2000, flush: 100, more: ['--probes', '0'] };
const samples = {
  packaging: async () => packaging(),
  'clear channel': () => fanout(ours, cell),
  'cbcs channel': () => fanout(ours, { ...cell, config: 'protection = "cbcs"\n' }),
  'cenc channel': () => fanout(ours, { ...cell, config: 'protection = "cenc"\n' }),
};
const figures = await rounds(samples);
const added = (name) => spread(figures.packaging, (s) => s[name] - s.clear);
const against = (name) => ratios(figures[name], figures['clear channel'], (s) => s.cpu_s_per_gb);
const lines = verdicts([
  { what: 'added to packaging by cbcs, CPU-s/GB', must: 0.15, got: added('protect/cbcs') },
  { what: 'the same, 8 slices', must: 0.15, got: added('protect/cbcs_8_slices') },
  { what: 'added to packaging by cenc, CPU-s/GB', must: 0.2, got: added('protect/cenc') },
  { what: 'the same, 8 slices', must: 0.2, got: added('protect/cenc_8_slices') },
  { what: 'fan-out of a cbcs channel against a clear one', must: 1.02, got: against('cbcs channel') },
  { what: 'fan-out of a cenc channel against a clear one', must: 1.02, got: against('cenc channel') },
]);
keep('drm', figures);
const perGb = Object.keys(figures.packaging[0]).map((name) => `| ${name} | ${spread(figures.packaging, (s) => s[name]).median.toFixed(3)} |`).join('\n');
writeSection('Protection', `Packaging: frames of 50 kB, each one chunk, whole or in 8 slices, medians of ${options.rounds}. Fan-out: 2,000 viewers of 3 Mbit/s at 100 ms. ${how()}
${machine()}

| per frame | CPU-s/GB |
|---|---|
${perGb}

${table(['clear channel', 'cbcs channel', 'cenc channel'], figures, usual)}

${lines}`);

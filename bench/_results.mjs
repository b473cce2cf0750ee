// bench/RESULTS.md: one section per benchmark, replaced by each run of it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('./RESULTS.md', import.meta.url));
const show = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
const head = '# Figures\n\nMade by `./dev bench NAME`. Machines are noisy: read the ratios and the spread, not one number.\n';

export function machine() {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'web') ? ', changed' : '';
  const commit = git('describe', '--always') + changed;
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, commit ${commit}, ${os.cpus().length} × ${os.cpus()[0].model}, Linux ${os.release()}, node ${process.version}.`;
}

export function writeSection(title, body) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : head;
  const kept = text.split(/\n(?=## )/).filter((part) => !part.startsWith(`## ${title}\n`));
  writeFileSync(file, `${kept.map((part) => part.trimEnd()).join('\n\n')}\n\n## ${title}\n\n${body}\n`);
}

// The figures as they were measured, a line for each round, beside the page that a person reads.
export function keep(name, figures) {
  const place = fileURLToPath(new URL('./samples/', import.meta.url));
  mkdirSync(place, { recursive: true });
  const rounds = Object.entries(figures).map(([what, samples]) => ` ${JSON.stringify(what)}: [\n  ${samples.map((one) => JSON.stringify(one)).join(',\n  ')}]`);
  writeFileSync(`${place}${name}.json`, `{"machine": ${JSON.stringify(machine())}, "figures": {\n${rounds.join(',\n')}}}\n`);
}

// Prints what was wanted and what was got, and gives it as lines for the page.
export function verdicts(judged) {
  const lines = ['| figure | must | got | |', '|---|---|---|---|'];
  for (const { what, must, got, least = false } of judged) {
    if (!got) continue;
    const keeps = (bound) => (least ? got.median >= bound : got.median <= bound);
    const word = keeps(must) ? 'met' : '**missed**';
    lines.push(`| ${what} | ${least ? '≥' : '≤'} ${must} | ${show(got.median)} (${show(got.least)}–${show(got.most)}) | ${word} |`);
    console.log(`${word}: ${what}: ${show(got.median)}, must be ${least ? 'at least' : 'at most'} ${must}`);
  }
  return lines.join('\n');
}

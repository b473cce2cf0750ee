// bench/RESULTS.md: one section per benchmark, replaced by each run of it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('./RESULTS.md', import.meta.url));
const head = '# Figures\n\nMade by `./dev bench NAME`. Machines are noisy: read the ratios and the spread, not one number.\n';

export function machine() {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, commit ${commit}, ${os.cpus().length} × ${os.cpus()[0].model}, Linux ${os.release()}, node ${process.version}.`;
}

export function writeSection(title, body) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : head;
  const kept = text.split(/\n(?=## )/).filter((part) => !part.startsWith(`## ${title}\n`));
  writeFileSync(file, `${kept.map((part) => part.trimEnd()).join('\n\n')}\n\n## ${title}\n\n${body}\n`);
}

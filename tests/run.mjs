// Runs the scenario tests: node tests/run.mjs [--long] [NAME...], where NAME is part of a file's path.
// Files run side by side as far as there is room: three that mostly wait, two with a browser or an encoder,
// and alone what looks at the clock. A line per file; what failed is said at the end, and the last line counts.
// A browser on a machine that others use too may miss a moment: up to three files with one that failed run once
// more, alone, and the runner says so. Twice failed is failed; nothing else is tried again, and nothing with --long.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const logs = join(here, '../build/logs/scenarios');
mkdirSync(logs, { recursive: true });

// In this order: what fails first tells most, and what takes long is not left for the end.
const kFirst = /^browsers\/sale_(path|acts)/; // the longest
const kFolders = ['smoke', 'seed', 'sale', 'exact', 'rtmp', 'ladder', 'playlists', 'access', 'mail', 'h2', 'bad_input', 'faults', 'control', 'protection', 'python', 'nginx', 'browsers'];
const kLongFolders = ['long'];
// What a file takes of the room; the first that fits its path counts. Two cores are enough for all of it.
const kRoom = 6;
const kShares = [
  [/^long\/|^faults\/|^sale\/doors|^protection\/(ladder|players)|^browsers\/(chromium_watch|players|captions|switching|sounds)/, 6],
  [/^browsers\/|^sale\/sign_in|^protection\/(clips|pages)|^(seed|exact|ladder)\//, 3],
  [/./, 2],
];
const kFileMinutes = 6;
const kClock = 3; // from this share on, a file looks at the clock
const kAgain = 3;

const words = process.argv.slice(2);
const long = words.includes('--long');
const wanted = words.filter((word) => !word.startsWith('--'));

function files() {
  const found = [];
  for (const folder of long ? [...kFolders, ...kLongFolders] : kFolders) {
    if (!existsSync(join(here, folder))) continue;
    for (const name of readdirSync(join(here, folder)).sort()) {
      if (!name.endsWith('.test.mjs')) continue;
      found.push({ path: join(here, folder, name), share: kShares.find(([pattern]) => pattern.test(`${folder}/${name}`))[1] });
    }
  }
  found.sort((a, b) => kFirst.test(relative(here, b.path)) - kFirst.test(relative(here, a.path)));
  return wanted.length ? found.filter(({ path }) => wanted.some((word) => relative(here, path).includes(word))) : found;
}

const number = (text, name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);

function runFile({ path, share }, { again = false } = {}) {
  const name = relative(here, path).replace('.test.mjs', '');
  const log = join(logs, `${name.replaceAll('/', '_')}${again ? '_again' : ''}.log`);
  const from = performance.now();
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--test-reporter=tap', path], {
      env: { ...process.env, BUTAI_LONG: long ? '1' : '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = createWriteStream(log);
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
    }, (long ? 30 : 1) * kFileMinutes * 60_000);
    child.on('close', (code) => {
      clearTimeout(timer);
      out.end(() => {
        const text = readFileSync(log, 'utf8');
        const result = { name, log, path, share, passed: number(text, 'pass'), failed: number(text, 'fail') + number(text, 'cancelled'), skipped: number(text, 'skipped') };
        if (result.failed === 0 && (code !== 0 || late || result.passed + result.skipped === 0)) result.failed = 1;
        const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
        const counts = `${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''}`;
        console.log(`${result.failed ? 'FAILED' : 'ok    '}  ${name.padEnd(28)} ${seconds} s   ${counts}${late ? '   (took too long)' : ''}${again ? '   (once more, alone)' : ''}`);
        for (const [, what, why] of text.matchAll(/^ *ok \d+ - (.*) # SKIP ?(.*)$/gm)) console.log(`        skipped: ${what}: ${why}`);
        done(result);
      });
    });
  });
}

// Each failed test with its first lines of explanation.
function explain({ name, log }) {
  const lines = readFileSync(log, 'utf8').split('\n');
  console.log(`\n${name}: ${relative(join(here, '..'), log)}`);
  let shown = 0;
  lines.forEach((line, at) => {
    if (!/^ *not ok /.test(line) || /type: 'suite'/.test(lines.slice(at, at + 4).join())) return;
    if (++shown > 8) return;
    const end = lines.findIndex((other, i) => i > at && /^ *\.\.\.$/.test(other));
    console.log(lines.slice(at, Math.min(end, at + 26)).filter((l) => !/node:internal|^ *---$|failureType|code: 'ERR_TEST/.test(l)).join('\n'));
  });
  if (shown === 0) console.log(lines.slice(-25).join('\n'));
}

// In their order, but for those that do not fit now and others that do.
async function all() {
  const waiting = files();
  const running = new Set();
  const results = [];
  let room = kRoom;
  while (waiting.length + running.size > 0) {
    for (let at; (at = waiting.findIndex(({ share }) => share <= room)) >= 0; ) {
      const [file] = waiting.splice(at, 1);
      room -= file.share;
      const run = runFile(file).then((result) => {
        results.push(result);
        running.delete(run);
        room += file.share;
      });
      running.add(run);
    }
    await Promise.race(running);
  }
  return results;
}

// What failed while others ran, once more without them.
async function onceMore(results) {
  const unlucky = results.filter(({ failed, share }) => failed && share >= kClock);
  if (long || unlucky.length > kAgain) return results;
  unlucky.forEach(explain);
  const second = new Map();
  for (const result of unlucky) second.set(result.name, await runFile(result, { again: true }));
  return results.map((result) => second.get(result.name) ?? result);
}

const first = await all();
const results = await onceMore(first);
const better = results.filter((result, at) => first[at].failed && !result.failed);
const sum = (what) => results.reduce((total, result) => total + result[what], 0);
results.filter((result) => result.failed).forEach(explain);
if (sum('skipped')) console.log(`\n${sum('skipped')} skipped`);
if (better.length) console.log(`\npassed only the second time, alone: ${better.map(({ name }) => name).join(', ')}`);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exit(sum('failed') === 0 && results.length > 0 ? 0 : 1);

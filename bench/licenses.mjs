// ./dev bench licenses: ClearKey licenses with the gatekeeper's answer, beside the design document's stack
// doing the same check; waits at half load, on a core of its own and on cores that the generator uses too, and of
// that stack; and the start of a show: 10,000 licenses in two seconds over 1,000 connections that are kept, while
// viewers watch.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Child } from '../tests/harness/process.mjs';
import { root } from '../tests/harness/paths.mjs';
import { request } from '../tests/harness/server.mjs';
import { sign } from '../tests/harness/token.mjs';
import { until } from '../tests/harness/wait.mjs';
import { bearer, freePort, generator, how, isolate, load, ours, ratios, rounds, spread, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();

// A protected channel with test material on it, the license address of a play, and one of its key ids.
// `alone`: one loop on a core of its own; generators have the others.
async function stage(work, { seconds = 100, alone = false } = {}) {
  const server = await ours({ config: `protection = "cbcs"\n${alone ? '[server]\nloops = 1\n' : ''}` });
  if (alone) {
    pin(server.pid, '0');
    pin(process.pid, `1-${cpus().length - 1}`);
  }
  const publisher = new Child(generator, ['bench', 'fanout', server.watch, '--publish', server.publish, '--kbit', '600', '--fps', '25', '--viewers', '200', '--probes', '0', '--seconds', String(seconds), '--json'], { env: { BUTAI_TOKEN: bearer } });
  try {
    const headers = { Authorization: `Bearer ${bearer}` };
    const kid = await until('a key id', async () => {
      const { text } = await request(`${server.server.http}/live/main/manifest.mpd`, { headers });
      return /cenc:default_KID="([0-9a-f-]+)"/.exec(text)?.[1];
    }, { within: 20_000 });
    const play = await server.server.play('main', bearer);
    return await work(server, [`${play.license}/clearkey`, '--kid', kid, '--pid', server.pid], publisher);
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
    if (alone) pin(process.pid, `0-${cpus().length - 1}`);
  }
}
const pin = (pid, list) => execFileSync('taskset', ['-a', '-p', '-c', list, String(pid)], { stdio: 'ignore' });

async function seed(work) {
  const [port, secret] = [await freePort(), randomBytes(32).toString('hex')];
  const child = new Child('/usr/bin/python3', [join(root, 'bench/seed_licenses.py'), String(port), secret]);
  try {
    const address = `http://127.0.0.1:${port}/t/${sign({ sub: 'play7', aud: 'butai', exp: Math.floor(Date.now() / 1000) + 3600 }, { secret })}/license/clearkey`;
    await until('the seed', () => request(address, { method: 'POST', body: '{"kids":[]}' }).then(({ status }) => status === 200), { within: 20_000 });
    return await work([address, '--kid', '00112233-4455-6677-8899-aabbccddeeff', '--pid', child.pid]);
  } finally {
    await child.stop('SIGKILL');
  }
}

// In this round, a second.
let peak = 20_000;
let onePeak = 20_000;
let seedPeak = 3_000;
const samples = {
  'butai, as fast as it goes': () => stage(async (_, args) => {
    const got = await load('licenses', args, 4);
    peak = got.answers_per_s;
    return got;
  }),
  'the seed, as fast as it goes': () => seed(async (args) => {
    const got = await load('licenses', args, 4);
    seedPeak = got.answers_per_s;
    return got;
  }),
  'butai, half load': () => stage((_, args) => load('licenses', [...args, '--rate', Math.round(peak / 2)], 4)),
  'butai, one core, as fast as it goes': () => stage(async (_, args) => {
    const got = await load('licenses', args, 4);
    onePeak = got.answers_per_s;
    return got;
  }, { alone: true }),
  'butai, one core, half load': () => stage((_, args) => load('licenses', [...args, '--rate', Math.round(onePeak / 2)], 4), { alone: true }),
  'the seed, half load': () => seed((args) => load('licenses', [...args, '--rate', Math.round(seedPeak / 2)], 4)),
  'butai, the start of a show': () => stage(async (_, args, viewers) => {
    const got = await load('licenses', [...args, '--connections', 1000, '--rate', 5000], 2);
    await viewers.ended;
    return { ...got, starved: JSON.parse(viewers.stdout).starved };
  }, { seconds: 8 }),
};
const figures = await rounds(samples);
const rate = (sample) => sample.answers_per_cpu_s;
const start = figures['butai, the start of a show'];
const lines = verdicts([
  { what: 'licenses per CPU-second against the seed', must: 7, least: true, got: ratios(figures['butai, as fast as it goes'], figures['the seed, as fast as it goes'], rate) },
  { what: 'half load of a core of its own: p99 ms', must: 5, got: spread(figures['butai, one core, half load'], (s) => s.latency_p99_ms) },
  { what: 'half load of cores that the generators use too: p99 ms', must: 5, got: spread(figures['butai, half load'], (s) => s.latency_p99_ms) },
  { what: '10,000 licenses in two seconds over 1,000 connections: p99 ms', must: 1000, got: spread(start, (s) => s.latency_p99_ms) },
  { what: 'viewers starved meanwhile', must: 0, got: spread(start, (s) => s.starved) },
  { what: '10,000 licenses in two seconds: unanswered', must: 0, got: spread(start, (s) => 10_000 - s.answers) },
]);
keep('licenses', figures);
writeSection('Licenses', `The right stands in the path, one key a request, connections kept (64, at the start of a show 1,000). The server has a
protected channel with 200 viewers on it meanwhile; their cost is in its figures. ${how()}
${machine()}

${table(Object.keys(samples), figures, { 'licenses per CPU-s': rate, 'licenses/s': (s) => s.answers_per_s, cores: (s) => s.server_cores, 'p50 ms': (s) => s.latency_p50_ms, 'p99 ms': (s) => s.latency_p99_ms, 'generator late, p99 ms': (s) => s.probe_lag_p99_ms, 'generator, cores': (s) => s.generator_cores })}

${lines}`);

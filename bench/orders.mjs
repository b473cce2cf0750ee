// ./dev bench orders: durable orders a second beside one commit per request, on this disk and on one whose
// sync takes 10 ms; never more tickets than there are; and what buyers wait for beside a running channel.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tests/harness/paths.mjs';
import { Child, run } from '../tests/harness/process.mjs';
import { Person, sell, shopConfig } from '../tests/harness/shop.mjs';
import { Server } from '../tests/harness/server.mjs';
import { sleep } from '../tests/harness/wait.mjs';
import { bearer, butai, generator, options, ratios, rounds, spread, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

const slowSync = join(root, 'build/release/bench/slow_sync.so');
const kBuyers = 40;
const kOrdersPerSecond = 100;
const kViewers = 200;
const kTickets = 500;

// Beside the program, on its disk: a temporary folder may be memory.
async function orders(args, env = {}) {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build/bench-orders-'));
  try {
    const { code, stdout, stderr } = await run(butai, ['bench', 'orders', folder, '--json', ...args.map(String)], { env: { ...process.env, ...env }, timeout: 60_000 });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const seconds = ['--seconds', options.seconds];
const slow = { LD_PRELOAD: slowSync };

// Buyers come a hundred a second: hold, pay by card, the provider's page. Each step's wait, and whether
// those who watch meanwhile lose anything.
async function beside() {
  const server = await Server.start({ config: shopConfig('[[channel]]\nname = "main"\naccess = "public"\n') });
  let viewers;
  try {
    const event = await sell(server, { capacity: 100_000 });
    const people = [];
    for (let i = 0; i < kBuyers; ++i) people.push(await Person.signUp(server, `b${i}@example.org`));
    viewers = new Child(generator, ['bench', 'fanout', `${server.ws}/live/main/ws`, '--publish', `${server.ws}/ws?channel=main`, '--kbit', '600', '--fps', '25', '--viewers', String(kViewers), '--seconds', String(options.seconds + 2), '--json'], { env: { BUTAI_TOKEN: bearer } });
    await sleep(1000); // they are there
    const waits = [];
    let failed = 0;
    const timed = async (act, good) => {
      const from = performance.now();
      const answer = await act();
      waits.push(performance.now() - from);
      if (answer.status !== good) ++failed;
      return answer;
    };
    const buy = async (person) => {
      const held = await timed(() => person.hold(event.paid), 201);
      if (held.status !== 201) return;
      const confirmed = await timed(() => person.confirm(held.json().id, 'card'), 200);
      if (confirmed.status !== 200) return;
      await timed(() => person.pay(confirmed.json().pay_url, '4242424242424242'), 303);
    };
    const buying = [];
    const from = performance.now();
    const count = kOrdersPerSecond * options.seconds;
    for (let i = 0; i < count; ++i) {
      const due = from + (i * 1000) / kOrdersPerSecond;
      if (due > performance.now()) await sleep(due - performance.now());
      buying.push(buy(people[i % kBuyers]));
    }
    await Promise.all(buying);
    await viewers.ended;
    const seen = JSON.parse(viewers.stdout);
    waits.sort((a, b) => a - b);
    const at = (part) => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))];
    return { orders: count, failed, latency_p50_ms: at(0.5), latency_p99_ms: at(0.99), starved: seen.starved, missing: seen.missing };
  } finally {
    await viewers?.stop('SIGKILL');
    await server.stop();
  }
}

const samples = {
  'one commit per request': () => orders(['--together', 1, ...seconds]),
  '64 buyers at once': () => orders(['--together', 64, ...seconds]),
  'sync of 10 ms, one commit per request': () => orders(['--together', 1, ...seconds], slow),
  'sync of 10 ms, 256 buyers at once': () => orders(['--together', 256, ...seconds], slow),
  [`${kTickets} tickets, 256 buyers`]: () => orders(['--together', 256, '--capacity', kTickets, '--seconds', 2]),
  '100 orders/s beside 200 viewers': beside,
};
const figures = await rounds(samples);
const [plain, together, slowPlain, slowTogether, scarce, path] = Object.values(figures);
const rate = (sample) => sample.orders_per_s;
const lines = verdicts([
  { what: 'durable orders/s against one commit per request', must: 3, least: true, got: ratios(together, plain, rate) },
  { what: 'the same on a disk whose sync takes 10 ms', must: 10, least: true, got: ratios(slowTogether, slowPlain, rate) },
  { what: `tickets sold beyond ${kTickets}`, must: 0, got: spread(scarce, (s) => s.oversold) },
  { what: `tickets left of ${kTickets} when buyers were told "sold out"`, must: 0, got: spread(scarce, (s) => kTickets - s.tickets) },
  { what: '100 orders/s: p99 of a step, ms', must: 50, got: spread(path, (s) => s.latency_p99_ms) },
  { what: '100 orders/s: steps that failed', must: 0, got: spread(path, (s) => s.failed) },
  { what: 'viewers starved meanwhile', must: 0, got: spread(path, (s) => s.starved) },
]);
keep('orders', figures);
writeSection('Orders', `An order is held, confirmed and has its ticket: two transactions, each told to its buyer after the commit is on disk (SQLite, WAL,
\`synchronous=FULL\`). The slow disk is this one with 10 ms before each sync (\`bench/slow_sync.cc\`). Beside the channel each order is
three requests, paid by a test card. On a disk that syncs in a third of a millisecond what is left of an order is our own work, some
thirty statements: there the ratio ends. ${options.rounds} rounds of ${options.seconds} s, median (least–greatest).
${machine()}

${table(Object.keys(samples), figures, { 'orders/s': rate, 'p50 ms': (s) => s.latency_p50_ms, 'p99 ms': (s) => s.latency_p99_ms, starved: (s) => s.starved, oversold: (s) => s.oversold })}

${lines}`);

// The door of a paid show: a server with an event that is on, thousands of people with accounts, sessions and
// tickets, and `butai bench doors`, which lets them come.
//
// One person signs up and buys through the API; the others are copies of that person's rows, written into the
// database while the server is stopped, for ten thousand passwords would take minutes to hash. Their sessions are
// the hashes that the server would have kept (src/access/sessions.cc), so cookies, tickets and passwords are
// good. `butai order check` afterwards says whether the books are whole all the same.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, run } from './process.mjs';
import { Person, sell, shopConfig } from './shop.mjs';
import { Server } from './server.mjs';
import { publishToken } from './token.mjs';
import { sleep, until } from './wait.mjs';

const kPassword = 'correct horse';
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const key = (server, purpose) => Buffer.from(hkdfSync('sha256', server.env.BUTAI_AUTH_SECRET, '', purpose, 32));
// Somebody's own address, as a proxy in front would tell it.
const address = (i) => `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;

// In the database of `store`: a PostgreSQL's address, or none for the server's own file.
async function sql(server, store, text) {
  if (store) return (await run('psql', ['-q', '-At', '-v', 'ON_ERROR_STOP=1', '-1', '-d', store, '-f', '-'], { input: text })).stdout;
  const python = 'import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\ndb.executescript("BEGIN;" + sys.stdin.read() + "COMMIT;")';
  return (await run('/usr/bin/python3', ['-c', python, join(server.data, 'data/butai.db')], { input: text })).stdout;
}

const kConfig = shopConfig('protection = "cbcs"\nlatency = "low"\n');

export class Door {
  // `there` watch before the doors; of `visitors` so many percent have no session, no ticket, or are webhooks.
  static async build({ there, visitors, cold = 5, buyers = 5, webhooks = 2, port, store, database }) {
    const door = new Door();
    const listen = Object.fromEntries(['HTTPS', 'RTMP', 'RTMPS', 'METRICS'].map((name) => [`BUTAI_SERVER_${name}_LISTEN`, '127.0.0.1:0']));
    door.server = await Server.start({ config: kConfig + (store ? `[store]\nurl = "${store}"\n` : ''), listen: `127.0.0.1:${port}`, env: listen });
    try {
      await door.#fill({ there, visitors, cold, buyers, webhooks, database });
    } catch (error) {
      await door.stop();
      throw error;
    }
    return door;
  }

  async #fill({ there, visitors, cold, buyers, webhooks, database }) {
    const { server } = this;
    const event = await sell(server, { capacity: 100_000, devices: 10 });
    const model = await Person.signUp(server, 'model@example.org');
    const free = (await model.hold(event.free)).json().id;
    await model.confirm(free, 'free');
    const paid = (await model.hold(event.paid)).json().id;
    const { pay_url: url } = (await model.confirm(paid, 'card')).json();
    await model.pay(url, '4242424242424242');
    await until('both tickets', async () => (await model.order(free)).state === 'fulfilled' && (await model.order(paid)).state === 'fulfilled');
    await server.child.stop();

    const counts = { cold: Math.round((visitors * cold) / 100), buyer: Math.round((visitors * buyers) / 100), webhook: Math.round((visitors * webhooks) / 100) };
    counts.known = visitors - counts.cold - counts.buyer - counts.webhook;
    const payment = url.split('/').at(-1);
    const hooks = key(server, 'butai test payments 1');
    const sessions = key(server, 'butai session 1');
    const seconds = Math.floor(Date.now() / 1000);
    const lines = [];
    const rows = [];
    let people = 0;
    const person = (is, { session, ticket }) => {
      const i = ++people;
      const token = base64url(randomBytes(32));
      if (session) rows.push(`('${base64url(createHmac('sha256', sessions).update(`session:${token}`).digest())}', 'door${i}', ${seconds}000000, ${seconds + 864_000}000000, (SELECT value FROM change_counter WHERE id = 2))`);
      lines.push({ is, address: address(i), email: `door${i}@example.org`, password: kPassword, ticket_type: event.paid, ...(session ? { cookie: `butai_session=${token}` } : {}) });
      return ticket ? i : 0;
    };
    // Who has a ticket first, so that their numbers are those up to `holders`.
    for (let i = 0; i < there; ++i) person('there', { session: true, ticket: true });
    for (let i = 0; i < counts.known; ++i) person('known', { session: true, ticket: true });
    for (let i = 0; i < counts.cold; ++i) person('cold', { session: false, ticket: true });
    const holders = people;
    for (let i = 0; i < counts.buyer; ++i) person('buyer', { session: true, ticket: false });
    for (let i = 0; i < counts.webhook; ++i) {
      const body = JSON.stringify({ id: `evt_door${i}`, payment: { id: payment, amount: 3300, currency: 'JPY', live: false, captured: 3300, refunded: 0, dispute: 0, gone: false } });
      lines.push({ is: 'webhook', address: address(60_000 + i), path: '/webhooks/test', header: 'Butai-Signature', signature: `t=${seconds},v1=${createHmac('sha256', hooks).update(`${seconds}.${body}`).digest('hex')}`, body });
    }
    const numbers = (most) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most})`;
    const name = "'door' || CAST(i AS TEXT)";
    await sql(server, database, `UPDATE change_counter SET value = value + 1;
${numbers(people)} INSERT INTO account (id, name, email, password_hash, role, scopes, created_at, display_name, language)
 SELECT ${name}, ${name}, ${name} || '@example.org', password_hash, role, scopes, created_at, display_name, language FROM n, account WHERE email = 'model@example.org';
${numbers(holders)} INSERT INTO orders (id, account, ticket_type, event, quantity, total, tax, currency, state, code_hash, hold_until, pay_until, created_at, changed_at, tax_rate)
 SELECT 'or_' || ${name}, ${name}, ticket_type, event, quantity, total, tax, currency, state, code_hash, hold_until, pay_until, created_at, changed_at, tax_rate FROM n, orders WHERE id = '${free}';
${numbers(holders)} INSERT INTO entitlement (id, order_id, seat, account, ticket_type, valid, granted_at, change_number)
 SELECT 'tk_' || ${name}, 'or_' || ${name}, 0, ${name}, ticket_type, 1, granted_at, (SELECT value FROM change_counter WHERE id = 1) FROM n, entitlement WHERE order_id = '${free}';
UPDATE ticket_type SET taken = taken + ${holders} WHERE id = '${event.free}';
INSERT INTO account_session (hash, account, created_at, expires_at, change_number) VALUES ${rows.join(',\n')};
`);
    // Everybody in a random order, but the same each time.
    let seed = 7;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    const others = lines.filter(({ is }) => is !== 'there');
    for (let i = others.length - 1; i > 0; --i) {
      const j = Math.floor(random() * (i + 1));
      [others[i], others[j]] = [others[j], others[i]];
    }
    this.visitors = join(server.data, 'visitors.jsonl');
    writeFileSync(this.visitors, [...lines.filter(({ is }) => is === 'there'), ...others].map((line) => JSON.stringify(line)).join('\n'));
    this.event = event;
    await server.startAgain();
  }

  // Opens the doors and gives what `butai bench doors` found. `killAfter` ms of them the server dies, and is
  // started again at once.
  async open(program, { args = [], killAfter, timeout = 150_000 } = {}) {
    const { server } = this;
    const publish = `${server.ws}/ws?channel=stage`;
    const child = new Child(program, ['bench', 'doors', server.http, this.visitors, '--publish', publish, '--pid', String(server.child.pid), ...args.map(String), ...(killAfter ? ['--killed'] : []), '--json'], { env: { BUTAI_TOKEN: publishToken('stage') } });
    const late = setTimeout(() => child.kill('SIGKILL'), timeout);
    try {
      await until('the doors', () => {
        if (!child.running) throw new Error(child.stderr);
        return child.stderr.includes('the doors are open');
      }, { within: 90_000 });
      if (killAfter) {
        await sleep(killAfter);
        await server.child.stop('SIGKILL');
        await server.startAgain();
      }
      const { code } = await child.ended;
      if (code !== 0) throw new Error(`butai bench doors: ${code}: ${child.stderr.slice(-2000)}`);
      return { ...JSON.parse(child.stdout), restart_ms: killAfter ? server.startMs : 0 };
    } finally {
      clearTimeout(late);
      await child.stop('SIGKILL');
    }
  }

  // The books, after everything.
  async check() {
    const { stdout } = await this.server.command(['order', 'check', ...this.server.place()]);
    return stdout;
  }
  async stop() {
    await this.server.stop();
  }
}

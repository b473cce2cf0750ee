// The sale from a terminal, while people buy: event, order, user, and a copy of the database that is whole
// whenever it is made.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { PostgreSql } from '../harness/postgresql.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kCard = '4242424242424242';
let server, event, ann;
before(async () => {
  server = await Server.start({ config: shopConfig() });
  event = await sell(server, { capacity: 10_000 });
  ann = await Person.signUp(server, 'ann@example.org');
});
after(async () => server?.stop());

const butai = (...args) => server.command([...args, ...server.place()], { anyStatus: true });
const good = async (...args) => {
  const { code, stdout, stderr } = await butai(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
};
async function buy(person, night = event) {
  const { id } = (await person.hold(night.paid)).json();
  const { pay_url: url } = (await person.confirm(id, 'card')).json();
  assert.equal((await person.pay(url, kCard)).status, 303);
  await until('the order to be fulfilled', async () => (await person.order(id)).state === 'fulfilled', { within: 5000 });
  return id;
}

test('event: listed, shown, moved on; a step that is not possible says so', async () => {
  assert.match(await good('event', 'list'), /^night +live +夜$/m);
  const shown = await good('event', 'show', 'night');
  assert.match(shown, new RegExp(`^  ${event.performance} doors \\d{4}-.*\\(live\\)$`, 'm'));
  assert.match(shown, new RegExp(`^  ${event.paid} 夜 3300 JPY, \\d+ of 10000 taken$`, 'm'));
  const unknown = await butai('event', 'show', 'nothing');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /There is no such thing/);
  assert.equal((await butai('event', 'state', 'night', 'sideways')).code, 1);
  assert.match(await good('event', 'state', 'night', 'announced'), /night +announced/);
  assert.equal((await butai('event', 'state', 'night', 'live')).code, 1, 'what is not on sale has no show');
  await until('the running server to know', async () => (await ann.hold(event.free)).json().type === '/problems/sale-closed', { within: 5000 });
  await good('event', 'state', 'night', 'on_sale');
});

test('order: listed, shown with its ledger, refunded by the running server within seconds', async () => {
  const id = await buy(ann);
  assert.match(await good('order', 'list', 'night'), new RegExp(`^${id} fulfilled +1 × ${event.paid} 3300 JPY$`, 'm'));
  const ledger = (await good('order', 'show', id)).split('\n').filter((line) => / capture /.test(line));
  assert.ok(ledger.length >= 2, ledger.join('\n'));
  assert.equal(ledger.reduce((sum, line) => sum + Number(line.trim().split(/ +/).at(-1)), 0), 0, 'double entry');
  await good('order', 'refund', id);
  await until('the refund', async () => (await ann.order(id)).state === 'refunded', { within: 15_000 });
  const refunds = async () => (await good('order', 'show', id)).match(/refund/g).length;
  const once = await refunds();
  await good('order', 'refund', id);
  await sleep(1500); // the server looks for work every second
  assert.equal(await refunds(), once, 'money goes back once');
  assert.match(await good('order', 'check'), /ledger whole, \d+ rows; seats agree/);
});

test('user: exported whole, erased for good, and the ledger stays', async () => {
  const bea = await Person.signUp(server, 'bea@example.org');
  const id = await buy(bea);
  const rows = (await good('order', 'check')).match(/(\d+) rows/)[1];
  const person = JSON.parse(await good('user', 'export', 'bea@example.org'));
  assert.equal(person.email, 'bea@example.org');
  assert.deepEqual(person.orders.map((order) => order.id), [id]);
  assert.equal((await butai('user', 'erase', 'nobody@example.org')).code, 1);
  await good('user', 'erase', 'bea@example.org');
  assert.equal((await butai('user', 'export', 'bea@example.org')).code, 1);
  await until('her session to end', async () => (await bea.read('/api/v1/session')).json().account === null, { within: 5000 });
  await until('her ticket to end', async () => (await bea.play('stage')).status === 401, { within: 5000 });
  const again = await bea.write('POST', '/api/v1/session', { email: 'bea@example.org', password: 'correct horse' });
  assert.equal(again.status, 401);
  assert.equal((await good('order', 'check')).match(/(\d+) rows/)[1], rows);
  assert.match(await good('order', 'show', id), /capture/);
});

const options = { timeout: 60_000 };
// While a crowd buys: `there` runs a command where the copy was brought back.
async function copiesUnderLoad(house, night, command, there) {
  const before = await buy(await Person.signUp(house, 'first@example.org'), night);
  const told = [];
  let on = true;
  const buyers = await Promise.all(Array.from({ length: 12 }, (_, i) => Person.signUp(house, `load${i}@example.org`)));
  const shopping = buyers.map(async (person) => {
    while (on) {
      const held = await person.hold(night.free);
      if (held.status !== 201) return;
      const { id } = held.json();
      if ((await person.confirm(id, 'free')).status === 200) told.push(id);
      await sleep(20);
    }
  });
  await until('a rush', () => told.length > 50, { within: 20_000, every: 5 });
  const sold = [...told];
  const copy = join(house.data, 'copy');
  const { code, stderr } = await command('db', 'backup', copy);
  assert.equal(code, 0, stderr);
  const during = told.length - sold.length;
  on = false;
  await Promise.all(shopping);
  assert.ok(during > 0, 'nobody waited for the copy');
  assert.equal((await command('db', 'backup', copy)).code, 1, 'a copy is never written over');
  assert.match((await command('db', 'migrate')).stdout, /version \d+/);

  await there('db', 'restore', copy);
  const check = (await there('order', 'check')).stdout;
  assert.match(check, /ledger whole, \d+ rows; seats agree/);
  const list = (await there('order', 'list', 'night')).stdout;
  for (const id of [before, ...sold]) assert.match(list, new RegExp(`^${id} fulfilled`, 'm'));
  console.log(`${sold.length} sold before the copy, ${during} while it was made, ${check.match(/(\d+) orders/)[1]} orders in it`);
}

test('db: a copy made while people buy is whole, and brings back what was sold before it', options, async () => {
  const other = join(server.data, 'other');
  await mkdir(other, { recursive: true });
  await copiesUnderLoad(server, event, butai, (...args) => run(program, [...args, '--config', server.configFile, '--data', other], { env: server.env }));
  assert.ok(existsSync(join(other, 'butai.db')));
});

test('db: the same of PostgreSQL, and no password is in a list of processes', options, async () => {
  const kPassword = 'CNRY-database-password';
  const database = await PostgreSql.start();
  const config = (url) => shopConfig(`[store]\nurl = "${url}&password=${kPassword}"\n`);
  const seen = [];
  let house, watching, on = true;
  try {
    house = await Server.start({ config: config(database.url) });
    const night = await sell(house, { capacity: 10_000 });
    const other = join(house.data, 'other.toml');
    writeFileSync(other, config(database.another('other')));
    watching = (async () => {
      while (on) seen.push((await run('ps', ['-eo', 'args'])).stdout);
    })();
    const command = (...args) => house.command([...args, ...house.place()], { anyStatus: true });
    await copiesUnderLoad(house, night, command, (...args) => run(program, [...args, '--config', other, '--data', house.data], { env: house.env }));
  } finally {
    on = false;
    await watching;
    await house?.stop();
    await database.stop();
  }
  assert.ok(seen.some((text) => /\bpg_dump\b/.test(text)), 'it was looked at while the copy was made');
  assert.ok(seen.every((text) => !text.includes(kPassword)));
});

test('serve takes no real money where the database would be lost with the container', { skip: existsSync('/dev/shm') ? false : 'there is no /dev/shm' }, async () => {
  const folder = mkdtempSync('/dev/shm/butai-');
  try {
    const serve = (mode) => {
      const config = join(folder, `${mode}.toml`);
      writeFileSync(config, `[payments.stripe]\nsecret_key = "sk_${mode}_CNRY"\npublishable_key = "pk_${mode}_CNRY"\nwebhook_secret = "whsec_CNRY"\n`);
      return new Child(program, ['serve', '--config', config, '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--print-ports'], {});
    };
    const live = serve('live');
    assert.equal((await live.ended).code, 1);
    assert.match(live.stderr, /keys of the payment provider are live, but .* is on memory \(tmpfs\)/);
    assert.ok(!live.stderr.includes('CNRY'), 'no key is said');
    const tests = serve('test');
    await until('a server with test keys to start', () => tests.stdout.includes('"http"'), { within: 10_000 });
    await tests.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

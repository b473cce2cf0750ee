// kill -9 under buyers, again and again, on both stores: whoever was told that it is bought has a ticket
// after the restart, nobody paid twice, nothing is oversold, the ledger is whole.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { long } from '../harness/paths.mjs';
import { PostgreSql } from '../harness/postgresql.mjs';
import { Server } from '../harness/server.mjs';
import { Person, sell, shopConfig } from '../harness/shop.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kBuyers = 50;
const kKills = long ? 500 : 30;
const kCapacity = kKills * 200;
const kKillsEach = 20; // then fifty others come: an account may buy a hundred
const kBought = 3; // at least, before each kill
const kAskedMs = 10; // an order
const kReconciledMs = 30_000; // after a minute of the sale's clock: then what is open is asked about

// One purchase after another until the server is gone; what was acknowledged goes into `told`.
async function shop(person, event, told, going) {
  while (going()) {
    try {
      const free = Math.random() < 0.5;
      const held = await person.hold(free ? event.free : event.paid);
      if (held.status !== 201) {
        await sleep(50);
        continue;
      }
      const { id } = held.json();
      const confirmed = await person.confirm(id, free ? 'free' : 'card');
      if (confirmed.status !== 200) continue;
      if (free) {
        told.push({ person, id });
      } else {
        const paid = await person.pay(confirmed.json().pay_url, '4242424242424242');
        if (paid.status === 303) told.push({ person, id });
      }
    } catch {
      await sleep(20); // the server is dying or not there yet
    }
  }
}

// One after another: their passwords are hashed on half a core.
async function newcomers(server, round) {
  const people = [];
  for (let at = 0; at < kBuyers; ++at) people.push(await Person.signUp(server, `p${round}.${at}@example.org`));
  return people;
}

async function check(server) {
  const { stdout, stderr, code } = await server.command(['order', 'check', ...server.place()]);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function round(server, event, people, told) {
  let on = true;
  const shoppers = people.map((person) => shop(person, event, told, () => on));
  const before = told.length;
  try {
    await until('some purchases', () => told.length >= before + kBought, { within: 20_000, every: 5 });
    await sleep(Math.random() * 200);
    await server.child.stop('SIGKILL');
  } finally {
    on = false;
  }
  await Promise.all(shoppers);
  await check(server);
  await server.startAgain();
}

async function survives(config) {
  const server = await Server.start({ config });
  try {
    const event = await sell(server, { capacity: kCapacity });
    const told = [];
    let people;
    for (let i = 0; i < kKills; ++i) {
      if (i % kKillsEach === 0) people = await newcomers(server, i);
      await round(server, event, people, told);
    }
    await server.post('/test-payments/operator/clock', { advance_s: 61 });
    const open = [...told];
    await until('every acknowledged purchase to be fulfilled', async () => {
      for (; open.length > 0; open.pop()) {
        const { person, id } = open.at(-1);
        const order = await person.order(id);
        if (order.state !== 'fulfilled' || order.tickets.length !== 1) return false;
      }
      return true;
    }, { within: kReconciledMs + told.length * kAskedMs, every: 1000 });
    console.log(`${told.length} acknowledged purchases in ${kKills} kills, none lost. ${await check(server)}`);
  } finally {
    await server.stop();
  }
}

describe('acknowledged purchases survive kill -9', { concurrency: true }, () => {
  test('SQLite', () => survives(shopConfig()));

  test('PostgreSQL', async () => {
    const database = await PostgreSql.start();
    try {
      await survives(shopConfig(`[store]\nurl = "${database.url}"\n`));
    } finally {
      await database.stop();
    }
  });
});

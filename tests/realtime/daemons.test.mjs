/* Several daemons are one: they may be killed, stopped and restarted under load, and nobody misses anything. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { eventually } from '../api/support.mjs';
import { crowd, daemonPid, daemons, expectWholeCrowd, linked, nodeOf, signalDaemon } from './link.mjs';
import { ask, counters, emitMany, enterAs, hears, sleep } from './support.mjs';

const LONG = process.env.VALS_TEST_LONG === '1';

/* A client that is cut off while it upgrades comes back after 45 s only (recovery.test.mjs): too long for the short run. */
const how = LONG ? {} : { transports: ['websocket'] };

/* Emit 100 events a second, for about as long. */
function emitting(seconds, mark) {
  const total = seconds * 100;
  return { total, done: emitMany(total, { mark, pauseMs: 9 }) };
}

/*
 * On a busy machine a crowd takes its time to come in again. Whoever could not for two minutes is rightly
 * a new one, so the next daemon is killed when all have been in, but no client that hangs is waited for.
 */
const allAreIn = (here) => eventually(async () => (await here.ask()).every(({ isIn }) => isIn), 'all are in', 20_000).catch(() => false);

/* Whose counters say that it numbers the events. */
const relay = () => eventually(async () => (await counters()).find(({ isRelay }) => isRelay)?.pid, 'a relay reports');

async function nodeOfPid(pid) {
  for (const node of await daemons()) if ((await daemonPid(node)) === pid) return node;
  return undefined;
}

describe('behind nginx', () => {
  test('there are two daemons at least, and clients are spread over them', async () => {
    const nodes = await daemons();
    assert.ok(nodes.length >= 2);
    const sockets = await Promise.all(Array.from({ length: 8 }, () => enterAs('operator', { transports: ['polling'] })));
    assert.deepEqual([...new Set(sockets.map(nodeOf))].sort(), nodes);
  });

  test('a polling client stays at its daemon without any cookie, and upgrades there', async () => {
    for (const transports of [['polling'], ['polling', 'websocket']]) {
      const sockets = await Promise.all(Array.from({ length: 4 }, () => enterAs('operator', { transports })));
      for (const socket of sockets) {
        const { id } = socket.io.engine;
        for (let i = 0; i < 5; i += 1) assert.equal((await ask(socket, 'join-room', 'leads')).success, true);
        if (transports.length === 2) await eventually(() => socket.io.engine.transport.name === 'websocket', 'the upgrade');
        assert.equal(socket.io.engine.id, id);
      }
    }
  });

  test('what one daemon is told is heard at the others', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => enterAs('admin')));
    const reason = randomUUID();
    assert.equal((await ask(sockets[0], 'kevin-availability-update', { available: false, reason })).success, true);
    await Promise.all(sockets.map((socket) => hears(socket, 'kevin-availability-changed', (data) => data.reason === reason)));
    assert.equal((await ask(sockets[0], 'kevin-availability-update', { available: true, reason: null })).success, true);
  });
});

describe('the relay', () => {
  for (const signal of ['SIGKILL', 'SIGSTOP'])
    test(`is replaced within seconds when it gets ${signal}`, async () => {
      const pid = await eventually(async () => {
        const found = await relay();
        return (await nodeOfPid(found)) !== undefined && found;
      }, 'the relay is one of ours');
      const node = await nodeOfPid(pid);
      const clients = await Promise.all(Array.from({ length: 12 }, () => linked({ token: process.env.VALS_ADMIN_TOKEN, transports: ['websocket'] })));
      const elsewhere = clients.filter(({ socket }) => nodeOf(socket) !== node).map(({ socket }) => socket);
      assert.ok(elsewhere.length > 0);
      process.kill(pid, signal);
      try {
        const mark = randomUUID();
        await emitMany(20, { mark });
        for (const socket of elsewhere) await hears(socket, 'lead:updated', (data) => data.leadId === mark && data.n === 20);
      } finally {
        if (signal === 'SIGSTOP') process.kill(pid, 'SIGCONT');
        else await eventually(async () => (await daemonPid(node)) !== pid, 'it is started again', 60_000);
      }
      const mark = randomUUID();
      await emitMany(20, { mark });
      for (const { socket } of clients) await hears(socket, 'lead:updated', (data) => data.leadId === mark && data.n === 20);
    });
});

describe('under load', () => {
  test('all daemons are restarted one after the other, and every client comes back to where it was', async () => {
    const mark = randomUUID();
    const here = await crowd(LONG ? 300 : 60, { mark, ...how });
    const { total, done } = emitting(LONG ? 60 : 8, mark);
    for (let round = 0; round < (LONG ? 4 : 1); round += 1)
      for (const node of await daemons()) {
        await sleep(1000);
        await signalDaemon(node, 'SIGTERM');
      }
    await done;
    const clients = await expectWholeCrowd(here, total);
    const reasons = new Set(clients.flatMap((client) => client.reasons));
    assert.ok(clients.every(({ connects, recoveries }) => connects >= 2 && recoveries === connects - 1));
    assert.ok(!reasons.has('io server disconnect'), [...reasons].join());
  });

  test('daemons are killed in turn for a while, and every client hears every event once, in order', async () => {
    const mark = randomUUID();
    const here = await crowd(LONG ? 500 : 80, { mark, ...how });
    const seconds = LONG ? 300 : 12;
    const until = Date.now() + seconds * 1000;
    const { total, done } = emitting(seconds, mark);
    let kills = 0;
    while (Date.now() < until - 3000)
      for (const node of await daemons()) {
        await sleep(1000);
        await allAreIn(here);
        await signalDaemon(node, 'SIGKILL');
        kills += 1;
      }
    await done;
    const clients = await expectWholeCrowd(here, total, 120_000);
    console.log(`# ${clients.length} clients, ${total} events, ${kills} kills, ${clients.reduce((sum, { recoveries }) => sum + recoveries, 0)} recoveries`);
    assert.ok(kills >= 2 && clients.some(({ recoveries }) => recoveries > 0));
  });
});

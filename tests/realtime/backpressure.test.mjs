/* A reader that does not read costs itself its connection, and nobody else anything. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { eventually, need } from '../api/support.mjs';
import { POLLING, counters, dial, emitMany, enterAs, frame, handshake, hears, heardAll, knock } from './support.mjs';

const FILLER = 50_000;
const COUNT = 60;	/* 3 MB: more than a queue and the kernel's buffers hold */
const SLEEPERS = process.env.VALS_TEST_LONG === '1' ? 500 : 25;
const CUT_MS = 60_000;	/* within which they must be gone */

/* A signed-in websocket that stops reading. */
async function stuck() {
  const ws = dial();
  await frame(ws, /^0/);
  ws.send(`40{"token":"${need('VALS_ADMIN_TOKEN')}"}`);
  await frame(ws, /^40/);
  ws.pause();
  return ws;
}

describe('while some never read', () => {
  test('a broadcast reaches the others, and the stuck ones are cut', async () => {
    const before = (await counters()).reduce((sum, { queueDrops }) => sum + queueDrops, 0);
    const readers = await Promise.all(['websocket', 'polling', 'websocket'].map((transport) => enterAs('admin', { transports: [transport] })));
    const sleepers = await Promise.all(Array.from({ length: SLEEPERS }, stuck));
    const mark = randomUUID();

    await emitMany(COUNT, { mark, filler: FILLER, pauseMs: 20 });

    for (const reader of readers) {
      await hears(reader, 'lead:updated', (data) => data.leadId === mark && data.n === COUNT);
      const heard = heardAll(reader, 'lead:updated').filter((data) => data.leadId === mark).map((data) => data.n);
      assert.deepEqual(heard, Array.from({ length: COUNT }, (_, i) => i + 1));
    }
    await eventually(async () => (await counters()).reduce((sum, { queueDrops }) => sum + queueDrops, 0) >= before + sleepers.length, 'all slow readers are counted', CUT_MS);
    for (const ws of sleepers) {
      ws.resume();
      assert.notEqual(await ws.closing, undefined);
      const last = Number(/"n": ?(\d+)/.exec(ws.frames.at(-1))?.[1] ?? 0);
      assert.ok(last < COUNT, 'what it did not read in time it did not get');
    }
  });

  test('one that reads by fits and starts gets all of it, whole and in order', async () => {
    const count = 12;	/* with these fillers more than a pipe holds, but less than a queue */
    const senders = [0, 5000, 70_000].map((filler) => ({ filler, mark: randomUUID() }));
    const reader = await stuck();
    const heard = (mark) =>
      reader.frames.filter((text) => text.startsWith('42') && text.includes(mark)).map((text) => JSON.parse(text.slice(2))[1].n);

    await Promise.all(senders.map((sender) => emitMany(count, sender)));
    const fits = setInterval(() => (reader.isPaused ? reader.resume() : reader.pause()), 5);
    try {
      await eventually(() => senders.every(({ mark }) => heard(mark).length >= count), 'everything has come', 60_000);
    } finally {
      clearInterval(fits);
      reader.terminate();
    }
    for (const { mark } of senders) assert.deepEqual(heard(mark), Array.from({ length: count }, (_, i) => i + 1));
  });

  test('a polling session without a GET does not pile up for ever', async () => {
    const sid = await handshake();
    const path = `${POLLING}&sid=${sid}`;
    await knock('POST', path, { body: `40{"token":"${need('VALS_ADMIN_TOKEN')}"}` });
    assert.match((await knock('GET', path)).text, /^40/);
    await emitMany(COUNT, { filler: FILLER });
    await eventually(async () => (await knock('POST', path, { body: '' })).status === 400, 'the session is gone');
  });

  test('the counters tell how much waits', async () => {
    await eventually(async () => (await counters()).every(({ queuedBytes }) => queuedBytes < 1_048_576), 'nothing much waits any more');
  });
});

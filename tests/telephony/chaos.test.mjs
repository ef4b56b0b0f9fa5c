/*
 * Many dials while the provider fails at random and programs are killed every
 * second: nobody's telephone rings twice, and what the job says is so.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../telnyx-sim/random.mjs';
import {
  eventually, killWorker, noRunner, programPid, providerLog, query, sim, sleep, startCalls, withTwoRunners,
} from './support.mjs';

const IS_LONG = process.env.VALS_TEST_LONG === '1';

const DIALS = Number(process.env.VALS_CHAOS_DIALS ?? (IS_LONG ? 10_000 : 150));

const SEED = Number(process.env.VALS_CHAOS_SEED ?? 1);

const FAULT_EVERY_MS = 150;
const KILL_EVERY_MS = 1000;
const LOOK_EVERY_MS = 500;

/* Dials go at thirty a second; a fault that hides an outcome costs more than a minute. */
const PATIENCE_MS = 240_000 + DIALS * 50;

/* Everybody's number begins with this; what he does is in the last digit. */
const AREA = '+1917';

const PEOPLE = [
  { regex: `^\\${AREA}\\d*[0-4]$`, result: 'human', ringMs: [100, 800], amdMs: [100, 300], hangUpAfterMs: [300, 3000] },
  { regex: `^\\${AREA}\\d*[56]$`, result: 'busy', ringMs: [100, 800] },
  { regex: `^\\${AREA}\\d*7$`, result: 'reject', ringMs: [100, 800] },
  { regex: `^\\${AREA}\\d*[89]$`, result: 'machine', ringMs: [100, 800], amdMs: [100, 300] },
];

const FAULTS = [
  { status: 500 },
  { status: 503 },
  { status: 500, execute: true },
  { status: 200, body: 'no answer of ours', execute: true },
  { status: 429, headers: { 'x-ratelimit-reset': '1' } },
  { resetAfterExecuting: true },
  { resetBeforeExecuting: true },
  { delayMs: 800 },
  { delayBeforeMs: 800 },
];

const pick = (random, list) => list[Math.floor(random() * list.length)];

/* Do something again and again until told to stop. */
function repeatedly(everyMs, act) {
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      await sleep(everyMs);
      if (!isOver) await act();
    }
  })();
  return async () => {
    isOver = true;
    await loop;
  };
}

const oneFault = (random) =>
  sim('POST', 'faults', {
    match: { path: pick(random, ['/calls$', '/calls$', '/hangup$', 'active_calls']) },
    times: 1 + Math.floor(random() * 3),
    ...pick(random, FAULTS),
  });

function killOne(random, runners) {
  if (random() < 0.3) return killWorker();
  const pid = programPid(pick(random, runners));
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    /* It may just be dead and not yet have a successor. */
    if (error.code !== 'ESRCH') throw error;
  }
  return undefined;
}

/* How many are not over yet; not asked too often, for many are much to look through. */
async function unfinished(calls) {
  await sleep(LOOK_EVERY_MS);
  const [{ n }] = await query(
    `select count(*)::integer as n
     from vals.calls c
     where c.id = any (:'calls'::uuid[])
       and (c.end_time is null
         or exists (select from vals.commands m where m.call_id = c.id and m.state in ('pending', 'leased')))`,
    { calls: `{${calls.join(',')}}` },
  );
  return n;
}

/* How often each call's telephone rang, by the ids of calls. */
async function ringsOf(calls) {
  const rings = new Map(calls.map((id) => [id, 0]));
  for (const { dialState } of (await providerLog()).legs) {
    const { call } = JSON.parse(Buffer.from(dialState ?? 'e30=', 'base64'));
    if (rings.has(call)) rings.set(call, rings.get(call) + 1);
  }
  return rings;
}

const dialsOf = (calls) =>
  query(
    `select call_id as id, state from vals.commands where kind = 'dial' and call_id = any (:'calls'::uuid[])`,
    { calls: `{${calls.join(',')}}` },
  );

describe('chaos', { skip: noRunner() }, () => {
  test(`${DIALS} dials (seed ${SEED}): at most one telephone call each, exactly one where the job says done`, (t) =>
    withTwoRunners(async (runners) => {
      const random = seededRandom(SEED);
      for (const rule of PEOPLE) await sim('POST', 'rules', rule);
      await sim('POST', 'webhooks', { duplicate: 1, shuffleWithinMs: 400 });
      const stops = [
        repeatedly(FAULT_EVERY_MS, () => oneFault(random)),
        repeatedly(KILL_EVERY_MS, () => killOne(random, runners)),
      ];
      const calls = await startCalls(AREA, DIALS);
      assert.equal(calls.length, DIALS);

      /* Until all were sent once; what is left then comes to an end in peace. */
      await eventually(async () => (await unfinished(calls)) < DIALS / 10, 'most calls are over', PATIENCE_MS);
      await Promise.all(stops.map((stop) => stop()));
      for (const what of ['faults', 'webhooks']) await sim('DELETE', what);
      await eventually(async () => (await unfinished(calls)) === 0, 'all calls are over', PATIENCE_MS);
      await sim('DELETE', 'rules');

      const rings = await ringsOf(calls);
      const states = {};
      for (const { id, state } of await dialsOf(calls)) {
        states[state] = (states[state] ?? 0) + 1;
        assert.ok(rings.get(id) <= 1, `call ${id} rang ${rings.get(id)} times`);
        if (state === 'done') assert.equal(rings.get(id), 1, `call ${id} is said to have been dialled`);
      }
      t.diagnostic(`dial commands: ${JSON.stringify(states)}`);
      assert.ok(states.done > 0);
      const { legs } = await sim('GET', 'legs');
      assert.deepEqual(legs.filter(({ to, state }) => to.startsWith(AREA) && state !== 'ended'), []);
    }));
});

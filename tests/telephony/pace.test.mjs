/* How fast and how many telephones are dialled, whatever the provider answers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALS_MAX, mostDials } from './invariants.mjs';
import {
  eventually, noRunner, query, requests, sim, startCalls, withEnvironment, withTwoRunners,
} from './support.mjs';

const DIALS = process.env.VALS_TEST_LONG === '1' ? 1000 : 200;

/* Everybody is busy at once. */
const AREA = '+1915';

/* Everybody talks for a moment. */
const TALKING_AREA = '+1916';

const CALLS = 12;
const CALLS_MAX = 3;

/* How many telephones were alive at once, as the provider saw them. */
function mostLegs(legs) {
  const aliveAt = (at) => legs.filter(({ startedAt, endedAt }) => startedAt <= at && !(endedAt <= at));
  return Math.max(...legs.map(({ startedAt }) => aliveAt(startedAt).length));
}

const FAULTS = [{ status: 500 }, { resetAfterExecuting: true }, { status: 429, headers: { 'x-ratelimit-reset': '1' } }];

const dialsUnfinished = (calls) =>
  query(
    `select command_id from vals.commands
     where kind = 'dial' and state in ('pending', 'leased') and call_id = any (:'calls'::uuid[])`,
    { calls: `{${calls.join(',')}}` },
  );

const callsAlive = (calls) =>
  query("select id from vals.calls where end_time is null and id = any (:'calls'::uuid[])", { calls: `{${calls.join(',')}}` });

describe('the pace', { skip: noRunner() }, () => {
  test(`of ${DIALS} dials, many sent twice, by two runners is never above the provider's limit`, () =>
    withTwoRunners(async () => {
      const began = new Date().toISOString();
      await sim('POST', 'rules', { regex: `^\\${AREA}`, result: 'busy', ringMs: [100, 300] });
      for (const fault of FAULTS)
        await sim('POST', 'faults', { match: { method: 'POST', path: '/calls$', body: AREA.slice(1) }, times: 40, ...fault });
      const calls = await startCalls(AREA, DIALS);
      await eventually(async () => (await dialsUnfinished(calls)).length === 0, 'all were dialled', 180_000 + DIALS * 100);
      for (const what of ['faults', 'rules']) await sim('DELETE', what);

      const sent = (await requests()).filter(({ at }) => at >= began);
      const dials = sent.filter(({ body }) => body?.to?.startsWith(AREA));
      assert.ok(dials.length >= DIALS + 80, `${dials.length} requests`);
      assert.ok(mostDials(sent) <= DIALS_MAX, `${mostDials(sent)} dials within five seconds`);
    }));

  test(`of ${CALLS} calls at most ${CALLS_MAX} are alive at once where the account allows no more`, async () => {
    const [{ others }] = await query("select count(*)::integer as others from vals.legs where state <> 'ended'");
    const allowed = others + CALLS_MAX;
    const began = new Date().toISOString();
    await sim('POST', 'rules', { regex: `^\\${TALKING_AREA}`, result: 'human', ringMs: [300, 600], amdMs: [100, 200], hangUpAfterMs: [300, 900] });
    await withEnvironment('vals-runner', { CALLS_MAX: allowed }, async () => {
      const calls = await startCalls(TALKING_AREA, CALLS);
      await eventually(async () => (await callsAlive(calls)).length === 0, 'all are over', 180_000);
    });
    await sim('DELETE', 'rules');

    const legs = (await sim('GET', 'legs')).legs.filter(({ to, startedAt }) => to.startsWith(TALKING_AREA) && startedAt >= began);
    assert.equal(legs.length, CALLS);
    assert.ok(mostLegs(legs) <= allowed, `${mostLegs(legs)} telephones at once`);
  });
});

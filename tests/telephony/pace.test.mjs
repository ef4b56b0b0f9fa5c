/* How fast and how many telephones are dialled, whatever the provider answers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALS_MAX, mostDials } from './invariants.mjs';
import { eventually, noRunner, query, requests, sim, startCalls, withTwoRunners } from './support.mjs';

const DIALS = process.env.VALS_TEST_LONG === '1' ? 1000 : 200;

/* Everybody is busy at once. */
const AREA = '+1915';

const FAULTS = [{ status: 500 }, { resetAfterExecuting: true }, { status: 429, headers: { 'x-ratelimit-reset': '1' } }];

const dialsUnfinished = (calls) =>
  query(
    `select command_id from vals.commands
     where kind = 'dial' and state in ('pending', 'leased') and call_id = any (:'calls'::uuid[])`,
    { calls: `{${calls.join(',')}}` },
  );

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
});

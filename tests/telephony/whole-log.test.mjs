/* All that the provider was sent since the stack began, by whatever tests: nothing that may never be seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from './invariants.mjs';
import { query, sim } from './support.mjs';

/* Calls which an agent or an operator ended. */
async function endedByPeople() {
  const calls = await query("select id from vals.calls where end_reason in ('agent_hangup', 'operator_ended')");
  return new Set(calls.map(({ id }) => id));
}

test('every request fits the description, and every rule holds over the whole log', async () => {
  const [{ timeScale }, { requests }, { legs }, { conferences }] = await Promise.all(
    ['', 'requests', 'legs', 'conferences'].map((what) => sim('GET', what)),
  );
  assert.ok(requests.length > 0);
  assert.deepEqual(violations({ timeScale, requests, legs, conferences, endedByUs: await endedByPeople() }), []);
});

/* Who watches hears how the figures of the dashboard change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { admin, eventually, expectStatus, newLead } from '../api/support.mjs';
import { ask, enterAs, heardAll, hears } from './support.mjs';

const NAME = 'dashboard:metrics-update';

/* The figures as the route answers them to who asks for nothing special. */
async function askedFigures() {
  const { previous, delta, ...figures } = expectStatus(await admin.get('/api/analytics/dashboard'), 200).body.data.summary;
  assert.ok(previous && delta);
  return figures;
}

/* What was known, with all that was heard since put in its place. */
const heardFigures = (socket, known) =>
  heardAll(socket, NAME).reduce((figures, { timestamp, seq, ...changed }) => ({ ...figures, ...changed }), known);

for (const [room, role] of Object.entries({ 'call-monitoring': 'operator', analytics: 'analyst' }))
  test(`in ${room}: which figures changed is heard, and what was heard is what the route answers`, async () => {
    const socket = await enterAs(role);
    assert.deepEqual(await ask(socket, 'join-room', { room }), { success: true });
    const known = await askedFigures();
    await newLead();
    const heard = await hears(socket, NAME, (data) => data.totalLeads > known.totalLeads);
    assert.match(heard.timestamp, /^\d{4}-.*Z$/);
    for (const name of Object.keys(heard)) assert.ok(name in known || ['timestamp', 'seq'].includes(name), name);
    await eventually(async () => isDeepStrictEqual(heardFigures(socket, known), await askedFigures()), 'both say the same', 60_000);
  });

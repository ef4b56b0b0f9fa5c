/* The stages a lead may go through, and who may reopen one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TIME, as, eventsOf, execute, expectStatus, getLead, newLead } from './support.mjs';

const LEGAL = {
  new: ['contacted', 'disqualified'],
  contacted: ['qualified', 'hot_transfer', 'video_sent', 'zoom_scheduled', 'disqualified'],
  qualified: ['hot_transfer', 'video_sent', 'zoom_scheduled', 'closed', 'disqualified'],
  hot_transfer: ['qualified', 'video_sent', 'zoom_scheduled', 'closed', 'disqualified'],
  video_sent: ['qualified', 'hot_transfer', 'zoom_scheduled', 'closed', 'disqualified'],
  zoom_scheduled: ['hot_transfer', 'video_sent', 'closed', 'disqualified'],
  closed: [],
  disqualified: [],
};
const STAGES = Object.keys(LEGAL);
const REOPENINGS = [
  ['closed', 'qualified'],
  ['disqualified', 'contacted'],
];

/* New leads brought to a stage behind the API's back; their ids. */
async function leadsAt(status, count = 1) {
  const ids = (await Promise.all(Array.from({ length: count }, () => newLead()))).map(({ id }) => id);
  await execute("update vals.leads set status = :'status' where id = any (:'ids'::uuid[])", {
    ids: `{${ids}}`,
    status,
  });
  return ids;
}

async function move(role, id, status) {
  return (await as(role)).put(`/api/leads/${id}`, { status });
}

function expectRefused(answer, from, to) {
  expectStatus(answer, 400);
  assert.equal(answer.body.error, `Invalid transition from ${from} to ${to}`);
  assert.deepEqual(
    answer.body.details.map(({ field }) => field),
    ['status'],
  );
}

describe('an operator', () => {
  for (const from of STAGES)
    test(`moves a lead from ${from} only to ${LEGAL[from].join(', ') || 'nowhere'}`, async () => {
      const ids = await leadsAt(from, STAGES.length);
      for (const [i, to] of STAGES.entries()) {
        const id = ids[i];
        const answer = await move('operator', id, to);
        if (to !== from && !LEGAL[from].includes(to)) {
          expectRefused(answer, from, to);
          assert.equal((await getLead(id)).status, from);
        } else {
          assert.equal(expectStatus(answer, 200).body.data.status, to);
        }
      }
    });
});

describe('reopening', () => {
  for (const [from, to] of REOPENINGS)
    for (const [role, may] of [
      ['admin', true],
      ['kevin', true],
      ['operator', false],
      ['agent', false],
    ])
      test(`${role} ${may ? 'may' : 'may not'} move a lead from ${from} back to ${to}`, async () => {
        const [id] = await leadsAt(from);
        const answer = await move(role, id, to);
        if (may) assert.equal(expectStatus(answer, 200).body.data.status, to);
        else expectRefused(answer, from, to);
      });

  test('does not open every door, not even for an administrator', async () => {
    const [id] = await leadsAt('closed');
    expectRefused(await move('admin', id, 'new'), 'closed', 'new');
    expectRefused(await move('admin', id, 'contacted'), 'closed', 'contacted');
  });
});

describe('the stage history', () => {
  test('holds every move with time, user and cause', async () => {
    const { id } = await newLead();
    await move('operator', id, 'contacted');
    await move('operator', id, 'contacted');
    await move('admin', id, 'disqualified');
    const me = async (role) => (await (await as(role)).get('/api/auth/me')).body.data.id;

    const { stageHistory } = await getLead(id);
    assert.deepEqual(
      stageHistory.map(({ from, to, cause, changedBy }) => [from, to, cause, changedBy]),
      [
        [null, 'new', 'created', await me('admin')],
        ['new', 'contacted', 'manual', await me('operator')],
        ['contacted', 'disqualified', 'manual', await me('admin')],
      ],
    );
    for (const { changedAt } of stageHistory) assert.match(changedAt, TIME);
  });

  test('a refused move takes the other changes back and is not told', async () => {
    const { id } = await newLead();
    const operator = await as('operator');
    expectRefused(await operator.put(`/api/leads/${id}`, { city: 'Salem', status: 'closed' }), 'new', 'closed');
    const lead = await getLead(id);
    assert.deepEqual([lead.city, lead.status, lead.stageHistory.length], [null, 'new', 1]);
    assert.deepEqual(await eventsOf(id), ['lead.created']);
  });

  test('a stage that does not exist is no move', async () => {
    const { id } = await newLead();
    const answer = expectStatus(await move('admin', id, 'won'), 400);
    assert.equal(answer.body.code, 'VALIDATION');
  });
});

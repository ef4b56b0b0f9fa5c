/* Kevin's availability: a switch over his schedule, both under "on a call". */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  TIME,
  admin,
  agent,
  as,
  endAllCalls,
  endCall,
  execute,
  expectInvalid,
  expectStatus,
  newAnsweredCall,
  newCall,
  query,
} from './support.mjs';

const get = async (by = admin) => expectStatus(await by.get('/api/kevin/availability'), 200).body.data;
const put = (body, by = admin) => by.put('/api/kevin/availability', body);
const set = async (...args) => expectStatus(await put(...args), 200).body.data;
const soon = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();

let override;
let schedule;

/* Without hours, so that none of them begins or ends between two answers that are compared. */
before(async () => {
  ({ override } = await get());
  schedule = expectStatus(await admin.get('/api/kevin/schedule'), 200).body.data;
  expectStatus(await admin.put('/api/kevin/schedule', { slots: [] }), 200);
});
after(async () => {
  const { timezone, slots, exceptions } = schedule;
  await endAllCalls();
  expectStatus(await admin.put('/api/kevin/schedule', { timezone, slots, exceptions }), 200);
  await set(override ?? { available: null });
});

describe('the availability', () => {
  test('says whether Kevin can take a call, and why', async () => {
    const data = await get();
    assert.deepEqual(Object.keys(data).sort(), [
      'available',
      'isWithinSchedule',
      'nextAvailable',
      'onCall',
      'override',
      'updatedAt',
      'updatedBy',
    ]);
    for (const name of ['available', 'isWithinSchedule', 'onCall']) assert.equal(typeof data[name], 'boolean', name);
  });

  test('is the same for everybody', async () => {
    const data = await set({ available: true, reason: 'for all' });
    for (const role of ['admin', 'kevin', 'operator', 'analyst', 'agent'])
      assert.deepEqual(await get(await as(role)), data, role);
  });
});

describe('the switch', () => {
  test('wins over the schedule, in both directions', async () => {
    for (const available of [true, false]) {
      const data = await set({ available, reason: 'ä€😀' });
      assert.equal(data.available, available);
      assert.deepEqual(data.override, { available, reason: 'ä€😀', until: null });
      assert.match(data.updatedAt, TIME);
      assert.deepEqual(await get(), data);
    }
  });

  test('remembers who turned it', async () => {
    const kevin = await as('kevin');
    const { id } = (await kevin.get('/api/auth/me')).body.data;
    assert.equal((await set({ available: true }, kevin)).updatedBy, id);
  });

  test('is answered with a message', async () => {
    assert.equal((await put({ available: true })).body.message, 'Availability updated');
  });

  test('dropped with null leaves it to the schedule', async () => {
    await set({ available: false, reason: 'lunch', until: soon(3600) });
    const data = await set({ available: null });
    assert.equal(data.override, null);
    assert.equal(data.available, data.isWithinSchedule);
  });

  test('without a reason forgets the old one', async () => {
    await set({ available: false, reason: 'lunch' });
    assert.equal((await set({ available: false })).override.reason, null);
  });

  test('ends by itself at the time it names', async () => {
    const until = soon(3600);
    const data = await set({ available: false, until });
    assert.deepEqual([data.available, data.override.until], [false, until]);
    await execute('update vals.kevin set override_until = now()');
    const later = await get();
    assert.deepEqual([later.override, later.available], [null, later.isWithinSchedule]);
  });

  test('off until some time says that Kevin is then available, if he is', async () => {
    await execute(
      `insert into vals.kevin_exceptions (date, available, note)
       select (now() at time zone timezone)::date + d, true, 'api-test'
       from vals.kevin, generate_series(0, 1) d
       on conflict do nothing`,
    );
    try {
      const until = soon(3600);
      assert.equal((await set({ available: false, until })).nextAvailable, until);
      assert.equal((await set({ available: true })).nextAvailable, null);
    } finally {
      await execute("delete from vals.kevin_exceptions where note = 'api-test'");
    }
  });

  test('takes a form', async () => {
    assert.equal((await set(new URLSearchParams({ available: 'false', reason: 'a form' }))).override.reason, 'a form');
    assert.equal((await set(new URLSearchParams({ available: '1' }))).available, true);
  });

  test('refuses a time that has passed', async () => {
    expectInvalid(await put({ available: true, until: soon(-1) }), 'until');
    expectInvalid(await put({ available: true, until: '2001-01-01T00:00:00Z' }), 'until');
  });

  test('names every field it refuses and stays as it was', async () => {
    const before = await set({ available: true, reason: 'stays' });
    expectInvalid(await put({}), 'available');
    for (const available of ['true', 1, 'yes', [true], {}]) expectInvalid(await put({ available }), 'available');
    expectInvalid(await put({ available: false, reason: 'x'.repeat(201), until: 'tomorrow' }), 'reason', 'until');
    expectInvalid(await put({ available: false, until: '2999-02-30T00:00:00Z' }), 'until');
    expectInvalid(await put({ available: false, onCall: true, updatedBy: 'me' }), 'onCall', 'updatedBy');
    assert.deepEqual(await get(), before);
  });

  test('is told to the world', async () => {
    const [{ max }] = await query('select coalesce(max(id), 0) as max from vals.event_log');
    const until = soon(3600);
    await set({ available: false, reason: 'lunch', until });
    const events = await query("select payload from vals.event_log where kind = 'kevin.availability' and id > :'max'", {
      max,
    });
    assert.equal(events.length, 1);
    const { available, reason, until: told, timestamp } = events[0].payload;
    assert.deepEqual([available, reason, told], [false, 'lunch', until]);
    assert.match(timestamp, TIME);
  });
});

describe('a call', () => {
  test('with Kevin makes him unavailable whatever the switch says, until it is over', async () => {
    await set({ available: true });
    const { callId } = await newAnsweredCall();
    await execute("update vals.calls set status = 'transferred' where id = :'id'", { id: callId });
    const during = await get();
    assert.deepEqual([during.onCall, during.available, during.override.available], [true, false, true]);
    const { data } = expectStatus(
      await agent.post('/api/agent/engagement-score', { callId, engagementScore: 99 }),
      200,
    ).body;
    assert.equal(data.suggestTransfer, false);

    await endCall(callId, {}, admin);
    const later = await get();
    assert.deepEqual([later.onCall, later.available], [false, true]);
  });

  test('remembers whether Kevin was available when it began', async () => {
    for (const available of [true, false]) {
      await set({ available });
      const { callId, data } = await newCall();
      assert.equal(data.kevinAvailable, available);
      await set({ available: !available });
      assert.equal((await admin.get(`/api/calls/${callId}`)).body.data.kevinAvailable, available);
      await endCall(callId);
    }
  });
});

/* Kevin's schedule, said in two ways. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TIME, admin, as, execute, expectInvalid, expectStatus, query } from './support.mjs';

const PATH = '/api/kevin/schedule';
const get = async (by = admin) => expectStatus(await by.get(PATH), 200).body.data;
const put = (body, by = admin) => by.put(PATH, body);
const set = async (...args) => expectStatus(await put(...args), 200).body.data;
const slot = (dayOfWeek, startTime, endTime, more = {}) => ({ dayOfWeek, startTime, endTime, isActive: true, ...more });
/* What does not become another with the hour. */
const timeless = ({ isWithinSchedule, nextChange, ...rest }) => rest;
const hours = ({ slots }) => slots.map(({ dayOfWeek, startTime, endTime }) => `${dayOfWeek} ${startTime}-${endTime}`);
const aroundTheClock = [0, 1, 2, 3, 4, 5, 6].map((day) => slot(day, '00:00', '24:00'));

let original;
let override;

before(async () => {
  original = await get();
  ({ override } = expectStatus(await admin.get('/api/kevin/availability'), 200).body.data);
});
after(async () => {
  await set({ timezone: original.timezone, slots: original.slots, exceptions: original.exceptions });
  await admin.put('/api/kevin/availability', override ?? { available: null });
});

describe('the schedule', () => {
  test('is replaced as a whole, and answered as it is then', async () => {
    const week = {
      timezone: 'Europe/Berlin',
      slots: [slot(3, '08:30', '12:15'), slot(0, '22:00', '02:00'), slot(5, '09:00', '10:00', { isActive: false })],
      exceptions: [
        { date: '2031-12-24', available: false, note: 'Weihnachten äöü' },
        { date: '2031-12-23', available: true, startTime: '10:00', endTime: '12:00' },
      ],
    };
    const data = await set(week);
    assert.equal(data.timezone, 'Europe/Berlin');
    assert.deepEqual(data.slots, [week.slots[1], week.slots[0], week.slots[2]]);
    assert.deepEqual(data.exceptions, [
      { date: '2031-12-23', available: true, startTime: '10:00', endTime: '12:00', note: null },
      { date: '2031-12-24', available: false, startTime: null, endTime: null, note: 'Weihnachten äöü' },
    ]);
    assert.match(data.nextChange, TIME);
    assert.match(data.updatedAt, TIME);
    assert.equal(typeof data.isWithinSchedule, 'boolean');
    assert.deepEqual(timeless(await get()), timeless(data));

    const emptied = await set({ slots: [] });
    assert.deepEqual([emptied.timezone, emptied.slots, emptied.exceptions, emptied.nextChange], ['Europe/Berlin', [], [], null]);
  });

  test('is taken back as it was answered', async () => {
    const { timezone, slots, exceptions } = await set({ timezone: 'UTC', slots: [slot(1, '09:00', '00:00')], exceptions: [{ date: '2031-01-01', available: false }] });
    const again = await set({ timezone, slots, exceptions });
    assert.deepEqual([again.timezone, again.slots, again.exceptions], [timezone, slots, exceptions]);
  });

  test('can be said by days', async () => {
    const data = await set({
      timezone: 'America/New_York',
      monday: { start: '09:00', end: '17:00', available: true },
      tuesday: { start: '09:00', end: '17:00', available: false },
      wednesday: { available: false },
      thursday: null,
      sunday: { start: '20:00', end: '02:00' },
    });
    assert.deepEqual(data.slots, [slot(0, '20:00', '02:00'), slot(1, '09:00', '17:00')]);
  });

  test('merges what overlaps', async () => {
    assert.deepEqual(hours(await set({ slots: [slot(1, '09:00', '12:00'), slot(1, '11:00', '14:00'), slot(1, '14:00', '15:00'), slot(2, '09:00', '10:00')] })), ['1 09:00-15:00', '2 09:00-10:00']);
    assert.deepEqual(hours(await set({ slots: [slot(6, '20:00', '02:00'), slot(6, '18:00', '21:00')] })), ['6 18:00-02:00']);
  });

  test('remembers who made it', async () => {
    const kevin = await as('kevin');
    const { id } = (await kevin.get('/api/auth/me')).body.data;
    assert.equal((await set({ slots: [] }, kevin)).updatedBy, id);
    assert.equal((await put({ slots: [] })).body.message, 'Schedule updated');
  });

  test('decides where no switch does, and the world hears of it', async () => {
    expectStatus(await admin.put('/api/kevin/availability', { available: null }), 200);
    await set({ slots: [] });
    const [{ max }] = await query('select coalesce(max(id), 0) as max from vals.event_log');
    const told = () => query("select payload ->> 'available' as available from vals.event_log where kind = 'kevin.availability' and id > :'max' order by id", { max });
    const available = async () => expectStatus(await admin.get('/api/kevin/availability'), 200).body.data.available;

    assert.equal(await available(), false);
    assert.equal((await set({ slots: aroundTheClock })).isWithinSchedule, true);
    assert.equal(await available(), true);
    await set({ slots: aroundTheClock });
    assert.equal((await set({ slots: [] })).isWithinSchedule, false);
    assert.equal(await available(), false);
    assert.deepEqual(await told(), [{ available: 'true' }, { available: 'false' }]);
  });

  test('an exception of today counts', async () => {
    /* Tomorrow too: it may begin meanwhile. */
    const days = (await query("select (now() at time zone 'Asia/Tokyo')::date + d as date from generate_series(0, 1) d")).map(({ date }) => date);
    const exceptions = (available) => days.map((date) => ({ date, available }));
    assert.equal((await set({ timezone: 'Asia/Tokyo', slots: aroundTheClock, exceptions: exceptions(false) })).isWithinSchedule, false);
    assert.equal((await set({ slots: [], exceptions: exceptions(true) })).isWithinSchedule, true);
  });

  test('is audited', async () => {
    await execute("delete from vals.audit_log where action = 'kevin.schedule'");
    await set({ timezone: 'UTC', slots: [slot(1, '09:00', '10:00')] });
    const [row] = await query("select actor_role, before -> 'slots' as before, after -> 'slots' as after from vals.audit_log where action = 'kevin.schedule'");
    assert.deepEqual(row, { actor_role: 'admin', before: [], after: [slot(1, '09:00', '10:00')] });
  });
});

describe('refused, and all stays as it was', () => {
  const cases = [
    ['no hours', {}, 'slots'],
    ['a zone alone', { timezone: 'UTC' }, 'slots'],
    ['both ways at once', { slots: [], monday: { available: false } }, 'slots'],
    ['slots that are no list', { slots: { monday: 1 } }, 'slots'],
    ['a slot that is none', { slots: [7] }, 'slots[0]'],
    ['an unknown zone', { slots: [], timezone: 'Mars/Olympus' }, 'timezone'],
    ['a rule for a zone', { slots: [], timezone: 'Foo/Bar5' }, 'timezone'],
    ['an abbreviation for a zone', { slots: [], timezone: 'PST' }, 'timezone'],
    ['no zone', { slots: [], timezone: '' }, 'timezone'],
    ['an eighth day', { slots: [slot(7, '09:00', '10:00')] }, 'slots[0].dayOfWeek'],
    ['bad times', { slots: [slot(1, '9:00', '10:00'), slot(1, '09:60', '25:00'), slot(1, '24:01', 900)] }, 'slots[0].startTime', 'slots[1].startTime', 'slots[1].endTime',
      'slots[2].startTime', 'slots[2].endTime'],
    ['missing times', { slots: [{ dayOfWeek: 1 }] }, 'slots[0].startTime', 'slots[0].endTime'],
    ['a slot that begins at the end of the day', { slots: [slot(1, '24:00', '01:00')] }, 'slots[0].startTime'],
    ['a day that does', { monday: { start: '24:00', end: '01:00' } }, 'monday.start'],
    ['an unknown member', { slots: [slot(1, '09:00', '10:00', { colour: 'red' })] }, 'slots[0].colour'],
    ['a day without an end', { monday: { start: '09:00' } }, 'monday'],
    ['a day that is none', { monday: '09:00-17:00' }, 'monday'],
    ['a day with a bad time', { monday: { start: 'nine', end: '17:00' } }, 'monday.start'],
    ['an exception without its day', { slots: [], exceptions: [{ available: false }] }, 'exceptions[0].date'],
    ['an exception that says nothing', { slots: [], exceptions: [{ date: '2031-01-01' }] }, 'exceptions[0].available'],
    ['a day that is a moment', { slots: [], exceptions: [{ date: '2031-01-01T00:00:00Z', available: true }] }, 'exceptions[0].date'],
    ['the 30th of February', { slots: [], exceptions: [{ date: '2032-02-29', available: true }, { date: '2031-02-29', available: true }] }, 'exceptions[1].date'],
    ['a day named twice', { slots: [], exceptions: [{ date: '2031-01-01', available: true }, { date: '2031-01-01', available: false }] }, 'exceptions'],
    ['a long note', { slots: [], exceptions: [{ date: '2031-01-01', available: true, note: 'x'.repeat(201) }] }, 'exceptions[0].note'],
    ['too many slots', { slots: Array.from({ length: 201 }, () => slot(1, '09:00', '10:00')) }, 'slots'],
    ['what the server sets', { slots: [], nextChange: null, updatedAt: null }, 'nextChange', 'updatedAt'],
  ];
  for (const [title, body, ...fields] of cases)
    test(title, async () => {
      const was = await set({ timezone: 'UTC', slots: [slot(2, '09:00', '10:00')] });
      expectInvalid(await put(body), ...fields);
      assert.deepEqual(timeless(await get()), timeless(was));
    });
});

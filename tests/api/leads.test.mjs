/* One lead: created, read, changed, hidden. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  MALFORMED_IDS,
  TIME,
  UUID,
  admin,
  as,
  endAllCalls,
  endCall,
  etagVersion,
  eventsOf,
  expectInvalid,
  expectProblem,
  expectStatus,
  foreignId,
  freshPhone,
  getLead,
  leadBody,
  newCall,
  newLead,
  query,
  runName,
} from './support.mjs';

after(endAllCalls);

const EVERYTHING = {
  email: `everything.${runName}@example.com`,
  source: 'referral',
  initialInterest: 'a second income',
  timezone: 'America/Chicago',
  country: 'CA',
  state: 'Ontario',
  city: 'Toronto',
  currentIncomeRange: '25k_50k',
  desiredIncomeRange: '100k or more',
  timeAvailability: 'evenings',
  experienceLevel: 'some_experience',
  kevinNotes: 'first line\nsecond line\twith a tab',
  kevinRating: 7,
  relationshipStrength: 'warm',
  doNotCall: true,
  consent: { given: true, at: '2026-01-31T15:04:05.000Z', source: 'web form' },
  tags: ['vip', 'second', 'vip'],
  customFields: { number: 1.5, text: 'x', nested: { list: [1, null, true] } },
  nextFollowup: '2027-03-01T09:30:00.250Z',
};

describe('creating a lead', () => {
  test('answers 201 with the lead, its version and its address in the world', async () => {
    const body = leadBody();
    const answer = expectStatus(await admin.post('/api/leads', body), 201);
    const { data, message } = answer.body;

    assert.equal(message, 'Lead created successfully');
    assert.match(data.id, UUID);
    assert.match(data.createdAt, TIME);
    assert.equal(data.firstName, body.firstName);
    assert.equal(data.phone, body.phone);
    assert.equal(data.status, 'new');
    assert.equal(data.qualificationScore, 0);
    assert.equal(data.country, 'US');
    assert.deepEqual([data.doNotCall, data.tags, data.customFields, data.lastCall], [false, [], {}, null]);
    assert.equal(etagVersion(answer), data.version);
    assert.deepEqual(await getLead(data.id), data);
  });

  test('keeps every field as it was sent', async () => {
    const data = await newLead(EVERYTHING);
    for (const [name, value] of Object.entries(EVERYTHING)) {
      const expected = name === 'nextFollowup' ? '2027-03-01T09:30:00.250Z' : value;
      assert.deepEqual(data[name], expected, name);
    }
  });

  test('remembers who did it', async () => {
    const operator = await as('operator');
    const { id } = (await operator.get('/api/auth/me')).body.data;
    const { data } = expectStatus(await operator.post('/api/leads', leadBody()), 201).body;
    assert.deepEqual([data.createdBy, data.updatedBy], [id, id]);
  });

  test('begins as new with score 0 whatever was sent', async () => {
    const data = await newLead({ status: 'closed', qualificationScore: 99 });
    assert.deepEqual([data.status, data.qualificationScore], ['new', 0]);
  });

  test('starts the stage history', async () => {
    const { stageHistory } = await newLead();
    assert.equal(stageHistory.length, 1);
    const [{ from, to, cause, changedAt }] = stageHistory;
    assert.deepEqual([from, to, cause], [null, 'new', 'created']);
    assert.match(changedAt, TIME);
  });

  test('tells the world once', async () => {
    const { id } = await newLead();
    const events = await query("select kind, payload from vals.event_log where lead_id = :'id'", { id });
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['lead.created'],
    );
    const { leadId, name, source, timestamp } = events[0].payload;
    assert.deepEqual([leadId, name, source], [id, `Ada ${runName}`, 'api-test']);
    assert.match(timestamp, TIME);
  });

  test('needs both names and a telephone number', async () => {
    expectInvalid(await admin.post('/api/leads', {}), 'firstName', 'lastName', 'phone');
    expectInvalid(await admin.post('/api/leads'), 'firstName', 'lastName', 'phone');
  });

  test('a refused lead leaves nothing behind', async () => {
    const phone = freshPhone();
    expectInvalid(await admin.post('/api/leads', leadBody({ phone, kevinRating: 11 })), 'kevinRating');
    assert.deepEqual(await query("select id from vals.leads where phone = :'phone'", { phone }), []);
  });

  test('strips blanks, dots, dashes and brackets from a telephone number', async () => {
    const phone = freshPhone();
    const [, area, rest] = phone.match(/^\+1(\d{3})555(\d{4})$/);
    assert.equal((await newLead({ phone: `+1 (${area}) 555-${rest.slice(0, 2)}.${rest.slice(2)} ` })).phone, phone);
  });

  test('strips a blank before a telephone number as well', async () => {
    const phone = freshPhone();
    assert.equal((await newLead({ phone: ` ${phone}` })).phone, phone);
  });

  test('trims texts and writes country in capitals and email in small letters', async () => {
    const data = await newLead({ firstName: '  Ada\t', country: 'de', email: `  MiXed.${runName}@Example.COM ` });
    assert.deepEqual([data.firstName, data.country, data.email], ['Ada', 'DE', `mixed.${runName}@example.com`]);
  });

  test('an email with capitals outside ASCII is compared in small letters, too', async () => {
    const { email } = await newLead({ email: `JÖRG.${runName}@example.com` });
    assert.equal(email, `jörg.${runName}@example.com`);
  });

  test('texts of all planes come back as they were', async () => {
    const text = 'ä€😀 ‮rtl‬ é 中文 \u{10FFFD}';
    const data = await newLead({
      firstName: text,
      kevinNotes: `"\\/\b`.slice(0, 3) + text,
      tags: [text],
      customFields: { [text]: text },
    });
    assert.equal(data.firstName, text);
    assert.equal(data.kevinNotes, `"\\/${text}`);
    assert.deepEqual(data.tags, [text]);
    assert.deepEqual(data.customFields, { [text]: text });
    assert.deepEqual(await getLead(data.id), data);
  });

  test('a telephone number in use is 409 and makes no second lead', async () => {
    const { phone } = await newLead();
    const answer = expectProblem(await admin.post('/api/leads', leadBody({ phone })), 409, 'PHONE_TAKEN');
    assert.equal(answer.body.error, 'A lead with this phone number already exists');
    assert.equal((await query("select id from vals.leads where phone = :'phone'", { phone })).length, 1);
  });

  test('an email in use is 409, however it is written', async () => {
    const email = `taken.${runName}@example.com`;
    await newLead({ email });
    expectProblem(await admin.post('/api/leads', leadBody({ email: email.toUpperCase() })), 409, 'EMAIL_TAKEN');
  });

  test('two at once with one number are one 201 and one 409', async () => {
    const phone = freshPhone();
    const answers = await Promise.all([1, 2].map(() => admin.post('/api/leads', leadBody({ phone }))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
  });

  test('a form makes the same lead as JSON', async () => {
    const phone = freshPhone();
    const form = new URLSearchParams([
      ['firstName', 'Bob & ä€😀'],
      ['lastName', runName],
      ['phone', phone],
      ['kevinRating', '3'],
      ['doNotCall', 'true'],
      ['tags[]', 'one'],
      ['tags[]', 'two'],
      ['customFields[colour]', 'red'],
      ['consent[given]', 'true'],
      ['consent[source]', 'form'],
    ]);
    const { data } = expectStatus(await admin.post('/api/leads', form), 201).body;
    assert.deepEqual([data.firstName, data.phone, data.kevinRating, data.doNotCall], ['Bob & ä€😀', phone, 3, true]);
    assert.deepEqual([data.tags, data.customFields], [['one', 'two'], { colour: 'red' }]);
    assert.equal(data.consent.given, true);
  });

  test('a plus in a form is a blank, so an unescaped number is refused', async () => {
    const answer = await admin.post('/api/leads', `firstName=A&lastName=B&phone=1${freshPhone()}`, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expectInvalid(answer, 'phone');
  });
});

describe('reading a lead', () => {
  test('an id nobody has is 404', async () => {
    const answer = expectProblem(await admin.get(`/api/leads/${foreignId()}`), 404, 'NOT_FOUND');
    assert.equal(answer.body.error, 'Lead not found');
  });

  for (const id of MALFORMED_IDS)
    test(`the malformed id ${id} is 404`, async () => {
      for (const method of ['get', 'put', 'delete'])
        expectStatus(await admin[method](`/api/leads/${id}`, method === 'put' ? {} : undefined), 404);
    });

  test('the letters of an id may be capitals', async () => {
    const { id } = await newLead();
    assert.equal(expectStatus(await admin.get(`/api/leads/${id.toUpperCase()}`), 200).body.data.id, id);
  });

  test('tells of the last call', async () => {
    const { lead, callId } = await newCall();
    await admin.post('/api/agent/engagement-score', { callId, engagementScore: 42.5 });
    const { lastCall } = await getLead(lead.id);
    assert.deepEqual([lastCall.id, lastCall.endTime, lastCall.engagementScore], [callId, null, 42.5]);
    await endCall(callId, { finalStatus: 'callback' });
    const ended = (await getLead(lead.id)).lastCall;
    assert.equal(ended.finalStatus, 'callback');
    assert.match(ended.endTime, TIME);
  });
});

describe('changing a lead', () => {
  test('changes what was sent and leaves the rest', async () => {
    const before = await newLead({ city: 'Boston', tags: ['a'], kevinRating: 3 });
    const answer = expectStatus(await admin.put(`/api/leads/${before.id}`, { city: 'Salem', kevinRating: null }), 200);
    assert.equal(answer.body.message, 'Lead updated successfully');

    const { version, updatedAt, city, kevinRating, ...rest } = answer.body.data;
    assert.deepEqual([version, city, kevinRating], [before.version + 1, 'Salem', null]);
    assert.ok(updatedAt > before.updatedAt);
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(value, before[name], name);
    assert.equal(etagVersion(answer), version);
    assert.deepEqual(await getLead(before.id), answer.body.data);
  });

  test('tells the world the changed fields only', async () => {
    const { id } = await newLead({ city: 'Boston', tags: ['a'] });
    await admin.put(`/api/leads/${id}`, { city: 'Salem', firstName: 'Ada', tags: ['b', 'c'] });
    const [{ payload }] = await query(
      "select payload from vals.event_log where lead_id = :'id' and kind = 'lead.updated'",
      { id },
    );
    assert.deepEqual([payload.leadId, payload.changes], [id, { city: 'Salem', tags: ['b', 'c'] }]);
  });

  test('without a change there is no new version and no event', async () => {
    const before = await newLead();
    for (const body of [{}, { firstName: before.firstName, status: 'new', customFields: {} }]) {
      const { data } = expectStatus(await admin.put(`/api/leads/${before.id}`, body), 200).body;
      assert.deepEqual(data, before);
    }
    assert.deepEqual(await eventsOf(before.id), ['lead.created']);
  });

  test('takes every field that may be written', async () => {
    const { id } = await newLead();
    const changes = {
      ...EVERYTHING,
      email: `put.${runName}@example.com`,
      firstName: 'Grace',
      lastName: 'Hopper',
      phone: freshPhone(),
      qualificationScore: 77,
      lastContacted: '2026-02-03T04:05:06.000Z',
    };
    const { data } = expectStatus(await admin.put(`/api/leads/${id}`, changes), 200).body;
    for (const [name, value] of Object.entries(changes)) assert.deepEqual(data[name], value, name);
  });

  test('lets go of what may be empty', async () => {
    const { id } = await newLead(EVERYTHING_BUT_UNIQUE);
    const nulls = Object.fromEntries(NULLABLE.map((name) => [name, null]));
    const { data } = expectStatus(await admin.put(`/api/leads/${id}`, nulls), 200).body;
    for (const name of NULLABLE) assert.equal(data[name], null, name);
  });

  test('does not let go of what every lead has', async () => {
    const { id } = await newLead();
    const names = [
      'firstName',
      'lastName',
      'phone',
      'country',
      'doNotCall',
      'tags',
      'customFields',
      'status',
      'qualificationScore',
    ];
    expectInvalid(await admin.put(`/api/leads/${id}`, Object.fromEntries(names.map((name) => [name, null]))), ...names);
  });

  test('a form changes a lead, too', async () => {
    const { id } = await newLead();
    const form = new URLSearchParams({ qualificationScore: '55', doNotCall: '1', city: 'a+b c' });
    const { data } = expectStatus(await admin.put(`/api/leads/${id}`, form), 200).body;
    assert.deepEqual([data.qualificationScore, data.doNotCall, data.city], [55, true, 'a+b c']);
  });

  test('an id nobody has is 404', async () => {
    expectProblem(await admin.put(`/api/leads/${foreignId()}`, { city: 'x' }), 404, 'NOT_FOUND');
  });

  test("another lead's number or email is 409", async () => {
    const email = `other.${runName}@example.com`;
    const other = await newLead({ email });
    const { id } = await newLead();
    expectProblem(await admin.put(`/api/leads/${id}`, { phone: other.phone }), 409, 'PHONE_TAKEN');
    expectProblem(await admin.put(`/api/leads/${id}`, { email }), 409, 'EMAIL_TAKEN');
    expectStatus(await admin.put(`/api/leads/${other.id}`, { email, phone: other.phone }), 200);
  });

  test('what the server sets may not be sent', async () => {
    const { id } = await newLead();
    const names = ['id', 'createdAt', 'updatedAt', 'createdBy', 'updatedBy', 'lastCall', 'stageHistory'];
    const body = Object.fromEntries(names.map((name) => [name, 'x']));
    expectInvalid(await admin.put(`/api/leads/${id}`, body), ...names);
    expectInvalid(await admin.post('/api/leads', leadBody(body)), ...names);
  });

  test('an unknown field is named', async () => {
    const { id } = await newLead();
    expectInvalid(
      await admin.put(`/api/leads/${id}`, { city: 'x', isAdmin: true, deleted_at: null }),
      'isAdmin',
      'deleted_at',
    );
    assert.equal((await getLead(id)).city, null);
  });
});

const NULLABLE = [
  'email',
  'source',
  'initialInterest',
  'timezone',
  'state',
  'city',
  'currentIncomeRange',
  'desiredIncomeRange',
  'timeAvailability',
  'experienceLevel',
  'kevinNotes',
  'kevinRating',
  'relationshipStrength',
  'consent',
  'nextFollowup',
];
const EVERYTHING_BUT_UNIQUE = { ...EVERYTHING, email: `nulls.${runName}@example.com` };

describe('the version of a lead', () => {
  const stale = async (id, version, body, headers) => {
    const answer = expectProblem(await admin.put(`/api/leads/${id}`, body, headers), 409, 'VERSION_CONFLICT');
    assert.equal(answer.body.version, version);
  };

  test('a stale If-Match is 409 with the version of today, and changes nothing', async () => {
    const { id } = await newLead();
    await admin.put(`/api/leads/${id}`, { city: 'first' });
    await stale(id, 2, { city: 'second' }, { 'if-match': '"1"' });
    for (const value of ['"no version"', '"1","3"', '""', ','])
      await stale(id, 2, { city: 'second' }, { 'if-match': value });
    assert.equal((await getLead(id)).city, 'first');
  });

  test('a fresh If-Match, a weak one and any (*) are accepted', async () => {
    const { id } = await newLead();
    const tag = (await admin.get(`/api/leads/${id}`)).headers.get('etag');
    for (const [value, city] of [
      [tag, 'a'],
      ['W/"2"', 'b'],
      ['*', 'c'],
      ['"1", W/"4"', 'd'],
      [' "5" ,"77"', 'e'],
    ]) {
      const { data } = expectStatus(await admin.put(`/api/leads/${id}`, { city }, { 'if-match': value }), 200).body;
      assert.equal(data.city, city);
    }
  });

  test('a version in the body counts the same', async () => {
    const { id } = await newLead();
    expectStatus(await admin.put(`/api/leads/${id}`, { version: 1, city: 'a' }), 200);
    await stale(id, 2, { version: 1, city: 'b' });
    expectInvalid(await admin.put(`/api/leads/${id}`, { version: 'one' }), 'version');
  });

  test('of two who read the same version only one writes', async () => {
    const { id } = await newLead();
    const answers = await Promise.all(
      ['x', 'y'].map((city) => admin.put(`/api/leads/${id}`, { city }, { 'if-match': '"1"' })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    assert.equal((await getLead(id)).version, 2);
  });
});

describe('deleting a lead', () => {
  test('hides it everywhere, once', async () => {
    const { id } = await newLead({ lastName: `${runName}gone` });
    const answer = expectStatus(await admin.delete(`/api/leads/${id}`), 200);
    assert.equal(answer.body.message, 'Lead deleted successfully');
    assert.equal(answer.body.data.id, id);
    assert.match(answer.body.data.deletedAt, TIME);

    expectStatus(await admin.get(`/api/leads/${id}`), 404);
    expectStatus(await admin.put(`/api/leads/${id}`, { city: 'x' }), 404);
    expectProblem(await admin.delete(`/api/leads/${id}`), 404, 'NOT_FOUND');
    expectStatus(await admin.post('/api/agent/start-call', { leadId: id }), 404);
    const { body } = await admin.get(`/api/leads?search=${runName}gone`);
    assert.deepEqual([body.data, body.pagination.total], [[], 0]);
    assert.deepEqual(await eventsOf(id), ['lead.created', 'lead.deleted']);
  });

  test('keeps the row', async () => {
    const { id } = await newLead();
    await admin.delete(`/api/leads/${id}`);
    assert.equal(
      (await query("select id from vals.leads where id = :'id' and deleted_at is not null", { id })).length,
      1,
    );
  });

  test('frees its number and email', async () => {
    const email = `again.${runName}@example.com`;
    const { id, phone } = await newLead({ email });
    await admin.delete(`/api/leads/${id}`);
    assert.notEqual((await newLead({ phone, email })).id, id);
  });

  test('waits for the end of a call, whose record then stays', async () => {
    const { lead, callId } = await newCall();
    expectProblem(await admin.delete(`/api/leads/${lead.id}`), 409, 'LEAD_ON_CALL');
    await endCall(callId);
    expectStatus(await admin.delete(`/api/leads/${lead.id}`), 200);
    const { data } = expectStatus(await admin.get(`/api/calls/${callId}`), 200).body;
    assert.deepEqual([data.leadId, data.leadName], [lead.id, `Ada ${runName}`]);
  });

  test('an id nobody has is 404', async () => {
    expectProblem(await admin.delete(`/api/leads/${foreignId()}`), 404, 'NOT_FOUND');
  });
});

/* Idempotency-Key: a POST that is repeated has its effect once, and answers as it did. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import {
  admin,
  agent,
  as,
  cookiesOf,
  dialsTo,
  endAllCalls,
  endCall,
  etagVersion,
  eventsOf,
  execute,
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
  sendLines,
  sim,
  toBeEnded,
} from './support.mjs';

after(endAllCalls);
after(() => execute("delete from vals.idempotency_keys where key like :'run' || '%'", { run: runName }));

const freshKey = () => `${runName}-${randomUUID()}`;
const withKey = (key) => ({ 'idempotency-key': key });
const create = (body, key, by = admin) => by.post('/api/leads', body, withKey(key));
const start = (leadId, key, more) => agent.post('/api/agent/start-call', { leadId, ...more }, withKey(key));

const isReplay = (answer) => answer.headers.get('idempotency-replayed') === 'true';
const leadsWith = (phone) => query("select id from vals.leads where phone = :'phone'", { phone });

function expectReplay(answer, first) {
  expectStatus(answer, first.status);
  assert.ok(isReplay(answer), 'it is marked as a replay');
  assert.equal(answer.text, first.text);
  for (const name of ['etag', 'location']) assert.equal(answer.headers.get(name), first.headers.get(name), name);
}

describe('a POST that is repeated', () => {
  test('is answered from memory', async () => {
    const body = leadBody();
    const key = freshKey();
    const first = expectStatus(await create(body, key), 201);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    assert.equal(first.headers.get('location'), `/api/leads/${first.body.data.id}`);
    assert.equal(etagVersion(first), 1);
    for (let i = 0; i < 3; i += 1) expectReplay(await create(body, key), first);
    assert.equal((await leadsWith(body.phone)).length, 1);
    assert.deepEqual(await eventsOf(first.body.data.id), ['lead.created']);
  });

  test('is answered as it was, even if the world has moved on', async () => {
    const body = leadBody();
    const key = freshKey();
    const first = await create(body, key);
    await admin.delete(`/api/leads/${first.body.data.id}`);
    expectReplay(await create(body, key), first);
  });

  test('without a key has its effect again', async () => {
    const body = leadBody();
    expectStatus(await admin.post('/api/leads', body), 201);
    expectProblem(await admin.post('/api/leads', body), 409, 'PHONE_TAKEN');
  });

  test('with another body is 409, and the key still answers the first', async () => {
    const body = leadBody();
    const key = freshKey();
    const first = expectStatus(await create(body, key), 201);
    const other = leadBody();
    expectProblem(await create(other, key), 409, 'IDEMPOTENCY_MISMATCH');
    expectProblem(await create(`${JSON.stringify(body)} `, key), 409, 'IDEMPOTENCY_MISMATCH');
    assert.equal((await leadsWith(other.phone)).length, 0);
    expectReplay(await create(body, key), first);
  });

  test('by somebody else is another request', async () => {
    const key = freshKey();
    const body = leadBody();
    expectStatus(await create(body, key), 201);
    const answer = expectProblem(await create(body, key, await as('operator')), 409, 'PHONE_TAKEN');
    assert.ok(!isReplay(answer));
  });

  test('to another route is another request', async () => {
    const key = freshKey();
    const { callId } = await newCall();
    expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 5 }, withKey(key)), 200);
    const answer = expectStatus(await endCallWith(callId, key), 200);
    assert.ok(!isReplay(answer));
  });

  test('after a day is another request', async () => {
    const key = freshKey();
    const body = leadBody();
    const first = expectStatus(await create(body, key), 201).body.data;
    await execute(
      "update vals.idempotency_keys set created_at = created_at - interval '24 hours 1 second' where key = :'key'",
      { key },
    );
    await admin.delete(`/api/leads/${first.id}`);
    const second = expectStatus(await create(body, key), 201);
    assert.ok(!isReplay(second));
    assert.notEqual(second.body.data.id, first.id);
  });

  test('as a form is one, too', async () => {
    const key = freshKey();
    const form = new URLSearchParams(leadBody());
    const first = expectStatus(await create(form, key), 201);
    expectReplay(await create(form, key), first);
  });

  test('reports an engagement once', async () => {
    const { callId } = await newCall();
    const key = freshKey();
    const report = () => agent.post('/api/agent/engagement-score', { callId, engagementScore: 33 }, withKey(key));
    const first = expectStatus(await report(), 200);
    expectReplay(await report(), first);
    assert.equal(
      (await query("select id from vals.engagement_reports where call_id = :'callId'", { callId })).length,
      1,
    );
    await endCall(callId);
  });
});

const endCallWith = (callId, key) => agent.post('/api/agent/end-call', { callId }, withKey(key));

describe('a refusal by a rule', () => {
  test('(409) is kept, even when the reason is gone', async () => {
    const other = await newLead();
    const body = leadBody({ phone: other.phone });
    const key = freshKey();
    const first = expectProblem(await create(body, key), 409, 'PHONE_TAKEN');
    await admin.delete(`/api/leads/${other.id}`);
    expectReplay(await create(body, key), first);
    assert.equal((await leadsWith(other.phone)).length, 1);
  });

  test('(404) is kept', async () => {
    const id = foreignId();
    const key = freshKey();
    const first = expectProblem(await start(id, key), 404, 'NOT_FOUND');
    expectReplay(await start(id, key), first);
    expectProblem(await start(foreignId(), key), 409, 'IDEMPOTENCY_MISMATCH');
  });

  test('(403) is not: what was forbidden may be allowed later', async () => {
    const lead = await newLead({ phone: freshPhone('02'), doNotCall: true });
    const key = freshKey();
    expectProblem(await start(lead.id, key), 403, 'DO_NOT_CALL');
    await admin.put(`/api/leads/${lead.id}`, { doNotCall: false });
    const answer = expectStatus(await start(lead.id, key), 201);
    toBeEnded(answer.body.data.callId);
    assert.ok(!isReplay(answer));
  });

  test('(401, 403 of a role) does not touch the key', async () => {
    const key = freshKey();
    const body = leadBody();
    expectStatus(await create(body, key, await as('nobody')), 401);
    expectStatus(await create(body, key, await as('analyst')), 403);
    assert.ok(!isReplay(expectStatus(await create(body, key), 201)));
  });
});

describe('of requests at once with one key', () => {
  test('one has the effect, all have its answer', async () => {
    const body = leadBody();
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(body, key)));
    assert.deepEqual(answers.map(isReplay).sort(), [false, true, true, true, true, true]);
    for (const answer of answers) assert.equal(expectStatus(answer, 201).text, answers[0].text);
    assert.equal((await leadsWith(body.phone)).length, 1);
  });

  test('and different bodies, one wins and the others are told', async () => {
    const key = freshKey();
    const bodies = Array.from({ length: 5 }, () => leadBody());
    const answers = await Promise.all(bodies.map((body) => create(body, key)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409))
      assert.equal(answer.body.code, 'IDEMPOTENCY_MISMATCH');
    const made = await Promise.all(bodies.map(({ phone }) => leadsWith(phone)));
    assert.equal(made.flat().length, 1);
  });
});

describe('start-call with a key', () => {
  test('dials once, and its replay has the same call and the id of the provider', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    const key = freshKey();
    const first = expectStatus(await start(lead.id, key), 201).body.data;
    toBeEnded(first.callId);
    for (let i = 0; i < 2; i += 1) {
      const again = expectStatus(await start(lead.id, key), 201);
      assert.ok(isReplay(again));
      assert.deepEqual(again.body.data, first);
    }
    assert.notEqual(first.telnyxCallId, null);
    assert.equal((await dialsTo(lead.phone)).length, 1);
  });

  test('sent by five at once dials once', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 5 }, () => start(lead.id, key)));
    const ids = new Set(answers.map((answer) => expectStatus(answer, 201).body.data.callId));
    assert.equal(ids.size, 1);
    toBeEnded([...ids][0]);
    assert.equal(answers.filter(isReplay).length, 4);
    assert.equal((await dialsTo(lead.phone)).length, 1);
  });

  test('repeated after the end of the call does not dial again', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    const key = freshKey();
    const { callId } = expectStatus(await start(lead.id, key), 201).body.data;
    await endCall(callId);
    assert.equal(expectStatus(await start(lead.id, key), 201).body.data.callId, callId);
    assert.equal((await dialsTo(lead.phone)).length, 1);
    assert.equal((await getLead(lead.id)).lastCall.id, callId);
  });

  test('refused by the provider answers the same again and does not dial again', async () => {
    const lead = await newLead();
    const key = freshKey();
    await sim('POST', 'faults', {
      match: { method: 'POST', path: '/calls$', body: lead.phone.slice(1) },
      times: 1,
      status: 422,
      body: { errors: [{ code: '10015', title: 'Bad Request' }] },
    });
    expectProblem(await start(lead.id, key), 502, 'PROVIDER_REFUSED');
    expectProblem(await start(lead.id, key), 502, 'PROVIDER_REFUSED');
    assert.equal((await dialsTo(lead.phone)).length, 1);
    assert.equal((await query("select id from vals.calls where lead_id = :'id'", { id: lead.id })).length, 1);
  });
});

describe('the key', () => {
  test('may have 255 characters', async () => {
    const body = leadBody();
    const key = freshKey().padEnd(255, 'x');
    const first = expectStatus(await create(body, key), 201);
    expectReplay(await create(body, key), first);
  });

  test('of 256 characters is refused, and nothing happens', async () => {
    const body = leadBody();
    const answer = expectStatus(await create(body, freshKey().padEnd(256, 'x')), 400);
    assert.equal(answer.body.code, 'VALIDATION');
    assert.equal((await leadsWith(body.phone)).length, 0);
  });

  test('is text and nothing else', async () => {
    for (const suffix of ["'; drop table vals.leads; --", '%', '"\\', '\t']) {
      const body = leadBody();
      const key = `${freshKey()}${suffix}`;
      const first = expectStatus(await create(body, key), 201);
      expectReplay(await create(body, key), first);
    }
  });

  test('that is no UTF-8 is refused, not a fault of ours', async () => {
    const body = leadBody();
    const answer = await create(body, `${freshKey()}\u00ff\u00e4`);
    expectStatus(answer, 400);
    assert.equal((await leadsWith(body.phone)).length, 0);
  });

  test('that comes twice is refused', async () => {
    const body = JSON.stringify(leadBody());
    const lines = [
      `Authorization: Bearer ${admin.token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `Idempotency-Key: ${freshKey()}`,
      `Idempotency-Key: ${freshKey()}`,
    ];
    expectStatus(await sendLines('POST /api/leads', lines, body), 400);
  });

  test('of a body that fails validation may be used for the right one', async () => {
    const key = freshKey();
    expectInvalid(await create({}, key), 'firstName', 'lastName', 'phone');
    assert.ok(!isReplay(expectStatus(await create(leadBody(), key), 201)));
  });

  test('means nothing to other methods', async () => {
    const { id } = await newLead();
    const key = freshKey();
    for (const city of ['first', 'second']) {
      const answer = expectStatus(await admin.put(`/api/leads/${id}`, { city }, withKey(key)), 200);
      assert.deepEqual([answer.body.data.city, isReplay(answer)], [city, false]);
    }
  });

  test('means nothing at sign-in: tokens are not kept', async () => {
    const key = freshKey();
    const login = async () =>
      (await as('nobody')).post(
        '/api/auth/login',
        { email: process.env.VALS_ADMIN_EMAIL, password: process.env.VALS_ADMIN_PASSWORD },
        withKey(key),
      );
    const [first, second] = [expectStatus(await login(), 200), expectStatus(await login(), 200)];
    assert.ok(!isReplay(second));
    assert.notDeepEqual(cookiesOf(first), cookiesOf(second));
    assert.deepEqual(await query("select key from vals.idempotency_keys where key = :'key'", { key }), []);
  });
});

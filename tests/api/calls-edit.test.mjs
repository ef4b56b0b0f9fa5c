/* Calls as people write them down: records, corrections, transcript. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  MALFORMED_IDS, TIME, UUID, admin, agent, answerCall, as, dialsTo, endAllCalls, endCall, eventsOf, eventually, expectInvalid, expectProblem,
  expectStatus, foreignId, freshPhone, getCall, getLead, newAnsweredCall, newCall, newLead, nobody, query, sim,
} from './support.mjs';

after(endAllCalls);

const record = async (leadId, more = {}, by = admin) => expectStatus(await by.post('/api/calls', { leadId, ...more }), 201).body.data;
const change = async (callId, body, by = admin) => expectStatus(await by.put(`/api/calls/${callId}`, body), 200).body.data;

describe('a record of a call made elsewhere', () => {
  test('is a call that is over, and nobody is dialled', async () => {
    const lead = await newLead();
    const call = await record(lead.id, {
      startTime: '2026-03-01T10:00:00Z', endTime: '2026-03-01T10:02:30Z', finalStatus: 'follow_up', notes: 'from my own telephone',
    });
    assert.match(call.id, UUID);
    assert.deepEqual(
      [call.leadId, call.phoneNumber, call.status, call.finalStatus, call.notes, call.startTime, call.endTime, call.durationSec],
      [lead.id, lead.phone, 'completed', 'follow_up', 'from my own telephone', '2026-03-01T10:00:00.000Z', '2026-03-01T10:02:30.000Z', 150],
    );
    assert.deepEqual(await dialsTo(lead.phone), []);
    assert.ok(!(await admin.get('/api/calls/active')).body.data.some(({ id }) => id === call.id));
    assert.deepEqual(await getCall(call.id), call);
  });

  test('needs no more than the lead', async () => {
    const lead = await newLead();
    const call = await record(lead.id);
    assert.equal(call.startTime, call.endTime);
    assert.equal(call.finalStatus, null);
    assert.match(call.endTime, TIME);
  });

  test('made the lead contacted when somebody answered, and moves it by its outcome', async () => {
    const [reached, missed, sent] = await Promise.all([newLead(), newLead(), newLead()]);
    await record(reached.id, { startTime: '2026-03-01T10:00:00Z' });
    await record(missed.id, { finalStatus: 'no_answer' });
    await record(sent.id, { finalStatus: 'video_sent' });
    const [one, two, three] = await Promise.all([reached, missed, sent].map(({ id }) => getLead(id)));
    assert.deepEqual([one.status, one.lastContacted], ['contacted', '2026-03-01T10:00:00.000Z']);
    assert.deepEqual([two.status, two.lastContacted], ['new', null]);
    assert.equal(three.status, 'video_sent');
    assert.deepEqual(three.stageHistory.map(({ to, cause }) => [to, cause]), [['new', 'created'], ['contacted', 'call'], ['video_sent', 'call']]);
  });

  for (const [finalStatus, status, answeredBy, endReason] of [['no_answer', 'no-answer', null, 'no_answer'], ['busy', 'busy', null, 'busy'],
    ['wrong_number', 'failed', null, null], ['voicemail', 'completed', 'machine', 'voicemail'], ['closed', 'completed', null, null]])
    test(`with the outcome ${finalStatus} it is ${status}`, async () => {
      const call = await record((await newLead()).id, { finalStatus });
      assert.deepEqual([call.status, call.answeredBy, call.endReason], [status, answeredBy, endReason]);
    });

  test('whoever wants no calls is marked', async () => {
    const { id } = await newLead();
    await record(id, { finalStatus: 'do_not_call' });
    assert.equal((await getLead(id)).doNotCall, true);
  });

  test('a lead on the telephone can have one', async () => {
    const { lead, callId } = await newCall();
    await record(lead.id, { finalStatus: 'callback' });
    assert.equal((await getCall(callId)).endTime, null);
  });

  test('refuses what cannot be', async () => {
    const { id } = await newLead();
    expectInvalid(await admin.post('/api/calls', {}), 'leadId');
    expectInvalid(await admin.post('/api/calls', { leadId: id, startTime: '2026-03-01T10:00:01Z', endTime: '2026-03-01T10:00:00Z' }), 'endTime');
    expectInvalid(await admin.post('/api/calls', { leadId: id, startTime: '2999-03-01T10:00:00Z' }), 'startTime');
    expectInvalid(await admin.post('/api/calls', { leadId: id, endTime: '2999-03-01T10:00:00Z' }), 'endTime');
    expectInvalid(await admin.post('/api/calls', { leadId: id, finalStatus: 'great', phoneNumber: '12', status: 'active' }), 'finalStatus', 'phoneNumber', 'status');
    expectProblem(await admin.post('/api/calls', { leadId: foreignId() }), 404, 'NOT_FOUND');
    assert.deepEqual(await query("select id from vals.calls where lead_id = :'id'", { id }), []);
  });

  test('is for admin, kevin and the agent', async () => {
    const { id } = await newLead();
    for (const role of ['admin', 'kevin', 'agent']) await record(id, {}, await as(role));
    for (const role of ['operator', 'analyst']) {
      expectProblem(await (await as(role)).post('/api/calls', { leadId: id }), 403, 'FORBIDDEN');
      expectProblem(await (await as(role)).post(`/api/leads/${id}/calls`, {}), 403, 'FORBIDDEN');
    }
    expectStatus(await nobody.post('/api/calls', { leadId: id }), 401);
  });

  test('is made once per Idempotency-Key', async () => {
    const { id } = await newLead();
    const key = { 'idempotency-key': foreignId() };
    const answers = [await admin.post(`/api/leads/${id}/calls`, {}, key), await admin.post(`/api/leads/${id}/calls`, {}, key)];
    assert.equal(answers[0].body.data.id, answers[1].body.data.id);
    assert.equal((await query("select id from vals.calls where lead_id = :'id'", { id })).length, 1);
  });
});

describe('the calls of a lead', () => {
  test('are his, newest first, by pages and filters', async () => {
    const { id } = await newLead();
    const other = await newLead();
    await record(other.id);
    const made = [];
    for (const [day, finalStatus] of [[1, 'no_answer'], [2, 'follow_up'], [3, 'no_answer']])
      made.unshift(expectStatus(await admin.post(`/api/leads/${id}/calls`, { startTime: `2026-02-0${day}T12:00:00Z`, finalStatus }), 201).body.data.id);
    const list = async (parameters) => expectStatus(await admin.get(`/api/leads/${id}/calls?${new URLSearchParams(parameters)}`), 200).body;
    assert.deepEqual((await list()).data.map((call) => call.id), made);
    assert.deepEqual((await list({ limit: 1, page: 2 })).pagination, { total: 3, page: 2, pages: 3, limit: 1, hasNext: true, hasPrev: true });
    assert.deepEqual((await list({ finalStatus: 'no_answer' })).data.map((call) => call.id), [made[0], made[2]]);
    assert.deepEqual((await list({ status: 'completed' })).data.map((call) => call.id), [made[1]]);
  });

  test('of no lead, or one that is hidden, are 404', async () => {
    const { id } = await newLead();
    const call = await record(id);
    expectStatus(await admin.delete(`/api/leads/${id}`), 200);
    expectProblem(await admin.get(`/api/leads/${id}/calls`), 404, 'NOT_FOUND');
    expectProblem(await admin.post(`/api/leads/${id}/calls`, {}), 404, 'NOT_FOUND');
    expectProblem(await admin.get(`/api/leads/${foreignId()}/calls`), 404, 'NOT_FOUND');
    expectStatus(await admin.get(`/api/calls/${call.id}`), 200);
    for (const malformed of MALFORMED_IDS) expectStatus(await admin.get(`/api/leads/${malformed}/calls`), 404);
  });
});

describe('changing a call', () => {
  test('keeps notes, outcome, objections and strategies as they were sent', async () => {
    const { id } = await record((await newLead()).id);
    const body = {
      finalStatus: 'callback',
      notes: 'two\nlines',
      objections: [{ type: 'price', phase: 9, strategy: 'value-first', resolved: true }, { type: 'other' }],
      strategies: ['income-gap-question', 'silence'],
    };
    const call = await change(id, body, agent);
    assert.deepEqual({ finalStatus: call.finalStatus, notes: call.notes, objections: call.objections, strategies: call.strategies }, body);
    const again = await change(id, { notes: null, objections: [] });
    assert.deepEqual([again.notes, again.objections, again.strategies, again.finalStatus], [null, [], body.strategies, 'callback']);
    assert.deepEqual(await change(id, {}), { ...again, updatedAt: (await getCall(id)).updatedAt });
  });

  test('an outcome that is corrected after the end moves the lead', async () => {
    const lead = await newLead();
    const { id } = await record(lead.id);
    await change(id, { finalStatus: 'video_sent' });
    assert.equal((await getLead(lead.id)).status, 'video_sent');
    assert.deepEqual((await eventsOf(id)).filter((kind) => kind.startsWith('call.')), ['call.status']);
    const [{ payload }] = await query("select payload from vals.event_log where call_id = :'id' and kind = 'call.status'", { id });
    assert.deepEqual([payload.callId, payload.status, payload.finalStatus], [id, 'completed', 'video_sent']);
  });

  test('the outcome of a live call moves the lead when it ends', async () => {
    const { lead, callId } = await newAnsweredCall();
    await change(callId, { finalStatus: 'video_sent' });
    assert.notEqual((await getLead(lead.id)).status, 'video_sent');
    expectStatus(await endCall(callId), 200);
    assert.deepEqual([(await getCall(callId)).finalStatus, (await getLead(lead.id)).status], ['video_sent', 'video_sent']);
  });

  test('appends to the transcript, in the order of what was said', async () => {
    const { id, startTime } = await record((await newLead()).id, { startTime: '2026-03-01T10:00:00Z' });
    await change(id, { transcript: [
      { speaker: 'agent', text: 'Hello.\nThis is a call.', timestamp: '2026-03-01T10:00:05Z', phase: 1, sentiment: 'neutral', confidence: 0.875 },
      { speaker: 'prospect', text: 'Who is this?', offsetMs: 9000 },
    ] });
    const { transcript } = await change(id, { transcript: [{ speaker: 'kevin', text: 'early', offsetMs: 1000 }] });
    assert.equal(startTime, '2026-03-01T10:00:00.000Z');
    const ids = transcript.map((entry) => entry.id);
    assert.equal(new Set(ids).size, 3);
    assert.deepEqual((await getCall(id)).transcript.map((entry) => entry.id), ids);
    assert.deepEqual(transcript.map(({ id: _, ...entry }) => entry), [
      { speaker: 'kevin', text: 'early', timestamp: '2026-03-01T10:00:01.000Z', offsetMs: 1000, phase: null, sentiment: null, confidence: null },
      { speaker: 'agent', text: 'Hello.\nThis is a call.', timestamp: '2026-03-01T10:00:05.000Z', offsetMs: null, phase: 1, sentiment: 'neutral', confidence: 0.875 },
      { speaker: 'prospect', text: 'Who is this?', timestamp: '2026-03-01T10:00:09.000Z', offsetMs: 9000, phase: null, sentiment: null, confidence: null },
    ]);
    assert.deepEqual((await eventsOf(id)).filter((kind) => kind === 'call.transcript').length, 2);
  });

  test('refuses what is wrong and says where', async () => {
    const { id } = await record((await newLead()).id);
    const put = (body) => admin.put(`/api/calls/${id}`, body);
    expectInvalid(await put({ objections: [{ type: 'price' }, { phase: 13, type: 'rain' }] }), 'objections[1].phase', 'objections[1].type');
    expectInvalid(await put({ objections: { type: 'price' } }), 'objections');
    expectInvalid(await put({ objections: [{ type: 'price', colour: 'red' }] }), 'objections[0].colour');
    expectInvalid(await put({ strategies: ['x'.repeat(65)] }), 'strategies');
    expectInvalid(await put({ strategies: 'x' }), 'strategies');
    expectInvalid(await put({ transcript: [{ speaker: 'dog', text: '' }] }), 'transcript[0].speaker', 'transcript[0].text');
    expectInvalid(await put({ transcript: [{ speaker: 'agent', text: 'x'.repeat(4001) }] }), 'transcript[0].text');
    expectInvalid(await put({ transcript: [{ speaker: 'agent', text: 'x', confidence: 1.5, offsetMs: -1 }] }), 'transcript[0].confidence', 'transcript[0].offsetMs');
    expectInvalid(await put({ transcript: Array.from({ length: 51 }, () => ({ speaker: 'agent', text: 'x' })) }), 'transcript');
    expectInvalid(await put({ status: 'over', notes: 'x'.repeat(10001), score: 3 }), 'notes', 'score', 'status');
    expectProblem(await admin.put(`/api/calls/${foreignId()}`, { notes: 'x' }), 404, 'NOT_FOUND');
    for (const malformed of MALFORMED_IDS) expectStatus(await admin.put(`/api/calls/${malformed}`, { notes: 'x' }), 404);
    assert.equal((await getCall(id)).notes, null);
  });

  test('is for admin, kevin and the agent', async () => {
    const { id } = await record((await newLead()).id);
    for (const role of ['admin', 'kevin', 'agent']) await change(id, { notes: role }, await as(role));
    for (const role of ['operator', 'analyst']) expectProblem(await (await as(role)).put(`/api/calls/${id}`, { notes: role }), 403, 'FORBIDDEN');
    expectStatus(await nobody.put(`/api/calls/${id}`, { notes: 'x' }), 401);
    assert.equal((await getCall(id)).notes, 'agent');
  });
});

describe('the status of a call by hand', () => {
  test('a call can be completed, which hangs up', async () => {
    const { lead, callId } = await newAnsweredCall();
    const call = await change(callId, { status: 'completed', finalStatus: 'closed', notes: 'done' });
    assert.deepEqual([call.status, call.finalStatus, call.endReason, call.notes], ['completed', 'closed', 'operator_ended', 'done']);
    await eventually(async () => {
      const { legs } = await sim('GET', 'legs');
      return legs.filter(({ to }) => to === lead.phone).every(({ state }) => state === 'ended');
    }, 'the telephone was hung up');
    assert.ok((await eventsOf(callId)).includes('call.ended'));
  });

  test('an illegal move is refused by name, and nothing of the request is kept', async () => {
    const { callId } = await newAnsweredCall();
    const { status } = await getCall(callId);
    const answer = expectProblem(await admin.put(`/api/calls/${callId}`, { status: 'initiated', notes: 'x' }), 400, 'INVALID_TRANSITION');
    assert.equal(answer.body.error, `Invalid transition from ${status} to initiated`);
    assert.deepEqual(answer.body.details.map(({ field }) => field), ['status']);
    assert.equal((await getCall(callId)).notes, null);
    expectProblem(await admin.put(`/api/calls/${callId}`, { status: 'busy' }), 400, 'INVALID_TRANSITION');
  });

  test('a call that is over stays over', async () => {
    const { id } = await record((await newLead()).id);
    for (const status of ['in-progress', 'failed', 'canceled'])
      expectProblem(await admin.put(`/api/calls/${id}`, { status }), 400, 'INVALID_TRANSITION');
    assert.equal((await change(id, { status: 'completed' })).status, 'completed');
  });
});

describe('the timeline of a call', () => {
  test('tells what happened, in order', async () => {
    const { lead, callId } = await newCall({ lead: { phone: freshPhone('02') } });
    await answerCall({ lead, callId });
    expectStatus(await agent.post('/api/agent/phase-transition', { callId, phase: 2, outcome: 'advanced' }), 200);
    expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 61.5 }), 200);
    expectStatus(await endCall(callId, { finalStatus: 'callback' }), 200);
    const { timeline } = await getCall(callId);
    const kinds = timeline.map(({ kind }) => kind);
    assert.equal(kinds[0], 'started');
    assert.equal(kinds.at(-1), 'ended');
    for (const kind of ['ringing', 'answered']) assert.equal(kinds.filter((one) => one === kind).length, 1, kind);
    assert.deepEqual(timeline.filter(({ kind }) => kind === 'phase').map(({ phase }) => phase), [1, 2]);
    assert.equal(timeline.find(({ kind }) => kind === 'engagement').score, 61.5);
    assert.equal(timeline.at(-1).finalStatus, 'callback');
    assert.deepEqual(timeline.map(({ at }) => at), timeline.map(({ at }) => at).sort());
  });
});

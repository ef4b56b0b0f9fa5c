/* Conferences: who may join, what is told to whom, and when they end. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Contract } from '../contract.mjs';
import { eventually, startAll } from './helpers.mjs';

const contract = new Contract();

const [LEAD, CLOSER] = ['+13125550177', '+13125550188'];
const OWNER_STATE = 'b3duZXI=';

/* An answered leg: its call_control_id. */
async function answered({ dial, control }, to, fields) {
  const { data } = (await dial(to, fields)).body;
  await eventually(async () => {
    const path = `legs/${encodeURIComponent(data.call_control_id)}`;
    return (await control('GET', path)).body.state === 'answered';
  }, 'it was answered');
  return data.call_control_id;
}

const conferenceCommands = ({ call }) => ({
  create: (leg, name = 'xfer', fields = {}) =>
    call('POST', '/v2/conferences', { call_control_id: leg, name, client_state: OWNER_STATE, ...fields }),
  act: (id, action, body) => call('POST', `/v2/conferences/${id}/actions/${action}`, body),
});

/* A conference with the lead in it. */
async function startConference(t, options) {
  const all = await startAll(t, options);
  const commands = conferenceCommands(all);
  const lead = await answered(all, LEAD, { client_state: 'bGVhZA==' });
  const created = await commands.create(lead);
  assert.equal(created.status, 200);
  await all.receiver.seen('conference.participant.joined');
  return { ...all, ...commands, lead, created, id: created.body.data.id };
}

const code = ({ status, body }) => [status, body.errors?.[0].code];

const ofConference = (receiver) => receiver.told().filter((type) => type.startsWith('conference.'));

test('a_conference_is_made_joined_left_and_ends_when_empty', async (t) => {
  const all = await startConference(t);
  const { act, call, created, id, lead, receiver } = all;
  assert.equal(contract.answerErrors('CreateConference', created.body), null);

  const closer = await answered(all, CLOSER);
  assert.equal((await act(id, 'join', { call_control_id: closer })).status, 200);
  await eventually(() => ofConference(receiver).length === 3, 'both joined');
  assert.equal((await act(id, 'leave', { call_control_id: lead })).status, 200);
  await all.control('POST', `legs/${encodeURIComponent(closer)}`, { action: 'hangup' });
  await eventually(() => ofConference(receiver).length === 6, 'all is told');

  assert.deepEqual(ofConference(receiver), [
    'conference.created', 'conference.participant.joined', 'conference.participant.joined',
    'conference.participant.left', 'conference.participant.left', 'conference.ended',
  ]);
  for (const { data } of receiver.events) assert.equal(contract.eventErrors(data), null, data.event_type);
  const ended = receiver.events.find(({ data }) => data.event_type === 'conference.ended').data;
  assert.equal(ended.occurred_at, undefined);
  assert.ok(ended.payload.occurred_at);
  assert.equal(ended.payload.reason, 'all_left');
  const leadNow = await call('GET', `/v2/calls/${encodeURIComponent(lead)}`);
  assert.equal(leadNow.body.data.is_alive, true);
});

test('events_of_a_participant_carry_the_client_state_of_the_owner', async (t) => {
  const all = await startConference(t);
  const closer = await answered(all, CLOSER, { client_state: 'Y2xvc2Vy' });
  await all.act(all.id, 'join', { call_control_id: closer, client_state: 'Y2xvc2Vy' });
  const joined = await eventually(
    () =>
      all.receiver.events.find(
        ({ data }) => data.event_type === 'conference.participant.joined' && data.payload.call_control_id === closer,
      ),
    'the closer joined',
  );
  assert.equal(joined.data.payload.client_state, OWNER_STATE);
  /* The create's client_state has replaced the one of the lead's dial. */
  await all.action(all.lead, 'hangup');
  assert.equal((await all.receiver.seen('call.hangup')).data.payload.client_state, OWNER_STATE);
});

test('the_hangup_of_a_participant_is_told_before_his_leaving', async (t) => {
  const { control, lead, receiver } = await startConference(t);
  await control('POST', `legs/${encodeURIComponent(lead)}`, { action: 'hangup' });
  for (const type of ['call.hangup', 'conference.participant.left', 'conference.ended']) await receiver.seen(type);
  assert.deepEqual(receiver.told().slice(-3), ['call.hangup', 'conference.participant.left', 'conference.ended']);
});

test('only_answered_living_legs_of_the_account_get_in', async (t) => {
  const all = await startConference(t, {
    scenario: { rules: [{ suffix: '99', result: 'no_answer' }, { result: 'human', ringMs: 100 }] },
  });
  const { act, action, create, dial, id, lead } = all;
  const ringing = (await dial('+13125550199')).body.data.call_control_id;
  const join = (leg) => act(id, 'join', { call_control_id: leg });

  assert.deepEqual(code(await join(ringing)), [422, '90034']);
  assert.deepEqual(code(await create(ringing, 'another')), [422, '90034']);
  await action(ringing, 'hangup');
  assert.deepEqual(code(await join(ringing)), [422, '90018']);
  assert.deepEqual(code(await join('v3:nobody')), [422, '90015']);
  assert.deepEqual(code(await create(lead, 'xfer')), [422, '90033']);
});

test('an_unknown_conference_is_90058_and_one_that_ended_90019', async (t) => {
  const all = await startConference(t);
  const { act, call, id, lead } = all;
  const closer = await answered(all, CLOSER);
  const unknown = '00000000-0000-4000-8000-000000000000';

  assert.deepEqual(code(await act(unknown, 'join', { call_control_id: closer })), [404, '90058']);
  assert.deepEqual(code(await call('GET', `/v2/conferences/${unknown}/participants`)), [404, '90058']);
  await act(id, 'leave', { call_control_id: lead });
  assert.deepEqual(code(await act(id, 'join', { call_control_id: closer })), [422, '90019']);
  assert.deepEqual(code(await act(id, 'leave', { call_control_id: lead })), [422, '90019']);
});

test('a_conference_is_full_at_its_limit', async (t) => {
  const all = await startAll(t);
  const { act, create } = conferenceCommands(all);
  const [first, second, third] = await Promise.all([LEAD, CLOSER, '+13125550166'].map((to) => answered(all, to)));
  const { id } = (await create(first, 'small', { max_participants: 2 })).body.data;
  assert.equal((await act(id, 'join', { call_control_id: second })).status, 200);
  assert.deepEqual(code(await act(id, 'join', { call_control_id: third })), [422, '90032']);
});

test('conferences_are_found_by_name_and_tell_their_participants', async (t) => {
  const all = await startConference(t);
  const { act, call, id, lead } = all;
  const list = await call('GET', '/v2/conferences?filter[name]=xfer');
  assert.equal(contract.answerErrors('ListConferences', list.body), null);
  assert.deepEqual(list.body.data.map((one) => [one.id, one.status]), [[id, 'in_progress']]);
  assert.deepEqual((await call('GET', '/v2/conferences?filter[name]=other')).body.data, []);

  await act(id, 'leave', { call_control_id: lead });
  const participants = await call('GET', `/v2/conferences/${id}/participants`);
  assert.equal(contract.answerErrors('ListConferenceParticipants', participants.body), null);
  assert.deepEqual(
    participants.body.data.map((one) => [one.call_control_id, one.status]),
    [[lead, 'left']],
  );
  const over = await call('GET', `/v2/conferences/${id}`);
  assert.deepEqual([over.body.data.status, over.body.data.end_reason], ['completed', 'all_left']);
});

test('ending_a_conference_or_leaving_as_its_host_hangs_up_the_others', async (t) => {
  for (const end of [
    ({ act, id }) => act(id, 'end', {}),
    ({ action, closer }) => action(closer, 'hangup'),
  ]) {
    const all = await startConference(t);
    const closer = await answered(all, CLOSER);
    await all.act(all.id, 'join', { call_control_id: closer, end_conference_on_exit: true });
    await end({ ...all, closer });
    const lead = (await all.control('GET', `legs/${encodeURIComponent(all.lead)}`)).body;
    assert.equal(lead.state, 'ended');
  }
});

test('a_repeated_create_and_join_have_one_effect', async (t) => {
  const all = await startAll(t);
  const { act, create } = conferenceCommands(all);
  const lead = await answered(all, LEAD);
  const first = await create(lead, 'xfer', { command_id: 'c1' });
  const second = await create(lead, 'xfer', { command_id: 'c1' });
  assert.deepEqual(second.body, first.body);

  const closer = await answered(all, CLOSER);
  const { id } = first.body.data;
  for (let i = 0; i < 2; i++)
    assert.equal((await act(id, 'join', { call_control_id: closer, command_id: 'j1' })).status, 200);
  const { conferences } = (await all.control('GET', 'conferences')).body;
  assert.equal(conferences[0].participants.length, 2);
});

test('unsimulated_options_of_a_conference_are_refused', async (t) => {
  const all = await startConference(t);
  for (const body of [{ start_conference_on_create: false }, { hold_audio_url: 'https://a.example/b.mp3' }]) {
    const refused = await all.create(all.lead, 'other', body);
    assert.equal(refused.body.errors[0].title, 'Not simulated');
  }
});

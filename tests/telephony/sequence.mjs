/*
 * sequence.mjs - plays a sequence of events, as the provider would
 *
 * The telephones of a sequence are scripted: at the simulator they do what the
 * steps say and nothing else, and their webhooks are made here and delivered,
 * signed, in whatever order and number is wanted.  Steps:
 *
 *   {"lead"|"closer": EVENT, "payload"?, "late"?, "name"?}   an event about a leg
 *   {"room": EVENT, "of": "lead"|"closer", ...}              one about the conference
 *   {"again": NAME}                                          the one of that name once more
 *   {"sent": OPERATION, "of"?}                               the system asks this of the provider
 *   {"do": "transfer"|"stop recording"}                      somebody asks the system for it
 *   {"is": STATE}                                            the transfer has come this far
 *
 * `t` is in seconds of the story; nobody waits for it.  `late` says how long ago
 * the event happened when it comes.  What stands before a request of the system may be its
 * cause, so whatever stands behind it is delivered only once the request was seen.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  admin, agent, endCall, eventually, getCall, legsTo, newLead, postWebhook, query, requests, signed, sim, sleep, startCall,
  startTransfer, withKevin,
} from './support.mjs';

/* Webhooks may overtake each other by so much. */
const SHUFFLE_S = 2;

/* How long a delayed webhook waits for the request that lets another overtake it. */
const OVERTAKE_MS = 300;

const REDELIVER_MS = 250;

const TIME_IN_PAYLOAD = new Set(['conference.created', 'conference.ended']);

/* What people do, in the words of the simulator's control interface. */
const DEEDS = {
  'call.initiated': () => ({ action: 'ring' }),
  'call.answered': () => ({ action: 'answer' }),
  'call.hangup': () => ({ action: 'hangup' }),
  'call.gather.ended': ({ digits }) => digits && { action: 'press', digit: digits },
};

const kindOf = (step) => ['sent', 'do', 'is'].find((kind) => step[kind]) ?? 'event';

class Player {
  #sequence;
  #copies;
  #onStep;
  #random;
  #isWorkerKilled;
  #events = new Map();
  #built = 0;
  #since;
  #starting;

  constructor(sequence, { copies = 1, random = null, isWorkerKilled = false, onStep = async () => {} }) {
    this.#sequence = sequence;
    this.#copies = copies;
    this.#random = random;
    this.#isWorkerKilled = isWorkerKilled;
    this.#onStep = onStep;
    this.legs = {};
  }

  get #steps() {
    return this.#sequence.steps;
  }

  async play() {
    await this.#begin();
    const events = this.#steps
      .map((step, index) => ({ step, index }))
      .filter(({ step }) => kindOf(step) === 'event')
      .map((event) => ({ ...event, due: event.step.t + (this.#random ? this.#random() * SHUFFLE_S : 0) }))
      .sort((one, other) => one.due - other.due || one.index - other.index);
    const gates = this.#steps.map((step, index) => ({ step, index })).filter(({ step }) => kindOf(step) !== 'event');

    while (events.length || gates.length) {
      const [gate] = gates;
      const ready = events.filter(({ index }) => index < (gate?.index ?? Infinity));
      if (gate && (await this.#isOpen(gate, ready, events[0] !== ready[0] || !ready.length))) gates.shift();
      else {
        assert.ok(ready.length, `step ${gate?.index} never came: ${JSON.stringify(gate?.step)}`);
        events.splice(events.indexOf(ready[0]), 1);
        await this.#deliver(ready[0]);
      }
      await this.#onStep(this.#steps.length - events.length - gates.length);
    }
    const { status, text } = await this.#starting;
    /* A worker that is killed costs its request, though not the call. */
    const answers = this.#isWorkerKilled ? [201, 502, 503] : [201, 502];
    assert.ok(answers.includes(status), `start-call: ${status} ${text}`);
  }

  /* Scripted telephones, the faults of the story, and the call. */
  async #begin() {
    this.#since = new Date().toISOString();
    this.lead = await newLead();
    await sim('POST', 'rules', { regex: `^\\${this.lead.phone}$`, result: 'scripted' });
    for (const { to, status, code, ...effect } of this.#sequence.answers ?? [])
      await sim('POST', 'faults', {
        match: { method: 'POST', path: to, ...(to === '/v2/calls$' && { body: this.lead.phone.slice(1) }) },
        ...effect,
        ...(status && { status, body: { errors: [{ code, title: 'refused' }] } }),
      });
    this.#starting = startCall(this.lead);
  }

  /*
   * Pass a step which is no event.  What somebody does, and how far the transfer has
   * come, wait for all events before; a request is waited for if `isNeeded`.
   */
  async #isOpen({ step }, ready, isNeeded) {
    const kind = kindOf(step);
    if (kind !== 'sent') {
      if (ready.length) return false;
      await (kind === 'do' ? this.#act(step.do) : this.#transferIs(step.is));
      return true;
    }
    const isSeen = () => this.#wasSent(step);
    if (!isNeeded) return isSeen();
    const patienceMs = ready.length ? OVERTAKE_MS : 40_000;
    return eventually(isSeen, JSON.stringify(step), patienceMs).catch((error) => {
      if (!ready.length) throw error;
      return false;
    });
  }

  async #act(deed) {
    const call = await this.callId();
    if (deed === 'stop recording') {
      const { status, text } = await admin('POST', `/api/calls/${call}/recording`, { action: 'stop' });
      assert.equal(status, 200, text);
      return;
    }
    const { status, body, text } = await startTransfer(call);
    assert.equal(status, 202, text);
    this.transferId = body.data.transferId;
  }

  #transferIs(state) {
    return eventually(async () => (await getCall(await this.callId())).transfer?.state === state, `the transfer is ${state}`);
  }

  /* The call's id, as the dial says: start-call may still be waiting. */
  async callId() {
    const { clientState } = await this.leg('lead');
    return JSON.parse(Buffer.from(clientState, 'base64')).call;
  }

  /* A leg of this story, as it is now. */
  async leg(part) {
    const known = this.legs[part];
    if (known) return sim('GET', `legs/${encodeURIComponent(known)}`);
    const found = await eventually(async () => {
      const { legs } = await sim('GET', 'legs');
      return legs.find((leg) => (part === 'lead' ? leg.to === this.lead.phone : this.#isCloser(leg)));
    }, `the ${part}'s leg is there`);
    this.legs[part] = found.callControlId;
    return found;
  }

  #isCloser({ dialState }) {
    return Boolean(this.transferId) && Buffer.from(dialState ?? '', 'base64').toString().includes(this.transferId);
  }

  async conferenceId() {
    const { conferences } = await sim('GET', 'conferences');
    return conferences.find(({ name }) => name === `xfer-${this.transferId}`)?.id;
  }

  /* Requests about this story, oldest first: {key: "OPERATION part", operation, id}. */
  async sent() {
    const ids = Object.fromEntries(Object.entries(this.legs).map(([part, id]) => [id, part]));
    const log = (await requests()).filter(({ at }) => at >= this.#since);
    return log
      .map(({ operation, method, path, body, params, number }) => {
        const leg = params?.call_control_id ?? body?.call_control_id;
        const part = path.endsWith('/v2/calls') ? this.#dialled(body) : ids[leg];
        const name = operation ?? (path.endsWith('/v2/calls') ? 'DialCall' : path.endsWith('/join') ? 'JoinConference' : path);
        return { key: part ? `${name} ${part}` : name, operation: name, part, method, id: body?.command_id ?? number };
      })
      .filter(({ part, operation }) => part || ['ListConferences', 'EndConference'].includes(operation));
  }

  #dialled(body) {
    if (body?.to === this.lead.phone) return 'lead';
    return this.#isCloser({ dialState: body?.client_state }) ? 'closer' : undefined;
  }

  async #wasSent({ sent, of }) {
    if (sent === 'DialCall') return Boolean((await this.sent()).find(({ key }) => key === `DialCall ${of}`));
    if (of) await this.leg(of);
    return Boolean((await this.sent()).find(({ key }) => key === (of ? `${sent} ${of}` : sent)));
  }

  /* Have the world go on as far as this event, then tell of it. */
  async #deliver({ step, index }) {
    for (; this.#built <= index; this.#built++)
      if (kindOf(this.#steps[this.#built]) === 'event') await this.#happen(this.#steps[this.#built], this.#built);
    const event = this.#events.get(step.again ?? index);
    const meta = { attempt: step.again ? 2 : 1, delivered_to: 'https://voice.example.com/webhooks/telnyx' };
    const raw = JSON.stringify({ data: event, meta });
    await Promise.all(Array.from({ length: this.#copies }, () => deliver(raw)));
  }

  async #happen(step, index) {
    if (step.again) return;
    const part = step.of ?? (step.lead ? 'lead' : 'closer');
    const type = step.lead ?? step.closer ?? step.room;
    const leg = await this.leg(part);
    const deed = !step.room && DEEDS[type]?.(step.payload ?? {});
    if (type === 'conference.participant.joined') await this.#joined(leg);
    const event = await this.#event(type, leg, step);
    if (deed) await sim('POST', `legs/${encodeURIComponent(leg.callControlId)}`, deed);
    this.#events.set(index, event);
    if (step.name) this.#events.set(step.name, event);
  }

  /* A scripted leg joins by itself, once it was told to. */
  #joined({ callControlId: id }) {
    return eventually(async () => {
      const { conferences } = await sim('GET', 'conferences');
      return conferences.some(({ participants }) => participants.some((one) => one.callControlId === id && one.joinedAt));
    }, 'it joined');
  }

  async #event(type, leg, { payload, late = 0, room }) {
    const at = new Date(Date.now() - late * 1000).toISOString();
    const owner = room && (await this.leg('lead'));
    const isRecording = type === 'call.recording.saved';
    return {
      record_type: 'event',
      event_type: type,
      id: randomUUID(),
      ...(!TIME_IN_PAYLOAD.has(type) && { occurred_at: at }),
      payload: {
        ...(!isRecording && { call_control_id: leg.callControlId }),
        call_leg_id: leg.callLegId,
        call_session_id: leg.callSessionId,
        client_state: (owner ?? leg).clientState,
        ...(room ? { conference_id: await this.conferenceId() } : { from: leg.from, to: leg.to }),
        ...(TIME_IN_PAYLOAD.has(type) && { occurred_at: at }),
        ...(isRecording && recordingOf(leg, at)),
        ...payload,
      },
    };
  }
}

const recordingOf = (leg, at) => ({
  recording_started_at: leg.answeredAt,
  recording_ended_at: at,
  recording_urls: { mp3: `https://recordings.invalid/${leg.callLegId}.mp3?expires=600`, wav: null },
  public_recording_urls: { mp3: null, wav: null },
});

/* Until it is taken in, as the provider does. */
async function deliver(raw) {
  for (let attempt = 1; ; attempt++) {
    const status = await postWebhook(raw, signed(raw)).then((answer) => answer.status, () => 0);
    if (status === 200) return;
    assert.ok(attempt < 40, `a webhook was answered ${status}: ${raw}`);
    await sleep(REDELIVER_MS);
  }
}

/* ---- how it is to end ---- */

const pick = (object, like) => Object.fromEntries(Object.keys(like).map((key) => [key, object?.[key]]));

const countOf = (table, callId) =>
  query(`select count(*)::integer as n from vals.${table} where call_id = :'call'`, { call: callId }).then(([{ n }]) => n);

/* How many commands of that name were sent, however often each. */
const commandCount = (sent, name) =>
  new Set(sent.filter(({ key, operation }) => [key, operation].includes(name)).map(({ id }) => id)).size;

async function assertEnd(player, expect) {
  const callId = await player.callId();
  const seen = async () => {
    const call = await getCall(callId);
    return {
      call: pick(call, expect.call),
      ...('transfer' in expect && { transfer: expect.transfer && pick(call.transfer, expect.transfer) }),
      ...('recordings' in expect && { recordings: await countOf('recordings', callId) }),
      ...('legs' in expect && { legs: (await legsTo(player.lead.phone)).length }),
    };
  };
  const { counts = {}, order = [], transcript, conferences, ...wanted } = expect;
  await eventually(async () => JSON.stringify(await seen()) === JSON.stringify(wanted), 'the end', 60_000).catch(async () =>
    assert.deepEqual(await seen(), wanted),
  );

  const sent = await player.sent();
  for (const [name, count] of Object.entries(counts)) assert.equal(commandCount(sent, name), count, `commands ${name}`);
  const firsts = order.map((key) => sent.findIndex((one) => one.key === key));
  assert.deepEqual(firsts, [...firsts].sort((one, other) => one - other), `order ${order}`);
  if (transcript) {
    const said = await query("select text from vals.transcript_entries where call_id = :'call' order by id", { call: callId });
    assert.deepEqual(said.map(({ text }) => text), transcript);
  }
  if (conferences !== undefined) {
    const made = (await sim('GET', 'conferences')).conferences.filter(({ name }) => name === `xfer-${player.transferId}`);
    assert.equal(made.length, conferences);
  }
}

const hasTransfer = ({ steps }) => steps.some((step) => step.do === 'transfer');

/* Kevin is one: what is left of his story, faults or a call that broke off, must not meet the next. */
async function aloneWithKevin(player, run) {
  try {
    await run();
  } catch (error) {
    if (player.transferId) await endCall(await player.callId(), {}, admin);
    throw error;
  } finally {
    await sim('DELETE', 'faults');
  }
}

/*
 * Play a sequence and see that it ends as it says.  copies: how often each
 * webhook is delivered, at once; random: shuffles them; onStep(n): after each step;
 * isWorkerKilled: by onStep, so that start-call may stay without its answer.
 */
export async function play(sequence, options = {}) {
  const player = new Player(sequence, options);
  const run = async () => {
    await player.play();
    await assertEnd(player, sequence.expect);
  };
  await (hasTransfer(sequence) ? withKevin({ result: 'scripted' }, () => aloneWithKevin(player, run)) : run());
  await agent('POST', '/api/agent/end-call', { callId: await player.callId() });
}

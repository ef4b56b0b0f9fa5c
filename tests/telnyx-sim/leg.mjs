/*
 * leg.mjs - one telephone leg, from the dial to the hang-up
 *
 *   dialing -> ringing -> answered -> ended
 *
 * A leg plays the behaviour its scenario gave it, and can be overruled at any
 * time: by a command of the client, or by the control interface.  It reports
 * each fact through its reporter, keeps a history of them, and knows nothing of HTTP.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { timestamp } from './clock.mjs';
import { Gather } from './gather.mjs';
import { Speech } from './speech.mjs';
import { Transcriber } from './transcriber.mjs';

const cause = (hangup_cause, hangup_source, sip_hangup_cause) => ({
  hangup_cause,
  hangup_source,
  sip_hangup_cause,
});

/* Why legs end, in the provider's words. */
export const HANGUPS = {
  busy: cause('user_busy', 'callee', '486'),
  reject: cause('call_rejected', 'callee', '603'),
  invalid: cause('not_found', 'callee', '404'),
  no_answer: cause('no_answer', 'callee', '480'),
  timeout: cause('timeout', 'caller', '487'),
  canceled: cause('originator_cancel', 'caller', '487'),
  by_caller: cause('normal_clearing', 'caller', '200'),
  by_callee: cause('normal_clearing', 'callee', '200'),
  time_limit: cause('time_limit', 'unknown', '200'),
  no_capacity: cause('call_rejected', 'unknown', '403'),
};

const ANSWERING = new Set(['human', 'machine', 'fax', 'silence', 'not_sure']);

/* Verdicts of the two kinds of answering machine detection. */
const PREMIUM_VERDICTS = { fax: 'fax_detected', machine: 'machine', silence: 'silence', not_sure: 'not_sure' };
const PLAIN_VERDICTS = { human: 'human', machine: 'machine', fax: 'machine' };

/* Verdicts which end what is being said or asked. */
const MACHINES = new Set(['machine', 'fax_detected']);

/* Detection modes which report the end of a machine's greeting, and how. */
const GREETING_RESULTS = { detect_beep: 'beep_detected', greeting_end: 'ended', detect_words: 'ended' };

const TIMEOUT_SECS = 30;
const TIME_LIMIT_SECS = 14_400;

/*
 * Ids as opaque as the provider's.  About half end in "==": whoever puts one
 * into a path without escaping it shall notice.
 */
function callControlId() {
  const bytes = randomBytes(40);
  return `v3:${bytes.toString('base64url')}${bytes[0] % 2 ? '==' : ''}`;
}

export class Leg {
  #clock;
  #reporter;
  #recordings;
  #onEnd;
  #timers = new Set();

  /* request: the checked body of the dial; sessionId: of the leg it is linked to; onEnd(leg): called once. */
  constructor({ request, behaviour, sessionId, clock, reporter, recordings, onEnd }) {
    this.#clock = clock;
    this.#reporter = reporter;
    this.#recordings = recordings;
    this.#onEnd = onEnd;
    this.request = request;
    this.behaviour = behaviour;
    this.callControlId = callControlId();
    this.callLegId = randomUUID();
    this.callSessionId = sessionId ?? randomUUID();
    this.clientState = request.client_state;
    this.state = 'dialing';
    this.startedAt = timestamp();
    this.answeredAt = null;
    this.endedAt = null;
    this.hangup = null;
    this.machineResult = null;
    /* What is going on in the call: one of each at most. */
    this.conference = null;
    this.gather = null;
    this.speech = null;
    this.recording = null;
    this.transcriber = null;
    /* Facts and commands, oldest first: {at, type webhook|command, name, ...}. */
    this.history = [];
  }

  /* Nothing happens to it but by command or by hand, and nobody is told. */
  get isScripted() {
    return this.behaviour.result === 'scripted';
  }

  get isEnded() {
    return this.state === 'ended';
  }

  /* Whole seconds since the dial, up to the end. */
  get durationSecs() {
    const end = this.endedAt ? Date.parse(this.endedAt) : Date.now();
    return Math.max(0, Math.floor((end - Date.parse(this.startedAt)) / 1000));
  }

  /* Begin to play the behaviour. */
  dial() {
    if (this.isScripted) return;
    this.later(this.behaviour.initiatedMs, () => this.ring());
  }

  /* The telephone begins to ring; no effect later on. */
  ring() {
    if (this.state !== 'dialing') return;
    this.state = 'ringing';
    this.report('call.initiated', { direction: 'outgoing', state: 'bridging' });
    if (this.isScripted) return;

    const limitMs = (this.request.timeout_secs ?? TIMEOUT_SECS) * 1000;
    const { ringMs, result } = this.behaviour;
    /* With retry_on_timeout (the default) other routes are tried first, and the cause reads otherwise. */
    const unanswered = this.request.retry_on_timeout === false ? HANGUPS.no_answer : HANGUPS.timeout;

    this.later(limitMs, () => this.state === 'ringing' && this.end(unanswered));
    if (ringMs === null || ringMs >= limitMs) return;
    this.later(ringMs, () => (ANSWERING.has(result) ? this.answer() : this.end(HANGUPS[result])));
  }

  /* The callee picks up; no effect unless the leg is still ringing. */
  answer() {
    if (this.state === 'dialing') this.ring();
    if (this.state !== 'ringing') return;
    this.state = 'answered';
    this.answeredAt = timestamp();
    this.report('call.answered', { state: 'answered' });
    if (this.request.transcription) this.transcribe();
    if (this.isScripted) return;

    const { hangUpAfterMs } = this.behaviour;
    const limitSecs = this.request.time_limit_secs ?? TIME_LIMIT_SECS;
    this.later(limitSecs * 1000, () => this.end(HANGUPS.time_limit));
    if (hangUpAfterMs !== null) this.later(hangUpAfterMs, () => this.end(HANGUPS.by_callee));
    this.#detectMachine();
  }

  #detectMachine() {
    const mode = this.request.answering_machine_detection ?? 'disabled';
    const { amdMs, greetingMs, result } = this.behaviour;
    if (mode === 'disabled' || !ANSWERING.has(result) || amdMs === null) return;

    this.later(amdMs, () => this.#reportVerdict(mode));
    if (result === 'machine' && greetingMs !== null) this.later(greetingMs, () => this.#reportGreeting(mode));
  }

  #reportVerdict(mode) {
    const { result, business } = this.behaviour;
    const isPremium = mode === 'premium';
    const human = business ? 'human_business' : 'human_residence';

    this.machineResult = isPremium ? PREMIUM_VERDICTS[result] ?? human : PLAIN_VERDICTS[result] ?? 'not_sure';
    this.report(isPremium ? 'call.machine.premium.detection.ended' : 'call.machine.detection.ended', {
      result: this.machineResult,
    });
    if (MACHINES.has(this.machineResult)) this.#cutSpeech('cancelled_amd');
  }

  #reportGreeting(mode) {
    if (mode === 'premium') this.report('call.machine.premium.greeting.ended', { result: 'beep_detected' });
    else if (GREETING_RESULTS[mode]) this.report('call.machine.greeting.ended', { result: GREETING_RESULTS[mode] });
  }

  /* End the leg for one of HANGUPS; the first reason stays. */
  end(hangup) {
    if (this.isEnded) return;
    /* Even a call cancelled at once is announced first. */
    if (this.state === 'dialing') this.ring();
    this.state = 'ended';
    this.endedAt = timestamp();
    this.hangup = hangup;
    this.stop();
    this.transcriber = null;
    this.#cutSpeech('call_hangup');
    this.report('call.hangup', { state: 'hangup', ...hangup });
    this.conference?.leave(this);
    this.stopRecording();
    this.#onEnd(this);
  }

  #cutSpeech(status) {
    this.gather?.end(status);
    this.speech?.cut(status);
  }

  /* The caller's hang-up: before the answer it cancels the dial. */
  endByCaller() {
    this.end(this.state === 'answered' ? HANGUPS.by_caller : HANGUPS.canceled);
  }

  /* The callee's: before the answer it declines the call. */
  endByCallee() {
    this.end(this.state === 'answered' ? HANGUPS.by_callee : HANGUPS.reject);
  }

  /* Say a text; what was being said stops. */
  speak(payload) {
    this.speech?.stop();
    this.speech = new Speech(this, payload);
  }

  /* Ask for keys while saying a text; an earlier question is given up. */
  ask(request) {
    this.gather?.end('cancelled');
    this.gather = new Gather(this, request);
  }

  /* The callee presses a key. */
  press(digit) {
    if (this.state !== 'answered') return;
    this.report('call.dtmf.received', { digit });
    this.gather?.press(digit);
  }

  /* Turn what is said into text from now on. */
  transcribe() {
    this.transcriber = new Transcriber(this);
  }

  record(request) {
    this.recording = this.#recordings.begin(this, request);
  }

  /* End the recording, if there is one; it is saved a little later. */
  stopRecording() {
    if (this.recording) this.#recordings.save(this.recording);
    this.recording = null;
  }

  /* Forget all that was to happen, without a word. */
  stop() {
    for (const timer of this.#timers) this.#clock.cancel(timer);
    this.#timers.clear();
  }

  /* Call fn after `ms` of telephone time unless the leg ends before; returns a handle for forget(). */
  later(ms, fn) {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
    return timer;
  }

  forget(timer) {
    this.#clock.cancel(timer);
    this.#timers.delete(timer);
  }

  /* A command of the client was carried out. */
  note(operation) {
    this.history.push({ at: timestamp(), type: 'command', name: operation });
  }

  report(eventType, fields = {}) {
    this.history.push({ at: timestamp(), type: 'webhook', name: eventType, ...fields });
    this.#reporter.leg(this, eventType, fields);
  }
}

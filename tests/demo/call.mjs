/*
 * call.mjs - one call of the demo, from start-call to end-call
 *
 * Talks as its plan says while the call is alive.  A call that ends by itself
 * (busy, voicemail, the lead hangs up) is left; one that Kevin took is his.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ignoreAbort } from './client.mjs';
import { HOT } from './plans.mjs';

const LOOK_MS = 500;
const RING_MAX_MS = 60_000;
const WITH_KEVIN_MAX_MS = 600_000;

const TALKING = new Set(['active', 'in-progress', 'transfer_failed']);
const WITH_KEVIN = new Set(['transferring', 'transferred']);

export class Call {
  #client;
  #active;
  #plan;
  #pace;
  #signal;
  #knownSince;

  /* lead: whom to call; plan: of plans.mjs; signal: ends the call early. */
  constructor({ client, active, lead, plan, agentVersion, pace = 1, signal }) {
    this.#client = client;
    this.#active = active;
    this.#plan = plan;
    this.#pace = pace;
    this.#signal = signal;
    this.lead = lead;
    this.agentVersion = agentVersion;
    this.id = null;
    this.peak = 0;
    this.phase = 1;
  }

  get planName() {
    return this.#plan.name;
  }

  get wasHot() {
    return this.peak >= HOT;
  }

  /* Live the whole call; returns how it ended, in a word. */
  async play() {
    const refusal = await this.#start();
    if (refusal) return refusal;
    if (await this.#isAnswered()) await this.#talk();

    const status = this.#status();
    if (status === 'over') return 'over-by-itself';
    if (WITH_KEVIN.has(status)) return this.#leaveToKevin();
    return this.#end();
  }

  /* Start; null, or why there is no call. */
  async #start() {
    const answer = await this.#client.post(
      '/api/agent/start-call',
      { leadId: this.lead.id, agentVersion: this.agentVersion },
      /* One key for all attempts: an answer lost on the way must not mean a second call. */
      { patienceMs: 30_000, idempotencyKey: randomUUID(), signal: this.#signal },
    );
    if (answer.status !== 201) return `refused-${answer.code ?? answer.status}`;
    this.id = answer.data.callId;
    this.#knownSince = performance.now();
    return null;
  }

  #status() {
    return this.#active.statusOf(this.id, this.#knownSince);
  }

  async #pause(ms) {
    await sleep(ms / this.#pace, undefined, { signal: this.#signal }).catch(ignoreAbort);
  }

  /* Wait while `statuses` hold, at most maxMs; false if told to stop. */
  async #waitWhile(isWaiting, maxMs) {
    const deadline = performance.now() + maxMs / this.#pace;
    while (isWaiting(this.#status()) && performance.now() < deadline && !this.#signal.aborted)
      await this.#pause(LOOK_MS);
  }

  async #isAnswered() {
    const isRinging = (status) => ['unknown', 'initiated', 'ringing'].includes(status);
    await this.#waitWhile(isRinging, RING_MAX_MS);
    return TALKING.has(this.#status());
  }

  async #talk() {
    for (const step of this.#plan.steps) {
      await this.#pause(step.waitMs);
      if (this.#signal.aborted || !TALKING.has(this.#status())) return;
      if (step.transition) await this.#enterPhase(step);
      await this.#report(step);
    }
  }

  async #enterPhase({ phase, transition }) {
    const { status } = await this.#client.post('/api/agent/phase-transition', {
      callId: this.id,
      phase,
      ...transition,
    });
    if (status === 200) this.phase = phase;
  }

  /* A report that cannot be delivered is left out: the next one is newer. */
  async #report({ score, phase, indicators }) {
    const { status } = await this.#client.post('/api/agent/engagement-score', {
      callId: this.id,
      engagementScore: score,
      phase,
      indicators,
    });
    if (status === 200) this.peak = Math.max(this.peak, score);
  }

  async #leaveToKevin() {
    await this.#waitWhile((status) => WITH_KEVIN.has(status), WITH_KEVIN_MAX_MS);
    if (!TALKING.has(this.#status())) return 'with-kevin';
    /* The transfer failed and the lead is still here: come to an end. */
    return this.#end();
  }

  async #end() {
    /* Told to stop in the middle of the talk: what was planned has not been agreed. */
    const isCutShort = this.#signal.aborted;
    const { status, code } = await this.#client.post(
      '/api/agent/end-call',
      {
        callId: this.id,
        finalStatus: isCutShort ? 'callback' : this.#plan.outcome,
        reason: 'agent_hangup',
        notes: isCutShort ? 'Cut short, to be called again.' : this.#plan.notes,
      },
      { patienceMs: isCutShort ? 2000 : 30_000 },
    );
    if (status !== 200) return `not-ended-${code ?? status}`;
    return isCutShort ? 'cut-short' : this.#plan.outcome;
  }
}

/*
 * demo.mjs - keeps three to five calls alive
 *
 * How many are wanted drifts between three and five.  Calls end by their
 * plans or by themselves, and others take their place; never more than five at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../telnyx-sim/random.mjs';
import { ActiveCalls } from './active.mjs';
import { Call } from './call.mjs';
import { Client, ignoreAbort } from './client.mjs';
import { Leads } from './leads.mjs';
import { drawPlan } from './plans.mjs';

export const CALLS = { least: 3, most: 5 };

/* Marks our calls, so that those of a driver that was killed are found again. */
const AGENT_VERSION = 'demo-1';

const TICK_MS = 1000;
const DRIFT_MS = 25_000;
const NO_LEAD_MS = 5000;
const REFUSED_MS = 3000;
const STOP_MAX_MS = 2800;

export class Demo {
  #client;
  #active;
  #leads;
  #random;
  #pace;
  #log;
  #stop = new AbortController();
  #calls = new Map();
  #wanted = CALLS.least;
  #isOpened = false;
  #picking = null;
  #pauseUntil = 0;
  #lastProblem = '';

  /* log: called with one line a call; pace: how many times as fast as life (tests). */
  constructor({ url, key, seed, log = () => {}, pace = 1 }) {
    this.#random = seededRandom(seed);
    this.#client = new Client({ url, key, pace });
    this.#active = new ActiveCalls({ client: this.#client });
    this.#leads = new Leads({ client: this.#client, random: this.#random });
    this.#pace = pace;
    this.#log = log;
  }

  /* Calls under way, from before the dial until after the end. */
  get count() {
    return this.#calls.size;
  }

  /* Run until stop() is called; then end all calls, within 3 s. */
  async run() {
    await this.#endForgotten();
    let driftAt = performance.now();

    while (!this.#stop.signal.aborted) {
      await this.#active.refresh();
      if (performance.now() >= driftAt) {
        this.#wanted = CALLS.least + Math.floor(this.#random() * (CALLS.most - CALLS.least + 1));
        driftAt = performance.now() + DRIFT_MS / this.#pace;
      }
      if (this.count < this.#wanted && !this.#picking && performance.now() >= this.#pauseUntil)
        this.#picking = this.#startCall().finally(() => (this.#picking = null));
      await sleep(TICK_MS / this.#pace, undefined, { signal: this.#stop.signal }).catch(ignoreAbort);
    }
    const ended = Promise.all([...this.#calls.values()]);
    await Promise.race([ended, sleep(STOP_MAX_MS)]);
  }

  stop() {
    this.#stop.abort();
  }

  /* Calls of a driver that was killed would stay for an hour. */
  async #endForgotten() {
    const calls = await this.#active.refresh();
    const forgotten = (calls ?? []).filter((call) => call.agentVersion === AGENT_VERSION);
    await Promise.all(
      forgotten.map((call) =>
        this.#client.post('/api/agent/end-call', { callId: call.id, finalStatus: 'callback', reason: 'agent_hangup' }),
      ),
    );
    if (forgotten.length) this.#log(`at=demo_start forgotten_calls_ended=${forgotten.length}`);
  }

  async #startCall() {
    const { signal } = this.#stop;
    const isOpener = !this.#isOpened && ![...this.#calls.keys()].some((call) => call.planName === 'opener');
    const busy = new Set([...this.#calls.keys()].map((call) => call.lead.id));
    const lead = await this.#leads.pick({ busy, mustAnswer: isOpener, signal });

    if (signal.aborted) return;
    if (!lead) {
      this.#wait(NO_LEAD_MS, this.#leads.problem);
      return;
    }
    const call = new Call({
      client: this.#client,
      active: this.#active,
      lead,
      plan: drawPlan(this.#random, { isOpener, isFirstContact: lead.status === 'new' }),
      agentVersion: AGENT_VERSION,
      pace: this.#pace,
      signal,
    });
    this.#calls.set(call, this.#play(call));
  }

  /* Start no call for a while; a reason is logged when it is a new one. */
  #wait(ms, reason) {
    this.#pauseUntil = performance.now() + ms / this.#pace;
    if (reason !== this.#lastProblem) this.#log(`at=demo_wait reason="${reason}"`);
    this.#lastProblem = reason;
  }

  async #play(call) {
    const started = performance.now();
    let end;
    try {
      end = await call.play();
    } catch (error) {
      end = `broken: ${error.message}`;
    }
    this.#calls.delete(call);
    if (end.startsWith('refused')) this.#wait(REFUSED_MS, end);
    this.#isOpened ||= call.wasHot;
    const seconds = Math.round((performance.now() - started) / 1000);
    const course = `plan=${call.planName} end=${end} peak=${call.peak} phase=${call.phase} seconds=${seconds}`;
    this.#log(`at=demo_call call=${call.id ?? '-'} ${course}`);
  }
}

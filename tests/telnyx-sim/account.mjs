/*
 * account.mjs - the state of the simulated account: legs, conferences, limits
 *
 * Everything an operation reads or changes is here.  Legs are kept ten minutes
 * after their end, as at the provider, and then forgotten; the journals, which only the
 * control interface reads, remember the newest ones whatever their age.
 */
import { Conference } from './conference.mjs';
import { refusal } from './errors.mjs';
import { HANGUPS, Leg } from './leg.mjs';
import { Recordings } from './recordings.mjs';
import { Reporter } from './reports.mjs';
import { Ring } from './ring.mjs';

const ENDED_KEPT_MS = 600_000;
const ENDED_KEPT_MAX = 10_000;

export class Account {
  #clock;
  #reporter;
  #legs = new Map();
  #ended = [];
  #dials = [];
  #conferences = new Map();

  /* logMax: how many entries each journal keeps. */
  constructor({ scenario, clock, webhooks, logMax }) {
    this.scenario = scenario;
    this.#clock = clock;
    this.#reporter = new Reporter({ webhooks, scenario: () => this.scenario });
    this.recordings = new Recordings({
      clock,
      reporter: this.#reporter,
      settings: () => this.scenario.recordings,
    });
    this.journal = { legs: new Ring(logMax), conferences: new Ring(logMax) };
  }

  /* Legs which are still remembered, in the order of their dials. */
  get legs() {
    this.#forgetEnded();
    return [...this.#legs.values()];
  }

  /* The leg with this id.  Throws UNKNOWN_CALL, pointing at `pointer`. */
  leg(callControlId, pointer = '/call_control_id') {
    this.#forgetEnded();
    const leg = this.#legs.get(callControlId);
    if (!leg) throw refusal('UNKNOWN_CALL', 'The call_control_id provided was not valid.', pointer);
    return leg;
  }

  /* A leg that can still take commands.  Throws CALL_ENDED as well. */
  liveLeg(callControlId) {
    const leg = this.leg(callControlId);
    if (leg.isEnded)
      throw refusal('CALL_ENDED', "This call is no longer active and can't receive commands.");
    return leg;
  }

  /* A leg that was answered and lives.  Throws CALL_NOT_ANSWERED as well. */
  answeredLeg(callControlId) {
    const leg = this.liveLeg(callControlId);
    if (leg.state !== 'answered') throw refusal('CALL_NOT_ANSWERED', 'This call is not answered yet.');
    return leg;
  }

  /* Conferences, also those that ended, oldest first. */
  get conferences() {
    return [...this.#conferences.values()];
  }

  /* Throws UNKNOWN_CONFERENCE. */
  conference(id) {
    const conference = this.#conferences.get(id);
    if (!conference) throw refusal('UNKNOWN_CONFERENCE', 'No conference with this id was found.');
    return conference;
  }

  /* A conference that goes on.  Throws CONFERENCE_ENDED as well. */
  liveConference(id) {
    const conference = this.conference(id);
    if (conference.isEnded) throw refusal('CONFERENCE_ENDED', 'This conference has already ended.');
    return conference;
  }

  /* Make a conference around an answered leg.  Throws NAME_TAKEN as well as what answeredLeg does. */
  createConference(request) {
    const owner = this.answeredLeg(request.call_control_id);
    if (this.conferences.some(({ name, isEnded }) => name === request.name && !isEnded))
      throw refusal('NAME_TAKEN', 'A conference with the given name is active.', '/name');
    owner.clientState = request.client_state ?? owner.clientState;
    const conference = new Conference({
      request,
      owner,
      clock: this.#clock,
      reporter: this.#reporter,
      joinMs: this.scenario.conferences.joinMs,
    });
    this.#conferences.set(conference.id, conference);
    this.journal.conferences.add(conference);
    return conference;
  }

  /* Start a leg for a checked dial request. */
  dial(request) {
    const linked = request.link_to === undefined ? undefined : this.leg(request.link_to, '/link_to');
    this.#countDial();

    const hasRoom = this.#hasRoom();
    const leg = new Leg({
      request,
      behaviour: this.scenario.behaviour(request.to),
      sessionId: linked?.callSessionId,
      clock: this.#clock,
      reporter: this.#reporter,
      recordings: this.recordings,
      onEnd: ({ callControlId: id }) => this.#ended.push({ id, at: performance.now() }),
    });
    this.#legs.set(leg.callControlId, leg);
    this.journal.legs.add(leg);
    leg.dial();
    /* Too many calls at once are no HTTP error: the call fails. */
    if (!hasRoom) this.#clock.after(leg.behaviour.initiatedMs, () => leg.end(HANGUPS.no_capacity));
    return leg;
  }

  /* Forget all legs; nobody is told. */
  clear() {
    for (const leg of this.#legs.values()) leg.stop();
    this.#legs.clear();
    this.#ended = [];
    this.#dials = [];
    this.#conferences.clear();
    this.recordings.clear();
    this.journal.legs.clear();
    this.journal.conferences.clear();
  }

  #hasRoom() {
    const { concurrentCalls } = this.scenario.limits;
    return concurrentCalls === null || this.legs.filter((leg) => !leg.isEnded).length < concurrentCalls;
  }

  /* Dials are limited over a rolling window.  Throws DIAL_LIMIT. */
  #countDial() {
    const { dialsPerSecond, dialWindowMs } = this.scenario.limits;
    if (dialsPerSecond === null) return;

    const now = performance.now();
    const limit = Math.floor((dialsPerSecond * dialWindowMs) / 1000);
    this.#dials = this.#dials.filter((at) => at > now - dialWindowMs);
    if (this.#dials.length >= limit) {
      const resetSecs = Math.ceil((this.#dials[0] + dialWindowMs - now) / 1000);
      throw refusal('DIAL_LIMIT', `More than ${dialsPerSecond} dials a second.`, undefined, {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(resetSecs),
      });
    }
    this.#dials.push(now);
  }

  #forgetEnded() {
    const oldest = performance.now() - ENDED_KEPT_MS;
    while (this.#ended.length && (this.#ended[0].at <= oldest || this.#ended.length > ENDED_KEPT_MAX))
      this.#legs.delete(this.#ended.shift().id);
  }
}

/*
 * account.mjs - the state of the simulated account: its legs, and its limits
 *
 * Everything an operation reads or changes is here.  Legs are kept ten minutes
 * after their end, as at the provider, and then forgotten.
 */
import { randomUUID } from 'node:crypto';
import { timestamp } from './clock.mjs';
import { refusal } from './errors.mjs';
import { HANGUPS, Leg } from './leg.mjs';

const ENDED_KEPT_MS = 600_000;
const ENDED_KEPT_MAX = 10_000;

export class Account {
  #clock;
  #webhooks;
  #legs = new Map();
  #ended = [];
  #dials = [];

  constructor({ scenario, clock, webhooks }) {
    this.scenario = scenario;
    this.#clock = clock;
    this.#webhooks = webhooks;
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
      emit: (...event) => this.#emit(...event),
    });
    this.#legs.set(leg.callControlId, leg);
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

  /* Tell the client what happened to a leg. */
  #emit(leg, eventType, fields) {
    const { request } = leg;
    if (leg.isEnded) this.#ended.push({ id: leg.callControlId, at: performance.now() });
    this.#webhooks.send({
      url: request.webhook_urls?.[eventType] ?? request.webhook_url ?? this.scenario.account.webhookUrl,
      retryMs: request.webhook_retries_policies?.[eventType]?.retries_ms,
      data: {
        record_type: 'event',
        event_type: eventType,
        id: randomUUID(),
        occurred_at: timestamp(),
        payload: {
          call_control_id: leg.callControlId,
          call_leg_id: leg.callLegId,
          call_session_id: leg.callSessionId,
          connection_id: request.connection_id,
          client_state: leg.clientState,
          from: request.from,
          to: request.to,
          start_time: leg.startedAt,
          ...fields,
        },
      },
    });
  }

  #forgetEnded() {
    const oldest = performance.now() - ENDED_KEPT_MS;
    while (this.#ended.length && (this.#ended[0].at <= oldest || this.#ended.length > ENDED_KEPT_MAX))
      this.#legs.delete(this.#ended.shift().id);
  }
}

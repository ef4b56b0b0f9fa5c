/*
 * reports.mjs - what happens on the telephone, as webhooks
 *
 * The envelope and the fields every event of a kind has.  Payload shapes are
 * those of the provider's description, with its quirks: events of a conference
 * carry the client_state of its owner, whoever they are about, and the two of
 * its life have their time in the payload.
 */
import { randomUUID } from 'node:crypto';
import { timestamp } from './clock.mjs';

const TIME_IN_PAYLOAD = new Set(['conference.created', 'conference.ended']);

export class Reporter {
  #webhooks;
  #scenario;

  /* scenario: () => the current one, for the account's webhook address. */
  constructor({ webhooks, scenario }) {
    this.#webhooks = webhooks;
    this.#scenario = scenario;
  }

  /* Something happened to a leg. */
  leg(leg, eventType, fields) {
    const { request } = leg;
    this.#send(leg, eventType, {
      ...this.#idsOf(leg),
      client_state: leg.clientState,
      from: request.from,
      to: request.to,
      start_time: leg.startedAt,
      ...fields,
    });
  }

  /* Something happened to a conference; `leg` is the participant it is about, or the owner. */
  conference(conference, eventType, leg, fields) {
    this.#send(conference.owner, eventType, {
      ...this.#idsOf(leg),
      client_state: conference.clientState,
      conference_id: conference.id,
      ...fields,
    });
  }

  #idsOf(leg) {
    return {
      call_control_id: leg.callControlId,
      call_leg_id: leg.callLegId,
      call_session_id: leg.callSessionId,
      connection_id: leg.request.connection_id,
    };
  }

  /* `told` is the leg whose dial said where reports go. */
  #send(told, eventType, payload) {
    const at = timestamp();
    const data = { record_type: 'event', event_type: eventType, id: randomUUID(), payload };
    if (TIME_IN_PAYLOAD.has(eventType)) payload.occurred_at = at;
    else data.occurred_at = at;

    this.#webhooks.send({ data, url: this.#urlFor(told, eventType), retryMs: retriesOf(told, eventType) });
  }

  /* The reports of a scripted leg are made by whoever plays the script. */
  #urlFor({ request, isScripted }, eventType) {
    if (isScripted) return null;
    return request.webhook_urls?.[eventType] ?? request.webhook_url ?? this.#scenario().account.webhookUrl;
  }
}

const retriesOf = ({ request }, eventType) => request.webhook_retries_policies?.[eventType]?.retries_ms;

/*
 * operations/calls.mjs - dial, look at, and end a call
 */
import { refusal } from '../errors.mjs';
import { pageOf } from '../paging.mjs';
import { accountScope, callScope } from './scopes.mjs';
import { isWebhookUrl } from '../webhooks.mjs';

const E164 = /^\+[1-9]\d{7,14}$/;
const SIP_URI = /^sips?:[^\s@]+@[^\s@]+$/;

const TIMEOUT_SECS = { min: 5, max: 600 };
const RETRY_SUM_MAX_MS = 60_000;

/* Dial options whose effect is not simulated; to ignore them would hide mistakes. */
const NOT_SIMULATED = [
  'assistant', 'audio_url', 'bridge_intent', 'bridge_on_answer', 'conference_config', 'conversation_relay_config',
  'deepfake_detection', 'dialogflow_config', 'enable_dialogflow', 'media_name', 'park_after_unbridge', 'record',
  'stream_url', 'supervise_call_control_id',
];

function checkNumbers({ to, from }) {
  if (Array.isArray(to)) throw refusal('NOT_SIMULATED', 'Simultaneous ringing is not simulated.', '/to');
  if (!E164.test(to) && !SIP_URI.test(to))
    throw refusal('NOT_E164', "The 'to' parameter must be in E164 format.", '/to');
  if (!E164.test(from)) throw refusal('NOT_E164', "The 'from' parameter must be in E164 format.", '/from');
}

function checkWebhooks(body) {
  const urls = Object.entries(body.webhook_urls ?? {}).map(([event, url]) => [`/webhook_urls/${event}`, url]);
  if (body.webhook_url !== undefined) urls.push(['/webhook_url', body.webhook_url]);
  for (const [pointer, url] of urls)
    if (!isWebhookUrl(url)) throw refusal('INVALID', 'The value must be an http or https URL.', pointer);

  if (body.webhook_url_method === 'GET' || body.webhook_urls_method === 'GET')
    throw refusal('NOT_SIMULATED', 'Webhooks by GET are not simulated.', '/webhook_url_method');

  for (const [event, { retries_ms: delays = [] }] of Object.entries(body.webhook_retries_policies ?? {})) {
    const sum = delays.reduce((total, ms) => total + ms, 0);
    if (sum > RETRY_SUM_MAX_MS || delays.some((ms) => ms < 0))
      throw refusal('OUT_OF_RANGE', `All retries within ${RETRY_SUM_MAX_MS} ms.`, `/webhook_retries_policies/${event}`);
  }
}

function checkDial(body) {
  for (const option of NOT_SIMULATED)
    if (body[option]) throw refusal('NOT_SIMULATED', `The effect of '${option}' is not simulated.`, `/${option}`);

  checkNumbers(body);
  checkWebhooks(body);
  const { min, max } = TIMEOUT_SECS;
  if (body.timeout_secs !== undefined && (body.timeout_secs < min || body.timeout_secs > max))
    throw refusal('OUT_OF_RANGE', `The value is outside of allowed range ${min} to ${max}`, '/timeout_secs');
}

function runDial({ account, body }) {
  const { connections } = account.scenario.account;
  if (!body.connection_id || (connections.length && !connections.includes(body.connection_id)))
    throw refusal('INVALID', 'The requested connection_id is either invalid or does not exist.', '/connection_id');
  /* The answer to a dial says "not alive" whatever the leg does, and has no `id`. */
  return { data: { ...describe(account.dial(body)), is_alive: false } };
}

function describe(leg) {
  return {
    record_type: 'call',
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    is_alive: !leg.isEnded,
    client_state: leg.clientState,
  };
}

function runRetrieve({ account, params }) {
  const leg = account.leg(params.call_control_id);
  return {
    data: {
      ...describe(leg),
      start_time: leg.startedAt,
      end_time: leg.endedAt ?? undefined,
      call_duration: leg.durationSecs,
    },
  };
}

function runHangup({ account, params, body }) {
  const leg = account.liveLeg(params.call_control_id);
  leg.clientState = body.client_state ?? leg.clientState;
  leg.note('HangupCall');
  leg.endByCaller();
  return { data: { result: 'ok' } };
}

function runClientState({ account, params, body }) {
  account.liveLeg(params.call_control_id).clientState = body.client_state;
  return { data: { result: 'ok' } };
}

function runActiveCalls({ account, params, query }) {
  const active = account.legs.filter((leg) => !leg.isEnded && leg.request.connection_id === params.connection_id);
  const { items, meta } = pageOf(active, query.page, (leg) => leg.callControlId);
  return {
    data: items.map((leg) => ({
      record_type: 'call',
      call_control_id: leg.callControlId,
      call_leg_id: leg.callLegId,
      call_session_id: leg.callSessionId,
      client_state: leg.clientState ?? '',
      call_duration: leg.durationSecs,
    })),
    meta,
  };
}

export const calls = {
  DialCall: { scope: accountScope, check: checkDial, run: runDial },
  RetrieveCallStatus: { run: runRetrieve },
  HangupCall: { scope: callScope, run: runHangup },
  UpdateClientState: { run: runClientState },
  ListConnectionActiveCalls: { run: runActiveCalls },
};

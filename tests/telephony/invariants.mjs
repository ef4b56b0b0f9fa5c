/*
 * invariants.mjs - what may never be seen at the provider, whatever happened
 *
 * Read from the simulator's log: the requests it was sent, legs with their
 * history, conferences.  Each rule holds at every moment, so that it can be
 * checked while other calls go on.  Times in the log are strictly increasing
 * text, which compares as it sorts.
 */
import { readFileSync } from 'node:fs';

const SCHEMA = JSON.parse(readFileSync(new URL('../telnyx-sim/schema.json', import.meta.url), 'utf8'));

/* Refusals which say that a request was no well-formed one; all others are about the state of a call. */
const SHAPE_REFUSALS = new Set([
  'UNREADABLE', 'BAD_ENCODING', 'UNAUTHENTICATED', 'NOT_FOUND', 'BAD_METHOD', 'TOO_LARGE', 'MISSING', 'INVALID',
  'NOT_E164', 'BAD_ENUM', 'OUT_OF_RANGE', 'NOT_SIMULATED',
]);

/* The provider's own limit on dials over a rolling window. */
export const DIALS_MAX = 150;
const DIAL_WINDOW_MS = 5000;

/* How long Kevin may stay in a call whose lead is gone, in telephone time. */
const CLOSER_ALONE_MAX_MS = 60_000;

/* Without the accept key a verdict, or this long without one, lets the closer in. */
const SCREENING_MS = 5500;

/* What may be done once for one thing only, and what that thing is. */
const STEPS = {
  DialCall: ({ body }) => body.client_state,
  CreateConference: ({ body }) => body.name,
  JoinConference: ({ path, body }) => `${path} ${body.call_control_id}`,
  GatherUsingSpeak: ({ path }) => path,
};

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/* The client_state of ours as an object; {} for anything else. */
const stateOf = (text) => parsed(Buffer.from(text ?? '', 'base64').toString()) ?? {};

const hasCommandId = (operationId) => {
  const reference = SCHEMA.operations[operationId]?.body?.$ref?.split('/').pop();
  return Boolean(SCHEMA.definitions[reference]?.properties.command_id);
};

const msBetween = (from, to) => Date.parse(to) - Date.parse(from);

const group = (items, keyOf) => {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};

const facts = (leg, name) => leg.history.filter((entry) => entry.name === name);

const verdictsOf = ({ history }) => history.filter(({ name }) => /^call\.machine\..*detection\.ended$/.test(name));

/* Whether the callee had agreed to be let in, at `at`. */
function hasAccepted(leg, at) {
  if (facts(leg, 'GatherUsingSpeak').length)
    return facts(leg, 'call.gather.ended').some((end) => end.status === 'valid' && end.at < at);
  const verdicts = verdictsOf(leg).filter((verdict) => verdict.at < at);
  if (verdicts.some(({ result }) => ['machine', 'fax_detected'].includes(result))) return false;
  return verdicts.length > 0 || msBetween(leg.answeredAt, at) >= SCREENING_MS;
}

/* The most requests to dial within one window, also those that were repeated, refused or never answered. */
export function mostDials(requests) {
  const times = requests
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/calls'))
    .map(({ at }) => Date.parse(at))
    .sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= DIAL_WINDOW_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/* ---- the rules: each gives a text for every violation ---- */

const rules = {
  *joinsOnlyWhoAcceptedHavingAnswered({ requests, legs }) {
    for (const { at, operation, body } of requests) {
      if (operation !== 'JoinConference') continue;
      const leg = legs.find(({ callControlId }) => callControlId === body.call_control_id);
      if (!leg) continue;
      if (!(leg.answeredAt < at)) yield `${leg.to} was joined at ${at} without having answered`;
      else if (!hasAccepted(leg, at)) yield `${leg.to} was joined at ${at} without having accepted`;
    }
  },

  *dialsOneCloserPerTransfer({ legs }) {
    const closers = legs.filter((leg) => leg.dialled.leg === 'closer');
    for (const [transfer, dialled] of group(closers, (leg) => leg.dialled.xfer))
      if (dialled.length > 1) yield `${dialled.length} telephones rang for transfer ${transfer}`;
  },

  *makesOneCallPerDial({ legs }) {
    const leads = legs.filter((leg) => leg.dialled.leg === 'lead');
    for (const [call, dialled] of group(leads, (leg) => leg.dialled.call))
      if (dialled.length > 1) yield `${dialled.length} telephones rang for call ${call}`;
  },

  *sparesTheLeadOfAFailedTransfer({ requests, calls, endedByUs }) {
    for (const [call, { leads, closers }] of calls) {
      const haveFailed = closers.length > 0 && closers.every((leg) => leg.endedAt && !leg.hasJoined);
      if (!haveFailed || endedByUs.has(call)) continue;
      for (const lead of leads) {
        const first = closers[0].startedAt;
        const hangup = requests.find(
          ({ at, operation, params }) =>
            operation === 'HangupCall' && params.call_control_id === lead.callControlId && at > first,
        );
        if (hangup) yield `the lead of call ${call} was hung up at ${hangup.at} after a failed transfer`;
      }
    }
  },

  *endsNobodysConference({ requests }) {
    for (const { at, operation, body } of requests) {
      if (operation === 'EndConference') yield `a conference was ended at ${at}, with all who were in it`;
      if (operation === 'JoinConference' && (body.end_conference_on_exit ?? false))
        yield `somebody was joined at ${at} who takes all with him when he leaves`;
    }
  },

  *leavesNoCloserAlone({ calls, now, timeScale }) {
    for (const [call, { leads, closers }] of calls) {
      const gone = leads.map(({ endedAt }) => endedAt ?? now).sort().at(-1);
      if (gone === undefined) continue;
      for (const { to, startedAt, endedAt } of closers) {
        const aloneMs = msBetween(startedAt > gone ? startedAt : gone, endedAt ?? now) * timeScale;
        if (aloneMs > CLOSER_ALONE_MAX_MS) yield `${to} was left alone for ${aloneMs} ms in call ${call}`;
      }
    }
  },

  *namesEveryCommand({ requests }) {
    for (const { method, operation, path, body } of requests)
      if (method !== 'GET' && hasCommandId(operation) && !body?.command_id)
        yield `${path} was sent without a command_id`;
  },

  *repeatsCommandsUnchanged({ requests }) {
    for (const [id, sent] of group(requests, ({ body }) => body?.command_id)) {
      const kinds = new Set(sent.map(({ path, body }) => `${path} ${JSON.stringify(body)}`));
      if (kinds.size > 1) yield `command ${id} was sent in ${kinds.size} ways`;
    }
  },

  *keepsTheIdOfAStep({ requests }) {
    const steps = requests.filter(({ operation, body }) => STEPS[operation] && body);
    for (const [step, sent] of group(steps, (one) => `${one.operation} ${STEPS[one.operation](one)}`)) {
      const ids = new Set(sent.map(({ body }) => body.command_id));
      if (ids.size > 1) yield `${ids.size} commands for one step: ${step}`;
    }
  },

  *isNeverRefusedForItsShape({ requests }) {
    for (const { at, method, path, refusals } of requests)
      for (const { name, pointer = '' } of refusals)
        if (SHAPE_REFUSALS.has(name)) yield `${method} ${path} at ${at} was refused: ${name} ${pointer}`;
  },

  *keepsThePaceOfDials({ requests }) {
    const most = mostDials(requests);
    if (most > DIALS_MAX) yield `${most} dials within ${DIAL_WINDOW_MS} ms`;
  },
};

/* The log with what the rules want to know. */
function modelOf({ requests, legs, conferences, timeScale, now, endedByUs }) {
  const participants = conferences.flatMap((conference) => conference.participants);
  const joined = new Set(participants.filter((one) => one.joinedAt).map((one) => one.callControlId));
  const known = legs.map((leg) => ({
    ...leg,
    dialled: stateOf(leg.dialState),
    hasJoined: joined.has(leg.callControlId),
  }));
  const calls = new Map();
  for (const [call, ofCall] of group(known, (leg) => leg.dialled.call))
    calls.set(call, {
      leads: ofCall.filter(({ dialled }) => dialled.leg === 'lead'),
      closers: ofCall.filter(({ dialled }) => dialled.leg === 'closer'),
    });
  return {
    requests: requests.map((one) => ({ ...one, body: typeof one.body === 'string' ? parsed(one.body) : one.body })),
    legs: known,
    calls,
    timeScale,
    now,
    endedByUs,
  };
}

/*
 * All violations in a log, as [{rule, text}].  log: {requests, legs,
 * conferences} as the control interface gives them; timeScale and now (ISO
 * text) of the simulator; endedByUs: ids of calls whose end somebody asked for.
 */
export function violations({ timeScale = 1, now = new Date().toISOString(), endedByUs = new Set(), ...log }) {
  const model = modelOf({ ...log, timeScale, now, endedByUs });
  return Object.entries(rules).flatMap(([rule, check]) => [...check(model)].map((text) => ({ rule, text })));
}

/*
 * control.mjs - the /_sim/ interface: look into the stand-in, and upset it
 *
 * For tests and demos only; the provider has nothing like it.  Every handler
 * takes {sim, id, body, query} and returns what is to be sent as JSON.
 */
import { FaultError } from './faults.mjs';
import { Scenario, ScenarioError } from './scenario.mjs';

const PREFIX = '/_sim';

/* A wrong use of this interface; answered with 400 or 404. */
class ControlError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/* What people do, and for scripted legs the network. */
const LEG_ACTIONS = {
  ring: (leg) => leg.ring(),
  answer: (leg) => leg.answer(),
  hangup: (leg) => leg.endByCallee(),
  cancel: (leg) => leg.endByCaller(),
  press: (leg, { digit }) => leg.press(digit ?? '1'),
  say: (leg, { text, track }) => leg.transcriber?.hear(text, track),
};

const TREATMENT_TYPES = {
  match: 'string',
  times: 'number',
  duplicate: 'number',
  delayMs: 'number',
  shuffleWithinMs: 'number',
  drop: 'boolean',
  forge: 'boolean',
};

const since = ({ query }) => Number(query.get('since') ?? 0) || 0;

function describeLeg(leg) {
  return {
    callControlId: leg.callControlId,
    callLegId: leg.callLegId,
    callSessionId: leg.callSessionId,
    to: leg.request.to,
    from: leg.request.from,
    clientState: leg.clientState ?? null,
    /* What the dial said; clientState is what later commands made of it. */
    dialState: leg.request.client_state ?? null,
    commandId: leg.request.command_id ?? null,
    rule: leg.behaviour.rule,
    result: leg.behaviour.result,
    state: leg.state,
    startedAt: leg.startedAt,
    answeredAt: leg.answeredAt,
    endedAt: leg.endedAt,
    machineResult: leg.machineResult,
    hangup: leg.hangup,
    conferenceId: leg.conference?.id ?? null,
    isRecorded: leg.recording !== null,
    isTranscribed: leg.transcriber !== null,
    /* What is going on in the call just now. */
    doing: leg.gather ? 'gather' : leg.speech ? 'speak' : null,
    history: leg.history,
  };
}

function describeConference(conference) {
  return {
    id: conference.id,
    name: conference.name,
    state: conference.isEnded ? 'completed' : 'in_progress',
    createdAt: conference.createdAt,
    endedAt: conference.endedAt,
    endReason: conference.endReason,
    participants: conference.participants.map(({ leg, ...participant }) => ({
      callControlId: leg.callControlId,
      to: leg.request.to,
      ...participant,
    })),
  };
}

/* By call_control_id or call_leg_id, or the newest leg to a number. */
function findLeg(sim, id) {
  const leg = sim.account.journal.legs
    .list()
    .reverse()
    .find((candidate) => [candidate.callControlId, candidate.callLegId, candidate.request.to].includes(id));
  if (!leg) throw new ControlError(404, `no such leg: ${id}`);
  return leg;
}

function actOnLeg({ sim, id, body }) {
  const act = LEG_ACTIONS[body.action];
  if (!act) throw new ControlError(400, `action must be one of ${Object.keys(LEG_ACTIONS).join(', ')}`);
  const leg = findLeg(sim, id);
  act(leg, body);
  return describeLeg(leg);
}

function treatWebhooks({ sim, body }) {
  for (const [key, value] of Object.entries(body))
    if (typeof value !== TREATMENT_TYPES[key]) throw new ControlError(400, `bad or unknown field: ${key}`);
  try {
    new RegExp(body.match ?? '');
  } catch (error) {
    throw new ControlError(400, error.message);
  }
  sim.webhooks.treat(body);
  return { treatment: sim.webhooks.treatment };
}

function replaceScenario({ sim, body }) {
  sim.account.scenario = new Scenario(body);
  return { scenario: body };
}

function preferRule({ sim, body }) {
  sim.account.scenario.prefer(body);
  return { rule: body };
}

const handlers = {
  'GET ': ({ sim }) => ({
    publicKey: sim.signer.publicKey,
    timeScale: sim.timeScale,
    legs: sim.account.legs.length,
  }),
  'GET requests': (call) => ({ requests: call.sim.requests.list(since(call)) }),
  'GET legs': (call) => ({ legs: call.sim.account.journal.legs.list(since(call)).map(describeLeg) }),
  'GET legs/:id': ({ sim, id }) => describeLeg(findLeg(sim, id)),
  'POST legs/:id': actOnLeg,
  'GET conferences': (call) => ({
    conferences: call.sim.account.journal.conferences.list(since(call)).map(describeConference),
  }),
  'GET webhooks': (call) => ({
    treatment: call.sim.webhooks.treatment,
    deliveries: call.sim.webhooks.list(since(call)),
  }),
  'POST webhooks': treatWebhooks,
  'DELETE webhooks': ({ sim }) => {
    sim.webhooks.treat({});
    return { treatment: sim.webhooks.treatment };
  },
  'GET faults': ({ sim }) => ({ faults: sim.faults.list() }),
  'POST faults': ({ sim, body }) => sim.faults.add(body),
  'DELETE faults': ({ sim }) => {
    sim.faults.clear();
    return { faults: [] };
  },
  'GET scenario': ({ sim }) => ({ scenario: sim.account.scenario.source }),
  'POST scenario': replaceScenario,
  'POST rules': preferRule,
  'DELETE rules': ({ sim }) => {
    sim.account.scenario.forgetPreferred();
    return {};
  },
  'POST reset': ({ sim }) => {
    sim.reset();
    return { reset: true };
  },
};

export const isControlPath = (path) => path === PREFIX || path.startsWith(`${PREFIX}/`);

/* Somebody looks with a browser. */
export const isPage = ({ method, path, headers }) =>
  method === 'GET' && path.replace(/\/$/, '') === PREFIX && /\btext\/html\b/.test(headers.accept ?? '');

function parse(raw) {
  if (!raw.length) return {};
  try {
    const body = JSON.parse(raw.toString());
    if (body !== null && typeof body === 'object') return body;
  } catch (error) {
    throw new ControlError(400, `no JSON: ${error.message}`);
  }
  throw new ControlError(400, 'the body must be an object');
}

/* Answer a request to this interface: {status, body}. */
export function controlAnswer(sim, { method, path, searchParams, raw }) {
  const [name, id] = path.slice(PREFIX.length + 1).split('/');
  const handle = handlers[`${method} ${name}${id === undefined ? '' : '/:id'}`];

  try {
    if (!handle) throw new ControlError(404, `nothing here: ${method} ${path}`);
    const call = { sim, id: id && decodeURIComponent(id), body: parse(raw), query: searchParams };
    return { status: 200, body: handle(call) };
  } catch (error) {
    if (error instanceof ControlError) return { status: error.status, body: { error: error.message } };
    if (error instanceof FaultError || error instanceof ScenarioError || error instanceof URIError)
      return { status: 400, body: { error: error.message } };
    throw error;
  }
}

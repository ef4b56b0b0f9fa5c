/*
 * Random requests made from the document against the running system: never a 5xx, never an answer
 * outside the document; what it calls invalid is refused, what it calls valid is taken.
 *
 * VALS_SEED chooses another run, VALS_PROPERTY_RUNS sets how many requests there are. The long run is another one each time.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readSeed, Signer } from '../telnyx-sim/signing.mjs';
import { Arbitrary, randomSeed } from './arbitrary.mjs';
import { operations, resolve, validatorOf } from './openapi.mjs';
import {
  admin,
  as,
  endCall,
  execute,
  expectStatus,
  foreignId,
  freshPhone,
  leadBody,
  need,
  newAnsweredCall,
  newCall,
  newLead,
  nobody,
  query,
  send,
  toBeEnded,
} from './support.mjs';

const SEED = Number(process.env.VALS_SEED ?? (process.env.VALS_TEST_LONG ? randomSeed() : 20260131));
const RUNS = Number(process.env.VALS_PROPERTY_RUNS ?? (process.env.VALS_TEST_LONG ? 20_000 : 3000));
const AT_ONCE = 6;

/* Hashing a password takes long by design, a dial occupies a telephone line, an export is all there is. */
const FEW = { users_create: 8, users_update: 12, call_start: 12, export_get: 40 };

/* What does not answer in the envelope. */
const BARE = new Set(['webhook_receive', 'export_get']);

/* Not with random values: they would lock everybody out, or end the session all others use. */
const OF_NOBODY = new Set(['auth_login', 'auth_refresh', 'auth_logout']);

/* Rules a schema cannot say: the fields for which a valid body or query may still be refused; ? stands for no field. */
const RULES = {
  leads_create: ['timezone', 'customFields'],
  leads_update: ['timezone', 'customFields', 'status'],
  kevin_availability_set: ['until'],
  kevin_schedule_set: [
    'timezone',
    'slots',
    'exceptions',
    'monday',
    'tuesday',
    'wednesday',
    'thursday',
    'friday',
    'saturday',
    'sunday',
  ],
  kevin_transfer_outcome_set: ['transferId'],
  call_transfer_start: ['?'],
  keys_create: ['expiresAt'],
  keys_update: ['expiresAt'],
  calls_create: ['startTime', 'endTime'],
  lead_calls_create: ['startTime', 'endTime'],
  calls_update: ['status'],
  agent_performance: ['from', 'to', 'timezone', 'groupBy', '?'],
  analytics_dashboard: ['from', 'to', 'timezone', '?'],
  analytics_performance: ['from', 'to', 'timezone', '?'],
  analytics_conversion: ['from', 'to', 'timezone', '?'],
  export_get: ['status', 'finalStatus', 'state', 'conversionResult', 'answeredBy'],
};

/* Things this run made, by what they are; ids are drawn from here or are nobody's. */
const pool = { lead: [], call: [], user: [], key: [] };

const kindOfPath = (path) => ({ leads: 'lead', calls: 'call', users: 'user', keys: 'key' })[path.split('/')[2]];

function known(name, draw) {
  if (name === 'phone' || name === 'phoneNumber') return freshPhone();
  if (name === 'leadId') return draw.pick([...pool.lead, foreignId()]);
  if (name === 'callId') return draw.pick([...pool.call, foreignId()]);
  if (name === 'timezone')
    return draw.pick(['America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC', 'Nowhere/Land', '+25:00']);
  return undefined;
}

const draw = new Arbitrary(SEED, known);

/* ---- requests ---- */

const bodyOf = (operation) => {
  const media = resolve(operation.requestBody)?.content;
  return media && { schema: media['application/json']?.schema, types: Object.keys(media) };
};

const queryOf = (operation) => operation.parameters.filter((parameter) => parameter.in === 'query');

function drawPath(operation) {
  const kind = kindOfPath(operation.path);
  const id = draw.maybe(0.1)
    ? draw.pick(['1', 'null', '%00', 'a%2Fb', '0'.repeat(2000), foreignId().slice(1)])
    : draw.pick([...(pool[kind] ?? []), foreignId()]);
  return operation.path.replace('{id}', id);
}

/* The query: {text, isValid}; undefined isValid where nobody can say. */
function drawQuery(operation) {
  const chosen = queryOf(operation).filter(({ required }) => draw.maybe(required ? 0.95 : 0.3));
  const isWhole = queryOf(operation).every((parameter) => !parameter.required || chosen.includes(parameter));
  const isBad = chosen.length > 0 && draw.maybe(0.3);
  const pairs = chosen.map(({ name, schema }) => [name, String((!isBad && known(name, draw)) || draw.value(schema))]);
  const bad = draw.pick(pairs);
  if (isBad)
    bad[1] = draw.pick([
      '',
      ' ',
      '\u0001',
      'x'.repeat(3000),
      'NaN',
      '1e999',
      '-',
      "'",
      '[]',
      '2026-02-30',
      '2026-01-01T00:00:00+99:99',
    ]);
  if (isBad && draw.maybe(0.3)) bad[0] = `${bad[0]}${draw.pick(['[]', '[a]', '[a][b]', '['])}`;
  if (draw.maybe(0.1)) pairs.push(['unknown', 'ignored']);
  const text = new URLSearchParams(pairs).toString();
  if (draw.maybe(0.03)) return { text: `${text}&%zz&=&%ff`, isValid: undefined };
  return { text, isValid: isBad || !isWhole ? undefined : true };
}

const GARBAGE = [
  '',
  ' ',
  '{',
  '{}',
  '[]',
  'null',
  '"text"',
  '{"a":1}',
  '{"a":1,"a":2}',
  '{"customFields":{"a":"\\u0000"}}',
  '{"notes":"\\ud800"}',
  '\ufeff{}',
  '{"a":1e999}',
  '['.repeat(3000),
  `{"a":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`,
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from('7b2261223a22c3287d', 'hex'),
  'a=1&b[]=2&c[d]=3',
  `{"${'x'.repeat(100_000)}":1}`,
];

/* Files, for routes which take no JSON: nobody can say whether they are valid. */
const FILES = [
  'firstName,lastName,phone\nAda,Property,+12125550100\n',
  'firstName,lastName,phone\r\n"A\r\n""b""",,12\r\n\r\nA,B',
  '{"firstName":"Ada","lastName":"Property","phone":"+12125550100"}\n{}\n\n[1]\n{"firstName":1}',
];

/* A body: {body, headers, isValid}. */
function drawBody(operation) {
  const { schema, types } = bodyOf(operation);
  const die = draw.next();

  if (schema === undefined)
    return { body: draw.pick([...GARBAGE, ...FILES, ...FILES]), headers: { 'content-type': draw.pick(types) } };
  if (die < 0.08)
    return {
      body: draw.pick(GARBAGE),
      headers: {
        'content-type': draw.pick([
          'application/json',
          'text/plain',
          'application/x-www-form-urlencoded',
          'application/json; charset=utf-8',
          '',
        ]),
      },
    };
  if (die < 0.5) return { body: draw.value(schema), isValid: true };
  if (die < 0.6) {
    const flat = Object.entries(draw.value(schema)).filter(([, value]) => typeof value !== 'object');
    return { body: new URLSearchParams(flat.map(([name, value]) => [name, String(value)])) };
  }
  const body = draw.badMembers(resolve(schema));
  return { body, isValid: validatorOf(schema)(body) === '' ? undefined : false };
}

function drawHeaders(operation) {
  const headers = {};
  if (operation.parameters.some(({ name }) => name === 'Idempotency-Key') && draw.maybe(0.15))
    headers['idempotency-key'] = draw.pick([`property-${SEED}-${draw.int(1, 6)}`, 'x'.repeat(draw.int(254, 257))]);
  if (operation.parameters.some(({ name }) => name === 'If-Match') && draw.maybe(0.2))
    headers['if-match'] = draw.pick(['"1"', 'W/"2"', '*', '"', 'garbage', '9'.repeat(40)]);
  return headers;
}

function drawRequest(operation) {
  const text = { text: '', isValid: true, ...(queryOf(operation).length > 0 && drawQuery(operation)) };
  const content = operation.requestBody ? drawBody(operation) : { isValid: true };
  return {
    operation,
    path: `${drawPath(operation)}${text.text && `?${text.text}`}`,
    body: content.body,
    headers: { ...content.headers, ...drawHeaders(operation) },
    /* true: all of it is as documented; false: the body surely is not. */
    isValid: text.isValid && content.isValid,
  };
}

/* ---- answers ---- */

/* Remember what was made, so that later requests find it and after() can end it. */
function remember({ operation }, { status, body }) {
  const kind = {
    leads_create: 'lead',
    users_create: 'user',
    keys_create: 'key',
    calls_create: 'call',
    lead_calls_create: 'call',
  }[operation.operationId];
  if (status !== 201) return;
  if (kind && pool[kind].length < 40) pool[kind].push(body.data.id);
  if (operation.operationId === 'call_start') {
    toBeEnded(body.data.callId);
    pool.call.push(body.data.callId);
  }
}

function checkVerdict({ operation, path, isValid, headers }, answer) {
  const code = answer.body?.code;
  if (/%00|a%2Fb/.test(path)) return;
  if (isValid === false && operation['x-roles'][0] !== 'signature')
    assert.ok(
      [400, 404].includes(answer.status) && code !== undefined,
      'what the document calls invalid was not refused',
    );
  if (isValid !== true || answer.status !== 400 || headers['idempotency-key']) return;
  const rules = RULES[operation.operationId] ?? [];
  const fields = (answer.body.details ?? [{ field: '?' }]).map(({ field }) => field);
  assert.ok(
    fields.every((field) => rules.includes(field)),
    'what the document calls valid was refused',
  );
}

async function ask(request) {
  const { operation, path, body, headers } = request;
  const caller = OF_NOBODY.has(operation.operationId) ? nobody : (request.caller ?? admin);
  const shown =
    body instanceof Uint8Array
      ? `<${body.length} bytes>`
      : body instanceof URLSearchParams
        ? String(body)
        : typeof body === 'string'
          ? body.slice(0, 500)
          : JSON.stringify(body);
  let answer;
  try {
    answer = await send(operation.method, path, {
      token: caller.token,
      body,
      headers,
      isBare: BARE.has(operation.operationId),
    });
    assert.ok(answer.status < 500, `a ${answer.status}`);
    if (caller === admin) checkVerdict(request, answer);
    remember(request, answer);
    return answer;
  } catch (error) {
    error.message = `VALS_SEED=${SEED}: ${operation.method} ${path.slice(0, 300)} ${JSON.stringify(headers)}\n${shown}\n${answer?.text.slice(0, 500)}\n${error.message}`;
    throw error;
  }
}

/* Ask for many things, some at once. All failures of one route are like the first, so that one is told. */
async function askMany(requests) {
  const waiting = requests.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const request of waiting) await ask(request);
    }),
  );
}

/* ---- the runs ---- */

const ofProgram = operations.filter(
  ({ path }) => path.startsWith('/api/') && !path.startsWith('/api/docs') && !path.startsWith('/api/openapi'),
);
const weight = (operation) => (operation.requestBody || queryOf(operation).length > 0 ? 3 : 1);
const total = ofProgram.reduce((sum, operation) => sum + weight(operation), 0);
const timesOf = (operation) => FEW[operation.operationId] ?? Math.ceil((RUNS * weight(operation)) / total);

let schedule;
let override;

before(async () => {
  schedule = expectStatus(await admin.get('/api/kevin/schedule'), 200).body.data;
  ({ override } = expectStatus(await admin.get('/api/kevin/availability'), 200).body.data);
  pool.lead.push((await newLead()).id, (await newLead()).id);
  for (const call of [await newCall(), await newAnsweredCall()]) {
    pool.call.push(call.callId);
    pool.lead.push(call.lead.id);
  }
});

/* Leave the world as it was: calls over, Kevin as he was, no account or key of ours. */
after(async () => {
  for (const callId of pool.call) await endCall(callId, {}, admin);
  const { timezone, slots, exceptions } = schedule;
  expectStatus(await admin.put('/api/kevin/schedule', { timezone, slots, exceptions }), 200);
  const { available = null, reason, until } = override ?? {};
  expectStatus(
    await admin.put('/api/kevin/availability', available === null ? { available } : { available, reason, until }),
    200,
  );
  for (const id of pool.user) expectStatus(await admin.delete(`/api/users/${id}`), 200);
  for (const id of pool.key) expectStatus(await admin.delete(`/api/keys/${id}`), 200);
  await execute('delete from vals.login_attempts');
});

describe(`random requests (VALS_SEED=${SEED})`, () => {
  for (const operation of ofProgram)
    test(`${timesOf(operation)} x ${operation.route}`, () =>
      askMany(Array.from({ length: timesOf(operation) }, () => drawRequest(operation))));

  test('by every role, in any order', async () => {
    const callers = await Promise.all(['nobody', 'kevin', 'operator', 'analyst', 'agent'].map(as));
    const some = ofProgram.filter(({ operationId }) => !(operationId in FEW) && !OF_NOBODY.has(operationId));
    await askMany(
      Array.from({ length: Math.ceil(RUNS / 6) }, () => ({
        ...drawRequest(draw.pick(some)),
        caller: draw.pick(callers),
      })),
    );
  });
});

describe(`random events, signed (VALS_SEED=${SEED})`, () => {
  const TYPES = [
    'call.initiated',
    'call.answered',
    'call.hangup',
    'call.machine.detection.ended',
    'conference.participant.joined',
    'call.recording.saved',
    'nothing.known',
  ];
  const TIMES = [
    '2026-01-31T15:04:05.123456Z',
    '1970-01-01T00:00:00Z',
    'yesterday',
    '2026-02-30T00:00:00Z',
    '2026-01-01T00:00:00+99:99',
    '',
    null,
    7,
  ];

  const drawEvent = (legs) => {
    const leg = draw.maybe(0.4) ? draw.pick(legs) : {};
    return {
      data: {
        id: draw.maybe(0.9) ? draw.uuid() : draw.json(1),
        event_type: draw.maybe(0.9) ? draw.pick(TYPES) : draw.json(1),
        occurred_at: draw.pick(TIMES),
        record_type: 'event',
        payload: draw.maybe(0.1)
          ? draw.json(2)
          : {
              ...draw.object(2),
              call_control_id: draw.pick([leg.call_control_id, 'v3:nobody', draw.json(1)]),
              call_leg_id: draw.pick([leg.call_leg_id, undefined]),
              client_state: draw.pick([
                '',
                'bm8ganNvbg==',
                '*',
                7,
                Buffer.from(JSON.stringify({ call: 'x', leg: 'lead' })).toString('base64'),
              ]),
              hangup_cause: draw.pick(['normal_clearing', 'user_busy', 7, null, 'x'.repeat(500)]),
              result: draw.pick(['human', 'machine', {}, null]),
            },
      },
      meta: draw.json(1),
    };
  };

  test('are stored or refused', async () => {
    const signer = new Signer(readSeed(need('VALS_SIM_KEY_FILE')));
    const operation = operations.find(({ operationId }) => operationId === 'webhook_receive');
    const legs = await query('select call_control_id, call_leg_id from vals.legs order by random() limit 20');
    await askMany(
      Array.from({ length: Math.ceil(RUNS / 15) }, () => {
        const body = draw.maybe(0.05)
          ? draw.pick(GARBAGE.filter((text) => typeof text === 'string'))
          : JSON.stringify(drawEvent(legs));
        return { operation, path: operation.path, body, headers: signer.headers(body) };
      }),
    );
  });
});

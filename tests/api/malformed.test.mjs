/* Bodies and queries that are no JSON, no form, no UTF-8: each is refused in the envelope, and never a fault of ours. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  admin,
  agent,
  expectInvalid,
  expectProblem,
  expectStatus,
  foreignId,
  freshPhone,
  leadBody,
  newLead,
  nobody,
  query,
  runName,
  send,
} from './support.mjs';

/* What was refused must not be there. */
after(async () => {
  assert.deepEqual(
    await query("select id from vals.leads where last_name = :'name'", { name: `${runName}malformed` }),
    [],
  );
});

const good = () => JSON.stringify(leadBody({ lastName: `${runName}malformed` }));
/* The good body with a member more, written as it is. */
const withMember = (json) => good().replace(/}$/, `,${json}}`);
/* With a value for a text member, as bytes. */
const withText = (...bytes) =>
  Buffer.concat([Buffer.from(`${good().slice(0, -1)},"city":"a`), Buffer.from(bytes), Buffer.from('b"}')]);
const nested = (depth, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);

const MALFORMED = {
  'only blanks': ' \n\t ',
  'an open brace': '{',
  'cut in the middle': good().slice(0, -10),
  'a text in single quotes': withMember("'city':'x'"),
  'a value in single quotes': withMember('"city":\'x\''),
  'a name without quotes': withMember('city:"x"'),
  'a comma too many': withMember('"city":"x",'),
  'a comma too few': good().replace(',"lastName"', '"lastName"'),
  'a comment': good().replace('{', '{/* a comment */'),
  'a line comment': `// a comment\n${good()}`,
  'a byte order mark': `\uFEFF${good()}`,
  'text after it': `${good()}x`,
  'a second object after it': `${good()}${good()}`,
  'a NUL after it': `${good()}\0`,
  'a form feed around it': `\f${good()}`,
  'a line break in a text': withMember('"city":"a\nb"'),
  'a tab in a text': withMember('"city":"a\tb"'),
  'a NUL byte in a text': withMember('"city":"a\0b"'),
  'an escape character in a text': withMember('"city":"a\u001bb"'),
  'an unknown escape': withMember('"city":"\\x41"'),
  'an escaped quote of the wrong kind': withMember('"city":"\\\'"'),
  'half a \\u escape': withMember('"city":"\\u12"'),
  'a \\u0000 in a value': withMember('"city":"a\\u0000b"'),
  'a \\u0000 in a name': withMember('"city\\u0000x":"b"'),
  'a \\u0000 in the value of a nested object': withMember('"customFields":{"a":["\\u0000"]}'),
  'a lone high surrogate': withMember('"city":"\\ud83d"'),
  'a lone low surrogate': withMember('"city":"\\ude00"'),
  'surrogates in the wrong order': withMember('"city":"\\ude00\\ud83d"'),
  'a lone surrogate in a name': withMember('"customFields":{"\\ud800":1}'),
  NaN: withMember('"kevinRating":NaN'),
  Infinity: withMember('"kevinRating":Infinity'),
  '-Infinity': withMember('"kevinRating":-Infinity'),
  undefined: withMember('"city":undefined'),
  'True in capitals': withMember('"doNotCall":True'),
  'a number with a leading zero': withMember('"kevinRating":07'),
  'a number with a leading plus': withMember('"kevinRating":+7'),
  'a number in hexadecimal': withMember('"kevinRating":0x7'),
  'a number that ends in a dot': withMember('"kevinRating":7.'),
  'a number that begins with a dot': withMember('"kevinRating":.7'),
  'a lone minus': withMember('"kevinRating":-'),
  'an exponent without digits': withMember('"kevinRating":7e'),
  'a whole number of 25 digits': withMember(`"kevinRating":${'9'.repeat(25)}`),
  'a fraction of 25 digits': withMember(`"customFields":{"x":0.${'1'.repeat(25)}}`),
  'a whole number beyond 64 bits': withMember('"customFields":{"x":18446744073709551616}'),
  'a number beyond all doubles': withMember('"customFields":{"x":1e999}'),
  'a name that comes twice': withMember('"firstName":"Eve"'),
  'a name that comes twice, once escaped': withMember('"firstN\\u0061me":"Eve"'),
  'a name that comes twice inside': withMember('"customFields":{"a":1,"a":2}'),
  'lists 40 deep': withMember(`"customFields":{"x":${nested(40)}}`),
  'objects 40 deep': withMember(`"customFields":${'{"a":'.repeat(40)}1${'}'.repeat(40)}`),
  'lists 100,000 deep': nested(100_000),
  '100,000 open brackets': '['.repeat(100_000),
  '100,000 open objects': '{"a":'.repeat(100_000),
  null: 'null',
  true: 'true',
  'a number': '1',
  'a text': '"text"',
  'an empty list': '[]',
  'a list of the right object': `[${good()}]`,
  'no JSON at all': 'firstName=A&lastName=B',
  XML: '<?xml version="1.0"?><lead/>',
  'random bytes': Buffer.from([0x00, 0xff, 0x80, 0x7f, 0x01, 0xc0, 0xaf, 0xfe]),
  'UTF-16': Buffer.from(good(), 'utf16le'),
  'Latin-1': withText(0xe4),
  'a continuation byte alone': withText(0x80),
  'a cut sequence of UTF-8': withText(0xe2, 0x82),
  'an overlong slash': withText(0xc0, 0xaf),
  'an overlong slash of three bytes': withText(0xe0, 0x80, 0xaf),
  'an overlong NUL': withText(0xc0, 0x80),
  'a surrogate as UTF-8': withText(0xed, 0xa0, 0x80),
  'a code point above 10FFFF': withText(0xf4, 0x90, 0x80, 0x80),
  'a byte UTF-8 does not have': withText(0xff),
};

describe('a JSON body', () => {
  for (const [what, body] of Object.entries(MALFORMED))
    test(`with ${what} is 400`, async () => {
      const answer = expectProblem(await admin.post('/api/leads', body), 400, 'MALFORMED');
      assert.match(answer.body.error, /^Body/);
    });

  test('is read as strictly by every route that takes one', async () => {
    const routes = [
      ['PUT', `/api/leads/${(await newLead()).id}`],
      ['POST', '/api/agent/start-call'],
      ['POST', '/api/agent/end-call'],
      ['POST', '/api/agent/engagement-score'],
      ['POST', '/api/agent/phase-transition'],
      ['PUT', '/api/kevin/availability'],
      ['POST', '/api/auth/login'],
    ];
    for (const [method, path] of routes)
      for (const body of [
        '{',
        '[]',
        "{'a':1}",
        '{"a":1,"a":1}',
        '{"a\\u0000b":1}',
        `{"a":${nested(40)}}`,
        Buffer.from([0xff]),
      ])
        expectProblem(await send(method, path, { token: admin.token, body }), 400, 'MALFORMED');
  });

  test('may have any blanks around its parts', async () => {
    const body = JSON.stringify(leadBody(), null, '\r\n\t ');
    expectStatus(await admin.post('/api/leads', ` \r\n\t${body}\n `), 201);
  });

  test('may be 32 deep', async () => {
    const { data } = expectStatus(
      await admin.post('/api/leads', JSON.stringify(leadBody({ customFields: { x: JSON.parse(nested(30)) } }))),
      201,
    ).body;
    assert.deepEqual(data.customFields.x, JSON.parse(nested(30)));
    expectProblem(await admin.post('/api/leads', withMember(`"customFields":{"x":${nested(31)}}`)), 400, 'MALFORMED');
  });

  test('may spell its names with escapes', async () => {
    const body = leadBody();
    const text = JSON.stringify(body)
      .replace('"firstName"', '"first\\u004eame"')
      .replace('"Ada"', '"\\u00e4\\u20AC\\ud83d\\uDE00\\/"');
    assert.equal(expectStatus(await admin.post('/api/leads', text), 201).body.data.firstName, 'ä€😀/');
  });

  test('keeps its numbers as they were written', async () => {
    const numbers = { tenth: 0.1, big: 9007199254740991, small: 1e-300, large: 1.5e300, negative: -0.25, zero: 0 };
    const { data } = expectStatus(await admin.post('/api/leads', leadBody({ customFields: numbers })), 201).body;
    assert.deepEqual(data.customFields, numbers);
    const exact = `{${JSON.stringify(leadBody()).slice(1, -1)},"customFields":{"n":9223372036854775807}}`;
    assert.match(expectStatus(await admin.post('/api/leads', exact), 201).text, /"n" ?: ?9223372036854775807/);
  });

  test('that is empty counts as an object without members', async () => {
    expectInvalid(await agent.post('/api/agent/start-call', ''), 'leadId');
    expectInvalid(await send('POST', '/api/agent/start-call', { token: agent.token }), 'leadId');
  });
});

describe('the content type', () => {
  for (const type of [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json-patch+json',
    'json',
    'text/json',
    '',
  ])
    test(`${type || '(none)'} is 415`, async () => {
      expectProblem(
        await admin.post('/api/leads', Buffer.from(good()), { 'content-type': type }),
        415,
        'UNSUPPORTED_TYPE',
      );
    });

  test('that was compressed is 415, not taken for broken JSON', async () => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const answer = await admin.post('/api/leads', gzipSync(good()), { 'content-encoding': encoding });
      assert.match(expectProblem(answer, 415, 'UNSUPPORTED_TYPE').body.error, /^Content-Encoding/);
    }
    expectStatus(await admin.post('/api/leads', leadBody(), { 'content-encoding': 'identity' }), 201);
    expectStatus(await admin.get('/api/leads?limit=1', { 'content-encoding': 'gzip' }), 200);
  });

  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
  ])
    test(`${type} is JSON`, async () => {
      expectStatus(await admin.post('/api/leads', JSON.stringify(leadBody()), { 'content-type': type }), 201);
    });
});

describe('a form', () => {
  const post = (body) => admin.post('/api/leads', body, { 'content-type': 'application/x-www-form-urlencoded' });
  const start = `firstName=A&lastName=${runName}malformed&phone=${encodeURIComponent(freshPhone())}`;

  for (const [what, body] of Object.entries({
    'half an escape': `${start}&city=%4`,
    'an escape that is none': `${start}&city=%zz`,
    'a lone percent': `${start}&city=100%`,
    'a NUL': `${start}&city=a%00b`,
    'bad UTF-8': `${start}&city=%ff%fe`,
    'an overlong slash': `${start}&city=%c0%af`,
    'a surrogate': `${start}&city=%ed%a0%80`,
    'raw bytes': Buffer.concat([Buffer.from(`${start}&city=`), Buffer.from([0xff])]),
    'a name as value and as object': `${start}&customFields=1&customFields[a]=2`,
    'open brackets': `${start}&customFields[a=2`,
    'brackets in brackets': `${start}&customFields[a][b]=2`,
    'brackets without a name': `${start}&[a]=2`,
    'a key twice in one object': `${start}&customFields[a]=1&customFields[a]=2`,
    'more than a thousand pairs': `${start}${'&a=1'.repeat(1001)}`,
  }))
    test(`with ${what} is 400`, async () => {
      expectProblem(await post(body), 400, 'MALFORMED');
    });

  test('with a value twice where one belongs names the field', async () => {
    expectInvalid(await post(`${start}&city=a&city=b`), 'city');
    expectInvalid(await post(`${start}&firstName=Eve`), 'firstName');
  });

  test('with words for numbers and switches names the fields', async () => {
    expectInvalid(
      await post(`${start}&kevinRating=seven&doNotCall=perhaps&tags=one&consent=yes`),
      'kevinRating',
      'doNotCall',
      'tags',
      'consent',
    );
    for (const number of ['', ' 7', '7 ', '0x7', '7e0', '1e1', 'NaN', '7.5', '--7', '9'.repeat(400)])
      expectInvalid(await post(`${start}&kevinRating=${encodeURIComponent(number)}`), 'kevinRating');
  });

  test('with unknown names is refused as JSON is', async () => {
    expectInvalid(await post(`${start}&__proto__=1&constructor=2&id=3`), '__proto__', 'constructor', 'id');
  });
});

describe('a query', () => {
  for (const text of [
    'search=%zz',
    'search=%',
    'search=a%00b',
    'search=%ff',
    'search=%c0%af',
    'search=%ed%a0%80',
    'a[b=1',
    'a[b][c]=1',
    'a=1&a[b]=2',
    `x=${'&x='.repeat(1001)}`,
  ])
    test(`${text.slice(0, 40)} is 400`, async () => {
      expectProblem(await admin.get(`/api/leads?${text}`), 400, 'MALFORMED');
    });

  test('with raw bytes above ASCII is read as UTF-8', async () => {
    expectStatus(await admin.get('/api/leads?search=ä€😀'), 200);
  });

  for (const text of ['', '&', '&&&', '=', '=1', 'page', 'search[]=a', 'search[x]=a', 'page[]=1', 'status[$ne]=new'])
    test(`${text || '(empty)'} is answered without a fault`, async () => {
      const { status } = await admin.get(`/api/leads?${text}`);
      assert.ok([200, 400].includes(status), String(status));
    });
});

describe('fuzz', () => {
  /* Deterministic, so that what fails once fails again. */
  function* random(seed) {
    let state = seed;
    for (;;) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      yield state >>> 8;
    }
  }

  test('three hundred damaged bodies are never a fault of ours', async () => {
    const numbers = random(20260131);
    const next = (limit) => numbers.next().value % limit;
    const original = Buffer.from(
      JSON.stringify({
        callId: foreignId(),
        engagementScore: 85.5,
        indicators: { 'ä€': [1, 'x', null, { y: -1e3 }] },
        phase: 3,
        at: '2026-01-31T10:00:00Z',
      }),
    );
    for (let i = 0; i < 300; i += 1) {
      const body = Buffer.from(original);
      for (let n = 1 + next(4); n > 0; n -= 1) body[next(body.length)] = next(256);
      const answer = await agent.post(
        '/api/agent/engagement-score',
        next(3) === 0 ? body.subarray(0, next(body.length)) : body,
      );
      assert.ok([400, 404].includes(answer.status), `${body.toString('latin1')} -> ${answer.status}`);
    }
  });

  test('bad sign-ins of every type are never a fault of ours', async () => {
    for (const value of [
      null,
      true,
      0,
      1.5,
      '',
      [],
      {},
      ['a@b.co'],
      { a: 1 },
      '\u0001',
      '😀'.repeat(60),
      'a'.repeat(300),
    ])
      expectStatus(await nobody.post('/api/auth/login', { email: value, password: value }), 400);
  });
});

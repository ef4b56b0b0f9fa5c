/* Each kind of field: what it takes, where its limits are, and that a refusal names it. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { admin, expectInvalid, expectStatus, freshPhone, newLead, runName } from './support.mjs';

let lead;
before(async () => {
  lead = await newLead();
});

const put = (body) => admin.put(`/api/leads/${lead.id}`, body);
const stored = async (name, value) => expectStatus(await put({ [name]: value }), 200).body.data[name];
const show = (value) => {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text;
};

function refuses(name, values) {
  for (const value of values)
    test(`refuses ${show(value)}`, async () => expectInvalid(await put({ [name]: value }), name));
}

/* A value, or [value sent, value answered]. */
function takes(name, values) {
  for (const [value, expected] of values.map((entry) => (Array.isArray(entry) ? entry : [entry, entry])))
    test(`takes ${show(value)}`, async () => assert.deepEqual(await stored(name, value), expected));
}

const NOT_TEXTS = [1, true, [], ['x'], {}, { a: 'x' }];
const CONTROLS = ['a\u0007b', 'a\u001bb', 'a\u007fb'];
const members = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${100 + i}`, 1]));

describe('a text (firstName, 1 to 100 characters)', () => {
  refuses('firstName', [...NOT_TEXTS, '', '   ', ...CONTROLS, 'a\nb', 'x'.repeat(101), '😀'.repeat(101)]);
  takes('firstName', ['x', 'x'.repeat(100), '😀'.repeat(100), ['  x\t', 'x'], '<b>"\'\\&', 'null', '0']);
});

describe('the longest of each text', () => {
  for (const [name, limit] of [
    ['lastName', 100],
    ['source', 100],
    ['initialInterest', 255],
    ['state', 50],
    ['city', 100],
    ['desiredIncomeRange', 50],
    ['timeAvailability', 100],
    ['relationshipStrength', 50],
    ['kevinNotes', 10_000],
  ])
    test(`${name} has ${limit} characters and no more`, async () => {
      assert.equal(await stored(name, 'ü'.repeat(limit)), 'ü'.repeat(limit));
      expectInvalid(await put({ [name]: 'ü'.repeat(limit + 1) }), name);
    });
});

describe('notes (kevinNotes)', () => {
  refuses('kevinNotes', [...NOT_TEXTS, ...CONTROLS]);
  takes('kevinNotes', ['two\nlines\r\nand\ta tab', '']);
});

describe('a whole number (kevinRating, 1 to 10)', () => {
  refuses('kevinRating', ['7', '', true, [], {}, 7.5, 0, 11, -1, 1e15, 7.0000001]);
  takes('kevinRating', [1, 10, null]);
});

describe('a score (qualificationScore, 0 to 100)', () => {
  refuses('qualificationScore', [null, '50', -1, 101, 50.5, false]);
  takes('qualificationScore', [0, 100, 55]);
});

describe('a switch (doNotCall)', () => {
  refuses('doNotCall', [null, 0, 1, 'true', 'false', '', 'yes', [], {}]);
  takes('doNotCall', [true, false]);
});

describe('a choice', () => {
  for (const [name, choices] of [
    ['currentIncomeRange', ['under_25k', '25k_50k', '50k_75k', '75k_plus']],
    ['experienceLevel', ['beginner', 'some_experience', 'experienced', 'expert']],
  ])
    describe(name, () => {
      refuses(name, ['other', choices[0].toUpperCase(), ` ${choices[0]}`, '', 1, true, [choices[0]], {}]);
      takes(name, [...choices, null]);
      test('names its choices in the refusal', async () => {
        const { body } = expectInvalid(await put({ [name]: 'other' }), name);
        for (const choice of choices) assert.ok(body.details[0].message.includes(choice), choice);
      });
    });
});

describe('a telephone number', () => {
  refuses('phone', [
    null,
    1,
    '',
    '+',
    '+1234567',
    '+1234567890123456',
    '12125550100',
    '0012125550100',
    '+02125550100',
    '+1212555010x',
    '+1212555０100',
    '+1 212 555 0100 ext 5',
    '++12125550100',
    '+1+2125550100',
    'tel:+12125550100',
    '+1212\n5550100',
    [],
    {},
  ]);
  test('takes 8 to 15 digits', async () => {
    const eight = `+${20_000_000 + (Number(freshPhone().slice(2)) % 70_000_000)}`;
    const fifteen = `+99900${freshPhone().slice(2)}`;
    for (const phone of [eight, fifteen]) assert.equal(await stored('phone', phone), phone);
  });
  test('is written without its decoration', async () => {
    const phone = freshPhone();
    assert.equal(
      await stored(
        'phone',
        `+1 [${phone.slice(2, 5)}] (${phone.slice(5, 8)})-${phone.slice(8, 10)}.${phone.slice(10)}`,
      ),
      phone,
    );
  });
});

describe('an email', () => {
  refuses('email', [
    1,
    '',
    'x',
    'x@',
    '@example.com',
    'x@example',
    'x@.com',
    'x@example.',
    'x@@example.com',
    'x@a@example.com',
    'x y@example.com',
    'x@exa mple.com',
    'x\n@example.com',
    `${'x'.repeat(250)}@a.com`,
    [],
    {},
    ['x@example.com'],
  ]);
  test('is at most 255 characters long', async () => {
    const domain = `@${runName}.example.com`;
    const longest = 'x'.repeat(255 - domain.length) + domain;
    assert.equal(await stored('email', longest), longest);
    expectInvalid(await put({ email: `x${longest}` }), 'email');
  });
  test('may be odd', async () => {
    for (const email of [
      `a+b.c_${runName}@sub.example.co.uk`,
      `"${runName}"@example.com`,
      `ü${runName}@bücher.example`,
    ])
      assert.equal(await stored('email', email), email);
  });
});

describe('a time (nextFollowup)', () => {
  refuses('nextFollowup', [
    '',
    'tomorrow',
    1769871845000,
    '2026',
    '2026-1-31',
    '31.01.2026',
    '2026-01-31 10:00:00Z',
    '2026-01-31T10:00:00',
    '2026-01-31T10',
    '2026-01-31T10:00:00Zx',
    '2026-01-31T10:00:00+0100',
    '2026-01-31T10:00:00.Z',
    '20260131T100000Z',
    'infinity',
    'now',
    'epoch',
    '-2026-01-31',
    '12026-01-31',
    '2026-02-30',
    '2026-00-10',
    '2026-13-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '0000-01-01',
    '2026-01-31T24:01:00Z',
    '2026-01-31T10:60:00Z',
    '2026-01-31T10:00:61Z',
    '2026-01-31T10:00:00+99:99',
    '2026-01-31T10:00:00-24:00',
    true,
    [],
    {},
  ]);
  takes('nextFollowup', [
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:00Z', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00+05:30', '2026-01-31T04:30:00.000Z'],
    ['2024-02-29T23:59:59.999-08:00', '2024-03-01T07:59:59.999Z'],
    ['2026-01-31T10:00:00.123456Z', '2026-01-31T10:00:00.123Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    null,
  ]);
});

describe('a time zone', () => {
  refuses('timezone', ['', 'Mars/Olympus', 'UTC+3', 'XYZ5', '+05:30', '05:30', "'; drop", 'x'.repeat(51), 1, {}]);
  takes('timezone', ['America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'UTC', null]);
});

describe('a country', () => {
  refuses('country', [null, '', 'U', 'USA', 'U1', 'Ä', '😀', 1, []]);
  takes('country', ['US', ['de', 'DE']]);
});

describe('tags', () => {
  refuses('tags', [null, 'x', { 0: 'x' }, [1], [null], [['x']], [''], ['x'.repeat(41)], Array(21).fill('x')]);
  takes('tags', [
    [[], []],
    [['ü'.repeat(40)], ['ü'.repeat(40)]],
    [Array(20).fill('x'), Array(20).fill('x')],
  ]);
});

describe('free fields (customFields)', () => {
  refuses('customFields', [null, 'x', [], [{}], 1, { x: 'y'.repeat(8190) }, members(1200)]);
  takes('customFields', [
    {},
    { a: { b: [1, 'x', null, false, 1.25] }, __proto__x: 1, constructor: 'y', '': 'empty name' },
    { x: 'y'.repeat(8000) },
    members(800),
  ]);
  test('replace the old ones as a whole', async () => {
    await stored('customFields', { a: 1, b: 2 });
    assert.deepEqual(await stored('customFields', { c: 3 }), { c: 3 });
  });
});

describe('consent', () => {
  refuses('consent', [
    true,
    'yes',
    [],
    {},
    { given: 'yes' },
    { given: null },
    { at: '2026-01-01' },
    { given: true, at: 'today' },
    { given: true, at: '2026-02-30T00:00:00Z' },
    { given: true, source: 'x'.repeat(201) },
    { given: true, by: 'me' },
    { given: true, source: { a: 1 } },
  ]);
  takes('consent', [
    { given: true, at: '2026-01-31T10:00:00.000Z', source: 'web form' },
    [{ given: true, at: '2026-01-31T10:00+02:00' }, { given: true, at: '2026-01-31T08:00:00.000Z' }],
    [{ given: true, at: '2026-01-31' }, { given: true, at: '2026-01-31T00:00:00.000Z' }],
    { given: false, at: null },
    null,
  ]);
});

describe('a status', () => {
  refuses('status', [null, '', 'NEW', 'won', 1, ['new']]);
});

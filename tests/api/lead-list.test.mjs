/* The list of leads: pages, filters, search, order. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { admin, expectInvalid, expectStatus, freshPhone, newLead, query, runName } from './support.mjs';

const list = (parameters) => admin.get(`/api/leads?${new URLSearchParams(parameters)}`);
const found = async (parameters) => expectStatus(await list(parameters), 200).body;
const ids = ({ data }) => data.map(({ id }) => id);
const names = async (parameters) => (await found(parameters)).data.map(({ firstName }) => firstName).sort();

/* Every lead of this file has the run's name as source, so other people's never matter. */
const mine = (more) => newLead({ source: runName, ...more });

describe('pages', () => {
  const all = [];
  before(async () => {
    for (let i = 0; i < 5; i += 1) all.unshift((await newLead({ source: `${runName}-pages` })).id);
  });
  const page = (parameters) => found({ source: `${runName}-pages`, ...parameters });

  test('the newest lead is first, fifty to a page', async () => {
    const body = await page();
    assert.deepEqual(ids(body), all);
    assert.deepEqual(body.pagination, { total: 5, page: 1, pages: 1, limit: 50, hasNext: false, hasPrev: false });
  });

  test('follow each other without a gap', async () => {
    const pages = await Promise.all([1, 2, 3].map((number) => page({ page: number, limit: 2 })));
    assert.deepEqual(pages.map(ids), [all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    assert.deepEqual(
      pages.map(({ pagination: { page: number, pages: count, hasNext, hasPrev } }) => [
        number,
        count,
        hasNext,
        hasPrev,
      ]),
      [
        [1, 3, true, false],
        [2, 3, true, true],
        [3, 3, false, true],
      ],
    );
  });

  test('beyond the last one are empty and know where they stand', async () => {
    const { data, pagination } = await page({ page: 9, limit: 2 });
    assert.deepEqual(
      [data, pagination],
      [[], { total: 5, page: 9, pages: 3, limit: 2, hasNext: false, hasPrev: true }],
    );
  });

  test('an empty list has one page', async () => {
    const { data, pagination } = await found({ source: `${runName}-nothing` });
    assert.deepEqual([data, pagination.total, pagination.pages], [[], 0, 1]);
  });

  for (const [given, limit] of [
    ['0', 1],
    ['-7', 1],
    ['1', 1],
    ['200', 200],
    ['201', 200],
    ['1000000', 200],
  ])
    test(`a limit of ${given} becomes ${limit}`, async () => {
      assert.equal((await page({ limit: given })).pagination.limit, limit);
      assert.equal((await found({ limit: given })).pagination.limit, limit);
    });

  for (const given of ['0', '-1', '-99999'])
    test(`page ${given} becomes the first`, async () => {
      assert.equal((await page({ page: given })).pagination.page, 1);
    });

  for (const given of ['abc', '', '1.5', '1e3', '0x10', ' 1', 'NaN', 'Infinity', '1;2', '१'])
    test(`"${given}" is neither a page nor a limit`, async () => {
      expectInvalid(await list({ page: given }), 'page');
      expectInvalid(await list({ limit: given }), 'limit');
    });

  test('a parameter that comes twice is refused', async () => {
    expectInvalid(await admin.get('/api/leads?page=1&page=2'), 'page');
  });

  test('reach to the millionth row and no further', async () => {
    expectStatus(await list({ page: 5001, limit: 200 }), 200);
    expectInvalid(await list({ page: 5002, limit: 200 }), 'page');
    expectInvalid(await list({ page: '9'.repeat(15), limit: 200 }), 'page');
    expectInvalid(await list({ page: '9'.repeat(30) }), 'page');
  });

  test('the total without filters is that of the table, also after changes', async () => {
    const { id } = await newLead();
    const count = async () => (await query('select count(*)::int from vals.leads where deleted_at is null'))[0].count;
    assert.equal((await found({ limit: 1 })).pagination.total, await count());
    await admin.put(`/api/leads/${id}`, { status: 'contacted' });
    await admin.delete(`/api/leads/${id}`);
    assert.equal((await found({ limit: 1 })).pagination.total, await count());
  });
});

describe('filters', () => {
  const source = `${runName}-filters`;
  const made = {};
  before(async () => {
    for (const [name, changes] of [
      ['plain', {}],
      ['contacted', { status: 'contacted' }],
      ['warm', { qualificationScore: 70 }],
      ['hot', { status: 'contacted', qualificationScore: 90 }],
    ]) {
      made[name] = await newLead({ firstName: name, source });
      await admin.put(`/api/leads/${made[name].id}`, changes);
    }
  });
  const filtered = (parameters) => names({ source, ...parameters });

  test('by source, exactly', async () => {
    assert.deepEqual(await filtered(), ['contacted', 'hot', 'plain', 'warm']);
    assert.deepEqual(await names({ source: source.slice(0, -1) }), []);
  });

  test('by status', async () => {
    assert.deepEqual(await filtered({ status: 'contacted' }), ['contacted', 'hot']);
    assert.deepEqual(await filtered({ status: 'closed' }), []);
  });

  test('by score, at least', async () => {
    assert.deepEqual(await filtered({ qualificationScore: 70 }), ['hot', 'warm']);
    assert.deepEqual(await filtered({ qualificationScore: 71 }), ['hot']);
    assert.deepEqual(await filtered({ qualificationScore: 0 }), ['contacted', 'hot', 'plain', 'warm']);
  });

  test('by several at once, all of which must fit', async () => {
    assert.deepEqual(await filtered({ status: 'contacted', qualificationScore: 50, search: 'hot' }), ['hot']);
    assert.deepEqual(await filtered({ status: 'contacted', search: 'warm' }), []);
  });

  test('by time of creation, both ends included', async () => {
    const exact =
      "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as at from vals.leads where id = :'id'";
    const [{ at }] = await query(exact, { id: made.contacted.id });
    assert.deepEqual(await filtered({ createdAfter: at, createdBefore: at }), ['contacted']);
    assert.deepEqual(await filtered({ createdAfter: at }), ['contacted', 'hot', 'warm']);
    assert.deepEqual(await filtered({ createdBefore: at }), ['contacted', 'plain']);
    assert.deepEqual(await filtered({ createdAfter: '2999-01-01' }), []);
    assert.deepEqual(await filtered({ createdBefore: '2001-01-01T00:00:00+05:30' }), []);
  });

  test('an empty one is none: a page sends those nobody filled in, too', async () => {
    const nobody = { status: '', qualificationScore: '', createdAfter: '', createdBefore: '', search: '', sort: '' };
    assert.deepEqual(await filtered(nobody), ['contacted', 'hot', 'plain', 'warm']);
    assert.deepEqual(await filtered({ ...nobody, status: 'contacted' }), ['contacted', 'hot']);
    assert.deepEqual(await names({ source: '', search: `plain ${runName}` }), ['plain']);
  });

  test('the total counts what fits', async () => {
    assert.equal((await found({ source, status: 'contacted', limit: 1 })).pagination.total, 2);
  });

  for (const [name, value] of [
    ['status', 'warm'],
    ['status', 'NEW'],
    ['qualificationScore', '101'],
    ['qualificationScore', '-1'],
    ['qualificationScore', 'high'],
    ['createdAfter', 'yesterday'],
    ['createdAfter', '31.01.2026'],
    ['createdBefore', '2026-01-31 10:00'],
    ['createdAfter', '2026-02-30'],
    ['createdBefore', '2026-01-31T25:00:00Z'],
    ['createdAfter', '0000-01-01'],
    ['createdBefore', '2026-01-31T10:00:00+99:99'],
    ['sort', 'random'],
    ['sort', 'createdAt;drop table leads'],
  ])
    test(`${name}=${value} is refused and named`, async () => {
      expectInvalid(await list({ [name]: value }), name);
    });

  test('every wrong one is named at once', async () => {
    expectInvalid(await list({ status: 'x', page: 'x', sort: 'x' }), 'page', 'sort', 'status');
  });

  test('unknown parameters are ignored', async () => {
    assert.deepEqual(await filtered({ colour: 'red', 'a[b]': '1', _: '' }), ['contacted', 'hot', 'plain', 'warm']);
  });
});

describe('search', () => {
  const ada = { phone: freshPhone(), email: `ada.king_${runName}@mail.example.com` };
  before(async () => {
    await mine({ firstName: 'Adalovelace', lastName: `${runName}King`, ...ada });
    await mine({ firstName: '100%', lastName: `${runName}Real` });
    await mine({ firstName: '1000', lastName: `${runName}Reals` });
    await mine({ firstName: 'under_score', lastName: runName });
    await mine({ firstName: 'underXscore', lastName: runName });
    await mine({ firstName: 'back\\slash', lastName: runName });
    await mine({ firstName: 'a.*b', lastName: runName });
    await mine({ firstName: 'aXXb', lastName: runName });
    await mine({ firstName: 'O\'Brien "Q"; --', lastName: runName });
    await mine({ firstName: 'Größe 😀 中', lastName: runName });
  });
  const search = (text) => names({ source: runName, search: text });

  test('finds part of a first, last or whole name, whatever the case', async () => {
    assert.deepEqual(await search('aLOVEl'), ['Adalovelace']);
    assert.deepEqual(await search(`${runName}king`), ['Adalovelace']);
    assert.deepEqual(await search(`lovelace ${runName}K`), ['Adalovelace']);
    assert.deepEqual(await search('GRÖSSE'), []);
    assert.deepEqual(await search('GRÖßE 😀'), ['Größe 😀 中']);
    assert.deepEqual(await search('中'), ['Größe 😀 中']);
  });

  test('finds part of an email', async () => {
    assert.deepEqual(await search(`King_${runName}@MAIL`), ['Adalovelace']);
  });

  for (const [text, expected] of [
    ['100%', ['100%']],
    ['under_score', ['under_score']],
    ['back\\slash', ['back\\slash']],
    ['a.*b', ['a.*b']],
    ["O'Brien", ['O\'Brien "Q"; --']],
    ['"Q"; --', ['O\'Brien "Q"; --']],
    ['%%', []],
    ['__', []],
    ['\\\\', []],
    ['.*.*', []],
    ['^Ada', []],
    ['[A-Z]', []],
    ['\\', ['back\\slash']],
    ['$1', []],
  ])
    test(`takes ${text} literally`, async () => {
      assert.deepEqual(await search(text), expected);
    });

  test('finds a telephone number by its digits, however they are written', async () => {
    const [, area, rest] = ada.phone.match(/^\+1(\d{3})555(\d{4})$/);
    for (const text of [ada.phone, ada.phone.slice(1), `(${area}) 555-${rest}`, `${area}.555.${rest}`, `${area} 555`])
      assert.ok((await search(text)).includes('Adalovelace'), text);
    assert.deepEqual(await search(`${ada.phone}9`), []);
  });

  test('digits with letters are not a telephone number', async () => {
    assert.deepEqual(await search(`x${ada.phone.slice(2)}`), []);
  });

  test('trims blanks, and refuses nothing but blanks', async () => {
    assert.deepEqual(await search('  adalove '), ['Adalovelace']);
    expectInvalid(await list({ search: '   ' }), 'search');
  });

  test('is at most 200 characters, not bytes, long', async () => {
    expectStatus(await list({ search: '😀'.repeat(200) }), 200);
    expectInvalid(await list({ search: 'a'.repeat(201) }), 'search');
  });

  test('a control character is refused', async () => {
    expectInvalid(await list({ search: 'a\u0001b' }), 'search');
  });
});

describe('order', () => {
  const source = `${runName}-order`;
  before(async () => {
    for (const [firstName, lastName, qualificationScore] of [
      ['c', 'Young', 10],
      ['a', 'Adams', 30],
      ['b', 'Adams', 20],
    ]) {
      const { id } = await newLead({ firstName, lastName, source });
      await admin.put(`/api/leads/${id}`, { qualificationScore });
    }
    const [{ id }] = (await found({ source, sort: 'oldest' })).data;
    await admin.put(`/api/leads/${id}`, { city: 'changed last' });
  });

  for (const [sort, expected] of [
    [undefined, 'bac'],
    ['newest', 'bac'],
    ['oldest', 'cab'],
    ['name', 'abc'],
    ['score', 'abc'],
    ['updated', 'cba'],
  ])
    test(`${sort ?? 'none given'} is ${expected}`, async () => {
      const { data } = await found({ source, ...(sort && { sort }) });
      assert.equal(data.map(({ firstName }) => firstName).join(''), expected);
    });
});

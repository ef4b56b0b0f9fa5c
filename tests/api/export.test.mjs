/* Exports: whole, in three formats, safe for spreadsheets, for those who may. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admin, agent, as, baseUrl, expectInvalid, expectStatus, newAnsweredCall, endCall, newLead, query, runName, send } from './support.mjs';

let batches = 0;

/* A source of its own, so that an export of it holds just these leads. */
async function newBatch(leads) {
  const source = `${runName}-export-${(batches += 1)}`;
  const made = [];
  for (const lead of leads) made.push(await newLead({ source, ...lead }));
  return { source, made };
}

async function take(query, who = admin) {
  const response = await fetch(`${baseUrl}/api/analytics/export?${new URLSearchParams(query)}`, { headers: { authorization: `Bearer ${who.token}` } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/* RFC 4180, as a spreadsheet reads it. */
function cells(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/g)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  assert.deepEqual(rows.pop(), []);
  const [names, ...lines] = rows;
  return lines.map((line) => Object.fromEntries(names.map((name, i) => [name, line[i]])));
}

test('leads as CSV have a line each under the names of their columns', async () => {
  const { source, made } = await newBatch([{ firstName: 'Ada' }, { firstName: 'Bea', city: 'St. "Paul", MN\u00e4' }]);
  const answer = await take({ dataset: 'leads', format: 'csv', source });
  assert.match(answer.headers.get('content-type'), /^text\/csv/);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="vals-leads.csv"');
  const rows = cells(answer.text);
  assert.deepEqual(rows.map(({ id }) => id), made.map(({ id }) => id).reverse());
  assert.equal(rows[0].city, 'St. "Paul", MN\u00e4');
  assert.equal(rows[0].phone, made[1].phone);
});

test('CSV is the default and begins with a byte order mark if that is wanted', async () => {
  const { source } = await newBatch([{}]);
  const plain = await take({ dataset: 'leads', source });
  assert.match(plain.text, /^id,firstName,/);
  const response = await fetch(`${baseUrl}/api/analytics/export?dataset=leads&bom=true&source=${source}`, { headers: { authorization: `Bearer ${admin.token}` } });
  assert.deepEqual([...new Uint8Array(await response.arrayBuffer()).subarray(0, 3)], [0xef, 0xbb, 0xbf]);
});

test('what a spreadsheet would take for a formula is made harmless, telephone numbers are not touched', async () => {
  const { source } = await newBatch([{ city: '=HYPERLINK("http://evil")', state: '@SUM(A1)', initialInterest: '-1+2', timeAvailability: '+cmd' }]);
  const [row] = cells((await take({ dataset: 'leads', source })).text);
  assert.deepEqual([row.city, row.state, row.initialInterest, row.timeAvailability],
    ['\'=HYPERLINK("http://evil")', "'@SUM(A1)", "'-1+2", "'+cmd"]);
  assert.match(row.phone, /^\+1/);
});

test('JSON is one array, NDJSON a line each, and both say what the list says', async () => {
  const { source } = await newBatch([{ customFields: { a: [1, { b: 'c' }] } }, { tags: ['x'] }, {}]);
  const listed = expectStatus(await admin.get(`/api/leads?source=${source}`), 200).body.data;
  assert.deepEqual(JSON.parse((await take({ dataset: 'leads', format: 'json', source })).text), listed);
  const lines = (await take({ dataset: 'leads', format: 'ndjson', source })).text.trimEnd().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line)), listed);
});

test('an export of nothing is an empty file, not an error', async () => {
  const query = { dataset: 'leads', source: `${runName}-nobody` };
  assert.equal((await take({ ...query, format: 'json' })).text, '[]');
  assert.equal((await take({ ...query, format: 'ndjson' })).text, '');
  assert.equal(cells((await take(query)).text).length, 0);
});

test('calls, transfers and engagement are exported too', async () => {
  const { callId, lead } = await newAnsweredCall();
  expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 41.5, phase: 2 }), 200);
  await endCall(callId);
  const [call] = JSON.parse((await take({ dataset: 'calls', format: 'json', leadId: lead.id })).text);
  assert.deepEqual([call.id, call.score, call.status], [callId, 41.5, 'completed']);
  const from = new Date(Date.now() - 3600e3).toISOString();
  const reports = JSON.parse((await take({ dataset: 'engagement', format: 'json', from })).text);
  assert.ok(reports.some((report) => report.callId === callId && report.score === 41.5));
  assert.deepEqual(JSON.parse((await take({ dataset: 'transfers', format: 'json', leadId: lead.id })).text), []);
});

test('a search is exported as the list finds it', async () => {
  const { source, made } = await newBatch([{ lastName: '100%_sure' }, { lastName: 'unsure' }]);
  const found = JSON.parse((await take({ dataset: 'leads', format: 'json', source, search: '0%_s' })).text);
  assert.deepEqual(found.map(({ id }) => id), [made[0].id]);
});

test('a search of calls is exported as the list finds it, whether for a name or a number', async () => {
  const lead = await newLead({ firstName: 'Quentin', lastName: `${runName}-called` });
  const call = expectStatus(await admin.post('/api/calls', { leadId: lead.id }), 201).body.data;
  const other = await newLead({});
  expectStatus(await admin.post('/api/calls', { leadId: other.id }), 201);
  const exported = async (search) => JSON.parse((await take({ dataset: 'calls', format: 'json', search })).text).map(({ id }) => id);
  const listed = async (search) =>
    expectStatus(await admin.get(`/api/calls?${new URLSearchParams({ search, limit: 200 })}`), 200).body.data.map(({ id }) => id);

  assert.deepEqual(await exported(`quentin ${runName}-called`), [call.id]);
  assert.deepEqual(await exported(`${runName}-nobody`), []);
  const answered = async (answeredBy) => JSON.parse((await take({ dataset: 'calls', format: 'json', leadId: lead.id, answeredBy })).text);
  assert.deepEqual(await answered('machine'), []);
  const number = lead.phone.replace(/^\+1(...)(...)/, '($1) $2-');
  assert.deepEqual(await exported(number), await listed(number));
  assert.ok((await exported(number)).includes(call.id));
});

test('transfers and engagement are exported by the filters of their lists', async () => {
  const lead = await newLead({});
  const call = expectStatus(await admin.post('/api/calls', { leadId: lead.id }), 201).body.data;
  const transfer = async (state, attempt, result) =>
    (
      await query(
        `insert into vals.transfers (call_id, lead_id, state, attempt, initiated_at, joined_at, ended_at, conversion_result)
         values (:'call', :'lead', :'state', :attempt, now() - interval '1 day', case when :'state' = 'ended' then now() end, now(),
           nullif(:'result', '')) returning id`,
        { call: call.id, lead: lead.id, state, attempt, result },
      )
    )[0].id;
  const declined = await transfer('declined', 1, '');
  const ended = await transfer('ended', 2, 'closed');
  expectStatus(await agent.post('/api/agent/engagement-score', { callId: call.id, engagementScore: 12 }), 200);
  const ids = async (filter) =>
    JSON.parse((await take({ format: 'json', leadId: lead.id, ...filter })).text).map(({ id, callId }) => id ?? callId);

  assert.deepEqual(await ids({ dataset: 'transfers', state: 'declined' }), [declined]);
  assert.deepEqual(await ids({ dataset: 'transfers', conversionResult: 'closed' }), [ended]);
  assert.equal((await ids({ dataset: 'transfers' })).length, 2);
  assert.equal((await ids({ dataset: 'engagement' })).length, 1);
});

test('a value that the list would refuse is refused', async () => {
  const refused = async (filter, ...fields) => expectInvalid(await admin.get(`/api/analytics/export?${new URLSearchParams(filter)}`), ...fields);
  await refused({ dataset: 'leads', status: 'completed' }, 'status');
  await refused({ dataset: 'calls', status: 'new', finalStatus: 'nothing', answeredBy: 'parrot' }, 'status', 'finalStatus', 'answeredBy');
  await refused({ dataset: 'transfers', state: 'new', conversionResult: 'won' }, 'state', 'conversionResult');
  assert.equal((await take({ dataset: 'engagement', state: 'of no list' })).status, 200);
});

for (const format of ['csv', 'json', 'ndjson'])
  test(`${format} is as the document says`, async () => {
    const path = `/api/analytics/export?dataset=transfers&format=${format}`;
    expectStatus(await send('GET', path, { token: admin.token, isBare: true }), 200);
  });

test('dataset and format are checked', async () => {
  expectInvalid(await admin.get('/api/analytics/export'), 'dataset');
  expectInvalid(await admin.get('/api/analytics/export?dataset=everything&format=xml'), 'dataset', 'format');
});

test('who may not export gets nothing', async () => {
  for (const who of [agent, await as('operator')]) assert.equal((await take({ dataset: 'leads' }, who)).status, 403);
  for (const who of [await as('kevin'), await as('analyst')])
    assert.equal((await take({ dataset: 'leads', source: `${runName}-nobody` }, who)).status, 200);
});

test('every export is in the audit log with its filter', async () => {
  const source = `${runName}-audited`;
  await take({ dataset: 'leads', source });
  const { data } = expectStatus(await admin.get('/api/audit?action=export&limit=50'), 200).body;
  assert.ok(data.some(({ subject, after }) => subject === 'leads' && after.source === source));
});

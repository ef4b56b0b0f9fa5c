/* Leads from a file: CSV and NDJSON, judged first, then all or nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  admin, as, endCall, eventually, execute, expectInvalid, expectProblem, expectStatus, foreignId, freshPhone, getCall, getLead, newCall, newLead,
  nobody, query, runName, whileHeld,
} from './support.mjs';

const CSV = 'text/csv; charset=utf-8';
const NDJSON = 'application/x-ndjson';
const send = (text, { type = CSV, dryRun, by = admin, headers = {} } = {}) =>
  by.post(`/api/leads/import${dryRun === undefined ? '' : `?dryRun=${dryRun}`}`, text, { 'content-type': type, ...headers });
const report = async (text, options) => expectStatus(await send(text, options), 200).body.data;
const counts = ({ rows, new: fresh, duplicate, invalid, doNotCall }) => [rows, fresh, duplicate, invalid, doNotCall];
const byPhone = async (phone) => {
  const [row] = await query("select id from vals.leads where phone = :'phone' and deleted_at is null", { phone });
  return row && getLead(row.id);
};
const lines = (rows) => rows.map((row) => JSON.stringify(row)).join('\n');

describe('an import', () => {
  test('is a dry run unless said otherwise: it reports and makes nothing', async () => {
    const phone = freshPhone();
    const text = `firstName,lastName,phone\r\nAda,${runName},${phone}\r\n`;
    assert.deepEqual(await report(text), { dryRun: true, rows: 1, new: 1, duplicate: 0, invalid: 0, doNotCall: 0, problems: [] });
    assert.equal(await byPhone(phone), undefined);
    const answer = expectStatus(await send(text, { dryRun: false }), 200);
    assert.deepEqual([answer.body.message, counts(answer.body.data)], ['1 leads imported', [1, 1, 0, 0, 0]]);
    assert.equal((await byPhone(phone)).firstName, 'Ada');
    assert.deepEqual(counts(await report(text, { dryRun: false })), [1, 0, 1, 0, 0]);
  });

  test('reads CSV as it is written: quotes, line breaks, commas, a byte order mark, members and lists', async () => {
    const phone = freshPhone();
    const email = `quoted.${runName}@example.com`;
    const text = '\ufefffirstName,lastName,phone,email,kevinNotes,tags,customFields.size,consent.given,customFields.b c,doNotCall,qualificationScore,status,createdAt\n'
      + `"Ada ""the first""","${runName}, Countess",${phone},${email.toUpperCase()},"two\r\nlines",vip;second,12,true,,1,55,contacted,2020-01-01\n\n`;
    assert.deepEqual(counts(await report(text, { dryRun: false })), [1, 1, 0, 0, 1]);
    const lead = await byPhone(phone);
    assert.deepEqual(
      [lead.firstName, lead.lastName, lead.email, lead.kevinNotes, lead.tags, lead.customFields, lead.consent, lead.doNotCall, lead.qualificationScore, lead.status, lead.source],
      ['Ada "the first"', `${runName}, Countess`, email, 'two\r\nlines', ['vip', 'second'], { size: '12' }, { given: true }, true, 55, 'contacted', 'import'],
    );
    assert.deepEqual(lead.stageHistory.map(({ from, to, cause }) => [from, to, cause]), [[null, 'contacted', 'created']]);
  });

  test('reads NDJSON, also what the API gave away', async () => {
    const phone = freshPhone();
    const old = await newLead({ tags: ['a'], customFields: { n: [1, null] }, timezone: 'America/Denver', kevinRating: 3 });
    const text = lines([{ ...old, phone, email: null }, {}, [1]]).concat('\n{"a":\n');
    const answer = await report(text, { type: NDJSON });
    assert.deepEqual(counts(answer), [4, 1, 0, 3, 0]);
    assert.deepEqual(answer.problems.map(({ line, field }) => [line, field]), [[2, 'firstName'], [2, 'lastName'], [2, 'phone'], [3, null], [4, null]]);
    assert.deepEqual(counts(await report(lines([{ ...old, phone, email: null }]), { type: NDJSON, dryRun: false })), [1, 1, 0, 0, 0]);
    const { tags, customFields, timezone, kevinRating } = await byPhone(phone);
    assert.deepEqual({ tags, customFields, timezone, kevinRating }, { tags: ['a'], customFields: { n: [1, null] }, timezone: 'America/Denver', kevinRating: 3 });
  });

  test('one invalid line means that nothing is imported, and is told', async () => {
    const phones = [freshPhone(), freshPhone()];
    const text = `firstName,lastName,phone,timezone,kevinRating\nAda,${runName},${phones[0]},,\nAda,${runName},12,,11\nAda,${runName},${phones[1]},Mars/Base,\nAda\n`;
    const dry = await report(text);
    assert.deepEqual(counts(dry), [4, 1, 0, 3, 0]);
    const wrong = ['line 3: kevinRating', 'line 3: phone', 'line 4: timezone', 'line 5'];
    assert.deepEqual(dry.problems.map(({ line, field }) => `line ${line}${field ? `: ${field}` : ''}`).sort(), wrong);
    expectInvalid(await send(text, { dryRun: false }), ...wrong);
    assert.equal(await byPhone(phones[0]), undefined);
  });

  test('knows numbers and addresses twice in the file, and those of other leads', async () => {
    const taken = await newLead({ email: `import.${runName}@example.com` });
    const phone = freshPhone();
    const text = `firstName,lastName,phone,email\nA,${runName},${phone},\nB,${runName},${phone},\nC,${runName},${freshPhone()},${taken.email}\nD,${runName},${taken.phone},\n`;
    const answer = await report(text, { dryRun: false });
    assert.deepEqual(counts(answer), [4, 1, 3, 0, 0]);
    assert.deepEqual(answer.problems.map(({ line, field, message }) => [line, field, message]).sort(),
      [[3, 'phone', 'is in line 2 already'], [4, 'email', 'belongs to a lead already'], [5, 'phone', 'belongs to a lead already']]);
    assert.equal((await byPhone(phone)).firstName, 'A');
  });

  test('whoever wanted no calls keeps that when his number comes back', async () => {
    const old = await newLead({ doNotCall: true });
    expectStatus(await admin.delete(`/api/leads/${old.id}`), 200);
    const text = lines([{ firstName: 'Back', lastName: runName, phone: old.phone }]);
    assert.deepEqual((await report(text, { type: NDJSON })).problems, [{ line: 1, verdict: 'doNotCall', field: 'phone', message: 'wants no calls' }]);
    await report(text, { type: NDJSON, dryRun: false });
    assert.equal((await byPhone(old.phone)).doNotCall, true);
  });

  test('of some thousand lines is quick, counted and told once', async () => {
    const source = `${runName}-many`;
    const area = 200 + (parseInt(runName.slice(1, 5), 16) % 700);
    const rows = Array.from({ length: 2500 }, (_, i) => ({ firstName: `N${i}`, lastName: runName, phone: `+44${area}${String(i).padStart(6, '0')}`, source }));
    const total = async () => (await admin.get('/api/leads?limit=1')).body.pagination.total;
    const before = await total();
    assert.deepEqual(counts(await report(lines(rows), { type: NDJSON, dryRun: false })), [2500, 2500, 0, 0, 0]);
    assert.equal((await admin.get(`/api/leads?source=${source}&limit=1`)).body.pagination.total, 2500);
    assert.ok(await total() >= before + 2500);
    const [{ counted, there }] = await query('select (select sum(leads) from vals.lead_counts) as counted, (select count(*) from vals.leads where deleted_at is null) as there');
    assert.equal(Number(counted), Number(there));
    const told = await query("select payload ->> 'count' as count from vals.event_log where kind = 'leads.imported' order by id desc limit 1");
    assert.deepEqual(told, [{ count: '2500' }]);
    assert.deepEqual(await query("select after from vals.audit_log where action = 'lead.import' order by id desc limit 1"), [{ after: { count: 2500 } }]);
    await execute("update vals.leads set deleted_at = now() where source = :'source'", { source });
  });

  test('refuses what is no such file', async () => {
    expectInvalid(await send('firstName,lastName,phone,colour,customFields.a,city.b\n'), 'city.b', 'colour');
    expectInvalid(await send('phone,customFields.a,phone,customFields\n'), 'customFields', 'phone');
    for (const bytes of [Buffer.from('Pr\u00e9nom,phone\n', 'latin1'), Buffer.from('\ufefffirstName,phone\n', 'utf16le')])
      assert.equal(expectProblem(await send(bytes), 400, 'MALFORMED').body.error, 'Line 1 is not text in UTF-8');
    for (const [text, pattern] of [['firstName\n"a', /Line 2 has a quote that is never closed/], ['firstName\na"b\n', /Line 2 .*middle/], ['firstName\n"a"b\n', /Line 2 .*behind/]])
      assert.match(expectProblem(await send(text), 400, 'MALFORMED').body.error, pattern);
    expectInvalid(await send('firstName\n', { dryRun: 'perhaps' }), 'dryRun');
    expectProblem(await send('{}', { type: 'application/json' }), 415, 'UNSUPPORTED_TYPE');
    assert.deepEqual(counts(await report('')), [0, 0, 0, 0, 0]);
    assert.deepEqual(counts(await report(Buffer.from([0x66, 0x0a, 0xff]), { type: NDJSON })), [2, 0, 0, 2, 0]);
  });

  test('is refused while another one is under way, a dry run is not', async () => {
    const text = lines([{ firstName: 'Second', lastName: runName, phone: freshPhone() }]);
    await whileHeld('select pg_advisory_xact_lock(1447119955, 3)', async () => {
      expectProblem(await send(text, { type: NDJSON, dryRun: false }), 409, 'IMPORT_IN_PROGRESS');
      assert.deepEqual(counts(await report(text, { type: NDJSON })), [1, 1, 0, 0, 0]);
    });
    assert.deepEqual(counts(await report(text, { type: NDJSON, dryRun: false })), [1, 1, 0, 0, 0]);
  });

  test('holds up no dial, however long it takes', async () => {
    await whileHeld(`select count(*) from api.leads_import('{"role":"admin"}', '[]', false)`, async () => {
      const { callId } = await newCall();
      await eventually(async () => (await getCall(callId)).telnyxCallId, 'the lead is dialled');
      expectStatus(await endCall(callId), 200);
    });
  });

  test('is made once per Idempotency-Key, a dry run being another request', async () => {
    const phone = freshPhone();
    const text = lines([{ firstName: 'Once', lastName: runName, phone }]);
    const headers = { 'idempotency-key': foreignId() };
    assert.equal((await report(text, { type: NDJSON, headers })).dryRun, true);
    for (let i = 0; i < 2; i += 1) assert.deepEqual(counts(await report(text, { type: NDJSON, dryRun: false, headers })), [1, 1, 0, 0, 0]);
  });

  test('is for admin and kevin', async () => {
    expectStatus(await send('', { by: await as('kevin') }), 200);
    for (const role of ['operator', 'analyst', 'agent']) expectProblem(await send('', { by: await as(role) }), 403, 'FORBIDDEN');
    expectStatus(await send('', { by: nobody }), 401);
  });
});

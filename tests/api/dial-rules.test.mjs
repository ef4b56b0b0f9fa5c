/*
 * The rules before a dial which the other tests run without: consent, calling hours, the daily cap. They are settings, so
 * this file changes the settings of the running system, has it reloaded, and puts all back.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { agent, endAllCalls, endCall, expectProblem, expectStatus, need, newLead, sleep } from './support.mjs';

const CONF = join(dirname(need('VALS_BIN')), 'conf', 'vals.conf');
const RULES = { consent_required: 'on', calling_hours: '09:00-17:00', calls_per_lead_per_day: '1' };
const IN_A_ROW = 5;

const start = (leadId) => agent.post('/api/agent/start-call', { leadId });

/* A zone whose clock shows about this hour now. */
function zoneAt(hour) {
  const ahead = ((hour - new Date().getUTCHours() + 36) % 24) - 12;
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

const NOON = zoneAt(12);
const MIDNIGHT = zoneAt(0);
const CONSENT = { given: true };

const reload = () => process.kill(Number(readFileSync(join(need('VALS_STATE'), 'run', 'vals-api.pid'), 'utf8')), 'SIGHUP');

/* Written in place, so that it stays the file of its owner. */
function writeSettings(rules) {
  const lines = readFileSync(CONF, 'utf8').split('\n').filter((line) => !(line.split(' ')[0] in rules));
  writeFileSync(CONF, [...lines, ...Object.entries(rules).map(([name, value]) => `${name} = ${value}`), ''].join('\n'));
  reload();
}

/* Until every worker knows: some answers in a row, for the old ones leave one by one. */
async function untilRefused(leadId, wanted) {
  const end = Date.now() + 60_000;
  for (let same = 0; same < IN_A_ROW;) {
    assert.ok(Date.now() < end, 'the new settings are not taken up');
    const answer = await start(leadId);
    if (answer.status === 201) await endCall(answer.body.data.callId);
    same = (answer.status === 403) === wanted ? same + 1 : 0;
    await sleep(50);
  }
}

describe('with all rules in force', () => {
  let stranger;

  before(async () => {
    stranger = await newLead({ timezone: NOON });
    copyFileSync(CONF, `${CONF}.kept`);
    writeSettings(RULES);
    await untilRefused(stranger.id, true);
  });
  after(async () => {
    writeFileSync(CONF, readFileSync(`${CONF}.kept`));
    rmSync(`${CONF}.kept`);
    reload();
    await untilRefused(stranger.id, false);
    await endAllCalls();
  });

  test('who has not consented is not dialled', async () => {
    expectProblem(await start(stranger.id), 403, 'NO_CONSENT');
    const { id } = await newLead({ timezone: NOON, consent: { given: false } });
    expectProblem(await start(id), 403, 'NO_CONSENT');
  });

  test('whose clock shows midnight is not dialled, and it is said when he may be', async () => {
    const { id } = await newLead({ timezone: MIDNIGHT, consent: CONSENT });
    const { nextAllowedAt } = expectProblem(await start(id), 403, 'OUTSIDE_CALLING_HOURS').body;
    const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: MIDNIGHT }).format(new Date(nextAllowedAt));
    assert.equal(hour, '09:00');
    assert.ok(new Date(nextAllowedAt) > new Date());
  });

  test('whom all rules allow is dialled once a day', async () => {
    const { id } = await newLead({ timezone: NOON, consent: CONSENT });
    const { callId } = expectStatus(await start(id), 201).body.data;
    await endCall(callId);
    const { nextAllowedAt } = expectProblem(await start(id), 403, 'DAILY_CAP').body;
    const hours = (new Date(nextAllowedAt) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours <= 24, `${hours} hours`);
  });

  test('who wants no calls is not dialled whatever else holds', async () => {
    const { id } = await newLead({ timezone: NOON, consent: CONSENT, doNotCall: true });
    expectProblem(await start(id), 403, 'DO_NOT_CALL');
  });
});

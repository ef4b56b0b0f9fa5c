/* Figures over the API: their shape, their periods, and that real calls are in them. The arithmetic is tested in tests/sql/analytics.sql. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { TIME, admin, agent, as, endAllCalls, endCall, eventually, execute, expectInvalid, expectStatus, newAnsweredCall, newCall, newLead, query, runName } from './support.mjs';

after(endAllCalls);

const get = async (path, params = {}) => expectStatus(await admin.get(`${path}?${new URLSearchParams(params)}`), 200).body.data;
const ROUTES = ['/api/analytics/dashboard', '/api/analytics/performance', '/api/analytics/conversion', '/api/agent/performance'];
const DASHBOARD = ROUTES[0];
const LIVE = { timezone: 'America/New_York' }; // something is asked, so it is counted now

/* Figures of a day and of days are compared: where little is left of this one the next is waited for. */
async function wellBeforeMidnight() {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: LIVE.timezone });
  await eventually(() => clock.format(new Date()) < '23:58', 'the next day', 180_000);
}

function expectRate({ n, value, percent, ci95 }) {
  if (n === 0) return assert.deepEqual([value, percent, ci95], [null, null, null]);
  assert.ok(value >= 0 && value <= 1 && percent >= 0 && percent <= 100);
  assert.ok(ci95[0] <= value && value <= ci95[1] && ci95[0] >= 0 && ci95[1] <= 1, JSON.stringify(ci95));
  return assert.equal(Math.round(percent * 100) / 100, percent);
}

describe('a period', () => {
  for (const path of ROUTES) {
    test(`of ${path} is told, with days cut in its zone`, async () => {
      const { period } = await get(path, { from: '2026-03-08', to: '2026-03-08' });
      assert.deepEqual(period, { from: '2026-03-08T05:00:00.000Z', to: '2026-03-09T04:00:00.000Z', timezone: 'America/New_York' });
      const east = await get(path, { from: '2026-06-15', to: '2026-06-15', timezone: 'Pacific/Auckland' });
      assert.deepEqual(east.period, { from: '2026-06-14T12:00:00.000Z', to: '2026-06-15T12:00:00.000Z', timezone: 'Pacific/Auckland' });
    });

    test(`of ${path} is refused where it means nothing`, async () => {
      const refuse = async (params, field) => expectInvalid(await admin.get(`${path}?${new URLSearchParams(params)}`), field);
      await refuse({ timezone: 'Mars/Olympus' }, 'timezone');
      await refuse({ timezone: 'Foo/Bar5' }, 'timezone');
      await refuse({ timezone: "'; drop table vals.leads; --" }, 'timezone');
      await refuse({ timeRange: '2y' }, 'timeRange');
      await refuse({ from: 'yesterday' }, 'from');
      await refuse({ from: '2026-06-02', to: '2026-06-01' }, 'from');
      await refuse({ from: '1990-01-01' }, 'from');
    });
  }

  test('is as long as timeRange says', async () => {
    for (const [timeRange, hours] of [['24h', 24], ['7d', 6 * 24], ['30d', 29 * 24], ['90d', 89 * 24]]) {
      const { period } = await get('/api/analytics/performance', { timeRange, timezone: 'UTC' });
      const length = (new Date(period.to) - new Date(period.from)) / 3_600_000;
      assert.ok(length >= hours && length <= hours + 24, `${timeRange}: ${length} h`);
    }
  });
});

describe('the dashboard', () => {
  test('shows the business at a glance', async () => {
    const data = await get(DASHBOARD, LIVE);
    assert.deepEqual(Object.keys(data).sort(), ['asOf', 'funnel', 'period', 'recentCalls', 'summary', 'trends']);
    const names = ['activeCalls', 'beastModeProgress', 'conversionRate', 'dailyTotal', 'kevinAvailable', 'totalCalls', 'totalLeads'];
    assert.deepEqual(Object.keys(data.summary).sort(), [...names, 'delta', 'previous'].sort());
    for (const side of ['previous', 'delta']) assert.deepEqual(Object.keys(data.summary[side]).sort(), names.filter((name) => name !== 'kevinAvailable'));
    assert.equal(data.trends.calls.length, 7);
    assert.deepEqual(data.funnel.map(({ stage }) => stage), ['new', 'contacted', 'qualified', 'hot_transfer', 'video_sent', 'zoom_scheduled', 'closed', 'disqualified']);
    assert.ok(data.recentCalls.length <= 10);
  });

  test('counts a new lead and his calls at once when something is asked', async () => {
    await wellBeforeMidnight();
    const before = await get(DASHBOARD, LIVE);
    const { callId } = await newAnsweredCall();
    const during = await get(DASHBOARD, LIVE);
    assert.equal(during.summary.totalLeads, before.summary.totalLeads + 1);
    assert.equal(during.summary.activeCalls, before.summary.activeCalls + 1);
    assert.equal(during.summary.totalCalls, before.summary.totalCalls + 1);
    assert.equal(during.summary.dailyTotal, before.summary.dailyTotal + 1);
    assert.equal(during.recentCalls[0].id, callId);
    await endCall(callId, { finalStatus: 'closed' });
    const after = await get(DASHBOARD, LIVE);
    assert.equal(after.summary.activeCalls, before.summary.activeCalls);
    assert.equal(after.trends.calls.at(-1).successful, before.trends.calls.at(-1).successful + 1);
  });

  test('without a question is made anew by and by', async () => {
    const lead = await newLead();
    await eventually(async () => new Date((await get(DASHBOARD)).asOf) > new Date(lead.createdAt), 'the dashboard is made anew');
    const { asOf } = await get(DASHBOARD);
    assert.match(asOf, TIME);
  });

  test('without a runner is counted', async () => {
    await execute("update vals.dashboard set as_of = now() - interval '1 hour', body = '{\"asOf\":\"2001-01-01T00:00:00.000Z\"}'");
    assert.ok(Date.now() - new Date((await get(DASHBOARD)).asOf) < 60_000);
  });
});

describe('performance', () => {
  test('has all its figures', async () => {
    const data = await get('/api/analytics/performance', { timeRange: '24h' });
    assert.deepEqual(Object.keys(data).sort(), ['comparison', 'durations', 'engagement', 'grid', 'period', 'rates', 'volume']);
    assert.deepEqual(Object.keys(data.rates).sort(), ['completion', 'connect', 'success', 'transfer']);
    Object.values(data.rates).forEach(expectRate);
    assert.equal(data.grid.length, 168);
    assert.equal(data.engagement.histogram.length, 10);
    assert.equal(data.grid.reduce((sum, { calls }) => sum + calls, 0), data.volume.total);
    assert.deepEqual(Object.keys(data.comparison.delta).sort(), ['avgEngagement', 'durations', 'rates', 'volume']);
  });

  test('of nothing is null, not zero', async () => {
    const data = await get('/api/analytics/performance', { from: '2019-01-01', to: '2019-01-02' });
    assert.equal(data.volume.total, 0);
    Object.values(data.rates).forEach(expectRate);
    assert.deepEqual(data.durations, { avgSec: null, p50Sec: null, p95Sec: null });
    assert.equal(data.engagement.avg, null);
  });
});

describe('conversion', () => {
  test('follows a lead through every stage he ever reached', async () => {
    const source = `${runName}-source`;
    const lead = await newLead({ source });
    for (const status of ['contacted', 'zoom_scheduled', 'closed', 'qualified'])
      expectStatus(await admin.put(`/api/leads/${lead.id}`, { status }), 200);
    const period = { from: lead.createdAt, to: new Date(Date.parse(lead.createdAt) + 1).toISOString() };
    const { funnel, bySource } = await get('/api/analytics/conversion', period);
    assert.deepEqual(funnel.map(({ count }) => count), [1, 1, 1, 0, 0, 1, 1, 0]);
    for (const { conversionRate } of funnel) assert.ok(conversionRate <= 100);
    const [row] = bySource.filter((entry) => entry.source === source);
    assert.deepEqual([row.leads, row.contacted, row.won, row.conversion.percent], [1, 1, 1, 100]);
  });

  test('has every hour and every version', async () => {
    const data = await get('/api/analytics/conversion', { timeRange: '24h' });
    assert.deepEqual(Object.keys(data).sort(), ['byAgentVersion', 'byHour', 'bySource', 'comparison', 'conversion', 'funnel', 'missedOpportunities', 'period']);
    assert.deepEqual(data.byHour.map(({ hour }) => hour), Array.from({ length: 24 }, (_, hour) => hour));
    [...data.byHour, ...data.byAgentVersion, ...data.bySource].forEach(({ conversion }) => expectRate(conversion));
  });

  test('names a hot call Kevin did not join', async () => {
    const { callId, lead } = await newAnsweredCall();
    expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 91 }), 200);
    await endCall(callId, { finalStatus: 'follow_up' });
    const { missedOpportunities } = await get('/api/analytics/conversion', { timeRange: '24h' });
    const missed = missedOpportunities.latest.find((entry) => entry.callId === callId);
    assert.deepEqual([missed.leadId, missed.peak], [lead.id, 91]);
    assert.ok(['not_attempted', 'kevin_unavailable'].includes(missed.reason));
    assert.equal(missedOpportunities.total, missedOpportunities.byReason.reduce((sum, { calls }) => sum + calls, 0));
  });
});

describe("the agent's performance", () => {
  test('counts the calls of a version', async () => {
    const agentVersion = runName;
    const start = async () => {
      const lead = await newLead();
      return expectStatus(await agent.post('/api/agent/start-call', { leadId: lead.id, agentVersion }), 201).body.data.callId;
    };
    const none = await get('/api/agent/performance', { agentVersion });
    assert.deepEqual(none.calls, { total: 0, connected: 0, completed: 0, transferred: 0, finished: 0, successful: 0 });

    const callId = await start();
    await eventually(async () => (await query("select answered_at from vals.calls where id = :'callId'", { callId }))[0].answered_at, 'the lead answered');
    for (const [phase, outcome] of [[2, 'advanced'], [5, 'positive']])
      expectStatus(await agent.post('/api/agent/phase-transition', { callId, phase, outcome }), 200);
    expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 64.5 }), 200);
    await endCall(callId, { finalStatus: 'closed' });
    await execute("update vals.calls set end_time = answered_at + interval '90 seconds' where id = :'callId'", { callId });

    const data = await get('/api/agent/performance', { agentVersion, timeRange: '24h', groupBy: 'hour', timezone: 'Asia/Kolkata' });
    assert.deepEqual(data.calls, { total: 1, connected: 1, completed: 1, transferred: 0, finished: 1, successful: 1 });
    assert.deepEqual(data.durations, { avgSec: 90, p50Sec: 90, p95Sec: 90 });
    assert.deepEqual([data.avgEngagement, data.rates.success.percent, data.rates.transfer.percent], [64.5, 100, 0]);
    assert.deepEqual(data.phaseFunnel.filter(({ calls }) => calls > 0).map(({ phase, completed }) => [phase, completed]), [[1, 1], [2, 1], [5, 0]]);
    assert.deepEqual(data.outcomes.map(({ finalStatus, calls }) => [finalStatus, calls]), [['closed', 1]]);
    assert.equal(data.series.length, 25);
    assert.equal(data.series.reduce((sum, { calls }) => sum + calls, 0), 1);
    for (const { start: at } of data.series) assert.match(at, /:30:00\.000Z$/);
  });

  test('refuses more steps than anybody reads', async () => {
    expectInvalid(await admin.get('/api/agent/performance?from=2026-01-01&to=2026-06-01&groupBy=hour'), 'groupBy');
    expectInvalid(await admin.get('/api/agent/performance?groupBy=month'), 'groupBy');
    expectInvalid(await admin.get(`/api/agent/performance?agentVersion=${'x'.repeat(65)}`), 'agentVersion');
  });

  test('is the same for everybody who may see it', async () => {
    const path = '/api/agent/performance?from=2026-01-01&to=2026-01-02';
    const { text } = await admin.get(path);
    for (const role of ['kevin', 'operator', 'analyst']) assert.equal((await (await as(role)).get(path)).text, text, role);
  });
});

test('a call that rings is in the figures but not connected', async () => {
  const before = await get('/api/analytics/performance', { timeRange: '24h' });
  await newCall();
  const after = await get('/api/analytics/performance', { timeRange: '24h' });
  assert.equal(after.volume.total, before.volume.total + 1);
  assert.equal(after.volume.connected, before.volume.connected);
});

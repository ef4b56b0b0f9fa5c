/*
 * cases.mjs - what is asked, the same without HTTP, and what share of it is aimed at
 *
 * `lua` is wrk's script, `sql` the statements behind the route as pgbench runs them; both spread over the same rows.
 * No colon may stand before a letter in sql: pgbench would take it for a variable.
 */
const WHO = `'{"id": null, "role": "admin"}'`;
const AGENT = `'{"id": null, "role": "agent"}'`;
const SEARCHES = ['falk ca', 'hanna brandt', 'lead4711', '99900012'];

const luaList = (texts) => `{ ${texts.map((text) => `"${text}"`).join(', ')} }`;
const sqlList = (texts, type) => `(array[${texts.map((text) => `'${text}'`).join(',')}]::${type}[])`;

function headers(token) {
  return `wrk.headers["Authorization"] = "Bearer ${token}"\nwrk.headers["Content-Type"] = "application/json"\n`;
}

/* GET one of several paths, one after the other. */
export function get(token, paths) {
  return `${headers(token)}
local paths, n = ${luaList(paths)}, 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n % #paths + 1])
end
`;
}

/* METHOD path with a body; both are Lua expressions, in which `id` is one of the ids and n counts. */
function send(token, method, path, body, ids = ['']) {
  return `${headers(token)}
local ids, n = ${luaList(ids)}, 0
request = function()
  n = n + 1
  local id = ids[math.random(#ids)]
  return wrk.format("${method}", ${path}, nil, ${body})
end
`;
}

/* One row of the newest leads' page, as api.leads_list reads them. */
const pageSql = (offset) => `
select coalesce(json_agg(vals.lead_json(l)), '[]')
from (select l.* from vals.leads l where l.deleted_at is null order by l.created_at desc, l.id desc limit 50 offset ${offset}) l;
`;

/* NAME, LUA, SQL, the aim for 50 connections, and what the SQL is where it is not the route's own. */
export function makeCases({ token, agentKey, leads, calls }) {
  const picked = (ids) => `\\set place random(1, ${ids.length})\n`;
  const lead = `${sqlList(leads, 'uuid')}[:place]`;
  const call = `${sqlList(calls, 'text')}[:place]`;
  return [
    {
      name: 'lead get', aim: 0.3, cpuAim: 120,
      lua: get(token, leads.map((id) => `/api/leads/${id}`)),
      sql: `${picked(leads)}select * from api.leads_get(${WHO}, ${lead});\n`,
    },
    {
      name: 'availability', aim: 0.3,
      lua: get(token, ['/api/kevin/availability']),
      sql: `select * from api.kevin_availability_get(${WHO});\n`,
    },
    {
      name: 'leads page 1', aim: 0.5, beside: 'page, not counted',
      lua: get(token, ['/api/leads']),
      sql: pageSql(0),
    },
    {
      name: 'leads page 1000', beside: 'page, not counted',
      lua: get(token, ['/api/leads?page=1000']),
      sql: pageSql(49950),
    },
    {
      name: 'lead search',
      lua: get(token, SEARCHES.map((term) => `/api/leads?search=${encodeURIComponent(term)}`)),
      sql: `\\set place random(1, ${SEARCHES.length})
select * from api.leads_list(${WHO}, json_build_object('search', ${sqlList(SEARCHES, 'text')}[:place])::jsonb);\n`,
    },
    {
      name: 'lead create',
      lua: send(token, 'POST', '"/api/leads"',
        `string.format('{"firstName":"New","lastName":"Lead","phone":"+1%07d%07d","source":"bench"}', math.random(0, 9999999), math.random(0, 9999999))`),
      sql: `\\set number random(10000000000000, 99999999999999)
select * from api.leads_create(${WHO}, json_build_object('firstName', 'New', 'lastName', 'Lead', 'phone', '+2' || :number, 'source', 'bench')::jsonb);
notify vals_event;\n`,
    },
    {
      name: 'lead update',
      lua: send(token, 'PUT', '"/api/leads/" .. id', `string.format('{"city":"Town %d"}', math.random(1000000))`, leads),
      sql: `${picked(leads)}\\set town random(1, 1000000)
select * from api.leads_update(${WHO}, ${lead}, null, json_build_object('city', 'Town ' || :town)::jsonb);
notify vals_event;\n`,
    },
    {
      name: 'engagement update', aim: 0.45,
      lua: send(agentKey, 'POST', '"/api/agent/engagement-score"',
        `string.format('{"callId":"%s","engagementScore":%d,"phase":%d,"indicators":["interest"]}', id, n % 80, n % 12 + 1)`, calls),
      sql: `${picked(calls)}\\set score random(0, 79)
\\set phase random(1, 12)
select * from api.call_engagement_set(${AGENT}, json_build_object('callId', ${call}, 'engagementScore', :score::int,
	'phase', :phase::int, 'indicators', json_build_array('interest'))::jsonb);
notify vals_event;\n`,
    },
    {
      name: 'dashboard', aim: 0.25, beside: 'one row by its key',
      lua: get(token, ['/api/analytics/dashboard']),
      sql: `${picked(leads)}select l.phone from vals.leads l where l.id = ${lead};\n`,
    },
    {
      name: 'calls page 1',
      lua: get(token, ['/api/calls']),
      sql: `select * from api.calls_list(${WHO}, '{}');\n`,
    },
  ];
}

/*
 * operations/events.mjs - what happened to a leg, for those who missed its webhooks
 */
import { refusal } from '../errors.mjs';
import { numberedPageOf } from '../paging.mjs';

function runList({ account, query }) {
  const { leg_id: legId, type, ...others } = query.filter ?? {};
  const [other] = Object.keys(others);
  if (other) throw refusal('NOT_SIMULATED', `The filter '${other}' is not simulated.`, `/filter[${other}]`);

  const found = account.legs
    .filter((leg) => legId === undefined || leg.callLegId === legId)
    .flatMap((leg) => leg.history.map((entry) => ({ leg, entry })))
    .filter(({ entry }) => type === undefined || entry.type === type);
  const { items, meta } = numberedPageOf(found, query.page);
  return { data: items.map(describe), meta };
}

function describe({ leg, entry: { at, name, type, ...metadata } }) {
  return {
    record_type: 'call_event',
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    event_timestamp: at,
    name,
    type,
    metadata,
  };
}

export const events = { ListCallEvents: { run: runList } };

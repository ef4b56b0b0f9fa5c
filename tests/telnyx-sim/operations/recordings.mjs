/*
 * operations/recordings.mjs - the account's recordings
 */
import { refusal } from '../errors.mjs';
import { numberedPageOf } from '../paging.mjs';

/* Filters that name one field exactly. */
const FILTERS = ['call_control_id', 'call_leg_id', 'call_session_id', 'connection_id', 'from', 'to'];

function describe(account, recording) {
  const { leg } = recording;
  return {
    record_type: 'recording',
    id: recording.id,
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    connection_id: leg.request.connection_id,
    from: leg.request.from,
    to: leg.request.to,
    source: 'call',
    status: 'completed',
    channels: recording.channels,
    duration_millis: account.recordings.durationMs(recording),
    recording_started_at: recording.startedAt,
    recording_ended_at: recording.endedAt,
    created_at: recording.savedAt,
    updated_at: recording.savedAt,
    download_urls: account.recordings.links(recording),
  };
}

function refuseFilters(query) {
  for (const name of Object.keys(query.filter ?? {}))
    if (!FILTERS.includes(name))
      throw refusal('NOT_SIMULATED', `The filter '${name}' is not simulated.`, `/filter[${name}]`);
}

function runList({ account, query }) {
  refuseFilters(query);
  const wanted = Object.entries(query.filter ?? {});
  const found = account.recordings.list
    .map((recording) => describe(account, recording))
    .filter((described) => wanted.every(([name, value]) => described[name] === value));
  const { items, meta } = numberedPageOf(found, query.page);
  return { data: items, meta };
}

function find(account, id) {
  const recording = account.recordings.find(id);
  if (!recording) throw refusal('UNKNOWN_RECORDING', 'No recording with this id was found.');
  return recording;
}

function runDelete({ account, params }) {
  const described = describe(account, find(account, params.recording_id));
  account.recordings.remove(params.recording_id);
  return { data: described };
}

export const recordings = {
  GetRecordings: { run: runList },
  GetRecording: {
    run: ({ account, params }) => ({ data: describe(account, find(account, params.recording_id)) }),
  },
  DeleteRecording: { run: runDelete },
};

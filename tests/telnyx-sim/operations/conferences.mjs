/*
 * operations/conferences.mjs - make, join, leave, end and look at conferences
 */
import { refusal } from '../errors.mjs';
import { numberedPageOf } from '../paging.mjs';
import { accountScope, conferenceScope } from './scopes.mjs';

const DONE = { data: { result: 'ok' } };

const PARTICIPANTS = { min: 2, max: 800 };

/* Options whose effect is not simulated; to ignore them would hide mistakes. */
const NOT_SIMULATED = [
  'duration_minutes', 'hold', 'hold_audio_url', 'hold_media_name', 'supervisor_role', 'whisper_call_control_ids',
];

function refuseOptions(body) {
  for (const option of NOT_SIMULATED)
    if (body[option]) throw refusal('NOT_SIMULATED', `The effect of '${option}' is not simulated.`, `/${option}`);
}

function checkCreate(body) {
  refuseOptions(body);
  if (body.start_conference_on_create === false)
    throw refusal('NOT_SIMULATED', 'Conferences that wait are not simulated.', '/start_conference_on_create');
  const { max_participants: most } = body;
  if (most !== undefined && (most < PARTICIPANTS.min || most > PARTICIPANTS.max))
    throw refusal('OUT_OF_RANGE', 'From 2 to 800 participants.', '/max_participants');
}

function describe(conference) {
  return {
    record_type: 'conference',
    id: conference.id,
    name: conference.name,
    connection_id: conference.owner.request.connection_id,
    created_at: conference.createdAt,
    updated_at: conference.endedAt ?? conference.createdAt,
    expires_at: conference.expiresAt,
    region: 'US',
    status: conference.isEnded ? 'completed' : 'in_progress',
    ...(conference.isEnded && { end_reason: conference.endReason }),
  };
}

function describeParticipant(conference, participant) {
  return {
    record_type: 'participant',
    id: participant.id,
    call_control_id: participant.leg.callControlId,
    call_leg_id: participant.leg.callLegId,
    conference: { id: conference.id, name: conference.name },
    created_at: participant.createdAt,
    updated_at: participant.leftAt ?? participant.joinedAt ?? participant.createdAt,
    status: participant.status,
    muted: participant.isMuted,
    on_hold: participant.isOnHold,
    end_conference_on_exit: participant.endsOnExit,
    soft_end_conference_on_exit: participant.softEndsOnExit,
    whisper_call_control_ids: [],
  };
}

const runCreate = ({ account, body }) => {
  const conference = account.createConference(body);
  conference.owner.note('CreateConference');
  return { data: describe(conference) };
};

function runList({ account, query }) {
  const { name, connection_id: connection, status } = query.filter ?? {};
  const found = account.conferences
    .map(describe)
    .filter((one) => name === undefined || one.name === name)
    .filter((one) => connection === undefined || one.connection_id === connection)
    .filter((one) => status === undefined || one.status === status);
  const { items, meta } = numberedPageOf(found, query.page);
  return { data: items, meta };
}

function runParticipants({ account, params, query }) {
  const conference = account.conference(params.conference_id);
  const { items, meta } = numberedPageOf(conference.participants, query.page);
  return { data: items.map((participant) => describeParticipant(conference, participant)), meta };
}

function runJoin({ account, params, body }) {
  const conference = account.liveConference(params.id);
  const leg = account.answeredLeg(body.call_control_id);
  if (leg.conference !== conference && conference.isFull)
    throw refusal('CONFERENCE_FULL', 'The conference has as many participants as it may have.');
  conference.join(leg, {
    endsOnExit: body.end_conference_on_exit ?? false,
    softEndsOnExit: body.soft_end_conference_on_exit ?? false,
    isMuted: body.mute ?? false,
  });
  leg.note('JoinConference');
  return DONE;
}

function runLeave({ account, params, body }) {
  const conference = account.liveConference(params.id);
  const leg = account.liveLeg(body.call_control_id);
  conference.leave(leg);
  leg.note('LeaveConference');
  return DONE;
}

function runEnd({ account, params }) {
  account.liveConference(params.id).end();
  return DONE;
}

/* Set a mark on the participants named, or on all if none are. */
const mark = (field, value) => ({
  run: ({ account, params, body }) => {
    const { present } = account.liveConference(params.id);
    const ids = body.call_control_ids ?? [];
    for (const participant of present)
      if (!ids.length || ids.includes(participant.leg.callControlId)) participant[field] = value;
    return DONE;
  },
});

export const conferences = {
  CreateConference: { scope: accountScope, check: checkCreate, run: runCreate },
  ListConferences: { run: runList },
  RetrieveConference: { run: ({ account, params }) => ({ data: describe(account.conference(params.id)) }) },
  ListConferenceParticipants: { run: runParticipants },
  JoinConference: { scope: conferenceScope, check: refuseOptions, run: runJoin },
  LeaveConference: { scope: conferenceScope, run: runLeave },
  EndConference: { scope: conferenceScope, run: runEnd },
  MuteConferenceParticipants: mark('isMuted', true),
  UnmuteConferenceParticipants: mark('isMuted', false),
  HoldConferenceParticipants: mark('isOnHold', true),
  UnholdConferenceParticipants: mark('isOnHold', false),
};

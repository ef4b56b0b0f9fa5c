/*
 * The live board as a pure function: (state, action) -> state.
 *
 * No clock, no socket, no React. Every action says when it happened (`at`, server milliseconds), so the
 * same actions always give the same board.
 *
 * Order: each stored event carries `seq`, its place in the server's log. Of events about one entity (a
 * call, the leads, Kevin) one that is not newer than the last seen is dropped, so replays do no harm. After a
 * connection without recovery the log may be another one: `fresh` forgets the positions.
 */
import { applyLeadChange } from "@/features/leads/changes";
import type { ActiveCall, CallStatus, LiveEvent, LiveEvents, SystemStatus } from "@/lib/types";
import { isHot } from "./heat";
import { isAfter } from "./seq";

/** How long an ended call stays on the board, in milliseconds. */
export const ENDED_LINGER_MS = 6_000;
/** Notices kept, newest first. */
export const NOTICES_MAX = 30;

export interface CallEnd {
  at: number;
  status: CallStatus;
  finalStatus: string | null;
  reason: string | null;
  durationSec: number;
}

export interface BoardCall {
  id: string;
  leadId: string;
  leadName: string;
  phoneNumber: string;
  status: CallStatus;
  startedAt: number;
  answeredAt: number | null;
  phase: number | null;
  phaseName: string | null;
  score: number | null;
  transferAttempted: boolean;
  transferState: string | null;
  ended: CallEnd | null;
}

export interface KevinState {
  available: boolean;
  reason: string | null;
  until: string | null;
}

export type NoticeKind = "call-started" | "call-hot" | "call-ended" | "lead-created" | "kevin-changed";

/** Something worth telling a person. `id` grows by one with each notice. */
export interface Notice {
  id: number;
  kind: NoticeKind;
  at: number;
  /** Whom it is about: a lead's name, or Kevin. */
  subject: string;
  detail: string | null;
}

export interface BoardState {
  calls: Readonly<Record<string, BoardCall>>;
  kevin: KevinState | null;
  system: SystemStatus | null;
  notices: readonly Notice[];
  /** The first snapshot has arrived. */
  isLoaded: boolean;
  /** Names of the phases met so far; a score report brings only the number. */
  phaseNames: Readonly<Record<number, string>>;
  /** Entity -> position of the newest event about it. */
  lastSeq: Readonly<Record<string, string>>;
}

type EventAction = LiveEvent & { at: number };

export type BoardAction =
  | EventAction
  | { type: "fresh" }
  | { type: "expire"; at: number }
  | { type: "kevin-known"; kevin: KevinState };

export const EMPTY_BOARD: BoardState = {
  calls: {},
  kevin: null,
  system: null,
  notices: [],
  isLoaded: false,
  phaseNames: {},
  lastSeq: {},
};

export function boardReducer(state: BoardState, action: BoardAction): BoardState {
  switch (action.type) {
    case "fresh":
      return { ...state, lastSeq: {} };
    case "expire":
      return expire(state, action.at);
    case "kevin-known":
      return { ...state, kevin: action.kevin };
    default:
      return applyEvent(state, action);
  }
}

/** The rows in the order of the board: live before ended, hot first, then newest. */
export function boardRows(state: BoardState): BoardCall[] {
  const rank = (call: BoardCall): number => (call.ended ? 2 : isHot(call.score) ? 0 : 1);
  return Object.values(state.calls).sort(
    (a, b) => rank(a) - rank(b) || b.startedAt - a.startedAt || a.id.localeCompare(b.id),
  );
}

/** When the next ended call has lingered long enough, or null when none is waiting to leave. */
export function nextExpiry(state: BoardState): number | null {
  const ends = Object.values(state.calls).flatMap((call) => (call.ended ? [call.ended.at] : []));
  return ends.length === 0 ? null : Math.min(...ends) + ENDED_LINGER_MS;
}

/** Hot, Kevin free, not tried yet, and somebody on the line to transfer. */
export function mayTransfer(call: BoardCall, kevin: KevinState | null): boolean {
  const isTalking = call.status === "active" || call.status === "in-progress";
  return isTalking && isHot(call.score) && kevin?.available === true && !call.transferAttempted;
}

function expire(state: BoardState, at: number): BoardState {
  const leaving = Object.values(state.calls).filter(
    (call) => call.ended !== null && call.ended.at + ENDED_LINGER_MS <= at,
  );
  if (leaving.length === 0) return state;
  const calls = { ...state.calls };
  const lastSeq = { ...state.lastSeq };
  for (const call of leaving) {
    delete calls[call.id];
    delete lastSeq[`call:${call.id}`];
  }
  return { ...state, calls, lastSeq };
}

/* Events */

type Handlers = {
  [K in keyof LiveEvents]: (state: BoardState, payload: LiveEvents[K], at: number) => BoardState;
};

const handlers: Handlers = {
  "system-status": (state, status) => ({
    ...state,
    system: status,
    kevin: withAvailability(state.kevin, status.kevinAvailable),
  }),

  "active-calls-update": (state, calls) => {
    const lingering = Object.values(state.calls).filter((call) => call.ended !== null);
    const entries = [...lingering, ...calls.map(fromSnapshot)].map((call) => [call.id, call] as const);
    const names = calls.flatMap((c) => (c.phase && c.phaseName ? [[c.phase, c.phaseName] as const] : []));
    return {
      ...state,
      isLoaded: true,
      calls: Object.fromEntries(entries),
      phaseNames: { ...state.phaseNames, ...Object.fromEntries(names) },
    };
  },

  "call:started": (state, event, at) => {
    if (state.calls[event.callId]) return state;
    const call = startedCall(event);
    const next = { ...state, calls: { ...state.calls, [call.id]: call } };
    return withNotice(next, "call-started", at, call.leadName, null);
  },

  "call:status": (state, event) =>
    updateCall(state, event.callId, (call) => ({
      ...call,
      status: event.status,
      transferAttempted: call.transferAttempted || isTransferStatus(event.status),
      answeredAt: event.answeredAt ? Date.parse(event.answeredAt) : call.answeredAt,
    })),

  "call:engagement-update": (state, event, at) => {
    const before = state.calls[event.callId];
    const next = updateCall(state, event.callId, (call) => ({
      ...call,
      score: event.engagementScore,
      phase: event.phase ?? call.phase,
      phaseName: phaseName(state, call, event.phase),
    }));
    const becameHot = before !== undefined && !isHot(before.score) && isHot(event.engagementScore);
    if (!becameHot || before.ended) return next;
    return withNotice(next, "call-hot", at, before.leadName, `Score ${Math.round(event.engagementScore)}`);
  },

  "call:phase-transition": (state, event) => {
    const next = updateCall(state, event.callId, (call) => ({
      ...call,
      phase: event.phase,
      phaseName: event.phaseName,
    }));
    return { ...next, phaseNames: { ...state.phaseNames, [event.phase]: event.phaseName } };
  },

  "call:ended": (state, event, at) => {
    const call = state.calls[event.callId];
    if (!call || call.ended) return state;
    const ended = {
      at,
      status: event.status,
      finalStatus: event.finalStatus,
      reason: event.endReason,
      durationSec: event.durationSec,
    };
    const next = updateCall(state, call.id, () => ({ ...call, status: event.status, ended }));
    return withNotice(next, "call-ended", at, call.leadName, event.finalStatus ?? event.status);
  },

  "call:transfer": (state, event) =>
    updateCall(state, event.callId, (call) => ({
      ...call,
      transferAttempted: true,
      transferState: event.state,
    })),

  // The row shows an opportunity by itself, from score and availability; nothing to remember.
  "transfer-opportunity": (state) => state,

  "kevin-availability-changed": (state, event, at) => {
    const kevin = { available: event.available, reason: event.reason, until: event.until };
    if (state.kevin?.available === event.available) return { ...state, kevin };
    return withNotice(
      { ...state, kevin },
      "kevin-changed",
      at,
      "Kevin",
      event.available ? "available" : "unavailable",
    );
  },

  "lead:created": (state, event, at) => withNotice(state, "lead-created", at, event.name, event.source),

  "lead:updated": (state, event) => ({
    ...state,
    calls: Object.fromEntries(
      Object.entries(state.calls).map(([id, call]) => [id, applyLeadChange(call, event)]),
    ),
  }),
};

/** Which entity an event is about; null for events outside the log's order. */
function entityOf(action: EventAction): string | null {
  switch (action.type) {
    case "system-status":
    case "active-calls-update":
      return null;
    case "kevin-availability-changed":
      return "kevin";
    case "lead:created":
    case "lead:updated":
      // The log is one order for all: one position serves every lead, and an import of thousands costs nothing.
      return "leads";
    default:
      return `call:${action.payload.callId}`;
  }
}

function applyEvent(state: BoardState, action: EventAction): BoardState {
  const entity = entityOf(action);
  const seq = "seq" in action.payload ? action.payload.seq : undefined;
  if (entity === null || seq === undefined) return handle(state, action);
  const last = state.lastSeq[entity];
  if (last !== undefined && !isAfter(seq, last)) return state;
  return handle({ ...state, lastSeq: { ...state.lastSeq, [entity]: seq } }, action);
}

function handle(state: BoardState, action: EventAction): BoardState {
  // One assertion instead of twelve cases: the table's type ties each name to its payload.
  const handler = handlers[action.type] as (s: BoardState, p: unknown, at: number) => BoardState;
  return handler(state, action.payload, action.at);
}

/* Pieces */

/** Change a call which is on the board; events about others belong to calls before our snapshot. */
function updateCall(state: BoardState, id: string, change: (call: BoardCall) => BoardCall): BoardState {
  const call = state.calls[id];
  if (!call) return state;
  return { ...state, calls: { ...state.calls, [id]: change(call) } };
}

function isTransferStatus(status: CallStatus): boolean {
  return status === "transferring" || status === "transferred" || status === "transfer_failed";
}

function phaseName(state: BoardState, call: BoardCall, phase: number | null): string | null {
  if (phase === null || phase === call.phase) return call.phaseName;
  return state.phaseNames[phase] ?? null;
}

function withNotice(
  state: BoardState,
  kind: NoticeKind,
  at: number,
  subject: string,
  detail: string | null,
): BoardState {
  const id = (state.notices[0]?.id ?? 0) + 1;
  const notices = [{ id, kind, at, subject, detail }, ...state.notices].slice(0, NOTICES_MAX);
  return { ...state, notices };
}

/** A bare availability: keeps reason and end only while it says what was known already. */
function withAvailability(kevin: KevinState | null, available: boolean): KevinState {
  return kevin?.available === available ? kevin : { available, reason: null, until: null };
}

function startedCall(event: LiveEvents["call:started"]): BoardCall {
  return {
    id: event.callId,
    leadId: event.leadId,
    leadName: event.leadName,
    phoneNumber: event.phoneNumber,
    status: "initiated",
    startedAt: Date.parse(event.timestamp),
    answeredAt: null,
    phase: null,
    phaseName: null,
    score: null,
    transferAttempted: false,
    transferState: null,
    ended: null,
  };
}

function fromSnapshot(call: ActiveCall): BoardCall {
  return {
    id: call.id,
    leadId: call.leadId,
    leadName: call.leadName,
    phoneNumber: call.phoneNumber,
    status: call.status,
    startedAt: Date.parse(call.startTime),
    answeredAt: call.answeredAt === null ? null : Date.parse(call.answeredAt),
    phase: call.phase,
    phaseName: call.phaseName,
    score: call.score,
    transferAttempted: call.transferAttempted,
    transferState: call.transfer?.state ?? null,
    ended: null,
  };
}

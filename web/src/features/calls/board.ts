/*
 * The live board as a pure function: (state, action) -> state.
 *
 * No clock, no socket, no React. Every action says when it happened (`at`, server milliseconds), so the
 * same actions always give the same board.
 *
 * Order: each stored event carries `seq`, its place in the server's log, and events arrive in that order. One
 * that is not newer than the last seen is dropped, so replays do no harm. After a connection without recovery
 * the log may be another one: `fresh` forgets the position, and a snapshot follows.
 */
import { applyLeadChange } from "@/features/leads/changes";
import { holdsKevin, laterTransfer, type TransferFacts } from "@/features/transfers/states";
import type {
  ActiveCall,
  CallStatus,
  CallTransfer,
  LiveEvent,
  LiveEvents,
  SystemStatus,
  TransferResult,
  TransferState,
} from "@/lib/types";
import { isHot } from "./heat";
import { isSeen, seqOf } from "./seq";

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
  /** The latest attempt to bring Kevin in. */
  transfer: TransferFacts | null;
  ended: CallEnd | null;
}

export interface KevinState {
  available: boolean;
  reason: string | null;
  until: string | null;
}

export type NoticeKind =
  "call-started" | "call-hot" | "call-ended" | "transfer" | "lead-created" | "kevin-changed";

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
  /** The position of the newest event seen. */
  lastSeq: string | null;
  /** Grows with each connection that recovered nothing: what was fetched before may be stale. */
  generation: number;
}

type EventAction = LiveEvent & { at: number };

export type BoardAction =
  | EventAction
  | { type: "fresh" }
  | { type: "expire"; at: number }
  | { type: "kevin-known"; kevin: KevinState }
  | { type: "transfer-known"; result: TransferResult; at: number };

export const EMPTY_BOARD: BoardState = {
  calls: {},
  kevin: null,
  system: null,
  notices: [],
  isLoaded: false,
  phaseNames: {},
  lastSeq: null,
  generation: 0,
};

export function boardReducer(state: BoardState, action: BoardAction): BoardState {
  switch (action.type) {
    case "fresh":
      return { ...state, lastSeq: null, generation: state.generation + 1 };
    case "expire":
      return expire(state, action.at);
    case "kevin-known":
      return { ...state, kevin: action.kevin };
    case "transfer-known":
      return knowTransfer(state, action.result, action.at);
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

/** What a row may offer: bringing Kevin in, the reason why not now, or nothing at all. */
export type TransferOffer = { kind: "open" } | { kind: "closed"; why: string } | { kind: "none" };

/** Somebody is on the line and no transfer under way; then it depends on Kevin. The score is no condition. */
export function transferOffer(state: BoardState, call: BoardCall): TransferOffer {
  const isTalking = ["active", "in-progress", "transfer_failed"].includes(call.status);
  if (!isTalking || call.ended || (call.transfer && holdsKevin(call.transfer.state))) return { kind: "none" };
  const holder = Object.values(state.calls).find(
    (other) => other.id !== call.id && !other.ended && other.transfer && holdsKevin(other.transfer.state),
  );
  if (holder) return { kind: "closed", why: `Kevin is busy with ${holder.leadName}` };
  if (state.kevin === null) return { kind: "none" };
  return state.kevin.available ? { kind: "open" } : { kind: "closed", why: "Kevin is not available" };
}

function expire(state: BoardState, at: number): BoardState {
  const leaving = Object.values(state.calls).filter(
    (call) => call.ended !== null && call.ended.at + ENDED_LINGER_MS <= at,
  );
  if (leaving.length === 0) return state;
  const calls = { ...state.calls };
  for (const call of leaving) delete calls[call.id];
  return { ...state, calls };
}

/* Events */

/** States which pass in a moment; people are told of the others. */
const QUIET_STATES: ReadonlySet<TransferState> = new Set(["requested", "screening", "joining"]);

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
      answeredAt: event.answeredAt ? Date.parse(event.answeredAt) : call.answeredAt,
    })),

  "call:engagement-update": (state, event, at) => {
    const before = state.calls[event.callId];
    const next = updateCall(state, event.callId, (call) => ({
      ...call,
      score: event.engagementScore,
      phase: event.phase ?? call.phase,
      phaseName: event.phaseName ?? phaseName(state, call, event.phase),
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

  "call:transfer": (state, event, at) => {
    const call = state.calls[event.callId];
    if (!call) return state;
    const { transferId: id, state: stage, attempt, failureReason } = event;
    const said = { id, state: stage, attempt, failureReason, since: Date.parse(event.timestamp) };
    const next = updateCall(state, call.id, () => ({
      ...call,
      transfer: laterTransfer(call.transfer, said),
    }));
    return QUIET_STATES.has(stage) ? next : withNotice(next, "transfer", at, call.leadName, stage);
  },

  // Only the page of one call shows what is said in it, and its recording.
  "call:transcript": (state) => state,
  "call:recording": (state) => state,

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

  // A hidden lead is on no call, and calls of imported ones are still to come.
  "lead:deleted": (state) => state,
  "leads:imported": (state) => state,
};

function applyEvent(state: BoardState, action: EventAction): BoardState {
  const seq = seqOf(action);
  if (isSeen(seq, state.lastSeq)) return state;
  return handle(seq === null ? state : { ...state, lastSeq: seq }, action);
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

/** The answer to our own wish may overtake the events, or come after them. */
function knowTransfer(state: BoardState, result: TransferResult, at: number): BoardState {
  return updateCall(state, result.callId, (call) => {
    const known = call.transfer;
    const attempt = known === null ? 1 : known.id === result.transferId ? known.attempt : known.attempt + 1;
    const { transferId: id, state: stage, failureReason } = result;
    return { ...call, transfer: laterTransfer(known, { id, state: stage, attempt, failureReason, since: at }) };
  });
}

/** A transfer as the API shows it; its newest time is when it came into its state. */
export function transferFacts(transfer: CallTransfer): TransferFacts {
  const { id, state, attempt, failureReason, initiatedAt, answeredAt, joinedAt, endedAt } = transfer;
  return { id, state, attempt, failureReason, since: Date.parse(endedAt ?? joinedAt ?? answeredAt ?? initiatedAt) };
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
    transfer: null,
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
    transfer: call.transfer && transferFacts(call.transfer),
    ended: null,
  };
}

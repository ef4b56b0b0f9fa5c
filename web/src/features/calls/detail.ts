/*
 * One call with everything known about it, as a pure function: (state, action) -> state.
 *
 * The call is fetched once and kept up to date by its events. Some of them may already be part of what was
 * fetched, and those that come before it are kept until it is there: an entry of the transcript is known by its
 * id, a step which looks like a fetched one of about the same time is that one.
 */
import type {
  CallDetail,
  CallTransfer,
  LiveEvent,
  LiveEvents,
  TimelineStep,
  TranscriptEntry,
  TransferState,
} from "@/lib/types";
import { holdsKevin, laterTransfer } from "@/features/transfers/states";
import { transferFacts } from "./board";
import { isSeen, seqOf } from "./seq";

/** How far apart an event and what was fetched of it may be in time, in milliseconds. */
const SAME_MS = 5_000;

export interface DetailState {
  call: CallDetail | null;
  /** Steps of the fetched call: what events repeat is looked for among these. */
  fetched: readonly TimelineStep[];
  /** The call is being fetched, for the first time or again. */
  isFetching: boolean;
  /** Events that came since then: what is fetched may lack them. */
  early: readonly LiveEvent[];
  lastSeq: string | null;
}

export type DetailAction =
  | { type: "fetching" }
  | { type: "fetched"; call: CallDetail }
  | { type: "event"; event: LiveEvent }
  | { type: "fresh" };

export const EMPTY_DETAIL: DetailState = {
  call: null,
  fetched: [],
  isFetching: true,
  early: [],
  lastSeq: null,
};

/** `id` is the call's; events about others change nothing. */
export function detailReducer(id: string): (state: DetailState, action: DetailAction) => DetailState {
  return (state, action) => {
    switch (action.type) {
      case "fresh":
        return { ...state, lastSeq: null };
      case "fetching":
        return { ...state, isFetching: true, early: [] };
      case "fetched":
        return begin(state, action.call);
      case "event":
        return isAbout(action.event, id) ? hear(state, action.event) : state;
    }
  };
}

function isAbout(event: LiveEvent, id: string): boolean {
  return "callId" in event.payload && event.payload.callId === id;
}

function begin(state: DetailState, call: CallDetail): DetailState {
  const started: DetailState = { ...state, call, fetched: call.timeline, isFetching: false, early: [] };
  return state.early.reduce(apply, started);
}

function hear(state: DetailState, event: LiveEvent): DetailState {
  const seq = seqOf(event);
  if (isSeen(seq, state.lastSeq)) return state;
  const early = state.isFetching ? [...state.early, event] : state.early;
  const heard = { ...state, early, lastSeq: seq ?? state.lastSeq };
  return state.call ? apply(heard, event) : heard;
}

/* Events */

type Change<K extends keyof LiveEvents> = (
  call: CallDetail,
  payload: LiveEvents[K],
  fetched: DetailState["fetched"],
) => CallDetail;

const changes: { [K in keyof LiveEvents]?: Change<K> } = {
  "call:status": (call, event) => ({
    ...call,
    status: event.status,
    answeredAt: event.answeredAt ?? call.answeredAt,
  }),

  "call:engagement-update": (call, event) => ({
    ...call,
    score: event.engagementScore,
    phase: event.phase ?? call.phase,
    phaseName: event.phaseName ?? call.phaseName,
    engagement: {
      ...call.engagement,
      score: event.engagementScore,
      peak: Math.max(call.engagement.peak ?? 0, event.engagementScore),
      indicators: [
        ...call.engagement.indicators,
        { phase: event.phase, score: event.engagementScore, timestamp: event.timestamp },
      ],
    },
  }),

  "call:phase-transition": (call, event, fetched) =>
    withStep({ ...call, phase: event.phase, phaseName: event.phaseName }, fetched, {
      at: event.timestamp,
      kind: "phase",
      phase: event.phase,
      name: event.phaseName,
    }),

  "call:transfer": (call, event, fetched) => {
    const next = { ...call, transfer: transferAfter(call.transfer, event) };
    const kind = stepOf(event.state, call.transfer?.id === event.transferId ? call.transfer : null);
    if (kind === null) return next;
    const { timestamp: at, state, failureReason } = event;
    return withStep(next, fetched, kind === "transfer_ended" ? { at, kind, state, failureReason } : { at, kind });
  },

  "call:transcript": (call, event) => {
    const isNew = (entry: TranscriptEntry): boolean => !call.transcript.some(({ id }) => id === entry.id);
    return { ...call, transcript: inOrder([...call.transcript, ...event.transcript.filter(isNew)], (e) => e.timestamp) };
  },

  "call:recording": (call, event) => ({ ...call, recording: event.recording }),

  "call:ended": (call, event, fetched) =>
    withStep(
      {
        ...call,
        status: event.status,
        finalStatus: event.finalStatus,
        endReason: event.endReason,
        endTime: event.timestamp,
        durationSec: event.durationSec,
      },
      fetched,
      {
        at: event.timestamp,
        kind: "ended",
        status: event.status,
        finalStatus: event.finalStatus,
        endReason: event.endReason,
      },
    ),
};

function apply(state: DetailState, event: LiveEvent): DetailState {
  // One assertion instead of a case each: the table's type ties each name to its payload.
  const change = changes[event.type] as Change<keyof LiveEvents> | undefined;
  if (!state.call || !change) return state;
  return { ...state, call: change(state.call, event.payload, state.fetched) };
}

/* Pieces */

/** The transfer after an event: a further state of the same one, or another attempt. */
function transferAfter(known: CallTransfer | null, event: LiveEvents["call:transfer"]): CallTransfer {
  const { transferId: id, state, attempt, failureReason, timestamp } = event;
  const said = { id, state, attempt, failureReason, since: Date.parse(timestamp) };
  if (known && laterTransfer(transferFacts(known), said) !== said) return known;
  const base = known?.id === id ? known : null;
  return {
    id,
    state,
    attempt,
    failureReason,
    initiatedAt: base?.initiatedAt ?? timestamp,
    answeredAt: base?.answeredAt ?? (hasAnswered(state) ? timestamp : null),
    joinedAt: base?.joinedAt ?? (state === "joined" ? timestamp : null),
    endedAt: holdsKevin(state) ? null : timestamp,
  };
}

/** The kind of step a state is in the timeline, if it is one of its own; `known` is the transfer before. */
function stepOf(state: TransferState, known: CallTransfer | null): string | null {
  if (known === null) return "transfer";
  if (!holdsKevin(state)) return "transfer_ended";
  if (state === "joined") return "transfer_joined";
  return hasAnswered(state) && known.answeredAt === null ? "transfer_answered" : null;
}

function hasAnswered(state: TransferState): boolean {
  return state === "screening" || state === "briefing" || state === "joining" || state === "joined";
}

function withStep(call: CallDetail, fetched: DetailState["fetched"], step: TimelineStep): CallDetail {
  if (fetched.some((old) => isSameStep(old, step))) return call;
  return { ...call, timeline: inOrder([...call.timeline, step], ({ at }) => at) };
}

function isSameStep(a: TimelineStep, b: TimelineStep): boolean {
  const isSameThing = a.kind === b.kind && a.phase === b.phase && a.state === b.state;
  return isSameThing && areNear(a.at, b.at);
}

function areNear(a: string, b: string): boolean {
  return Math.abs(Date.parse(a) - Date.parse(b)) <= SAME_MS;
}

/** In the order of time; what came at the same time stays as it came. */
function inOrder<T>(items: T[], at: (item: T) => string): T[] {
  return items.sort((a, b) => Date.parse(at(a)) - Date.parse(at(b)));
}

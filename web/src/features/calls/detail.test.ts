import { describe, expect, it } from "vitest";
import type { CallDetail, LiveEvent, LiveEvents, TranscriptEntry, TransferState } from "@/lib/types";
import { detailReducer, EMPTY_DETAIL, type DetailAction, type DetailState } from "./detail";

const T0 = Date.parse("2025-03-01T12:00:00.000Z");
const iso = (offsetMs = 0): string => new Date(T0 + offsetMs).toISOString();

const CALL: CallDetail = {
  id: "a",
  leadId: "lead-a",
  leadName: "Marisol Delgado",
  phone: "+13125550140",
  phoneNumber: "+13125550140",
  status: "in-progress",
  startTime: iso(),
  answeredAt: iso(5_000),
  endTime: null,
  phase: 3,
  phaseName: "Rapport",
  score: 50,
  durationSec: 20,
  kevinAvailable: true,
  transferAttempted: false,
  transferSuccess: null,
  agentVersion: null,
  transfer: null,
  finalStatus: null,
  endReason: null,
  answeredBy: "human",
  phases: { current: 3, completed: 2, progression: [] },
  engagement: { score: 50, peak: 70, indicators: [] },
  transcript: [{ id: "1", speaker: "agent", text: "Hello.", timestamp: iso(6_000), phase: 1 }],
  timeline: [{ at: iso(), kind: "started" }],
  recording: { status: "none", durationSec: null, channels: null },
  strategies: [],
  notes: null,
};

const reduce = detailReducer("a");

function play(actions: DetailAction[], from: DetailState = EMPTY_DETAIL): DetailState {
  return actions.reduce(reduce, from);
}

const fetched = (more: Partial<CallDetail> = {}): DetailAction => ({
  type: "fetched",
  call: { ...CALL, ...more },
});

/** An event about the call, `seconds` after its start and at that position in the log. */
function heard<K extends keyof LiveEvents>(
  type: K,
  seconds: number,
  payload: Omit<LiveEvents[K], "callId" | "timestamp" | "seq"> & { callId?: string },
): DetailAction {
  const place = { callId: "a", timestamp: iso(seconds * 1000), seq: String(seconds) };
  return { type: "event", event: { type, payload: { ...place, ...payload } } as unknown as LiveEvent };
}

const line = (seconds: number, text: string, id = `at-${seconds}`): TranscriptEntry => ({
  id,
  speaker: "prospect",
  text,
  timestamp: iso(seconds * 1000),
  phase: null,
});

/** Told `seconds` after the call's start, said then or earlier. */
const said = (seconds: number, text: string, entry = line(seconds, text)): DetailAction =>
  heard("call:transcript", seconds, { transcript: [entry] });

const texts = (state: DetailState): string[] | undefined => state.call?.transcript.map(({ text }) => text);

describe("the transcript", () => {
  it("grows, in the order in which it was said", () => {
    const state = play([fetched(), said(10, "Second."), said(12, "First.", line(8, "First."))]);
    expect(texts(state)).toEqual(["Hello.", "First.", "Second."]);
  });

  it("keeps what is heard before the call is there, and shows nothing twice", () => {
    const both = [said(7, "Hi."), said(9, "Yes?")];
    const transcript = [...CALL.transcript, line(7, "Hi.")];
    expect(texts(play([...both, fetched({ transcript })]))).toEqual(["Hello.", "Hi.", "Yes?"]);
    expect(texts(play([fetched({ transcript }), ...both]))).toEqual(["Hello.", "Hi.", "Yes?"]);
  });

  it("loses nothing that is heard while the call is fetched again", () => {
    const again: DetailAction = { type: "fetching" };
    const state = play([fetched(), said(7, "Hi."), again, said(9, "Yes?")]);
    expect(texts(state)).toEqual(["Hello.", "Hi.", "Yes?"]);
    const transcript = [...CALL.transcript, line(7, "Hi.")];
    expect(texts(detailReducer("a")(state, fetched({ transcript })))).toEqual(["Hello.", "Hi.", "Yes?"]);
  });

  it("takes a word said again for another one", () => {
    expect(texts(play([fetched(), said(10, "Okay."), said(11, "Okay.", line(10, "Okay.", "another"))]))).toEqual(["Hello.", "Okay.", "Okay."]);
  });

  it("drops a replay", () => {
    const once = play([fetched(), said(10, "Okay.")]);
    expect(play([said(10, "Okay.")], once)).toBe(once);
  });
});

describe("the call", () => {
  it("follows score and phase", () => {
    const { call } = play([
      fetched(),
      heard("call:engagement-update", 8, { engagementScore: 60, phase: 4, indicators: [] }),
      heard("call:phase-transition", 9, { phase: 5, phaseName: "Goals & Motivation", previous: 4 }),
    ]);
    expect(call).toMatchObject({ score: 60, phase: 5, engagement: { peak: 70 } });
    expect(call?.engagement.indicators).toEqual([{ score: 60, phase: 4, timestamp: iso(8_000) }]);
    expect(call?.timeline.map(({ kind }) => kind)).toEqual(["started", "phase"]);
  });

  it("follows a transfer, with the steps of the timeline", () => {
    const move = (seconds: number, state: TransferState): DetailAction =>
      heard("call:transfer", seconds, {
        transferId: "t",
        attempt: 1,
        state,
        success: false,
        kevinJoined: false,
        failureReason: state === "declined" ? "rejected" : null,
      });
    const states = [move(10, "requested"), move(11, "dialing"), move(15, "briefing"), move(20, "declined")];
    const { call } = play([fetched(), ...states]);
    expect(call?.transfer).toEqual({
      id: "t",
      state: "declined",
      attempt: 1,
      failureReason: "rejected",
      initiatedAt: iso(10_000),
      answeredAt: iso(15_000),
      joinedAt: null,
      endedAt: iso(20_000),
    });
    expect(call?.timeline.slice(1)).toEqual([
      { at: iso(10_000), kind: "transfer" },
      { at: iso(15_000), kind: "transfer_answered" },
      { at: iso(20_000), kind: "transfer_ended", state: "declined", failureReason: "rejected" },
    ]);
    const again = { timeline: [...(call?.timeline ?? [])], transfer: call?.transfer ?? null };
    expect(play([...states, fetched(again)]).call?.timeline).toHaveLength(4);
  });

  it("ends", () => {
    const end = { status: "completed" as const, finalStatus: "callback", endReason: "lead_hangup", durationSec: 33 };
    const { call } = play([fetched(), heard("call:ended", 40, end)]);
    expect(call).toMatchObject({ ...end, endTime: iso(40_000) });
    expect(call?.timeline.at(-1)).toMatchObject({ kind: "ended", finalStatus: "callback" });
  });

  it("does not heed what happens to others", () => {
    const state = play([fetched()]);
    const other = heard("call:recording", 9, {
      callId: "b",
      recording: { status: "recording", durationSec: null, channels: "dual" },
    });
    expect(play([other], state)).toBe(state);
  });
});

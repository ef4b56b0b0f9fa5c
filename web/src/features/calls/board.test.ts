import { describe, expect, it } from "vitest";
import type { ActiveCall, LiveEvents, TransferState } from "@/lib/types";
import {
  boardReducer,
  boardRows,
  EMPTY_BOARD,
  ENDED_LINGER_MS,
  nextExpiry,
  NOTICES_MAX,
  transferOffer,
  type BoardAction,
  type BoardState,
} from "./board";

const T0 = Date.parse("2025-03-01T12:00:00.000Z");
const iso = (offsetMs = 0): string => new Date(T0 + offsetMs).toISOString();

function play(actions: BoardAction[], from: BoardState = EMPTY_BOARD): BoardState {
  return actions.reduce(boardReducer, from);
}

function started(callId: string, seq: string, more: Partial<LiveEvents["call:started"]> = {}): BoardAction {
  const payload = {
    callId,
    leadId: `lead-${callId}`,
    leadName: "Marisol Delgado",
    phoneNumber: "+13125550140",
    kevinAvailable: true,
    timestamp: iso(),
    seq,
    ...more,
  };
  return { type: "call:started", payload, at: T0 };
}

function scored(
  callId: string,
  engagementScore: number,
  seq: string,
  phase: number | null = null,
): BoardAction {
  const payload = { callId, engagementScore, phase, indicators: [], timestamp: iso(), seq };
  return { type: "call:engagement-update", payload, at: T0 };
}

function status(callId: string, to: LiveEvents["call:status"]["status"], seq: string): BoardAction {
  const answeredAt = to === "active" ? iso(5_000) : null;
  return { type: "call:status", payload: { callId, status: to, answeredAt, timestamp: iso(), seq }, at: T0 };
}

function ended(callId: string, seq: string, at = T0): BoardAction {
  const payload = {
    callId,
    status: "completed" as const,
    finalStatus: "follow_up",
    endReason: "lead_hangup",
    durationSec: 61,
    timestamp: iso(),
    seq,
  };
  return { type: "call:ended", payload, at };
}

function kevin(available: boolean, seq: string): BoardAction {
  const payload = { available, reason: null, until: null, timestamp: iso(), seq };
  return { type: "kevin-availability-changed", payload, at: T0 };
}

function transfer(
  callId: string,
  state: TransferState,
  seq: string,
  more: Partial<LiveEvents["call:transfer"]> = {},
): BoardAction {
  const payload = {
    callId,
    transferId: `transfer-${callId}`,
    attempt: 1,
    state,
    success: state === "joined",
    kevinJoined: state === "joined",
    failureReason: null,
    timestamp: iso(Number(seq) * 1000),
    seq,
    ...more,
  };
  return { type: "call:transfer", payload, at: T0 };
}

function snapshotCall(id: string, more: Partial<ActiveCall> = {}): ActiveCall {
  return {
    id,
    leadId: `lead-${id}`,
    leadName: "Tobias Reinholt",
    phone: "+13125550141",
    phoneNumber: "+13125550141",
    status: "in-progress",
    startTime: iso(-60_000),
    answeredAt: iso(-50_000),
    phase: 4,
    phaseName: "Current Situation",
    score: 50,
    durationSec: 50,
    kevinAvailable: true,
    transferAttempted: false,
    transfer: null,
    ...more,
  };
}

function snapshot(...calls: ActiveCall[]): BoardAction {
  return { type: "active-calls-update", payload: calls, at: T0 };
}

describe("a call's life", () => {
  it("goes from dialling to its end", () => {
    const board = play([
      started("a", "1"),
      status("a", "ringing", "2"),
      status("a", "active", "3"),
      scored("a", 90, "4", 3),
      ended("a", "5", T0 + 70_000),
    ]);
    expect(board.calls.a).toMatchObject({
      status: "completed",
      startedAt: T0,
      answeredAt: T0 + 5_000,
      score: 90,
      phase: 3,
      ended: { finalStatus: "follow_up", durationSec: 61, at: T0 + 70_000 },
    });
  });

  it("keeps the time of the answer through later statuses", () => {
    const board = play([started("a", "1"), status("a", "active", "2"), status("a", "in-progress", "3")]);
    expect(board.calls.a).toMatchObject({ status: "in-progress", answeredAt: T0 + 5_000 });
  });

  it("learns phase names from transitions and uses them for bare numbers", () => {
    const move = (callId: string, phase: number, phaseName: string, seq: string): BoardAction => ({
      type: "call:phase-transition",
      payload: { callId, phase, phaseName, previous: null, timestamp: iso(), seq },
      at: T0,
    });
    const board = play([
      started("a", "1"),
      started("b", "2"),
      move("a", 3, "Rapport", "3"),
      scored("b", 20, "4", 3),
      scored("a", 20, "5", 9),
    ]);
    expect(board.calls.b?.phaseName).toBe("Rapport");
    expect(board.calls.a).toMatchObject({ phase: 9, phaseName: null });
  });

  it("is not opened by events about a call never seen", () => {
    const board = play([scored("ghost", 99, "1"), status("ghost", "active", "2"), ended("ghost", "3")]);
    expect(board.calls).toEqual({});
    expect(board.notices).toEqual([]);
  });
});

describe("order by seq", () => {
  it("drops an event which is not newer than the last one seen", () => {
    const board = play([
      started("a", "10"),
      scored("a", 60, "12"),
      scored("a", 40, "11"),
      scored("a", 30, "12"),
    ]);
    expect(board.calls.a?.score).toBe(60);
  });

  it("compares positions as numbers, also beyond what a double holds", () => {
    const board = play([
      started("a", "9"),
      scored("a", 50, "10"),
      scored("a", 60, "9007199254740993"),
      scored("a", 10, "9007199254740992"),
    ]);
    expect(board.calls.a?.score).toBe(60);
  });

  it("makes a replay of everything harmless", () => {
    const events = [
      started("a", "1"),
      status("a", "active", "2"),
      scored("a", 90, "3", 3),
      transfer("a", "dialing", "4"),
      kevin(false, "5"),
    ];
    const once = play(events);
    expect(play(events, once)).toBe(once);
  });

  it("does not let a replay bring back a call that has left the board", () => {
    const events = [started("a", "1"), ended("a", "2", T0)];
    const gone = play([...events, { type: "expire", at: T0 + ENDED_LINGER_MS }]);
    expect(play(events, gone).calls).toEqual({});
  });

  it("begins anew after a connection without recovery", () => {
    const before = play([kevin(true, "900")]);
    const board = play([{ type: "fresh" }, kevin(false, "4")], before);
    expect(board.kevin?.available).toBe(false);
    expect(board.generation).toBe(before.generation + 1);
  });

  it("does not apply to events without a position", () => {
    const payload = { activeCalls: 1, kevinAvailable: true, systemLoad: 0.5, learningProgress: 0 };
    const board = play([kevin(false, "9"), { type: "system-status", payload, at: T0 }]);
    expect(board.kevin?.available).toBe(true);
    expect(board.system?.systemLoad).toBe(0.5);
  });
});

describe("a snapshot", () => {
  it("replaces the live calls", () => {
    const board = play([started("a", "1"), snapshot(snapshotCall("b"))]);
    expect(Object.keys(board.calls)).toEqual(["b"]);
    expect(board.calls.b).toMatchObject({
      answeredAt: T0 - 50_000,
      phaseName: "Current Situation",
      score: 50,
    });
    expect(board.isLoaded).toBe(true);
  });

  it("leaves ended calls their last seconds", () => {
    const board = play([started("a", "1"), ended("a", "2"), snapshot()]);
    expect(board.calls.a?.ended).not.toBeNull();
  });

  it("raises no notices, not even for hot calls", () => {
    expect(play([snapshot(snapshotCall("a", { score: 99 }))]).notices).toEqual([]);
  });
});

describe("ended calls", () => {
  const board = play([started("a", "1"), started("b", "2"), ended("a", "3", T0)]);

  it("leave after a while, not before", () => {
    expect(nextExpiry(board)).toBe(T0 + ENDED_LINGER_MS);
    const before = boardReducer(board, { type: "expire", at: T0 + ENDED_LINGER_MS - 1 });
    expect(before).toBe(board);
    const after = boardReducer(board, { type: "expire", at: T0 + ENDED_LINGER_MS });
    expect(Object.keys(after.calls)).toEqual(["b"]);
    expect(nextExpiry(after)).toBeNull();
  });

  it("end once", () => {
    const again = play([ended("a", "4", T0 + 5_000)], board);
    expect(again.calls.a?.ended?.at).toBe(T0);
  });
});

describe("rows", () => {
  it("stand hot first, then newest, ended last", () => {
    const board = play([
      snapshot(
        snapshotCall("old-cold", { startTime: iso(-300_000) }),
        snapshotCall("new-cold", { startTime: iso(-10_000) }),
        snapshotCall("old-hot", { startTime: iso(-400_000), score: 85 }),
        snapshotCall("new-hot", { startTime: iso(-20_000), score: 95 }),
        snapshotCall("over", { startTime: iso(0), score: 99 }),
      ),
      ended("over", "1"),
    ]);
    expect(boardRows(board).map((call) => call.id)).toEqual([
      "new-hot",
      "old-hot",
      "new-cold",
      "old-cold",
      "over",
    ]);
  });
});

describe("notices", () => {
  it("tell once when a call turns hot, and again only after it cooled", () => {
    const board = play([
      started("a", "1"),
      scored("a", 84.99, "2"),
      scored("a", 85, "3"),
      scored("a", 92, "4"),
      scored("a", 60, "5"),
      scored("a", 88, "6"),
    ]);
    const hot = board.notices.filter((notice) => notice.kind === "call-hot");
    expect(hot.map((notice) => notice.detail)).toEqual(["Score 88", "Score 85"]);
  });

  it("are newest first, numbered upwards and limited", () => {
    const many = Array.from({ length: NOTICES_MAX + 5 }, (_, i) => started(`c${i}`, String(i + 1)));
    const { notices } = play(many);
    expect(notices).toHaveLength(NOTICES_MAX);
    expect(notices[0]?.id).toBe(NOTICES_MAX + 5);
  });

  it("tell of Kevin only when he really changes", () => {
    const board = play([kevin(true, "1"), kevin(true, "2"), kevin(false, "3")]);
    expect(board.notices.map((notice) => notice.detail)).toEqual(["unavailable", "available"]);
  });

  it("tell of new leads", () => {
    const payload = { leadId: "l", name: "June Castellano", source: "google", timestamp: iso(), seq: "1" };
    const [notice] = play([{ type: "lead:created", payload, at: T0 }]).notices;
    expect(notice).toMatchObject({ kind: "lead-created", subject: "June Castellano", detail: "google" });
  });
});

describe("a lead's new name", () => {
  it("shows on its calls", () => {
    const payload = { leadId: "lead-a", changes: { lastName: "Vega" }, timestamp: iso(), seq: "9" };
    const board = play([started("a", "1"), started("b", "2"), { type: "lead:updated", payload, at: T0 }]);
    expect(board.calls.a?.leadName).toBe("Marisol Vega");
    expect(board.calls.b?.leadName).toBe("Marisol Delgado");
  });
});

describe("a transfer", () => {
  const talking = [started("a", "1"), status("a", "active", "2"), kevin(true, "3")];
  const stateOf = (board: BoardState) => board.calls.a?.transfer?.state;

  it("follows its events, and keeps when the state began", () => {
    const board = play([...talking, transfer("a", "dialing", "4"), transfer("a", "briefing", "5")]);
    expect(board.calls.a?.transfer).toEqual({
      id: "transfer-a",
      state: "briefing",
      attempt: 1,
      failureReason: null,
      since: T0 + 5_000,
    });
  });

  it("never goes back, also when the answer to the request comes after the events", () => {
    const result = {
      callId: "a",
      transferId: "transfer-a",
      transferSuccess: false,
      status: "transferring" as const,
      state: "requested" as const,
      failureReason: null,
      message: "Transfer in progress",
    };
    const late: BoardAction = { type: "transfer-known", result, at: T0 };
    expect(stateOf(play([...talking, late]))).toBe("requested");
    expect(stateOf(play([...talking, transfer("a", "briefing", "4"), late]))).toBe("briefing");
    const failed = transfer("a", "no_answer", "5", { failureReason: "unreachable" });
    expect(play([...talking, failed, late]).calls.a?.transfer).toMatchObject({
      state: "no_answer",
      failureReason: "unreachable",
    });
  });

  it("takes the place of an earlier attempt, and is not replaced by it", () => {
    const again = { transferId: "second", attempt: 2 };
    const board = play([
      ...talking,
      transfer("a", "declined", "4"),
      transfer("a", "requested", "5", again),
      transfer("a", "ended", "6"),
    ]);
    expect(board.calls.a?.transfer).toMatchObject({ id: "second", attempt: 2, state: "requested" });
  });

  it("is known from a snapshot", () => {
    const known = {
      id: "t",
      state: "briefing" as const,
      attempt: 2,
      failureReason: null,
      initiatedAt: iso(-9_000),
      answeredAt: iso(-2_000),
      joinedAt: null,
      endedAt: null,
    };
    const board = play([snapshot(snapshotCall("b", { status: "transferring", transfer: known }))]);
    expect(board.calls.b?.transfer).toMatchObject({ state: "briefing", attempt: 2, since: T0 - 2_000 });
  });

  it("is told in words where it stays a while or ends", () => {
    const states = ["requested", "dialing", "briefing", "joining", "joined"] as const;
    const board = play([...talking, ...states.map((state, i) => transfer("a", state, String(10 + i)))]);
    const told = board.notices.filter(({ kind }) => kind === "transfer").map(({ detail }) => detail);
    expect(told).toEqual(["joined", "briefing", "dialing"]);
  });
});

describe("a transfer is offered", () => {
  const talking = [started("a", "1"), status("a", "active", "2"), scored("a", 40, "3"), kevin(true, "4")];
  const offer = (board: BoardState) => board.calls.a && transferOffer(board, board.calls.a);

  it("for any answered call while Kevin is available, whatever its score", () => {
    expect(offer(play(talking))).toEqual({ kind: "open" });
    expect(offer(play([...talking, scored("a", 90, "5")]))).toEqual({ kind: "open" });
  });

  it("not while Kevin is away, and the reason is said; not while that is unknown", () => {
    expect(offer(play([...talking, kevin(false, "5")]))).toEqual({
      kind: "closed",
      why: "Kevin is not available",
    });
    expect(offer(play(talking.slice(0, 3)))).toEqual({ kind: "none" });
  });

  it("not before the answer and not after the end", () => {
    expect(offer(play([started("a", "1"), kevin(true, "3")]))).toEqual({ kind: "none" });
    expect(offer(play([...talking, ended("a", "5")]))).toEqual({ kind: "none" });
  });

  it("not while one is under way or joined", () => {
    for (const state of ["requested", "dialing", "briefing", "joining", "joined"] as const) {
      expect(offer(play([...talking, transfer("a", state, "5")]))).toEqual({ kind: "none" });
    }
  });

  it("again after one that failed", () => {
    const board = play([...talking, transfer("a", "declined", "5"), status("a", "transfer_failed", "6")]);
    expect(offer(board)).toEqual({ kind: "open" });
    expect(offer(play([status("a", "in-progress", "7")], board))).toEqual({ kind: "open" });
  });

  it("to nobody else while Kevin is rung for one call, and again once he is free", () => {
    const other = [started("b", "5", { leadName: "June Castellano" }), status("b", "active", "6")];
    const ringing = play([...talking, ...other, transfer("b", "dialing", "7")]);
    expect(offer(ringing)).toEqual({ kind: "closed", why: "Kevin is busy with June Castellano" });
    expect(offer(play([transfer("b", "no_answer", "8")], ringing))).toEqual({ kind: "open" });
  });
});

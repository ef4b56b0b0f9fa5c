import { expect, it } from "vitest";
import type { CallDetail, TimelineStep } from "@/lib/types";
import { timelineRows } from "./timeline-rows";

const at = (seconds: number): string => new Date(Date.UTC(2025, 2, 1, 12, 0, seconds)).toISOString();

function rows(timeline: TimelineStep[], scores: number[] = []): string[] {
  const indicators = scores.map((score, i) => ({ score, phase: 1, timestamp: at(100 + i) }));
  const call = { timeline, engagement: { score: null, peak: null, indicators } };
  return timelineRows(call as unknown as CallDetail).map(({ title, detail, tone }) => `${title}|${detail ?? ""}|${tone}`);
}

it("tells a call in words", () => {
  const told = rows([
    { at: at(0), kind: "started" },
    { at: at(4), kind: "answered", answeredBy: "human" },
    { at: at(9), kind: "phase", phase: 3, name: "Rapport" },
    { at: at(20), kind: "transfer", success: true },
    { at: at(30), kind: "transfer_answered" },
    { at: at(40), kind: "transfer_ended", state: "declined", failureReason: "rejected" },
    { at: at(50), kind: "transfer_joined" },
    { at: at(55), kind: "transfer_ended", state: "ended", failureReason: null },
    { at: at(60), kind: "ended", status: "completed", finalStatus: "follow_up", endReason: "lead_hangup" },
  ]);
  expect(told).toEqual([
    "Dialled||plain",
    "Answered|By a person|plain",
    "Rapport|Phase 3|plain",
    "Transfer to Kevin||plain",
    "Kevin answered||plain",
    "Kevin declined|He rejected the call|bad",
    "Kevin joined||good",
    "Talk with Kevin is over||plain",
    "Ended|Follow up · The lead hung up|plain",
  ]);
});

it("names a reason once where outcome and end are the same", () => {
  expect(rows([{ at: at(1), kind: "ended", finalStatus: "no_answer", endReason: "no_answer" }])).toEqual([
    "Ended|No answer|plain",
  ]);
});

it("shows of the scores each time the lead turned hot, in its place", () => {
  const steps = [
    { at: at(0), kind: "started" },
    { at: at(101), kind: "engagement", score: 85 },
    { at: at(300), kind: "ended" },
  ];
  expect(rows(steps, [84, 85, 99, 60, 90])).toEqual([
    "Dialled||plain",
    "Turned hot|Score 85|hot",
    "Turned hot|Score 90|hot",
    "Ended||plain",
  ]);
});

it("shows a kind it does not know by its name", () => {
  expect(rows([{ at: at(1), kind: "something_new" }])).toEqual(["Something new||plain"]);
});

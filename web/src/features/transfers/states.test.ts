import { describe, expect, it } from "vitest";
import type { TransferState } from "@/lib/types";
import { holdsKevin, laterTransfer, mayCancel, reasonText, stageOf, type TransferFacts } from "./states";

const WAY: TransferState[] = ["requested", "dialing", "screening", "briefing", "joining", "joined"];
const FAILED: TransferState[] = ["declined", "no_answer", "busy", "voicemail", "lead_left", "failed", "canceled"];

function facts(state: TransferState, more: Partial<TransferFacts> = {}): TransferFacts {
  return { id: "t", state, attempt: 1, failureReason: null, since: 0, ...more };
}

describe("the way of a transfer", () => {
  it("goes forward only", () => {
    for (const [i, from] of WAY.entries()) {
      for (const [j, to] of WAY.entries()) {
        expect(laterTransfer(facts(from), facts(to)).state, `${from} ${to}`).toBe(j > i ? to : from);
      }
    }
  });

  it("leaves no end", () => {
    for (const end of [...FAILED, "ended" as const]) {
      for (const state of [...WAY, ...FAILED]) {
        expect(laterTransfer(facts(end), facts(state)).state).toBe(end);
      }
    }
  });

  it("hears that Kevin was there after all", () => {
    expect(laterTransfer(facts("lead_left"), facts("ended")).state).toBe("ended");
  });

  it("keeps Kevin until it ends", () => {
    expect(WAY.every(holdsKevin)).toBe(true);
    expect([...FAILED, "ended" as const].some(holdsKevin)).toBe(false);
  });

  it("can be canceled until the lines are being joined", () => {
    expect(WAY.filter(mayCancel)).toEqual(["requested", "dialing", "screening", "briefing"]);
    expect(FAILED.some(mayCancel)).toBe(false);
  });

  it("counts a talk that is over as no failure", () => {
    expect(stageOf("ended")).toBe("over");
    expect(FAILED.map(stageOf)).toEqual(FAILED.map(() => "failed"));
  });
});

describe("the reason of a failure", () => {
  it("is told where it says more than the state", () => {
    expect(reasonText("failed", "join_failed")).toBe("The lines could not be joined");
    expect(reasonText("declined", "some_new_reason")).toBe("Some new reason");
    expect(reasonText("canceled", "operator_ended")).toBe("The call was ended by hand");
    expect(reasonText("lead_left", "carrier_error")).toBe("The network failed");
    expect(reasonText("busy", "busy")).toBeNull();
    expect(reasonText("voicemail", null)).toBeNull();
  });

  it("is not told of what did not fail", () => {
    expect(reasonText("ended", "kevin_hangup")).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { addException, addSlot, changeOf, changeSlot, removeSlot, type Draft } from "./schedule-draft";

const EMPTY: Draft = { timezone: "America/New_York", slots: [], exceptions: [] };

describe("slots", () => {
  it("begin with the usual hours, and go on after the last one of the day", () => {
    const draft = addSlot(addSlot(addSlot(EMPTY, 1), 2), 1);
    expect(draft.slots.map(({ dayOfWeek, startTime, endTime }) => [dayOfWeek, startTime, endTime])).toEqual([
      [1, "09:00", "17:00"],
      [2, "09:00", "17:00"],
      [1, "18:00", "20:00"],
    ]);
  });

  it("stay on the clock late in the day", () => {
    const late = changeSlot(addSlot(EMPTY, 1), 0, { endTime: "21:30" });
    expect(addSlot(late, 1).slots[1]).toMatchObject({ startTime: "22:00", endTime: "23:00" });
    const full = changeSlot(late, 0, { endTime: "23:30" });
    expect(addSlot(full, 1).slots[1]).toMatchObject({ startTime: "09:00", endTime: "11:00" });
  });

  it("are removed one by one", () => {
    const draft = removeSlot(addSlot(addSlot(EMPTY, 1), 2), 0);
    expect(draft.slots.map(({ dayOfWeek }) => dayOfWeek)).toEqual([2]);
  });
});

describe("exceptions", () => {
  it("take the next day that has none", () => {
    const draft = addException(addException(EMPTY, "2026-12-31"), "2026-12-31");
    expect(draft.exceptions.map(({ date }) => date)).toEqual(["2026-12-31", "2027-01-01"]);
  });

  it("are sent without what they do not say", () => {
    const draft = addException(EMPTY, "2026-12-31");
    expect(changeOf(draft).exceptions).toEqual([{ date: "2026-12-31", available: false }]);
    const exceptions = [
      { date: "2026-12-08", available: true, startTime: "12:00", endTime: "20:00", note: "Late shift" },
    ];
    expect(changeOf({ ...EMPTY, exceptions }).exceptions).toEqual(exceptions);
  });
});

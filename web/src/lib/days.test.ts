import { expect, test } from "vitest";
import { dayEnd, dayStart } from "./days";

test("a day begins and ends at the reader's midnights, also where his clock is put forward", () => {
  for (const day of ["2026-01-31", "2026-03-08", "2026-03-29", "2026-11-01", "2024-02-29", "2026-12-31"]) {
    const start = new Date(dayStart(day) ?? "");
    const end = new Date(dayEnd(day) ?? "");
    expect([start.getHours(), start.getMinutes(), start.getSeconds()]).toEqual([0, 0, 0]);
    expect([end.getHours(), end.getMinutes(), end.getSeconds(), end.getMilliseconds()]).toEqual([23, 59, 59, 999]);
    expect([end.getDate(), end.getMonth()]).toEqual([start.getDate(), start.getMonth()]);
    expect(`${start.getFullYear()}-${String(start.getMonth() + 1).padStart(2, "0")}`).toBe(day.slice(0, 7));
  }
});

test("what is no day has neither", () => {
  for (const text of ["", "today", "2026-02-30", "2026-13-01", "2026-1-1", "2025-02-29"]) {
    expect(dayStart(text)).toBeNull();
    expect(dayEnd(text)).toBeNull();
  }
});

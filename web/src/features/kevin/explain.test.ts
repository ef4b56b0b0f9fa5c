import { expect, it } from "vitest";
import type { Availability } from "@/lib/types";
import { explainAvailability } from "./explain";

const BY_SCHEDULE: Availability = {
  available: true,
  override: null,
  isWithinSchedule: true,
  onCall: false,
  nextAvailable: null,
  updatedAt: null,
  updatedBy: null,
};

it("prefers the strongest reason", () => {
  const override = { available: false, reason: "Lunch", until: null };
  expect(explainAvailability(BY_SCHEDULE, 0)).toBe("By schedule");
  expect(explainAvailability({ ...BY_SCHEDULE, available: false, override }, 0)).toBe("Lunch, until changed");
  expect(explainAvailability({ ...BY_SCHEDULE, available: false, override, onCall: true }, 0)).toBe(
    "On a call",
  );
});

it("says when he is back", () => {
  const now = Date.now();
  const nextAvailable = new Date(now + 60_000).toISOString();
  const text = explainAvailability({ ...BY_SCHEDULE, available: false, nextAvailable }, now);
  expect(text).toMatch(/^By schedule, back .*\d/);
});

import { expect, it } from "vitest";
import type { Recording } from "@/lib/types";
import { isLinkOver } from "./link";

const RECORDING: Recording = {
  id: "r",
  channels: "dual",
  format: "mp3",
  bytes: 1,
  durationSec: 1,
  startedAt: null,
  endedAt: null,
  status: "available",
  url: "/api/recordings/r/file?expires=1&signature=00",
  expiresAt: "2025-03-01T12:05:00.000Z",
};
const END = Date.parse("2025-03-01T12:05:00.000Z");

it("a link is over shortly before its end", () => {
  expect(isLinkOver(RECORDING, END - 60_000)).toBe(false);
  expect(isLinkOver(RECORDING, END - 1_000)).toBe(true);
  expect(isLinkOver(RECORDING, END + 1)).toBe(true);
});

it("no link is as good as one that is over", () => {
  expect(isLinkOver({ ...RECORDING, url: null }, 0)).toBe(true);
});

import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatDay,
  formatDuration,
  formatPhone,
  formatScore,
  formatSentence,
  formatShare,
  formatSlug,
  initials,
} from "./format";

describe("formatDuration", () => {
  it.each([
    [0, "0:00"],
    [9.9, "0:09"],
    [65, "1:05"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [36_061, "10:01:01"],
    [-4, "0:00"],
  ])("shows %d seconds as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe("formatPhone", () => {
  it("groups North American numbers and leaves others alone", () => {
    expect(formatPhone("+13125550142")).toBe("+1 (312) 555-0142");
    expect(formatPhone("+4915112345678")).toBe("+4915112345678");
    expect(formatPhone("")).toBe("");
  });
});

describe("formatScore", () => {
  it.each([
    [null, "–"],
    [0, "0"],
    [84.96, "85"],
    [91.54, "91.5"],
    [100, "100"],
  ])("shows %j as %s", (score, text) => expect(formatScore(score)).toBe(text));
});

describe("formatShare", () => {
  it.each([
    [0, "0%"],
    [0.345, "35%"],
    [1.7, "100%"],
    [-1, "0%"],
  ])("shows %d as %s", (share, text) => expect(formatShare(share)).toBe(text));
});

describe("formatSlug", () => {
  it("makes words", () => {
    expect(formatSlug("not_interested")).toBe("Not interested");
    expect(formatSlug("no-answer")).toBe("No answer");
    expect(formatSlug("")).toBe("");
  });
});

describe("formatSentence", () => {
  it("ends a text which has no end", () => {
    expect(formatSentence("Not allowed")).toBe("Not allowed.");
    expect(formatSentence("Not allowed.")).toBe("Not allowed.");
  });
});

describe("formatAgo", () => {
  it.each([
    [0, "now"],
    [-2_000, "now"],
    [42_000, "42s ago"],
    [61_000, "1m ago"],
    [7_300_000, "2h ago"],
  ])("calls %d ms %s", (ms, text) => expect(formatAgo(0, ms)).toBe(text));
});

describe("initials", () => {
  it.each([
    ["Ada Lovelace", "AL"],
    ["  ada  maria king ", "AK"],
    ["Kevin", "K"],
    ["", ""],
  ])("of %j are %j", (name, text) => expect(initials(name)).toBe(text));
});

describe("formatDay", () => {
  it("shows the day itself, whatever the zone, and leaves alone what is none", () => {
    const text = formatDay("2026-03-08");
    expect(text).toMatch(/8/);
    expect(text).not.toMatch(/2026|-/);
    expect(formatDay("")).toBe("");
    expect(formatDay("soon")).toBe("soon");
  });
});

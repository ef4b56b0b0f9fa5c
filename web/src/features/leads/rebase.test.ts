import { describe, expect, it } from "vitest";
import { changedFields, rebase } from "./rebase";

const BASE = { city: "Chicago", state: "IL", notes: "", doNotCall: false };

describe("changes of two people", () => {
  it("go together where they touch different fields", () => {
    const mine = { ...BASE, notes: "Likes mornings" };
    const latest = { ...BASE, doNotCall: true };
    expect(rebase(BASE, mine, latest)).toEqual({
      values: { ...BASE, notes: "Likes mornings", doNotCall: true },
      theirs: ["doNotCall"],
      clashes: [],
    });
  });

  it("clash where both changed one to different values; mine stands", () => {
    const mine = { ...BASE, city: "Joliet", state: "WI" };
    const latest = { ...BASE, city: "Aurora", state: "WI" };
    const { values, clashes } = rebase(BASE, mine, latest);
    expect(values).toEqual({ ...BASE, city: "Joliet", state: "WI" });
    expect(clashes).toEqual(["city"]);
  });

  it("leave all of theirs to somebody who changed nothing", () => {
    const latest = { ...BASE, city: "Aurora" };
    expect(rebase(BASE, BASE, latest).values).toEqual(latest);
  });
});

it("a field set back to what it was is not changed", () => {
  expect(changedFields(BASE, { ...BASE, city: "Chicago" })).toEqual([]);
  expect(changedFields(BASE, { ...BASE, city: "" })).toEqual(["city"]);
});

import { describe, expect, it } from "vitest";
import { matchPath } from "./router";

describe("a path", () => {
  it("fits its own pattern", () => {
    expect(matchPath("/", "/")).toEqual({});
    expect(matchPath("/calls/:id", "/calls/42")).toEqual({ id: "42" });
    expect(matchPath("/calls/:id", "/calls/a%20b")).toEqual({ id: "a b" });
  });

  it("fits no other one", () => {
    for (const path of ["/", "/calls", "/calls/", "/calls/1/2", "/leads/1"]) {
      expect(matchPath("/calls/:id", path), path).toBeNull();
    }
  });

  it("may be malformed", () => {
    expect(matchPath("/calls/:id", "/calls/%E0%A4")).toEqual({ id: "%E0%A4" });
  });
});

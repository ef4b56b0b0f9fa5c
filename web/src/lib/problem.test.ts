import { describe, expect, it } from "vitest";
import { ApiError, problemText, retryAfterSeconds } from "./problem";

describe("retryAfterSeconds", () => {
  const now = Date.parse("2025-03-01T12:00:00Z");

  it.each([
    ["30", 30],
    ["0", 0],
    ["-5", 0],
    ["1.2", 2],
    ["Sat, 01 Mar 2025 12:01:00 GMT", 60],
    ["Sat, 01 Mar 2025 11:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("reads %j as %j", (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });
});

describe("problemText", () => {
  it("names the first field which was refused", () => {
    const error = new ApiError(400, "Validation failed", {
      details: [{ field: "phone", message: "is taken" }],
    });
    expect(problemText(error)).toBe("Validation failed: phone is taken");
  });

  it("makes text of anything thrown", () => {
    expect(problemText(new Error("broken"))).toBe("broken");
    expect(problemText("odd")).toBe("odd");
  });
});

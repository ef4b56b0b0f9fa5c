import { expect, it } from "vitest";
import { ApiError } from "@/lib/problem";
import { signInProblem } from "./sign-in-problem";

it("does not say which of address and password was wrong", () => {
  expect(signInProblem(new ApiError(401, "x"), 0)).toEqual({
    text: "The e-mail address or the password is wrong.",
    retryAt: null,
  });
});

it("tells when throttled sign-in may be tried again", () => {
  expect(signInProblem(new ApiError(429, "x", { retryAfterSec: 75 }), 1_000).retryAt).toBe(76_000);
});

it("tells an absent service from a wrong password", () => {
  expect(signInProblem(new ApiError(503, "x", { retryAfterSec: 2 }), 0)).toEqual({
    text: "The service is briefly unavailable.",
    retryAt: 2_000,
  });
  expect(signInProblem(new ApiError(0, "No connection"), 0).text).toBe("No connection");
});

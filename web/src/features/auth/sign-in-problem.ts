/*
 * Why a sign-in failed, in words, and how long to wait before the next try.
 */
import { ApiError, problemText } from "@/lib/problem";

export interface SignInProblem {
  text: string;
  /** Milliseconds since 1970; no try makes sense before. Shown as a countdown after the text. */
  retryAt: number | null;
}

export function signInProblem(error: unknown, now: number): SignInProblem {
  if (!(error instanceof ApiError)) return { text: problemText(error), retryAt: null };
  const wait = error.retryAfterSec;
  const retryAt = wait === undefined ? null : now + wait * 1000;
  switch (error.status) {
    case 400:
    case 401:
      return { text: "The e-mail address or the password is wrong.", retryAt: null };
    case 403:
      return { text: "This account may not sign in here.", retryAt: null };
    case 429:
      return { text: "Too many attempts.", retryAt };
    case 503:
      return { text: "The service is briefly unavailable.", retryAt };
    default:
      return { text: problemText(error), retryAt: null };
  }
}

/*
 * What can go wrong with a request, in words a person can act on.
 */

export interface FieldProblem {
  field: string;
  message: string;
}

interface ProblemFacts {
  code?: string | undefined;
  details?: FieldProblem[] | undefined;
  retryAfterSec?: number | undefined;
}

/** A refused or failed request. `status` is the HTTP status, 0 when there was no answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly details: FieldProblem[];
  readonly retryAfterSec: number | undefined;

  constructor(status: number, message: string, facts: ProblemFacts = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = facts.code;
    this.details = facts.details ?? [];
    this.retryAfterSec = facts.retryAfterSec;
  }

  /** True when the same request may succeed later without anybody changing anything. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const FALLBACK: Record<number, string> = {
  0: "The server cannot be reached. Check your connection.",
  401: "Please sign in again.",
  403: "Your role does not allow this.",
  404: "Not found.",
  413: "That is too large to send.",
  429: "Too many requests. Please wait a moment.",
  502: "The telephone provider refused the request.",
  503: "The service is briefly unavailable. Please try again.",
};

export function fallbackText(status: number): string {
  return FALLBACK[status] ?? `The server answered with status ${status}.`;
}

/** Seconds to wait from a Retry-After header: a number of seconds or an HTTP date. */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** The text to show for anything that was thrown. */
export function problemText(error: unknown): string {
  if (error instanceof ApiError) {
    const [first] = error.details;
    return first ? `${error.message}: ${first.field} ${first.message}` : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with one field of a form, or null. */
export function fieldProblem(error: unknown, field: string): string | null {
  if (!(error instanceof ApiError)) return null;
  return error.details.find((detail) => detail.field === field)?.message ?? null;
}

/*
 * Positions in the server's event log: decimal strings, which may exceed what a number holds exactly.
 */
import type { LiveEvent } from "@/lib/types";

/** True when position `a` comes after position `b`. */
export function isAfter(a: string, b: string): boolean {
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return left.length === right.length ? left > right : left.length > right.length;
}

/** The position of an event, or null for one outside the log. */
export function seqOf(event: LiveEvent): string | null {
  return ("seq" in event.payload ? event.payload.seq : undefined) ?? null;
}

/** True when an event at `seq` was seen before, `last` being the newest seen. Outside the log nothing repeats. */
export function isSeen(seq: string | null, last: string | null): boolean {
  return seq !== null && last !== null && !isAfter(seq, last);
}

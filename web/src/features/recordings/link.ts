/*
 * Links to recordings, which end.
 */
import type { Recording } from "@/lib/types";

/** A link this near its end is taken to be over: the way to the server takes its time. */
const MARGIN_MS = 5_000;

/** True when a recording's link works no more, or there is none. */
export function isLinkOver({ url, expiresAt }: Recording, now: number): boolean {
  if (!url) return true;
  return expiresAt ? Date.parse(expiresAt) - MARGIN_MS <= now : false;
}

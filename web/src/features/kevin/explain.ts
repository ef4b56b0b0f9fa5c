/*
 * Why Kevin is available or not, in a few words.
 */
import { formatClock } from "@/lib/format";
import type { Availability } from "@/lib/types";

export function explainAvailability(availability: Availability, now: number): string {
  const { available, onCall, override, nextAvailable } = availability;
  if (onCall) return "On a call";
  if (override && override.available === available) {
    const until = override.until ? `until ${formatClock(override.until, now)}` : "until changed";
    return override.reason ? `${override.reason}, ${until}` : `Set by hand, ${until}`;
  }
  if (available) return "By schedule";
  return nextAvailable ? `By schedule, back ${formatClock(nextAvailable, now)}` : "By schedule";
}

/*
 * Days (YYYY-MM-DD) as the reader's clock has them.
 */

/** When a day begins, as ISO 8601 UTC; null for what is no day. */
export function dayStart(day: string): string | null {
  return midnight(day, 0)?.toISOString() ?? null;
}

/** The last moment of a day. It has not always 24 hours, so the day after it says when it is over. */
export function dayEnd(day: string): string | null {
  const next = midnight(day, 1);
  return next ? new Date(next.getTime() - 1).toISOString() : null;
}

/** The midnight that begins the day `later` days after `day`. */
function midnight(day: string, later: number): Date | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!match) return null;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isDay = new Date(Date.UTC(year, month - 1, date)).toISOString().startsWith(day);
  return isDay ? new Date(year, month - 1, date + later) : null;
}

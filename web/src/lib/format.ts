/*
 * Values to text, for people.
 */

/** Whole seconds as m:ss, or h:mm:ss from an hour on. Negative counts as zero. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const pad = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** An E.164 number in groups; numbers of other countries than +1 stay as they are. */
export function formatPhone(phone: string): string {
  const match = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(phone);
  return match ? `+1 (${match[1]}) ${match[2]}-${match[3]}` : phone;
}

/** A score as at most one decimal; a missing one as a dash. */
export function formatScore(score: number | null): string {
  return score === null ? "–" : String(Math.round(score * 10) / 10);
}

/** A share 0-1 as a whole percentage. */
export function formatShare(share: number): string {
  return `${Math.round(Math.min(Math.max(share, 0), 1) * 100)}%`;
}

/** A slug such as `not_interested` or `no-answer` as words: "Not interested". */
export function formatSlug(slug: string): string {
  const words = slug.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A text from elsewhere as a sentence which another may follow. */
export function formatSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** A time as the reader's clock shows it; with the weekday unless it is today. */
export function formatClock(iso: string, now: number): string {
  const date = new Date(iso);
  const time = date.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? time : `${date.toLocaleDateString(undefined, { weekday: "short" })} ${time}`;
}

/** How long ago, in the largest unit that fits. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - thenMs) / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  return `${Math.floor(seconds / 3600)}h ago`;
}

/** Up to two initials of a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return picked.map((word) => word?.charAt(0).toUpperCase() ?? "").join("");
}

/** A whole number with the reader's separators. */
export function formatCount(count: number): string {
  return count.toLocaleString();
}

/** A day and time as the reader's calendar shows it, or a dash for none. */
export function formatMoment(iso: string | null): string {
  if (iso === null) return "–";
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** A percentage 0-100 with one decimal, or a dash for none. */
export function formatPercent(percent: number | null): string {
  return percent === null ? "–" : `${(Math.round(percent * 10) / 10).toLocaleString()}%`;
}

/** A day (YYYY-MM-DD) without its year, as the reader's calendar shows it; what is no day stays as it is. */
export function formatDay(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return day;
  return date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
}

/*
 * Kevin's schedule as it is edited: pure functions on a draft.
 */
import type { Schedule, ScheduleException, Slot } from "@/lib/types";
import type { ScheduleChange } from "./requests";

/** As people write a week: Monday first. */
export const DAYS = [
  { day: 1, name: "Monday" },
  { day: 2, name: "Tuesday" },
  { day: 3, name: "Wednesday" },
  { day: 4, name: "Thursday" },
  { day: 5, name: "Friday" },
  { day: 6, name: "Saturday" },
  { day: 0, name: "Sunday" },
] as const;

export interface Draft {
  timezone: string;
  slots: readonly Slot[];
  exceptions: readonly ScheduleException[];
}

export function draftOf({ timezone, slots, exceptions }: Schedule): Draft {
  return { timezone, slots, exceptions };
}

/** One more slot on a day: after its last one if the day has hours left, else of the usual hours. */
export function addSlot(draft: Draft, dayOfWeek: number): Draft {
  const ends = draft.slots.filter((slot) => slot.dayOfWeek === dayOfWeek).map((slot) => slot.endTime);
  const last = ends.sort().at(-1);
  const hour = last === undefined ? 9 : Number(last.slice(0, 2)) + 1;
  const start = hour <= 22 ? hour : 9;
  const end = last === undefined ? 17 : Math.min(start + 2, 23);
  const slot = { dayOfWeek, startTime: clock(start), endTime: clock(end), isActive: true };
  return { ...draft, slots: [...draft.slots, slot] };
}

export function changeSlot(draft: Draft, index: number, change: Partial<Slot>): Draft {
  return { ...draft, slots: draft.slots.map((slot, i) => (i === index ? { ...slot, ...change } : slot)) };
}

export function removeSlot(draft: Draft, index: number): Draft {
  return { ...draft, slots: draft.slots.filter((_, i) => i !== index) };
}

/** One more exception: a day off, on a day that has none yet. */
export function addException(draft: Draft, today: string): Draft {
  const taken = new Set(draft.exceptions.map(({ date }) => date));
  let date = today;
  while (taken.has(date)) date = nextDay(date);
  const exception = { date, available: false, startTime: null, endTime: null, note: null };
  return { ...draft, exceptions: [...draft.exceptions, exception] };
}

export function changeException(draft: Draft, index: number, change: Partial<ScheduleException>): Draft {
  const exceptions = draft.exceptions.map((one, i) => (i === index ? { ...one, ...change } : one));
  return { ...draft, exceptions };
}

export function removeException(draft: Draft, index: number): Draft {
  return { ...draft, exceptions: draft.exceptions.filter((_, i) => i !== index) };
}

/** What to send: absent times and notes are left out. */
export function changeOf({ timezone, slots, exceptions }: Draft): ScheduleChange {
  return {
    timezone,
    slots: [...slots],
    exceptions: exceptions.map(({ date, available, startTime, endTime, note }) => ({
      date,
      available,
      ...(startTime && endTime ? { startTime, endTime } : {}),
      ...(note ? { note } : {}),
    })),
  };
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}

function nextDay(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}

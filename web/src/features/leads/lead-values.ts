/*
 * A lead as the fields of its form, and back.
 */
import type { LeadDetail, LeadFields } from "@/lib/types";
import { changedFields } from "./rebase";

export const TEXT_FIELDS = [
  "firstName",
  "lastName",
  "phone",
  "email",
  "source",
  "initialInterest",
  "status",
  "timezone",
  "state",
  "city",
  "currentIncomeRange",
  "desiredIncomeRange",
  "timeAvailability",
  "experienceLevel",
  "kevinNotes",
] as const;

export type TextField = (typeof TEXT_FIELDS)[number];

// A type, not an interface: only that is a record of its members to the compiler.
export type LeadValues = Record<TextField, string> & { doNotCall: boolean };

/** A form knows no absent text: it is an empty one. */
export function valuesOf(lead: LeadDetail): LeadValues {
  const texts = Object.fromEntries(TEXT_FIELDS.map((name) => [name, lead[name] ?? ""]));
  return { ...(texts as Record<TextField, string>), doNotCall: lead.doNotCall };
}

/** What to send: only what was changed, an emptied text as null. */
export function changesOf(from: LeadValues, to: LeadValues): Partial<LeadFields> {
  const changes = changedFields(from, to).map((name) => [name, to[name] === "" ? null : to[name]]);
  return Object.fromEntries(changes) as Partial<LeadFields>;
}

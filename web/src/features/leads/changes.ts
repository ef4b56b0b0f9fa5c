/*
 * What a change to a lead means for things which show that lead's name.
 */
import type { LeadUpdated } from "@/lib/types";

interface ShowsLead {
  leadId: string;
  leadName: string;
}

/** The same object when the change is about another lead or not about the name. */
export function applyLeadChange<T extends ShowsLead>(item: T, event: LeadUpdated): T {
  if (item.leadId !== event.leadId) return item;
  const { firstName, lastName } = event.changes;
  if (firstName === undefined && lastName === undefined) return item;
  const [oldFirst = "", ...oldRest] = item.leadName.split(" ");
  const leadName = `${firstName ?? oldFirst} ${lastName ?? oldRest.join(" ")}`.trim();
  return leadName === item.leadName ? item : { ...item, leadName };
}

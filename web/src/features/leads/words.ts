/*
 * A lead's stages and choices as a person reads them.
 */
import type { BadgeVariant } from "@/components/ui/badge";
import type { SelectOption } from "@/components/ui/select";
import type { LeadStatus } from "@/lib/types";

export const LEAD_STATUSES: readonly LeadStatus[] = [
  "new",
  "contacted",
  "qualified",
  "hot_transfer",
  "video_sent",
  "zoom_scheduled",
  "closed",
  "disqualified",
];

export const LEAD_LOOKS: Record<LeadStatus, BadgeVariant> = {
  new: "secondary",
  contacted: "default",
  qualified: "default",
  hot_transfer: "warning",
  video_sent: "default",
  zoom_scheduled: "success",
  closed: "success",
  disqualified: "outline",
};

export const SOURCES = ["facebook", "google", "referral", "organic", "import", "other"] as const;

export const EXPERIENCE = ["beginner", "some_experience", "experienced", "expert"] as const;

export const INCOMES: readonly SelectOption[] = [
  { value: "under_25k", text: "Under $25,000" },
  { value: "25k_50k", text: "$25,000 to 50,000" },
  { value: "50k_75k", text: "$50,000 to 75,000" },
  { value: "75k_plus", text: "$75,000 and more" },
];

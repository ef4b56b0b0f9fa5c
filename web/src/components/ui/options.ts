import { formatSlug } from "@/lib/format";
import type { SelectOption } from "./select";

/** Slugs as options, after one for nothing chosen. */
export function optionsOf(slugs: readonly string[], none: string): SelectOption[] {
  return [{ value: "", text: none }, ...slugs.map((value) => ({ value, text: formatSlug(value) }))];
}

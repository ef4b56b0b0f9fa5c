/*
 * By what the list of calls is cut down and ordered.
 */
import { useId } from "react";
import { Input } from "@/components/ui/input";
import { optionsOf } from "@/components/ui/options";
import { SearchBox } from "@/components/ui/search-box";
import { Select, type SelectOption } from "@/components/ui/select";
import { cn } from "@/lib/utils";
import { ANSWERERS, CALL_OUTCOMES, STATUS_LOOKS } from "./status";

export const FILTER_NAMES = [
  "search",
  "status",
  "finalStatus",
  "answeredBy",
  "agentVersion",
  "from",
  "to",
  "sort",
  "leadId",
] as const;

export type CallFilterName = (typeof FILTER_NAMES)[number];

const VERSION_MAX = 64;
/** What does not fit beside another on a telephone. */
const WIDE = "col-span-2 sm:col-span-1";

const SORTS: readonly SelectOption[] = [
  { value: "", text: "Newest first" },
  { value: "oldest", text: "Oldest first" },
  { value: "score", text: "By score" },
];

const STATUSES: readonly SelectOption[] = [
  { value: "", text: "Any status" },
  ...Object.entries(STATUS_LOOKS).map(([value, { text }]) => ({ value, text })),
];

const ANSWERED: readonly SelectOption[] = [
  { value: "", text: "Answered by anyone" },
  ...Object.entries(ANSWERERS).map(([value, text]) => ({ value, text: `Answered: ${text.toLowerCase()}` })),
];

interface CallFiltersProps {
  values: Record<CallFilterName, string>;
  onChange: (name: CallFilterName, value: string) => void;
}

export function CallFilters({ values, onChange }: CallFiltersProps) {
  const choice = (name: CallFilterName, label: string, options: readonly SelectOption[], className?: string) => (
    <Select
      aria-label={label}
      className={className}
      options={options}
      value={values[name]}
      onChange={(event) => onChange(name, event.target.value)}
    />
  );
  return (
    <div className="grid grid-cols-2 gap-3 border-b p-5 lg:grid-cols-4" role="search">
      <SearchBox
        label="Search calls"
        className={WIDE}
        placeholder="Name or number"
        value={values.search}
        onChange={(value) => onChange("search", value)}
      />
      {choice("status", "Status", STATUSES)}
      {choice("finalStatus", "Outcome", optionsOf(CALL_OUTCOMES, "Any outcome"))}
      {choice("answeredBy", "Answered by", ANSWERED, WIDE)}
      <Day label="From" value={values.from} onChange={(value) => onChange("from", value)} />
      <Day label="To" value={values.to} onChange={(value) => onChange("to", value)} />
      <SearchBox
        label="Agent version"
        placeholder="Version"
        maxLength={VERSION_MAX}
        value={values.agentVersion}
        onChange={(value) => onChange("agentVersion", value)}
      />
      {choice("sort", "Order", SORTS)}
    </div>
  );
}

/** A day to pick; its label stands inside, for an empty one does not tell what it is. */
function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  const id = useId();
  return (
    <div className={cn("relative min-w-0", WIDE)}>
      <label htmlFor={id} className="absolute left-3 top-1/2 -translate-y-1/2 text-sm text-muted-foreground">
        {label}
      </label>
      <Input id={id} type="date" className="pl-14" value={value} onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}

/*
 * The leads: searched, filtered and sorted by the address, so that a view can be kept and sent.
 */
import { Upload, UserPlus } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { InternalLink } from "@/components/ui/internal-link";
import { ListBody, NewsLine } from "@/components/ui/list";
import { optionsOf } from "@/components/ui/options";
import { ScreenHead } from "@/components/ui/screen";
import { SearchBox } from "@/components/ui/search-box";
import { Select } from "@/components/ui/select";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { useNews } from "@/features/calls/useNews";
import { formatMoment, formatPhone, formatScore, formatSlug } from "@/lib/format";
import { queryText } from "@/lib/query";
import type { Lead, LiveEvent } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { useFilters } from "@/lib/useFilters";
import { cn } from "@/lib/utils";
import { ImportDialog } from "./ImportDialog";
import { NewLeadDialog } from "./NewLeadDialog";
import { fetchLeads } from "./requests";
import { LEAD_LOOKS, LEAD_STATUSES, SOURCES } from "./words";

const PAGE_SIZE = 25;
const TEXTS = { loading: "Loading the leads", none: "There is no lead yet.", noneFits: "No lead fits." };

const SORTS = [
  { value: "", text: "Newest first" },
  { value: "oldest", text: "Oldest first" },
  { value: "name", text: "By name" },
  { value: "score", text: "By score" },
  { value: "updated", text: "Last changed" },
];

const FILTER_NAMES = ["search", "status", "source", "sort"] as const;

type FilterName = (typeof FILTER_NAMES)[number];

export default function LeadsPage() {
  const { role } = useUser();
  const [open, setOpen] = useState<"new" | "import" | null>(null);
  const filters = useFilters("/leads", FILTER_NAMES);
  const asked = { ...filters.values, page: filters.page, limit: PAGE_SIZE };
  const fetched = useFetched(() => fetchLeads(asked), queryText(asked));
  const news = useNews(leadsChanged);

  function renew(): void {
    news.forget();
    fetched.reload();
  }

  return (
    <div className="space-y-6">
      <ScreenHead title="Leads" description="Everybody who may be called, and how far they are.">
        {may(role, "leads:import") && (
          <Button variant="outline" onClick={() => setOpen("import")}>
            <Upload aria-hidden />
            Import
          </Button>
        )}
        {may(role, "leads:create") && (
          <Button onClick={() => setOpen("new")}>
            <UserPlus aria-hidden />
            New lead
          </Button>
        )}
      </ScreenHead>
      <Card className="overflow-hidden">
        <Filters values={filters.values} onChange={filters.change} />
        <NewsLine count={news.count} onShow={renew} />
        <ListBody fetched={fetched} filters={filters} texts={TEXTS}>
          {(leads) => <LeadTable leads={leads} isStale={fetched.isLoading} />}
        </ListBody>
      </Card>
      {open === "new" && <NewLeadDialog onClose={() => setOpen(null)} />}
      {open === "import" && <ImportDialog onClose={() => setOpen(null)} onImported={renew} />}
    </div>
  );
}

/** How many changes to the list an event is. */
function leadsChanged(event: LiveEvent): number {
  if (event.type === "leads:imported") return event.payload.count;
  return event.type === "lead:created" || event.type === "lead:deleted" ? 1 : 0;
}

interface FiltersProps {
  values: Record<FilterName, string>;
  onChange: (name: FilterName, value: string) => void;
}

function Filters({ values, onChange }: FiltersProps) {
  const known = optionsOf(SOURCES, "Any source");
  const isKnown = known.some(({ value }) => value === values.source);
  const sources = isKnown ? known : [...known, { value: values.source, text: values.source }];
  return (
    <div className="grid gap-3 border-b p-5 sm:grid-cols-2 lg:grid-cols-[minmax(0,1fr)_11rem_11rem_11rem]" role="search">
      <SearchBox
        label="Search leads"
        placeholder="Name, e-mail or number"
        value={values.search}
        onChange={(value) => onChange("search", value)}
      />
      <Select
        aria-label="Stage"
        options={optionsOf(LEAD_STATUSES, "Any stage")}
        value={values.status}
        onChange={(event) => onChange("status", event.target.value)}
      />
      <Select
        aria-label="Source"
        options={sources}
        value={values.source}
        onChange={(event) => onChange("source", event.target.value)}
      />
      <Select
        aria-label="Order"
        options={SORTS}
        value={values.sort}
        onChange={(event) => onChange("sort", event.target.value)}
      />
    </div>
  );
}

function LeadTable({ leads, isStale }: { leads: Lead[]; isStale: boolean }) {
  return (
    <Table aria-label="Leads" aria-busy={isStale} className={cn(isStale && "opacity-60")}>
      <TableHeader>
        <TableRow className="lg:border-0">
          <TableHead className="lg:pl-5">Lead</TableHead>
          <TableHead className="lg:w-[16%]">Stage</TableHead>
          <TableHead className="lg:w-[12%]">Source</TableHead>
          <TableHead className="lg:w-[10%] lg:text-right">Score</TableHead>
          <TableHead className="lg:w-[20%]">Last call</TableHead>
          <TableHead className="lg:w-[17%] lg:pr-5">Created</TableHead>
        </TableRow>
      </TableHeader>
      <TableBody>
        {leads.map((lead) => (
          <LeadRow key={lead.id} lead={lead} />
        ))}
      </TableBody>
    </Table>
  );
}

function LeadRow({ lead }: { lead: Lead }) {
  const name = `${lead.firstName} ${lead.lastName}`;
  return (
    <TableRow
      data-testid={`lead-row-${lead.id}`}
      className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1.5 px-5 py-3 lg:table-row"
    >
      <TableCell className="min-w-0 lg:pl-5">
        <InternalLink to={`/leads/${lead.id}`} className="block truncate font-medium hover:underline" title={name}>
          {name}
        </InternalLink>
        <p className="truncate text-xs tabular-nums text-muted-foreground">
          {formatPhone(lead.phone)}
          {lead.doNotCall && <span className="font-medium text-destructive"> · Do not call</span>}
        </p>
      </TableCell>
      <TableCell className="justify-self-end">
        <Badge variant={LEAD_LOOKS[lead.status]}>{formatSlug(lead.status)}</Badge>
      </TableCell>
      <TableCell className="truncate text-muted-foreground lg:text-foreground">
        {lead.source ? formatSlug(lead.source) : "–"}
      </TableCell>
      <TableCell className="justify-self-end tabular-nums lg:text-right">
        <span className="text-xs text-muted-foreground lg:hidden">Score </span>
        {formatScore(lead.qualificationScore)}
      </TableCell>
      <TableCell className="col-span-2 text-xs text-muted-foreground">
        {lead.lastCall ? (
          <InternalLink to={`/calls/${lead.lastCall.id}`} className="hover:underline">
            {formatMoment(lead.lastCall.startTime)}
            {lead.lastCall.finalStatus && `, ${formatSlug(lead.lastCall.finalStatus).toLowerCase()}`}
          </InternalLink>
        ) : (
          "Never called"
        )}
      </TableCell>
      <TableCell className="hidden text-xs text-muted-foreground lg:table-cell lg:pr-5">
        {formatMoment(lead.createdAt)}
      </TableCell>
    </TableRow>
  );
}

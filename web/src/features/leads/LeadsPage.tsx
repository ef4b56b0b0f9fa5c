/*
 * The leads: searched, filtered and sorted by the address, so that a view can be kept and sent.
 */
import { Search, Upload, UserPlus } from "lucide-react";
import { useEffect, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { InternalLink } from "@/components/ui/internal-link";
import { Pager } from "@/components/ui/pager";
import { ScreenHead, Unfetched } from "@/components/ui/screen";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { formatMoment, formatPhone, formatScore, formatSlug } from "@/lib/format";
import { pageFrom, queryText } from "@/lib/query";
import { navigate, replaceAddress, useQuery } from "@/lib/router";
import type { Lead } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { cn } from "@/lib/utils";
import { ImportDialog } from "./ImportDialog";
import { NewLeadDialog } from "./NewLeadDialog";
import { fetchLeads } from "./requests";
import { useLeadsNews } from "./useLeadsNews";
import { LEAD_LOOKS, LEAD_STATUSES, optionsOf, SOURCES } from "./words";

const PAGE_SIZE = 25;
/** The pause in typing after which the search is asked. */
const TYPING_MS = 300;

const SORTS = [
  { value: "", text: "Newest first" },
  { value: "oldest", text: "Oldest first" },
  { value: "name", text: "By name" },
  { value: "score", text: "By score" },
  { value: "updated", text: "Last changed" },
];

type FilterName = "search" | "status" | "source" | "sort";

export default function LeadsPage() {
  const { role } = useUser();
  const [open, setOpen] = useState<"new" | "import" | null>(null);
  const query = useQuery();
  const given = new URLSearchParams(query);
  const page = pageFrom(given.get("page"));
  const filters = {
    search: given.get("search") ?? "",
    status: given.get("status") ?? "",
    source: given.get("source") ?? "",
    sort: given.get("sort") ?? "",
  };
  const asked = { ...filters, page, limit: PAGE_SIZE };
  const { data, problem, isLoading, reload } = useFetched(() => fetchLeads(asked), queryText(asked));
  const news = useLeadsNews();

  function change(name: FilterName, value: string): void {
    replaceAddress(`/leads${queryText({ ...filters, [name]: value })}`);
  }

  function renew(): void {
    news.forget();
    reload();
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
        <Filters filters={filters} onChange={change} />
        {news.count > 0 && (
          <button
            type="button"
            className="w-full border-b bg-accent px-5 py-2 text-sm font-medium text-accent-foreground hover:underline"
            data-testid="leads-news"
            onClick={renew}
          >
            {news.count === 1 ? "1 change since; show it" : `${news.count} changes since; show them`}
          </button>
        )}
        {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
        {problem === null && !data && <Loading />}
        {problem === null && data && (
          <>
            <LeadTable leads={data.items} isStale={isLoading} />
            <Pager
              pagination={data.pagination}
              onPage={(next) => navigate(`/leads${queryText({ ...filters, page: next > 1 ? next : null })}`)}
            />
          </>
        )}
      </Card>
      {open === "new" && <NewLeadDialog onClose={() => setOpen(null)} />}
      {open === "import" && <ImportDialog onClose={() => setOpen(null)} onImported={renew} />}
    </div>
  );
}

interface FiltersProps {
  filters: Record<FilterName, string>;
  onChange: (name: FilterName, value: string) => void;
}

function Filters({ filters, onChange }: FiltersProps) {
  const known = optionsOf(SOURCES, "Any source");
  const isKnown = known.some(({ value }) => value === filters.source);
  const sources = isKnown ? known : [...known, { value: filters.source, text: filters.source }];
  return (
    <div className="grid gap-3 border-b p-5 sm:grid-cols-2 lg:grid-cols-[minmax(0,1fr)_11rem_11rem_11rem]" role="search">
      <SearchBox value={filters.search} onChange={(value) => onChange("search", value)} />
      <Select
        aria-label="Stage"
        options={optionsOf(LEAD_STATUSES, "Any stage")}
        value={filters.status}
        onChange={(event) => onChange("status", event.target.value)}
      />
      <Select
        aria-label="Source"
        options={sources}
        value={filters.source}
        onChange={(event) => onChange("source", event.target.value)}
      />
      <Select
        aria-label="Order"
        options={SORTS}
        value={filters.sort}
        onChange={(event) => onChange("sort", event.target.value)}
      />
    </div>
  );
}

function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);

  // The address may be changed by Back, too.
  useEffect(() => setText((typed) => (typed.trim() === value ? typed : value)), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
    // Only typing starts the pause: `value` follows what was typed, `onChange` is another one at each render.
  }, [text]);

  return (
    <div className="relative">
      <Search className="absolute left-3 top-3.5 size-4 text-muted-foreground" aria-hidden />
      <Input
        type="search"
        aria-label="Search leads"
        placeholder="Name, e-mail or number"
        className="pl-9"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}

function LeadTable({ leads, isStale }: { leads: Lead[]; isStale: boolean }) {
  if (leads.length === 0) {
    return <p className="px-6 py-16 text-center text-sm text-muted-foreground">No lead fits.</p>;
  }
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

function Loading() {
  return (
    <div className="space-y-3 p-5" role="status" aria-label="Loading the leads">
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} className="h-11" />
      ))}
    </div>
  );
}

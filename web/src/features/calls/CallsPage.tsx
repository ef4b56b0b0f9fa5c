/*
 * The calls, past ones and those on the line: searched, filtered and sorted by the address.
 */
import { X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ListBody, NewsLine } from "@/components/ui/list";
import { ScreenHead } from "@/components/ui/screen";
import { dayEnd, dayStart } from "@/lib/days";
import { queryText } from "@/lib/query";
import type { LiveEvent } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { useFilters } from "@/lib/useFilters";
import { CallFilters, FILTER_NAMES } from "./CallFilters";
import { CallList } from "./CallList";
import { fetchCalls } from "./requests";
import { useNews } from "./useNews";

const PAGE_SIZE = 25;
const TEXTS = { loading: "Loading the calls", none: "Nobody was called yet.", noneFits: "No call fits." };

export default function CallsPage() {
  const filters = useFilters("/calls", FILTER_NAMES);
  const { from, to, ...same } = filters.values;
  const asked = { ...same, from: dayStart(from), to: dayEnd(to), page: filters.page, limit: PAGE_SIZE };
  const fetched = useFetched(() => fetchCalls(asked), queryText(asked));
  const news = useNews(callsChanged);

  function renew(): void {
    news.forget();
    fetched.reload();
  }

  return (
    <div className="space-y-6">
      <ScreenHead title="Calls" description="Every call that was made, and those on the line now." />
      <Card className="overflow-hidden">
        <CallFilters values={filters.values} onChange={filters.change} />
        {filters.values.leadId !== "" && (
          <OneLeadOnly name={fetched.data?.items[0]?.leadName ?? null} onAll={() => filters.change("leadId", "")} />
        )}
        <NewsLine count={news.count} onShow={renew} />
        <ListBody fetched={fetched} filters={filters} texts={TEXTS}>
          {(calls) => <CallList calls={calls} isStale={fetched.isLoading} />}
        </ListBody>
      </Card>
    </div>
  );
}

function callsChanged({ type }: LiveEvent): number {
  return type === "call:started" || type === "call:ended" ? 1 : 0;
}

function OneLeadOnly({ name, onAll }: { name: string | null; onAll: () => void }) {
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-5 py-2 text-sm" data-testid="one-lead">
      <span className="min-w-0 truncate">
        Only calls of <span className="font-medium">{name ?? "one lead"}</span>
      </span>
      <Button variant="ghost" size="sm" onClick={onAll}>
        <X aria-hidden />
        Of all leads
      </Button>
    </p>
  );
}

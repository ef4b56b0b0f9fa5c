/*
 * What lists have in common besides their table: the line that there is news, the pages, and what stands there
 * instead of rows.
 */
import type { ReactNode } from "react";
import type { Page } from "@/lib/api";
import type { Fetched } from "@/lib/useFetched";
import type { Filters } from "@/lib/useFilters";
import { Pager } from "./pager";
import { Unfetched } from "./screen";
import { Skeleton } from "./skeleton";

/** The list stands still: rows that move under the hand are worse than a line that says there is more. */
export function NewsLine({ count, onShow }: { count: number; onShow: () => void }) {
  if (count === 0) return null;
  return (
    <button
      type="button"
      className="w-full border-b bg-accent px-5 py-2 text-sm font-medium text-accent-foreground hover:underline"
      data-testid="news-line"
      onClick={onShow}
    >
      {count === 1 ? "1 change since; show it" : `${count} changes since; show them`}
    </button>
  );
}

interface ListBodyProps<T> {
  fetched: Fetched<Page<T>>;
  filters: Pick<Filters<string>, "isSet" | "clear" | "turnTo">;
  texts: { loading: string; none: string; noneFits: string };
  /** The rows; there is at least one. */
  children: (items: T[]) => ReactNode;
}

export function ListBody<T>({ fetched, filters, texts, children }: ListBodyProps<T>) {
  const { data, problem, reload } = fetched;
  if (problem !== null) return <Unfetched problem={problem} onRetry={reload} />;
  if (!data) return <Loading label={texts.loading} />;
  return (
    <>
      {data.items.length > 0 && children(data.items)}
      {data.items.length === 0 && (
        <Nothing
          text={filters.isSet ? texts.noneFits : texts.none}
          onClear={filters.isSet ? filters.clear : null}
        />
      )}
      <Pager pagination={data.pagination} onPage={filters.turnTo} />
    </>
  );
}

function Loading({ label }: { label: string }) {
  return (
    <div className="space-y-3 p-5" role="status" aria-label={label}>
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} className="h-11" />
      ))}
    </div>
  );
}

function Nothing({ text, onClear }: { text: string; onClear: (() => void) | null }) {
  return (
    <div className="px-6 py-16 text-center text-sm text-muted-foreground">
      <p>{text}</p>
      {onClear && (
        <button type="button" className="mt-2 font-medium text-primary hover:underline" onClick={onClear}>
          Clear the filters
        </button>
      )}
    </div>
  );
}

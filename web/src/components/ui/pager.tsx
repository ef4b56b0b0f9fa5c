import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "@/components/ui/button";
import { formatCount } from "@/lib/format";
import type { Pagination } from "@/lib/types";

interface PagerProps {
  pagination: Pagination;
  onPage: (page: number) => void;
}

/** Where one is in a list, and the way to the pages beside. */
export function Pager({ pagination, onPage }: PagerProps) {
  const { total, page, limit, hasNext, hasPrev } = pagination;
  const first = Math.min((page - 1) * limit + 1, total);
  const last = Math.min(page * limit, total);
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-3 border-t px-5 py-3">
      <p className="text-xs tabular-nums text-muted-foreground" role="status" data-testid="pager">
        {total === 0 ? "None" : `${formatCount(first)}–${formatCount(last)} of ${formatCount(total)}`}
      </p>
      <div className="flex gap-2">
        <Button variant="outline" size="sm" disabled={!hasPrev} onClick={() => onPage(page - 1)}>
          <ChevronLeft aria-hidden />
          Previous
        </Button>
        <Button variant="outline" size="sm" disabled={!hasNext} onClick={() => onPage(page + 1)}>
          Next
          <ChevronRight aria-hidden />
        </Button>
      </div>
    </nav>
  );
}

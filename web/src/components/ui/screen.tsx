/*
 * What screens have in common: their head, and what they show instead of something that could not be fetched.
 */
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { formatSentence } from "@/lib/format";

interface ScreenHeadProps {
  title: string;
  description: string;
  children?: ReactNode;
}

export function ScreenHead({ title, description, children }: ScreenHeadProps) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 text-sm text-muted-foreground">{description}</p>
      </div>
      {children && <div className="flex flex-wrap gap-2">{children}</div>}
    </div>
  );
}

export function Unfetched({ problem, onRetry }: { problem: string; onRetry: () => void }) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-12 text-center" role="alert">
      <p className="text-sm text-muted-foreground">{formatSentence(problem)}</p>
      <Button variant="outline" size="sm" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

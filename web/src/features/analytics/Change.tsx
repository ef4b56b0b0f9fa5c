import { Minus, TrendingDown, TrendingUp } from "lucide-react";
import { formatCount } from "@/lib/format";

/** How a figure differs from the period before, in its own unit or in percentage points. */
export function Change({ value, unit }: { value: number | null; unit: "count" | "percent" }) {
  if (value === null) return <>Nothing to compare with</>;
  const Icon = value > 0 ? TrendingUp : value < 0 ? TrendingDown : Minus;
  const size = unit === "percent" ? `${Math.abs(value).toFixed(1)} points` : formatCount(Math.abs(value));
  const words = value > 0 ? `${size} more` : value < 0 ? `${size} less` : "As before";
  return (
    <span className="flex items-center gap-1.5">
      <Icon className="size-3.5 shrink-0" aria-hidden />
      {words}
    </span>
  );
}

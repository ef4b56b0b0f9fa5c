/*
 * How many changes to leads came in since the list was fetched. The list itself stands still: rows that move
 * under the hand are worse than a line that says there is more.
 */
import { useEffect, useState } from "react";
import { useLive } from "@/features/calls/live";

export function useLeadsNews(): { count: number; forget: () => void } {
  const { feed } = useLive();
  const [count, setCount] = useState(0);

  useEffect(
    () =>
      feed.subscribe((event) => {
        if (event.type === "lead:created" || event.type === "lead:deleted") setCount((n) => n + 1);
        if (event.type === "leads:imported") setCount((n) => n + event.payload.count);
      }),
    [feed],
  );

  return { count, forget: () => setCount(0) };
}

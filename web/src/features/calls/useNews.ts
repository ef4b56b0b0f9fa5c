/*
 * How many changes came in since a list was fetched.
 */
import { useEffect, useRef, useState } from "react";
import type { LiveEvent } from "@/lib/types";
import { useLive } from "./live";

/** `weigh` says how many changes to the list an event is. */
export function useNews(weigh: (event: LiveEvent) => number): { count: number; forget: () => void } {
  const { feed } = useLive();
  const [count, setCount] = useState(0);
  const newest = useRef(weigh);
  newest.current = weigh;

  useEffect(
    () =>
      feed.subscribe((event) => {
        const weight = newest.current(event);
        if (weight > 0) setCount((n) => n + weight);
      }),
    [feed],
  );

  return { count, forget: () => setCount(0) };
}

/*
 * Something fetched for a screen. What was there stays on show while its successor is on the way.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { problemText } from "./problem";

export interface Fetched<T> {
  data: T | null;
  /** Why the last fetch failed; null when it did not. */
  problem: string | null;
  isLoading: boolean;
  reload: () => void;
  /** Put what the server answered to a change in its place. */
  replace: (data: T) => void;
}

/** Fetch by `load`, and again whenever `key`, which says what is fetched, is another one. */
export function useFetched<T>(load: () => Promise<T>, key: string): Fetched<T> {
  const [data, setData] = useState<T | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const newest = useRef(load);
  newest.current = load;

  useEffect(() => {
    let isStale = false;
    setLoading(true);
    newest.current().then(
      (next) => {
        if (isStale) return;
        setData(next);
        setProblem(null);
        setLoading(false);
      },
      (error: unknown) => {
        if (isStale) return;
        setProblem(problemText(error));
        setLoading(false);
      },
    );
    return () => {
      isStale = true;
    };
  }, [key, round]);

  const reload = useCallback(() => setRound((value) => value + 1), []);
  return { data, problem, isLoading, reload, replace: setData };
}

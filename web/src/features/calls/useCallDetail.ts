/*
 * One call for a page that shows it: fetched once it can be heard, then kept up to date by its room.
 */
import { useEffect, useMemo, useReducer, useState } from "react";
import { formatSentence } from "@/lib/format";
import { ApiError, problemText } from "@/lib/problem";
import type { CallDetail } from "@/lib/types";
import { detailReducer, EMPTY_DETAIL } from "./detail";
import { useLive } from "./live";
import { fetchCall } from "./requests";

/** How long a page waits for its room before it fetches anyway. */
const ROOM_PATIENCE_MS = 2_000;
const RETRY_MS = 3_000;

/** For one call as long as the component lives: give it the id as its key. */
export function useCallDetail(id: string): { call: CallDetail | null; problem: string | null } {
  const { board, feed } = useLive();
  const [state, dispatch] = useReducer(
    useMemo(() => detailReducer(id), [id]),
    EMPTY_DETAIL,
  );
  const [problem, setProblem] = useState<string | null>(null);
  const { generation } = board;

  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stay = feed.enter(`call:${id}`);
    const unsubscribe = feed.subscribe((event) => dispatch({ type: "event", event }));

    let newest = 0;
    async function load(): Promise<void> {
      const round = ++newest;
      clearTimeout(timer);
      dispatch({ type: "fetching" });
      try {
        const call = await fetchCall(id);
        if (isOver || round !== newest) return;
        dispatch({ type: "fetched", call });
        setProblem(null);
      } catch (error) {
        if (isOver || round !== newest) return;
        const text = formatSentence(problemText(error));
        const isPassing = error instanceof ApiError && error.isPassing;
        setProblem(isPassing ? `${text} Trying again…` : text);
        if (isPassing) timer = setTimeout(() => void load(), RETRY_MS);
      }
    }

    // What is fetched before the room is entered may already be old when it is.
    dispatch({ type: "fresh" });
    const patience = setTimeout(() => void load(), ROOM_PATIENCE_MS);
    void stay.entered.then(() => {
      clearTimeout(patience);
      if (!isOver) void load();
    });
    return () => {
      isOver = true;
      clearTimeout(patience);
      clearTimeout(timer);
      unsubscribe();
      stay.leave();
    };
  }, [id, feed, generation]);

  return { call: state.call, problem };
}

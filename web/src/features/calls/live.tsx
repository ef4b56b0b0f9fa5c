/*
 * The live state of the floor, for every screen: one socket, one board.
 */
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  type Dispatch,
  type ReactNode,
} from "react";
import { api } from "@/lib/api";
import { openLive, type LinkState, type LiveLink, type RoomStay } from "@/lib/socket";
import type { ActiveCall, LiveEvent, User } from "@/lib/types";
import { boardReducer, EMPTY_BOARD, nextExpiry, type BoardAction, type BoardState } from "./board";
import { useNoticeToasts } from "./notices";
import { fetchActiveCalls } from "./requests";

/** A token's end closes the transport for a moment; only a longer gap is worth telling. */
const GAP_TOLERANCE_MS = 1_500;
/** How often calls are fetched while they may not be watched live. */
const POLL_MS = 10_000;
/** The pause after a fetch that failed. */
const POLL_RETRY_MS = 3_000;

interface Live {
  board: BoardState;
  dispatch: Dispatch<BoardAction>;
  link: LinkState;
  /** Why the server does not let this user watch calls live, or null when it does. */
  refusal: string | null;
  feed: Feed;
}

/** The events themselves, for screens which keep a state of their own. Stays the same for a whole connection. */
export interface Feed {
  enter(room: string): RoomStay;
  /** Hear of every event; returns the function that stops it. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

/** The stay before there is a connection; the feed is another one as soon as there is. */
const NOWHERE: RoomStay = { entered: new Promise(() => undefined), leave: () => undefined };

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ user, children }: { user: User; children: ReactNode }) {
  const [board, dispatch] = useReducer(boardReducer, EMPTY_BOARD);
  const [link, setLink] = useState<LinkState>("connecting");
  const [refusal, setRefusal] = useState<string | null>(null);
  const { id, role } = user;
  const [live, setLive] = useState<LiveLink | null>(null);
  const listeners = useRef(new Set<(event: LiveEvent) => void>());

  useEffect(() => {
    const gap = gapFilter(setLink);
    const heard = listeners.current;
    const opened = openLive(
      { id, role },
      {
        onEvent(event) {
          dispatch({ ...event, at: api.serverNow });
          for (const listener of heard) listener(event);
        },
        onLink: gap.report,
        onFresh: () => dispatch({ type: "fresh" }),
        onWatching: setRefusal,
      },
    );
    setLive(opened);
    return () => {
      gap.stop();
      opened.close();
    };
  }, [id, role]);

  const feed = useMemo<Feed>(
    () => ({
      enter: (room) => live?.enter(room) ?? NOWHERE,
      subscribe(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [live],
  );

  useExpiry(board, dispatch);
  usePolling(refusal !== null, dispatch);
  useNoticeToasts(board.notices);

  return (
    <LiveContext.Provider value={{ board, dispatch, link, refusal, feed }}>{children}</LiveContext.Provider>
  );
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive outside LiveProvider");
  return live;
}

/** Let ended calls leave when their time has come. */
function useExpiry(board: BoardState, dispatch: Dispatch<BoardAction>): void {
  const due = nextExpiry(board);
  useEffect(() => {
    if (due === null) return undefined;
    const delay = Math.max(0, due - api.serverNow);
    const timer = setTimeout(() => dispatch({ type: "expire", at: Math.max(due, api.serverNow) }), delay);
    return () => clearTimeout(timer);
  }, [due, dispatch]);
}

/** Fetch the calls now and then: some roles may see them but not watch them live. */
function usePolling(isNeeded: boolean, dispatch: Dispatch<BoardAction>): void {
  useEffect(() => {
    if (!isNeeded) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    async function poll(): Promise<void> {
      const isFetched = await fetchActiveCalls().then(show, () => false);
      if (!isOver) timer = setTimeout(() => void poll(), isFetched ? POLL_MS : POLL_RETRY_MS);
    }
    function show(calls: ActiveCall[]): boolean {
      if (!isOver) dispatch({ type: "active-calls-update", payload: calls, at: api.serverNow });
      return true;
    }
    void poll();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isNeeded, dispatch]);
}

/** Pass link states on, but `reconnecting` only once it has lasted. */
function gapFilter(show: (state: LinkState) => void): { report(state: LinkState): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    report(state) {
      if (state === "reconnecting") {
        timer ??= setTimeout(() => show("reconnecting"), GAP_TOLERANCE_MS);
        return;
      }
      clearTimeout(timer);
      timer = undefined;
      show(state);
    },
    stop: () => clearTimeout(timer),
  };
}

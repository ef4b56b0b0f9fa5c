/*
 * Who is signed in, for the whole page.
 */
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { api } from "@/lib/api";
import { problemText } from "@/lib/problem";
import type { User } from "@/lib/types";

const RESUME_RETRY_MS = 3_000;

/** `unknown`: an earlier session may still hold, but the server has not said; `problem` is why. */
export type SessionState =
  { status: "unknown"; problem: string | null } | { status: "out" } | { status: "in"; user: User };

const SessionContext = createContext<SessionState>({ status: "unknown", problem: null });

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ status: "unknown", problem: null });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;

    async function resume(): Promise<void> {
      try {
        const user = await api.resume();
        if (!isGone) setState(user ? { status: "in", user } : { status: "out" });
      } catch (error) {
        if (isGone) return;
        setState({ status: "unknown", problem: problemText(error) });
        timer = setTimeout(() => void resume(), RESUME_RETRY_MS);
      }
    }

    const unsubscribe = api.subscribe((user) => setState(user ? { status: "in", user } : { status: "out" }));
    void resume();
    return () => {
      isGone = true;
      clearTimeout(timer);
      unsubscribe();
    };
  }, []);

  return <SessionContext.Provider value={state}>{children}</SessionContext.Provider>;
}

export function useSession(): SessionState {
  return useContext(SessionContext);
}

/** The signed-in user; only for components shown to signed-in people. */
export function useUser(): User {
  const session = useSession();
  if (session.status !== "in") throw new Error("useUser outside a session");
  return session.user;
}

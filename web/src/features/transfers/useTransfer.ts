/*
 * Starting and canceling the transfer of one call, and how far that is.
 */
import { useRef, useState } from "react";
import { useLive } from "@/features/calls/live";
import { api } from "@/lib/api";
import { newKey } from "@/lib/key";
import { ApiError, problemText } from "@/lib/problem";
import type { TransferResult } from "@/lib/types";
import { cancelTransfer, startTransfer } from "./requests";

export interface Transfer {
  isBusy: boolean;
  /** What the server said to the last wish, if it would not; null again with the next one. */
  problem: string | null;
  /** Ask for Kevin; true when it began. */
  start(note: string): Promise<boolean>;
  cancel(): Promise<void>;
  forgetProblem(): void;
}

export function useTransfer(callId: string): Transfer {
  const { dispatch } = useLive();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const wish = useRef<{ note: string; key: string } | null>(null);

  async function ask(request: () => Promise<TransferResult>): Promise<boolean> {
    setBusy(true);
    setProblem(null);
    try {
      dispatch({ type: "transfer-known", result: await request(), at: api.serverNow });
      return true;
    } catch (error) {
      setProblem(problemText(error));
      // Decided against; the next attempt is a new wish.
      if (!(error instanceof ApiError) || !error.isPassing) wish.current = null;
      return false;
    } finally {
      setBusy(false);
    }
  }

  /** One wish keeps one key until the server has decided, so that a repetition cannot ring twice. */
  async function start(note: string): Promise<boolean> {
    if (isBusy) return false;
    if (wish.current?.note !== note) wish.current = { note, key: newKey() };
    const { key } = wish.current;
    const hasBegun = await ask(() => startTransfer(callId, note, key));
    if (hasBegun) wish.current = null;
    return hasBegun;
  }

  async function cancel(): Promise<void> {
    if (!isBusy) await ask(() => cancelTransfer(callId));
  }

  return { isBusy, problem, start, cancel, forgetProblem: () => setProblem(null) };
}

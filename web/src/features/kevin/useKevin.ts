/*
 * Kevin's availability: the live value of the board, the reason from the API, and the switch.
 */
import { useCallback, useEffect, useState } from "react";
import { toast } from "@/components/ui/use-toast";
import { useLive } from "@/features/calls/live";
import { api } from "@/lib/api";
import { problemText } from "@/lib/problem";
import type { Availability } from "@/lib/types";
import { explainAvailability } from "./explain";
import { fetchAvailability, setAvailability, type AvailabilityChange } from "./requests";

export interface Kevin {
  /** null until it is known. */
  available: boolean | null;
  /** Why, or null while that is not known. */
  explanation: string | null;
  isBusy: boolean;
  change(available: boolean): Promise<void>;
  /** Set or drop an override; throws what the server refuses. */
  apply(change: AvailabilityChange): Promise<void>;
}

export function useKevin(): Kevin {
  const { board, dispatch } = useLive();
  const [facts, setFacts] = useState<Availability | null>(null);
  const [isBusy, setBusy] = useState(false);

  const learn = useCallback(
    (next: Availability) => {
      setFacts(next);
      const { available, override } = next;
      const kevin = { available, reason: override?.reason ?? null, until: override?.until ?? null };
      dispatch({ type: "kevin-known", kevin });
    },
    [dispatch],
  );

  // Events tell the value but not all of the reason: ask again whenever it changes, and when some were missed.
  const { available = null, reason = null, until = null } = board.kevin ?? {};
  useEffect(() => {
    let isStale = false;
    fetchAvailability().then(
      (next) => {
        if (!isStale) learn(next);
      },
      () => {
        if (!isStale) setFacts(null);
      },
    );
    return () => {
      isStale = true;
    };
  }, [available, reason, until, board.generation, learn]);

  async function change(next: boolean): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    try {
      const result = await setAvailability({ available: next });
      learn(result);
      if (next && !result.available) {
        toast({
          title: "Kevin stays unavailable for now",
          description: explainAvailability(result, api.serverNow),
        });
      }
    } catch (error) {
      toast({
        title: "Could not change Kevin's status",
        description: problemText(error),
        variant: "destructive",
      });
    } finally {
      setBusy(false);
    }
  }

  const explanation =
    facts && facts.available === available ? explainAvailability(facts, api.serverNow) : null;
  async function apply(wish: AvailabilityChange): Promise<void> {
    learn(await setAvailability(wish));
  }

  return { available, explanation, isBusy, change, apply };
}

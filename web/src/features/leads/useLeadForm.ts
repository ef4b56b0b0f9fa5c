/*
 * Editing a lead while others may do the same: what somebody else saves meanwhile is put under what was typed here.
 */
import { useEffect, useState } from "react";
import { useLive } from "@/features/calls/live";
import { ApiError } from "@/lib/problem";
import type { LeadDetail } from "@/lib/types";
import { changesOf, valuesOf, type LeadValues } from "./lead-values";
import { rebase } from "./rebase";
import { fetchLead, updateLead } from "./requests";

export type SaveState = "idle" | "saving" | "saved";

export interface LeadForm {
  values: LeadValues;
  change: <K extends keyof LeadValues>(name: K, value: LeadValues[K]) => void;
  isChanged: boolean;
  save: () => Promise<void>;
  saveState: SaveState;
  error: unknown;
  /** Fields which somebody else changed meanwhile; of `clashes` one's own value stands. */
  meanwhile: { theirs: string[]; clashes: string[] } | null;
}

/** `lead` is the newest known; `onLead` hears of each newer one. */
export function useLeadForm(lead: LeadDetail, onLead: (lead: LeadDetail) => void): LeadForm {
  const { feed } = useLive();
  const [base, setBase] = useState(lead);
  const [values, setValues] = useState(() => valuesOf(lead));
  const [saveState, setSaveState] = useState<SaveState>("idle");
  const [error, setError] = useState<unknown>(null);
  const [meanwhile, setMeanwhile] = useState<LeadForm["meanwhile"]>(null);
  const changes = changesOf(valuesOf(base), values);
  const isChanged = Object.keys(changes).length > 0;

  // Somebody else's change, by whichever way it came. While saving it may be one's own, told before the answer.
  useEffect(() => {
    if (lead.version <= base.version || saveState === "saving") return;
    const { values: next, theirs, clashes } = rebase(valuesOf(base), values, valuesOf(lead));
    setBase(lead);
    setValues(next);
    if (theirs.length > 0) setMeanwhile({ theirs, clashes });
  }, [lead, base, values, saveState]);

  useEffect(
    () =>
      feed.subscribe((event) => {
        if (event.type !== "lead:updated" || event.payload.leadId !== lead.id) return;
        // Without an answer the next save says it: the version is an old one.
        fetchLead(lead.id).then(onLead, () => undefined);
      }),
    [feed, lead.id, onLead],
  );

  async function save(): Promise<void> {
    if (!isChanged || saveState === "saving") return;
    setSaveState("saving");
    setError(null);
    setMeanwhile(null);
    try {
      const saved = await updateLead(base.id, base.version, changes);
      setBase(saved);
      // What was typed while it was on the way stays.
      setValues((current) => rebase(values, current, valuesOf(saved)).values);
      onLead(saved);
      setSaveState("saved");
    } catch (problem) {
      setSaveState("idle");
      setError(problem);
      if (problem instanceof ApiError && problem.code === "VERSION_CONFLICT") {
        await fetchLead(base.id).then(onLead, setError);
      }
    }
  }

  function change<K extends keyof LeadValues>(name: K, value: LeadValues[K]): void {
    setValues({ ...values, [name]: value });
    setSaveState("idle");
  }

  return { values, change, isChanged, save, saveState, error, meanwhile };
}

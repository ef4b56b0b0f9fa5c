/*
 * What happened in a call, in words.
 */
import { reasonText, stageOf, transferText } from "@/features/transfers/states";
import { formatScore, formatSlug } from "@/lib/format";
import type { CallDetail, TimelineStep } from "@/lib/types";
import { isHot } from "./heat";
import { outcomeText } from "./status";

export type StepTone = "plain" | "good" | "bad" | "hot";

export interface TimelineRow {
  at: string;
  kind: string;
  title: string;
  detail: string | null;
  tone: StepTone;
}

/** The steps of a call. Of its many scores only those are steps with which it turned hot. */
export function timelineRows(call: CallDetail): TimelineRow[] {
  const steps = call.timeline.filter(({ kind }) => kind !== "engagement").map(rowOf);
  return [...steps, ...hotMoments(call)].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function hotMoments({ engagement }: CallDetail): TimelineRow[] {
  return engagement.indicators
    .filter(({ score }, i, all) => isHot(score) && !isHot(all[i - 1]?.score ?? null))
    .map(({ timestamp, score }) => ({
      at: timestamp,
      kind: "hot",
      title: "Turned hot",
      detail: `Score ${formatScore(score)}`,
      tone: "hot",
    }));
}

function rowOf(step: TimelineStep): TimelineRow {
  const { at, kind } = step;
  switch (kind) {
    case "started":
      return plain(step, "Dialled");
    case "ringing":
      return plain(step, "Ringing");
    case "answered":
      return plain(step, "Answered", answeredText(step.answeredBy));
    case "phase":
      return plain(step, step.name ?? `Phase ${step.phase}`, `Phase ${step.phase}`);
    case "transfer":
      return plain(step, "Transfer to Kevin");
    case "transfer_answered":
      return plain(step, "Kevin answered");
    case "transfer_joined":
      return { at, kind, title: "Kevin joined", detail: null, tone: "good" };
    case "transfer_ended":
      return transferEnd(step);
    case "ended":
      return plain(step, "Ended", endText(step));
    default:
      return plain(step, formatSlug(kind));
  }
}

function plain({ at, kind }: TimelineStep, title: string, detail: string | null = null): TimelineRow {
  return { at, kind, title, detail, tone: "plain" };
}

function transferEnd({ at, kind, state = "ended", failureReason = null }: TimelineStep): TimelineRow {
  const tone = stageOf(state) === "failed" ? "bad" : "plain";
  return { at, kind, title: transferText(state), detail: reasonText(state, failureReason), tone };
}

function answeredText(answeredBy: string | null | undefined): string | null {
  if (answeredBy === "human") return "By a person";
  return answeredBy === "machine" ? "By a machine" : null;
}

function endText({ finalStatus, endReason }: TimelineStep): string | null {
  const parts = [finalStatus, endReason].filter((part): part is string => Boolean(part));
  return [...new Set(parts)].map(outcomeText).join(" · ") || null;
}

/*
 * How warm a lead is: the two thresholds of the engagement score.
 */

export type Heat = "hot" | "warm" | "cold";

export const HOT_SCORE = 85;
export const WARM_SCORE = 70;

export function heatOf(score: number | null): Heat {
  if (score === null || score < WARM_SCORE) return "cold";
  return score < HOT_SCORE ? "warm" : "hot";
}

export function isHot(score: number | null): boolean {
  return heatOf(score) === "hot";
}

/*
 * One ticking second for the whole page: however many durations are shown, there is one timer.
 */
import { useSyncExternalStore } from "react";
import { api } from "./api";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = 0;

function tick(): void {
  now = api.serverNow;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    now = api.serverNow;
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The server's time in milliseconds, renewed every second. */
export function useServerNow(): number {
  return useSyncExternalStore(subscribe, () => now || (now = api.serverNow));
}

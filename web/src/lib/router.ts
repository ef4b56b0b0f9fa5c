/*
 * The address bar as state; enough of a router for a handful of screens.
 */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of listeners) listener();
}

/** Go to a path of ours, with or without a query. */
export function navigate(to: string): void {
  const { pathname, search } = window.location;
  if (to !== pathname + search) window.history.pushState(null, "", to);
  notify();
}

/** The same, but Back leads to where one came from: for what is typed into a filter. */
export function replaceAddress(to: string): void {
  window.history.replaceState(null, "", to);
  notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

/** The query with its question mark, or an empty text. */
export function useQuery(): string {
  return useSyncExternalStore(subscribe, () => window.location.search);
}

export type PathParams = Readonly<Record<string, string>>;

/** The named parts of a path (`/calls/:id`), or null when it is another one. */
export function matchPath(pattern: string, path: string): PathParams | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":") && value !== "") params[part.slice(1)] = decodePart(value);
    else if (part !== value) return null;
  }
  return params;
}

/** A part that is not well-formed stands for itself; the server will not know it. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

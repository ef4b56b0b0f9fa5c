/*
 * The toasts on show: a small store outside React, so that anything may raise one.
 */
import { useSyncExternalStore } from "react";
import type { ToastVariant } from "./toast";

const TOASTS_MAX = 3;
/** A closed toast stays mounted for its leaving animation. */
const LEAVE_MS = 400;

export interface ToastContent {
  title: string;
  description?: string;
  variant?: ToastVariant;
}

export interface ToastItem extends ToastContent {
  id: number;
  open: boolean;
}

let items: readonly ToastItem[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function replace(next: readonly ToastItem[]): void {
  items = next;
  for (const listener of listeners) listener();
}

export function toast(content: ToastContent): void {
  lastId += 1;
  replace([...items, { ...content, id: lastId, open: true }].slice(-TOASTS_MAX));
}

export function dismissToast(id: number): void {
  replace(items.map((item) => (item.id === id ? { ...item, open: false } : item)));
  setTimeout(() => replace(items.filter((item) => item.id !== id)), LEAVE_MS);
}

/** Take all toasts away at once: they concern the person who is leaving. */
export function clearToasts(): void {
  replace([]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useToast(): { toasts: readonly ToastItem[]; toast: typeof toast } {
  const toasts = useSyncExternalStore(subscribe, () => items);
  return { toasts, toast };
}

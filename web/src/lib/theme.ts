/*
 * Light or dark: what the person chose here, else what their system says.
 */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const CHOICE = "vals.theme";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const value = localStorage.getItem(CHOICE);
  return value === "light" || value === "dark" ? value : null;
}

function current(): Theme {
  return chosen() ?? (systemDark.matches ? "dark" : "light");
}

function apply(): void {
  document.documentElement.classList.toggle("dark", current() === "dark");
  for (const listener of listeners) listener();
}

/** Put the theme on the page and keep it right; call once, before the first render. */
export function startTheme(): void {
  systemDark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => {
    if (event.key === CHOICE) apply();
  });
  apply();
}

/** Choose a theme. Choosing what the system says anyway drops the choice, so that it follows again. */
export function chooseTheme(theme: Theme): void {
  const system: Theme = systemDark.matches ? "dark" : "light";
  if (theme === system) localStorage.removeItem(CHOICE);
  else localStorage.setItem(CHOICE, theme);
  apply();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
}

/*
 * What the API client needs of a browser, as an interface, so that its tests bring their own.
 */

const SESSION_MARK = "vals.session";
const REFRESH_LOCK = "vals.refresh";

export interface ApiEnvironment {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Run `action` later; returns the function that cancels it. */
  after(delayMs: number, action: () => void): () => void;
  /** Run `work` while no other tab of this browser does. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** A mark that there is a session to resume: spares the first visit a request that must fail. */
  remember(): void;
  forget(): void;
  isRemembered(): boolean;
  /** Called when another tab forgets the session. */
  onForgotten(listener: () => void): void;
}

export function browserEnvironment(): ApiEnvironment {
  return {
    fetch: (url, init) => fetch(url, init),
    now: () => Date.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
    async exclusive<T>(work: () => Promise<T>): Promise<T> {
      // Web Locks exist only in secure contexts (HTTPS or loopback); elsewhere tabs go unserialised.
      if (!("locks" in navigator)) return work();
      return (await navigator.locks.request(REFRESH_LOCK, work)) as T;
    },
    remember: () => localStorage.setItem(SESSION_MARK, "1"),
    forget: () => localStorage.removeItem(SESSION_MARK),
    isRemembered: () => localStorage.getItem(SESSION_MARK) !== null,
    onForgotten(listener) {
      if (typeof window === "undefined") return;
      window.addEventListener("storage", (event) => {
        if (event.key === SESSION_MARK && event.newValue === null) listener();
      });
    },
  };
}

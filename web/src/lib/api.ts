/*
 * The only module that talks HTTP to the server.
 *
 * The access token lives in memory alone; the refresh token is an HttpOnly cookie which this code never
 * sees. A refresh is single-flight within the page, and exclusive among the tabs of one browser, because
 * each refresh token may be used once.
 */
import { browserEnvironment, type ApiEnvironment } from "./environment";
import { ApiError, fallbackText, retryAfterSeconds, type FieldProblem } from "./problem";
import type { Pagination, TokenGrant, User } from "./types";

/** Refresh when the token has less than this left, in milliseconds. */
const EXPIRY_MARGIN_MS = 30_000;
/** Pause before a scheduled refresh which found no server is tried again. */
const REFRESH_RETRY_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

interface Session {
  token: string;
  expiresAt: number;
  user: User;
}

interface Envelope<T> {
  success: boolean;
  data?: T;
  message?: string;
  pagination?: Pagination;
  error?: string;
  code?: string;
  details?: FieldProblem[];
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  pagination: Pagination;
}

export interface RequestOptions {
  /** Sent as Idempotency-Key: the same key never does the same thing twice. */
  idempotencyKey?: string;
  timeoutMs?: number;
  /** Answer at once where the server could wait for a telephone. */
  isAsync?: boolean;
}

interface Outgoing extends RequestOptions {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  body?: unknown;
  /** Sent as it is, instead of a body in JSON. */
  file?: Blob;
  headers?: Record<string, string>;
}

export type SessionListener = (user: User | null) => void;

export class ApiClient {
  readonly #env: ApiEnvironment;
  readonly #listeners = new Set<SessionListener>();
  #session: Session | null = null;
  #refreshing: Promise<Session> | null = null;
  #cancelTimer: () => void = () => undefined;
  #skewMs = 0;

  constructor(env: ApiEnvironment) {
    this.#env = env;
    env.onForgotten(() => this.#leave());
  }

  /** The signed-in user, or null. */
  get user(): User | null {
    return this.#session?.user ?? null;
  }

  /** The server's clock, in milliseconds, as far as its Date headers tell. */
  get serverNow(): number {
    return this.#env.now() + this.#skewMs;
  }

  /** Hear of every sign-in and sign-out; returns the function that stops it. */
  subscribe(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async login(email: string, password: string): Promise<User> {
    const grant = await this.#send<TokenGrant>({
      method: "POST",
      path: "/auth/login",
      body: { email, password },
    });
    return this.#enter(grant).user;
  }

  /**
   * Take up the session of an earlier visit. Returns null when there is none; throws a passing ApiError
   * when the server cannot say.
   */
  async resume(): Promise<User | null> {
    if (!this.#env.isRemembered()) return null;
    try {
      return (await this.refresh()).user;
    } catch (error) {
      if (error instanceof ApiError && !error.isPassing) return null;
      throw error;
    }
  }

  /** End the session here and on the server. The page is signed out even if the server cannot be told. */
  async logout(): Promise<void> {
    const token = this.#session?.token;
    this.#leave();
    this.#env.forget();
    await this.#send<unknown>({
      method: "POST",
      path: "/auth/logout",
      headers: { "X-Requested-With": "XMLHttpRequest", ...(token ? bearer(token) : {}) },
    });
  }

  /** A token that is still good for a while; refreshes first if need be. */
  async token(): Promise<string> {
    const session = this.#session;
    if (session && session.expiresAt - this.#env.now() > EXPIRY_MARGIN_MS) return session.token;
    return (await this.refresh()).token;
  }

  /** Exchange the refresh cookie for a new token; callers at the same time share one request. */
  refresh(): Promise<{ token: string; user: User }> {
    this.#refreshing ??= this.#env
      .exclusive(() => this.#exchange())
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  get<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.#authorised<T>({ method: "GET", path, ...options });
  }

  async getPage<T>(path: string, options?: RequestOptions): Promise<Page<T>> {
    const { data, pagination } = await this.#withToken<T[]>({ method: "GET", path, ...options });
    if (!data || !pagination) throw new ApiError(200, "The server answered with something else than a list.");
    return { items: data, pagination };
  }

  /** Send a file; its type is the blob's. */
  upload<T>(path: string, file: Blob, options?: RequestOptions): Promise<T> {
    return this.#authorised<T>({ method: "POST", path, file, ...options });
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> {
    return this.#authorised<T>({ method: "POST", path, body, ...options });
  }

  put<T>(path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return this.#authorised<T>({ method: "PUT", path, body, ...options });
  }

  delete<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.#authorised<T>({ method: "DELETE", path, ...options });
  }

  async #exchange(): Promise<Session> {
    try {
      const grant = await this.#send<TokenGrant>({
        method: "POST",
        path: "/auth/refresh",
        headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      return this.#enter(grant);
    } catch (error) {
      if (error instanceof ApiError && !error.isPassing) {
        this.#leave();
        this.#env.forget();
      }
      throw error;
    }
  }

  async #authorised<T>(request: Outgoing): Promise<T> {
    return (await this.#withToken<T>(request)).data as T;
  }

  /** A request with a token; a token refused before its time is exchanged once. */
  async #withToken<T>(request: Outgoing): Promise<Envelope<T>> {
    const token = await this.token();
    try {
      return await this.#ask<T>({ ...request, headers: { ...request.headers, ...bearer(token) } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    const current = this.#session?.token;
    const next = current !== undefined && current !== token ? current : (await this.refresh()).token;
    return this.#ask<T>({ ...request, headers: { ...request.headers, ...bearer(next) } });
  }

  async #send<T>(request: Outgoing): Promise<T> {
    return (await this.#ask<T>(request)).data as T;
  }

  async #ask<T>(request: Outgoing): Promise<Envelope<T>> {
    const response = await this.#fetch(request);
    this.#noteClock(response);
    const envelope = await readEnvelope<T>(response);
    if (response.ok && envelope?.success) return envelope;
    throw new ApiError(response.status, envelope?.error ?? fallbackText(response.status), {
      code: envelope?.code,
      details: envelope?.details,
      retryAfterSec: retryAfterSeconds(response.headers.get("Retry-After"), this.#env.now()),
    });
  }

  async #fetch(request: Outgoing): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...request.headers };
    if (request.file) headers["Content-Type"] = request.file.type;
    else if (request.body !== undefined) headers["Content-Type"] = "application/json";
    if (request.idempotencyKey !== undefined) headers["Idempotency-Key"] = request.idempotencyKey;
    if (request.isAsync) headers.Prefer = "respond-async";
    try {
      return await this.#env.fetch(`/api${request.path}`, {
        method: request.method,
        headers,
        body: request.file ?? (request.body === undefined ? null : JSON.stringify(request.body)),
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(request.timeoutMs ?? REQUEST_TIMEOUT_MS),
      });
    } catch (error) {
      const isLate = error instanceof Error && error.name === "TimeoutError";
      throw new ApiError(0, isLate ? "The server did not answer in time." : fallbackText(0));
    }
  }

  /** Date headers have a resolution of a second: a difference under two is taken for none. */
  #noteClock(response: Response): void {
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(date)) return;
    const skew = date - this.#env.now();
    this.#skewMs = Math.abs(skew) < 2_000 ? 0 : skew;
  }

  #enter(grant: TokenGrant): Session {
    const lifetimeMs = grant.expiresIn * 1000;
    const session = { token: grant.token, expiresAt: this.#env.now() + lifetimeMs, user: grant.user };
    this.#session = session;
    this.#env.remember();
    this.#schedule(Math.max(lifetimeMs - 2 * EXPIRY_MARGIN_MS, lifetimeMs / 2));
    this.#tell();
    return session;
  }

  #leave(): void {
    this.#cancelTimer();
    if (this.#session === null) return;
    this.#session = null;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.user);
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#env.after(delayMs, () => {
      // A final refusal has already signed the page out; only a passing one leaves something to do.
      this.refresh().catch(() => {
        if (this.#session) this.#schedule(REFRESH_RETRY_MS);
      });
    });
  }
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** The body as our envelope, or null when it is something else (a proxy's page, an empty body). */
async function readEnvelope<T>(response: Response): Promise<Envelope<T> | null> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Envelope<T>) : null;
  } catch {
    return null;
  }
}

export const api = new ApiClient(browserEnvironment());

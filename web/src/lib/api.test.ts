import { beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "./api";
import type { ApiEnvironment } from "./environment";
import { ApiError } from "./problem";
import type { User } from "./types";

const ADA: User = { id: "u1", email: "ada@example.test", name: "Ada", role: "admin" };

interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

type Answer = (request: Seen) => Response | Promise<Response>;

/** A browser whose clock, timers and server the test moves by hand. */
class FakeBrowser implements ApiEnvironment {
  readonly seen: Seen[] = [];
  readonly routes = new Map<string, Answer>();
  clock = 1_000_000;
  timers: { due: number; action: () => void }[] = [];
  mark = false;
  locks = 0;
  forgotten: () => void = () => undefined;

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const text = typeof init.body === "string" ? init.body : null;
    const request: Seen = {
      method: init.method ?? "GET",
      path: url,
      headers: new Headers(init.headers),
      body: text === null ? undefined : JSON.parse(text),
    };
    this.seen.push(request);
    const answer = this.routes.get(`${request.method} ${url}`);
    if (!answer) throw new TypeError("fetch failed");
    return answer(request);
  }

  now(): number {
    return this.clock;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { due: this.clock + delayMs, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.locks += 1;
    return work();
  }

  remember(): void {
    this.mark = true;
  }

  forget(): void {
    this.mark = false;
  }

  isRemembered(): boolean {
    return this.mark;
  }

  onForgotten(listener: () => void): void {
    this.forgotten = listener;
  }

  /** Move the clock and run what has come due. */
  pass(ms: number): void {
    this.clock += ms;
    const due = this.timers.filter((timer) => timer.due <= this.clock);
    this.timers = this.timers.filter((timer) => timer.due > this.clock);
    for (const timer of due) timer.action();
  }

  count(path: string): number {
    return this.seen.filter((request) => request.path === path).length;
  }
}

function ok(data: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ success: true, data }), { status: 200, headers });
}

function refused(
  status: number,
  error: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ success: false, error, ...more }), { status, headers });
}

function grant(token: string, expiresIn = 900): Response {
  return ok({ token, tokenType: "Bearer", expiresIn, user: ADA });
}

/** Let promises settle that nothing awaits. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

let browser: FakeBrowser;
let client: ApiClient;

beforeEach(() => {
  browser = new FakeBrowser();
  client = new ApiClient(browser);
  browser.routes.set("POST /api/auth/login", () => grant("first"));
});

describe("signing in", () => {
  it("keeps the token for later requests and tells its listeners", async () => {
    const users: (User | null)[] = [];
    client.subscribe((user) => users.push(user));
    browser.routes.set("GET /api/leads", () => ok([]));

    await client.login("ada@example.test", "secret");
    await client.get("/leads");

    expect(users).toEqual([ADA]);
    expect(browser.seen[0]?.body).toEqual({ email: "ada@example.test", password: "secret" });
    expect(browser.seen[1]?.headers.get("Authorization")).toBe("Bearer first");
  });

  it("reports a refusal with the server's words", async () => {
    browser.routes.set("POST /api/auth/login", () => refused(401, "Invalid credentials", { code: "BAD" }));
    await expect(client.login("a", "b")).rejects.toMatchObject({
      status: 401,
      message: "Invalid credentials",
      code: "BAD",
    });
    expect(client.user).toBeNull();
    expect(browser.mark).toBe(false);
  });
});

describe("resuming", () => {
  it("asks nothing of the server on a first visit", async () => {
    expect(await client.resume()).toBeNull();
    expect(browser.seen).toHaveLength(0);
  });

  it("takes up an earlier session with the header which forged forms cannot send", async () => {
    browser.mark = true;
    browser.routes.set("POST /api/auth/refresh", () => grant("resumed"));
    expect(await client.resume()).toEqual(ADA);
    expect(browser.seen[0]?.headers.get("X-Requested-With")).toBe("XMLHttpRequest");
  });

  it("forgets a session the server has ended", async () => {
    browser.mark = true;
    browser.routes.set("POST /api/auth/refresh", () => refused(401, "No session"));
    expect(await client.resume()).toBeNull();
    expect(browser.mark).toBe(false);
  });

  it("keeps the mark and throws while the server is away", async () => {
    browser.mark = true;
    browser.routes.set("POST /api/auth/refresh", () => refused(503, "Database away"));
    await expect(client.resume()).rejects.toMatchObject({ status: 503 });
    expect(browser.mark).toBe(true);
  });
});

describe("refreshing", () => {
  it("is single-flight: callers at the same time share one request and one lock", async () => {
    let release: (response: Response) => void = () => undefined;
    browser.routes.set("POST /api/auth/refresh", () => new Promise((resolve) => (release = resolve)));
    const all = Promise.all([client.token(), client.token(), client.refresh()]);
    await settle();
    release(grant("shared"));

    const [a, b, c] = await all;
    expect([a, b, c.token]).toEqual(["shared", "shared", "shared"]);
    expect(browser.count("/api/auth/refresh")).toBe(1);
    expect(browser.locks).toBe(1);
  });

  it("starts a new request after the last one is done", async () => {
    let n = 0;
    browser.routes.set("POST /api/auth/refresh", () => grant(`token-${++n}`));
    expect((await client.refresh()).token).toBe("token-1");
    expect((await client.refresh()).token).toBe("token-2");
  });

  it("can be tried again after a failure", async () => {
    browser.routes.set("POST /api/auth/refresh", () => refused(503, "away"));
    await expect(client.refresh()).rejects.toBeInstanceOf(ApiError);
    browser.routes.set("POST /api/auth/refresh", () => grant("second"));
    expect((await client.refresh()).token).toBe("second");
  });

  it("happens by itself before the token ends", async () => {
    browser.routes.set("POST /api/auth/refresh", () => grant("renewed"));
    await client.login("a", "b");
    browser.pass(839_000);
    await settle();
    expect(browser.count("/api/auth/refresh")).toBe(0);
    browser.pass(1_000);
    await settle();
    expect(browser.count("/api/auth/refresh")).toBe(1);
    expect(await client.token()).toBe("renewed");
  });

  it("is repeated while the server is away, and the session stays", async () => {
    await client.login("a", "b");
    browser.routes.set("POST /api/auth/refresh", () => refused(503, "away"));
    browser.pass(840_000);
    await settle();
    expect(client.user).toEqual(ADA);
    browser.routes.set("POST /api/auth/refresh", () => grant("late"));
    browser.pass(10_000);
    await settle();
    expect(await client.token()).toBe("late");
  });

  it("signs out when it is refused for good", async () => {
    const users: (User | null)[] = [];
    await client.login("a", "b");
    client.subscribe((user) => users.push(user));
    browser.routes.set("POST /api/auth/refresh", () => refused(401, "Revoked"));
    await expect(client.refresh()).rejects.toMatchObject({ status: 401 });
    expect(users).toEqual([null]);
    expect(browser.timers).toHaveLength(0);
  });

  it("precedes a request when a sleeping machine has let the token end", async () => {
    await client.login("a", "b");
    browser.clock += 899_000;
    browser.routes.set("POST /api/auth/refresh", () => grant("awake"));
    browser.routes.set("GET /api/leads", () => ok([]));
    await client.get("/leads");
    expect(browser.seen.at(-1)?.headers.get("Authorization")).toBe("Bearer awake");
  });
});

describe("a request refused with 401", () => {
  beforeEach(async () => {
    await client.login("a", "b");
    browser.routes.set("POST /api/auth/refresh", () => grant("fresh"));
  });

  it("is repeated once with a fresh token", async () => {
    browser.routes.set("PUT /api/kevin/availability", ({ headers }) =>
      headers.get("Authorization") === "Bearer fresh" ? ok({ available: true }) : refused(401, "Expired"),
    );
    expect(await client.put("/kevin/availability", { available: true })).toEqual({ available: true });
    expect(browser.count("/api/kevin/availability")).toBe(2);
  });

  it("is not repeated for ever", async () => {
    browser.routes.set("GET /api/leads", () => refused(401, "Never"));
    await expect(client.get("/leads")).rejects.toMatchObject({ status: 401 });
    expect(browser.count("/api/leads")).toBe(2);
  });

  it("shares its refresh with the others in the same situation", async () => {
    browser.routes.set("GET /api/leads", ({ headers }) =>
      headers.get("Authorization") === "Bearer fresh" ? ok([]) : refused(401, "Expired"),
    );
    await Promise.all([client.get("/leads"), client.get("/leads"), client.get("/leads")]);
    expect(browser.count("/api/auth/refresh")).toBe(1);
  });
});

describe("errors", () => {
  beforeEach(() => client.login("a", "b"));

  it("carry details and the time to wait", async () => {
    browser.routes.set("POST /api/leads", () =>
      refused(400, "Validation failed", { details: [{ field: "phone", message: "is not E.164" }] }),
    );
    await expect(client.post("/leads", {})).rejects.toMatchObject({
      status: 400,
      details: [{ field: "phone", message: "is not E.164" }],
      isPassing: false,
    });
    browser.routes.set("POST /api/leads", () => refused(429, "Slow down", {}, { "Retry-After": "30" }));
    await expect(client.post("/leads", {})).rejects.toMatchObject({ retryAfterSec: 30, isPassing: true });
  });

  it("have words of our own when the answer is no envelope", async () => {
    browser.routes.set("GET /api/leads", () => new Response("<html>", { status: 503 }));
    await expect(client.get("/leads")).rejects.toMatchObject({
      status: 503,
      message: "The service is briefly unavailable. Please try again.",
    });
  });

  it("have status 0 when there is no answer", async () => {
    await expect(client.get("/nowhere")).rejects.toMatchObject({ status: 0, isPassing: true });
  });
});

describe("an idempotency key", () => {
  it("is sent with every try of the same request", async () => {
    await client.login("a", "b");
    browser.routes.set("POST /api/auth/refresh", () => grant("fresh"));
    browser.routes.set("POST /api/calls/c1/transfer", ({ headers }) =>
      headers.get("Authorization") === "Bearer fresh" ? ok({}) : refused(401, "Expired"),
    );
    await client.post("/calls/c1/transfer", {}, { idempotencyKey: "key-1" });
    const keys = browser.seen
      .filter((request) => request.path.endsWith("/transfer"))
      .map((request) => request.headers.get("Idempotency-Key"));
    expect(keys).toEqual(["key-1", "key-1"]);
  });

  it("asks for an answer at once only where that is wished", async () => {
    await client.login("a", "b");
    browser.routes.set("POST /api/calls/c1/transfer", () => ok({}));
    browser.routes.set("DELETE /api/calls/c1/transfer", () => ok({}));
    await client.post("/calls/c1/transfer", {}, { isAsync: true });
    await client.delete("/calls/c1/transfer");
    const asked = browser.seen.filter(({ path }) => path.endsWith("/transfer"));
    expect(asked.map(({ method, headers }) => [method, headers.get("Prefer")])).toEqual([
      ["POST", "respond-async"],
      ["DELETE", null],
    ]);
  });
});

describe("signing out", () => {
  it("ends the session here even when the server cannot be told", async () => {
    await client.login("a", "b");
    await expect(client.logout()).rejects.toMatchObject({ status: 0 });
    expect(client.user).toBeNull();
    expect(browser.mark).toBe(false);
    expect(browser.timers).toHaveLength(0);
  });

  it("follows another tab", async () => {
    await client.login("a", "b");
    browser.forgotten();
    expect(client.user).toBeNull();
  });
});

describe("the server's clock", () => {
  it("is learnt from Date headers, beyond their own resolution", async () => {
    const at = (ms: number): string => new Date(ms).toUTCString();
    browser.clock = Date.parse("2025-03-01T12:00:00Z");
    browser.routes.set("POST /api/auth/login", () =>
      ok(
        { token: "t", tokenType: "Bearer", expiresIn: 900, user: ADA },
        { Date: at(browser.clock + 60_000) },
      ),
    );
    await client.login("a", "b");
    expect(client.serverNow).toBe(browser.clock + 60_000);
    browser.routes.set("GET /api/leads", () => ok([], { Date: at(browser.clock - 1_000) }));
    await client.get("/leads");
    expect(client.serverNow).toBe(browser.clock);
  });
});

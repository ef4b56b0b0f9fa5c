// Debian's Chromium, one for each file of tests; each test gets a fresh profile and a record of what went wrong in it.
import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { system } from "./system.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let launched;

async function browser() {
  launched ??= chromium.launch({
    executablePath: process.env.VALS_CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    timeout: 120_000,
  });
  return launched;
}

after(async () => {
  if (launched) await (await launched).close();
});

/** Whatever a page complains about: console errors and warnings, exceptions, CSP violations, foreign requests. */
export class Complaints {
  #list = [];

  watch(page) {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()))
        this.#list.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#list.push(`exception: ${error.message}`));
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== new URL(system.url).origin) {
        this.#list.push(`foreign request: ${request.url()}`);
      }
    });
  }

  async assertNone(page) {
    const violations = await page.evaluate(() => globalThis.cspViolations);
    assert.deepEqual([...this.#list, ...violations.map((text) => `csp: ${text}`)], []);
  }
}

function recordViolations() {
  globalThis.cspViolations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    globalThis.cspViolations.push(`${event.effectiveDirective} ${event.blockedURI}`);
  });
}

/** A page in a fresh profile, closed when the test is over. Options are those of a Playwright context. */
export async function openPage(test, options = {}) {
  const context = await (await browser()).newContext({ viewport: { width: 1360, height: 900 }, ...options });
  test.after(() => context.close());
  await context.addInitScript(recordViolations);
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = new Complaints();
  complaints.watch(page);
  return { context, page, complaints };
}

/** The same, signed in as the admin, with the live connection up. */
export async function openBoard(test, options = {}) {
  const opened = await openPage(test, options);
  await opened.page.goto(system.url);
  await signIn(opened.page);
  return opened;
}

export async function signIn(page, password = system.adminPassword) {
  await fillSignIn(page, system.adminEmail, password);
  if (password === system.adminPassword) await untilLive(page);
}

/** Signed in as somebody else, with the live connection up. */
export async function openBoardAs(test, { email, password }, options = {}) {
  const opened = await openPage(test, options);
  await opened.page.goto(system.url);
  await fillSignIn(opened.page, email, password);
  await untilLive(opened.page);
  return opened;
}

async function fillSignIn(page, email, password) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function untilLive(page) {
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
}

/** Take the live connection away until the returned function is called; resolves once the page has noticed. */
export async function cutConnection(page) {
  await page.context().route("**/socket.io/**", (route) => route.abort());
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  const offline = { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
  await network.send("Network.emulateNetworkConditions", offline);
  await page.evaluate(() => globalThis.dispatchEvent(new Event("offline")));
  await page.locator("[data-testid=connection][data-state=reconnecting]").waitFor();
  return async () => {
    const online = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await network.send("Network.emulateNetworkConditions", online);
    await page.context().unroute("**/socket.io/**");
    await untilLive(page);
  };
}

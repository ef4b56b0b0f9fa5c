import assert from "node:assert/strict";
import { test } from "node:test";
import { openBoard, openPage, signIn, untilLive } from "./lib/browser.mjs";
import { untilDrawn, untilText } from "./lib/board.mjs";
import { artifact, system } from "./lib/system.mjs";

const problem = (page) => page.getByTestId("sign-in-problem");

/** Runs in the page: what has the focus, and is it drawn with the ring of index.css (2 px around 2 px)? */
function describeFocus() {
  const focused = document.activeElement;
  const name = focused.getAttribute("aria-label") ?? focused.textContent;
  return { name, hasRing: getComputedStyle(focused).boxShadow.includes("0px 0px 0px 4px") };
}

/** Let the sign-in route answer a refusal of our choice, as often as it is asked. */
async function refuseLogin(page, status, error, headers = {}) {
  await page.route("**/api/auth/login", (route) =>
    route.fulfill({ status, headers, json: { success: false, error } }),
  );
}

test("the first visit shows the form and asks nothing that must fail", async (t) => {
  const { page, complaints } = await openPage(t);
  await page.goto(system.url);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await page.screenshot({ path: artifact("sign-in-light") });
  await complaints.assertNone(page);
});

test("a person can sign in with the keyboard alone", async (t) => {
  const { page, complaints } = await openPage(t);
  await page.goto(system.url);
  await page.getByLabel("E-mail").waitFor();
  await page.keyboard.type(system.adminEmail);
  await page.keyboard.press("Tab");
  await page.keyboard.type(system.adminPassword);
  await page.keyboard.press("Enter");
  await untilLive(page);
  await complaints.assertNone(page);
});

test("every control reached by Tab shows its focus", async (t) => {
  // The ring fades in, but for who wants no motion.
  const { page } = await openBoard(t, { reducedMotion: "reduce" });
  const reached = [];
  while (reached.length < 16 && reached.at(-1)?.name !== "Kevin takes transfers") {
    await page.keyboard.press("Tab");
    await untilDrawn(page);
    reached.push(await page.evaluate(describeFocus));
  }
  assert.equal(reached.at(-1).name, "Kevin takes transfers", JSON.stringify(reached));
  assert.deepEqual(
    reached.filter(({ hasRing }) => !hasRing),
    [],
  );
});

test("a wrong password is answered in words, and the right one still works", async (t) => {
  const { page } = await openPage(t);
  await page.goto(system.url);
  await signIn(page, "Wrong-password-123");
  await untilText(problem(page), /e-mail address or the password is wrong/);
  await signIn(page);
});

test("a throttled sign-in counts down and then lets one try again", async (t) => {
  const { page } = await openPage(t);
  await page.clock.install();
  await page.goto(system.url);
  await refuseLogin(page, 429, "Too many requests", { "Retry-After": "90" });
  await signIn(page, "Any-password-123");
  await untilText(problem(page), /Too many attempts\. Try again in (1:[0-3]|0:[1-5])\d\./);
  const button = page.getByRole("button", { name: "Sign in" });
  assert.equal(await button.isDisabled(), true);
  await page.unroute("**/api/auth/login");
  await page.clock.fastForward("01:31");
  await untilText(problem(page), /Too many attempts\.$/);
  assert.equal(await button.isEnabled(), true);
  await signIn(page);
});

test("an absent service is not called a wrong password", async (t) => {
  const { page } = await openPage(t);
  await page.goto(system.url);
  await refuseLogin(page, 503, "Service unavailable");
  await signIn(page, "Any-password-123");
  await untilText(problem(page), /briefly unavailable/);
});

test("a reload keeps the session, signing out ends it", async (t) => {
  const { page, complaints } = await openBoard(t);
  await page.reload();
  await untilLive(page);
  await page.getByTestId("sign-out").click();
  await page.getByLabel("E-mail").waitFor();
  await page.reload();
  await page.getByLabel("E-mail").waitFor();
  await complaints.assertNone(page);
});

test("signing out in one tab signs out the other", async (t) => {
  const { context, page } = await openBoard(t);
  const other = await context.newPage();
  await other.goto(system.url);
  await untilLive(other);
  await page.getByTestId("sign-out").click();
  await other.getByLabel("E-mail").waitFor();
});

test("no token is left where scripts of another visit could read it", async (t) => {
  const { context, page } = await openBoard(t);
  const stored = await page.evaluate(
    () => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie,
  );
  assert.doesNotMatch(stored, /eyJ|vals_refresh|vals_ws/);
  const cookies = (await context.cookies(`${system.url}/api/auth/refresh`)).filter(({ name }) =>
    /vals_refresh$/.test(name),
  );
  assert.deepEqual(
    cookies.map(({ httpOnly, sameSite, path }) => ({ httpOnly, sameSite, path })),
    [{ httpOnly: true, sameSite: "Strict", path: "/api/auth" }],
  );
});

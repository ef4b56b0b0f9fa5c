// Every screen and dialog under axe-core, in both themes.
import { test } from "node:test";
import { assertAccessible } from "./lib/axe.mjs";
import { rowOf, transferOf, untilAnswered, untilText } from "./lib/board.mjs";
import { openBoard, openBoardAs, openPage, signIn } from "./lib/browser.mjs";
import { call, createLead, createUser, reportScore, say, setKevin, startCall, system } from "./lib/system.mjs";

/** Nothing moves, so that no colour is caught on its way to another. */
const still = (colorScheme) => ({ colorScheme, reducedMotion: "reduce" });

async function open(page, path, heading) {
  await page.goto(`${system.url}${path}`);
  await page.getByRole("heading", { name: heading, exact: true, level: 1 }).waitFor();
  await page.locator("[aria-label^=Loading], .animate-pulse").first().waitFor({ state: "detached" });
}

/** Open a dialog by its button, look at it, and close it with Escape. */
async function checkDialog(page, button, name) {
  await button.click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await assertAccessible(page, name);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

for (const theme of ["light", "dark"]) {
  test(`signing in, ${theme}`, async (t) => {
    const { page } = await openPage(t, still(theme));
    await page.goto(system.url);
    await page.getByLabel("E-mail").waitFor();
    await assertAccessible(page, "the form");
    await signIn(page, "Wrong-password-123");
    await untilText(page.getByTestId("sign-in-problem"), /wrong/);
    await assertAccessible(page, "the form with a problem");
  });

  test(`the board and a call, ${theme}`, async (t) => {
    await setKevin(t, true);
    const { page } = await openBoard(t, still(theme));
    const { callId, name } = await startCall(t);
    await untilAnswered(rowOf(page, callId));
    await reportScore(callId, 91, 10);
    await page.locator(`[data-testid="call-row-${callId}"][data-hot=true]`).waitFor();
    await assertAccessible(page, "the board");
    await checkDialog(page, transferOf(page, callId), "the transfer");
    await say(callId, { speaker: "agent", text: "Good morning." }, { speaker: "prospect", text: "Who is it?" });
    await page.getByTestId(`call-link-${callId}`).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await untilText(page.getByTestId("transcript"), /Who is it\?/);
    await assertAccessible(page, "a call");
  });

  test(`the lists and a lead, ${theme}`, async (t) => {
    const lead = await createLead("Axel", "Readable");
    await call("POST", "/calls", { body: { leadId: lead.id, startTime: "2026-03-01T12:00:00Z", finalStatus: "closed" } });
    const { page } = await openBoard(t, still(theme));
    await open(page, `/calls?leadId=${lead.id}`, "Calls");
    await assertAccessible(page, "the calls");
    await open(page, "/calls?search=nobodyiscalledso", "Calls");
    await assertAccessible(page, "no call");
    await open(page, "/leads", "Leads");
    await assertAccessible(page, "the leads");
    await checkDialog(page, page.getByRole("button", { name: "New lead" }), "a new lead");
    await checkDialog(page, page.getByRole("button", { name: "Import" }), "an import");
    await open(page, `/leads/${lead.id}`, "Axel Readable");
    await assertAccessible(page, "a lead");
  });

  test(`Kevin, analytics, the team, and nothing, ${theme}`, async (t) => {
    const { page } = await openBoard(t, still(theme));
    await open(page, "/kevin", "Kevin");
    await assertAccessible(page, "Kevin");
    await open(page, "/analytics", "Analytics");
    await page.getByTestId("rates").waitFor();
    await assertAccessible(page, "analytics");
    await open(page, "/team", "Team");
    await assertAccessible(page, "the team");
    await checkDialog(page, page.getByRole("button", { name: "Add a person" }), "a person");
    await checkDialog(page, page.getByRole("button", { name: "New key" }), "a key");
    await open(page, "/no-such-screen", "There is nothing here");
    await assertAccessible(page, "nothing");
  });
}

test("what may only be read, and what could not be fetched", async (t) => {
  const analyst = await createUser(t, "analyst");
  const lead = await createLead("Axel", "Readable");
  const { page } = await openBoardAs(t, analyst, still("light"));
  await open(page, `/leads/${lead.id}`, "Axel Readable");
  await assertAccessible(page, "a lead to read");
  await open(page, "/kevin", "Kevin");
  await assertAccessible(page, "Kevin to read");
  await page.route("**/api/leads?*", (route) =>
    route.fulfill({ status: 503, json: { success: false, error: "Service unavailable" } }),
  );
  await page.getByRole("link", { name: "Leads", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await assertAccessible(page, "leads that could not be fetched");
});

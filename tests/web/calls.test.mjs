// The list of calls: found by its filters, kept in the address, page by page.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard, openBoardAs } from "./lib/browser.mjs";
import { artifact, call, createLead, createUser, hangUpAll, startCall, system } from "./lib/system.mjs";

const rowsOf = (page) => page.locator("[data-testid^=call-item-]");
const rowOf = (page, id) => page.getByTestId(`call-item-${id}`);
const untilPages = (page, pattern) => untilText(page.getByTestId("pager"), pattern);

async function openCalls(t, query = "", options = {}) {
  const opened = await openBoard(t, options);
  await opened.page.goto(`${system.url}/calls${query}`);
  await opened.page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  return opened;
}

/** A lead of a name nobody else has, and calls to it which were made elsewhere; resolves to their ids as well. */
async function createPast(...calls) {
  const lead = await createLead("Pascal", `Past${randomInt(1e9)}`);
  const ids = [];
  for (const body of calls) ids.push((await call("POST", "/calls", { body: { leadId: lead.id, ...body } })).id);
  return { lead, surname: lead.lastName, ids };
}

/** Midday on the browser's clock, which is set to UTC here. */
const at = (day) => ({ startTime: `${day}T12:00:00Z`, endTime: `${day}T12:05:00Z` });
const UTC = { timezoneId: "UTC" };

const shown = (page) =>
  rowsOf(page).evaluateAll((rows) => rows.map((row) => row.dataset.testid.replace("call-item-", "")));

test("calls are found by name, outcome and day, in the order that is asked for; the address keeps it all", async (t) => {
  const { surname, ids } = await createPast(
    { ...at("2026-03-01"), finalStatus: "closed" },
    { ...at("2026-03-02"), finalStatus: "no_answer" },
    { ...at("2026-03-03"), finalStatus: "closed" },
  );
  const [first, second, third] = ids;
  const { page, complaints } = await openCalls(t, "", UTC);
  await rowsOf(page).first().waitFor();
  await page.getByLabel("Search calls").fill(surname);
  await untilPages(page, /^1–3 of 3$/);
  assert.deepEqual(await shown(page), [third, second, first]);
  await page.screenshot({ path: artifact("calls-light") });

  await page.getByLabel("Outcome").selectOption("closed");
  await untilPages(page, /^1–2 of 2$/);
  await page.getByLabel("Order").selectOption("oldest");
  await page.locator(`[data-testid^=call-item-]:first-child[data-testid=call-item-${first}]`).waitFor();
  assert.deepEqual(await shown(page), [first, third]);

  await page.getByLabel("From", { exact: true }).fill("2026-03-02");
  await untilPages(page, /^1–1 of 1$/);
  assert.deepEqual(await shown(page), [third]);
  await page.getByLabel("Outcome").selectOption("");
  await page.getByLabel("To", { exact: true }).fill("2026-03-02");
  await rowOf(page, second).waitFor();
  await untilPages(page, /^1–1 of 1$/);
  await page.reload();
  await rowOf(page, second).waitFor();
  assert.equal(new URL(page.url()).search, `?search=${surname}&from=2026-03-02&to=2026-03-02&sort=oldest`);

  await rowOf(page, second).getByRole("link").click();
  await page.getByRole("heading", { name: `Pascal ${surname}` }).waitFor();
  await page.goBack();
  await rowOf(page, second).waitFor();
  await complaints.assertNone(page);
});

test("calls are found by who answered and by the version of the agent", async (t) => {
  const lead = await createLead("Verena", `Version${randomInt(1e9)}`);
  const agentVersion = `v${randomInt(1e9)}`;
  const { callId } = await call("POST", "/agent/start-call", {
    as: system.agentKey,
    body: { leadId: lead.id, agentVersion },
  });
  t.after(() => hangUpAll(callId));
  const { page } = await openCalls(t, `?agentVersion=${agentVersion}`);
  await untilText(rowOf(page, callId), new RegExp(`agent ${agentVersion}`));
  await page.goto(`${system.url}/`);
  await untilText(page.getByTestId(`call-row-${callId}`).getByTestId("call-status"), /^(Answered|In progress)$/);
  await page.goto(`${system.url}/calls?agentVersion=${agentVersion}&answeredBy=machine`);
  await page.getByText("No call fits.").waitFor();
  await page.getByLabel("Answered by").selectOption("");
  await rowOf(page, callId).waitFor();
});

test("a status that is chosen while the typing still pauses keeps what was typed", async (t) => {
  const { surname, ids } = await createPast({ ...at("2026-03-01"), finalStatus: "closed" });
  const { page } = await openCalls(t);
  await rowsOf(page).first().waitFor();
  await page.getByLabel("Search calls").fill(surname);
  await page.getByLabel("Status").selectOption("completed");
  await rowOf(page, ids[0]).waitFor();
  await untilPages(page, /^1–1 of 1$/);
  assert.equal(new URL(page.url()).search, `?search=${surname}&status=completed`);
});

test("a lead's page leads to all its calls, which follow page by page", async (t) => {
  const many = Array.from({ length: 26 }, (_, i) => at(`2026-03-${String(i + 1).padStart(2, "0")}`));
  const { lead, surname } = await createPast(...many);
  const { page } = await openBoard(t);
  await page.goto(`${system.url}/leads/${lead.id}`);
  await page.getByRole("link", { name: "All 26 calls" }).click();
  await untilPages(page, /^1–25 of 26$/);
  await untilText(page.getByTestId("one-lead"), new RegExp(`^Only calls of Pascal ${surname}`));
  await page.getByRole("button", { name: "Next" }).click();
  await untilPages(page, /^26–26 of 26$/);
  await page.goBack();
  await untilPages(page, /^1–25 of 26$/);
  await page.getByRole("button", { name: "Of all leads" }).click();
  await page.getByTestId("one-lead").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).search, "");
});

test("what fits nothing and what cannot be fetched are said, each with a way on", async (t) => {
  const { surname, ids } = await createPast(at("2026-03-01"));
  const { page } = await openCalls(t, `?search=${surname}&status=busy`);
  await page.getByText("No call fits.").waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await rowsOf(page).first().waitFor();
  assert.equal(await page.getByLabel("Search calls").inputValue(), "");

  await page.route("**/api/calls?*", (route) =>
    route.fulfill({ status: 503, json: { success: false, error: "Service unavailable" } }),
  );
  await page.getByLabel("Search calls").fill(surname);
  await untilText(page.getByRole("alert"), /Service unavailable\./);
  await page.unroute("**/api/calls?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await rowOf(page, ids[0]).waitFor();
});

test("a call that begins is announced above the list, and shown when asked for", async (t) => {
  const surname = `Newcomer${randomInt(1e9)}`;
  const { page } = await openCalls(t, `?search=${surname}`);
  await page.getByText("No call fits.").waitFor();
  const { callId } = await startCall(t, "Nora", surname);
  await page.getByTestId("news-line").waitFor();
  assert.equal(await rowsOf(page).count(), 0, "the list stands still");
  await page.getByTestId("news-line").click();
  await rowOf(page, callId).waitFor();
});

test("an analyst, who may not watch calls live, reads the list as well", async (t) => {
  const analyst = await createUser(t, "analyst");
  const { surname, ids } = await createPast(at("2026-03-01"));
  const { page } = await openBoardAs(t, analyst);
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  await page.getByLabel("Search calls").fill(surname);
  await rowOf(page, ids[0]).waitFor();
});

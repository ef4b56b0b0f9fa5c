import assert from "node:assert/strict";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard } from "./lib/browser.mjs";
import {
  artifact,
  call,
  changeKevin,
  hangUpAll,
  kevinAvailability,
  kevinDoes,
  setKevin,
  startCall,
  system,
} from "./lib/system.mjs";

const statusOf = (page) => page.getByTestId("kevin-status");

/** The switch, once an earlier change is answered: the news of it may be quicker than the answer. */
const switchOf = (page) => page.locator("[data-testid=kevin-switch][aria-busy=false]");

test("the switch changes Kevin's availability, and the API agrees", async (t) => {
  await setKevin(t, true);
  const { page, complaints } = await openBoard(t);
  await untilText(statusOf(page), /^Available$/);
  await switchOf(page).click();
  await untilText(statusOf(page), /^Busy$/);
  assert.equal((await kevinAvailability()).available, false);
  await switchOf(page).click();
  await untilText(statusOf(page), /^Available$/);
  assert.equal((await kevinAvailability()).available, true);
  await complaints.assertNone(page);
});

test("the switch works with the keyboard and keeps its focus", async (t) => {
  await setKevin(t, true);
  const { page } = await openBoard(t);
  await untilText(statusOf(page), /^Available$/);
  await page.getByTestId("kevin-switch").focus();
  await page.keyboard.press("Space");
  await untilText(statusOf(page), /^Busy$/);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "kevin-switch");
});

test("a change made elsewhere arrives by itself", async (t) => {
  await setKevin(t, true);
  const { page } = await openBoard(t);
  await untilText(statusOf(page), /^Available$/);
  await changeKevin({ available: false, reason: "Lunch" });
  await untilText(statusOf(page), /^Busy$/);
  await page.getByText("Lunch, until changed").waitFor();
});

const kevinPage = (page) => page.goto(`${system.url}/kevin`);

test("his page sends him away with a reason and an end, and back to his schedule", async (t) => {
  await setKevin(t, true);
  const { page } = await openBoard(t);
  await kevinPage(page);
  await untilText(statusOf(page), /^Available$/);
  await page.getByText("Away", { exact: true }).first().click();
  await page.getByLabel("Reason").fill("Dentist");
  await page.getByLabel("Until").fill("2001-01-01T10:00");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.locator("[aria-invalid=true]").waitFor();
  await page.getByLabel("Until").fill("");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await untilText(statusOf(page), /^Busy$/);
  await untilText(page.getByTestId("kevin-explanation"), /^Dentist, until changed$/);
  await page.getByText("By schedule", { exact: true }).first().click();
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await untilText(page.getByTestId("kevin-explanation"), /^By schedule/);
  assert.equal((await kevinAvailability()).override, null);
});

test("his hours are edited as a whole, and a wrong one is refused in words", async (t) => {
  const before = await call("GET", "/kevin/schedule");
  t.after(() => call("PUT", "/kevin/schedule", { body: scheduleBody(before) }));
  await call("PUT", "/kevin/schedule", { body: { timezone: "America/New_York", slots: [], exceptions: [] } });
  const { page } = await openBoard(t);
  await kevinPage(page);
  await page.getByRole("button", { name: "Add hours on Tuesday" }).click();
  await page.getByLabel("Tuesday from").fill("10:00");
  await page.getByRole("button", { name: "Add a day" }).click();
  await page.getByLabel("Time zone").fill("Mars/Olympus");
  await page.getByRole("button", { name: "Save hours" }).click();
  await untilText(page.getByRole("alert").first(), /timezone/i);
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByRole("button", { name: "Save hours" }).click();
  await untilText(page.getByTestId("hours-saved"), /^Saved$/);
  const { timezone, slots, exceptions } = await call("GET", "/kevin/schedule");
  assert.equal(timezone, "Europe/Berlin");
  assert.deepEqual(slots, [{ dayOfWeek: 2, startTime: "10:00", endTime: "17:00", isActive: true }]);
  assert.equal(exceptions.length, 1);
  assert.equal(exceptions[0].available, false);
  await page.screenshot({ path: artifact("kevin-page-light"), fullPage: true });
});

function scheduleBody({ timezone, slots, exceptions }) {
  const set = (exception) => Object.fromEntries(Object.entries(exception).filter(([, value]) => value !== null));
  return { timezone, slots, exceptions: exceptions.map(set) };
}

test("what came of a transfer is said on his page, and moves the lead", async (t) => {
  await kevinDoes(t, { result: "human", ringMs: 300, pressMs: 300 });
  await setKevin(t, true);
  const { page } = await openBoard(t);
  await kevinPage(page);
  const { callId, leadId, name } = await startCall(t);
  await untilAnsweredCall(callId);
  const { transferId } = await call("POST", `/calls/${callId}/transfer`, { body: {} });
  const item = page.getByTestId(`transfer-item-${transferId}`);
  await untilText(item, new RegExp(`${name}.*Kevin joined`));
  await hangUpAll(callId);
  await untilText(item, /Talk with Kevin is over/);
  await item.getByRole("button", { name: /^Outcome/ }).click();
  await page.getByLabel("Result").selectOption("scheduled");
  await page.getByLabel("How good a lead").selectOption("8");
  await page.getByLabel("Notes").fill("Meets on Friday");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await untilText(item, /Meets on Friday.*Meeting scheduled · 8\/10/);
  assert.equal((await call("GET", `/leads/${leadId}`)).status, "zoom_scheduled");

  await item.getByRole("button", { name: /^Outcome/ }).click();
  await page.getByLabel("Notes").fill("");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await item.getByText("Meets on Friday").waitFor({ state: "detached" });
  await untilText(item, /Meeting scheduled · 8\/10/);
});

async function untilAnsweredCall(callId) {
  for (let i = 0; i < 300; i++) {
    if ((await call("GET", `/calls/${callId}`)).answeredAt !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail("never answered");
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard } from "./lib/browser.mjs";
import { changeKevin, kevinAvailability, setKevin } from "./lib/system.mjs";

const statusOf = (page) => page.getByTestId("kevin-status");

test("the switch changes Kevin's availability, and the API agrees", async (t) => {
  await setKevin(t, true);
  const { page, complaints } = await openBoard(t);
  await untilText(statusOf(page), /^Available$/);
  await page.getByTestId("kevin-switch").click();
  await untilText(statusOf(page), /^Busy$/);
  assert.equal((await kevinAvailability()).available, false);
  await page.getByTestId("kevin-switch").click();
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

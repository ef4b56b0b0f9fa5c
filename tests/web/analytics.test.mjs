import assert from "node:assert/strict";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard } from "./lib/browser.mjs";
import { artifact, call, hangUpAll, startCall, system } from "./lib/system.mjs";

const number = (text) => Number(text.replace(/\D/g, ""));

test("the figures are those of the API, for the chosen period", async (t) => {
  const { callId } = await startCall(t);
  await hangUpAll(callId);
  const { page, complaints } = await openBoard(t);
  await page.goto(`${system.url}/analytics`);
  for (const range of ["7d", "30d"]) {
    await page.getByLabel("Period").selectOption(range);
    const { summary } = await call("GET", `/analytics/dashboard?timeRange=${range}`);
    const shown = page.getByTestId("figure-totalCalls");
    // Calls of the demo may begin meanwhile.
    await untilText(shown, /\d/);
    await page.waitForFunction(
      (least) => Number(document.querySelector("[data-testid=figure-totalCalls]").textContent.replace(/\D/g, "")) >= least,
      summary.totalCalls,
    );
    assert.ok(number(await shown.textContent()) <= summary.totalCalls + 20);
  }
  const days = await page.getByRole("table", { name: "Calls by day" }).getByRole("rowheader").count();
  assert.ok(days >= 29 && days <= 31, `${days} days`);
  assert.equal(await page.getByTestId("funnel").getByRole("listitem").count(), 8);
  await untilText(page.getByTestId("rates"), /Answered by a person.*%.* to .*%/);
  await page.screenshot({ path: artifact("analytics-light"), fullPage: true });
  await complaints.assertNone(page);
});

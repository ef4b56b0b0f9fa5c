// Bringing Kevin in from the board, against the simulator: his number does what each test says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf, transferOf, untilAnswered, untilText } from "./lib/board.mjs";
import { openBoard } from "./lib/browser.mjs";
import { artifact, call, reportScore, setKevin, startCall } from "./lib/system.mjs";

const statusOf = (page, callId) => rowOf(page, callId).getByTestId("transfer-status");

/** A hot call on the board. */
async function openHotCall(t, options) {
  await setKevin(t, true);
  const opened = await openBoard(t, options);
  const started = await startCall(t);
  await untilAnswered(rowOf(opened.page, started.callId));
  await reportScore(started.callId, 93, 10);
  await opened.page.locator(`[data-testid="call-row-${started.callId}"][data-hot=true]`).waitFor();
  return { ...opened, ...started };
}

test("a refused transfer is told in the dialog in the server's words, and may be tried again", async (t) => {
  const { page, callId } = await openHotCall(t);
  const asked = [];
  await page.route("**/api/calls/*/transfer", (route) => {
    const request = route.request();
    asked.push({ headers: request.headers(), body: request.postDataJSON() });
    return asked.length < 3
      ? route.fulfill({ status: asked.length === 1 ? 503 : 400, json: { success: false, error: "Not just now" } })
      : route.abort();
  });
  await transferOf(page, callId).click();
  await page.getByTestId("transfer-note").fill("Likes mornings");
  for (const count of [1, 2, 3]) {
    await page.getByTestId("transfer-start").click();
    await untilText(page.getByTestId("transfer-problem"), count < 3 ? /Not just now/ : /cannot be reached/);
    assert.equal(asked.length, count);
  }
  for (const { headers, body } of asked) {
    assert.match(headers["idempotency-key"], /^[0-9a-f]{32}$/);
    assert.equal(headers.prefer, "respond-async");
    assert.match(headers.authorization, /^Bearer /);
    assert.deepEqual(body, { note: "Likes mornings" });
  }
  const [passing, refused, later] = asked.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(passing, refused, "a repetition of an undecided wish is the same wish");
  assert.notEqual(refused, later, "after a refusal it is another one");
});

test("the dialog is reached, filled and left by the keyboard, and gives the focus back", async (t) => {
  const { page, callId } = await openHotCall(t);
  await transferOf(page, callId).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: /Transfer .* to Kevin/ });
  await dialog.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "transfer-note");
  await page.keyboard.type("x".repeat(505));
  assert.equal((await page.getByTestId("transfer-note").inputValue()).length, 500);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), `transfer-${callId}`);
});

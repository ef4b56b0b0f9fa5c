import assert from "node:assert/strict";
import { test } from "node:test";
import { recordShown, rowOf, seconds, transferOf, untilAnswered, untilText } from "./lib/board.mjs";
import { cutConnection, openBoard } from "./lib/browser.mjs";
import {
  artifact,
  changeKevin,
  endCall,
  movePhase,
  reportScore,
  setKevin,
  startCall,
} from "./lib/system.mjs";

/** The toasts there are; each goes after some seconds, so they are noted. */
const TOASTS = "ol:has(> li[data-state=open])";

test("a call appears, is answered, turns hot and urges the transfer", async (t) => {
  await setKevin(t, true);
  const { page, complaints } = await openBoard(t);
  const told = await recordShown(page, TOASTS);
  const { callId, name } = await startCall(t);
  const row = rowOf(page, callId);

  await row.waitFor();
  await told(new RegExp(name));
  await untilText(row, new RegExp(name));
  await untilAnswered(row);

  await movePhase(callId, 3);
  await untilText(row.getByTestId("phase"), /^3\/12\D/);
  await reportScore(callId, 60, 3);
  await untilText(row.getByTestId("score"), /^60$/);
  assert.equal(await row.getAttribute("data-hot"), null);
  assert.equal(await transferOf(page, callId).getAttribute("data-urgent"), null);

  await reportScore(callId, 90, 9);
  await page.locator(`[data-testid="call-row-${callId}"][data-hot=true]`).waitFor();
  await page.locator(`[data-testid="transfer-${callId}"][data-urgent=true]`).waitFor();
  await untilText(row.getByTestId("score"), /^90$/);
  await untilText(page.getByTestId("announcer"), /is hot/);
  await page.waitForTimeout(600);
  await page.screenshot({ path: artifact("board-hot-light") });
  await complaints.assertNone(page);
});

test("the score alone decides about hot: 84.99 is not, 85 is, and it may cool again", async (t) => {
  await setKevin(t, true);
  const { page } = await openBoard(t);
  const { callId } = await startCall(t);
  const row = rowOf(page, callId);
  await untilAnswered(row);
  await reportScore(callId, 84.99);
  await untilText(row.getByTestId("score"), /^85$/);
  assert.equal(await row.getAttribute("data-hot"), null);
  await reportScore(callId, 85);
  await page.locator(`[data-testid="call-row-${callId}"][data-hot=true]`).waitFor();
  await reportScore(callId, 50);
  await untilText(row.getByTestId("score"), /^50$/);
  assert.equal(await row.getAttribute("data-hot"), null);
});

test("the transfer is offered only while Kevin is available", async (t) => {
  await setKevin(t, false);
  const { page } = await openBoard(t);
  const { callId } = await startCall(t);
  const row = rowOf(page, callId);
  await untilAnswered(row);
  await reportScore(callId, 92);
  await page.locator(`[data-testid="call-row-${callId}"][data-hot=true]`).waitFor();
  assert.equal(await transferOf(page, callId).count(), 0);
  await untilText(row.getByTestId("transfer-closed"), /^Kevin is not available$/);
  await changeKevin({ available: true });
  await transferOf(page, callId).waitFor();
  assert.equal(await row.getByTestId("transfer-closed").count(), 0);
});

test("the duration ticks", async (t) => {
  const { page } = await openBoard(t);
  const { callId } = await startCall(t);
  const row = rowOf(page, callId);
  await untilAnswered(row);
  const duration = row.getByTestId("duration");
  let last = await duration.textContent();
  for (let i = 0; i < 3; i++) {
    const next = await untilText(duration, new RegExp(`^(?!${last}$)`));
    assert.ok(seconds(next) > seconds(last), `${next} after ${last}`);
    last = next;
  }
});

test("an ended call is marked, stays a moment and leaves", async (t) => {
  const { page } = await openBoard(t);
  const { callId } = await startCall(t);
  const row = rowOf(page, callId);
  await untilAnswered(row);
  const status = await recordShown(page, `[data-testid="call-row-${callId}"][data-ended=true] [data-testid=call-status]`);
  await endCall(callId, "follow_up");
  await status(/^Ended · Follow up$/);
  await row.waitFor({ state: "detached" });
});

test("a board opened later shows the calls which are already running", async (t) => {
  const { callId, name } = await startCall(t);
  await reportScore(callId, 74, 5);
  const { page } = await openBoard(t);
  const row = rowOf(page, callId);
  await row.waitFor();
  await untilText(row, new RegExp(name));
  await untilText(row.getByTestId("score"), /^74$/);
  await untilText(page.getByTestId("active-count"), /^[1-9]/);
});

test("what happened while the connection was away is there when it is back", async (t) => {
  const { page } = await openBoard(t);
  const { callId } = await startCall(t);
  const row = rowOf(page, callId);
  await untilAnswered(row);
  await reportScore(callId, 40);
  await untilText(row.getByTestId("score"), /^40$/);

  const restore = await cutConnection(page);
  await reportScore(callId, 71);
  await restore();
  await untilText(row.getByTestId("score"), /^71$/);
});

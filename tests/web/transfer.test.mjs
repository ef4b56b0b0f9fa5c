// Bringing Kevin in from the board, against the simulator: his number does what each test says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordShown, rowOf, transferOf, untilAnswered, untilText } from "./lib/board.mjs";
import { openBoard, openBoardAs } from "./lib/browser.mjs";
import {
  artifact,
  call,
  createUser,
  hangUp,
  hangUpAll,
  kevinAnswers,
  kevinDoes,
  kevinTakesIt,
  reportScore,
  setKevin,
  startCall,
} from "./lib/system.mjs";

const statusOf = (page, callId) => rowOf(page, callId).getByTestId("transfer-status");

/** The dialog's button, once an earlier wish is answered: the news of it may be quicker than the answer. */
const startOf = (page) => page.locator("[data-testid=transfer-start][aria-disabled=false]");

/** Press the button and say something; gives a function that waits for a state and then tells all there were. */
async function ring(page, callId, note = "") {
  const states = await recordShown(
    page,
    `[data-testid="call-row-${callId}"] [data-testid=transfer-status]`,
    "data-state",
  );
  await transferOf(page, callId).click();
  await page.getByTestId("transfer-note").fill(note);
  await startOf(page).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await statusOf(page, callId).waitFor();
  return (state) => states(new RegExp(`^${state}$`));
}

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
    await startOf(page).click();
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

test("Kevin is rung, briefed and joined, state by state; the others learn that he is busy", async (t) => {
  await kevinDoes(t, { result: "human", ringMs: 20_000 });
  const { page, complaints, callId, name } = await openHotCall(t);
  const other = await startCall(t, "June", "Castellano");
  await untilAnswered(rowOf(page, other.callId));
  await transferOf(page, other.callId).waitFor();

  const until = await ring(page, callId, "Wants to start this month");
  assert.equal(await page.evaluate(() => document.activeElement.contains(document.querySelector("[data-testid=transfer-status]"))), true);
  await rowOf(page, callId).getByTestId("transfer-cancel").waitFor();
  await untilText(rowOf(page, other.callId).getByTestId("transfer-closed"), new RegExp(`^Kevin is busy with ${name}$`));
  await until("dialing");
  await page.screenshot({ path: artifact("transfer-ringing-light") });
  await kevinAnswers();
  await until("briefing");
  await kevinTakesIt();
  await until("joined");
  await untilText(rowOf(page, callId).getByTestId("call-status"), /^Transferred$/);
  assert.equal(await rowOf(page, callId).getByTestId("transfer-cancel").count(), 0);
  await untilText(page.getByTestId("announcer"), new RegExp(`^Kevin joined\\. Transfer of ${name}\\.$`));
  await page.screenshot({ path: artifact("transfer-joined-light") });

  await page.getByTestId(`call-link-${callId}`).click();
  await untilText(page.getByTestId("timeline"), /Transfer to Kevin.*Kevin answered.*Kevin joined/);
  const { transfer } = await call("GET", `/calls/${callId}`);
  assert.equal(transfer.state, "joined");
  await hangUpAll(callId);
  await untilText(page.getByTestId("call-status"), /^Ended/);
  await complaints.assertNone(page);
});

const FAILURES = [
  ["his voicemail answers", { result: "machine", ringMs: 3000 }, "voicemail", /^Kevin's voicemail answered/],
  ["his line is busy", { result: "busy", ringMs: 3000 }, "busy", /^Kevin's line is busy/],
  ["he rejects the call", { result: "reject", ringMs: 3000 }, "declined", /^Kevin declinedHe rejected the call$/],
  ["he presses another key", { result: "human", ringMs: 3000, pressMs: 800, digit: "5" }, "declined", /^Kevin declined/],
];

for (const [situation, rule, state, words] of FAILURES) {
  test(`when ${situation}, the row says so and offers another attempt`, async (t) => {
    await kevinDoes(t, rule);
    const { page, callId } = await openHotCall(t);
    const until = await ring(page, callId);
    const states = await until(state);
    assert.match(states[0], /^(requested|dialing)$/);
    await untilText(statusOf(page, callId), words);
    await untilText(transferOf(page, callId), /^Try again$/);
    await page.screenshot({ path: artifact(`transfer-${state}-light`) });
    const { status, endTime } = await call("GET", `/calls/${callId}`);
    assert.equal(endTime, null, "the lead keeps talking to the agent");
    assert.match(status, /^(transfer_failed|in-progress)$/);
  });
}

test("it can be canceled while he is rung, and tried again", async (t) => {
  await kevinDoes(t, { result: "human", ringMs: 20_000, pressMs: 1000 });
  const { page, callId } = await openHotCall(t);
  const until = await ring(page, callId, "First try");
  await rowOf(page, callId).getByTestId("transfer-cancel").click();
  await until("canceled");
  await kevinDoes(t, { result: "human", ringMs: 500, pressMs: 500 });
  await transferOf(page, callId).waitFor();
  await transferOf(page, callId).click();
  assert.equal(await page.getByTestId("transfer-note").inputValue(), "First try", "what was typed is not lost");
  await startOf(page).click();
  await until("joined");
  const { transfer } = await call("GET", `/calls/${callId}`);
  assert.equal(transfer.attempt, 2);
});

test("the lead who hangs up meanwhile is not Kevin's fault", async (t) => {
  await kevinDoes(t, { result: "human", ringMs: 20_000 });
  const { page, callId, phone } = await openHotCall(t);
  const until = await ring(page, callId);
  await until("dialing");
  await hangUp(phone);
  await untilText(statusOf(page, callId), /^The lead left/);
  await untilText(rowOf(page, callId).getByTestId("call-status"), /^Ended/);
});

test("Kevin sees whom his ringing telephone is about, on whichever screen he is", async (t) => {
  await kevinDoes(t, { result: "human", ringMs: 20_000 });
  const kevin = await createUser(t, "kevin");
  await setKevin(t, true);
  const { callId, name } = await startCall(t);
  const { page } = await openBoardAs(t, kevin);
  await untilAnswered(rowOf(page, callId));
  await reportScore(callId, 91, 10);
  await untilText(rowOf(page, callId).getByTestId("score"), /^91$/);
  await page.getByRole("link", { name: "Leads", exact: true }).click();
  await page.getByRole("heading", { name: "Leads" }).waitFor();
  const banner = page.getByTestId("kevin-banner");
  const until = await recordShown(page, "[data-testid=kevin-banner]");
  await call("POST", `/calls/${callId}/transfer`, { body: {}, headers: { Prefer: "respond-async" } });
  await until(new RegExp(`^Your telephone is ringing: ${name}Score 91, .*Take it`));
  await kevinAnswers();
  await until(new RegExp(`^Press 1 to take the call: ${name}`));
  await kevinTakesIt();
  await until(/^You are on the line/);
  await page.screenshot({ path: artifact("kevin-banner-light") });
  await banner.getByRole("link", { name }).click();
  await page.getByRole("heading", { name }).waitFor();
  await hangUpAll(callId);
  await untilText(banner, /^$/);
});

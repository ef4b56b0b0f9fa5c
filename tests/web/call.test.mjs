// The page of one call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { linkOf, rowOf, untilAnswered, untilDrawn, untilText } from "./lib/board.mjs";
import { cutConnection, openBoard, openBoardAs } from "./lib/browser.mjs";
import { artifact, createUser, endCall, movePhase, reportScore, say, startCall, system } from "./lib/system.mjs";

const transcriptOf = (page) => page.getByTestId("transcript");
const gapToEnd = (page) =>
  transcriptOf(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);

/** Scrolling, and what follows from it, takes until the next frame. */
async function untilAtEnd(page) {
  for (let i = 0; i < 200 && (await gapToEnd(page)) >= 5; i++) await untilDrawn(page);
  assert.ok((await gapToEnd(page)) < 5, "the end is in view");
}

/** An answered call and its page. */
async function openCall(t, options) {
  const opened = await openBoard(t, options);
  const started = await startCall(t);
  await untilAnswered(rowOf(opened.page, started.callId));
  await linkOf(opened.page, started.callId).click();
  await opened.page.getByRole("heading", { name: started.name }).waitFor();
  return { ...opened, ...started };
}

const lines = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    speaker: i % 2 ? "prospect" : "agent",
    text: `Line ${from + i}.`,
  }));

test("it follows the call: what is said, the score, the phase, the end", async (t) => {
  const { page, callId, name, complaints } = await openCall(t);
  await say(callId, { speaker: "agent", text: "Hello, am I speaking with you?" });
  await say(callId, { speaker: "prospect", text: "You are <b>indeed</b>." });
  await untilText(transcriptOf(page), new RegExp(`Agent.*speaking with you\\?.*${name}.*You are <b>indeed</b>\\.`));
  await movePhase(callId, 4);
  await untilText(page.getByTestId("phase"), /^Phase 4\/12, Current Situation$/);
  await reportScore(callId, 60, 4);
  await reportScore(callId, 88, 5);
  await untilText(page.getByTestId("score"), /^88$/);
  await untilText(page.getByTestId("timeline"), /Dialled.*Answered.*Current Situation.*Turned hotScore 88/);
  await page.getByTestId("score-chart").waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: artifact("call-light"), fullPage: true });
  await endCall(callId, "follow_up");
  await untilText(page.getByTestId("call-status"), /^Ended · Follow up$/);
  await untilText(page.getByTestId("timeline"), /EndedFollow up/);
  await complaints.assertNone(page);
});

test("it shows each line once, also when it is opened again in the middle", async (t) => {
  const { page, callId } = await openCall(t);
  await say(callId, ...lines(1, 3));
  await untilText(transcriptOf(page), /Line 3\./);
  await page.reload();
  await untilText(transcriptOf(page), /Line 3\./);
  await say(callId, ...lines(4, 5));
  const text = await untilText(transcriptOf(page), /Line 5\./);
  for (const number of [1, 2, 3, 4, 5]) assert.equal(text.split(`Line ${number}.`).length, 2, text);
});

test("the transcript follows its end, but leaves alone who reads above", async (t) => {
  const { page, callId } = await openCall(t, { viewport: { width: 1360, height: 500 } });
  await say(callId, ...lines(1, 40));
  await untilText(transcriptOf(page), /Line 40\./);
  await untilAtEnd(page);

  await transcriptOf(page).evaluate((box) => box.scrollTo(0, 100));
  await untilDrawn(page);
  await say(callId, ...lines(41, 42));
  await untilText(page.getByTestId("transcript-unseen"), /^2 new lines$/);
  assert.equal(await transcriptOf(page).evaluate((box) => box.scrollTop), 100);

  await page.getByTestId("transcript-unseen").click();
  await untilAtEnd(page);
  await page.getByTestId("transcript-unseen").waitFor({ state: "detached" });
  await say(callId, ...lines(43, 43));
  await untilText(transcriptOf(page), /Line 43\./);
  await untilAtEnd(page);
});

test("a recording is started and stopped, and the page hears how it stands", async (t) => {
  const { page } = await openCall(t);
  const toggle = page.getByTestId("recording-toggle");
  const until = (status) => page.locator(`[data-testid=recording][data-status=${status}]`).waitFor();
  // Calls are recorded from their answer on.
  await until("recording");
  await toggle.click();
  await untilText(toggle, /^Start recording$/);
  await until("available");
  await toggle.click();
  await until("recording");
  await untilText(toggle, /^Stop recording$/);
});

test("a connection that was away for a moment brings what was missed, once, and nothing is fetched again", async (t) => {
  const { page, callId } = await openCall(t);
  await say(callId, ...lines(1, 2));
  await untilText(transcriptOf(page), /Line 2\./);
  const restore = await cutConnection(page);
  const fetched = [];
  page.on("request", (request) => {
    if (/\/api\/calls\//.test(request.url())) fetched.push(request.url());
  });
  await say(callId, ...lines(3, 4));
  await reportScore(callId, 66, 7);
  await restore();
  const text = await untilText(transcriptOf(page), /Line 4\./);
  for (const number of [1, 2, 3, 4]) assert.equal(text.split(`Line ${number}.`).length, 2, text);
  await untilText(page.getByTestId("score"), /^66$/);
  assert.deepEqual(fetched, []);
  await say(callId, ...lines(5, 5));
  await untilText(transcriptOf(page), /Line 5\./);
});

test("a recording can be heard once the call is over, also after its link has ended", async (t) => {
  const { page, callId } = await openCall(t);
  await page.locator("[data-testid=recording][data-status=recording]").waitFor();
  await page.waitForTimeout(1_500);
  // The first link which the page gets is one that is over.
  let links = 0;
  await page.route(`**/api/calls/${callId}/recording`, async (route) => {
    const response = await route.fetch();
    const envelope = await response.json();
    const [file] = envelope.data?.recordings ?? [];
    if (file?.url && ++links === 1) file.url = file.url.replace(/expires=\d+/, "expires=1");
    await route.fulfill({ response, json: envelope });
  });
  await endCall(callId, "follow_up");
  const player = page.getByTestId("recording-player");
  await player.waitFor();
  await page.waitForFunction(
    () => document.querySelector("[data-testid=recording-player]")?.duration > 0,
  );
  assert.ok(links >= 2, "a new link was asked for");
  await player.evaluate((audio) => {
    audio.muted = true;
    return audio.play();
  });
  await page.waitForFunction(() => document.querySelector("[data-testid=recording-player]").currentTime > 0.2);
  assert.match(await player.getAttribute("src"), /^\/api\/recordings\/[0-9a-f-]{36}\/file\?expires=\d+&signature=[0-9a-f]+$/);
  await page.screenshot({ path: artifact("recording-light") });
});

test("an analyst, who may not monitor, hears the one call he looks at", async (t) => {
  const analyst = await createUser(t, "analyst");
  const { callId, name } = await startCall(t);
  const { page } = await openBoardAs(t, analyst);
  await page.goto(`${system.url}/calls/${callId}`);
  await page.getByRole("heading", { name }).waitFor();
  // What is said before his room is entered is fetched then.
  await say(callId, { speaker: "prospect", text: "Anybody there?" });
  await untilText(transcriptOf(page), /Anybody there\?/);
  assert.equal(await page.getByTestId("recording-toggle").count(), 0);
});

test("a call that does not exist is said to be none", async (t) => {
  const { page } = await openBoard(t);
  await page.goto(`${system.url}/calls/00000000-0000-4000-8000-000000000000`);
  await untilText(page.getByRole("alert"), /This call cannot be shownCall not found\./);
});

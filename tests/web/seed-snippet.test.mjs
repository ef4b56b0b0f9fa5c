// The snippet of the original requirement, unchanged in what it calls: a bare io(url), an early join-room, three
// listeners. It has no token; the session cookie of a browser signed in on the same origin must do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openBoard, openPage } from "./lib/browser.mjs";
import { reportScore, startCall, system } from "./lib/system.mjs";

const require = createRequire(import.meta.url);
const client = readFileSync(
  join(dirname(require.resolve("socket.io-client/package.json")), "dist/socket.io.min.js"),
  "utf8",
);

const snippet = `
  const received = (globalThis.received = {});
  const note = (name) => (data) => (received[name] ??= []).push(data);
  const user = { id: "somebody", role: "admin" };
  const socket = io(window.location.origin);

  socket.emit('join-room', {
    room: 'call-monitoring',
    userId: user.id,
    role: user.role
  });
  socket.on('system-status', note('system-status'));
  socket.on('call:started', note('call:started'));
  socket.on('call:engagement-update', note('call:engagement-update'));
  socket.on('connect_error', (error) => note('connect_error')(error.message));
`;

/** A page on the system's own origin which holds nothing but the stock client and the snippet. */
async function openSnippet(context) {
  const files = {
    "/seed/index.html": [
      "text/html",
      '<script src="/seed/client.js"></script><script src="/seed/snippet.js"></script>',
    ],
    "/seed/client.js": ["text/javascript", client],
    "/seed/snippet.js": ["text/javascript", snippet],
  };
  await context.route("**/seed/*", (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname];
    return route.fulfill({ contentType, body });
  });
  const page = await context.newPage();
  await page.goto(`${system.url}/seed/index.html`);
  return page;
}

const until = (page, name, callId) =>
  page.waitForFunction(
    ([event, id]) => globalThis.received[event]?.find((data) => id === null || data.callId === id),
    [name, callId],
  );

test("works in a browser which is signed in", async (t) => {
  const { context } = await openBoard(t);
  const page = await openSnippet(context);
  const status = await (await until(page, "system-status", null)).jsonValue();
  assert.equal(typeof status.kevinAvailable, "boolean");

  const { callId, name } = await startCall(t);
  const started = await (await until(page, "call:started", callId)).jsonValue();
  assert.equal(started.leadName, name);
  await reportScore(callId, 87);
  const update = await (await until(page, "call:engagement-update", callId)).jsonValue();
  assert.equal(update.engagementScore, 87);
});

test("gets nothing in a browser which is not", async (t) => {
  const { context } = await openPage(t);
  const page = await openSnippet(context);
  await page.waitForFunction(() => globalThis.received.connect_error);
  const { callId } = await startCall(t);
  await reportScore(callId, 60);
  await page.waitForTimeout(1_000);
  assert.deepEqual(await page.evaluate(() => Object.keys(globalThis.received)), ["connect_error"]);
});

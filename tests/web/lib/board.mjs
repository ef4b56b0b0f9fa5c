// The live board as the tests see it.
import assert from "node:assert/strict";

export const rowOf = (page, callId) => page.getByTestId(`call-row-${callId}`);
export const linkOf = (page, callId) => page.getByTestId(`call-link-${callId}`);
export const transferOf = (page, callId) => page.getByTestId(`transfer-${callId}`);

/** Wait until an element's text satisfies a pattern; a time-out shows the last text. */
export async function untilText(locator, pattern, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  let text = "";
  while (Date.now() < deadline) {
    text = (await locator.count()) > 0 ? ((await locator.first().textContent()) ?? "") : "(not there)";
    if (pattern.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`text stayed ${JSON.stringify(text)}, expected ${pattern}`);
}

export const untilAnswered = (row) =>
  untilText(row.getByTestId("call-status"), /^(Answered|In progress)$/, 30_000);

/** A duration as shown, in seconds. */
export function seconds(text) {
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

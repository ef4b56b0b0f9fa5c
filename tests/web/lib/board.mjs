// The live board as the tests see it.
import assert from "node:assert/strict";

export const rowOf = (page, callId) => page.getByTestId(`call-row-${callId}`);
export const linkOf = (page, callId) => page.getByTestId(`call-link-${callId}`);
export const transferOf = (page, callId) => page.getByTestId(`transfer-${callId}`);

/** Wait until an element's text satisfies a pattern; a time-out shows the last text. */
export async function untilText(locator, pattern, timeoutMs = 60_000) {
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
  untilText(row.getByTestId("call-status"), /^(Answered|In progress)$/);

/**
 * Note everything an element shows from now on, however short a time: its texts, or those of an attribute. Gives a
 * function that waits for one and then tells all of them in their order.
 */
export async function recordShown(page, selector, attribute = null) {
  await page.evaluate(noteShown, { selector, attribute });
  return async (pattern) => {
    const wanted = { source: pattern.source, flags: pattern.flags };
    try {
      await page.waitForFunction(
        ({ source, flags }) => globalThis.shown.some((text) => new RegExp(source, flags).test(text)),
        wanted,
        { timeout: 60_000 },
      );
    } catch (error) {
      const shown = await page.evaluate(() => globalThis.shown);
      assert.fail(`${JSON.stringify(shown)}: never ${pattern} (${error.message})`);
    }
    return page.evaluate(() => globalThis.shown);
  };
}

/** Runs in the page. */
function noteShown({ selector, attribute }) {
  const shown = [];
  globalThis.shown = shown;
  function look() {
    const element = document.querySelector(selector);
    const text = element && (attribute ? element.getAttribute(attribute) : element.textContent);
    if (text !== null && shown.at(-1) !== text) shown.push(text);
  }
  look();
  new MutationObserver(look).observe(document.body, {
    attributes: true,
    characterData: true,
    childList: true,
    subtree: true,
  });
}

/** Two frames: what waits for the next one, such as the news of scrolling, has happened. */
export const untilDrawn = (page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** A duration as shown, in seconds. */
export function seconds(text) {
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

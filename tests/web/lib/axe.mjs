// axe-core over a page as it stands: what keeps people with a reader, a keyboard or weak eyes from using it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const RULES = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** All in which a theme differs from another. */
const COLOURS = { type: "rule", values: ["color-contrast"] };

/** Fails with each rule that is broken, and where; `name` says which page it is. Of the dark theme only colours are new. */
export async function assertAccessible(page, name) {
  // By the debugger, where the page's policy, which allows no foreign script, does not reach.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const isDark = await page.evaluate(() => document.documentElement.classList.contains("dark"));
  const { violations } = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }),
    isDark ? COLOURS : RULES,
  );
  const broken = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`),
  );
  assert.deepEqual(broken, [], name);
}

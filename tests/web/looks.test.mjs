import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf, untilAnswered, untilDrawn } from "./lib/board.mjs";
import { openBoard, openPage, untilLive } from "./lib/browser.mjs";
import { artifact, reportScore, setKevin, startCall, system } from "./lib/system.mjs";

const isDark = (page) => page.evaluate(() => document.documentElement.classList.contains("dark"));
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** The page at another width; what measures itself has done so after a few frames. */
async function assertFits(page, width, where = "") {
  await page.setViewportSize({ width, height: 800 });
  for (let i = 0; i < 100 && (await overflow(page)) > 0; i++) await untilDrawn(page);
  assert.ok((await overflow(page)) <= 0, `${where}${width} px: ${await overflow(page)} px too wide`);
}

const SCREENS = [
  ["/calls", "Calls"],
  ["/leads", "Leads"],
  ["/kevin", "Kevin"],
  ["/analytics", "Analytics"],
  ["/team", "Team"],
];

/** A hot and a warm call, so that the pictures show something. */
async function liven(t) {
  await setKevin(t, true);
  const calls = [
    await startCall(t, "Wendell", "Okafor-Montgomery"),
    await startCall(t, "June", "Castellano"),
  ];
  return async (page) => {
    await untilAnswered(rowOf(page, calls[0].callId));
    await reportScore(calls[0].callId, 91.5, 10);
    await reportScore(calls[1].callId, 74, 6);
    await page.locator(`[data-testid="call-row-${calls[0].callId}"][data-hot=true]`).waitFor();
    await page.waitForTimeout(700);
  };
}

test("light and dark follow the system until a person chooses, and the choice lasts", async (t) => {
  const showCalls = await liven(t);
  const { page, complaints } = await openBoard(t, { colorScheme: "dark" });
  assert.equal(await isDark(page), true);
  await showCalls(page);
  await page.screenshot({ path: artifact("board-dark") });

  await page.getByTestId("theme-toggle").click();
  assert.equal(await isDark(page), false);
  await page.waitForTimeout(400);
  await page.screenshot({ path: artifact("board-light") });

  await page.reload();
  await untilLive(page);
  assert.equal(await isDark(page), false);
  await page.getByTestId("theme-toggle").click();
  assert.equal(await isDark(page), true);
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction(() => !document.documentElement.classList.contains("dark"));
  await complaints.assertNone(page);
});

test("nothing is cut off from 380 pixels up", async (t) => {
  const showCalls = await liven(t);
  const { page } = await openBoard(t, { viewport: { width: 380, height: 800 } });
  await showCalls(page);
  for (const width of [380, 480, 768, 1024, 1280, 1600]) {
    await assertFits(page, width);
    if (width === 380) await page.screenshot({ path: artifact("board-380"), fullPage: true });
  }
});

test("no screen is cut off, neither on a telephone nor on a tablet", async (t) => {
  const { page, complaints } = await openBoard(t, { colorScheme: "dark" });
  for (const [path, heading] of SCREENS) {
    await page.goto(`${system.url}${path}`);
    await page.getByRole("heading", { name: heading, exact: true }).waitFor();
    // What is fetched has to be on the screen, not only its skeleton.
    await page.locator("[aria-label^=Loading], .animate-pulse").first().waitFor({ state: "detached" });
    for (const width of [380, 768, 1280]) {
      await assertFits(page, width, `${path} at `);
      if (width === 380) await page.screenshot({ path: artifact(`screen${path.replace("/", "-")}-dark-380`), fullPage: true });
    }
  }
  await complaints.assertNone(page);
});

test("reduced motion leaves nothing moving", async (t) => {
  const { page } = await openBoard(t, { reducedMotion: "reduce" });
  const moving = await page.evaluate(
    () =>
      document.getAnimations().filter((animation) => animation.effect.getComputedTiming().activeDuration > 10)
        .length,
  );
  assert.equal(moving, 0);
});

test("the page is served with a policy that allows no inline script and no eval", async (t) => {
  const { page } = await openPage(t);
  const response = await page.goto(system.url);
  const policy = response.headers()["content-security-policy"] ?? "";
  const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1] ?? "";
  assert.match(scripts, /'self'/);
  assert.doesNotMatch(scripts, /unsafe-inline|unsafe-eval|\*|https?:/);
});

test("the built page refers to hashed files of its own host only", async () => {
  const html = await (await fetch(system.url)).text();
  const references = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
  assert.ok(references.length >= 2);
  for (const url of references) assert.match(url, /^\/(assets\/[\w.-]+-[\w-]{8}\.(js|css)|favicon\.svg)$/);
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)[^>]*>/);
});

test("an address of no screen leads back to the board", async (t) => {
  const { page } = await openBoard(t);
  await page.goto(`${system.url}/no-such-screen`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await page.getByRole("link", { name: "Go to the live board" }).click();
  await page.getByRole("heading", { name: "Live board" }).waitFor();
});

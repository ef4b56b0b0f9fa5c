import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard, openBoardAs } from "./lib/browser.mjs";
import { artifact, call, createUser, system } from "./lib/system.mjs";

async function openTeam(t) {
  const opened = await openBoard(t);
  await opened.page.goto(`${system.url}/team`);
  await opened.page.getByRole("heading", { name: "Team" }).waitFor();
  return opened;
}

test("a person is added, given another role, and deactivated", async (t) => {
  const email = `team-${randomInt(1e9)}@example.test`;
  const { page } = await openTeam(t);
  await page.getByRole("button", { name: "Add a person" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Tessa Example");
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("First password").fill("short");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.locator("[aria-invalid=true]").waitFor();
  await dialog.getByLabel("First password").fill("Long-Enough-123");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const item = page.getByTestId(`account-${email}`);
  const saved = page.waitForResponse((response) => response.request().method() === "PUT" && response.ok());
  await item.getByLabel("Role of Tessa Example").selectOption("analyst");
  await saved;
  await page.reload();
  assert.equal(await item.getByLabel("Role of Tessa Example").inputValue(), "analyst");
  await item.getByRole("button", { name: "Deactivate Tessa Example" }).click();
  await untilText(item, /Deactivated/);
});

/** Leaves the administrator of the stack alone; the others are what tests before this one made. */
async function deactivateOtherAdmins() {
  const users = await call("GET", "/users?role=admin&limit=200");
  for (const { id, email } of users.filter((user) => user.email !== system.adminEmail && user.isActive))
    assert.ok(await call("DELETE", `/users/${id}`), email);
}

test("the last administrator cannot be deactivated, and is told why", async (t) => {
  await deactivateOtherAdmins();
  const { page } = await openTeam(t);
  const item = page.getByTestId(`account-${system.adminEmail}`);
  await item.getByRole("button", { name: /^Deactivate/ }).click();
  await untilText(item.getByRole("alert"), /admin/i);
});

test("a key is shown once, works, and works no more when it is revoked", async (t) => {
  const name = `key-${randomInt(1e9)}`;
  const { page } = await openTeam(t);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(name);
  await page.getByRole("dialog").getByLabel("calls:view").check();
  await page.getByRole("button", { name: "Create key" }).click();
  const key = await untilText(page.getByTestId("new-key"), /^vals_/);
  const ask = async (path) =>
    (await fetch(`${system.url}/api${path}`, { headers: { Authorization: `Bearer ${key}` } })).status;
  assert.equal(await ask("/calls/active"), 200);
  assert.equal(await ask("/leads"), 403, "outside its scopes");
  await page.getByRole("button", { name: "Done" }).click();
  await page.screenshot({ path: artifact("team-light"), fullPage: true });
  await page.getByRole("button", { name: `Revoke ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: `Revoke ${name}` }).waitFor({ state: "detached" });
  assert.equal(await untilStatus(() => ask("/calls/active"), 401), 401);
});

/** The API remembers a key for some seconds. */
async function untilStatus(ask, wanted) {
  let status = await ask();
  for (let i = 0; i < 60 && status !== wanted; i++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    status = await ask();
  }
  return status;
}

test("nobody else finds the way here", async (t) => {
  const operator = await createUser(t, "operator");
  const { page } = await openBoardAs(t, operator);
  assert.equal(await page.getByRole("link", { name: "Team" }).count(), 0);
  await page.goto(`${system.url}/team`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
});

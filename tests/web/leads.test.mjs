// The leads: found, made, edited by two at once, imported.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { untilText } from "./lib/board.mjs";
import { openBoard } from "./lib/browser.mjs";
import { artifact, call, createLead, system } from "./lib/system.mjs";

const rowsOf = (page) => page.locator("[data-testid^=lead-row-]");

async function openLeads(t, query = "", options = {}) {
  const opened = await openBoard(t, options);
  await opened.page.goto(`${system.url}/leads${query}`);
  await opened.page.getByRole("heading", { name: "Leads" }).waitFor();
  return opened;
}

test("a search finds part of a name, stays in the address, and takes its signs literally", async (t) => {
  const lastName = `Percent%${randomInt(1e6)}`;
  const lead = await createLead("Wanda", lastName);
  const { page, complaints } = await openLeads(t);
  await rowsOf(page).first().waitFor();
  await page.getByLabel("Search leads").fill(lastName.slice(4));
  await untilText(page.getByTestId("pager"), /^1–1 of 1$/);
  await page.getByTestId(`lead-row-${lead.id}`).waitFor();
  assert.match(page.url(), /\/leads\?search=ent%25\d+$/);
  await page.screenshot({ path: artifact("leads-light") });
  await page.reload();
  await untilText(page.getByTestId("pager"), /^1–1 of 1$/);
  await page.getByLabel("Stage").selectOption("closed");
  await page.getByText("No lead fits.").waitFor();
  await complaints.assertNone(page);
});

test("pages follow each other, and Back leads to the one before", async (t) => {
  const surname = `Paged${randomInt(1e9)}`;
  const area = `+1312${randomInt(1e8, 1e9)}`;
  const rows = Array.from({ length: 30 }, (_, i) => `P${i},${surname},${area}${10 + i}`);
  await importCsv(`firstName,lastName,phone\n${rows.join("\n")}\n`);
  const { page } = await openLeads(t, `?search=${surname}`);
  await untilText(page.getByTestId("pager"), /^1–25 of 30$/);
  await page.getByRole("button", { name: "Next" }).click();
  await untilText(page.getByTestId("pager"), /^26–30 of 30$/);
  assert.equal(await rowsOf(page).count(), 5);
  assert.equal(await page.getByRole("button", { name: "Next" }).isDisabled(), true);
  await page.goBack();
  await untilText(page.getByTestId("pager"), /^1–25 of 30$/);
});

async function importCsv(csv) {
  const response = await fetch(`${system.url}/api/leads/import?dryRun=false`, {
    method: "POST",
    headers: { Authorization: `Bearer ${system.adminToken}`, "Content-Type": "text/csv" },
    body: csv,
  });
  assert.equal(response.status, 200, await response.text());
}

test("a new lead is refused by field, then made and shown", async (t) => {
  const { page } = await openLeads(t);
  await page.getByRole("button", { name: "New lead" }).click();
  await page.getByLabel("First name").fill("Odile");
  await page.getByLabel("Last name").fill("Marchetti");
  await page.getByLabel("Telephone").fill("12");
  await page.getByRole("button", { name: "Create lead" }).click();
  const phone = page.getByLabel("Telephone");
  await page.getByText(/must be a phone number/).waitFor();
  assert.equal(await phone.getAttribute("aria-invalid"), "true");
  await phone.fill(`(312) ${randomInt(200, 999)}-${randomInt(1000, 9999)}`);
  // A number without its country is none; the server says so again.
  await page.getByRole("button", { name: "Create lead" }).click();
  await page.getByText(/must be a phone number/).waitFor();
  await phone.fill(`+1 312 ${randomInt(200, 999)} ${randomInt(1000, 9999)}`);
  await page.getByRole("button", { name: "Create lead" }).click();
  await page.getByRole("heading", { name: "Odile Marchetti" }).waitFor();
  assert.match(page.url(), /\/leads\/[0-9a-f-]{36}$/);
});

test("two people edit one lead: both changes hold, and the one who comes later is told", async (t) => {
  const lead = await createLead("Ines", `Twofold${randomInt(1e6)}`);
  const { page } = await openLeads(t);
  await page.goto(`${system.url}/leads/${lead.id}`);
  await page.getByLabel("City").fill("Joliet");
  await page.getByLabel("State").fill("IL");
  // The event of this change is kept from the page by cutting what it would fetch.
  await page.route(`**/api/leads/${lead.id}`, (route) =>
    route.request().method() === "GET" ? route.abort() : route.continue(),
  );
  const cut = page.waitForEvent("requestfailed", (request) => request.url().endsWith(lead.id));
  await call("PUT", `/leads/${lead.id}`, { body: { city: "Aurora", initialInterest: "the video" } });
  await cut;
  await page.unroute(`**/api/leads/${lead.id}`);
  await page.getByRole("button", { name: "Save" }).click();
  await untilText(page.getByTestId("meanwhile"), /changed: First interest, City\. Of City yours stands here/);
  assert.equal(await page.getByLabel("First interest").inputValue(), "the video");
  assert.equal(await page.getByLabel("City").inputValue(), "Joliet");
  await page.screenshot({ path: artifact("lead-conflict-light"), fullPage: true });
  await page.getByRole("button", { name: "Save" }).click();
  await untilText(page.getByTestId("saved"), /^Saved$/);
  const { city, state, initialInterest } = await call("GET", `/leads/${lead.id}`);
  assert.deepEqual({ city, state, initialInterest }, { city: "Joliet", state: "IL", initialInterest: "the video" });
});

test("a change made elsewhere appears in an untouched form by itself", async (t) => {
  const lead = await createLead("Paola", `Watched${randomInt(1e6)}`);
  const { page } = await openLeads(t);
  await page.goto(`${system.url}/leads/${lead.id}`);
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
  await page.getByLabel("City").waitFor();
  await call("PUT", `/leads/${lead.id}`, { body: { city: "Naperville" } });
  await page.waitForFunction(() => [...document.querySelectorAll("input")].some((i) => i.value === "Naperville"));
});

test("a file is tried first, and imported only when all of it is right", async (t) => {
  const surname = `Filed${randomInt(1e9)}`;
  const number = () => `+1312${randomInt(1e9, 1e10)}`;
  const { page } = await openLeads(t, `?search=${surname}`);
  await page.getByText("No lead fits.").waitFor();
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog");
  const choose = (csv) =>
    dialog.getByLabel("File").setInputFiles({ name: "leads.csv", mimeType: "", buffer: Buffer.from(csv) });
  const submit = dialog.getByRole("button", { name: /^Import/ });

  await choose(`firstName,lastName,phone\nAda,${surname},${number()}\nBo,,12\n`);
  await untilText(page.getByTestId("import-report"), /New1.*Invalid1.*Correct the invalid lines.*phone must be/);
  assert.equal(await submit.isDisabled(), true);
  await page.screenshot({ path: artifact("import-light") });

  await choose(`firstName,lastName,phone\nAda,${surname},${number()}\nBo,${surname},${number()}\n`);
  await dialog.getByRole("button", { name: "Import 2 leads" }).click();
  await untilText(page.getByTestId("import-report"), /2 leads were imported/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await untilText(page.getByTestId("pager"), /^1–2 of 2$/);
});

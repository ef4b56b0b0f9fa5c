// The running system under test, from the environment, and the calls the tests make to it as its admin and as
// the voice agent.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set; "./dev env" prints it for a running system`);
  return value;
}

export const system = {
  url: required("VALS_URL").replace(/\/$/, ""),
  adminEmail: required("VALS_ADMIN_EMAIL"),
  adminPassword: required("VALS_ADMIN_PASSWORD"),
  adminToken: required("VALS_ADMIN_TOKEN"),
  agentKey: required("VALS_AGENT_KEY"),
};

const artifacts = process.env.VALS_ARTIFACTS;

/** Where to keep the picture `name`, or undefined when pictures are not wanted. */
export function artifact(name) {
  if (!artifacts) return undefined;
  mkdirSync(artifacts, { recursive: true });
  return join(artifacts, `web-${name}.png`);
}

/** One API call; anything but success fails the test with the server's own words. */
export async function call(method, path, { as = system.adminToken, body, headers } = {}) {
  const response = await fetch(`${system.url}/api${path}`, {
    method,
    headers: { Authorization: `Bearer ${as}`, "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const envelope = await response.json();
  assert.ok(
    response.ok && envelope.success,
    `${method} ${path}: ${response.status} ${JSON.stringify(envelope)}`,
  );
  return envelope.data;
}

const agent = (path, body) => call("POST", `/agent/${path}`, { as: system.agentKey, body });

/** A number which nobody else is likely to draw, and which the simulator lets ring and answer. */
const freshNumber = () => `+1312${randomInt(1e8, 1e9)}50`;

/** A new lead with such a number. */
export async function createLead(firstName, lastName) {
  const phone = freshNumber();
  return call("POST", "/leads", { body: { firstName, lastName, phone, source: "referral" } });
}

/** Start a call to a new lead; it is ended when the test is over. Returns {callId, leadId, phone, name}. */
export async function startCall(test, firstName = "Marisol", lastName = `Delgado ${randomInt(1000, 9999)}`) {
  const lead = await createLead(firstName, lastName);
  const { callId } = await agent("start-call", { leadId: lead.id });
  // By the admin: the agent cannot hang up on somebody who talks with Kevin.
  test.after(() => hangUpAll(callId));
  return { callId, leadId: lead.id, phone: lead.phone, name: `${firstName} ${lastName}` };
}

/** Kevin's number as `./dev up` configures it. */
const KEVIN = "+12025550199";

async function simulator(method, path, body) {
  const response = await fetch(`${required("VALS_SIM_URL")}${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`);
}

/** What Kevin's telephone does in this test: a rule of the simulator without its number. */
export async function kevinDoes(test, rule) {
  test.after(() => simulator("DELETE", "/_sim/rules"));
  await simulator("POST", "/_sim/rules", { name: "Kevin", regex: `^\\${KEVIN}$`, ...rule });
}

const legPath = (phone) => `/_sim/legs/${encodeURIComponent(phone)}`;

/** Somebody hangs up who was called by number. */
export const hangUp = (phone) => simulator("POST", legPath(phone), { action: "hangup" });

/** Kevin answers, once his telephone rings. */
export const kevinAnswers = () => kevinActs(({ state }) => state === "ringing", { action: "answer" });

/** Kevin presses the key that takes the call, once he is asked to. */
export const kevinTakesIt = () => kevinActs(({ doing }) => doing === "gather", { action: "press", digit: "1" });

/** His newest leg may still be the one of a test before this. */
async function kevinActs(isTime, deed) {
  for (let i = 0; i < 300; i++) {
    const response = await fetch(`${required("VALS_SIM_URL")}${legPath(KEVIN)}`);
    if (response.ok && isTime(await response.json())) return simulator("POST", legPath(KEVIN), deed);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`Kevin could not ${deed.action}`);
}

export const reportScore = (callId, engagementScore, phase) =>
  agent("engagement-score", { callId, engagementScore, phase, indicators: ["asked about income"] });

export const movePhase = (callId, phase) => agent("phase-transition", { callId, phase, outcome: "advanced" });

/** End a call whoever is in it. */
export const hangUpAll = (callId) => call("POST", "/agent/end-call", { body: { callId } });

export const endCall = (callId, finalStatus) => agent("end-call", { callId, finalStatus });

/** Write down what was said: entries of {speaker, text, timestamp?, offsetMs?}. */
export const say = (callId, ...transcript) => call("PUT", `/calls/${callId}`, { body: { transcript } });

/** An account of its own for one test, deactivated after it. Returns {email, password, id}. */
export async function createUser(test, role) {
  const password = "Some-Password-123";
  const email = `${role}-${randomInt(1e9)}@example.test`;
  const { id } = await call("POST", "/users", { body: { email, name: `Test ${role}`, role, password } });
  test.after(() => call("DELETE", `/users/${id}`));
  return { id, email, password };
}

export const kevinAvailability = () => call("GET", "/kevin/availability");

export const changeKevin = (change) => call("PUT", "/kevin/availability", { body: change });

/** Set Kevin's availability for one test; the override that was in force before comes back after it. */
export async function setKevin(test, available) {
  const { override } = await kevinAvailability();
  test.after(() => changeKevin({ available: override?.available ?? null }));
  await changeKevin({ available });
}

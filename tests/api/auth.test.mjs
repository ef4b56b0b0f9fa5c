/* Signing in and out: passwords, the two cookies, refresh and its reuse, the throttle. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, beforeEach, describe, test } from 'node:test';
import {
  TIME,
  UUID,
  admin,
  agent,
  baseUrl,
  caller,
  cookiesOf,
  eventually,
  execute,
  expectInvalid,
  expectProblem,
  expectStatus,
  need,
  newAccount,
  nobody,
  query,
  runName,
  send,
  signIn,
  whileHeld,
} from './support.mjs';

const PASSWORD = need('VALS_ADMIN_PASSWORD');
const OURS = { origin: new URL(baseUrl).origin, 'x-requested-with': 'XMLHttpRequest' };

/* Failed attempts of these tests must not stop those of others from this address. */
const forgive = () =>
  execute("delete from vals.login_attempts where bucket like 'address %' or bucket like '%' || :'run' || '%'", {
    run: runName,
  });
beforeEach(forgive);
after(forgive);

/* A signed-in browser: its account, token and cookies. */
async function newSession(role = 'operator') {
  const account = await newAccount(role);
  const answer = expectStatus(await signIn(account.email), 200);
  return { account, token: answer.body.data.token, cookies: cookiesOf(answer) };
}

const refresh = (secret, headers = OURS) =>
  nobody.post('/api/auth/refresh', undefined, {
    ...(secret !== undefined && { cookie: `vals_refresh=${secret}` }),
    ...headers,
  });

const hashOf = (secret) => createHash('sha256').update(secret).digest('hex');

/* Let a used refresh token have been used so long ago. */
const backdate = (secret, seconds) =>
  execute(
    "update vals.refresh_tokens set used_at = used_at - make_interval(secs => :seconds) where token_hash = :'hash'",
    { seconds, hash: hashOf(secret) },
  );

function expectCookies(cookies) {
  assert.deepEqual(Object.keys(cookies).sort(), ['vals_refresh', 'vals_ws']);
  for (const [name, path] of [
    ['vals_refresh', '/api/auth'],
    ['vals_ws', '/socket.io/'],
  ]) {
    const { value, attributes } = cookies[name];
    assert.match(value, /^[A-Za-z0-9_-]{43}$/, name);
    const age = attributes.find((attribute) => attribute.startsWith('Max-Age='));
    assert.deepEqual(attributes, ['HttpOnly', age, `Path=${path}`, 'SameSite=Strict'], name);
    assert.ok(Number(age.slice(8)) > 3600, name);
  }
}

function expectCookiesGone(answer) {
  const cookies = cookiesOf(answer);
  assert.deepEqual(Object.keys(cookies).sort(), ['vals_refresh', 'vals_ws']);
  for (const { value, attributes } of Object.values(cookies)) {
    assert.equal(value, '');
    assert.ok(attributes.includes('Max-Age=0'));
  }
}

describe('signing in', () => {
  test('answers with a token that works, and who this is', async () => {
    const { id, email } = await newAccount('operator');
    const { data } = expectStatus(await signIn(email), 200).body;
    assert.deepEqual(Object.keys(data).sort(), ['expiresIn', 'token', 'tokenType', 'user']);
    assert.equal(data.tokenType, 'Bearer');
    assert.ok(Number.isInteger(data.expiresIn) && data.expiresIn > 0 && data.expiresIn <= 3600);
    assert.deepEqual(
      [data.user.id, data.user.email, data.user.role, data.user.isActive],
      [id, email, 'operator', true],
    );
    assert.match(data.user.lastLoginAt, TIME);

    const me = expectStatus(await caller(data.token).get('/api/auth/me'), 200).body.data;
    assert.deepEqual(me, data.user);
  });

  test('tells no secret of the account', async () => {
    const { email } = await newAccount('operator');
    assert.doesNotMatch((await signIn(email)).text, /argon2|password/i);
  });

  test('sets two cookies no script can read, each for its own path', async () => {
    const { token, cookies } = await newSession();
    expectCookies(cookies);
    assert.ok(!Object.values(cookies).some(({ value }) => value.includes(token) || token.includes(value)));
  });

  test('keeps only hashes of the secrets', async () => {
    const { cookies } = await newSession();
    const [{ count }] = await query(
      `select (select count(*) from vals.refresh_tokens where token_hash = :'refresh')::int
         + (select count(*) from vals.session_handles where handle_hash = :'handle')::int as count`,
      { refresh: hashOf(cookies.vals_refresh.value), handle: hashOf(cookies.vals_ws.value) },
    );
    assert.equal(count, 2);
  });

  test('does not mind capitals and blanks around the email', async () => {
    const { email } = await newAccount('operator');
    expectStatus(await signIn(`  ${email.toUpperCase()} `), 200);
  });

  test('takes a form', async () => {
    const { email } = await newAccount('operator');
    expectStatus(await nobody.post('/api/auth/login', new URLSearchParams({ email, password: PASSWORD })), 200);
  });

  test('answers a wrong password, an unknown and a disabled account alike', async () => {
    const { email } = await newAccount('operator');
    const disabled = await newAccount('operator');
    await execute("update vals.users set is_active = false where id = :'id'", { id: disabled.id });
    const answers = [
      await signIn(email, 'Wrong-Password-1!'),
      await signIn(`nobody-${runName}@example.com`),
      await signIn(disabled.email),
    ];
    for (const answer of answers) {
      expectProblem(answer, 401, 'INVALID_CREDENTIALS');
      assert.deepEqual(answer.body, {
        success: false,
        error: 'Invalid email or password',
        code: 'INVALID_CREDENTIALS',
      });
      assert.deepEqual(cookiesOf(answer), {});
    }
  });

  test('compares the password exactly', async () => {
    const { email } = await newAccount('operator');
    const wrong = [
      PASSWORD.toUpperCase(),
      PASSWORD.slice(0, -1),
      `${PASSWORD}x`,
      `${PASSWORD} `,
      ` ${PASSWORD}`,
      `${PASSWORD}\n`,
    ];
    for (const password of wrong) expectStatus(await signIn(email, password), 401);
    expectStatus(await signIn(email), 200);
  });

  test('names the fields it refuses', async () => {
    expectInvalid(await nobody.post('/api/auth/login', {}), 'email', 'password');
    expectInvalid(await nobody.post('/api/auth/login', { email: 'no email', password: '' }), 'email', 'password');
    expectInvalid(
      await nobody.post('/api/auth/login', { email: ['a@b.co'], password: { $ne: '' } }),
      'email',
      'password',
    );
    expectInvalid(await nobody.post('/api/auth/login', { email: 'a@b.co', password: 'x'.repeat(129) }), 'password');
    expectInvalid(await nobody.post('/api/auth/login', { email: 'a@b.co', password: 'x', role: 'admin' }), 'role');
  });

  test('cannot be asked by way of the query', async () => {
    const { email } = await newAccount('operator');
    expectInvalid(
      await nobody.post(`/api/auth/login?${new URLSearchParams({ email, password: PASSWORD })}`),
      'email',
      'password',
    );
  });
});

describe('the throttle', () => {
  test('stops the eleventh wrong password of an account, and the right one with it', async () => {
    const { email } = await newAccount('operator');
    for (let i = 0; i < 10; i += 1) expectStatus(await signIn(email, 'Wrong-Password-1!'), 401);
    for (const password of ['Wrong-Password-1!', PASSWORD]) {
      const answer = expectProblem(await signIn(email, password), 429, 'LOGIN_THROTTLED');
      const seconds = Number(answer.headers.get('retry-after'));
      assert.ok(Number.isInteger(seconds) && seconds > 0 && seconds <= 900, String(seconds));
      assert.deepEqual(cookiesOf(answer), {});
    }
    expectStatus(await signIn((await newAccount('operator')).email), 200);
  });

  test('counts an account nobody has just the same', async () => {
    const email = `ghost-${runName}@example.com`;
    for (let i = 0; i < 10; i += 1) expectStatus(await signIn(email), 401);
    expectProblem(await signIn(email), 429, 'LOGIN_THROTTLED');
  });

  test('is forgotten after a success', async () => {
    const { email } = await newAccount('operator');
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 6; i += 1) expectStatus(await signIn(email, 'Wrong-Password-1!'), 401);
      expectStatus(await signIn(email), 200);
    }
  });

  test('opens again after its quarter of an hour', async () => {
    const { email } = await newAccount('operator');
    for (let i = 0; i < 11; i += 1) await signIn(email, 'Wrong-Password-1!');
    expectStatus(await signIn(email), 429);
    await execute(
      "update vals.login_attempts set window_start = window_start - interval '901 seconds' where bucket like '%' || :'email'",
      { email },
    );
    expectStatus(await signIn(email), 200);
  });
});

describe('who am I', () => {
  test('answers for the agent with its key', async () => {
    const { data } = expectStatus(await agent.get('/api/auth/me'), 200).body;
    assert.equal(data.role, 'agent');
    assert.match(data.id, UUID);
    assert.doesNotMatch(JSON.stringify(data), /vals_[A-Za-z0-9_-]{43}/);
  });

  test('is 401 for an account that was disabled after it signed in', async () => {
    const { account, token } = await newSession();
    await execute("update vals.users set is_active = false where id = :'id'", { id: account.id });
    expectStatus(await caller(token).get('/api/auth/me'), 401);
  });

  test('a cookie alone is nobody', async () => {
    const { cookies } = await newSession();
    const cookie = `vals_refresh=${cookies.vals_refresh.value}; vals_ws=${cookies.vals_ws.value}`;
    expectProblem(await send('GET', '/api/auth/me', { headers: { cookie, ...OURS } }), 401, 'UNAUTHORIZED');
  });
});

describe('refreshing', () => {
  test('exchanges the cookie for a new token and new cookies', async () => {
    const { account, cookies } = await newSession();
    const answer = expectStatus(await refresh(cookies.vals_refresh.value), 200);
    const fresh = cookiesOf(answer);
    expectCookies(fresh);
    assert.notEqual(fresh.vals_refresh.value, cookies.vals_refresh.value);
    assert.notEqual(fresh.vals_ws.value, cookies.vals_ws.value);
    assert.equal(answer.body.data.user.id, account.id);
    expectStatus(await caller(answer.body.data.token).get('/api/auth/me'), 200);
    expectStatus(await refresh(fresh.vals_refresh.value), 200);
  });

  test('finds its cookie among others', async () => {
    const { cookies } = await newSession();
    const cookie = `a=b; vals_refreshing=x; xvals_refresh=y; vals_refresh=${cookies.vals_refresh.value}; z="q"`;
    expectStatus(await refresh(undefined, { ...OURS, cookie }), 200);
  });

  test('takes the role the account has today', async () => {
    const { account, cookies } = await newSession('operator');
    await execute("update vals.users set role = 'analyst' where id = :'id'", { id: account.id });
    const { data } = expectStatus(await refresh(cookies.vals_refresh.value), 200).body;
    assert.equal(data.user.role, 'analyst');
    expectStatus(await caller(data.token).post('/api/leads', {}), 403);
  });

  for (const [what, headers] of [
    ['without an Origin', { 'x-requested-with': 'XMLHttpRequest' }],
    ["with a stranger's Origin", { ...OURS, origin: 'https://evil.example' }],
    ['with the Origin null', { ...OURS, origin: 'null' }],
    ['with an Origin that begins like ours', { ...OURS, origin: `${OURS.origin}.evil.example` }],
    ['with our name under another scheme', { ...OURS, origin: OURS.origin.replace('http:', 'https:') }],
    ['without X-Requested-With', { origin: OURS.origin }],
  ])
    test(`${what} is 403 and costs nothing`, async () => {
      const { cookies } = await newSession();
      const answer = expectStatus(await refresh(cookies.vals_refresh.value, headers), 403);
      assert.deepEqual(cookiesOf(answer), {});
      expectStatus(await refresh(cookies.vals_refresh.value), 200);
    });

  test('without a cookie is 401', async () => {
    expectProblem(await refresh(undefined), 401, 'UNAUTHORIZED');
    const { token } = await newSession();
    expectStatus(await refresh(undefined, { ...OURS, authorization: `Bearer ${token}` }), 401);
  });

  for (const secret of ['', 'x', 'A'.repeat(43), "'; drop table vals.users; --", 'x'.repeat(3000)])
    test(`with the cookie ${secret.slice(0, 50) || '(empty)'} is 401, and the cookies go`, async () => {
      expectCookiesGone(expectProblem(await refresh(secret), 401, 'UNAUTHORIZED'));
    });

  test("the socket's cookie is not a refresh token", async () => {
    const { cookies } = await newSession();
    expectStatus(await refresh(cookies.vals_ws.value), 401);
  });

  test('of two tabs at once serves both', async () => {
    const { cookies } = await newSession();
    const answers = await Promise.all([1, 2].map(() => refresh(cookies.vals_refresh.value)));
    const secrets = answers.map((answer) => cookiesOf(expectStatus(answer, 200)).vals_refresh.value);
    assert.notEqual(secrets[0], secrets[1]);
    for (const secret of secrets) expectStatus(await refresh(secret), 200);
  });

  test('with a token used long ago ends the session and all that came of it', async () => {
    const { cookies } = await newSession();
    const stolen = cookies.vals_refresh.value;
    const fresh = cookiesOf(expectStatus(await refresh(stolen), 200)).vals_refresh.value;
    await backdate(stolen, 11);
    expectCookiesGone(expectProblem(await refresh(stolen), 401, 'UNAUTHORIZED'));
    expectStatus(await refresh(fresh), 401);
  });

  test("leaves the account's other sessions alone", async () => {
    const { account, cookies } = await newSession();
    const other = cookiesOf(expectStatus(await signIn(account.email), 200)).vals_refresh.value;
    await refresh(cookies.vals_refresh.value);
    await backdate(cookies.vals_refresh.value, 11);
    expectStatus(await refresh(cookies.vals_refresh.value), 401);
    expectStatus(await refresh(other), 200);
  });

  test('an expired session is over', async () => {
    const { account, cookies } = await newSession();
    await execute("update vals.sessions set expires_at = now() where user_id = :'id'", { id: account.id });
    expectStatus(await refresh(cookies.vals_refresh.value), 401);
  });

  test('a disabled account is signed out', async () => {
    const { account, cookies } = await newSession();
    await execute("update vals.users set is_active = false where id = :'id'", { id: account.id });
    expectStatus(await refresh(cookies.vals_refresh.value), 401);
  });
});

describe('signing out', () => {
  const logout = (headers) => nobody.post('/api/auth/logout', undefined, headers);

  test('by token ends the session and takes the cookies back', async () => {
    const { token, cookies } = await newSession();
    const answer = expectStatus(await logout({ authorization: `Bearer ${token}` }), 200);
    assert.deepEqual(answer.body, { success: true, data: null, message: 'Signed out' });
    expectCookiesGone(answer);
    expectStatus(await refresh(cookies.vals_refresh.value), 401);
  });

  test('by cookie ends the session, and everything that came of it', async () => {
    const { cookies } = await newSession();
    const fresh = cookiesOf(await refresh(cookies.vals_refresh.value)).vals_refresh.value;
    expectCookiesGone(expectStatus(await logout({ ...OURS, cookie: `vals_refresh=${fresh}` }), 200));
    for (const secret of [fresh, cookies.vals_refresh.value]) expectStatus(await refresh(secret), 401);
  });

  test('by cookie needs our Origin and the header', async () => {
    const { cookies } = await newSession();
    const cookie = `vals_refresh=${cookies.vals_refresh.value}`;
    expectStatus(await logout({ cookie }), 403);
    expectStatus(await logout({ cookie, ...OURS, origin: 'https://evil.example' }), 403);
    expectProblem(await logout({ cookie, origin: OURS.origin }), 403, 'HEADER_REQUIRED');
    expectStatus(await refresh(cookies.vals_refresh.value), 200);
  });

  test('twice is harmless', async () => {
    const { token } = await newSession();
    for (let i = 0; i < 2; i += 1) expectStatus(await logout({ authorization: `Bearer ${token}` }), 200);
  });

  test("leaves the account's other sessions alone", async () => {
    const { account, token } = await newSession();
    const other = cookiesOf(expectStatus(await signIn(account.email), 200)).vals_refresh.value;
    expectStatus(await logout({ authorization: `Bearer ${token}` }), 200);
    expectStatus(await refresh(other), 200);
  });

  test('of nobody is 401', async () => {
    expectProblem(await logout(OURS), 401, 'UNAUTHORIZED');
  });
});

describe('an answer with a secret', () => {
  test('is never compressed and never cached', async () => {
    const { email } = await newAccount('operator');
    const answer = await send('POST', '/api/auth/login', {
      body: { email, password: PASSWORD },
      headers: { 'accept-encoding': 'gzip' },
    });
    expectStatus(answer, 200);
    assert.equal(answer.headers.get('content-encoding'), null);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });
});

describe('what reads cookies only', () => {
  for (const path of ['/api/auth/refresh', '/api/auth/logout'])
    test(`${path} knows no member`, async () => {
      expectInvalid(await nobody.post(path, { all: true }, OURS), 'all');
    });
});

describe('a sign-in with a key at hand', () => {
  test('does not turn the key into a session', async () => {
    expectStatus(await agent.post('/api/auth/refresh', undefined, OURS), 401);
    expectStatus(await admin.post('/api/auth/refresh', undefined, OURS), 401);
  });
});

/* Another order would be a circle: each of two has what the other one needs. */
test('a sign-in that finishes takes the rows of the throttle in the order of one that begins', async () => {
  const { id, email } = await newAccount('operator');
  const buckets = ['address 192.0.2.9', `account ${email}`, `both 192.0.2.9 ${email}`];
  for (const bucket of buckets) await execute("insert into vals.login_attempts (bucket) values (:'bucket') on conflict do nothing", { bucket });
  const waiting = () => query("select pid from pg_stat_activity where query like 'select api.login_finish(%' and wait_event_type = 'Lock'");
  const isFree = async (bucket) =>
    (await query("select true from vals.login_attempts where bucket = :'bucket' for update skip locked", { bucket })).length === 1;

  let finished;
  await whileHeld(`select from vals.login_attempts where bucket = '${buckets[1]}' for update`, async () => {
    finished = whileHeld(`select api.login_finish('{"address":"192.0.2.9"}', '${id}', '${runName}r', '${runName}h', 60, null)`, () => undefined);
    await eventually(async () => (await waiting()).length > 0, 'the sign-in waits for its account');
    assert.deepEqual([await isFree(buckets[0]), await isFree(buckets[2])], [false, true]);
  });
  await finished;
});

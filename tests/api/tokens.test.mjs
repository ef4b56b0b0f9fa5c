/* Bearer tokens: what opens the door, and the many things which must not. */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  admin,
  agent,
  execute,
  expectProblem,
  expectStatus,
  need,
  query,
  runName,
  send,
  sendLines,
  signingKey,
} from './support.mjs';

const TOKEN = need('VALS_ADMIN_TOKEN');
const KEY = need('VALS_AGENT_KEY');
const [HEADER, PAYLOAD, SIGNATURE] = TOKEN.split('.');

const base64url = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));
const me = (authorization) => send('GET', '/api/auth/me', { headers: { authorization } });

async function expectRefused(token) {
  const answer = expectProblem(await me(`Bearer ${token}`), 401, 'UNAUTHORIZED');
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  expectStatus(await send('GET', '/api/leads', { headers: { authorization: `Bearer ${token}` } }), 401);
}

/* ---- with the installation's own key: tokens that are signed, and wrong all the same ---- */

const key = signingKey();
const withoutKey = key ? false : 'needs the keys of this installation: JWT_KEYS_DIR, VALS_API_SOCKET or VALS_STATE';

const hmac = (text, secret = key.secret, hash = 'sha256') => createHmac(hash, secret).update(text).digest('base64url');

/* A token of ours with these changes; text is taken as the JSON it shall be. */
function signed({ header = {}, payload = {}, hash } = {}) {
  const head = typeof header === 'string' ? header : { alg: 'HS256', kid: key.kid, typ: 'JWT', ...header };
  const body = typeof payload === 'string' ? payload : { ...decoded(PAYLOAD), ...payload };
  const text = `${base64url(head)}.${base64url(body)}`;
  return `${text}.${hmac(text, key.secret, hash)}`;
}

const now = () => Math.floor(Date.now() / 1000);

describe('a token', () => {
  test('opens the door, under any spelling of Bearer', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) expectStatus(await me(`${scheme} ${TOKEN}`), 200);
  });

  test('names its key and says nothing secret', () => {
    const header = decoded(HEADER);
    assert.deepEqual([header.alg, header.typ, typeof header.kid], ['HS256', 'JWT', 'string']);
    assert.doesNotMatch(JSON.stringify(decoded(PAYLOAD)), /@|argon2|password/i);
  });
});

describe('the header Authorization', () => {
  for (const value of [
    'Basic YWRtaW46YWRtaW4=',
    'Bearer',
    'Token abc',
    TOKEN,
    `Bearer${TOKEN}`,
    `Bearer\t${TOKEN}`,
    `Bearer ${TOKEN} x`,
    `Bearer ${TOKEN},`,
    `Bearer "${TOKEN}"`,
  ])
    test(`${value.replace(TOKEN, '<token>').replace('\t', '<tab>')} is 401`, async () => {
      expectProblem(await me(value), 401, 'UNAUTHORIZED');
    });

  test('that comes twice is refused, whichever of the two is right', async () => {
    for (const [first, second] of [
      [TOKEN, TOKEN],
      [TOKEN, 'x'],
      ['x', TOKEN],
      [TOKEN, KEY],
    ]) {
      const answer = await sendLines('GET /api/auth/me', [
        `Authorization: Bearer ${first}`,
        `Authorization: Bearer ${second}`,
      ]);
      assert.ok([400, 401].includes(answer.status), answer.text);
    }
  });

  test('is the only way in: neither query nor body nor cookie carries a token', async () => {
    expectStatus(await send('GET', `/api/leads?token=${TOKEN}&access_token=${TOKEN}`), 401);
    expectStatus(await send('GET', '/api/leads', { headers: { cookie: `token=${TOKEN}`, 'x-api-key': KEY } }), 401);
    expectStatus(await send('POST', '/api/leads', { body: { token: TOKEN } }), 401);
  });
});

describe('a token that was tampered with', () => {
  const flipped = (part, at) => part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1);
  const bad = {
    'without a signature': `${HEADER}.${PAYLOAD}.`,
    'with two parts': `${HEADER}.${PAYLOAD}`,
    'with four parts': `${TOKEN}.${SIGNATURE}`,
    'with one part': HEADER,
    'of dots': '..',
    'with an empty header': `.${PAYLOAD}.${SIGNATURE}`,
    'with an empty payload': `${HEADER}..${SIGNATURE}`,
    'with padding': `${TOKEN}=`,
    'with padding in a part': `${HEADER}=.${PAYLOAD}.${SIGNATURE}`,
    'with a bit of the signature flipped': `${HEADER}.${PAYLOAD}.${flipped(SIGNATURE, 5)}`,
    'with a bit of the payload flipped': `${HEADER}.${flipped(PAYLOAD, 9)}.${SIGNATURE}`,
    'with a shorter signature': TOKEN.slice(0, -4),
    'with characters outside base64url': `${HEADER}.${PAYLOAD}.${SIGNATURE.slice(0, -2)}+/`,
    'with a blank inside': `${HEADER}. ${PAYLOAD}.${SIGNATURE}`,
    'that claims another role': `${HEADER}.${base64url({ ...decoded(PAYLOAD), role: 'kevin' })}.${SIGNATURE}`,
    'that is not JSON': `${base64url('{')}.${PAYLOAD}.${SIGNATURE}`,
    'whose header is a list': `${base64url('[]')}.${PAYLOAD}.${SIGNATURE}`,
    'with alg none': `${base64url({ alg: 'none', typ: 'JWT' })}.${PAYLOAD}.`,
    'with alg none and our key id': `${base64url({ ...decoded(HEADER), alg: 'none' })}.${PAYLOAD}.${SIGNATURE}`,
    'with alg NonE': `${base64url({ ...decoded(HEADER), alg: 'NonE' })}.${PAYLOAD}.`,
    'with alg RS256': `${base64url({ ...decoded(HEADER), alg: 'RS256' })}.${PAYLOAD}.${SIGNATURE}`,
    'with an unknown key id': `${base64url({ ...decoded(HEADER), kid: 'unknown' })}.${PAYLOAD}.${SIGNATURE}`,
    'with a path for key id': `${base64url({ ...decoded(HEADER), kid: '../../../../dev/null' })}.${PAYLOAD}.${SIGNATURE}`,
    'with SQL for key id': `${base64url({ ...decoded(HEADER), kid: "' or ''='" })}.${PAYLOAD}.${SIGNATURE}`,
    'without a key id': `${base64url({ alg: 'HS256', typ: 'JWT' })}.${PAYLOAD}.${SIGNATURE}`,
    'of 5 kB': `${HEADER}.${base64url({ ...decoded(PAYLOAD), filler: 'x'.repeat(3700) })}.${SIGNATURE}`,
    'of 5 kB without a dot': 'x'.repeat(5000),
    'of 15 kB': 'x'.repeat(15_000),
  };
  for (const [what, token] of Object.entries(bad)) test(`${what} is 401`, () => expectRefused(token));

  /* The last character of 32 bytes in base64url has two bits of no meaning. */
  test('with another spelling of the same signature is 401', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(SIGNATURE.slice(-1)) ^ 1];
    const other = SIGNATURE.slice(0, -1) + last;
    assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(SIGNATURE, 'base64url'));
    await expectRefused(`${HEADER}.${PAYLOAD}.${other}`);
  });
});

describe('a token signed with our own key', { skip: withoutKey }, () => {
  test('is accepted if all else is right', async () => {
    expectStatus(await me(`Bearer ${signed()}`), 200);
    expectStatus(await me(`Bearer ${signed({ header: { typ: 'at+jwt' } })}`), 200);
  });

  const without = (name) => JSON.stringify(decoded(PAYLOAD), (member, value) => (member === name ? undefined : value));
  const twice = (json, name, value) => json.replace('{', `{"${name}":${JSON.stringify(value)},`);
  const bad = () => ({
    'has expired': { payload: { exp: now() - 1 } },
    'expired long ago': { payload: { iat: now() - 9000, nbf: now() - 9000, exp: now() - 8000 } },
    'is not valid yet': { payload: { nbf: now() + 3600 } },
    'was issued tomorrow': { payload: { iat: now() + 86_400 } },
    'never expires': { payload: without('exp') },
    'has a text for exp': { payload: { exp: String(now() + 60) } },
    'has a fraction for exp': { payload: { exp: now() + 60.5 } },
    'has an exp beyond all numbers': {
      payload: JSON.stringify(decoded(PAYLOAD)).replace(/"exp":\d+/, '"exp":99999999999999999999'),
    },
    'is of another issuer': { payload: { iss: 'evil' } },
    'is of no issuer': { payload: without('iss') },
    'is for another audience': { payload: { aud: 'other' } },
    'is for several audiences': { payload: { aud: ['vals', 'other'] } },
    'has no subject': { payload: without('sub') },
    'has no role': { payload: without('role') },
    'has a list for role': { payload: { role: ['admin'] } },
    'says its role twice': { payload: twice(JSON.stringify(decoded(PAYLOAD)), 'role', 'analyst') },
    'says its alg twice': { header: twice(JSON.stringify({ alg: 'HS256', kid: key.kid, typ: 'JWT' }), 'alg', 'none') },
    'has alg HS384': { header: { alg: 'HS384' }, hash: 'sha384' },
    'has alg HS512': { header: { alg: 'HS512' }, hash: 'sha512' },
    'has no typ': { header: { typ: undefined } },
    'is of another typ': { header: { typ: 'JWE' } },
    'has crit': { header: { crit: ['exp'] } },
    'brings its own key': { header: { jwk: { kty: 'oct', k: 'AAAA' } } },
    'names a key elsewhere': { header: { jku: 'http://127.0.0.1:1/keys' } },
    'has a list for payload': { payload: '[]' },
    'has bad JSON for payload': { payload: "{'sub':1}" },
  });
  for (const [what, changes] of Object.entries(key ? bad() : {}))
    test(`${what} is 401`, () => expectRefused(signed(changes)));

  test('but with the secret spelled as text is 401', async () => {
    const text = `${HEADER}.${PAYLOAD}`;
    await expectRefused(`${text}.${hmac(text, key.secret.toString('base64url'))}`);
    await expectRefused(`${text}.${hmac(text, '')}`);
  });

  test('of a role nobody has may do nothing', async () => {
    for (const role of ['root', 'ADMIN', 'admin ', 'nobody'])
      expectStatus(await send('POST', '/api/leads', { token: signed({ payload: { role } }), body: {} }), 403);
  });
});

describe('an API key', () => {
  test('that nobody has is 401', async () => {
    for (const token of [
      `vals_${'A'.repeat(43)}`,
      `${KEY.slice(0, -1)}${KEY.endsWith('A') ? 'B' : 'A'}`,
      KEY.toUpperCase(),
      `${KEY}x`,
      KEY.slice(0, -1),
      'vals_',
    ])
      await expectRefused(token);
  });

  async function newKey(more = 'null') {
    const token = `vals_${randomBytes(32).toString('base64url')}`;
    await query(
      `insert into vals.api_keys (name, key_hash, key_prefix, expires_at)
      values ('api-test ' || :'run', encode(sha256(:'key'), 'hex'), left(:'key', 12), ${more}) returning id`,
      { run: runName, key: token },
    );
    return token;
  }
  const forget = () => execute("delete from vals.api_keys where name = 'api-test ' || :'run'", { run: runName });

  test('works at once, and no more once it has expired', async () => {
    expectStatus(await me(`Bearer ${await newKey()}`), 200);
    await expectRefused(await newKey("now() - interval '1 second'"));
    await forget();
  });

  test('that is revoked stops within ten seconds', async () => {
    const token = await newKey();
    expectStatus(await me(`Bearer ${token}`), 200);
    await execute("update vals.api_keys set revoked_at = now() where name = 'api-test ' || :'run'", { run: runName });
    const end = Date.now() + 10_000;
    /* Every worker may remember it for a moment; all have forgotten it when twenty in a row have. */
    for (let refusals = 0; refusals < 20;) {
      const isOver = Date.now() > end;
      const answers = await Promise.all(Array.from({ length: 20 }, () => send('GET', '/api/leads?limit=1', { token })));
      refusals = answers.filter(({ status }) => status === 401).length;
      assert.ok(refusals === 20 || !isOver, 'still accepted after ten seconds');
    }
    await forget();
  });

  test('is not a user', async () => {
    expectStatus(await agent.post('/api/auth/logout'), 401);
    expectStatus(await admin.get('/api/auth/me'), 200);
  });
});

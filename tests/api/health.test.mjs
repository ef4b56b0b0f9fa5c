/* Is it alive, can it serve: for supervisors, balancers and people, without a token. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admin, agent, expectStatus, nobody, send } from './support.mjs';

const bare = (path, options) => send('GET', path, { isBare: true, ...options });

describe('health', () => {
  test('/healthz answers without a token, outside the envelope', async () => {
    const answer = expectStatus(await bare('/healthz'), 200);
    assert.deepEqual(answer.body, { status: 'ok' });
    assert.match(answer.headers.get('content-type'), /^application\/json/);
  });

  test('/readyz tells each check', async () => {
    const { body } = expectStatus(await bare('/readyz'), 200);
    assert.equal(body.status, 'ready');
    assert.ok(Object.keys(body.checks).length > 0);
  });

  test('/api/health is /readyz in the envelope, for everybody', async () => {
    const { body } = await bare('/readyz');
    for (const somebody of [nobody, admin, agent]) {
      const { data } = expectStatus(await somebody.get('/api/health'), 200).body;
      assert.equal(data.status, 'ready');
      assert.deepEqual(Object.keys(data.checks), Object.keys(body.checks));
    }
  });

  test('is not cached', async () => {
    for (const path of ['/healthz', '/readyz', '/api/health'])
      assert.match((await bare(path)).headers.get('cache-control') ?? '', /no-store|no-cache/, path);
  });

  test('ignores queries', async () => {
    expectStatus(await bare('/healthz?x=%ff&y[=1'), 200);
    expectStatus(await nobody.get('/api/health?x=%ff&y[=1'), 200);
  });
});

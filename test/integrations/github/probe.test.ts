// The doctor's look at GitHub, through the real SDK against a simulated GitHub.
import { createEmulator } from 'emulate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGitHub } from '#integrations/github/index.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

let github: { url: string; close(): Promise<void> };
beforeAll(async () => {
  github = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      github: {
        users: [{ login: 'throughline', name: 'Throughline' }],
        repos: [{ owner: 'throughline', name: 'shop', auto_init: true }],
        tokens: [{ token: 'ghp_test', login: 'throughline' }],
      },
    },
  });
});
afterAll(() => github?.close());

const connect = (apiUrl: string, repository: string) =>
  createGitHub(
    { apiUrl, repository, auth: { kind: 'token', token: 'ghp_test' } },
    { clock: systemClock, log: quietLog, telemetry: quietTelemetry, fetch: systemFetch },
  );

it('names the repository and its default branch', async () => {
  const probe = await connect(github.url, 'throughline/shop').probe();
  expect(probe).toEqual({ ok: true, detail: 'throughline/shop, default branch main' });
});

it('says what to do when there is no such repository, and when nobody answers', async () => {
  const missing = await connect(github.url, 'throughline/nothing').probe();
  expect(missing).toMatchObject({
    ok: false,
    detail: expect.stringContaining('no such repository'),
    fix: expect.stringContaining('GITHUB_REPOSITORY'),
  });
  const away = await connect('http://127.0.0.1:9', 'throughline/shop').probe();
  expect(away).toMatchObject({ ok: false, detail: expect.stringContaining('does not answer') });
});

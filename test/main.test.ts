// The door, as a process: what it says and how it ends, for every way to come in and every way to leave.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Running, runCommand, startCommand } from '#test/support/command.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { scratchFolder } from '#test/support/scratch.ts';
import { startWorld, type World } from '#test/support/world.ts';

const MAIN = 'src/main.ts';
const READY = /Throughline is ready at (http:\S+)/;
// What an orchestrator grants before it kills.
const STOP_MS = 10_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(await scratchFolder(), 'throughline-main-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts the bot and waits until it says that it is ready. */
async function ready(env: Record<string, string>): Promise<Running & { url: string }> {
  const running = startCommand(MAIN, [], env);
  started.push(running);
  const said = await running.says(READY);
  return { ...running, url: READY.exec(said)![1]! };
}
const started: Running[] = [];
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

async function stop({ child, ended }: Running): Promise<{ code: number | null; ms: number }> {
  const from = performance.now();
  child.kill('SIGTERM');
  const { code } = await ended;
  return { code, ms: performance.now() - from };
}

describe('with a configuration that is wrong', () => {
  it('lists every problem with its fix, and starts nothing', async () => {
    const { code, out, err } = await runCommand(MAIN, [], {
      PORT: 'eighty',
      SLACK_BOT_TOKEN: 'xoxp-not-a-bot',
      ZENDESK_BASE_URL: 'acme.zendesk.com',
      MASTER_KEY: 'short',
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('The configuration has 4 problems:');
    for (const name of ['PORT', 'SLACK_BOT_TOKEN', 'ZENDESK_BASE_URL', 'MASTER_KEY'])
      expect(err).toMatch(new RegExp(`^ {2}${name} .+\\n {6}.+Example:`, 'm'));
    expect(err).not.toContain('xoxp-not-a-bot');
  });

  it('gives the doctor’s advice when there are credentials, but none of Slack', async () => {
    const { code, out, err } = await runCommand(MAIN, [], {
      LINEAR_API_KEY: 'lin_api_some_key',
      LINEAR_API_URL: 'http://127.0.0.1:9/graphql',
      DATA_DIR: folder,
    });
    expect(code).toBe(1);
    expect(out).toContain('Throughline doctor');
    expect(out).toMatch(/off +Slack +Without it, there is no bot/);
    expect(out).toMatch(/FAILED +Linear/);
    expect(err).toBe('Throughline needs Slack to start. Without any credential, npm start opens the sandbox.\n');
  });

  it('says that the database cannot be reached, and who looks further', async () => {
    const { code, out, err } = await runCommand(MAIN, [], {
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: '12345678',
      DATABASE_URL: 'postgres://ana:secret-word@nowhere.invalid/none',
      DATA_DIR: folder,
      LOG_LEVEL: 'silent',
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'Throughline could not start. The database cannot be reached right now. npm run doctor looks at every connection.\n',
    );
  });
});

describe('the bot', { timeout: 60_000 }, () => {
  let world: World;
  let database: TestDatabase;
  let env: Record<string, string>;
  beforeAll(async () => {
    [world, database] = await Promise.all([startWorld(), createTestDatabase()]);
    env = { ...world.env, DATABASE_URL: database.url, DATA_DIR: folder };
  });
  afterAll(async () => {
    await world?.close();
    await database?.drop();
  });

  it('drains on SIGTERM and ends with 0 within ten seconds, and what was under way is there at the next start', async () => {
    const bot = await ready(env);
    expect((await fetch(`${bot.url}/healthz`)).status).toBe(200);
    const post = (base: string, id: number) =>
      fetch(`${base}/api/v1/signals`, {
        method: 'POST',
        headers: { authorization: `Bearer ${env.API_TOKEN}` },
        body: JSON.stringify({ id: `report-${id}`, text: `The CSV export fails with error 500, case ${id}` }),
      });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, id) => post(bot.url, id)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    const { code, ms } = await stop(bot);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);

    const next = await ready(env);
    const traced = async () => {
      const headers = { authorization: `Bearer ${env.API_TOKEN}`, accept: 'application/json' };
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, id) => fetch(`${next.url}/lineage/api:report-${id}`, { headers })),
      );
      return replies.filter(({ status }) => status === 200).length;
    };
    await expect.poll(traced, { timeout: 20_000, interval: 100 }).toBe(40);
    expect(await stop(next)).toMatchObject({ code: 0 });
  });

  it('ends in time although another system never answers', async () => {
    const silent = createServer();
    const asked = once(silent, 'request');
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const bot = await ready({ ...env, LINEAR_API_URL: `http://127.0.0.1:${port}/graphql` });
      await asked;
      const { code, ms } = await stop(bot);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(STOP_MS);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('ends in time although it has not finished starting', async () => {
    world.slack.faults.next('auth.test', { kind: 'hang' });
    const bot = startCommand(MAIN, [], env);
    started.push(bot);
    await expect.poll(() => world.slack.faults.unused(), { timeout: 20_000 }).toEqual([]);
    const { code, ms } = await stop(bot);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);
    expect((await bot.ended).out).not.toContain('ready');
  });

  it('gives way at once to the second signal', async () => {
    world.slack.faults.next('auth.test', { kind: 'hang' });
    const bot = startCommand(MAIN, [], env);
    started.push(bot);
    await expect.poll(() => world.slack.faults.unused(), { timeout: 20_000 }).toEqual([]);
    bot.child.kill('SIGINT');
    // Two equal signals that come together are one.
    const again = setInterval(() => bot.child.kill('SIGINT'), 50);
    const { code } = await bot.ended;
    clearInterval(again);
    expect(code).toBe(1);
  });

  it('refuses to share its folder, and its port, in one clear sentence', async () => {
    const { DATABASE_URL: _none, ...own } = env;
    const first = await ready({ ...own, DATA_DIR: join(folder, 'shared') });
    const second = await runCommand(MAIN, [], { ...own, DATA_DIR: join(folder, 'shared') });
    expect({ code: second.code, out: second.out }).toEqual({ code: 1, out: '' });
    expect(second.err).toMatch(
      /^Throughline could not start\. Another Throughline \(process \d+\) is using \S+shared: stop it, or set DATA_DIR to a directory of its own\.\n$/,
    );
    const { port } = new URL(first.url);
    const third = await runCommand(MAIN, [], { ...env, PORT: port });
    expect({ code: third.code, err: third.err }).toEqual({
      code: 1,
      err: `Throughline could not start. Port ${port} is taken. Set PORT to another one.\n`,
    });
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect(await stop(first)).toMatchObject({ code: 0 });
  });
});

describe('the scripts', () => {
  const ROOT = join(import.meta.dirname, '..');
  it.each(['start', 'doctor', 'import', 'settings'])(
    'npm run %s reads the .env file of the folder, if there is one',
    async (name) => {
      const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      };
      await writeFile(join(folder, '.env'), '# A comment\nPORT=from the file\nMODEL=\n');
      const more = { start: '--fresh', doctor: '', import: 'any.csv', settings: 'list' }[name]!;
      // As npm runs it: by the shell, here in another folder than the project's.
      const line = scripts[name]!.replace(/^node /, `"${process.execPath}" `).replace(' src/', ` ${ROOT}/src/`);
      const { code, err } = await new Promise<{ code: number | null; err: string }>((resolve) => {
        execFile(
          'sh',
          ['-c', `${line} ${more}`],
          { cwd: folder, env: { PATH: process.env.PATH } },
          (error, _out, stderr) => resolve({ code: error ? Number(error.code) : 0, err: stderr }),
        );
      });
      expect(code).toBe(1);
      expect(err).toContain('PORT must be a number');
    },
  );
});

// The doctor asks real clients, which ask simulated systems: what answers, what fails, and what is not there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor, examine, type Finding, probeDatabase, report } from '#src/ops/doctor.ts';
import { createSlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { systemClock } from '#src/system.ts';
import { runCommand, runHere } from '#test/support/command.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { startModelServer } from '#test/support/model-server.ts';
import { configOf, startWorld, type World } from '#test/support/world.ts';

let world: World;
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  [world, database, folder] = await Promise.all([
    startWorld(),
    createTestDatabase(),
    mkdtemp(join(tmpdir(), 'throughline-doctor-')),
  ]);
  env = { ...world.env, DATABASE_URL: database.url, DATA_DIR: folder };
});
afterAll(async () => {
  await Promise.all([world?.close(), database?.drop(), rm(folder, { recursive: true, force: true })]);
});

const examined = (changes: Record<string, string> = {}) => runHere(doctor, { ...env, ...changes });

/** The names under a mark, in order. */
const marked = (out: string, mark: string) =>
  out
    .split('\n')
    .filter((line) => line.startsWith(`  ${mark} `))
    .map((line) => line.slice(10).split('  ')[0]!.trim());

describe('a configuration', () => {
  it('is well when every connection answers: each is named with who we are there', async () => {
    const { code, out, err } = await runCommand('src/ops/doctor.ts', [], env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(marked(out, 'ok')).toEqual(['Slack', 'Linear', 'Zendesk', 'Database']);
    expect(marked(out, 'FAILED')).toEqual([]);
    expect(marked(out, 'off')).toEqual(['GitHub', 'Public address', 'Model']);
    expect(out).toContain('Acme as <U');
    expect(out).toMatch(/Database +PostgreSQL 18/);
    expect(out.trimEnd().split('\n').at(-1)).toBe('Everything that is set up answers.');
  });

  it('names each optional scope that is missing, with what it switches on, and is well all the same', async () => {
    const slack = createSlackSimulator({
      clock: systemClock,
      signingSecret: 'a-signing-secret',
      botToken: 'xoxb-few-scopes',
      scopes: [
        'channels:history',
        'channels:read',
        'chat:write',
        'commands',
        'im:history',
        'reactions:read',
        'usergroups:read',
        'users:read',
      ],
      seed: { users: [{ name: 'ana' }], channels: [{ name: 'support', members: ['ana', 'throughline'] }] },
    });
    await slack.start();
    const { code, out } = await examined({
      SLACK_BOT_TOKEN: 'xoxb-few-scopes',
      SLACK_API_URL: slack.url,
      SUPPORT_CHANNELS: 'support',
      INSIGHTS_CHANNEL: 'support',
      STAFF: '',
    });
    await slack.close();
    expect(code).toBe(0);
    expect(marked(out, 'ok')).toContain('Slack');
    expect(marked(out, 'off')).toContain('Slack, optional');
    const words = out.replaceAll(/\s+/g, ' ');
    expect(words).toContain('private channels (groups:history, groups:read)');
    expect(words).toContain('questions and captures by mentioning the bot (app_mentions:read)');
    expect(words).not.toContain('im:history');
    expect(words).toContain('docs/slack-permissions.md says what each is for');
  });

  it('is not well when one fails, and the others are told all the same', async () => {
    const { code, out } = await examined({ LINEAR_API_KEY: 'lin_api_wrong_one', INSIGHTS_CHANNEL: 'nowhere' });
    expect(code).toBe(1);
    expect(marked(out, 'FAILED')).toEqual(['Slack', 'Linear']);
    expect(marked(out, 'ok')).toEqual(['Zendesk', 'Database']);
    expect(out).toContain('no channel is called nowhere');
    expect(out).toMatch(/FAILED +Linear +Linear does not accept the token/);
    expect(out).toContain('2 connections fail.');
  });

  it('is told with its database when that cannot be reached', async () => {
    const { code, out } = await examined({ DATABASE_URL: 'postgres://ana:very-secret%21@localhost:1/none' });
    expect(code).toBe(1);
    expect(marked(out, 'FAILED')).toEqual(['Database']);
    expect(out).toContain('ECONNREFUSED');
    expect(out).toContain('Check DATABASE_URL');
    expect(out).not.toContain('very-secret');
  });

  it('names each missing part with what it switches off and how to get it', async () => {
    const { code, out } = await runHere(doctor, { DATA_DIR: folder });
    expect(code).toBe(0);
    expect(marked(out, 'off')).toEqual([
      'Slack',
      'Linear',
      'Zendesk',
      'GitHub',
      'Public address',
      'API token',
      'Master key',
      'Model',
    ]);
    expect(out).toMatch(/Slack +Without it, there is no bot[\s\S]+manifest\.yml[\s\S]+SLACK_BOT_TOKEN/);
    expect(out).toContain('Without it, issues carry no lineage link');
    expect(out).toMatch(/Linear +Without it, cards have no File button[\s\S]+LINEAR_API_KEY/);
    expect(out).toMatch(/Zendesk +Without it, tickets are not read[\s\S]+ZENDESK_CLIENT_SECRET/);
    expect(out).toContain('npm start opens the sandbox');

    const half = await examined({
      SLACK_SIGNING_SECRET: '',
      SUPPORT_CHANNELS: '',
      INSIGHTS_CHANNEL: '',
      STAFF: '',
      LINEAR_WEBHOOK_SECRET: '',
      ZENDESK_WEBHOOK_SECRET: '',
    });
    expect(half.code).toBe(0);
    expect(marked(half.out, 'off').slice(0, 6)).toEqual([
      'Slack events',
      'Support channels',
      'Insights channel',
      'Staff',
      'Linear webhooks',
      'Zendesk webhooks',
    ]);
    expect(half.out).toMatch(/Linear webhooks +Without them, completed issues are noticed by polling/);
  });

  it('that cannot be read is answered with all of its problems', async () => {
    const { code, out, err } = await runHere(doctor, { PORT: 'many', SLACK_BOT_TOKEN: 'wrong-token' });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('2 problems');
    expect(err).not.toContain('wrong-token');
  });
});

describe('a secret', () => {
  it('is printed nowhere, whatever fails and whoever repeats it', async () => {
    const secrets = {
      SLACK_BOT_TOKEN: 'xoxb-hidden-slack-token',
      LINEAR_API_KEY: 'lin_hidden_linear_key',
      ZENDESK_CLIENT_SECRET: 'hidden-zendesk-secret',
      DATABASE_URL: 'postgres://ana:hidden-password@127.0.0.1:1/none',
      API_TOKEN: 'hidden-api-token-hidden',
    };
    const { code, out, err } = await examined(secrets);
    expect(code).toBe(1);
    expect(marked(out, 'FAILED')).toEqual(['Slack', 'Linear', 'Zendesk', 'Database']);
    expect(out + err).not.toMatch(/hidden[-_]/);

    const repeated = await examine(configOf({ ...env, ...secrets }), [
      {
        what: 'A',
        probe: async () => ({ ok: false, detail: 'refused: lin_hidden_linear_key', fix: 'Not hidden-password!' }),
      },
      { what: 'B', probe: () => Promise.reject(new Error('GET https://x.example/?token=xoxb-hidden-slack-token')) },
    ]);
    expect(repeated.slice(0, 2)).toEqual([
      { what: 'A', state: 'failed', detail: '(hidden)', fix: 'Not (hidden)!' },
      { what: 'B', state: 'failed', detail: 'Error: GET https://x.example/?token=(hidden)', fix: null },
    ]);
  });
});

describe('a connection', () => {
  it('that hangs or breaks has failed, and hides no other', async () => {
    const findings = await examine(
      configOf({}),
      [
        { what: 'silent', probe: () => new Promise(() => {}) },
        {
          what: 'broken',
          probe: () => Promise.reject(new AggregateError([new Error('no IPv6'), new Error('no IPv4')], '')),
        },
        { what: 'fine', probe: async () => ({ ok: true, detail: 'here' }) },
      ],
      20,
    );
    expect(findings.slice(0, 3).map(({ what, state, detail }) => `${what} ${state}: ${detail}`)).toEqual([
      'silent failed: No answer within 0.02 s.',
      'broken failed: no IPv6; no IPv4',
      'fine ok: here',
    ]);
  });

  it('to a model is asked too, with the provider’s own key', async () => {
    const model = await startModelServer();
    try {
      const settings = { MODEL: 'openai:tiny', MODEL_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'sk-hidden-model-key' };
      model.script({ call: { title: 'The export stops', claim: 'Customers cannot export.' } }, { status: 401 });
      const well = await examined(settings);
      expect(well.code).toBe(0);
      expect(well.out).toMatch(/ok +Model +openai:tiny answers/);
      const ill = await examined(settings);
      expect(ill.code).toBe(1);
      expect(ill.out).toMatch(/FAILED +Model +openai:tiny refused the key[\s\S]+OPENAI_API_KEY/);
      expect(ill.out).not.toContain('sk-hidden');
    } finally {
      await model.close();
    }
  });

  it('by Socket Mode is asked for a socket', async () => {
    const slack = createSlackSimulator({
      clock: systemClock,
      signingSecret: 'not used here',
      botToken: 'xoxb-socket',
      appToken: 'xapp-socket',
      seed: { team: { name: 'Acme', domain: 'acme' }, users: [], channels: [] },
    });
    await slack.start();
    try {
      const socket = { SLACK_BOT_TOKEN: 'xoxb-socket', SLACK_SIGNING_SECRET: '', SLACK_API_URL: slack.url };
      const quiet = { SUPPORT_CHANNELS: '', INSIGHTS_CHANNEL: '', STAFF: '' };
      const well = await examined({ ...socket, ...quiet, SLACK_APP_TOKEN: 'xapp-socket' });
      expect(well.code).toBe(0);
      expect(well.out).toMatch(/ok +Slack Socket Mode +events come through a socket/);
      const ill = await examined({ ...socket, ...quiet, SLACK_APP_TOKEN: 'xapp-other' });
      expect(ill.code).toBe(1);
      expect(marked(ill.out, 'FAILED')).toEqual(['Slack Socket Mode']);
      expect(ill.out).toContain('connections:write');
    } finally {
      await slack.close();
    }
  });

  it('to a database of our own is fine when it could be made, and failed where nothing can be written', async () => {
    const at = (DATA_DIR: string) => probeDatabase(configOf({ DATA_DIR }), null);
    expect(await at(join(folder, 'not', 'yet'))).toMatchObject({ ok: true });
    await writeFile(join(folder, 'file'), '');
    const refused = await at(join(folder, 'file', 'below'));
    expect(refused).toMatchObject({ ok: false, fix: expect.stringContaining('DATA_DIR') });
  });
});

describe('the report', () => {
  const findings: Finding[] = [
    { what: 'Slack', state: 'ok', detail: 'Acme as <U1>', fix: null },
    { what: 'Zendesk', state: 'failed', detail: 'Nobody answers there.', fix: 'Look '.repeat(40).trim() },
    {
      what: 'Linear webhooks',
      state: 'off',
      detail: 'Without them, nothing is heard.',
      fix: 'Set LINEAR_WEBHOOK_SECRET.',
    },
  ];

  it.each([80, 120])('is tidy on %i columns: no line is wider, and every text begins below the first', (columns) => {
    const lines = report(findings, columns).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    const start = lines.find((line) => line.includes('Acme'))!.indexOf('Acme');
    const texts = lines.filter((line) => line.startsWith('  '));
    expect(texts.every((line) => line[start] !== ' ' && line.slice(start - 2, start) === '  ')).toBe(true);
  });

  it('begins with what fails', () => {
    expect(marked(report(findings), 'FAILED')).toEqual(['Zendesk']);
    expect(report(findings).indexOf('FAILED')).toBeLessThan(report(findings).indexOf('ok '));
  });
});

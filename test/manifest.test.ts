// manifest.yml against the code: what it promises to Slack is what we handle, and what we need is what it asks for.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createSlackApp } from '#integrations/slack/app.ts';
import { COMMANDS, listenToCommands } from '#integrations/slack/commands/index.ts';
import { EVENTS } from '#integrations/slack/events.ts';
import { listenToAdministration } from '#integrations/slack/listeners/administration.ts';
import { listenToCaptures } from '#integrations/slack/listeners/capture.ts';
import { listenToCards } from '#integrations/slack/listeners/card.ts';
import { listenToHome } from '#integrations/slack/listeners/home.ts';
import { listenToWhy } from '#integrations/slack/listeners/why.ts';
import { CORE_SCOPES, OPTIONAL_SCOPES } from '#integrations/slack/probe.ts';
import { manifestFor } from '#src/ops/manifest.ts';
import { methodTable } from '#src/sandbox/slack/methods/table.ts';
import type { Views } from '#src/sandbox/slack/views.ts';
import { quietLog } from '#test/support/quiet.ts';

interface Manifest {
  features: {
    shortcuts: { type: string; callback_id: string; name: string }[];
    slash_commands: { command: string; url: string; usage_hint: string; should_escape: boolean }[];
  };
  oauth_config: { scopes: { bot: string[]; bot_optional: string[] } };
  settings: {
    event_subscriptions: { request_url: string; bot_events: string[] };
    interactivity: { is_enabled: boolean; request_url: string };
  };
}

const manifest = parse(readFileSync(new URL('../manifest.yml', import.meta.url), 'utf8')) as Manifest;
const { bot, bot_optional: optional } = manifest.oauth_config.scopes;

// The scope that Slack wants for each event; it delivers nothing without it.
const EVENT_SCOPES: Record<(typeof EVENTS)[number], string | null> = {
  // About the app itself: no scope.
  app_home_opened: null,
  app_mention: 'app_mentions:read',
  channel_rename: 'channels:read',
  channel_shared: 'channels:read',
  channel_unshared: 'channels:read',
  group_rename: 'groups:read',
  member_joined_channel: 'channels:read',
  member_left_channel: 'channels:read',
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  'message.im': 'im:history',
  reaction_added: 'reactions:read',
  reaction_removed: 'reactions:read',
  subteam_members_changed: 'usergroups:read',
};

function listens() {
  const unused = async (): Promise<never> => {
    throw new Error('nothing is asked here');
  };
  const app = createSlackApp({
    token: 'xoxb-nobody',
    apiUrl: 'http://127.0.0.1:9/api/',
    fetch: unused,
    people: { personOf: unused },
    outbound: { tell: unused },
    log: quietLog,
  });
  // Hanging up listeners asks nobody anything, so that empty dependencies are enough to see what is listened to.
  listenToCards(app, {} as Parameters<typeof listenToCards>[1]);
  listenToCaptures(app, {} as Parameters<typeof listenToCaptures>[1]);
  listenToWhy(app, {} as Parameters<typeof listenToWhy>[1]);
  listenToHome(app, {} as Parameters<typeof listenToHome>[1]);
  listenToAdministration(app, {} as Parameters<typeof listenToAdministration>[1]);
  listenToCommands(app, {} as Parameters<typeof listenToCommands>[1]);
  return app.listens;
}

function methodsCalled(): string[] {
  const source = readFileSync(new URL('../integrations/slack/client.ts', import.meta.url), 'utf8');
  return [...new Set([...source.matchAll(/\bweb\.((?:\w+\.)+\w+)\(/g)].map((match) => match[1]!))];
}

describe('manifest.yml', () => {
  it('names every command and shortcut that we listen to, and no other', () => {
    const { commands, shortcuts } = listens();
    expect(new Set(manifest.features.slash_commands.map(({ command }) => command))).toEqual(commands);
    expect(new Set(manifest.features.shortcuts.map(({ callback_id }) => callback_id))).toEqual(shortcuts);
  });

  it('hints at sub-commands that exist', () => {
    const hint = manifest.features.slash_commands[0]!.usage_hint;
    const hinted = hint.split('|').map((part) => part.trim().split(' ')[0]!);
    expect(new Set(hinted)).toEqual(new Set(COMMANDS.map(({ name }) => name)));
  });

  it('subscribes to every event that we handle, and to no other', () => {
    expect(manifest.settings.event_subscriptions.bot_events).toEqual([...EVENTS]);
  });

  it('asks for the scopes of the doctor: the core, and the optional ones as optional', () => {
    expect([...bot].sort()).toEqual([...CORE_SCOPES, ...Object.keys(OPTIONAL_SCOPES)].sort());
    expect([...optional].sort()).toEqual(Object.keys(OPTIONAL_SCOPES).sort());
  });

  it('has a scope for every method that the client calls and every event, and no scope without a use', () => {
    const methods = methodTable({} as Views);
    const called = methodsCalled();
    expect(called.length).toBeGreaterThan(15);
    const needed = Object.values(EVENT_SCOPES).filter((scope) => scope !== null);
    const used = new Set<string>(['commands', ...needed]);
    for (const name of called) {
      const method = methods[name];
      expect(method, `${name} is simulated`).toBeDefined();
      if (method!.scopes.length === 0) continue;
      expect(
        method!.scopes.some((scope) => bot.includes(scope)),
        `${name} has a scope`,
      ).toBe(true);
      for (const scope of method!.scopes) used.add(scope);
    }
    for (const scope of needed) expect(bot).toContain(scope);
    expect(bot.filter((scope) => !used.has(scope))).toEqual([]);
  });

  it('sends everything to one address', () => {
    const { event_subscriptions, interactivity } = manifest.settings;
    const urls = [
      event_subscriptions.request_url,
      interactivity.request_url,
      ...manifest.features.slash_commands.map(({ url }) => url),
    ];
    expect(new Set(urls).size).toBe(1);
    expect(urls[0]).toMatch(/\/slack\/events$/);
    expect(interactivity.is_enabled).toBe(true);
  });

  it('is explained: every scope and event has its reason on the page about permissions, and nothing else has', () => {
    const page = readFileSync(new URL('../docs/slack-permissions.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+?) \| (.+?) \|$/gm)].map(([, name, why, without]) => ({
      name: name!,
      why: why!,
      without: without!,
    }));
    const scopes = rows.filter(({ name }) => bot.includes(name));
    expect(scopes.map(({ name }) => name).sort()).toEqual([...bot].sort());
    const { bot_events } = manifest.settings.event_subscriptions;
    const others = rows.filter(({ name }) => !bot.includes(name));
    expect(others.map(({ name }) => name).sort()).toEqual([...bot_events].sort());
    for (const { name, without } of others)
      expect(without).toBe(EVENT_SCOPES[name as (typeof EVENTS)[number]] ?? 'none');
    // What the doctor says is switched off is what the page says.
    for (const { name, without } of scopes) {
      const what = OPTIONAL_SCOPES[name as keyof typeof OPTIONAL_SCOPES];
      if (what) expect(`${name}: ${without}`).toBe(`${name}: no ${what}`);
      else expect(`${name}: ${without}`).toBe(`${name}: does not work`);
    }
  });

  const data = process.env.PUBLIC_DATA_DIR;
  if (!data)
    console.log('PUBLIC_DATA_DIR is not set: manifest.yml is not held against the schema that Slack publishes.');
  describe.skipIf(!data)('by the schema that Slack publishes', () => {
    const text = readFileSync(new URL('../manifest.yml', import.meta.url), 'utf8');
    it.each([
      ['as it is', text],
      ['for an address', manifestFor(text, { url: 'https://throughline.acme.dev', plain: false })],
      ['for a socket', manifestFor(text, { url: null, plain: false })],
      ['for an older workspace', manifestFor(text, { url: null, plain: true })],
    ])('is valid %s', (_how, made) => {
      // The schema is read where it lies; nothing of it is part of this project.
      const schema = JSON.parse(readFileSync(`${data}/payloads/slack/manifest.schema.2.0.0.json`, 'utf8'));
      const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);
      expect(validate(parse(made)) ? [] : validate.errors).toEqual([]);
    });
  });
});

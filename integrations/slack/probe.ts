// The live check of the Slack connection: who we are, what we may not do, where we are not, and how to fix each.
import { errorLine } from '#src/domain/errors.ts';
import type { Probe } from '../contract.ts';
import type { SlackClient } from './client.ts';
import type { People } from './people.ts';

/** Scopes without which Throughline does not work; manifest.yml asks for the same. */
export const CORE_SCOPES = [
  'channels:history',
  'channels:read',
  'chat:write',
  'commands',
  'reactions:read',
  'usergroups:read',
  'users:read',
] as const;

/** Scopes that switch something on, and what. */
export const OPTIONAL_SCOPES = {
  'files:write': 'trends as pictures',
  'app_mentions:read': 'questions and captures by mentioning the bot',
  'assistant:write': 'suggested questions, and a status while an answer is worked out',
  'channels:join': 'entering public channels that an admin chooses',
  'groups:history': 'private channels',
  'groups:read': 'private channels',
  'im:history': 'questions in direct messages to the bot',
  'reactions:write': 'reaction on further messages of an insight that was filed',
  'team:read': 'names of companies in shared channels',
} as const;

/** Asks Slack who we are and looks at everything the configuration names. */
export async function probeSlack(deps: {
  client: SlackClient;
  people: Pick<People, 'unknownEntries'>;
  config: {
    supportChannels: readonly string[];
    insightsChannel: string | null;
    staff: readonly string[];
    approvers: readonly string[];
  };
}): Promise<Probe> {
  const { client, people, config } = deps;
  try {
    const self = await client.whoAmI({ fresh: true });
    const problems: string[] = [];
    const fixes: string[] = [];
    const missing = CORE_SCOPES.filter((scope) => !self.scopes.includes(scope));
    if (missing.length > 0) {
      problems.push(`the bot token lacks ${missing.join(', ')}`);
      fixes.push('Add the scopes under OAuth & Permissions (manifest.yml lists all) and reinstall the app.');
    }
    if (!missing.includes('channels:read')) {
      const named = [...config.supportChannels, ...(config.insightsChannel ? [config.insightsChannel] : [])];
      const unknown: string[] = [];
      const absent: string[] = [];
      for (const name of named) {
        // What was remembered may be from before somebody followed our advice.
        await client.forget('channel', name);
        const channel = await client.resolveChannel(name);
        if (!channel) unknown.push(name);
        else if (!channel.isMember) absent.push(channel.name);
      }
      if (unknown.length > 0) {
        problems.push(`no channel is called ${unknown.join(', ')}`);
        fixes.push(
          'Correct SUPPORT_CHANNELS and INSIGHTS_CHANNEL; a private channel shows only after the bot was invited.',
        );
      }
      if (absent.length > 0) {
        problems.push(`the bot is not in ${absent.map((name) => `#${name}`).join(', ')}`);
        fixes.push(`Invite it there: /invite @Throughline.`);
      }
    }
    if (!missing.includes('users:read') && !missing.includes('usergroups:read')) {
      const unknown = await people.unknownEntries([...config.staff, ...config.approvers]);
      if (unknown.length > 0) {
        problems.push(`nobody is called ${[...new Set(unknown)].join(', ')}`);
        fixes.push('Correct STAFF and APPROVERS: user ids, user group ids or group handles.');
      }
    }
    const who = `${self.teamName} as <${self.userId}>`;
    const off = offFor(self.scopes);
    if (problems.length === 0) return { ok: true, detail: who, ...off };
    return { ok: false, detail: `${who}; but ${problems.join('; ')}`, fix: fixes.join(' '), ...off };
  } catch (error) {
    return {
      ok: false,
      detail: errorLine(error),
      fix: 'Check SLACK_BOT_TOKEN (OAuth & Permissions, “Bot User OAuth Token”) and that slack.com can be reached from here.',
    };
  }
}

/** What the optional scopes that are missing would switch on; scopes for the same thing stand together. */
function offFor(scopes: readonly string[]): Pick<Probe, 'off'> {
  const missing = Object.entries(OPTIONAL_SCOPES).filter(([scope]) => !scopes.includes(scope));
  if (missing.length === 0) return {};
  const lost = [...Map.groupBy(missing, ([, what]) => what)].map(
    ([what, entries]) => `${what} (${entries.map(([scope]) => scope).join(', ')})`,
  );
  return {
    off: {
      what: 'Slack, optional',
      detail: `Switched off for want of scopes: ${lost.join('; ')}.`,
      fix: 'Add what you want under OAuth & Permissions and reinstall the app; docs/slack-permissions.md says what each is for.',
    },
  };
}

/** Asks Slack for a socket with the app-level token. The address that comes back is not used. */
export async function probeSocket(client: Pick<SlackClient, 'socketAddress'>): Promise<Probe> {
  try {
    await client.socketAddress();
    return { ok: true, detail: 'events come through a socket of our own' };
  } catch (error) {
    return {
      ok: false,
      detail: errorLine(error),
      fix: 'Turn Socket Mode on, and make an app-level token with connections:write for SLACK_APP_TOKEN (Basic Information).',
    };
  }
}

// The simulated systems around the product, and what it has to know to talk to them.
import { readConfig } from '#src/config.ts';
import type { Clock } from '#src/domain/ports.ts';
import { createLinearSimulator } from '#src/sandbox/linear/index.ts';
import { slackId } from '#src/sandbox/slack/model.ts';
import { ALL_SCOPES, createSlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { createZendeskSimulator } from '#src/sandbox/zendesk/index.ts';
import { systemClock } from '#src/system.ts';

const SIGNING_SECRET = 'a-signing-secret-for-tests';
const BOT_TOKEN = 'xoxb-test-1';
const APP_TOKEN = 'xapp-test-1';
const LINEAR_KEY = 'lin_api_test';
const LINEAR_SECRET = 'linear-webhook-secret';
const ZENDESK_SECRET = 'zendesk-webhook-secret';
export const API_TOKEN = 'an-api-token-for-tests';

/** Four customers' people, two of ours, a guest who is in no channel yet: enough for every right and every threshold. */
export const PEOPLE = ['ana', 'ben', 'cleo', 'dan', 'pia', 'sam', 'gus'] as const;

export interface WorldOptions {
  clock?: Clock;
  /** Events come over Socket Mode instead of HTTP. */
  socket?: boolean;
  /** Another Slack team than the usual one. */
  teamId?: string;
  /** Fewer rights than the app may ask for. */
  without?: readonly string[];
}

/** The simulated systems, and what the app has to know to talk to them. */
export async function startWorld(options: WorldOptions = {}) {
  const clock = options.clock ?? systemClock;
  const home = slackId('T', 'Acme');
  // The ids of people and channels stay those of the usual team, so that two teams share them: whoever forgets the workspace mixes them up.
  const person = (name: string, more: object) => ({ id: slackId('U', home, name), name, ...more });
  const place = (name: string, more: object) => ({ id: slackId('C', home, name), name, ...more });
  const slack = createSlackSimulator({
    clock,
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    ...(options.socket ? { appToken: APP_TOKEN } : {}),
    ...(options.without ? { scopes: ALL_SCOPES.filter((scope) => !options.without!.includes(scope)) } : {}),
    seed: {
      team: { id: options.teamId ?? home, name: 'Acme', domain: 'acme' },
      users: [
        person('ana', { real_name: 'Ana Costa' }),
        person('ben', { real_name: 'Ben Olsen' }),
        person('cleo', { real_name: 'Cleo Martin' }),
        person('dan', { real_name: 'Dan Weber' }),
        person('pia', { real_name: 'Pia Product' }),
        person('sam', { real_name: 'Sam Support' }),
        person('gus', { real_name: 'Gus Guest', is_restricted: true }),
      ],
      channels: [
        place('general', { is_general: true }),
        place('support', { members: ['ana', 'ben', 'cleo', 'dan', 'pia', 'sam', 'throughline'] }),
        place('insights', { members: ['pia', 'sam', 'ana', 'throughline'] }),
        place('random', {}),
      ],
      usergroups: [{ handle: 'staff', users: ['sam', 'pia'] }],
    },
  });
  const linear = createLinearSimulator({
    clock,
    apiKey: LINEAR_KEY,
    webhookSecret: LINEAR_SECRET,
    requestsPerHour: 1_000_000,
  });
  const zendesk = createZendeskSimulator({
    clock,
    clientId: 'throughline',
    clientSecret: 'zendesk-client-secret',
    webhookSecret: ZENDESK_SECRET,
  });
  await Promise.all([slack.start(), linear.start(), zendesk.start()]);
  const env = {
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    ...(options.socket ? { SLACK_APP_TOKEN: APP_TOKEN } : {}),
    SLACK_API_URL: slack.url,
    SUPPORT_CHANNELS: 'support',
    INSIGHTS_CHANNEL: 'insights',
    STAFF: 'staff',
    APPROVERS: '',
    ZENDESK_BASE_URL: zendesk.url,
    ZENDESK_CLIENT_ID: 'throughline',
    ZENDESK_CLIENT_SECRET: 'zendesk-client-secret',
    ZENDESK_WEBHOOK_SECRET: ZENDESK_SECRET,
    LINEAR_API_KEY: LINEAR_KEY,
    LINEAR_API_URL: linear.url,
    LINEAR_WEBHOOK_SECRET: LINEAR_SECRET,
    API_TOKEN,
    PORT: '0',
    LOG_LEVEL: 'silent',
    MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const user = (name: (typeof PEOPLE)[number]) => slack.state.user(name).id;
  const channel = (name: string) => slack.state.channel(name).id;
  return {
    slack,
    linear,
    zendesk,
    env,
    user,
    channel,
    /** Points all webhooks at a running app. */
    async connect(url: string) {
      if (options.socket)
        // A clock that makes nobody wait would use up Slack's three retries before a socket is open again.
        slack.subscribeTo({ commands: ['/throughline'], retryDelaysMs: Array.from({ length: 200 }, () => 50) });
      else
        await slack.connect({
          eventsUrl: `${url}/slack/events`,
          commands: ['/throughline'],
          retryDelaysMs: [50, 200, 500, 1_000, 2_000],
        });
      linear.connect({ webhookUrl: `${url}/webhooks/linear` });
      zendesk.connect({ webhookUrl: `${url}/webhooks/zendesk` });
    },
    async close() {
      await Promise.all([slack.close(), linear.close(), zendesk.close()]);
    },
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;

/** Reads the configuration of a world, with changes. */
export function configOf(env: Record<string, string>) {
  const read = readConfig(env);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

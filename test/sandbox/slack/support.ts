// What the tests of the Slack simulator share: a clock, a workspace, and a real Bolt app behind it.
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import type { Clock } from '#src/domain/ports.ts';
import type { SlackSeed } from '#src/sandbox/slack/model.ts';
import {
  type Connection,
  createSlackSimulator,
  type SlackSimulator,
  type SlackSimulatorOptions,
} from '#src/sandbox/slack/simulator.ts';

export const SIGNING_SECRET = 'a-signing-secret-of-the-tests';
export const BOT_TOKEN = 'xoxb-simulated-bot';
export const APP_TOKEN = 'xapp-simulated-app';

/** Ana is an admin, Ben a member, Gil a guest, Eva from a customer's workspace. The bot is in support, shared and secret, not in random. */
export const SEED: SlackSeed = {
  team: { name: 'Acme', domain: 'acme' },
  app: { name: 'Throughline' },
  users: [
    { name: 'ana', real_name: 'Ana Costa', email: 'ana@acme.example', is_admin: true },
    { name: 'ben', real_name: 'Ben Olsen' },
    { name: 'gil', real_name: 'Gil Guest', is_ultra_restricted: true },
    { name: 'eva', real_name: 'Eva Stern', is_stranger: true, team_id: 'T0GLOBEX001' },
    { name: 'pager', real_name: 'Pager', is_bot: true },
  ],
  usergroups: [{ handle: 'triage', users: ['ana', 'ben'] }],
  channels: [
    { name: 'general', is_general: true },
    { name: 'support', members: ['ana', 'ben', 'throughline', 'gil', 'pager'] },
    { name: 'shared', is_ext_shared: true, members: ['ana', 'eva', 'throughline'] },
    { name: 'secret', is_private: true, members: ['ana', 'throughline'] },
    { name: 'boards', is_private: true, members: ['ana'] },
    { name: 'random' },
  ],
};

/** The machine's clock as a port, and one that only moves when it is told to. */
export const machineClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

export interface HandClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until `advance`; sleeping on it moves it. */
export function handClock(start = '2026-03-02T09:00:00Z'): HandClock {
  let at = new Date(start).getTime();
  return {
    now: () => new Date(at),
    async sleep(ms) {
      at += ms;
    },
    advance(ms) {
      at += ms;
    },
  };
}

/** A started simulator; close it in the end. */
export async function startSlack(options: Partial<SlackSimulatorOptions> = {}): Promise<SlackSimulator> {
  const slack = createSlackSimulator({
    clock: machineClock,
    seed: SEED,
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    ...options,
  });
  await slack.start();
  return slack;
}

/** A real Bolt app over HTTP that the simulator is connected to. */
export async function startBolt(
  slack: SlackSimulator,
  listen: (app: App) => void,
  connection: Partial<Connection> = {},
): Promise<{ app: App; url: string; stop(): Promise<void> }> {
  const receiver = new HTTPReceiver({ signingSecret: SIGNING_SECRET, port: 0, logLevel: LogLevel.ERROR });
  const app = new App({
    token: BOT_TOKEN,
    receiver,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.url },
  });
  listen(app);
  const server = await app.start(0);
  const address = 'address' in server ? server.address() : null;
  if (address === null || typeof address === 'string') throw new Error('Bolt did not say where it listens');
  const url = `http://127.0.0.1:${address.port}/slack/events`;
  await slack.connect({ eventsUrl: url, ...connection });
  return {
    app,
    url,
    async stop() {
      await app.stop();
    },
  };
}

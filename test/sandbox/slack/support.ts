// What the tests of the Slack simulator share: a clock, a workspace, and a real Bolt app behind it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, type Logger, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
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

/** What the SDK logs about refusals that a test provokes on purpose. */
export const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => LogLevel.ERROR,
};

/** The SDK's client, without repeats of its own. */
export function clientOf(slack: SlackSimulator, token = BOT_TOKEN): WebClient {
  return new WebClient(token, { slackApiUrl: slack.url, logger: SILENT, retryConfig: { retries: 0 } });
}

/** The error that Slack answered with, or 'none'. */
export function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: { data?: { error?: string } }) => error.data?.error ?? String(error),
  );
}

/** One request as a bare server got it. */
export interface Received {
  headers: Record<string, string | undefined>;
  body: string;
}

/** A bot of the simplest kind: it keeps what it gets and answers with what `answer` says. */
export async function startEar(
  answer: (received: Received, count: number) => number | Promise<number> = () => 200,
): Promise<{ url: string; received: Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = { headers: request.headers as Received['headers'], body: Buffer.concat(chunks).toString('utf8') };
    received.push(one);
    response.statusCode = await answer(one, received.length);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
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

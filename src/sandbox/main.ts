// The sandbox: a whole support workspace on this machine. It keeps the simulated systems, serves the page, and runs the bot as its child.
// A process of its own, because the bot must be able to die and come back without anything else noticing.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createEmulator } from 'emulate';
import { z } from 'zod';
import { AppError } from '#src/domain/errors.ts';
import type { Clock, Fetch } from '#src/domain/ports.ts';
import { environmentForBot, startBot, stopLeftover } from './bot.ts';
import { createKeeper, type Kept, putBack, readKept, zendeskSeedAfter } from './keep.ts';
import { createLinearSimulator } from './linear/index.ts';
import { readManifest } from './manifest.ts';
import { createActs } from './page/acts.ts';
import { lookAt, type Simulators } from './page/look.ts';
import type { Lineage, PageBot, PageExample, PageTour } from './page/model.ts';
import { startPageServer } from './page/server.ts';
import { createSlackSimulator } from './slack/simulator.ts';
import { INSIGHTS_ROOM, PEOPLE, STAFF_GROUP, SUPPORT_ROOMS } from './world/cast.ts';
import { startChatter } from './world/chatter.ts';
import { createPlayer, linearSeed, slackSeed, zendeskSeed } from './world/play.ts';
import { NEWCOMER_EXAMPLES } from './world/topics.ts';
import { createOpening } from './world/world.ts';
import { createZendeskSimulator } from './zendesk/index.ts';

const READY_TIMEOUT_MS = 60_000;
const LINEAGE_TIMEOUT_MS = 5_000;
const GITHUB_REPOSITORY = 'tallymoor/app';

export interface SandboxOptions {
  /** The page's port; the next free one is taken when it is busy, any when it is 0. */
  port: number;
  /** Everything that the sandbox keeps is below this folder. */
  dataDir: string;
  clock: Clock;
  fetch: Fetch;
  /** Where PATH and the model's variables are taken from; nothing else of it reaches the bot. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Throw away what an earlier run left. */
  fresh?: boolean;
  /** What is run as the bot, for Node; `src/main.ts` unless a test brings its own. */
  botCommand?: readonly string[];
  /** Whether the days before the newcomer came are played; default true. */
  history?: boolean;
  seed?: string | number;
  /** Another manifest than the project's own, for a test with a bot of its own. */
  manifestFile?: string;
}

/** A running sandbox. */
export interface Sandbox {
  /** The page. */
  url: string;
  /** The bot's own address and the token of its API. */
  bot: { url: string; apiToken: string; readonly status: PageBot; readonly pid: number | null };
  simulators: Simulators;
  /** Resolves when the bot is ready and the history is played. */
  settled: Promise<void>;
  close(): Promise<void>;
}

/** Opens the sandbox. The page is there at once; the bot follows within seconds. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, fetch, seed = 'tallymoor' } = options;
  const dataDir = resolve(options.dataDir);
  const keptFile = join(dataDir, 'world.bin');
  await mkdir(dataDir, { recursive: true });
  const runningFile = join(dataDir, 'running.json');
  await refuseSecond(fetch, runningFile, dataDir);
  const kept = options.fresh ? null : await readKept(keptFile);
  const command = options.botCommand ?? [resolve(import.meta.dirname, '../main.ts')];
  const pidFile = join(dataDir, 'bot.pid');
  await stopLeftover({ pidFile, command, clock });
  // A bot that remembers a world which is gone would be a riddle: both begin anew, or neither.
  if (!kept) {
    for (const left of ['bot', 'bot.log']) await rm(join(dataDir, left), { recursive: true, force: true });
  }
  const ports = await samePorts(kept?.ports);
  const manifest = await readManifest(options.manifestFile);
  const secret = (prefix = '') => `${prefix}${randomBytes(24).toString('hex')}`;
  const botToken = secret('xoxb-sandbox-');
  const signingSecret = secret();
  const linearKey = secret('lin_api_');
  const linearSecret = secret();
  const zendeskSecret = secret();
  const zendeskWebhookSecret = secret();
  const apiToken = secret();
  const pageId = secret();

  const slack = createSlackSimulator({
    clock,
    seed: slackSeed(),
    signingSecret,
    botToken,
    scopes: manifest.oauth_config.scopes.bot,
    port: ports.slack,
  });
  const linear = createLinearSimulator({ clock, apiKey: linearKey, webhookSecret: linearSecret, seed: linearSeed() });
  const zendesk = createZendeskSimulator({
    clock,
    clientId: 'throughline',
    clientSecret: zendeskSecret,
    webhookSecret: zendeskWebhookSecret,
    seed: kept ? zendeskSeedAfter(kept) : zendeskSeed(),
    port: ports.zendesk,
  });
  const simulators: Simulators = { slack, linear, zendesk };
  if (kept) putBack(kept, simulators);
  const [github] = await Promise.all([
    createEmulator({ service: 'github', port: 0, seed: GITHUB_SEED }),
    slack.start(),
    linear.start(ports.linear),
    zendesk.start(),
  ]);
  const botUrl = `http://127.0.0.1:${ports.bot}`;
  await slack.connect({
    eventsUrl: `${botUrl}/slack/events`,
    botEvents: manifest.settings.event_subscriptions.bot_events,
    commands: manifest.features.slash_commands.map((one) => one.command),
    // A bot that is down for a moment should not cost the visitor five minutes.
    retryDelaysMs: [500, 2_000, 5_000, 10_000, 20_000],
  });
  linear.connect({ webhookUrl: `${botUrl}/webhooks/linear` });
  zendesk.connect({ webhookUrl: `${botUrl}/webhooks/zendesk` });

  const done = kept?.tour ?? { complained: false, traced: false };
  const keeper = createKeeper({ file: keptFile, clock, simulators, rest: () => ({ ports, tour: done }) });
  // Half a history is not worth keeping: a start that was broken off begins anew.
  let told = kept !== null || options.history === false;
  const listeners = new Set<() => void>();
  const changed = () => {
    if (told) keeper.changed();
    for (const listener of listeners) listener();
  };
  slack.subscribe(changed);
  linear.subscribe(changed);
  zendesk.subscribe(changed);

  const bot = startBot({
    command,
    env: {
      ...environmentForBot(options.environment),
      SLACK_BOT_TOKEN: botToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: slack.url,
      SUPPORT_CHANNELS: SUPPORT_ROOMS.join(','),
      INSIGHTS_CHANNEL: INSIGHTS_ROOM,
      STAFF: STAFF_GROUP,
      ZENDESK_BASE_URL: zendesk.url,
      ZENDESK_CLIENT_ID: 'throughline',
      ZENDESK_CLIENT_SECRET: zendeskSecret,
      ZENDESK_WEBHOOK_SECRET: zendeskWebhookSecret,
      LINEAR_API_KEY: linearKey,
      LINEAR_API_URL: linear.url,
      LINEAR_WEBHOOK_SECRET: linearSecret,
      GITHUB_TOKEN: GITHUB_SEED.github.tokens[0]!.token,
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY,
      API_TOKEN: apiToken,
      PORT: String(ports.bot),
      PUBLIC_URL: botUrl,
      DATA_DIR: join(dataDir, 'bot'),
    },
    url: botUrl,
    logFile: join(dataDir, 'bot.log'),
    pidFile,
    clock,
    fetch,
    onChange: changed,
  });

  const player = createPlayer({ slack, zendesk });
  const chatter = startChatter({ clock, player, seed: `${seed} ${clock.now().toISOString()}`, onChange: changed });
  const act = createActs({
    simulators,
    setLiveChatter: chatter.set,
    onPost(as, channel) {
      const customer = PEOPLE.some((one) => one.key === slack.state.user(as).name && one.role === 'customer');
      if (customer && (SUPPORT_ROOMS as readonly string[]).includes(slack.state.channel(channel).name))
        done.complained = true;
    },
  });
  const page = await startPageServer(
    {
      id: pageId,
      look: (as) =>
        lookAt(simulators, as, {
          bot: bot.status,
          hasHome: manifest.features.app_home.home_tab_enabled,
          tour: { ...tourOf(simulators), ...done },
          examples: examplesFor(simulators),
          liveChatter: chatter.on,
          insightsChannel: INSIGHTS_ROOM,
          commands: manifest.features.slash_commands.map((one) => ({
            command: one.command,
            hint: one.usage_hint,
            about: one.description,
          })),
          shortcuts: manifest.features.shortcuts.map((one) => ({
            id: one.callback_id,
            name: one.name,
            type: one.type,
          })),
        }),
      act,
      file(id) {
        const file = slack.state.files.get(id);
        return file?.bytes && file.complete ? { body: file.bytes, type: file.mimetype } : null;
      },
      async lineage(id) {
        const found = await askLineage(fetch, botUrl, apiToken, id);
        if (typeof found !== 'string' && !done.traced && linear.state.issues.size > 0) {
          done.traced = true;
          changed();
        }
        return found;
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    options.port,
  );

  await writeFile(runningFile, JSON.stringify({ url: page.url, id: pageId }), { mode: 0o600 });

  const settled = (async () => {
    await bot.ready(READY_TIMEOUT_MS);
    if (told) return;
    for (const event of createOpening({ seed, now: clock.now() })) player.play(event, 'then');
    await Promise.all([slack.idle(), zendesk.idle()]);
    told = true;
    keeper.changed();
  })();
  // Whoever awaits it is told; nobody has to.
  settled.catch(() => {});

  return {
    url: page.url,
    bot: {
      url: botUrl,
      apiToken,
      get status() {
        return bot.status;
      },
      get pid() {
        return bot.pid;
      },
    },
    simulators,
    settled,
    async close() {
      chatter.set(false);
      await page.close();
      await bot.stop();
      if (told) await keeper.close();
      await rm(runningFile, { force: true });
      await Promise.all([slack.close(), linear.close(), zendesk.close(), github.close()]);
    },
  };
}

export interface StartOptions extends SandboxOptions {
  /** Speaks to the terminal. */
  print(line: string): void;
  /** Calls back once when the terminal or the system asks the process to end; returns at once. */
  onStop(stop: () => void): void;
}

/** Opens the sandbox for somebody at a terminal: prints its address, and resolves when it has been stopped. */
export async function startSandbox(options: StartOptions): Promise<void> {
  const sandbox = await openSandbox(options);
  const stopped = new Promise<void>((resolve) => options.onStop(resolve));
  options.print(sandbox.url);
  options.print('Open it in a browser: the page shows the first steps. Ctrl-C stops everything.');
  const failed = await Promise.race([stopped, sandbox.settled.then(() => stopped)]).then(
    () => null,
    (error: unknown) => error,
  );
  if (failed) {
    options.print(failed instanceof Error ? failed.message : String(failed));
    await stopped;
  }
  await sandbox.close();
}

const Running = z.object({ url: z.string(), id: z.string() });

const GITHUB_SEED = {
  github: {
    users: [{ login: 'throughline', name: 'Throughline' }],
    orgs: [{ login: 'tallymoor', name: 'Tallymoor' }],
    repos: [{ owner: 'tallymoor', name: 'app', auto_init: true }],
    tokens: [{ token: 'ghp_sandbox', login: 'throughline' }],
  },
};

/** Two sandboxes on one folder would end each other's bot; the second is told where the first one is. */
async function refuseSecond(fetch: Fetch, runningFile: string, dataDir: string): Promise<void> {
  const known = await readFile(runningFile, 'utf8').catch(() => null);
  if (!known) return;
  const { url, id } = Running.parse(JSON.parse(known));
  const answer = await fetch(`${url}/api/id`, { signal: AbortSignal.timeout(1_000) })
    .then((response) => response.text())
    // Nobody there: it was killed, and left its file.
    .catch(() => null);
  if (answer !== id) return;
  throw new AppError(
    'conflict',
    `A sandbox already runs on ${dataDir}: open ${url}, or set DATA_DIR to another folder.`,
  );
}

// Every address must be known before anything starts, because each is told where the others are; the same ones as last time, where they are free.
async function samePorts(wanted: Kept['ports'] | undefined): Promise<Kept['ports']> {
  const free = async (port: number | undefined) => (port && (await listenOnce(port))) || (await listenOnce(0)) || 0;
  return {
    slack: await free(wanted?.slack),
    linear: await free(wanted?.linear),
    zendesk: await free(wanted?.zendesk),
    bot: await free(wanted?.bot),
  };
}

/** The port that could be listened on; null when it is busy. */
function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

function examplesFor({ slack }: Simulators): PageExample[] {
  const channel = slack.state.channel('support').id;
  return NEWCOMER_EXAMPLES.map(({ who, text }) => ({ as: slack.state.user(who).id, channel, text }));
}

function tourOf({ slack, linear }: Simulators): Pick<PageTour, 'insight' | 'issue'> {
  const channel = slack.state.channel(INSIGHTS_ROOM);
  const card = channel.messages.find(
    (one) => one.user === slack.state.app.botUserId && !one.thread_ts && one.blocks?.length,
  );
  const parent =
    card ?? channel.messages.find((one) => one.user === slack.state.app.botUserId && one.thread_ts === one.ts);
  const issue = [...linear.state.issues.values()].find((one) => !one.trashed);
  return {
    insight: parent ? { channel: channel.id, ts: parent.ts } : null,
    issue: issue ? { identifier: issue.identifier } : null,
  };
}

async function askLineage(fetch: Fetch, botUrl: string, apiToken: string, id: string): Promise<Lineage | string> {
  let response: Response;
  try {
    response = await fetch(`${botUrl}/lineage/${encodeURIComponent(id)}`, {
      headers: { authorization: `Bearer ${apiToken}`, accept: 'application/json' },
      signal: AbortSignal.timeout(LINEAGE_TIMEOUT_MS),
    });
  } catch {
    return 'The bot does not answer right now; the lineage is kept and will be here when it is back.';
  }
  if (response.status === 404)
    return 'Throughline knows nothing of this: it is not in a watched channel, or has not been read yet.';
  if (!response.ok) return `The bot answered ${response.status}.`;
  return (await response.json()) as Lineage;
}

// Connect: from the configuration to the systems it names, and their live checks. With app.ts, the only place that knows all integrations.
import { createModelAnalyst } from '#agents/analyst/model.ts';
import type { Integration, Probe } from '#integrations/contract.ts';
import { createGitHub, type GitHubAuth } from '#integrations/github/index.ts';
import { createLinear } from '#integrations/linear/index.ts';
import { createSlackProbe, createSocketProbe, type SlackConfig } from '#integrations/slack/index.ts';
import { createZendesk } from '#integrations/zendesk/index.ts';
import { type Config, MODEL_KEYS } from './config.ts';
import { AppError, errorLine } from './domain/errors.ts';
import { idOf } from './domain/ids.ts';
import type { Clock, Fetch, Log, Telemetry, Tx } from './domain/ports.ts';
import { redactText } from './domain/redaction.ts';

const SYSTEM_NAMES = { slack: 'Slack', zendesk: 'Zendesk', linear: 'Linear', github: 'GitHub' } as const;

/** A cache as integrations take it. */
export interface Remember {
  getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T>;
  delete(key: string): Promise<unknown>;
}

export interface ConnectDeps {
  clock: Clock;
  log: Log;
  fetch: Fetch;
  telemetry: Telemetry;
  cache: Remember;
}

/** Connects Linear, Zendesk and GitHub where the configuration names them. Nothing is called yet. */
export function connect(config: Config, deps: ConnectDeps): Integration[] {
  const integrations: Integration[] = [];
  if (config.LINEAR_API_KEY)
    integrations.push(createLinear({ ...config, LINEAR_API_KEY: config.LINEAR_API_KEY }, deps));
  if (config.ZENDESK_BASE_URL && config.ZENDESK_CLIENT_ID && config.ZENDESK_CLIENT_SECRET) {
    const { ZENDESK_BASE_URL: baseUrl, ZENDESK_CLIENT_ID: clientId, ZENDESK_CLIENT_SECRET: clientSecret } = config;
    integrations.push(
      createZendesk({ baseUrl, clientId, clientSecret, webhookSecret: config.ZENDESK_WEBHOOK_SECRET ?? null }, deps),
    );
  }
  const auth = githubAuth(config);
  if (auth && config.GITHUB_REPOSITORY) {
    integrations.push(
      createGitHub({ apiUrl: config.GITHUB_API_URL, repository: config.GITHUB_REPOSITORY, auth }, deps),
    );
  }
  return integrations;
}

function githubAuth(config: Config): GitHubAuth | null {
  const {
    GITHUB_TOKEN: token,
    GITHUB_APP_ID: appId,
    GITHUB_PRIVATE_KEY: privateKey,
    GITHUB_INSTALLATION_ID: installationId,
  } = config;
  if (token) return { kind: 'token', token };
  return appId && privateKey && installationId ? { kind: 'app', appId, privateKey, installationId } : null;
}

/** The live check of one connection. */
export interface LiveCheck {
  what: string;
  system: Integration['id'] | 'model';
  probe: () => Promise<Probe>;
}

/** The live checks of every system that the configuration names, for the doctor. */
export function probes(config: Config, deps: ConnectDeps): LiveCheck[] {
  const found: LiveCheck[] = [];
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, MODEL: model } = config;
  if (botToken)
    found.push({ what: 'Slack', system: 'slack', probe: createSlackProbe(slackConfig(config, botToken), deps) });
  if (botToken && appToken)
    found.push({
      what: 'Slack Socket Mode',
      system: 'slack',
      probe: createSocketProbe({ ...slackConfig(config, botToken), appToken }, deps),
    });
  for (const { id, probe } of connect(config, deps)) found.push({ what: SYSTEM_NAMES[id], system: id, probe });
  if (model) found.push({ what: 'Model', system: 'model', probe: () => probeModel(config, model, deps.telemetry) });
  return found;
}

/** Asks the database that is in use. */
export async function probeDatabase(db: Tx, isOwn: boolean): Promise<Probe> {
  const [row] = await db.query<{ server_version: string }>('show server_version');
  return { ok: true, detail: `${isOwn ? 'our own PostgreSQL' : 'PostgreSQL'} ${row?.server_version ?? ''}`.trim() };
}

/** Lets the model put a made-up theme into words: whether it answers, and whether it can call a function. */
async function probeModel(config: Config, model: string, telemetry: Telemetry): Promise<Probe> {
  try {
    const { describe } = await createModelAnalyst({
      model,
      baseUrl: config.MODEL_BASE_URL ?? null,
      apiKey: config.modelApiKey,
      telemetry,
    });
    const words = [redactText('The export to CSV stops with an error')];
    const counts = { reports: 3, customers: 3 };
    await describe({
      themeId: idOf('theme', 'doctor'),
      kind: 'bug',
      severity: 'high',
      titles: words,
      excerpts: words,
      counts,
    });
    return { ok: true, detail: `${model} answers` };
  } catch (error) {
    // Words of its own taste are no failure of the connection; they are weighed when they matter.
    if (error instanceof AppError && error.code === 'bad_answer')
      return { ok: true, detail: `${model} answers, though not in the form that was asked for` };
    const key = MODEL_KEYS[model.split(':')[0] ?? ''];
    return {
      ok: false,
      detail: errorLine(error),
      fix: `Check MODEL, MODEL_BASE_URL${key ? ` and ${key}` : ''}; the model has to be able to call functions. Without an answer the built-in analyst stands in.`,
    };
  }
}

/** What the configuration says about Slack. */
export function slackConfig(config: Config, botToken: string): SlackConfig {
  return {
    botToken,
    signingSecret: config.SLACK_SIGNING_SECRET ?? null,
    appToken: config.SLACK_APP_TOKEN ?? null,
    apiUrl: config.SLACK_API_URL,
    supportChannels: config.SUPPORT_CHANNELS,
    insightsChannel: config.INSIGHTS_CHANNEL ?? null,
    staff: config.STAFF,
    approvers: config.APPROVERS,
  };
}

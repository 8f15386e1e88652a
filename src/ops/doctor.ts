// npm run doctor: asks every connection live, and says what is missing, what that switches off, and how to get it.
import { pathToFileURL } from 'node:url';
import { probes } from '../app.ts';
import type { Config } from '../config.ts';
import { describeProblems, modeOf, readConfig } from '../config.ts';
import { errorLine } from '../domain/errors.ts';
import { createLog, createMetrics, systemClock, systemFetch } from '../system.ts';

/** One line of the report. */
export interface Finding {
  what: string;
  state: 'ok' | 'off' | 'failed';
  detail: string;
  fix: string | null;
}

/** What each missing part switches off, and how to get it. */
const MISSING: { what: string; isSet: (config: Config) => boolean; off: string; fix: string }[] = [
  {
    what: 'Slack',
    isSet: (config) => modeOf(config) === 'bot',
    off: 'there is no bot: nothing is heard and nothing is shown',
    fix: 'Create an app from manifest.yml, then set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode).',
  },
  {
    what: 'Support channels',
    isSet: (config) => config.SUPPORT_CHANNELS.length > 0,
    off: 'no channel makes suggestions; channels that the bot is added to are only observed',
    fix: 'Set SUPPORT_CHANNELS=support,help-billing.',
  },
  {
    what: 'Insights channel',
    isSet: (config) => config.INSIGHTS_CHANNEL !== undefined,
    off: 'insights wait in the list of /throughline insight and are not posted',
    fix: 'Set INSIGHTS_CHANNEL and invite the bot there.',
  },
  {
    what: 'Linear',
    isSet: (config) => config.LINEAR_API_KEY !== undefined,
    off: 'cards have no File button',
    fix: 'Set LINEAR_API_KEY (Settings, Security & access, Personal API keys) and LINEAR_TEAM.',
  },
  {
    what: 'Linear webhooks',
    isSet: (config) => config.LINEAR_WEBHOOK_SECRET !== undefined,
    off: 'completed issues are noticed by polling, minutes later',
    fix: 'Add a webhook for issues to PUBLIC_URL/webhooks/linear and set LINEAR_WEBHOOK_SECRET.',
  },
  {
    what: 'Zendesk',
    isSet: (config) => config.ZENDESK_CLIENT_ID !== undefined,
    off: 'tickets are not read and get no notes',
    fix: 'Set ZENDESK_BASE_URL, ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET of an OAuth client with client credentials.',
  },
  {
    what: 'Zendesk webhooks',
    isSet: (config) => config.ZENDESK_WEBHOOK_SECRET !== undefined,
    off: 'tickets arrive by the regular sweep, minutes later',
    fix: 'Add an event webhook to PUBLIC_URL/webhooks/zendesk and set ZENDESK_WEBHOOK_SECRET.',
  },
  {
    what: 'Public address',
    isSet: (config) => config.PUBLIC_URL !== undefined,
    off: 'issues carry no lineage link, and webhooks cannot reach us',
    fix: 'Set PUBLIC_URL to the address under which this server is reached.',
  },
  {
    what: 'API token',
    isSet: (config) => config.API_TOKEN !== undefined,
    off: 'POST /api/v1/signals, GET /metrics and unsigned lineage are closed',
    fix: 'Set API_TOKEN to a long random text: openssl rand -hex 24.',
  },
  {
    what: 'Model',
    isSet: (config) => config.MODEL !== undefined,
    off: 'the built-in analyst reads the messages, without any network',
    fix: 'Set MODEL=provider:name and the provider’s own key, if you want a model to read them.',
  },
];

/** Examines a configuration: every connection that is set is asked, the others are explained. */
export async function examine(
  config: Config,
  probeAll: () => Promise<{ what: string; ok: boolean; detail: string; fix?: string }[]>,
): Promise<Finding[]> {
  const findings: Finding[] = (await probeAll()).map((probe) => ({
    what: probe.what,
    state: probe.ok ? 'ok' : 'failed',
    detail: probe.detail,
    fix: probe.ok ? null : (probe.fix ?? null),
  }));
  for (const part of MISSING) {
    if (!part.isSet(config)) findings.push({ what: part.what, state: 'off', detail: part.off, fix: part.fix });
  }
  return findings;
}

/** Asks Slack, Zendesk, Linear and the database, each on its own, so that one failure hides no other. */
export async function probeLive(
  config: Config,
): Promise<{ what: string; ok: boolean; detail: string; fix?: string }[]> {
  const clock = systemClock;
  const log = createLog('silent');
  const passthrough = { getOrLoad: <T>(_key: string, load: () => Promise<T>) => load(), delete: async () => true };
  const live = probes(config, { clock, log, fetch: systemFetch, telemetry: createMetrics(clock), cache: passthrough });
  return Promise.all([
    ...live.map(async ({ what, probe }) => ({ what: what[0]!.toUpperCase() + what.slice(1), ...(await probe()) })),
    probeDatabase(config),
  ]);
}

async function probeDatabase(config: Config): Promise<{ what: string; ok: boolean; detail: string; fix?: string }> {
  if (!config.DATABASE_URL)
    return { what: 'Database', ok: true, detail: `our own PostgreSQL under ${config.DATA_DIR}` };
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: config.DATABASE_URL, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = Number.parseInt(rows[0]?.server_version ?? '0', 10);
    return version >= 14
      ? { what: 'Database', ok: true, detail: `PostgreSQL ${rows[0]?.server_version}` }
      : {
          what: 'Database',
          ok: false,
          detail: `PostgreSQL ${rows[0]?.server_version} is too old`,
          fix: 'Use PostgreSQL 14 or newer.',
        };
  } catch (error) {
    return {
      what: 'Database',
      ok: false,
      detail: errorLine(error),
      fix: 'Check DATABASE_URL, and that the server takes connections from here.',
    };
  } finally {
    await client.end().catch(() => {});
  }
}

/** The report as text for a terminal. */
export function report(findings: readonly Finding[]): string {
  const marks = { ok: 'ok     ', off: 'off    ', failed: 'FAILED ' };
  const width = Math.max(...findings.map((finding) => finding.what.length));
  const lines = findings.map(({ what, state, detail, fix }) => {
    const first = `  ${marks[state]} ${what.padEnd(width)}  ${state === 'off' ? `Without it, ${detail}.` : detail}`;
    return fix ? `${first}\n  ${' '.repeat(8 + width)}  ${fix}` : first;
  });
  const failed = findings.filter((finding) => finding.state === 'failed').length;
  const verdict =
    failed === 0
      ? 'Everything that is set up answers.'
      : `${failed} ${failed === 1 ? 'connection fails' : 'connections fail'}.`;
  return `Throughline doctor\n\n${lines.join('\n')}\n\n${verdict}\n`;
}

/** Runs the command. Answers the exit code: 0 when everything that is set answers, else 1. */
export async function doctor(env?: Record<string, string | undefined>): Promise<number> {
  const read = readConfig(env);
  if (!read.ok) {
    process.stderr.write(describeProblems(read.problems));
    return 1;
  }
  const findings = await examine(read.config, () => probeLive(read.config));
  process.stdout.write(report(findings));
  return findings.some((finding) => finding.state === 'failed') ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await doctor();

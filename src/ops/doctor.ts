// npm run doctor: asks every connection live, and says what is missing, what that switches off, and how to get it.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../config.ts';
import { describeProblems, hiderOf, modeOf, readConfig } from '../config.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { createLog, createMetrics, systemClock, systemFetch } from '../system.ts';
import { ownTerminal, type Terminal } from './terminal.ts';

// Longer than the patience of a call with its retries: a connection that hangs is told like one that fails.
const PROBE_MS = 45_000;
const POSTGRES_MAJOR_MIN = 14;
// Beyond this, lines are hard to follow with the eye; below, there is no room beside the names.
const WIDTH_MAX = 120;
const WIDTH_MIN = 60;
// For programs; the sentence behind it is for people.
const ERROR_CODE = /^[a-z_]+: (?=\S)/;

/** One line of the report. */
export interface Finding {
  what: string;
  state: 'ok' | 'off' | 'failed';
  detail: string;
  fix: string | null;
}

/** The live check of one connection. */
export interface Check {
  what: string;
  probe: () => Promise<{
    ok: boolean;
    detail: string;
    fix?: string;
    off?: { what: string; detail: string; fix: string };
  }>;
}

interface Part {
  what: string;
  many?: true;
  /** Only worth a word when this is there. */
  of?: (config: Config) => boolean;
  isSet: (config: Config) => boolean;
  off: string;
  fix: string;
}

const hasSlack = (config: Config) => config.SLACK_BOT_TOKEN !== undefined;
const hasGitHub = (config: Config) =>
  config.GITHUB_REPOSITORY !== undefined && (config.GITHUB_TOKEN ?? config.GITHUB_APP_ID) !== undefined;

/** What each missing part switches off, and how to get it. */
const PARTS: readonly Part[] = [
  {
    what: 'Slack',
    isSet: hasSlack,
    off: 'there is no bot: nothing is heard and nothing is shown',
    fix: 'Create an app from manifest.yml, then set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode).',
  },
  {
    what: 'Slack events',
    many: true,
    of: hasSlack,
    isSet: (config) => modeOf(config) === 'bot',
    off: 'there is no bot: Slack has no way to tell us what happens',
    fix: 'Set SLACK_SIGNING_SECRET (Basic Information), or SLACK_APP_TOKEN for Socket Mode, which needs no public address.',
  },
  {
    what: 'Support channels',
    many: true,
    of: hasSlack,
    isSet: (config) => config.SUPPORT_CHANNELS.length > 0,
    off: 'no channel makes suggestions; channels that the bot is added to are only observed',
    fix: 'Set SUPPORT_CHANNELS=support,help-billing and invite the bot to each.',
  },
  {
    what: 'Insights channel',
    of: hasSlack,
    isSet: (config) => config.INSIGHTS_CHANNEL !== undefined,
    off: 'insights wait in the list of /throughline insight and are not posted',
    fix: 'Set INSIGHTS_CHANNEL=product-insights and invite the bot there.',
  },
  {
    what: 'Staff',
    of: hasSlack,
    isSet: (config) => config.STAFF.length > 0,
    off: 'what your own people write in support channels counts as a customer’s report',
    fix: 'Set STAFF=support-team: handles or ids of user groups, ids of users.',
  },
  {
    what: 'Linear',
    isSet: (config) => config.LINEAR_API_KEY !== undefined,
    off: 'cards have no File button',
    fix: 'Set LINEAR_API_KEY (Settings, Security & access, Personal API keys) and LINEAR_TEAM.',
  },
  {
    what: 'Linear webhooks',
    many: true,
    of: (config) => config.LINEAR_API_KEY !== undefined,
    isSet: (config) => config.LINEAR_WEBHOOK_SECRET !== undefined,
    off: 'completed issues are noticed by polling, minutes later',
    fix: 'Add a webhook for issues to PUBLIC_URL/webhooks/linear (Settings, API) and set LINEAR_WEBHOOK_SECRET.',
  },
  {
    what: 'Zendesk',
    isSet: (config) => config.ZENDESK_CLIENT_ID !== undefined,
    off: 'tickets are not read and get no notes',
    fix: 'Set ZENDESK_BASE_URL, ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET of an OAuth client with client credentials (Admin Center, Apps and integrations, APIs, OAuth clients).',
  },
  {
    what: 'Zendesk webhooks',
    many: true,
    of: (config) => config.ZENDESK_CLIENT_ID !== undefined,
    isSet: (config) => config.ZENDESK_WEBHOOK_SECRET !== undefined,
    off: 'tickets arrive by the regular sweep, minutes later',
    fix: 'Add an event webhook to PUBLIC_URL/webhooks/zendesk (Admin Center, Apps and integrations, Webhooks) and set ZENDESK_WEBHOOK_SECRET.',
  },
  {
    what: 'GitHub',
    isSet: hasGitHub,
    off: 'no repository is looked at; nothing needs one yet',
    fix: 'Set GITHUB_REPOSITORY=owner/name, and GITHUB_TOKEN or the three GITHUB_APP variables.',
  },
  {
    what: 'Public address',
    isSet: (config) => config.PUBLIC_URL !== undefined,
    off: 'issues carry no lineage link, and webhooks cannot reach us',
    fix: 'Set PUBLIC_URL to the address under which this server is reached, for example https://throughline.example.com.',
  },
  {
    what: 'API token',
    isSet: (config) => config.API_TOKEN !== undefined,
    off: 'POST /api/v1/signals, GET /metrics and unsigned lineage are closed',
    fix: 'Set API_TOKEN to a long random text: openssl rand -hex 24.',
  },
  {
    what: 'Master key',
    isSet: (config) => config.MASTER_KEY !== undefined,
    off: 'the key to every stored text lies in DATA_DIR alone: if that folder is lost, no text can be read again',
    fix: 'Keep a copy of DATA_DIR/master.key, or set MASTER_KEY to what stands in it.',
  },
  {
    what: 'Model',
    isSet: (config) => config.MODEL !== undefined,
    off: 'the built-in analyst reads the messages, without any network',
    fix: 'Set MODEL=provider:name and the provider’s own key, if you want a model to read them.',
  },
];

/** Examines a configuration: every connection that is set is asked, each on its own, and the missing parts are explained. */
export async function examine(config: Config, checks: readonly Check[], patienceMs = PROBE_MS): Promise<Finding[]> {
  const hide = hiderOf(config);
  const asked = await Promise.all(
    checks.map(async ({ what, probe }): Promise<Finding[]> => {
      const { ok, detail, fix, off } = await withPatience(probe, patienceMs);
      const words = hide(detail).replace(ERROR_CODE, '');
      return [
        { what, state: ok ? 'ok' : 'failed', detail: words, fix: ok || !fix ? null : hide(fix) },
        ...(off ? [{ ...off, state: 'off' as const }] : []),
      ];
    }),
  );
  const missing = PARTS.filter((part) => !part.isSet(config) && (part.of?.(config) ?? true));
  return [
    ...asked.flat(),
    ...missing.map(({ what, many, off, fix }): Finding => {
      const detail = `Without ${many ? 'them' : 'it'}, ${off}.`;
      return { what, state: 'off', detail, fix };
    }),
  ];
}

/** A probe that throws or hangs has failed like one that says so: it must not hide the others. */
async function withPatience(probe: Check['probe'], patienceMs: number): ReturnType<Check['probe']> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<Awaited<ReturnType<Check['probe']>>>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({
          ok: false,
          detail: `No answer within ${patienceMs / 1000} s.`,
          fix: 'Check the network between here and there.',
        }),
      patienceMs,
    );
  });
  try {
    return await Promise.race([probe(), silence]);
  } catch (error) {
    return { ok: false, detail: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks the database: the given one, or our own when it runs; else whether our own could be made. */
export async function probeDatabase(config: Config, url: string | null): ReturnType<Check['probe']> {
  const own = config.DATABASE_URL === undefined;
  if (url === null) return probeFolder(config);
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '0';
    if (Number.parseInt(version, 10) >= POSTGRES_MAJOR_MIN)
      return {
        ok: true,
        detail: own ? `our own PostgreSQL ${version} under ${config.DATA_DIR}` : `PostgreSQL ${version}`,
      };
    return {
      ok: false,
      detail: `PostgreSQL ${version} is too old.`,
      fix: `Use PostgreSQL ${POSTGRES_MAJOR_MIN} or newer, or unset DATABASE_URL: Throughline then runs its own.`,
    };
  } catch (error) {
    return {
      ok: false,
      detail: reasonOf(error),
      fix: own
        ? `Stop Throughline and start it again: the database under ${config.DATA_DIR} does not answer.`
        : 'Check DATABASE_URL, and that the server takes connections from here.',
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function probeFolder(config: Config): ReturnType<Check['probe']> {
  let folder = resolve(config.DATA_DIR);
  for (;;) {
    try {
      await access(folder, constants.W_OK | constants.X_OK);
      return { ok: true, detail: `our own PostgreSQL, which npm start runs under ${config.DATA_DIR}` };
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (missing && dirname(folder) !== folder) {
        folder = dirname(folder);
        continue;
      }
      return {
        ok: false,
        detail: `${folder} cannot be written to.`,
        fix: 'Set DATA_DIR to a folder that Throughline can write to, or DATABASE_URL to a PostgreSQL of yours.',
      };
    }
  }
}

/** Why something failed, in words: a connection that was tried over two addresses says so in its parts only. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map((part) => (part instanceof Error ? part.message : String(part))))].join('; ');
  return error instanceof AppError ? error.message : errorLine(error);
}

const MARKS = { ok: 'ok    ', off: 'off   ', failed: 'FAILED' };

/** The report as text, folded at a width: what works, what fails, what is missing. */
export function report(findings: readonly Finding[], columns = WIDTH_MAX): string {
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, columns));
  const names = Math.max(0, ...findings.map(({ what }) => what.length));
  const margin = ' '.repeat(2 + MARKS.ok.length + 2 + names + 2);
  const entry = ({ what, state, detail, fix }: Finding) => {
    const texts = [detail, ...(fix ? [fix] : [])].flatMap((text) => folded(text, width - margin.length));
    const [first = '', ...others] = texts;
    return [`  ${MARKS[state]}  ${what.padEnd(names)}  ${first}`, ...others.map((line) => margin + line)].join('\n');
  };
  const groups = (['failed', 'ok', 'off'] as const)
    .map((state) => findings.filter((finding) => finding.state === state).map(entry))
    .filter((group) => group.length > 0);
  const failed = findings.filter((finding) => finding.state === 'failed').length;
  const verdict =
    failed === 0
      ? 'Everything that is set up answers.'
      : `${failed} ${failed === 1 ? 'connection fails' : 'connections fail'}.`;
  return `Throughline doctor\n\n${groups.map((group) => group.join('\n')).join('\n\n')}\n\n${verdict}\n`;
}

function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Runs the command. Answers the exit code: 0 when everything that is set answers, else 1. */
export async function doctor({ out, err, env }: Terminal): Promise<number> {
  const read = readConfig(env);
  if (!read.ok) {
    err.write(describeProblems(read.problems));
    return 1;
  }
  const { config } = read;
  const findings = await examine(config, await checksOf(config));
  out.write(report(findings, out.columns));
  if (modeOf(config) === 'sandbox') out.write('Nothing is set up yet: npm start opens the sandbox.\n');
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
}

async function checksOf(config: Config): Promise<Check[]> {
  const [{ runningDatabase }, { probes }] = await Promise.all([import('../app.ts'), import('../connect.ts')]);
  const cache = { getOrLoad: <T>(_key: string, load: () => Promise<T>) => load(), delete: async () => true };
  const live = probes(config, {
    clock: systemClock,
    log: createLog('silent'),
    fetch: systemFetch,
    telemetry: createMetrics(systemClock),
    cache,
  });
  const database = async () => probeDatabase(config, await runningDatabase(config));
  return [...live, { what: 'Database', probe: database }];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await doctor(ownTerminal()));

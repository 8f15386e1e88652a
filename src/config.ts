// Configuration: one schema over the environment, and the only reader of it. Every problem is told at once, with its fix; secrets are never printed.
import { z } from 'zod';

/** What one variable is, for the schema, `.env.example`, the doctor and the error text alike. */
interface Variable {
  group: 'Slack' | 'Zendesk' | 'Linear' | 'GitHub' | 'Storage' | 'Model' | 'Server';
  help: string;
  example: string;
  secret?: boolean;
  schema: z.ZodType;
}

const optional = <T extends z.ZodType>(schema: T) => schema.optional();
const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string()));
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a whole address that starts with http:// or https://' });
const token = (prefix: string, what: string) =>
  z.string().startsWith(prefix, { error: `must start with ${prefix} (${what})` });

/** Zendesk publishes this signing secret for tests; accepting it would let anybody sign. */
const ZENDESK_TEST_SECRET = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';

/** Every variable Throughline reads, in the order in which `.env.example` lists them. */
export const VARIABLES = {
  SLACK_BOT_TOKEN: {
    group: 'Slack',
    help: 'Bot token of your Slack app (OAuth & Permissions). Without it, and without any other credential, the sandbox starts.',
    example: 'xoxb-…',
    secret: true,
    schema: optional(token('xoxb-', 'a bot token')),
  },
  SLACK_SIGNING_SECRET: {
    group: 'Slack',
    help: 'Signing secret (Basic Information). Needed for events over HTTP.',
    example: '32 hexadecimal digits',
    secret: true,
    schema: optional(z.string().min(8, { error: 'is too short for a signing secret' })),
  },
  SLACK_APP_TOKEN: {
    group: 'Slack',
    help: 'App-level token with connections:write. When set, events come over Socket Mode and no public address is needed.',
    example: 'xapp-…',
    secret: true,
    schema: optional(token('xapp-', 'an app-level token')),
  },
  SLACK_API_URL: {
    group: 'Slack',
    help: 'Where the Slack Web API is. Ends in /api/.',
    example: 'https://slack.com/api/',
    schema: httpUrl.endsWith('/api/', { error: 'must end in /api/' }).default('https://slack.com/api/'),
  },
  SUPPORT_CHANNELS: {
    group: 'Slack',
    help: 'Channels to listen to and to make suggestions from; names or ids, comma separated.',
    example: 'support,help-billing',
    schema: list.default([]),
  },
  INSIGHTS_CHANNEL: {
    group: 'Slack',
    help: 'The one channel where insights are posted; a name or an id.',
    example: 'product-insights',
    schema: optional(z.string().min(1)),
  },
  STAFF: {
    group: 'Slack',
    help: 'Your own people: user ids, user group ids or group handles, comma separated. Their words are context, never a report of their own.',
    example: 'support-team,U012AB3CD',
    schema: list.default([]),
  },
  APPROVERS: {
    group: 'Slack',
    help: 'Who may decide: user ids, user group ids or group handles. Unset: every full member of the insights channel, no guests, nobody external.',
    example: 'product-managers',
    schema: list.default([]),
  },
  ZENDESK_BASE_URL: {
    group: 'Zendesk',
    help: 'Your Zendesk address.',
    example: 'https://acme.zendesk.com',
    schema: optional(httpUrl),
  },
  ZENDESK_CLIENT_ID: {
    group: 'Zendesk',
    help: 'OAuth client with the client_credentials grant (Admin Center, Apps and integrations, APIs, OAuth clients).',
    example: 'throughline',
    schema: optional(z.string().min(1)),
  },
  ZENDESK_CLIENT_SECRET: {
    group: 'Zendesk',
    help: 'The secret of that OAuth client.',
    example: '…',
    secret: true,
    schema: optional(z.string().min(1)),
  },
  ZENDESK_WEBHOOK_SECRET: {
    group: 'Zendesk',
    help: 'Signing secret of the webhook that points to PUBLIC_URL/webhooks/zendesk.',
    example: '…',
    secret: true,
    schema: optional(
      z.string().refine((secret) => secret !== ZENDESK_TEST_SECRET, {
        error:
          'is the secret that Zendesk publishes for tests; anybody could sign with it. Copy the one of your own webhook',
      }),
    ),
  },
  LINEAR_API_KEY: {
    group: 'Linear',
    help: 'API key that may create issues (Settings, Security & access).',
    example: 'lin_api_…',
    secret: true,
    schema: optional(z.string().min(1)),
  },
  LINEAR_API_URL: {
    group: 'Linear',
    help: 'Where the Linear API is.',
    example: 'https://api.linear.app/graphql',
    schema: httpUrl.default('https://api.linear.app/graphql'),
  },
  LINEAR_TEAM: {
    group: 'Linear',
    help: 'Key of the team that gets the issues. Unset: the first team the key can see.',
    example: 'ENG',
    schema: optional(z.string().min(1)),
  },
  LINEAR_WEBHOOK_SECRET: {
    group: 'Linear',
    help: 'Signing secret of the webhook that points to PUBLIC_URL/webhooks/linear.',
    example: '…',
    secret: true,
    schema: optional(z.string().min(1)),
  },
  GITHUB_TOKEN: {
    group: 'GitHub',
    help: 'Token with contents and pull_requests write. Use this or the three GITHUB_APP variables.',
    example: 'github_pat_…',
    secret: true,
    schema: optional(z.string().min(1)),
  },
  GITHUB_APP_ID: {
    group: 'GitHub',
    help: 'Id of your GitHub App.',
    example: '123456',
    schema: optional(z.string().regex(/^\d+$/, { error: 'must be digits' })),
  },
  GITHUB_PRIVATE_KEY: {
    group: 'GitHub',
    help: 'Private key of the GitHub App, as PEM; \\n for line ends is fine.',
    example: '-----BEGIN RSA PRIVATE KEY-----\\n…',
    secret: true,
    schema: optional(z.string().includes('PRIVATE KEY', { error: 'must be a PEM private key' })),
  },
  GITHUB_INSTALLATION_ID: {
    group: 'GitHub',
    help: 'Installation of the GitHub App.',
    example: '987654',
    schema: optional(z.string().regex(/^\d+$/, { error: 'must be digits' })),
  },
  GITHUB_API_URL: {
    group: 'GitHub',
    help: 'Where the GitHub API is.',
    example: 'https://api.github.com',
    schema: httpUrl.default('https://api.github.com'),
  },
  GITHUB_REPOSITORY: {
    group: 'GitHub',
    help: 'Repository for draft pull requests.',
    example: 'acme/shop',
    schema: optional(z.string().regex(/^[\w.-]+\/[\w.-]+$/, { error: 'must look like owner/name' })),
  },
  GITHUB_WEBHOOK_SECRET: {
    group: 'GitHub',
    help: 'Signing secret of the GitHub webhook.',
    example: '…',
    secret: true,
    schema: optional(z.string().min(1)),
  },
  DATABASE_URL: {
    group: 'Storage',
    help: 'PostgreSQL 14 or newer. Unset: Throughline runs its own under DATA_DIR.',
    example: 'postgres://user:password@127.0.0.1:5432/throughline',
    secret: true,
    schema: optional(z.string().regex(/^postgres(ql)?:\/\//, { error: 'must start with postgres://' })),
  },
  DATA_DIR: {
    group: 'Storage',
    help: 'Where our own PostgreSQL and the master key live.',
    example: '.throughline',
    schema: z.string().min(1).default('.throughline'),
  },
  MASTER_KEY: {
    group: 'Storage',
    help: 'Base64 of 32 bytes that wraps every other key. Unset: made once in DATA_DIR. Lose it and every stored text is unreadable.',
    example: 'openssl rand -base64 32',
    secret: true,
    schema: optional(
      z.string().refine((text) => Buffer.from(text, 'base64').length === 32, {
        error: 'must be base64 of exactly 32 bytes; make one with: openssl rand -base64 32',
      }),
    ),
  },
  MODEL: {
    group: 'Model',
    help: 'Chat model as provider:name. Unset: the built-in analyst, which needs no network.',
    example: 'openai:gpt-5-mini',
    schema: optional(z.string().regex(/^[\w-]+:.+/, { error: 'must look like provider:name' })),
  },
  MODEL_BASE_URL: {
    group: 'Model',
    help: 'Base address of an OpenAI-compatible server.',
    example: 'http://127.0.0.1:11434/v1',
    schema: optional(httpUrl),
  },
  EMBEDDING_MODEL: {
    group: 'Model',
    help: 'Embedding model as provider:name. Unset: the built-in lexical vectors.',
    example: 'openai:text-embedding-3-small',
    schema: optional(z.string().regex(/^[\w-]+:.+/, { error: 'must look like provider:name' })),
  },
  PORT: {
    group: 'Server',
    help: 'Port to listen on.',
    example: '3000',
    schema: z.coerce.number({ error: 'must be a number' }).int().min(0).max(65535).default(3000),
  },
  PUBLIC_URL: {
    group: 'Server',
    help: 'Where people and webhooks reach this server; used in links.',
    example: 'https://throughline.example.com',
    schema: optional(httpUrl),
  },
  API_TOKEN: {
    group: 'Server',
    help: 'Bearer token for POST /api/v1/signals and GET /lineage. Unset: both answer 401.',
    example: 'openssl rand -hex 24',
    secret: true,
    schema: optional(
      z.string().min(16, { error: 'must be at least 16 characters; make one with: openssl rand -hex 24' }),
    ),
  },
  LOG_LEVEL: {
    group: 'Server',
    help: 'debug, info, warn, error or silent.',
    example: 'info',
    schema: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'must be debug, info, warn, error or silent' })
      .default('info'),
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;

/** The configuration, by the variables' own names. */
export type Config = { readonly [Name in VariableName]: z.output<(typeof VARIABLES)[Name]['schema']> } & {
  /** The model provider's own key (OPENAI_API_KEY and the like), read here and handed in; null when there is none. */
  readonly modelApiKey: string | null;
};

/** One thing that is wrong with the environment. Never holds the value. */
export interface ConfigProblem {
  name: VariableName;
  problem: string;
  fix: string;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: ConfigProblem[] };

/** Reads the whole environment and reports every problem at once. An empty variable counts as unset. */
export function readConfig(env: Record<string, string | undefined> = process.env): ConfigResult {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(VARIABLES) as [VariableName, Variable][]) {
    const raw = env[name]?.trim();
    const parsed = variable.schema.safeParse(raw === '' ? undefined : raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push({
        name,
        problem: parsed.error.issues.map((issue) => issue.message).join('; '),
        fix: `${variable.help} Example: ${variable.example}`,
      });
  }
  const together = (names: VariableName[], why: string) => {
    const set = names.filter((name) => values[name] !== undefined);
    if (set.length > 0 && set.length < names.length && !problems.some((problem) => names.includes(problem.name))) {
      const missing = names.filter((name) => values[name] === undefined);
      for (const name of missing)
        problems.push({
          name,
          problem: `is missing, while ${set.join(' and ')} is set`,
          fix: `${why} ${VARIABLES[name].help}`,
        });
    }
  };
  together(['ZENDESK_BASE_URL', 'ZENDESK_CLIENT_ID', 'ZENDESK_CLIENT_SECRET'], 'Zendesk needs all three.');
  together(['GITHUB_APP_ID', 'GITHUB_PRIVATE_KEY', 'GITHUB_INSTALLATION_ID'], 'A GitHub App needs all three.');
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    config: { ...values, modelApiKey: modelApiKey(values.MODEL as string | undefined, env) } as Config,
  };
}

/** The environment as it is, for the sandbox, which passes the harmless part of it on to the bot that it starts. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Says every problem in plain words, for a terminal. */
export function describeProblems(problems: ConfigProblem[]): string {
  const lines = problems.map(({ name, problem, fix }) => `  ${name} ${problem}.\n      ${fix}`);
  return `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n\n${lines.join('\n')}\n`;
}

/** What the environment asks for: the bot, the sandbox (no credential at all), or neither (credentials, but no Slack). */
export function modeOf(config: Config): 'bot' | 'sandbox' | 'incomplete' {
  if (config.SLACK_BOT_TOKEN && (config.SLACK_SIGNING_SECRET || config.SLACK_APP_TOKEN)) return 'bot';
  const credentials = (Object.entries(VARIABLES) as [VariableName, Variable][]).filter(
    ([name, variable]) => variable.secret && /^(SLACK|ZENDESK|LINEAR|GITHUB)_/.test(name),
  );
  return credentials.some(([name]) => config[name] !== undefined) ? 'incomplete' : 'sandbox';
}

// Shorter values are ordinary words and numbers: hiding them would tell more than it hides.
const SECRET_LENGTH_MIN = 6;

/** Takes every secret of the configuration out of a text, whoever put it there. */
export function hiderOf(config: Config): (text: string) => string {
  const names = (Object.keys(VARIABLES) as VariableName[]).filter((name) => 'secret' in VARIABLES[name]);
  const passwords = /^\w+:\/\/[^:@/]*:(.+)@/.exec(config.DATABASE_URL ?? '')?.slice(1) ?? [];
  // As the driver may say it, which undoes the escapes of an address.
  const plain = passwords.map((password) => password.replace(/(?:%[0-9a-f]{2})+/gi, unescaped));
  const secrets = [...names.map((name) => config[name]), config.modelApiKey, ...passwords, ...plain]
    .filter((value) => typeof value === 'string')
    .filter((value) => value.length >= SECRET_LENGTH_MIN)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '(hidden)'), text);
}

function unescaped(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}

/** The text of `.env.example`. */
export function envExample(): string {
  const out: string[] = [
    '# Throughline reads these variables. All are optional: with none of them, `npm start` runs the sandbox.',
    '# This file is made from src/config.ts by `npm run env-example`.',
  ];
  let group = '';
  for (const [name, variable] of Object.entries(VARIABLES) as [VariableName, Variable][]) {
    if (variable.group !== group) {
      group = variable.group;
      out.push('', `# --- ${group}`);
    }
    out.push(`# ${variable.help}`, `# Example: ${variable.example}`, `${name}=`);
  }
  return `${out.join('\n')}\n`;
}

// Providers name their keys themselves; we read the one that belongs to MODEL and pass it in, so that no library reads the environment.
export const MODEL_KEYS: Readonly<Record<string, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  'google-genai': 'GOOGLE_API_KEY',
  mistralai: 'MISTRAL_API_KEY',
  groq: 'GROQ_API_KEY',
  aws: 'AWS_BEARER_TOKEN_BEDROCK',
};

function modelApiKey(model: string | undefined, env: Record<string, string | undefined>): string | null {
  const provider = model?.split(':')[0];
  const name = provider ? MODEL_KEYS[provider] : undefined;
  return (name && env[name]?.trim()) || null;
}

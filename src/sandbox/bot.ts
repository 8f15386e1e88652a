// The bot as a child of the sandbox: started, watched by its /healthz, started again when it dies, stopped with the sandbox.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { MODEL_KEYS } from '#src/config.ts';
import type { Clock, Fetch } from '#src/domain/ports.ts';
import type { PageBot } from './page/model.ts';

const POLL_STARTING_MS = 250;
const POLL_READY_MS = 2_000;
const HEALTH_TIMEOUT_MS = 2_000;
// A crash right after the start is usually a mistake in the configuration or in the code: do not spin on it.
const RESTART_MS = [250, 1_000, 3_000, 10_000];
const STABLE_MS = 30_000;
// The bot drains its work on SIGTERM; longer than this and somebody who pressed Ctrl-C would rather have it gone.
const DRAIN_MS = 10_000;

// Of the environment that started the sandbox only this reaches the bot: what a process needs to run, and the model. No real credential.
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'SHELL',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'MODEL',
  'MODEL_BASE_URL',
  'EMBEDDING_MODEL',
  'LOG_LEVEL',
];
type Environment = Readonly<Record<string, string | undefined>>;

/** The part of an environment that the sandbox's bot may see. */
export function environmentForBot(environment: Environment): Record<string, string> {
  const provider = (variable: 'MODEL' | 'EMBEDDING_MODEL') => MODEL_KEYS[environment[variable]?.split(':')[0] ?? ''];
  const names = [...PASSED_ON, provider('MODEL'), provider('EMBEDDING_MODEL')];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = name === undefined ? undefined : environment[name];
      return name !== undefined && value !== undefined ? [[name, value]] : [];
    }),
  );
}

export interface BotOptions {
  /** What is started with this very Node: the file, then its arguments. */
  command: readonly string[];
  env: Record<string, string>;
  /** The bot's own address; `/healthz` below it says when it is ready. */
  url: string;
  /** Where its output goes. */
  logFile: string;
  /** Where the id of its process stands, so that one which outlived a killed sandbox is found at the next start. */
  pidFile: string;
  clock: Clock;
  fetch: Fetch;
  onChange(status: PageBot): void;
}

export interface Bot {
  readonly status: PageBot;
  /** The process that runs now; null between two. */
  readonly pid: number | null;
  /** Resolves when it is ready for the first time, or throws when it could not be within the time. */
  ready(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the bot and keeps it running until `stop`. */
export function startBot(options: BotOptions): Bot {
  const { clock, fetch } = options;
  const stopping = new AbortController();
  const log = createWriteStream(options.logFile, { flags: 'a' });
  let status: PageBot = { state: 'starting', detail: 'The bot is starting.' };
  let child: ChildProcess | null = null;
  let lastWords = '';
  const running = keepRunning();
  const watching = watch();

  return {
    get status() {
      return status;
    },
    get pid() {
      return child?.pid ?? null;
    },
    async ready(timeoutMs) {
      const until = clock.now().getTime() + timeoutMs;
      while (status.state !== 'ready') {
        if (clock.now().getTime() > until || stopping.signal.aborted) {
          throw new Error(`The bot is not ready. ${status.detail} Its log: ${options.logFile}`);
        }
        await clock.sleep(50, stopping.signal);
      }
    },
    async stop() {
      stopping.abort();
      const last = child;
      if (last && last.exitCode === null && last.signalCode === null) {
        const gone = new Promise<void>((resolve) => last.once('exit', () => resolve()));
        last.kill('SIGTERM');
        const timer = setTimeout(() => last.kill('SIGKILL'), DRAIN_MS);
        await gone;
        clearTimeout(timer);
      }
      await Promise.all([running, watching]);
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };

  function tell(next: PageBot): void {
    if (next.state === status.state && next.detail === status.detail) return;
    status = next;
    options.onChange(next);
  }

  async function keepRunning(): Promise<void> {
    let quickDeaths = 0;
    while (!stopping.signal.aborted) {
      const started = clock.now().getTime();
      const how = await runOnce();
      if (stopping.signal.aborted) return;
      quickDeaths = clock.now().getTime() - started < STABLE_MS ? quickDeaths + 1 : 0;
      const waitMs = RESTART_MS[Math.min(quickDeaths, RESTART_MS.length - 1)]!;
      const why = lastWords === '' ? '' : ` Its last words: ${lastWords}`;
      tell({ state: 'down', detail: `The bot has stopped (${how}) and is started again.${why}` });
      await clock.sleep(waitMs, stopping.signal);
    }
  }

  function runOnce(): Promise<string> {
    lastWords = '';
    const started = spawn(process.execPath, [...options.command], {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group: Ctrl-C at the terminal is for the sandbox, which then stops it in order.
      detached: true,
    });
    child = started;
    if (started.pid !== undefined) writeFileSync(options.pidFile, String(started.pid));
    started.stdout.pipe(log, { end: false });
    started.stderr.pipe(log, { end: false });
    started.stderr.on('data', (data: Buffer) => {
      // Of a stack trace, the line that says what happened.
      const lines = data.toString('utf8').trim().split('\n');
      lastWords = (lines.find((line) => /error/i.test(line) && !line.startsWith(' ')) ?? lines[0] ?? '').slice(0, 300);
    });
    return new Promise((resolve) => {
      started.once('error', (error) => resolve(error.message));
      started.once('exit', (code, signal) => {
        child = null;
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (child) {
        const healthy = await isHealthy();
        if (healthy) tell({ state: 'ready', detail: 'The bot is running.' });
        else if (status.state === 'ready') tell({ state: 'down', detail: 'The bot does not answer.' });
      }
      await clock.sleep(status.state === 'ready' ? POLL_READY_MS : POLL_STARTING_MS, stopping.signal);
    }
  }

  async function isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(`${options.url}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
      return response.ok;
    } catch {
      // Nobody listens yet, or not any more: that is what is being asked.
      return false;
    }
  }
}

/** Ends the bot of a sandbox that was killed: it holds the database and its port. Only a process that still runs our very command is touched. */
export async function stopLeftover({
  pidFile,
  command,
  clock,
}: Pick<BotOptions, 'pidFile' | 'command' | 'clock'>): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1) return;
  const isOurs = async () => {
    // Linux tells by a file, also where no ps is installed; macOS has no such file.
    const told = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(async () => {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => ({
        stdout: '',
      }));
      return stdout;
    });
    return told.includes(command[0] ?? pidFile);
  };
  if (!(await isOurs())) return;
  process.kill(pid, 'SIGTERM');
  const until = clock.now().getTime() + DRAIN_MS;
  while (await isOurs()) {
    if (clock.now().getTime() > until) {
      process.kill(pid, 'SIGKILL');
      return;
    }
    await clock.sleep(100);
  }
}

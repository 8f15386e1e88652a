// npm run backfill -- slack --since 90d: what was said in the watched channels before Throughline listened, by the same way as everything else.
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { App, WatchedChannel } from '../app.ts';
import { describeProblems, readConfig } from '../config.ts';
import { type BackfillSummary, type BackfillView, daysIn } from '../domain/backfill.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { STAFF_ONLY } from '../domain/visibility.ts';
import { createLog, keepSmall } from '../system.ts';
import { createProgress, duration, type Progress } from './progress.ts';
import { ownTerminal, stopOnSignals, type Terminal } from './terminal.ts';
import { LOOK_MS, waitUntilUnderstood } from './understanding.ts';

const SINCE = '90d';
// The bar counts thousandths of the time that is read: Slack does not say how many messages there are.
const PARTS = 1000;

const USAGE = `npm run backfill -- slack [options]

Reads the history and the threads of the channels that Throughline listens in,
page by page, slowly enough for Slack's limits. It opens no cards.

  --since=90d
      How far back: days (d), weeks (w), months (m) or years (y).
  --channel=support
      Only this channel; may be given several times. Default: all of them.
  --post=N
      Posts the N insights with the most customers at the end. The others wait,
      listed by /throughline insight; a new report brings its insight out.

It may run beside the bot. Cut short, the same command goes on where it stopped;
nothing is taken in twice. How fast: the settings backfill.page and
backfill.perMinute (npm run settings -- list).
`;

interface Order {
  days: number;
  channels: string[];
  post: number;
}

/** Reads the words of the command. A wrong one is a sentence. */
function orderOf(args: readonly string[]): Order | { help: true } | { problem: string } {
  let parsed: ReturnType<typeof parseWords>;
  try {
    parsed = parseWords(args);
  } catch (error) {
    // Node's own words name the option; its advice about dashes does not help here.
    return { problem: `${(error as Error).message.split('. ')[0]}.` };
  }
  const { values, positionals } = parsed;
  if (values.help) return { help: true };
  const [system, ...more] = positionals;
  if (system === undefined) return { problem: 'Which system? There is slack.' };
  if (system !== 'slack' || more.length > 0)
    return { problem: `Only slack can be read so; what is "${[system, ...more].join(' ')}"?` };
  const days = daysIn(values.since);
  if (days === null) return { problem: `--since takes a time like 90d, 12w, 3m or 1y, not "${values.since}".` };
  const post = Number(values.post);
  if (values.post === '' || !Number.isInteger(post) || post < 0)
    return { problem: `--post takes a whole number, not "${values.post}".` };
  return { days, channels: values.channel, post };
}

function parseWords(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      since: { type: 'string', default: SINCE },
      channel: { type: 'string', multiple: true, default: [] },
      post: { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/** Runs the command. Answers the exit code: 0 when every channel was read to its end, 1 when one was not, 130 when it was interrupted. */
export async function run(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const { out, err, env } = terminal;
  const say = (text: string) => err.write(`${text}\n`);
  const order = orderOf(args);
  if ('help' in order) {
    out.write(USAGE);
    return 0;
  }
  if ('problem' in order) {
    say(`${order.problem} npm run backfill -- --help says what there is.`);
    return 1;
  }
  const read = readConfig(env);
  if (!read.ok) {
    err.write(describeProblems(read.problems));
    return 1;
  }
  const { config } = read;
  if (!config.SLACK_BOT_TOKEN) {
    say('Slack is not set up: SLACK_BOT_TOKEN is missing. npm run doctor says how to get it.');
    return 1;
  }
  let app: App | null = null;
  try {
    // Everything comes with it, which takes a moment: not for a word of help.
    const { buildApp } = await import('../app.ts');
    app = await buildApp(config, {
      ...keepSmall(),
      role: 'command',
      log: createLog(config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL),
    });
    return await backfill(app, order, terminal, signal);
  } catch (error) {
    say(error instanceof AppError ? error.message : errorLine(error));
    if (app) say('What was read stays; run the same command again to go on.');
    return 1;
  } finally {
    await app?.stop();
  }
}

async function backfill(app: App, order: Order, { out, err }: Terminal, signal: AbortSignal): Promise<number> {
  const say = (text: string) => err.write(`${text}\n`);
  const { found, problems } = await app.backfill.channels(order.channels);
  for (const problem of problems) say(problem);
  if (found.length === 0) {
    if (problems.length === 0)
      say('Throughline listens in no channel yet: set SUPPORT_CHANNELS and invite the bot to each.');
    return 1;
  }
  const progress = createProgress(out);
  const rows = await readAll(app, order, found, out, progress, signal);
  if (rows === 'busy') {
    say(await busyText(app));
    return 1;
  }
  for (const row of rows) if (row.state === 'failed') say(`#${row.name} was not read. ${row.problem ?? ''}`.trim());
  const ids = rows.map(({ channelId }) => channelId);
  const read = rows.reduce((sum, row) => sum + row.messages, 0);
  const understood = await waitUntilUnderstood(
    app,
    { externalIds: ids.map((id) => `slack:${id}:`), total: read, settled: settled(app, ids, signal) },
    progress,
    signal,
  );
  if (signal.aborted || !understood) {
    say('Stopped. What was read stays; run the same command again to go on.');
    return 130;
  }
  const posted = order.post > 0 ? await app.post(order.post) : 0;
  if (posted > 0) await app.idle();
  for (const row of rows) if (row.state === 'done') out.write(`${doneLine(row)}\n`);
  const summary = await app.backfill.summary(ids, STAFF_ONLY);
  for (const line of summaryLines(summary, order.post, posted)) out.write(`${line}\n`);
  return problems.length === 0 && rows.every(({ state }) => state === 'done') ? 0 : 1;
}

/** Looks only for what was read: a bot that runs beside has work of its own all the time. */
async function settled(app: App, channelIds: readonly string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await app.backfill.unsettled(channelIds)) > 0)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

/** One channel after the other, so that there is one bar at a time; those that Slack refuses stop nothing. */
async function readAll(
  app: App,
  order: Order,
  channels: readonly WatchedChannel[],
  out: Terminal['out'],
  progress: Progress,
  signal: AbortSignal,
): Promise<BackfillView[] | 'busy'> {
  const rows: BackfillView[] = [];
  for (const channel of channels) {
    if (signal.aborted) break;
    const free = await app.backfill.run([], { signal });
    if (free === 'busy') return 'busy';
    const { backfill: begun, resumed } = await app.backfill.order({ ...channel, days: order.days, by: 'an operator' });
    if (resumed) out.write(`#${channel.name}: going on after ${number(begun.messages)} messages.\n`);
    progress.begin(`#${channel.name}`, PARTS);
    let told = begun.slow;
    const ended = await app.backfill.run([channel.channelId], {
      signal,
      onStep: (row) => {
        if (row.slow && !told) {
          told = true;
          progress.note(SLOW);
        }
        progress.at(Math.floor(row.estimate.share * PARTS), stepText(row));
      },
      onWait: ({ why, ms }) =>
        progress.note(
          why === 'rate_limited'
            ? `Slack asks us to wait ${duration(ms / 1000)}.`
            : `Slack does not answer; trying again in ${duration(ms / 1000)}.`,
        ),
    });
    if (ended === 'busy') return 'busy';
    progress.end(ended.every(({ state }) => state === 'done'));
    rows.push(...ended);
  }
  return rows;
}

const SLOW =
  'Slack answers this app only once a minute, with 15 messages: so it treats apps that are distributed outside its Marketplace. An app that is made in your own workspace from manifest.yml (npm run manifest) is not slowed down.';

function stepText({ messages, estimate }: BackfillView): string {
  const left = estimate.remainingMs === null ? '' : `, about ${duration(estimate.remainingMs / 1000)} left`;
  return `${number(messages)} of about ${number(estimate.messages ?? messages)} messages${left}`;
}

async function busyText(app: App): Promise<string> {
  const [reading] = (await app.verbs.backfill()).filter(({ state }) => state === 'reading');
  const what = reading
    ? ` It is in #${reading.name}, ${Math.floor(reading.estimate.share * 100)}%${reading.via === 'home' ? ', asked for in Slack, and goes on by itself' : ''}.`
    : '';
  return `Another back-fill is under way, and two at once would only slow each other down.${what} Try again when it is done.`;
}

function doneLine({ name, messages, threads, requests, since }: BackfillView): string {
  return `#${name}: ${count(messages, 'message')} since ${since.slice(0, 10)}, ${count(threads, 'thread')}, ${count(requests, 'request')}.`;
}

function summaryLines(summary: BackfillSummary, wanted: number, posted: number): string[] {
  const { themes, waiting, largest, hidden } = summary;
  const names = largest.map(({ title, customers }) => `  ${title} (${count(customers, 'customer')})`);
  return [
    `Found ${count(themes, 'theme')}${posted > 0 ? `; ${count(posted, 'insight')} posted` : ''}.`,
    ...(waiting > 0
      ? [
          `${count(waiting, 'insight waits', 'insights wait')} in /throughline insight; the largest:`,
          ...names,
          ...(hidden > 0 ? [`  (${hidden} from private channels)`] : []),
        ]
      : []),
    ...(waiting > 0 && wanted === 0 ? ['Show them? The same command with --post=3 posts the three largest.'] : []),
    ...(wanted > 0 && posted === 0 && waiting > 0
      ? ['None could be posted: set INSIGHTS_CHANNEL and invite the bot there.']
      : []),
  ];
}

function count(many: number, one: string, more = `${one}s`): string {
  return `${number(many)} ${many === 1 ? one : more}`;
}

function number(many: number): string {
  return many.toLocaleString('en');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2), ownTerminal(), stopOnSignals()));

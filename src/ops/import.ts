// npm run import -- file.csv|file.jsonl: any other source, by the same way as everything else.
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { App } from '../app.ts';
import { describeProblems, modeOf, readConfig } from '../config.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { STAFF_ONLY } from '../domain/visibility.ts';
import { createLog, keepSmall } from '../system.ts';
import { type ImportOptions, type ImportPlan, type ImportResult, importFile, planImport, USES } from './import-file.ts';
import { createProgress } from './progress.ts';
import { ownTerminal, stopOnSignals, type Terminal } from './terminal.ts';
import { LOOK_MS, waitUntilUnderstood } from './understanding.ts';

const USAGE = `npm run import -- FILE [options]

FILE is .csv or .tsv with a first line that names the columns, or .jsonl with one object per line.

  --text=COLUMN  --title=COLUMN  --at=COLUMN  --author=COLUMN
  --customer=COLUMN  --id=COLUMN  --url=COLUMN  --thread=COLUMN
      Which column is used for what. Usual names are found; --url= uses none.
  --each-row-its-own-reporter
      Counts every row as a person of its own.
  --dates=dmy|mdy
      Which comes first in 03/04/2026, the day or the month.
  --name=NAME
      Names the source; default: the file's name. A row of the same name and id,
      or without an id the same content, is the same row.
  --post=N
      Posts the N insights with the most customers. The others wait, listed by
      /throughline insight; a new report brings its insight out.

An import that was cut short goes on where it stopped; the same file again
changes nothing. Refused rows, with line and reason: FILE.rejected.jsonl.

Example: npm run import -- tickets.csv --text=body --at=created --customer=company
`;

interface Order {
  options: ImportOptions;
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
  const [file, ...more] = positionals;
  if (file === undefined) return { problem: 'Which file?' };
  if (more.length > 0) return { problem: `One file at a time: what is "${more.join(' ')}"?` };
  const post = Number(values.post);
  if (values.post === '' || !Number.isInteger(post) || post < 0)
    return { problem: `--post takes a whole number, not "${values.post}".` };
  const { dates } = values;
  if (dates !== undefined && dates !== 'dmy' && dates !== 'mdy')
    return { problem: `--dates is dmy or mdy, not "${dates}".` };
  const columns = Object.fromEntries(USES.flatMap((use) => (values[use] === undefined ? [] : [[use, values[use]]])));
  const eachRowItsOwnReporter = values['each-row-its-own-reporter'];
  return { options: { file, columns, eachRowItsOwnReporter, name: values.name, dates: dates ?? null }, post };
}

function parseWords(args: readonly string[]) {
  const text = { type: 'string' } as const;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      text,
      title: text,
      at: text,
      author: text,
      customer: text,
      id: text,
      url: text,
      thread: text,
      name: text,
      dates: text,
      'each-row-its-own-reporter': { type: 'boolean', default: false },
      post: { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/** Runs the command. Answers the exit code: 0 when the file was read to its end, 1 when it was not, 130 when it was interrupted. */
export async function run(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const { out, err, env } = terminal;
  const say = (text: string) => err.write(`${text}\n`);
  const order = orderOf(args);
  if ('help' in order) {
    out.write(USAGE);
    return 0;
  }
  if ('problem' in order) {
    say(`${order.problem} npm run import -- --help says what there is.`);
    return 1;
  }
  const read = readConfig(env);
  if (!read.ok) {
    err.write(describeProblems(read.problems));
    return 1;
  }
  const { config } = read;
  const started = performance.now();
  const progress = createProgress(out);
  let app: App | null = null;
  try {
    const plan = await planImport(order.options);
    if (modeOf(config) !== 'bot') say(`Slack is not set up: the rows wait for the bot (the sandbox has its own).`);
    // Everything comes with it, which takes a moment: not for a word of help.
    const { buildApp } = await import('../app.ts');
    app = await buildApp(config, {
      ...keepSmall(),
      role: 'command',
      log: createLog(config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL),
    });
    const before = await app.count();
    progress.begin('Reading', plan.size);
    const result = await importFile(app, plan, { signal, onProgress: (bytes) => progress.at(bytes) });
    progress.end(!result.stopped);
    const understood =
      !result.stopped &&
      (await waitUntilUnderstood(
        app,
        { externalIds: [`import:${plan.name}:`], total: result.rows - result.rejected, settled: app.idle(LOOK_MS) },
        progress,
        signal,
      ));
    // What is being worked on is finished first, which takes a moment.
    if (!understood) say('Stopping …');
    const posted = understood && order.post > 0 ? await app.post(order.post) : 0;
    if (posted > 0) await app.idle();
    const after = await app.count();
    const seconds = (performance.now() - started) / 1000;
    for (const line of [...summary(result, plan), ...(await newsOf(app, before, after, order.post, posted))])
      out.write(`${line}\n`);
    out.write(`${seconds.toFixed(1)} s, ${Math.round(process.memoryUsage.rss() / 1048576)} MB in this process.\n`);
    if (understood) return 0;
    say('Stopped. What was taken in stays; run the same command again to go on.');
    return 130;
  } catch (error) {
    progress.end(false);
    say(error instanceof AppError ? error.message : errorLine(error));
    if (app) say('What was taken in stays; run the same command again to go on.');
    return 1;
  } finally {
    await app?.stop();
  }
}

function summary(result: ImportResult, plan: ImportPlan): string[] {
  const { rows, accepted, duplicates, rejected, resumedAt, rejectFile } = result;
  const uses = USES.flatMap((use) => (plan.columns[use] ? [`${use} from "${plan.columns[use]}"`] : []));
  const known = resumedAt > 0 ? `, ${number(resumedAt)} of them by an earlier run` : '';
  return [
    `Took ${uses.join(', ')}.`,
    `${count(rows, 'row')} read${known}, ${number(accepted + duplicates)} taken in, ${number(rejected)} refused.`,
    ...(rejectFile ? [`Refused rows, with line and reason: ${rejectFile}`] : []),
  ];
}

async function newsOf(
  app: App,
  before: { themes: number; insights: number },
  after: { themes: number; insights: number },
  wanted: number,
  posted: number,
): Promise<string[]> {
  const waiting = (await app.verbs.insights(STAFF_ONLY)).filter(({ state }) => state === 'unposted').length;
  const themes = Math.max(0, after.themes - before.themes);
  const insights = Math.max(0, after.insights - before.insights);
  return [
    `${count(themes, 'new theme')} and ${count(insights, 'new insight')}; ${posted} posted.`,
    ...(wanted > 0 && posted === 0 && waiting > 0
      ? ['None could be posted: set INSIGHTS_CHANNEL and invite the bot there.']
      : []),
    ...(waiting > 0 ? ['The others wait in /throughline insight; a new report brings its insight out.'] : []),
  ];
}

function count(many: number, what: string): string {
  return `${number(many)} ${what}${many === 1 ? '' : 's'}`;
}

function number(many: number): string {
  return many.toLocaleString('en');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2), ownTerminal(), stopOnSignals()));

// npm run import -- file.csv|file.jsonl: any other source, by the same way as everything else. Resumable; a bad row is reported and stops nothing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, open, rm, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { parse } from 'csv-parse';
import type { App } from '../app.ts';
import { buildApp } from '../app.ts';
import { describeProblems, readConfig } from '../config.ts';
import { ApiSignal, toFacts } from '../domain/api-signal.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { createLog } from '../system.ts';

// One delivery per this many rows: large enough to be quick, small enough to be read again cheaply after a crash.
const CHUNK_ROWS = 200;
const FINGERPRINT_BYTES = 65_536;

/** What a column is used for, and the names it is found under when nobody says. */
const COLUMNS = {
  text: ['text', 'message', 'body', 'comment', 'content', 'description'],
  title: ['title', 'subject', 'summary'],
  at: ['at', 'created_at', 'createdat', 'date', 'timestamp', 'time'],
  author: ['author', 'user', 'requester', 'email', 'from'],
  customer: ['customer', 'organization', 'organisation', 'company', 'account'],
  id: ['id', 'external_id', 'ticket_id', 'key'],
  url: ['url', 'link', 'permalink'],
  thread: ['thread', 'thread_id', 'conversation', 'conversation_id'],
} as const;
export type ColumnUse = keyof typeof COLUMNS;

export interface ImportOptions {
  file: string;
  /** Which column is used for what; what is not named is found by its usual names. */
  columns: Partial<Record<ColumnUse, string>>;
  eachRowItsOwnReporter: boolean;
  /** How many of the insights that wait afterwards are posted. */
  post: number;
  onProgress?: (rows: number, bytes: number) => void;
}

/** What an import came to. */
export interface ImportResult {
  rows: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  rejectFile: string | null;
  /** Rows that an earlier, interrupted run had taken in already. */
  resumedAt: number;
}

type Row = Record<string, unknown>;

/** Takes a file in. Throws AppError('bad_request') when the file cannot be read at all or has no column with text. */
export async function importFile(app: Pick<App, 'accept' | 'cursor'>, options: ImportOptions): Promise<ImportResult> {
  const fingerprint = await fingerprintOf(options);
  const cursorName = `import.${fingerprint}`;
  const resumedAt = Number((await app.cursor.get(cursorName)) ?? 0);
  const rejectFile = `${options.file}.rejected.jsonl`;
  if (resumedAt === 0) await rm(rejectFile, { force: true });
  const result: ImportResult = { rows: 0, accepted: 0, duplicates: 0, rejected: 0, rejectFile: null, resumedAt };

  let columns: Record<ColumnUse, string | null> | null = null;
  let chunk: { row: number; signal: ApiSignal }[] = [];
  const flush = async () => {
    const last = result.rows;
    if (chunk.length > 0) {
      const facts = toFacts(
        chunk.map(({ signal }) => signal),
        new Date(await app.cursor.now()),
        { source: 'import', historical: true },
      );
      const deliveryId = `${fingerprint}:${chunk[0]!.row}-${chunk.at(-1)!.row}`;
      const [fresh] = await app.accept([
        { source: 'import', deliveryId, kind: 'facts', payload: JSON.stringify(facts) },
      ]);
      if (fresh) result.accepted += chunk.length;
      else result.duplicates += chunk.length;
    }
    chunk = [];
    await app.cursor.set(cursorName, String(last));
  };

  for await (const { row, line, bytes } of rowsOf(options.file)) {
    result.rows++;
    options.onProgress?.(result.rows, bytes);
    if (result.rows <= resumedAt) continue;
    if (row instanceof Error) {
      await reject(line, row.message, null);
      continue;
    }
    columns ??= chooseColumns(row, options.columns);
    const parsed = ApiSignal.safeParse(toSignal(row, columns, result.rows, fingerprint, options.eachRowItsOwnReporter));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      await reject(line, `${issue?.path.join('.') || 'row'} ${issue?.message ?? 'is not understood'}`, row);
      continue;
    }
    chunk.push({ row: result.rows, signal: parsed.data });
    if (chunk.length === CHUNK_ROWS) await flush();
  }
  await flush();
  if (result.rejected > 0) result.rejectFile = rejectFile;
  return result;

  async function reject(line: number, problem: string, row: Row | null): Promise<void> {
    result.rejected++;
    await appendFile(rejectFile, `${JSON.stringify({ line, problem, row })}\n`);
  }
}

/** The rows of a file with their line numbers; a line that cannot be parsed is an Error in its place. */
async function* rowsOf(file: string): AsyncGenerator<{ row: Row | Error; line: number; bytes: number }> {
  const kind = extname(file).toLowerCase();
  const stream = createReadStream(file);
  if (kind === '.jsonl' || kind === '.ndjson') {
    let line = 0;
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() === '') continue;
      yield { row: parseLine(text), line, bytes: stream.bytesRead };
    }
    return;
  }
  if (kind !== '.csv' && kind !== '.tsv')
    throw new AppError('bad_request', `${file} must end in .csv, .tsv or .jsonl.`);
  // Quotes in the middle of a field are common in exports; a row with too few or too many fields is told, not guessed at.
  const parser = stream.pipe(
    parse({
      columns: true,
      bom: true,
      info: true,
      relax_quotes: true,
      skip_empty_lines: true,
      relax_column_count: true,
      trim: true,
      delimiter: kind === '.tsv' ? '\t' : [',', ';'],
    }),
  );
  let width: number | null = null;
  for await (const item of parser) {
    const { record, info } = item as {
      record: Row;
      info: { lines: number; columns: { name: string }[] | boolean; error?: { message: string } };
    };
    width ??= Array.isArray(info.columns) ? info.columns.length : Object.keys(record).length;
    const bad = info.error || Object.keys(record).length !== width;
    yield {
      row: bad ? new Error(`has ${Object.keys(record).length} fields where the header has ${width}`) : record,
      line: info.lines,
      bytes: stream.bytesRead,
    };
  }
}

function parseLine(text: string): Row | Error {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Row)
      : new Error('is not a JSON object');
  } catch {
    return new Error('is not JSON');
  }
}

function chooseColumns(row: Row, named: ImportOptions['columns']): Record<ColumnUse, string | null> {
  const present = Object.keys(row);
  const chosen = Object.fromEntries(
    (Object.keys(COLUMNS) as ColumnUse[]).map((use) => {
      const wanted = named[use];
      if (wanted !== undefined && !present.includes(wanted)) {
        throw new AppError(
          'bad_request',
          `There is no column "${wanted}" (--${use}). The file has: ${present.join(', ')}.`,
        );
      }
      const found =
        wanted ?? present.find((name) => (COLUMNS[use] as readonly string[]).includes(name.trim().toLowerCase()));
      return [use, found ?? null];
    }),
  ) as Record<ColumnUse, string | null>;
  if (!chosen.text)
    throw new AppError(
      'bad_request',
      `No column looks like the text. Name it with --text=COLUMN. The file has: ${present.join(', ')}.`,
    );
  return chosen;
}

function toSignal(
  row: Row,
  columns: Record<ColumnUse, string | null>,
  number: number,
  fingerprint: string,
  ownReporter: boolean,
): object {
  const value = (use: ColumnUse): string | undefined => {
    const name = columns[use];
    const raw = name === null ? undefined : row[name];
    const text = raw === undefined || raw === null ? '' : String(raw).trim();
    return text === '' ? undefined : text;
  };
  const text = value('text');
  const title = value('title');
  const at = value('at');
  const author = ownReporter ? `${fingerprint}:${number}` : value('author');
  const customer = value('customer');
  const when = at === undefined ? undefined : timeOf(at);
  return {
    id: value('id') ? `${fingerprint.slice(0, 8)}:${value('id')}` : `${fingerprint}:${number}`,
    text: title && text && !text.startsWith(title) ? `${title}\n\n${text}` : (text ?? title ?? ''),
    ...(when === undefined ? {} : { at: when }),
    ...(author ? { author: { id: author, ...(ownReporter ? {} : { name: author }) } } : {}),
    ...(customer ? { customer: { id: customer, name: customer } } : {}),
    ...(value('url') ? { url: value('url') } : {}),
    ...(value('thread') ? { thread: value('thread') } : {}),
  };
}

/** Seconds, milliseconds, or any date that the machine can read. A text that is none stays as it is, and is refused with its name. */
function timeOf(text: string): string {
  const number = Number(text);
  const date = Number.isFinite(number) ? new Date(number < 1e11 ? number * 1000 : number) : new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toISOString();
}

/** Names a file by what is in it and how it is read: the same import again goes on where it stopped. */
async function fingerprintOf(options: ImportOptions): Promise<string> {
  const handle = await open(options.file).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError(
      'bad_request',
      cause.code === 'ENOENT'
        ? `There is no file ${options.file}.`
        : `${options.file} cannot be read: ${cause.message}`,
    );
  });
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
    const { size } = await handle.stat();
    const how = JSON.stringify([options.columns, options.eachRowItsOwnReporter, size]);
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).update(how).digest('hex').slice(0, 16);
  } finally {
    await handle.close();
  }
}

const USAGE = `npm run import -- FILE.csv|FILE.jsonl [options]

  --text=COLUMN --title=COLUMN --at=COLUMN --author=COLUMN
  --customer=COLUMN --id=COLUMN --url=COLUMN --thread=COLUMN
                                  which column is used for what (usual names are found)
  --each-row-its-own-reporter     count every row as a person of its own
  --post N                        post the N insights with the most customers; the others
                                  wait, listed by /throughline insight

Example: npm run import -- tickets.csv --text=body --at=created --customer=company
`;

/** Runs the command. Answers the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const names = Object.keys(COLUMNS) as ColumnUse[];
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      'each-row-its-own-reporter': { type: 'boolean', default: false },
      post: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  const [file] = positionals;
  const named: Partial<Record<string, string | boolean | undefined>> = values;
  const post = Number(values.post);
  if (values.help || !file || !Number.isInteger(post) || post < 0) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 1;
  }
  const read = readConfig();
  if (!read.ok) {
    process.stderr.write(describeProblems(read.problems));
    return 1;
  }
  const started = performance.now();
  const app = await buildApp(read.config, {
    role: 'command',
    log: createLog(read.config.LOG_LEVEL === 'info' ? 'warn' : read.config.LOG_LEVEL),
  });
  const bar = process.stdout.isTTY
    ? new SingleBar({ format: '{what} [{bar}] {percentage}% {value}/{total} · {eta_formatted} left', hideCursor: true })
    : null;
  try {
    const { size } = await stat(file).catch(() => ({ size: 0 }));
    bar?.start(size, 0, { what: 'Reading      ' });
    const before = await app.count();
    const result = await importFile(app, {
      file,
      columns: Object.fromEntries(names.flatMap((name) => (named[name] ? [[name, String(named[name])]] : []))),
      eachRowItsOwnReporter: values['each-row-its-own-reporter'] === true,
      post,
      onProgress: (_rows, bytes) => bar?.update(bytes),
    });
    bar?.stop();
    bar?.start(result.accepted, 0, { what: 'Understanding' });
    const idle = app.idle();
    let finished = false;
    void idle.then(() => {
      finished = true;
    });
    while (!finished) {
      await Promise.race([idle, new Promise((resolve) => setTimeout(resolve, 500))]);
      const now = await app.count();
      bar?.update(Math.min(result.accepted, now.observations - before.observations));
    }
    bar?.stop();
    const posted = post > 0 ? await app.post(post) : 0;
    if (posted > 0) await app.idle();
    const after = await app.count();
    const seconds = (performance.now() - started) / 1000;
    const lines = [
      `${result.rows} rows read${result.resumedAt > 0 ? `, ${result.resumedAt} of them by an earlier run` : ''}: ${result.accepted} taken in, ${result.duplicates} known already, ${result.rejected} refused.`,
      ...(result.rejectFile ? [`Refused rows, with line and reason: ${result.rejectFile}`] : []),
      `${after.themes - before.themes} new themes, ${after.insights - before.insights} of them insights; ${posted} posted, the others wait in /throughline insight.`,
      `${seconds.toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 1048576)} MB in this process.`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    bar?.stop();
    process.stderr.write(
      `${error instanceof AppError ? error.message : errorLine(error)}\nWhat was taken in stays; run the same command again to go on.\n`,
    );
    return 1;
  } finally {
    await app.stop();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2)));

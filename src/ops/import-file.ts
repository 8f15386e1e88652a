// One file taken in as signals: which column is what, which row is which, and where it stopped. Resumable; a bad row is reported and stops nothing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, rm, stat, truncate } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { App } from '../app.ts';
import { ApiSignal, toFacts } from '../domain/api-signal.ts';
import { AppError } from '../domain/errors.ts';
import { type DateOrder, timeOf } from './import-dates.ts';
import { columnsOf, type FileRow, type Row, readRows, unreadable } from './import-rows.ts';

// One delivery per this many rows: large enough to be quick, small enough to be read again cheaply after a crash.
const CHUNK_ROWS = 200;
const NAME_LENGTH_MAX = 60;

/** What a column is used for, and the names it is found under when nobody says. */
const COLUMNS = {
  text: ['text', 'message', 'body', 'comment', 'content', 'description'],
  title: ['title', 'subject', 'summary'],
  at: ['at', 'created_at', 'createdat', 'created', 'date', 'timestamp', 'time'],
  author: ['author', 'user', 'requester', 'email', 'from'],
  customer: ['customer', 'organization', 'organisation', 'company', 'account'],
  id: ['id', 'external_id', 'uuid', 'key'],
  url: ['url', 'link', 'permalink'],
  // One ticket can have many rows: they belong together, none of them replaces another.
  thread: ['thread', 'thread_id', 'conversation', 'conversation_id', 'ticket', 'ticket_id'],
} as const;
export type ColumnUse = keyof typeof COLUMNS;

/** Everything that a column can be used for. */
export const USES = Object.keys(COLUMNS) as ColumnUse[];

export interface ImportOptions {
  file: string;
  /** Which column is used for what: what is not named is found by its usual names, and '' uses none. */
  columns?: Partial<Record<ColumnUse, string>>;
  eachRowItsOwnReporter?: boolean;
  /** Names the source: a row is known by it and by its id, or by what is in it. Default: the file's own name. */
  name?: string | undefined;
  dates?: DateOrder | null;
}

/** A file that has been looked at: it can be read, and it is known what its columns are used for. */
export interface ImportPlan {
  file: string;
  columns: Record<ColumnUse, string | null>;
  eachRowItsOwnReporter: boolean;
  name: string;
  dates: DateOrder | null;
  size: number;
  /** Names what is in the file and how it is read: the same import again goes on where it stopped. */
  fingerprint: string;
}

/** What an import came to. */
export interface ImportResult {
  rows: number;
  accepted: number;
  /** Rows that had been handed over just before an earlier run was cut short. */
  duplicates: number;
  /** Refused rows, those of earlier runs of the same import included. */
  rejected: number;
  rejectFile: string | null;
  /** Rows that an earlier run had been through already. */
  resumedAt: number;
  /** True when it was asked to stop before the end. */
  stopped: boolean;
}

/** How far an import has come, as it is kept between runs. */
interface Place {
  row: number;
  rejected: number;
  rejectedBytes: number;
  /** When it began: the time of rows that have none. */
  since: string;
}

/** Looks at a file. Throws AppError('bad_request') when it cannot be read, or has no column with text or not the columns that were named. */
export async function planImport(options: ImportOptions): Promise<ImportPlan> {
  const { file, columns = {}, eachRowItsOwnReporter = false, dates = null } = options;
  const { columns: present, size } = await columnsOf(file);
  const chosen = chooseColumns(present, columns);
  const how = JSON.stringify([chosen, eachRowItsOwnReporter, options.name ?? null, dates]);
  return {
    file,
    columns: chosen,
    eachRowItsOwnReporter,
    // It becomes part of ids that people paste into questions: no blanks.
    name: (options.name ?? basename(file, extname(file))).trim().replaceAll(/\s+/g, '-').slice(0, NAME_LENGTH_MAX),
    dates,
    size,
    fingerprint: await fingerprintOf(file, how),
  };
}

/** Takes a file in. What was taken in stays, whatever happens; the same call again goes on from there. */
export async function importFile(
  app: Pick<App, 'accept' | 'cursor'>,
  plan: ImportPlan,
  watch: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
): Promise<ImportResult> {
  const cursorName = `import.${plan.fingerprint}`;
  const kept = await app.cursor.get(cursorName);
  const place: Place = kept
    ? (JSON.parse(kept) as Place)
    : { row: 0, rejected: 0, rejectedBytes: 0, since: app.cursor.now().toISOString() };
  const resumedAt = place.row;
  const rejects = await openRejects(`${plan.file}.rejected.jsonl`, place);
  const result = { rows: 0, accepted: 0, duplicates: 0, resumedAt, stopped: false };
  const identify = createIdentities(plan);

  let chunk: { row: number; signal: ApiSignal }[] = [];
  const flush = async () => {
    await rejects.save();
    if (chunk.length > 0) {
      const facts = toFacts(
        chunk.map(({ signal }) => signal),
        new Date(place.since),
        { source: 'import', historical: true },
      );
      const deliveryId = `${plan.fingerprint}:${chunk[0]!.row}-${chunk.at(-1)!.row}`;
      const [fresh] = await app.accept([
        { source: 'import', deliveryId, kind: 'facts', payload: JSON.stringify(facts) },
      ]);
      if (fresh) result.accepted += chunk.length;
      else result.duplicates += chunk.length;
    }
    chunk = [];
    place.row = result.rows;
    await app.cursor.set(cursorName, JSON.stringify(place));
  };

  for await (const item of readRows(plan.file)) {
    if (watch.signal?.aborted) {
      result.stopped = true;
      break;
    }
    result.rows++;
    watch.onProgress?.(item.bytes);
    // Rows that were dealt with are still looked at: their ids tell which later row is one of them again.
    const id = 'row' in item ? identify(item.row, item.line) : null;
    if (result.rows <= resumedAt) continue;
    const read = understand(item, id, plan, app.cursor.now());
    if ('problem' in read) rejects.add(item, read.problem);
    else chunk.push({ row: result.rows, signal: read.signal });
    if (chunk.length + rejects.unsaved === CHUNK_ROWS) await flush();
  }
  if (result.rows > resumedAt) await flush();
  return { ...result, rejected: place.rejected, rejectFile: place.rejected > 0 ? rejects.file : null };
}

type Identified = { id: string } | { problem: string } | null;

/** A row as a signal, or what is wrong with it. */
function understand(
  item: FileRow,
  identified: Identified,
  plan: ImportPlan,
  now: Date,
): { signal: ApiSignal } | { problem: string } {
  if ('problem' in item) return item;
  if (identified === null || 'problem' in identified) return identified ?? { problem: 'is not understood' };
  const { id } = identified;
  const values: Partial<Record<ColumnUse, string>> = {};
  for (const use of USES) {
    const value = plainValue(item.row, plan.columns[use]);
    if (value === null) return { problem: `"${plan.columns[use]}" is not a plain value` };
    if (value !== '') values[use] = value;
  }
  const { text, title, at, author, customer, url, thread } = values;
  if (text === undefined && title === undefined) return { problem: 'has no text' };
  const time = at === undefined ? null : timeOf(at, now, plan.dates);
  if (time && 'problem' in time) return time;
  // Ids stand in the log for good, and the names of people may not: equal names give equal ids, and no more than that.
  const reporter = plan.eachRowItsOwnReporter
    ? { id }
    : author === undefined
      ? null
      : { id: digest(author.toLowerCase()).slice(0, 24), name: author.slice(0, 200) };
  const parsed = ApiSignal.options[0].safeParse({
    id: `${plan.name}:${id}`,
    text: title && text && !text.startsWith(title) ? `${title}\n\n${text}` : (text ?? title),
    ...time,
    ...(reporter ? { author: reporter } : {}),
    ...(customer ? { customer: { id: customer, name: customer } } : {}),
    ...(url ? { url } : {}),
    ...(thread ? { thread: `${plan.name}:${thread}` } : {}),
  });
  if (parsed.success) return { signal: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${String(issue?.path[0] ?? 'row')} ${issue?.message ?? 'is not understood'}` };
}

/** The value of a column as text that every store can hold; null when it is a list or an object. */
function plainValue(row: Row, column: string | null): string | null {
  const raw = column === null ? undefined : row[column];
  if (raw === undefined || raw === null) return '';
  if (typeof raw === 'object') return null;
  return String(raw).toWellFormed().replaceAll('\0', '').trim();
}

/** Tells rows apart: by their id, else by what is in them, and equal ones by counting. So a corrected file brings only what is new in it. */
function createIdentities(plan: ImportPlan): (row: Row, line: number) => Identified {
  const lines = new Map<string, number>();
  const times = new Map<string, number>();
  return (row, line) => {
    const own = plainValue(row, plan.columns.id);
    if (own === null) return { problem: `"${plan.columns.id}" is not a plain value` };
    if (own !== '') {
      const before = lines.get(own);
      if (before !== undefined) return { problem: `has the id of line ${before}` };
      lines.set(own, line);
      return { id: own };
    }
    const content = digest(JSON.stringify(row)).slice(0, 20);
    const time = (times.get(content) ?? 0) + 1;
    times.set(content, time);
    return { id: time === 1 ? content : `${content}-${time}` };
  };
}

/** The file with the refused rows, as long as it was when the import was here last: what came after that is refused again. */
async function openRejects(file: string, place: Place) {
  const unwritable = (cause: NodeJS.ErrnoException): never => {
    throw new AppError('bad_request', `${file} cannot be written: ${cause.message}.`, { cause });
  };
  const sizeOf = () =>
    stat(file).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 0 : unwritable(error)),
    );
  if (place.rejectedBytes === 0) await rm(file, { force: true }).catch(unwritable);
  else if ((await sizeOf()) > place.rejectedBytes) await truncate(file, place.rejectedBytes).catch(unwritable);
  const unsaved: string[] = [];
  return {
    file,
    get unsaved() {
      return unsaved.length;
    },
    add(item: FileRow, problem: string) {
      const row = 'row' in item ? item.row : item.raw;
      unsaved.push(`${JSON.stringify({ line: item.line, problem, row })}\n`);
    },
    async save() {
      if (unsaved.length === 0) return;
      const lines = unsaved.splice(0);
      // Customers' words are in it: nobody else on this machine reads them.
      await appendFile(file, lines.join(''), { mode: 0o600 }).catch(unwritable);
      place.rejected += lines.length;
      place.rejectedBytes = await sizeOf();
    },
  };
}

function chooseColumns(
  present: readonly string[],
  named: Partial<Record<ColumnUse, string>>,
): Record<ColumnUse, string | null> {
  const has = `The file has: ${present.join(', ')}.`;
  const chosen = Object.fromEntries(
    USES.map((use) => {
      const wanted = named[use];
      if (wanted === '') return [use, null];
      const found =
        wanted === undefined
          ? present.find((name) => (COLUMNS[use] as readonly string[]).includes(normal(name)))
          : (present.find((name) => name === wanted) ?? present.find((name) => normal(name) === normal(wanted)));
      if (wanted !== undefined && found === undefined)
        throw new AppError('bad_request', `There is no column "${wanted}" (--${use}). ${has}`);
      return [use, found ?? null];
    }),
  ) as Record<ColumnUse, string | null>;
  if (!chosen.text && !chosen.title && present.length > 0)
    throw new AppError('bad_request', `No column looks like the text. Name it with --text=COLUMN. ${has}`);
  return chosen;
}

function normal(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

async function fingerprintOf(file: string, how: string): Promise<string> {
  const hash = createHash('sha256').update(how);
  try {
    for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
  return hash.digest('hex').slice(0, 16);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

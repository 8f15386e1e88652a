// The rows of a file with their line numbers, whatever is wrong with some of them: a bad row is told, and reading goes on behind its first line.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { AppError } from '../domain/errors.ts';

export type Row = Record<string, unknown>;

/** One row, or why it is none and how it stands in the file. `bytes` is how much of the file has been read. */
export type FileRow = { line: number; bytes: number } & ({ row: Row } | { problem: string; raw: string | null });

interface Line {
  line: number;
  bytes: number;
  /** Null when the bytes are no UTF-8. */
  text: string | null;
}

// A file without line ends is no list of rows; reading it whole could take all memory.
const LINE_BYTES_MAX = 16 * 1024 * 1024;
// How far a quoted field may go on over line ends. An opening quote that was meant as an inch or a nickname would else swallow the file.
const QUOTED_LINES_MAX = 500;
const COLUMNS_SEEN_ROWS = 200;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const DELIMITERS = [',', ';', '\t', '|'];

/** Reads a file row by row. Throws AppError('bad_request') when it cannot be read at all. */
export async function* readRows(file: string): AsyncGenerator<FileRow> {
  const kind = extname(file).toLowerCase();
  const rows =
    kind === '.jsonl' || kind === '.ndjson'
      ? jsonRows(linesOf(file))
      : kind === '.csv' || kind === '.tsv'
        ? csvRows(linesOf(file), kind === '.tsv' ? '\t' : null)
        : null;
  if (!rows) throw new AppError('bad_request', `${file} must end in .csv, .tsv, .jsonl or .ndjson.`);
  yield* rows;
}

/** The names of the columns, and the size in bytes. A JSON row may leave out what it has no value for, so the first rows are asked. */
export async function columnsOf(file: string): Promise<{ columns: string[]; size: number }> {
  const columns = new Set<string>();
  const { size } = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(file, cause);
  });
  let rows = 0;
  for await (const item of readRows(file)) {
    if ('row' in item) for (const name of Object.keys(item.row)) columns.add(name);
    if (++rows === COLUMNS_SEEN_ROWS) break;
  }
  if (rows === 0) throw new AppError('bad_request', `${file} has no rows.`);
  return { columns: [...columns], size };
}

/** What to say when the system refuses a file. */
export function unreadable(file: string, cause: NodeJS.ErrnoException): AppError {
  const why =
    { ENOENT: `There is no file ${file}.`, EISDIR: `${file} is a folder, not a file.` }[cause.code ?? ''] ??
    `${file} cannot be read: ${cause.message}.`;
  return new AppError('bad_request', why, { cause });
}

async function* jsonRows(lines: AsyncIterable<Line>): AsyncGenerator<FileRow> {
  for await (const { line, bytes, text } of lines) {
    if (text === null) yield { line, bytes, ...NOT_UTF8 };
    else if (text.trim() !== '') yield { line, bytes, ...jsonRow(text) };
  }
}

const NOT_UTF8 = { problem: 'is not UTF-8: save the file as UTF-8', raw: null };

function jsonRow(text: string): { row: Row } | { problem: string; raw: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return { row: value as Row };
    return { problem: 'is not a JSON object', raw: text };
  } catch {
    return { problem: 'is not JSON', raw: text };
  }
}

/** A record of a CSV file as far as it could be read, and how many lines it takes. */
type Parsed = { fields: string[]; lines: number } | { problem: string };

async function* csvRows(source: AsyncIterable<Line>, given: string | null): AsyncGenerator<FileRow> {
  // Lines that were read ahead to find the end of a quoted field come again when there was none.
  const ahead: Line[] = [];
  const lines = source[Symbol.asyncIterator]();
  const line = async (at: number): Promise<Line | null> => {
    while (ahead.length <= at) {
      const { done, value } = await lines.next();
      if (done) return null;
      ahead.push(value);
    }
    return ahead[at]!;
  };

  let delimiter = given;
  let names: string[] | null = null;
  for (let first = await line(0); first; first = await line(0)) {
    if (first.text?.trim() === '') {
      ahead.shift();
      continue;
    }
    // Excel's own way to say which character separates.
    const said: RegExpExecArray | null = names === null ? /^sep=(.)$/i.exec(first.text ?? '') : null;
    if (said) {
      delimiter = said[1]!;
      ahead.shift();
      continue;
    }
    delimiter ??= delimiterIn(first.text ?? '');
    const record = await recordFrom(line, delimiter);
    const { line: number, bytes, text } = first;
    if (names === null) {
      if ('problem' in record)
        throw new AppError('bad_request', `The first line, which names the columns, ${record.problem}.`);
      names = namesOf(record.fields);
      ahead.splice(0, record.lines);
      continue;
    }
    const problem =
      'problem' in record
        ? record.problem
        : record.fields.length === names.length
          ? null
          : `has ${record.fields.length} fields where the header has ${names.length}`;
    if (problem !== null || 'problem' in record) {
      // Only its first line is given up: what looked like its other lines may be good rows behind a stray quote.
      ahead.shift();
      yield { line: number, bytes, problem: problem ?? '', raw: text };
      continue;
    }
    ahead.splice(0, record.lines);
    const { fields } = record;
    yield { line: number, bytes, row: Object.fromEntries(names.map((name, index) => [name, fields[index]])) };
  }
}

/** Reads the record that begins with the next line. A quoted field may hold line ends, so that more lines are asked for while one is open. */
async function recordFrom(line: (at: number) => Promise<Line | null>, delimiter: string): Promise<Parsed> {
  let text = '';
  for (let count = 0; count < QUOTED_LINES_MAX; count++) {
    const next = await line(count);
    if (!next) break;
    if (next.text === null) return NOT_UTF8;
    text += count === 0 ? next.text : `\n${next.text}`;
    // An open field can only end on a line with a quote.
    if (count > 0 && !next.text.includes('"')) continue;
    try {
      const [fields = []] = parse(text, {
        delimiter,
        record_delimiter: '\n',
        relax_quotes: true,
        relax_column_count: true,
        trim: true,
      });
      return { fields, lines: count + 1 };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (error.code !== 'CSV_QUOTE_NOT_CLOSED') return { problem: 'has a quote in the wrong place: write " as ""' };
    }
  }
  return { problem: 'opens a quote that is never closed' };
}

/** What separates the fields of a header. A header with one field separates nothing, so that a comma in a text is only a comma. */
function delimiterIn(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length - 1 }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count > 0 ? best.delimiter : '\u001f';
}

/** Every column gets a name of its own, so that no field hides another. */
function namesOf(header: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return header.map((field, index) => {
    const name = field === '' ? `column ${index + 1}` : field;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

/** The lines of a file, decoded one by one, so that a damaged one damages no other. UTF-8 or, with its mark, UTF-16. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  const stream = createReadStream(file);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  let end: number | null = null;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const lineOf = (last: Buffer): Line => {
    const bytes = rest.length > 0 ? Buffer.concat([...rest, last]) : last;
    rest = [];
    restBytes = 0;
    number++;
    const whole = end === NEWLINE && bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
    return { line: number, bytes: stream.bytesRead, text: decoded(whole) };
  };
  const decoded = (bytes: Buffer): string | null => {
    try {
      return utf8.decode(bytes);
    } catch {
      return null;
    }
  };

  try {
    for await (const chunk of inUtf8(stream)) {
      // The old Macintosh ended its lines with a return alone.
      end ??= chunk.includes(NEWLINE) || !chunk.includes(RETURN) ? NEWLINE : RETURN;
      let from = 0;
      for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, from)) {
        yield lineOf(chunk.subarray(from, at));
        from = at + 1;
      }
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > LINE_BYTES_MAX)
        throw new AppError(
          'bad_request',
          `Line ${number + 1} of ${file} is longer than 16 MB: one row per line is expected.`,
        );
    }
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    stream.destroy();
  }
  if (restBytes > 0) yield lineOf(Buffer.alloc(0));
}

/** The bytes of a stream as UTF-8 without its mark. Excel writes “Unicode text” as UTF-16. */
async function* inUtf8(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let wide: TextDecoder | null = null;
  let begun = false;
  for await (const chunk of stream) {
    if (!begun && chunk[0] === 0xff && chunk[1] === 0xfe) wide = new TextDecoder('utf-16le');
    if (!begun && chunk[0] === 0xfe && chunk[1] === 0xff) wide = new TextDecoder('utf-16be');
    const marked = !begun && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    begun = true;
    yield wide ? Buffer.from(wide.decode(chunk, { stream: true })) : marked ? chunk.subarray(3) : chunk;
  }
}

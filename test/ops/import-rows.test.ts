import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf, readRows } from '#src/ops/import-rows.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-rows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(content: string | Buffer, extension = 'csv'): Promise<string> {
  const file = join(folder, `${++files}.${extension}`);
  await writeFile(file, content);
  return file;
}

/** The rows of a file: a good one as its fields, a bad one as `line: problem`. */
async function read(content: string | Buffer, extension = 'csv'): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const item of readRows(await fileOf(content, extension)))
    found.push('row' in item ? item.row : `${item.line}: ${item.problem}`);
  return found;
}

const AB = [
  { id: '1', text: 'a' },
  { id: '2', text: 'b' },
];

describe('a table', () => {
  it.each([
    ['commas', 'id,text\n1,a\n2,b\n'],
    ['semicolons', 'id;text\n1;a\n2;b\n'],
    ['a semicolon that Excel names', 'sep=;\r\nid;text\r\n1;a\r\n2;b'],
    ['bars', 'id|text\n1|a\n2|b\n'],
    ['a byte order mark', '\ufeffid,text\n1,a\n2,b\n'],
    ['line ends of Windows', 'id,text\r\n1,a\r\n2,b\r\n'],
    ['line ends of the old Macintosh', 'id,text\r1,a\r2,b\r'],
    ['mixed line ends', 'id,text\n1,a\r\n2,b\n'],
    ['no line end at the end', 'id,text\n1,a\n2,b'],
    ['blank lines', '\nid,text\n\n1,a\n  \n2,b\n\n'],
    ['spaces around fields', 'id , text\n 1, a\n2 ,"b" \n'],
  ])('is read with %s', async (_what, content) => {
    expect(await read(content)).toEqual(AB);
  });

  it('is read with tabs, and then commas and semicolons are only text', async () => {
    expect(await read('id\ttext\n1\ta, b; c\n', 'tsv')).toEqual([{ id: '1', text: 'a, b; c' }]);
  });

  it('is read as Excel writes Unicode text, in two bytes a letter', async () => {
    const content = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('id\ttext\r\n1\tgrüße 😀\r\n', 'utf16le')]);
    expect(await read(content, 'tsv')).toEqual([{ id: '1', text: 'grüße 😀' }]);
  });

  it('keeps semicolons in a table with commas, and commas in one with semicolons', async () => {
    expect(await read('id,text\n1,a; b\n')).toEqual([{ id: '1', text: 'a; b' }]);
    expect(await read('id;text\n1;a, b\n')).toEqual([{ id: '1', text: 'a, b' }]);
  });

  it('takes each line whole when there is one column', async () => {
    expect(await read('text\nHello, it fails; why?\n')).toEqual([{ text: 'Hello, it fails; why?' }]);
  });

  it('reads quotes, quotes in quotes and line ends in quotes', async () => {
    const content = 'id,text\n1,"a, ""really""\nbroken"\n2,a 5" screen\n';
    expect(await read(content)).toEqual([
      { id: '1', text: 'a, "really"\nbroken' },
      { id: '2', text: 'a 5" screen' },
    ]);
  });

  it('names the line on which a row begins, whatever lines came before', async () => {
    const content = 'id,text\n\n1,"a\nb\nc"\n2,x,y\n';
    expect(await read(content)).toEqual([{ id: '1', text: 'a\nb\nc' }, '6: has 3 fields where the header has 2']);
  });

  it('tells rows with too many or too few fields and goes on', async () => {
    const content = 'id,text\n1,a,x\n2\n3,c\n';
    expect(await read(content)).toEqual([
      '2: has 3 fields where the header has 2',
      '3: has 1 fields where the header has 2',
      { id: '3', text: 'c' },
    ]);
  });

  it.each([
    ['is never closed', 'id,text\n1,"a\n2,b\n3,c\n', 'opens a quote that is never closed'],
    [
      'closes where another row opens one',
      'id,text\n1,"a\n2,b\n3,"c"\n',
      'has a quote in the wrong place: write " as ""',
    ],
    [
      'stands before the end of a field',
      'id,text\n1,"a"a\n2,b\n3,c\n',
      'has a quote in the wrong place: write " as ""',
    ],
  ])('loses one row, not the file, by a quote that %s', async (_what, content, problem) => {
    expect(await read(content)).toEqual([`2: ${problem}`, { id: '2', text: 'b' }, { id: '3', text: 'c' }]);
  });

  it('tells a line that is no UTF-8, and goes on', async () => {
    const content = Buffer.concat([Buffer.from('id,text\n1,gr'), Buffer.from([0xfc, 0xdf]), Buffer.from('e\n2,b\n')]);
    expect(await read(content)).toEqual(['2: is not UTF-8: save the file as UTF-8', { id: '2', text: 'b' }]);
  });

  it('gives every column a name of its own', async () => {
    expect(await read('id,text,,text\n1,a,b,c\n')).toEqual([{ id: '1', text: 'a', 'column 3': 'b', 'text (2)': 'c' }]);
  });

  it('reads back whatever a correct writer wrote', async () => {
    // Spaces at the ends of a field are nobody's words, and a line of blanks is no row.
    const field = fc
      .array(fc.constantFrom('a', 'é', '😀', ' ', ',', ';', '"', '\n', '\t', '\u2028'), { maxLength: 12 })
      .map((letters) => `x${letters.join('')}x`);
    const table = fc.integer({ min: 2, max: 4 }).chain((width) =>
      fc.array(fc.tuple(fc.boolean(), fc.array(field, { minLength: width, maxLength: width })), {
        minLength: 1,
        maxLength: 8,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';'),
        fc.constantFrom('\n', '\r\n'),
        async (rows, delimiter, end) => {
          const quoted = (text: string, always: boolean) =>
            always || /["\n,;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const width = rows[0]![1].length;
          const names = Array.from({ length: width }, (_, index) => `c${index}`);
          const lines = rows.map(([always, fields]) => fields.map((text) => quoted(text, always)).join(delimiter));
          const found = await read([names.join(delimiter), ...lines].join(end));
          expect(found).toEqual(rows.map(([, fields]) => Object.fromEntries(fields.map((text, i) => [`c${i}`, text]))));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a list of JSON objects', () => {
  it('is read with a byte order mark, blank lines, and line separators inside of texts', async () => {
    const content = '\ufeff{"text":"a\u2028b"}\r\n\n{"text":"c","n":1}';
    expect(await read(content, 'jsonl')).toEqual([{ text: 'a\u2028b' }, { text: 'c', n: 1 }]);
  });

  it('tells lines that are no objects and goes on', async () => {
    const content = '{"text":"a"}\n{"text":\n["b"]\nnull\n{"text":"c"}\n';
    expect(await read(content, 'ndjson')).toEqual([
      { text: 'a' },
      '2: is not JSON',
      '3: is not a JSON object',
      '4: is not a JSON object',
      { text: 'c' },
    ]);
  });

  it('knows the columns that its first row leaves out', async () => {
    const file = await fileOf('{"id":1}\n{"id":2,"text":"b"}\n', 'jsonl');
    expect((await columnsOf(file)).columns).toEqual(['id', 'text']);
  });
});

describe('a file that is none', () => {
  it('is told when it is missing, a folder, empty, of another kind, or without line ends', async () => {
    const missing = join(folder, 'missing.csv');
    await expect(columnsOf(missing)).rejects.toThrow(`There is no file ${missing}.`);
    await expect(columnsOf(await fileOf('', 'csv'))).rejects.toThrow('has no rows');
    await expect(columnsOf(await fileOf('id,text\n', 'csv'))).rejects.toThrow('has no rows');
    await expect(columnsOf(await fileOf('\n\n', 'jsonl'))).rejects.toThrow('has no rows');
    await expect(columnsOf(await fileOf('x', 'xlsx'))).rejects.toThrow('must end in .csv, .tsv, .jsonl or .ndjson');
    await expect(columnsOf(await fileOf('x'.repeat(17 * 1024 * 1024), 'jsonl'))).rejects.toThrow('longer than 16 MB');
    await mkdir(join(folder, 'folder.csv'));
    await expect(columnsOf(join(folder, 'folder.csv'))).rejects.toThrow('is a folder');
  });
});

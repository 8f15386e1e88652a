// Files taken into the running product. What they open, and what they do not, stands in the database and in the simulated Slack.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { type ImportOptions, importFile, planImport } from '#src/ops/import-file.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { createTexts } from '#src/storage/texts.ts';
import { handsOf } from '#test/support/hands.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
async function start(): Promise<Rig> {
  const rig = await startRig();
  rigs.push(rig);
  return rig;
}

async function fileOf(content: string, extension = 'csv'): Promise<string> {
  const file = join(folder, `file-${++files}.${extension}`);
  await writeFile(file, content);
  return file;
}

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Imports and waits until nothing is under way. */
async function take(rig: Rig, options: ImportOptions) {
  const result = await importFile(rig.app, await planImport(options));
  await rig.settle();
  return result;
}

/** What is stored, as one string per message. */
async function stored(rig: Rig): Promise<string[]> {
  const rows = await rig.app.db.query<{ external_id: string; n: string }>(
    `select external_id, count(*) as n from signal group by external_id order by external_id`,
  );
  return rows.map(({ external_id, n }) => (n === '1' ? external_id : `${external_id} ${n} times`));
}

async function rejects(file: string): Promise<{ line: number; problem: string; row: unknown }[]> {
  const text = await readFile(`${file}.rejected.jsonl`, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: number; problem: string; row: unknown });
}

const MATTERS = {
  export: [
    'The CSV export fails with error 500 since this morning',
    'exporting to csv is broken, I get error 500',
    'CSV export fails for us too, error 500 when I download the report',
    'Our csv export stops with error 500 every time',
    'the CSV export of the report fails with an error 500',
  ],
  login: [
    'Login with single sign-on is impossible, the password page loops',
    'I cannot log in with single sign-on, the login page loops forever',
    'single sign-on login loops on the password page for all of us',
    'the login page loops when we use single sign-on',
  ],
  invoice: [
    'The invoice PDF shows the wrong VAT number of our company',
    'wrong VAT number on the invoice PDF again',
    'our invoice PDF has a wrong VAT number printed on it',
  ],
} as const;

const complaints = (matter: keyof typeof MATTERS, day = '2026-10-20') =>
  MATTERS[matter].map((text, index) => ({
    id: `${matter}-${index}`,
    text,
    at: `${day}T10:0${index}:00Z`,
    author: `${matter}${index}@example.com`,
  }));

describe('what a file says', () => {
  it('reaches the signals, whatever its columns are called', async () => {
    const rig = await start();
    const file = await fileOf(
      [
        'Nummer;Betreff;Nachricht;Erstellt;Firma;Link;Von',
        '7;Export kaputt;"Der Export, der ""große"",\nbricht ab";04.03.2026 10:15;Acme;https://help.example.com/7;eva@acme.example',
      ].join('\r\n'),
    );
    const columns = {
      id: 'Nummer',
      title: 'betreff',
      text: 'Nachricht',
      at: 'Erstellt',
      customer: 'Firma',
      author: 'Von',
    };
    const result = await take(rig, { file, columns, name: 'helpdesk' });
    expect(result).toMatchObject({ rows: 1, accepted: 1, rejected: 0, rejectFile: null });
    expect(await stored(rig)).toEqual(['import:helpdesk:7']);
    const reply = await rig.app.verbs.trace('import:helpdesk:7', STAFF_ONLY);
    const [signal] = await rig.app.db.query<{ body: Record<string, unknown> }>('select body from signal');
    expect(signal?.body).toMatchObject({
      source: 'import',
      occurredAt: '2026-03-04T10:15:00.000Z',
      permalink: 'https://help.example.com/7',
    });
    expect(JSON.stringify(signal?.body)).not.toContain('eva@acme.example');
    expect(reply.kind).not.toBe('unknown');
    const [text] = await readTexts(rig);
    expect(text).toBe('Export kaputt\n\nDer Export, der "große",\nbricht ab');
  });

  it('is refused as a whole when a column was named that is not there, or none holds the text', async () => {
    const file = await fileOf('a,b\n1,2\n');
    await expect(planImport({ file })).rejects.toThrow(
      'No column looks like the text. Name it with --text=COLUMN. The file has: a, b.',
    );
    await expect(planImport({ file, columns: { text: 'body' } })).rejects.toThrow(
      'There is no column "body" (--text). The file has: a, b.',
    );
    expect((await planImport({ file, columns: { text: 'B' } })).columns.text).toBe('b');
    const linked = await fileOf('text,url\nit fails,/tickets/1\n');
    expect((await planImport({ file: linked, columns: { url: '' } })).columns.url).toBeNull();
  });

  it('stops for no bad row: each is in the reject file with its line, its reason and itself', async () => {
    const rig = await start();
    const rows = [
      '{"id":"1","text":"The export fails","at":"2026-10-20"}',
      'not json',
      '{"id":"2","text":"  "}',
      '{"id":"3","text":"The login loops","at":"someday"}',
      '{"id":"4","text":["a","b"]}',
      '',
      '{"id":"1","text":"Same id again","at":"2026-10-21"}',
      `{"id":"5","text":"${'long '.repeat(9000)}"}`,
      '{"id":"6","text":"Broken link","url":"tickets/6"}',
      '{"id":"7","text":"Zero \\u0000 and half \\ud83d of a pair","at":"2026-10-20T08:00:00Z"}',
    ];
    const file = await fileOf(rows.join('\n'), 'jsonl');
    const result = await take(rig, { file });
    expect(result).toMatchObject({ rows: 9, accepted: 2, rejected: 7, rejectFile: `${file}.rejected.jsonl` });
    const refused = await rejects(file);
    expect(refused.map(({ line, problem }) => `${line}: ${problem}`)).toEqual([
      '2: is not JSON',
      '3: has no text',
      '4: "someday" is no time: write it like 2026-11-22T09:30:00Z',
      '5: "text" is not a plain value',
      '7: has the id of line 1',
      '8: text must have at most 40000 characters',
      '9: url must be a whole address',
    ]);
    expect(refused[0]!.row).toBe('not json');
    expect(refused[1]!.row).toEqual({ id: '2', text: '  ' });
    expect((await stat(`${file}.rejected.jsonl`)).mode & 0o077).toBe(0);
    expect(await stored(rig)).toEqual([expect.stringMatching(/:1$/), expect.stringMatching(/:7$/)]);
    expect((await readTexts(rig)).sort()).toEqual(['The export fails', 'Zero  and half � of a pair']);
  });

  it('keeps rows of one ticket together, and counts its writer once', async () => {
    const rig = await start();
    const file = await fileOf(
      'ticket_id,text,from,created_at\n5,The export fails,eva@x.example,2026-10-20\n5,Still failing today,Eva@x.example,2026-10-21\n',
    );
    expect(await take(rig, { file })).toMatchObject({ accepted: 2, rejected: 0 });
    const [{ conversations, customers }] = (await rig.app.db.query(
      'select (select count(*)::int from conversation) as conversations, (select count(*)::int from customer) as customers',
    )) as [{ conversations: number; customers: number }];
    expect({ conversations, customers }).toEqual({ conversations: 1, customers: 1 });
  });
});

describe('an import that is repeated', () => {
  const rows = Array.from({ length: 450 }, (_, index) => ({
    text: `Message ${index % 300} about the export`,
    n: index % 300,
  }));
  const bad = ['no json', ...Array.from({ length: 3 }, () => '{"text":""}')];
  /** Bad rows in the first, the second and the third chunk. */
  const mixed = () => {
    const lines = jsonl(rows).trimEnd().split('\n');
    lines.splice(10, 0, bad[0]!);
    lines.splice(250, 0, bad[1]!, bad[2]!);
    lines.splice(440, 0, bad[3]!);
    return lines.join('\n');
  };

  it('takes every row exactly once after an interruption, wherever that was', async () => {
    const rig = await start();
    const file = await fileOf(mixed(), 'jsonl');
    const plan = await planImport({ file, eachRowItsOwnReporter: true });
    let calls = 0;
    /** Fails at the n-th delivery, before or after it is stored. */
    const failing = (at: number, when: 'before' | 'after') => ({
      cursor: rig.app.cursor,
      accept: async (deliveries: Parameters<typeof rig.app.accept>[0]) => {
        calls++;
        if (calls === at && when === 'before') throw new Error('the database went away');
        const fresh = await rig.app.accept(deliveries);
        if (calls === at) throw new Error('the database went away');
        return fresh;
      },
    });
    await expect(importFile(failing(2, 'before'), plan)).rejects.toThrow('went away');
    calls = 0;
    await expect(importFile(failing(1, 'after'), plan)).rejects.toThrow('went away');
    const last = await importFile(rig.app, plan);
    await rig.settle();
    expect(last).toMatchObject({ rows: 454, resumedAt: 200, rejected: 4 });
    expect(last.accepted + last.duplicates).toBe(454 - 200 - 3);
    const ids = await stored(rig);
    expect(ids).toHaveLength(450);
    expect(ids.filter((id) => id.includes('times'))).toEqual([]);
    expect((await rejects(file)).map(({ line }) => line)).toEqual([11, 251, 252, 441]);
  });

  it('stops where it is asked to, and goes on from there', async () => {
    const rig = await start();
    const file = await fileOf(jsonl(rows), 'jsonl');
    const plan = await planImport({ file });
    const stop = new AbortController();
    let seen = 0;
    const first = await importFile(rig.app, plan, {
      signal: stop.signal,
      onProgress: () => {
        if (++seen === 123) stop.abort();
      },
    });
    expect(first).toMatchObject({ stopped: true, accepted: 123 });
    expect(await importFile(rig.app, plan)).toMatchObject({ stopped: false, resumedAt: 123, accepted: 450 - 123 });
    await rig.settle();
    expect(await stored(rig)).toHaveLength(450);
  });

  it('changes no row when the file is the same', async () => {
    const rig = await start();
    const file = await fileOf(jsonl(complaints('export')), 'jsonl');
    await take(rig, { file });
    const snapshot = async () =>
      rig.app.db.query(
        `select (select count(*) from signal) as signals, (select count(*) from delivery) as deliveries, (select count(*) from audit) as audit,
           (select count(*) from insight) as insights, (select max(updated_at) from cursor where name like 'import.%') as cursor`,
      );
    const before = await snapshot();
    expect(await take(rig, { file })).toMatchObject({ rows: 5, accepted: 0, resumedAt: 5, rejected: 0 });
    expect(await snapshot()).toEqual(before);
  });

  it('brings only what is new in a file that was corrected', async () => {
    const rig = await start();
    const [first, second, ...others] = complaints('export');
    const plain = (row: { text: string; at: string }) => ({ text: row.text, at: row.at });
    const file = await fileOf(
      jsonl([plain(first!), { text: second!.text, at: 'typo' }, ...others.map(plain)]),
      'jsonl',
    );
    expect(await take(rig, { file })).toMatchObject({ accepted: 4, rejected: 1 });
    await writeFile(file, jsonl([first!, second!, ...others].map(plain)));
    expect(await take(rig, { file })).toMatchObject({ rows: 5, rejected: 0, rejectFile: null });
    await expect(stat(`${file}.rejected.jsonl`)).rejects.toThrow('ENOENT');
    const ids = await stored(rig);
    expect(ids).toHaveLength(5);
    expect(ids.filter((id) => id.includes('times'))).toEqual([]);
  });
});

describe('old data', () => {
  it('opens no card: its insights wait in the list until somebody posts them, those with the most customers first', async () => {
    const rig = await start();
    const { app } = rig;
    const { parents } = handsOf(rig);
    const file = await fileOf(
      jsonl([...complaints('invoice'), ...complaints('export'), ...complaints('login')]),
      'jsonl',
    );
    await take(rig, { file });
    expect(parents()).toEqual([]);
    const waiting = await app.verbs.insights(STAFF_ONLY);
    expect(waiting.map(({ state }) => state)).toEqual(['unposted', 'unposted', 'unposted']);
    expect(waiting.map(({ customers }) => customers).sort()).toEqual([3, 4, 5]);

    expect(await app.post(2)).toBe(2);
    await rig.settle();
    expect(
      parents()
        .map(({ text }) => /(\d) customers/.exec(text)?.[1])
        .sort(),
    ).toEqual(['4', '5']);
    const after = await app.verbs.insights(STAFF_ONLY);
    expect(after.filter(({ state }) => state === 'unposted').map(({ customers }) => customers)).toEqual([3]);
  });

  it('comes out when somebody reports the matter anew', async () => {
    const rig = await start();
    const { complain, parents } = handsOf(rig);
    const recent = new Date(rig.app.cursor.now().getTime() - 2 * 86_400_000).toISOString().slice(0, 10);
    await take(rig, { file: await fileOf(jsonl(complaints('export', recent)), 'jsonl') });
    await take(rig, { file: await fileOf(jsonl(complaints('login', recent)), 'jsonl') });
    expect(parents()).toEqual([]);
    await complain('ana', 'CSV export fails with error 500 here as well');
    expect(parents()).toHaveLength(1);
    expect(parents()[0]!.text).toContain('6 customers');
    expect((await rig.app.verbs.insights(STAFF_ONLY)).map(({ state }) => state).sort()).toEqual(['open', 'unposted']);
  });

  it('makes no insight of one loud author, unless every row is a reporter of its own', async () => {
    const rig = await start();
    const loud = complaints('export').map((row) => ({ ...row, author: 'loud@example.com' }));
    const file = await fileOf(jsonl(loud), 'jsonl');
    await take(rig, { file });
    expect(await rig.app.verbs.insights(STAFF_ONLY)).toEqual([]);
    await take(rig, { file, eachRowItsOwnReporter: true, name: 'again' });
    expect((await rig.app.verbs.insights(STAFF_ONLY)).map(({ customers }) => customers)).toEqual([6]);
  });
});

/** Every stored text, as the bot itself reads it. */
async function readTexts(rig: Rig): Promise<string[]> {
  const master = Buffer.from(rig.config.MASTER_KEY!, 'base64');
  const keyring = createKeyring({ workspaceId: rig.app.workspaceId, master, now: () => rig.app.cursor.now() });
  const ids = await rig.app.db.query<{ id: string }>('select id from conversation');
  const said = await createTexts(rig.app.workspaceId, keyring).conversations(
    rig.app.db,
    ids.map(({ id }) => id),
  );
  return said.flatMap(({ messages }) => messages.map(({ text }) => text));
}

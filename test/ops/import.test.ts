// The command as a whole: beside a bot that runs, with the configuration that the bot has.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '#src/ops/import.ts';
import { createProgress } from '#src/ops/progress.ts';
import { type Finished, runCommand, runHere } from '#test/support/command.ts';
import { EXPORT_COMPLAINTS, handsOf } from '#test/support/hands.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
let env: Record<string, string>;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-import-'));
  rig = await startRig();
  env = { ...rig.env, DATABASE_URL: rig.databaseUrl, DATA_DIR: rig.config.DATA_DIR };
});
afterAll(async () => {
  await rig?.close();
  await rm(folder, { recursive: true, force: true });
});

const command = (args: string[], environment = env, signal = new AbortController().signal): Promise<Finished> =>
  runHere((terminal) => run(args, terminal, signal), environment);

async function fileOf(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

const LOGIN = [
  'Login with single sign-on is impossible, the password page loops',
  'I cannot log in with single sign-on, the login page loops forever',
  'single sign-on login loops on the password page for all of us',
];

it('says in one line what is wrong with its words, before anything is started', async () => {
  const wrong = async (...args: string[]) => {
    const { code, out, err } = await command(args, {});
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return err.trimEnd();
  };
  const more = 'npm run import -- --help says what there is.';
  expect(await wrong()).toBe(`Which file? ${more}`);
  expect(await wrong('a.csv', 'b.csv')).toBe(`One file at a time: what is "b.csv"? ${more}`);
  expect(await wrong('a.csv', '--colour=text')).toBe(`Unknown option '--colour'. ${more}`);
  expect(await wrong('a.csv', '--post', 'all')).toBe(`--post takes a whole number, not "all". ${more}`);
  expect(await wrong('a.csv', '--post=-1')).toContain('--post takes a whole number');
  expect(await wrong('a.csv', '--dates=ymd')).toContain('--dates is dmy or mdy');
  expect(await wrong(join(folder, 'missing.csv'))).toBe(`There is no file ${join(folder, 'missing.csv')}.`);
  expect(await wrong(await fileOf('empty.csv', ''))).toBe(`${join(folder, 'empty.csv')} has no rows.`);
  expect(await wrong(await fileOf('letters.docx', 'x'))).toContain('must end in .csv, .tsv, .jsonl or .ndjson');
  expect(await wrong(await fileOf('other.csv', 'a,b\n1,2\n'), '--text=body')).toBe(
    'There is no column "body" (--text). The file has: a, b.',
  );
  const { err } = await command(['a.csv'], { PORT: 'many' });
  expect(err).toContain('PORT must be a number');
});

it('explains itself on request', async () => {
  const { code, out, err } = await command(['--help'], {});
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const option of ['--text', '--each-row-its-own-reporter', '--dates', '--name', '--post'])
    expect(out).toContain(option);
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

it('takes a file in, posts as many as it was told, and reports what came of it', async () => {
  const rows = [...EXPORT_COMPLAINTS.slice(0, 4), ...LOGIN].map(
    (text, index) => `${index};2026-10-2${index % 3};"${text}";customer${index}@example.com`,
  );
  const file = await fileOf('old tickets.csv', ['id;date;body;from', ...rows, 'broken', ''].join('\r\n'));
  const { code, out, err } = await runCommand('src/ops/import.ts', [file, '--post', '1'], env);
  await rig.settle();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  expect(lines.filter((line) => !line.includes('…'))).toEqual([
    'Took text from "body", at from "date", author from "from", id from "id".',
    '8 rows read, 7 taken in, 1 refused.',
    `Refused rows, with line and reason: ${file}.rejected.jsonl`,
    '2 new themes and 2 new insights; 1 posted.',
    'The others wait in /throughline insight; a new report brings its insight out.',
    expect.stringMatching(/^\d+\.\d s, \d+ MB in this process\.$/),
  ]);
  // Without a terminal there is no bar: lines only, and nothing that moves a cursor.
  expect(lines.filter((line) => line.includes('…')).slice(0, 2)).toEqual(['Reading …', 'Understanding …']);
  expect(out).not.toContain('\u001b');
  expect(await readFile(`${file}.rejected.jsonl`, 'utf8')).toContain('"line":9');
  const { parents } = handsOf(rig);
  expect(parents().map(({ text }) => /(\d) customers/.exec(text)?.[1])).toEqual(['4']);

  const again = await command([file]);
  await rig.settle();
  expect(again).toMatchObject({ code: 0, err: '' });
  expect(again.out).toContain('8 rows read, 8 of them by an earlier run, 0 taken in, 1 refused.');
  expect(again.out).toContain('0 new themes and 0 new insights; 0 posted.');
  expect(parents()).toHaveLength(1);
});

it('says what is missing when nothing can be posted', async () => {
  const file = await fileOf('login.jsonl', LOGIN.map((text, n) => `${JSON.stringify({ text, n })}\n`).join(''));
  const { INSIGHTS_CHANNEL: _none, ...without } = env;
  const { code, out } = await command([file, '--each-row-its-own-reporter', '--post=2'], without);
  expect(code).toBe(0);
  expect(out).toContain('None could be posted: set INSIGHTS_CHANNEL and invite the bot there.');
});

it('ends in order when it is interrupted, and says how to go on', async () => {
  const rows = Array.from({ length: 3000 }, (_, n) => `${JSON.stringify({ text: `Report ${n} of a slow export` })}\n`);
  const file = await fileOf('long.jsonl', rows.join(''));
  const stop = new AbortController();
  const running = command([file], env, stop.signal);
  await expect
    .poll(async () => (await rig.app.count()).signals, { timeout: 20_000, interval: 10 })
    .toBeGreaterThan(200);
  stop.abort();
  const { code, err } = await running;
  expect(code).toBe(130);
  expect(err).toBe('Stopping …\nStopped. What was taken in stays; run the same command again to go on.\n');
});

it('draws one bar for each part at a terminal, as wide as there is room', () => {
  const drawn: string[] = [];
  const screen = Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, {
    isTTY: true,
    columns: 60,
    write: (text: string) => drawn.push(text) > 0,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  });
  const progress = createProgress(screen);
  progress.begin('Reading', 200);
  progress.at(100);
  progress.end(true);
  progress.begin('Weighing', null);
  progress.at(5);
  progress.end(true);
  const text = drawn.join('');
  expect(text).toContain('Reading       ███████████████ 100%');
  expect(text).toContain('Weighing …\n');
  const bars = drawn.filter((line) => /[█░]/.test(line));
  expect(Math.max(...bars.map((line) => line.length))).toBeLessThanOrEqual(60);
});

it('tells each tenth once where there is no terminal', () => {
  const drawn: string[] = [];
  const progress = createProgress({ write: (text: string) => drawn.push(text) });
  progress.begin('Reading', 1000);
  for (let at = 0; at <= 1000; at += 10) progress.at(at);
  progress.end(true);
  expect(drawn).toEqual(['Reading …\n', ...Array.from({ length: 9 }, (_, i) => `Reading … ${(i + 1) * 10}%\n`)]);
});

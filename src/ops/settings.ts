// npm run settings -- list | set KEY VALUE | unset KEY: what a workspace can change while the bot runs.
import { pathToFileURL } from 'node:url';
import type { openSettings } from '../app.ts';
import { describeProblems, readConfig } from '../config.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { createLog } from '../system.ts';
import { ownTerminal, type Terminal } from './terminal.ts';

const USAGE = `npm run settings -- list
npm run settings -- set KEY VALUE
npm run settings -- unset KEY

A running bot goes by a new value at once.

Example: npm run settings -- set capture.emoji inbox_tray
`;

type Settings = Awaited<ReturnType<typeof openSettings>>;

/** Runs the command. Answers the exit code. */
export async function run(args: readonly string[], { out, err, env }: Terminal): Promise<number> {
  const [verb, key, ...rest] = args;
  if (verb === '--help' || verb === '-h') {
    out.write(USAGE);
    return 0;
  }
  const complete =
    (verb === 'list' && key === undefined) ||
    (verb === 'unset' && key !== undefined && rest.length === 0) ||
    (verb === 'set' && key !== undefined && rest.length > 0);
  if (!complete) {
    err.write(USAGE);
    return 1;
  }
  const read = readConfig(env);
  if (!read.ok) {
    err.write(describeProblems(read.problems));
    return 1;
  }
  let settings: Settings | null = null;
  try {
    // Everything comes with it, which takes a moment: not for a word of help.
    const { openSettings } = await import('../app.ts');
    settings = await openSettings(read.config, createLog('error'));
    if (verb === 'set') await setTo(settings, key!, rest.join(' '));
    if (verb === 'unset') await settings.unset(key!);
    out.write(report(await settings.all(), key));
    return 0;
  } catch (error) {
    err.write(`${error instanceof AppError ? error.message : errorLine(error)}\n`);
    return 1;
  } finally {
    await settings?.close();
  }
}

/** The text itself where the setting takes it, else the JSON that it is: nobody has to quote the name of an emoji, were it called 100. */
async function setTo(settings: Settings, key: string, text: string): Promise<void> {
  const by = 'the command line';
  try {
    await settings.set(key, text, by);
  } catch (error) {
    const value = asJson(text);
    if (value === undefined || !(error instanceof AppError && error.code === 'bad_request')) throw error;
    await settings.set(key, value, by);
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The settings as text for a terminal: all of them, or the one that was changed. */
export function report(rows: Awaited<ReturnType<Settings['all']>>, only?: string): string {
  return rows
    .filter(({ key }) => only === undefined || key === only)
    .map(({ key, value, setBy, help, may }) => {
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      return `${key} = ${shown}  (${setBy ? `set by ${setBy}` : 'standard'})\n    ${help}\n    May be ${may}.\n`;
    })
    .join('');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2), ownTerminal()));

// npm run settings -- list | set KEY VALUE | unset KEY: what a workspace can change while the bot runs.
import { pathToFileURL } from 'node:url';
import { buildApp } from '../app.ts';
import { describeProblems, readConfig } from '../config.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { createLog } from '../system.ts';

const USAGE = `npm run settings -- list
npm run settings -- set KEY VALUE
npm run settings -- unset KEY

Example: npm run settings -- set capture.emoji inbox_tray
`;

/** Runs the command. Answers the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [verb, key, ...rest] = args;
  const complete = verb === 'list' || (verb === 'unset' && key) || (verb === 'set' && key && rest.length > 0);
  if (!complete) {
    process.stderr.write(USAGE);
    return 1;
  }
  const read = readConfig();
  if (!read.ok) {
    process.stderr.write(describeProblems(read.problems));
    return 1;
  }
  const app = await buildApp(read.config, { role: 'command', log: createLog('warn') });
  try {
    if (verb === 'set') await app.settings.set(key!, parsed(rest.join(' ')), 'the command line');
    if (verb === 'unset') await app.settings.unset(key!);
    for (const { key: name, value, setBy, help } of await app.settings.all()) {
      process.stdout.write(`${name} = ${JSON.stringify(value)}${setBy ? `  (set by ${setBy})` : ''}\n    ${help}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof AppError ? error.message : errorLine(error)}\n`);
    return 1;
  } finally {
    await app.stop();
  }
}

/** JSON where it is JSON, else the text itself: nobody should have to quote the name of an emoji. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2)));

// The files of the page, as the browser gets them. They are served as they lie in the folder; only the types are taken out of the code,
// by Node itself, so that there is no build step and the code of the page is checked like all other code.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#src/domain/errors.ts';

export interface Asset {
  type: string;
  body: string;
}

const PAGE = import.meta.dirname;

// Node's own stripper is marked experimental and says so on the terminal, where a newcomer should read one address; a child keeps that to itself.
const STRIP = `
import { stripTypeScriptTypes } from 'node:module';
import { readFileSync } from 'node:fs';
const files = JSON.parse(process.argv[1]);
process.stdout.write(JSON.stringify(files.map((file) => stripTypeScriptTypes(readFileSync(file, 'utf8')))));
`;

/** Reads every file of the page, by its path on the server. */
export async function loadAssets(): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  const add = async (path: string, file: string, type: string) =>
    assets.set(path, { type: `${type}; charset=utf-8`, body: await readFile(join(PAGE, file), 'utf8') });
  await add('/', 'index.html', 'text/html');
  await add('/style.css', 'style.css', 'text/css');
  await add('/icon.svg', 'icon.svg', 'image/svg+xml');
  await add('/client/boot.js', 'client/boot.js', 'text/javascript');
  const modules = (await readdir(join(PAGE, 'client'))).filter((file) => file.endsWith('.ts'));
  const stripped = await strip(modules.map((file) => join(PAGE, 'client', file)));
  modules.forEach((file, index) => {
    assets.set(`/client/${file}`, { type: 'text/javascript; charset=utf-8', body: stripped[index]! });
  });
  return assets;
}

async function strip(files: string[]): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', STRIP, JSON.stringify(files)],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    return JSON.parse(stdout) as string[];
  } catch (cause) {
    throw new AppError('bug', 'The code of the sandbox page could not be prepared; Node 24 or newer is needed.', {
      cause,
    });
  }
}

// Commands as people run them: in a process of their own, or, where the process is not what matters, in this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Terminal } from '#src/ops/terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
// Reading and stripping hundreds of files takes a second; what one process compiled the next one finds.
const COMPILED = join(ROOT, 'node_modules/.cache/throughline-tests');

/** What a command left behind. */
export interface Finished {
  /** The exit code; null when a signal ended it. */
  code: number | null;
  out: string;
  err: string;
}

/** A command that runs. */
export interface Running {
  child: ChildProcess;
  /** Resolves with everything it has said by then, once it has said this on standard output; throws when it ends before. */
  says(text: string | RegExp): Promise<string>;
  ended: Promise<Finished>;
}

/** Starts a file of ours. Nothing of this process's environment reaches it but what a process needs to run. */
export function startCommand(file: string, args: readonly string[], env: Record<string, string>): Running {
  return startNode([join(ROOT, file), ...args], env, ROOT);
}

function startNode(args: readonly string[], env: Record<string, string>, cwd: string): Running {
  const { PATH = '', HOME = '/tmp' } = process.env;
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  for (const [stream, name] of [
    [child.stdout, 'out'],
    [child.stderr, 'err'],
  ] as const) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
  const has = (text: string | RegExp) => (typeof text === 'string' ? said.out.includes(text) : text.test(said.out));
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => has(text) && resolve(said.out);
        look();
        child.stdout.on('data', look);
        void ended.then(({ code, err }) => reject(new Error(`It ended with ${code} before it said ${text}: ${err}`)));
      }),
  };
}

/** Runs a file of ours to its end. */
export function runCommand(file: string, args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return startCommand(file, args, env).ended;
}

/** Runs a command's function here, which saves the second that a process takes to load; it sees this environment and no terminal. */
export async function runHere(
  run: (terminal: Terminal) => Promise<number>,
  env: Record<string, string>,
): Promise<Finished> {
  const said = { out: '', err: '' };
  const writer = (name: 'out' | 'err') => ({
    write(text: string) {
      said[name] += text;
    },
  });
  const code = await run({ out: writer('out'), err: writer('err'), env });
  return { code, ...said };
}

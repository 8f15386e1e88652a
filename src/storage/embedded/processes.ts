// What runs on this machine, as far as it concerns a database: which process is our server, and whether it really lives.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** A living process and its command line (for a PostgreSQL child, the title it gave itself). */
export interface LivingProcess {
  pid: number;
  command: string;
}

/** The command line of a living process; null when there is none, or only a zombie: a killed server can wait seconds, or forever, for its reaper. */
export function commandOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxCommandOf(pid);
  return listByPs(['-p', String(pid)])[0]?.command ?? null;
}

/** Every living process whose command line contains `text`. Command lines are readable for all users, other signs of a process are not. */
export function processesWith(text: string): LivingProcess[] {
  const all = process.platform === 'linux' ? linuxProcesses() : listByPs(['-ax']);
  return all.filter(({ command }) => command.includes(text));
}

/** Signals a process that may be gone already. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Polls until `holds`, or until the time is over: then false. */
export async function until(holds: () => boolean, patienceMs: number): Promise<boolean> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > patienceMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

function linuxProcesses(): LivingProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const command = Number.isInteger(pid) ? linuxCommandOf(pid) : null;
    return command === null ? [] : [{ pid, command }];
  });
}

function linuxCommandOf(pid: number): string | null {
  try {
    // A zombie has an empty one.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null;
  } catch {
    return null;
  }
}

// Slim Linux images have no ps; macOS has no /proc.
function listByPs(which: string[]): LivingProcess[] {
  let output: string;
  try {
    output = execFileSync('ps', ['-ww', '-o', 'pid=,stat=,command=', ...which], { encoding: 'utf8' });
  } catch {
    // ps fails when the process it was asked for is gone.
    return [];
  }
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    return match && !match[2]!.startsWith('Z') ? [{ pid: Number(match[1]), command: match[3]! }] : [];
  });
}

// As whom the database runs. PostgreSQL refuses to run as root, and Throughline is often started as root in a container.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AppError } from '#src/domain/errors.ts';

/** How to start a program so that PostgreSQL accepts who it is. */
export interface Launcher {
  how: 'plain' | 'namespace' | 'user' | 'user with a passage';
  /** Goes before the command; it replaces itself by the command, so the pid is the command's. */
  prefix: string[];
  /** For spawn, when the program is to have another user. */
  uid?: number;
  gid?: number;
  /** To whom the files belong, seen from outside. */
  owner: { uid: number; gid: number };
}

/** The environment of every database process. Ours does not go on: it holds tokens, and PG* variables would change what the server does. */
export const SERVER_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

const PROBE_TIMEOUT_MS = 5_000;

/**
 * Picks the first way that works, tried out: run the server's program and enter `dir` with it.
 *
 * Not root: as it is. Root: in a user namespace, where root's files are an ordinary user's; where that is forbidden (most containers), as
 * the user nobody; and where nobody can reach the directory or the programs (below a 0700 home), as nobody with the one capability to pass
 * through directories. `only` narrows the choice, for the tests. Throws AppError('bad_config') when no way works.
 */
export function chooseLauncher(options: { dir: string; postgres: string; only?: Launcher['how'] }): Launcher {
  const { dir, postgres, only } = options;
  const ways = waysToRun().filter(({ how }) => only === undefined || how === only);
  const found = ways.find((way) => works(way, options));
  if (found) return found;
  const direct = spawnSync(postgres, ['--version'], { env: SERVER_ENV, timeout: PROBE_TIMEOUT_MS, encoding: 'utf8' });
  if (direct.status !== 0) {
    const why = direct.error?.message ?? direct.stderr.trim();
    throw new AppError(
      'bad_config',
      `The PostgreSQL from npm does not run on this machine (${why}): set DATABASE_URL.`,
    );
  }
  throw new AppError(
    'bad_config',
    `PostgreSQL refuses to run as root, and an ordinary user cannot reach ${dir} and ${postgres}: start Throughline as an ordinary user, move both to where everybody can read, or set DATABASE_URL.`,
  );
}

function waysToRun(): Launcher[] {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return [{ how: 'plain', prefix: [], owner: { uid, gid } }];
  const user = unprivilegedUser();
  const passage = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
  return [
    {
      how: 'namespace',
      prefix: ['unshare', '-U', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--'],
      owner: { uid, gid },
    },
    { how: 'user', prefix: [], uid: user.uid, gid: user.gid, owner: user },
    {
      how: 'user with a passage',
      prefix: ['setpriv', '--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups', ...passage, '--'],
      owner: user,
    },
  ];
}

function works(way: Launcher, { dir, postgres }: { dir: string; postgres: string }): boolean {
  const [program, ...args] = [...way.prefix, '/bin/sh', '-c', 'cd "$1" && "$0" --version', postgres, dir];
  const options = { uid: way.uid, gid: way.gid, env: SERVER_ENV, timeout: PROBE_TIMEOUT_MS, cwd: '/' };
  return spawnSync(program!, args, options).status === 0;
}

/** initdb wants a user that has a name, even inside a namespace. */
function unprivilegedUser(): { name: string; uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }))
    .filter(({ uid }) => uid > 0);
  const user = users.find(({ name }) => name === 'nobody') ?? users[0];
  if (!user) throw new AppError('bad_config', 'PostgreSQL needs a user that is not root, and /etc/passwd has none.');
  return user;
}

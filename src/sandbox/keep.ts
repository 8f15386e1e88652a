// What the simulated systems remember from one start to the next: one file below DATA_DIR, written after changes and read at the start.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { Clock } from '#src/domain/ports.ts';
import type { LinearState } from './linear/index.ts';
import type { Simulators } from './page/look.ts';
import type { SlackState } from './slack/state.ts';
import type { ZendeskSeed, ZendeskState } from './zendesk/state.ts';

// Goes up when a record changes its shape: an older file is then not read, and the sandbox begins anew.
const VERSION = 1;
// Changes come in bursts; a kill loses at most this much of an invented world.
const SAVE_AFTER_MS = 1_000;

type SlackRecords = Pick<
  SlackState,
  'users' | 'usergroups' | 'channels' | 'ephemerals' | 'views' | 'files' | 'idsGiven'
>;
type LinearRecords = Pick<LinearState, 'users' | 'teams' | 'states' | 'labels' | 'issues' | 'attachments' | 'comments'>;

/** Everything that is kept. The ports are, because addresses of the simulators stand in what the bot has stored. */
export interface Kept {
  version: number;
  ports: { slack: number; linear: number; zendesk: number; bot: number };
  tour: { complained: boolean; traced: boolean };
  slack: SlackRecords;
  linear: LinearRecords;
  zendesk: ZendeskState;
}

/** Reads what an earlier run kept; null when there is none, or none that this version can read. */
export async function readKept(file: string): Promise<Kept | null> {
  try {
    const kept = deserialize(await readFile(file)) as Kept;
    return kept.version === VERSION ? kept : null;
  } catch {
    // No file, half a file, or one of another Node: all the same to a sandbox, which can always begin anew.
    return null;
  }
}

/** Puts kept records back into fresh simulators. Zendesk also needs `zendeskSeedAfter` when it is made. */
export function putBack(kept: Kept, { slack, linear, zendesk }: Simulators): void {
  const { state } = slack;
  // In place: the look-ups by name hold the records themselves.
  for (const [id, user] of kept.slack.users) Object.assign(state.users.get(id) ?? own(state.users, id, user), user);
  for (const [id, channel] of kept.slack.channels) {
    Object.assign(state.channels.get(id) ?? own(state.channels, id, channel), channel);
  }
  replace(state.usergroups, kept.slack.usergroups);
  replace(state.views, kept.slack.views);
  replace(state.files, kept.slack.files);
  state.ephemerals.push(...kept.slack.ephemerals);
  state.idsGiven = kept.slack.idsGiven;
  for (const name of ['users', 'teams', 'states', 'labels', 'issues', 'attachments', 'comments'] as const) {
    replace<unknown>(linear.state[name], kept.linear[name]);
  }
  replace(zendesk.state.organizations, kept.zendesk.organizations);
  replace(zendesk.state.users, kept.zendesk.users);
  replace(zendesk.state.tickets, kept.zendesk.tickets);
  zendesk.state.admin = zendesk.state.users.get(kept.zendesk.admin.id) ?? kept.zendesk.admin;
}

/** The seed of a Zendesk whose records are about to be put back: it goes on counting where the kept one stopped. */
export function zendeskSeedAfter({ zendesk }: Kept): ZendeskSeed {
  const tickets = [...zendesk.tickets.values()];
  const ids = [
    ...zendesk.users.keys(),
    ...zendesk.organizations.keys(),
    ...tickets.flatMap((ticket) => ticket.comments.map((comment) => comment.id)),
  ];
  return { firstId: after(ids), firstTicketId: after(tickets.map((ticket) => ticket.id)) };
}

/** Writes the records after changes. */
export interface Keeper {
  changed(): void;
  /** Writes what is still unwritten. */
  close(): Promise<void>;
}

/** Makes the keeper of one file. */
export function createKeeper(deps: {
  file: string;
  clock: Clock;
  simulators: Simulators;
  rest(): Pick<Kept, 'ports' | 'tour'>;
}): Keeper {
  const { file, clock } = deps;
  const closing = new AbortController();
  let waiting = false;
  // One write after another: two at once would race for the same new file.
  let written: Promise<void> = Promise.resolve();
  return {
    changed() {
      if (waiting || closing.signal.aborted) return;
      waiting = true;
      written = written.then(async () => {
        await clock.sleep(SAVE_AFTER_MS, closing.signal);
        waiting = false;
        if (!closing.signal.aborted) await save();
      });
    },
    async close() {
      closing.abort();
      await written;
      await save();
    },
  };

  async function save(): Promise<void> {
    const { slack, linear, zendesk } = deps.simulators;
    const { users, usergroups, channels, ephemerals, views, files, idsGiven } = slack.state;
    const { teams, states, labels, issues, attachments, comments } = linear.state;
    const kept: Kept = {
      version: VERSION,
      ...deps.rest(),
      slack: { users, usergroups, channels, ephemerals, views, files, idsGiven },
      linear: { users: linear.state.users, teams, states, labels, issues, attachments, comments },
      zendesk: { ...zendesk.state },
    };
    const bytes = serialize(kept);
    // A kill in the middle leaves the old file whole.
    await writeFile(`${file}.new`, bytes);
    await rename(`${file}.new`, file);
  }
}

function replace<T>(map: Map<string, T>, records: Map<string, T>): void {
  map.clear();
  for (const [key, value] of records) map.set(key, value);
}

function own<T>(map: Map<string, T>, id: string, record: T): T {
  map.set(id, record);
  return record;
}

function after(ids: string[]): string {
  return String(ids.reduce((highest, id) => (BigInt(id) > highest ? BigInt(id) : highest), 0n) + 1n);
}

// Preferences: one row per person who has chosen anything.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import { Preferences, STANDARD } from '#src/domain/preference.ts';

const COLUMNS = `person_id, digest, quiet_from as "quietFrom", quiet_to as "quietTo", time_zone as "timeZone"`;

export interface PreferenceStore {
  get(tx: Tx, personId: string): Promise<Preferences>;
  /** Makes whoever changes the same person's preferences take turns, until the transaction ends. */
  lock(tx: Tx, personId: string): Promise<void>;
  set(tx: Tx, personId: string, preferences: Preferences, at: Date): Promise<void>;
  /** Everybody who wants a digest. */
  withDigest(tx: Tx): Promise<{ personId: string; preferences: Preferences }[]>;
}

/** Opens the preferences of the people of one workspace. */
export function createPreferences(workspaceId: WorkspaceId): PreferenceStore {
  return {
    async get(tx, personId) {
      const [row] = await tx.query(`select ${COLUMNS} from preference where workspace_id = $1 and person_id = $2`, [
        workspaceId,
        personId,
      ]);
      return row ? Preferences.parse(row) : STANDARD;
    },
    async lock(tx, personId) {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        `preference:${workspaceId}:${personId}`,
      ]);
    },
    async set(tx, personId, { digest, quietFrom, quietTo, timeZone }, at) {
      await tx.query(
        `insert into preference (workspace_id, person_id, digest, quiet_from, quiet_to, time_zone, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (workspace_id, person_id) do update set digest = $3, quiet_from = $4, quiet_to = $5, time_zone = $6, updated_at = $7`,
        [workspaceId, personId, digest, quietFrom, quietTo, timeZone, at],
      );
    },
    async withDigest(tx) {
      const rows = await tx.query<{ person_id: string }>(
        `select ${COLUMNS} from preference where workspace_id = $1 and digest <> 'off' order by person_id`,
        [workspaceId],
      );
      return rows.map((row) => ({ personId: row.person_id, preferences: Preferences.parse(row) }));
    },
  };
}

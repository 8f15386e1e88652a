// Keys: every subject's text is sealed under that subject's own key, which the master key wraps. Destroying a key erases what it sealed.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#src/domain/errors.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';

/** Sealed under the subject `intake`: payloads of deliveries, not yet understood. */
export const INTAKE = 'intake';
/** Sealed under the subject `work`: proposals and action payloads, which hold words of several customers. */
export const WORK = 'work';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
// Unwrapped keys in memory: 64 bytes each with their names, so that a batch of thousands of customers stays in a few megabytes.
const KEPT_KEYS = 20_000;

/** Something sealed, with the key that opens it. */
export interface Sealed {
  subjectId: string;
  keyId: string;
  sealed: Buffer;
}

export interface Keyring {
  /** Makes sure that each subject has a key, in one round trip for all of them. Call it before `seal` in the same transaction. */
  prepare(tx: Tx, subjectIds: readonly string[]): Promise<void>;
  /** Seals under a prepared subject's current key. Throws AppError('bug') when the subject was not prepared. */
  seal(subjectId: string, plaintext: string): Sealed;
  /** Opens many, in order. Null where the key was destroyed: the text is erased. */
  open(tx: Tx, items: readonly Sealed[]): Promise<(string | null)[]>;
  /** A keyed hash of a text, equal for equal texts of this workspace and useless to anybody else. */
  hash(text: string): string;
}

/** Reads MASTER_KEY, or makes one in the data directory, readable by its owner only. */
export async function masterKey(configured: string | undefined, dataDir: string): Promise<Buffer> {
  if (configured) return Buffer.from(configured, 'base64');
  const path = join(dataDir, 'master.key');
  await mkdir(dataDir, { recursive: true });
  try {
    // wx: two processes that start together must not make two keys; the second reads the first one's.
    await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
  if (key.length !== 32)
    throw new AppError('bad_config', `${path} does not hold base64 of 32 bytes. Restore it from your backup.`);
  return key;
}

/** Opens the ring of one workspace. */
export function createKeyring(options: { workspaceId: WorkspaceId; master: Buffer; now: () => Date }): Keyring {
  const { workspaceId, master, now } = options;
  const hashKey = Buffer.from(hkdfSync('sha256', master, workspaceId, 'text-hash', 32));
  const current = new Map<string, string>();
  const keys = new Map<string, Buffer | null>();
  // Subjects whose key this process has seen only inside the transaction that made it, which may take it back. They are looked up again: a
  // text sealed under a key that was never stored could not be read by the next process.
  const unsettled = new Set<string>();

  const remember = (subjectId: string, keyId: string, key: Buffer | null) => {
    if (keys.size >= KEPT_KEYS) {
      keys.clear();
      current.clear();
    }
    keys.set(`${subjectId}/${keyId}`, key);
  };
  const aad = (subjectId: string, keyId: string) => Buffer.from(`${workspaceId}/${subjectId}/${keyId}`);

  return {
    async prepare(tx, subjectIds) {
      const missing = [...new Set(subjectIds)].filter(
        (id) => unsettled.has(id) || !keys.get(`${id}/${current.get(id)}`),
      );
      if (missing.length === 0) return;
      // The key id is fixed for a subject's first key, so that two transactions that meet here agree on one row.
      const fresh = missing.map((subjectId) => {
        const keyId = 'k1';
        return { subjectId, keyId, wrapped: encrypt(master, randomBytes(32), aad(subjectId, keyId)) };
      });
      await tx.query(
        `insert into subject_key (workspace_id, subject_id, key_id, wrapped, created_at)
         select $1, s, k, w, $5 from unnest($2::text[], $3::text[], $4::bytea[]) as t (s, k, w) on conflict do nothing`,
        [workspaceId, fresh.map((f) => f.subjectId), fresh.map((f) => f.keyId), fresh.map((f) => f.wrapped), now()],
      );
      const rows = await tx.query<{ subject_id: string; key_id: string; wrapped: Buffer | null; ours: boolean }>(
        `select distinct on (subject_id) subject_id, key_id, wrapped, xmin = pg_current_xact_id()::xid as ours from subject_key
         where workspace_id = $1 and subject_id = any($2) order by subject_id, created_at desc`,
        [workspaceId, missing],
      );
      for (const row of rows) {
        const key = row.wrapped && decrypt(master, row.wrapped, aad(row.subject_id, row.key_id));
        remember(row.subject_id, row.key_id, key);
        current.set(row.subject_id, row.key_id);
        if (row.ours) unsettled.add(row.subject_id);
        else unsettled.delete(row.subject_id);
      }
    },

    seal(subjectId, plaintext) {
      const keyId = current.get(subjectId);
      const key = keyId && keys.get(`${subjectId}/${keyId}`);
      if (!keyId || !key)
        throw new AppError('bug', `No key was prepared for the subject ${subjectId}, or it was destroyed.`);
      return { subjectId, keyId, sealed: encrypt(key, Buffer.from(plaintext, 'utf8'), aad(subjectId, keyId)) };
    },

    async open(tx, items) {
      const unknown = items.filter(
        (item) => unsettled.has(item.subjectId) || !keys.has(`${item.subjectId}/${item.keyId}`),
      );
      if (unknown.length > 0) {
        const rows = await tx.query<{ subject_id: string; key_id: string; wrapped: Buffer | null }>(
          `select subject_id, key_id, wrapped from subject_key where workspace_id = $1 and subject_id = any($2)`,
          [workspaceId, [...new Set(unknown.map((item) => item.subjectId))]],
        );
        for (const row of rows)
          remember(
            row.subject_id,
            row.key_id,
            row.wrapped && decrypt(master, row.wrapped, aad(row.subject_id, row.key_id)),
          );
      }
      return items.map((item) => {
        const key = keys.get(`${item.subjectId}/${item.keyId}`);
        return key ? decrypt(key, item.sealed, aad(item.subjectId, item.keyId)).toString('utf8') : null;
      });
    },

    hash: (text) => createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 32),
  };
}

function encrypt(key: Buffer, plaintext: Buffer, aad: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), iv, cipher.getAuthTag(), body]);
}

function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  const iv = sealed.subarray(1, 1 + IV_BYTES);
  const tag = sealed.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(aad).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new AppError('bad_config', 'A stored text cannot be opened: MASTER_KEY is not the one it was sealed with.', {
      cause,
    });
  }
}

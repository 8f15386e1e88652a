// Whys: everything that is stored about one message, for the question what became of it.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { ObservationContract } from '#src/domain/observation.ts';
import type { HeldMessage, Whys } from '#src/domain/why.ts';
import type { Keyring } from './keys.ts';

/** Opens the explanations of one workspace. */
export function createWhys(workspaceId: WorkspaceId, keyring: Keyring): Whys {
  return {
    async message(tx, externalId) {
      const [row] = await tx.query<{
        signal_id: string;
        change: string;
        author_role: HeldMessage['role'];
        captured_by: string | null;
        container_id: string;
        historical: boolean;
        conversation_id: string | null;
        messages: string;
        authors: string;
        theme_id: string | null;
        called_noise_by: string | null;
        body: unknown;
        observation_id: string | null;
        vector: Buffer | null;
        subject_id: string | null;
        key_id: string | null;
        sealed: Buffer | null;
        score: number | null;
        placed_by: string | null;
        placed_at: Date | null;
      }>(
        `select h.signal_id, h.change, h.author_role, h.captured_by, h.container_id, h.historical, c.id as conversation_id, c.theme_id,
           case when c.theme_id is null then c.placed_by end as called_noise_by,
           (select count(*) from signal_head m where m.workspace_id = $1 and m.conversation_id = c.id and m.change <> 'deleted') as messages,
           (select count(distinct m.author_id) from signal_head m
            where m.workspace_id = $1 and m.conversation_id = c.id and m.change <> 'deleted' and m.author_role = 'customer') as authors,
           o.id as observation_id, o.body, o.vector, o.subject_id, o.key_id, o.sealed,
           e.score, p.actor as placed_by, p.at as placed_at
         from signal_head h
         left join conversation c on c.workspace_id = $1 and c.id = h.conversation_id
         left join observation o on o.workspace_id = $1 and o.id = c.observation_id
         left join lateral (select score from theme_event where workspace_id = $1 and conversation_id = c.id and theme_id = c.theme_id
           and score is not null order by seq desc limit 1) e on true
         left join lateral (select actor, at from theme_event where workspace_id = $1 and conversation_id = c.id and theme_id = c.theme_id
           order by seq limit 1) p on true
         where h.workspace_id = $1 and h.external_id = $2`,
        [workspaceId, externalId],
      );
      if (!row) return null;
      const [words] =
        row.sealed && row.subject_id && row.key_id
          ? await keyring.open(tx, [{ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed }])
          : [];
      const { title = null, keywords = [] } = words ? (JSON.parse(words) as { title: string; keywords: string[] }) : {};
      return {
        signalId: row.signal_id,
        deleted: row.change === 'deleted',
        role: row.author_role,
        capturedBy: row.captured_by,
        containerId: row.container_id,
        historical: row.historical,
        conversation: row.conversation_id
          ? { id: row.conversation_id, messages: Number(row.messages), customers: Number(row.authors) }
          : null,
        themeId: row.theme_id,
        calledNoiseBy: row.called_noise_by,
        placed: row.placed_at ? { score: row.score, by: row.placed_by ?? '', at: row.placed_at.toISOString() } : null,
        // The words of an observation lie beside it; what was erased reads as a dash.
        observation: row.body
          ? ObservationContract.read({ ...(row.body as object), title: title ?? '–', keywords })
          : null,
        title,
        vector: row.vector,
      };
    },

    async heardSince(tx, containerId) {
      const [row] = await tx.query<{ at: Date | null }>(
        `select min(occurred_at) as at from signal_head where workspace_id = $1 and container_id = $2 and not historical and captured_by is null`,
        [workspaceId, containerId],
      );
      return row?.at?.toISOString() ?? null;
    },
  };
}

// What was said: a conversation's messages with their texts opened. Nothing else reads raw text.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { AuthorRole, SignalSource } from '#src/domain/signal.ts';
import type { SaidMessage, Texts } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';

/** Opens the texts of one workspace. */
export function createTexts(workspaceId: WorkspaceId, keyring: Keyring): Texts {
  return {
    async conversations(tx, ids) {
      if (ids.length === 0) return [];
      const rows = await tx.query<{
        id: string;
        revision: string;
        source: SignalSource;
        container_id: string;
        root_external_id: string;
        customer_id: string | null;
        theme_id: string | null;
        observation_id: string | null;
        permalink: string | null;
        captured_by: string | null;
        historical: boolean;
        first_at: Date;
        last_at: Date;
      }>(
        `select id, revision, source, container_id, root_external_id, customer_id, theme_id, observation_id, permalink, captured_by, historical,
           first_at, last_at from conversation where workspace_id = $1 and id = any($2) and state = 'live'`,
        [workspaceId, ids],
      );
      const messages = await tx.query<{
        conversation_id: string;
        signal_id: string;
        external_id: string;
        author_id: string | null;
        author_role: AuthorRole;
        permalink: string | null;
        occurred_at: Date;
        subject_id: string;
        key_id: string;
        sealed: Buffer;
      }>(
        `select h.conversation_id, h.signal_id, h.external_id, h.author_id, h.author_role, h.permalink, h.occurred_at, t.subject_id, t.key_id, t.sealed
         from signal_head h join signal_text t on t.workspace_id = h.workspace_id and t.signal_id = h.signal_id
         where h.workspace_id = $1 and h.conversation_id = any($2) and h.change <> 'deleted' order by h.occurred_at, h.external_id`,
        [workspaceId, rows.map((row) => row.id)],
      );
      const opened = await keyring.open(
        tx,
        messages.map((row) => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
      );
      const said = messages.flatMap((row, index) => {
        const plain = opened[index];
        if (!plain) return [];
        const { text, author } = JSON.parse(plain) as { text: string; author: string | null };
        const message: SaidMessage = {
          signalId: row.signal_id,
          externalId: row.external_id,
          text,
          author,
          authorId: row.author_id,
          role: row.author_role,
          permalink: row.permalink,
          occurredAt: row.occurred_at.toISOString(),
        };
        return [{ conversationId: row.conversation_id, message }];
      });
      const byConversation = Map.groupBy(said, (item) => item.conversationId);
      return rows.map((row) => ({
        id: row.id,
        revision: row.revision,
        source: row.source,
        containerId: row.container_id,
        rootExternalId: row.root_external_id,
        customerId: row.customer_id,
        themeId: row.theme_id,
        observationId: row.observation_id,
        permalink: row.permalink,
        capturedBy: row.captured_by,
        historical: row.historical,
        firstAt: row.first_at.toISOString(),
        lastAt: row.last_at.toISOString(),
        messages: (byConversation.get(row.id) ?? []).map((item) => item.message),
      }));
    },
  };
}

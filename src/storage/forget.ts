// Forget: what was derived from words that their source has deleted goes with them: observations, and titles and claims that repeat them.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Keyring } from './keys.ts';

/** Stands where words were, when nothing is left that could take their place. */
export const DELETED_WORDS = 'Deleted at the source';

/**
 * Forgets what was read out of these conversations, as far as a message of theirs was deleted. What is left of them is observed anew.
 * `titlesLeft` answers what the other reports of a theme are called. Call it when the conversations have left their themes.
 */
export async function forgetDeleted(
  tx: Tx,
  workspaceId: WorkspaceId,
  keyring: Keyring,
  left: readonly { conversationId: string; themeId: string | null }[],
  titlesLeft: (themeId: string) => Promise<string[]>,
): Promise<void> {
  const rows = await tx.query<{ conversation_id: string; subject_id: string; key_id: string; sealed: Buffer }>(
    `delete from observation o where o.workspace_id = $1 and o.conversation_id = any($2)
       and exists (select 1 from signal_head h where h.workspace_id = $1 and h.conversation_id = o.conversation_id and h.change = 'deleted')
     returning o.conversation_id, o.subject_id, o.key_id, o.sealed`,
    [workspaceId, left.map(({ conversationId }) => conversationId)],
  );
  if (rows.length === 0) return;
  const opened = await keyring.open(
    tx,
    rows.map((row) => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
  );
  for (const [themeId, group] of Map.groupBy(left, (item) => item.themeId)) {
    if (themeId === null) continue;
    const gone = new Set(group.map(({ conversationId }) => conversationId));
    const titles = rows.flatMap((row, at) => {
      const words = gone.has(row.conversation_id) ? opened[at] : null;
      return words ? [(JSON.parse(words) as { title: string }).title] : [];
    });
    const others = await titlesLeft(themeId);
    // Words that somebody else has said too stay.
    const forgotten = titles.filter((title) => title !== '' && !others.includes(title));
    await renameTheme(tx, workspaceId, themeId, forgotten, others[0] ?? DELETED_WORDS);
  }
}

async function renameTheme(
  tx: Tx,
  workspaceId: WorkspaceId,
  themeId: string,
  forgotten: readonly string[],
  instead: string,
): Promise<void> {
  await tx.query(
    `update theme set title = $4, body = jsonb_set(body, '{title}', to_jsonb($4::text))
     where workspace_id = $1 and id = $2 and title = any($3) and body->>'titledBy' = 'machine'`,
    [workspaceId, themeId, forgotten, instead],
  );
  await tx.query(
    `update theme_edit set title_before = case when title_before = any($3) then $4 else title_before end,
       title_after = case when title_after = any($3) then $4 else title_after end
     where workspace_id = $1 and (theme_id = $2 or other_theme_id = $2) and (title_before = any($3) or title_after = any($3))`,
    [workspaceId, themeId, forgotten, instead],
  );
  await tx.query(
    `update insight set body = body || jsonb_build_object('title', $4::text, 'claim', $5::text)
     where workspace_id = $1 and theme_id = $2
       and exists (select 1 from unnest($3::text[]) as f (words) where position(words in body->>'title') > 0 or position(words in body->>'claim') > 0)`,
    [workspaceId, themeId, forgotten, instead, DELETED_WORDS],
  );
}

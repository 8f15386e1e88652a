// Reactions that meant something: when each was set and taken away, so that events in the wrong order come to the right end.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';

/** One event about one person's emoji on one message. `at` is the source's time, ISO 8601. */
export interface ReactionEvent {
  channelId: string;
  ts: string;
  personId: string;
  emoji: string;
  /** What it stands for: a verb of the card, or `capture`. */
  meaning: string;
  /** The card, or the message. */
  thingId: string;
  added: boolean;
  at: string;
}

/** Notes an event. Answers false when a later one about the same emoji is known already: then this one means nothing any more. */
export async function noteReaction(tx: Tx, workspaceId: WorkspaceId, event: ReactionEvent): Promise<boolean> {
  const [row] = await tx.query<{ current: boolean }>(
    `insert into reaction (workspace_id, channel_id, ts, person_id, emoji, meaning, thing_id, at, removed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, case when $9 then null else $8::timestamptz end)
     on conflict (workspace_id, channel_id, ts, person_id, emoji) do update set
       at = case when $9 then greatest(reaction.at, $8) else reaction.at end,
       removed_at = case when $9 then reaction.removed_at else greatest(reaction.removed_at, $8) end
     returning case when $9 then coalesce(removed_at <= $8, true) else at <= $8 end as current`,
    [
      workspaceId,
      event.channelId,
      event.ts,
      event.personId,
      event.emoji,
      event.meaning,
      event.thingId,
      event.at,
      event.added,
    ],
  );
  return row?.current ?? true;
}

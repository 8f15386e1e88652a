// Questions: what people asked in words and what they were answered. Words are sealed like everything that came in, and go after 30 days.
import type { AnswerDraft, AskSurface, Question, Questions } from '#src/domain/ask.ts';
import { restsOn } from '#src/domain/ask.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { DAY_MS } from '#src/domain/insight.ts';
import { INTAKE, type Keyring } from './keys.ts';

const WORDS_KEPT_DAYS = 30;

interface Row {
  id: string;
  asker: string;
  surface: AskSurface;
  channel_id: string | null;
  thread_ts: string | null;
  state: Question['state'];
  ts: string | null;
  key_id: string;
  sealed: Buffer | null;
  asked_at: Date;
  answered_at: Date | null;
}

/** What is sealed. */
interface Words {
  text: string;
  draft: AnswerDraft | null;
}

/** Opens the questions of one workspace. */
export function createQuestions(workspaceId: WorkspaceId, keyring: Keyring): Questions {
  const questions: Questions = {
    async ask(tx, { id, asker, surface, channelId, threadTs, text }, at) {
      await keyring.prepare(tx, [INTAKE]);
      const { keyId, sealed } = keyring.seal(INTAKE, JSON.stringify({ text, draft: null } satisfies Words));
      const rows = await tx.query(
        `insert into question (workspace_id, id, asker, surface, channel_id, thread_ts, state, key_id, sealed, asked_at)
         values ($1, $2, $3, $4, $5, $6, 'asked', $7, $8, $9) on conflict do nothing returning 1`,
        [workspaceId, id, asker, surface, channelId, threadTs, keyId, sealed, at],
      );
      return rows.length > 0;
    },
    async byId(tx, id) {
      const [row] = await tx.query<Row>(
        `select id, asker, surface, channel_id, thread_ts, state, ts, key_id, sealed, asked_at, answered_at
         from question where workspace_id = $1 and id = $2`,
        [workspaceId, id],
      );
      if (!row) return null;
      const [plain] = row.sealed
        ? await keyring.open(tx, [{ subjectId: INTAKE, keyId: row.key_id, sealed: row.sealed }])
        : [null];
      const words = plain ? (JSON.parse(plain) as Words) : null;
      return {
        id: row.id,
        asker: row.asker,
        surface: row.surface,
        text: words?.text ?? null,
        channelId: row.channel_id,
        threadTs: row.thread_ts,
        state: row.state,
        draft: words?.draft ?? null,
        ts: row.ts,
        askedAt: row.asked_at.toISOString(),
        answeredAt: row.answered_at?.toISOString() ?? null,
      };
    },
    async answered(tx, id, draft, at) {
      const before = await questions.byId(tx, id);
      if (before?.text == null) return;
      await keyring.prepare(tx, [INTAKE]);
      const { keyId, sealed } = keyring.seal(INTAKE, JSON.stringify({ text: before.text, draft } satisfies Words));
      await tx.query(
        `update question set state = case surface when 'command' then 'answered' else state end, outcome = $3, produced_by = $4, fell_back = $5, rests_on = $6, key_id = $7, sealed = $8, answered_at = $9
         where workspace_id = $1 and id = $2`,
        [
          workspaceId,
          id,
          draft.outcome,
          JSON.stringify(draft.producedBy),
          draft.fellBack,
          restsOn(draft.parts),
          keyId,
          sealed,
          at,
        ],
      );
    },
    async shown(tx, id, ts) {
      await tx.query(`update question set ts = $3 where workspace_id = $1 and id = $2`, [workspaceId, id, ts]);
    },
    async shownWhole(tx, id) {
      await tx.query(`update question set state = 'answered' where workspace_id = $1 and id = $2`, [workspaceId, id]);
    },
    async failed(tx, id) {
      await tx.query(`update question set state = 'failed' where workspace_id = $1 and id = $2`, [workspaceId, id]);
    },
    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select id from question where workspace_id = $1 and state = 'asked' and surface <> 'command' order by asked_at limit $2`,
        [workspaceId, limit],
      );
      return rows.map(({ id }) => id);
    },
    async expire(tx, now) {
      const rows = await tx.query(
        `update question set sealed = null where workspace_id = $1 and sealed is not null and asked_at < $2 returning 1`,
        [workspaceId, new Date(now.getTime() - WORDS_KEPT_DAYS * DAY_MS)],
      );
      return rows.length;
    },
  };
  return questions;
}

// Curation: people's gestures on themes, as rows that only the newest of which can be taken back, over the history of events.
import type { CardState } from '#src/domain/card.ts';
import type {
  Curations,
  EditBody,
  EditKind,
  LaterEdit,
  Moving,
  ThemeEdit,
  ThemeSummary,
} from '#src/domain/curation.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { kindOfId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Records } from '#src/domain/stores.ts';
import { type Theme, ThemeContract } from '#src/domain/theme.ts';
import { lockThemes } from './themes.ts';

/** The name of the event that ends a mute "until the next release". */
const RELEASE = 'release';

interface EditRowDb {
  id: string;
  seq: string;
  kind: EditKind;
  theme_id: string;
  other_theme_id: string | null;
  reports: number;
  person_id: string;
  via: ThemeEdit['via'];
  at: Date;
  title_before: string | null;
  title_after: string | null;
  body: EditBody;
  undone_by: string | null;
  undone_at: Date | null;
}

/** Opens the curation of one workspace. */
export function createCurations(workspaceId: WorkspaceId, records: Records): Curations {
  const curations: Curations = {
    async standing(tx, themeIds) {
      const rows = await tx.query<{
        id: string;
        title: string;
        titled_by: string;
        absorbed_by: string | null;
        noise_by: string | null;
        noise_at: Date | null;
        muted_by: string | null;
        muted_at: Date | null;
        until: Date | null;
        reports: number | null;
        at_release: boolean | null;
      }>(
        `select t.id, t.title, t.body->>'titledBy' as titled_by, t.absorbed_by, t.noise_by, t.noise_at, m.muted_by, m.muted_at, m.until, m.reports, m.at_release
         from theme t left join theme_mute m on m.workspace_id = t.workspace_id and m.theme_id = t.id where t.workspace_id = $1 and t.id = any($2)`,
        [workspaceId, themeIds],
      );
      return new Map(
        rows.map((row) => [
          row.id,
          {
            themeId: row.id,
            title: row.title,
            titledBy: row.titled_by,
            absorbedBy: row.absorbed_by,
            noiseBy: row.noise_by,
            noiseAt: row.noise_at?.toISOString() ?? null,
            mute: row.muted_by
              ? {
                  by: row.muted_by,
                  at: row.muted_at!.toISOString(),
                  until: row.until?.toISOString() ?? null,
                  reports: row.reports,
                  atRelease: row.at_release ?? false,
                }
              : null,
          },
        ]),
      );
    },

    async survivorOf(tx, themeId) {
      const rows = await tx.query<{ id: string }>(
        `with recursive chain (id, absorbed_by) as (
           select id, absorbed_by from theme where workspace_id = $1 and id = $2
           union select t.id, t.absorbed_by from theme t join chain c on t.workspace_id = $1 and t.id = c.absorbed_by)
         select id from chain where absorbed_by is null`,
        [workspaceId, themeId],
      );
      return rows[0]?.id ?? themeId;
    },

    async absorbedInto(tx, themeId) {
      const rows = await tx.query<{ id: string }>(
        `with recursive family (id) as (
           select id from theme where workspace_id = $1 and absorbed_by = $2
           union select t.id from theme t join family f on t.workspace_id = $1 and t.absorbed_by = f.id)
         select id from family`,
        [workspaceId, themeId],
      );
      return rows.map((row) => row.id);
    },

    async themeOf(tx, id) {
      const kind = kindOfId(id);
      const sql = {
        theme: `select id as theme from theme where workspace_id = $1 and id = $2`,
        card: `select theme_id as theme from card where workspace_id = $1 and id = $2`,
        insight: `select theme_id as theme from insight where workspace_id = $1 and id = $2`,
        proposal: `select theme_id as theme from proposal where workspace_id = $1 and id = $2 limit 1`,
        decision: `select theme_id as theme from decision where workspace_id = $1 and id = $2`,
        edit: `select theme_id as theme from theme_edit where workspace_id = $1 and id = $2`,
        action: `select d.theme_id as theme from action a join decision d on d.workspace_id = a.workspace_id and d.id = a.decision_id
          where a.workspace_id = $1 and a.id = $2`,
        conversation: `select theme_id as theme from conversation where workspace_id = $1 and id = $2`,
        observation: `select c.theme_id as theme from observation o join conversation c on c.workspace_id = o.workspace_id and c.id = o.conversation_id
          where o.workspace_id = $1 and o.id = $2`,
        signal: `select c.theme_id as theme from signal_key k join signal_head h on h.workspace_id = $1 and h.source = k.source and h.external_id = k.external_id
          join conversation c on c.workspace_id = $1 and c.id = h.conversation_id where k.workspace_id = $1 and k.signal_id = $2`,
      } as const;
      if (!kind || !(kind in sql)) return null;
      const [row] = await tx.query<{ theme: string | null }>(sql[kind as keyof typeof sql], [workspaceId, id]);
      return row?.theme ?? null;
    },

    async members(tx, themeId) {
      const rows = await tx.query<{ id: string; customer_id: string | null; placed_by: string | null; first_at: Date }>(
        `select id, customer_id, placed_by, first_at from conversation where workspace_id = $1 and theme_id = $2 and state = 'live' order by first_at desc, id`,
        [workspaceId, themeId],
      );
      return rows.map((row) => ({
        conversationId: row.id,
        customerId: row.customer_id,
        placedBy: row.placed_by,
        firstAt: row.first_at.toISOString(),
      }));
    },

    async found(tx, themeIds) {
      const rows = await tx.query<{
        id: string;
        title: string;
        noise: boolean;
        muted: boolean;
        reports: string;
        customers: string;
        card_state: CardState | null;
        permalink: string | null;
      }>(
        `select t.id, t.title, t.noise_by is not null as noise,
           exists (select 1 from theme_mute m where m.workspace_id = $1 and m.theme_id = t.id) as muted,
           (select count(*) from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live') as reports,
           (select count(distinct c.customer_id) from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live') as customers,
           k.state as card_state, k.permalink
         from theme t left join lateral (select state, permalink from card where workspace_id = $1 and theme_id = t.id order by generation desc limit 1) k on true
         where t.workspace_id = $1 and t.id = any($2)`,
        [workspaceId, themeIds],
      );
      const order = new Map(themeIds.map((id, index) => [id, index]));
      return rows
        .map(
          (row): ThemeSummary => ({
            themeId: row.id,
            title: row.title,
            reports: Number(row.reports),
            customers: Number(row.customers),
            cardState: row.card_state,
            permalink: row.permalink,
            noise: row.noise,
            muted: row.muted,
          }),
        )
        .sort((a, b) => order.get(a.themeId)! - order.get(b.themeId)!);
    },

    async search(tx, words, limit) {
      const wanted = [...new Set(words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].slice(0, 8);
      if (wanted.length === 0) return [];
      const rows = await tx.query<{ id: string }>(
        `select t.id from theme t, lateral (select count(*) as hits from unnest($2::text[]) w where position(w in lower(t.title)) > 0) s
         where t.workspace_id = $1 and t.status = 'active' and s.hits > 0
         order by s.hits desc, (select count(*) from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live') desc, t.id limit $3`,
        [workspaceId, wanted, limit],
      );
      return rows.map((row) => row.id);
    },

    async newest(tx, limit) {
      // One look into the index per theme, whatever the number of reports.
      const rows = await tx.query<{ id: string }>(
        `select t.id from theme t, lateral (select c.last_at from conversation c where c.workspace_id = $1 and c.theme_id = t.id
           order by c.last_at desc limit 1) newest
         where t.workspace_id = $1 and t.status = 'active' order by newest.last_at desc, t.id limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },

    async vectors(tx, themeId, limit) {
      const rows = await tx.query<{ vector: Buffer }>(
        `select o.vector from conversation c join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
         where c.workspace_id = $1 and c.theme_id = $2 and c.state = 'live' and o.vector is not null order by c.first_at desc, c.id limit $3`,
        [workspaceId, themeId, limit],
      );
      return rows.map((row) => row.vector);
    },

    async everIn(tx, themeId) {
      const rows = await tx.query<{ id: string }>(
        `select distinct conversation_id as id from theme_event where workspace_id = $1 and theme_id = $2 and conversation_id is not null`,
        [workspaceId, themeId],
      );
      return rows.map((row) => row.id);
    },

    lockThemes: (tx, themeIds) => lockThemes(tx, workspaceId, themeIds),

    async record(tx, edit) {
      await tx.query(
        `insert into theme_edit (workspace_id, id, kind, theme_id, other_theme_id, reports, person_id, via, at, title_before, title_after, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [
          workspaceId,
          edit.id,
          edit.kind,
          edit.themeId,
          edit.otherThemeId,
          edit.reports,
          edit.by,
          edit.via,
          edit.at,
          edit.titleBefore,
          edit.titleAfter,
          JSON.stringify(edit.body),
        ],
      );
      await audit(tx, `theme.${edit.kind}`, edit.by, edit, new Date(edit.at));
    },

    async edit(tx, id) {
      const [row] = await tx.query<EditRowDb>(`select * from theme_edit where workspace_id = $1 and id = $2`, [
        workspaceId,
        id,
      ]);
      return row ? toEdit(row) : null;
    },

    async edits(tx, themeId, limit) {
      const rows = await tx.query<EditRowDb>(
        `select * from theme_edit where workspace_id = $1 and (theme_id = $2 or other_theme_id = $2) order by seq desc limit $3`,
        [workspaceId, themeId, limit],
      );
      return rows.map(toEdit);
    },

    async later(tx, edit) {
      const themes = [edit.themeId, edit.otherThemeId].filter((id) => id !== null);
      const rows = await tx.query<EditRowDb & { shares: boolean }>(
        `select * from (
           select t.*, exists (select 1 from theme_event mine join theme_event theirs on theirs.workspace_id = $1 and theirs.edit_id = t.id
             and theirs.conversation_id = mine.conversation_id where mine.workspace_id = $1 and mine.edit_id = $2 and mine.conversation_id is not null) as shares
           from theme_edit t where t.workspace_id = $1 and t.seq > $3 and t.undone_by is null) l
         where l.shares or l.theme_id = any($4) or l.other_theme_id = any($4) order by l.seq`,
        [workspaceId, edit.id, edit.seq, themes],
      );
      return rows.map((row): LaterEdit => ({ ...toEdit(row), sharesReports: row.shares }));
    },

    async lastOf(tx, conversationIds) {
      const [row] = await tx.query<EditRowDb>(
        `select t.* from theme_edit t where t.workspace_id = $1 and t.undone_by is null
           and exists (select 1 from theme_event e where e.workspace_id = $1 and e.edit_id = t.id and e.conversation_id = any($2)) order by t.seq desc limit 1`,
        [workspaceId, conversationIds],
      );
      return row ? toEdit(row) : null;
    },

    async setUndone(tx, editId, person, at) {
      const rows = await tx.query<EditRowDb>(
        `update theme_edit set undone_by = $3, undone_at = $4 where workspace_id = $1 and id = $2 and undone_by is null returning *`,
        [workspaceId, editId, person, at],
      );
      if (rows.length === 0) return false;
      await audit(tx, 'theme.edit_undone', person, toEdit(rows[0]!), at);
      return true;
    },

    async movedBy(tx, edit) {
      const rows = await tx.query<{
        conversation_id: string;
        from_theme_id: string | null;
        placed_before: string | null;
        theme_id: string | null;
        placed_by: string | null;
      }>(
        `select e.conversation_id, e.from_theme_id, e.placed_before, c.theme_id, c.placed_by from theme_event e
         join conversation c on c.workspace_id = e.workspace_id and c.id = e.conversation_id and c.state = 'live'
         where e.workspace_id = $1 and e.edit_id = $2 and e.conversation_id is not null and e.verb <> 'returned'
           and c.theme_id is not distinct from case when e.verb = 'noise' then null else e.theme_id end order by e.conversation_id`,
        [workspaceId, edit.id],
      );
      return rows.map((row) => ({
        conversationId: row.conversation_id,
        fromThemeId: row.theme_id,
        placedBefore: row.placed_by,
        themeId: row.from_theme_id,
        placedBy: row.placed_before,
      }));
    },

    async place(tx, { verb, moving, editId, actor, why, at }) {
      if (moving.length === 0) return;
      const list = JSON.stringify(moving);
      await tx.query(
        `insert into theme_event (workspace_id, theme_id, conversation_id, observation_id, verb, from_theme_id, score, actor, at, edit_id, placed_by, placed_before)
         select $1, coalesce(case when $3 = 'noise' then m->>'fromThemeId' else m->>'themeId' end, ''), c.id,
           case when $3 = 'released' then '' else coalesce(c.observation_id,
             (select e.observation_id from theme_event e where e.workspace_id = $1 and e.conversation_id = c.id order by e.seq desc limit 1), '') end,
           $3, m->>'fromThemeId', null, $4, $5, $6, m->>'placedBy', m->>'placedBefore'
         from jsonb_array_elements($2::jsonb) m join conversation c on c.workspace_id = $1 and c.id = m->>'conversationId'`,
        [workspaceId, list, verb, actor, at, editId],
      );
      await tx.query(
        `update conversation c set theme_id = m->>'themeId', placed_by = m->>'placedBy' from jsonb_array_elements($2::jsonb) m
         where c.workspace_id = $1 and c.id = m->>'conversationId'`,
        [workspaceId, list],
      );
      await tx.query(
        `delete from lineage l using jsonb_array_elements($2::jsonb) m, observation o
         where l.workspace_id = $1 and o.workspace_id = $1 and o.conversation_id = m->>'conversationId' and l.from_id = o.id and l.to_kind = 'theme'`,
        [workspaceId, list],
      );
      await tx.query(
        `insert into lineage (workspace_id, from_kind, from_id, to_kind, to_id, relation, at, actor, why)
         select $1, 'observation', c.observation_id, 'theme', m->>'themeId', 'belongs to', $3, $4, $5
         from jsonb_array_elements($2::jsonb) m join conversation c on c.workspace_id = $1 and c.id = m->>'conversationId'
         where m->>'themeId' is not null and c.observation_id is not null on conflict do nothing`,
        [workspaceId, list, at, actor, why],
      );
    },

    async note(tx, { themeIds, verb, editId, actor, at }) {
      await tx.query(
        `insert into theme_event (workspace_id, theme_id, verb, actor, at, edit_id) select $1, t, $3, $4, $5, $6 from unnest($2::text[]) t`,
        [workspaceId, [...new Set(themeIds)], verb, actor, at, editId],
      );
    },

    async open(tx, { id, title, titledBy }, at) {
      const iso = at.toISOString();
      const theme: Theme = ThemeContract.write({
        v: 1,
        id,
        workspaceId,
        source: 'throughline',
        externalId: id,
        permalink: null,
        occurredAt: iso,
        receivedAt: iso,
        reliability: 'derived',
        latencyMs: 0,
        privacyClass: 'pseudonymous',
        residency: 'any',
        retentionDays: null,
        title,
        titledBy,
        status: 'active',
        absorbedBy: null,
      });
      await tx.query(
        `insert into theme (workspace_id, id, title, status, body, created_at) values ($1, $2, $3, 'active', $4, $5) on conflict do nothing`,
        [workspaceId, id, title, JSON.stringify(theme), at],
      );
    },

    async setAbsorbed(tx, themeId, by, { actor, at }) {
      const [before] = await tx.query<{ absorbed_by: string | null }>(
        `select absorbed_by from theme where workspace_id = $1 and id = $2`,
        [workspaceId, themeId],
      );
      const status = by === null ? 'active' : 'absorbed';
      await tx.query(
        `update theme set status = $3, absorbed_by = $4, body = body || jsonb_build_object('status', $3::text, 'absorbedBy', $4::text)
         where workspace_id = $1 and id = $2`,
        [workspaceId, themeId, status, by],
      );
      const edge = (toId: string) => ({ fromId: themeId, toId, relation: 'merged into' });
      if (before?.absorbed_by) await records.unlink(tx, [edge(before.absorbed_by)]);
      if (by !== null) {
        await records.link(tx, [
          { ...edge(by), fromKind: 'theme', toKind: 'theme', at: at.toISOString(), actor, why: 'merged by a person' },
        ]);
      }
    },

    async setNoise(tx, themeId, by, at) {
      await tx.query(`update theme set noise_by = $3, noise_at = $4 where workspace_id = $1 and id = $2`, [
        workspaceId,
        themeId,
        by,
        by === null ? null : at,
      ]);
    },

    async setTitle(tx, themeId, title, titledBy) {
      await tx.query(
        `update theme set title = $3, body = body || jsonb_build_object('title', $3::text, 'titledBy', $4::text) where workspace_id = $1 and id = $2`,
        [workspaceId, themeId, title, titledBy],
      );
    },

    async setMute(tx, themeId, mute) {
      await tx.query(`delete from theme_mute where workspace_id = $1 and theme_id = $2`, [workspaceId, themeId]);
      if (!mute) return;
      await tx.query(
        `insert into theme_mute (workspace_id, theme_id, muted_by, muted_at, until, reports, at_release) values ($1, $2, $3, $4, $5, $6, $7)`,
        [workspaceId, themeId, mute.by, mute.at, mute.until, mute.reports, mute.atRelease],
      );
    },

    async muteDue(tx, now, limit) {
      const rows = await tx.query<{ theme_id: string }>(
        `select m.theme_id from theme_mute m where m.workspace_id = $1 and (m.until <= $2
           or (m.at_release and exists (select 1 from signal_head h join signal s on s.workspace_id = $1 and s.id = h.signal_id
             where h.workspace_id = $1 and h.modality = 'event' and h.occurred_at > m.muted_at and s.body->'measure'->>'name' = $4)))
         order by m.theme_id limit $3`,
        [workspaceId, now, limit, RELEASE],
      );
      return rows.map((row) => row.theme_id);
    },

    async silent(tx) {
      const rows = await tx.query<{ id: string }>(
        `select theme_id as id from theme_mute where workspace_id = $1 union select id from theme where workspace_id = $1 and noise_by is not null`,
        [workspaceId],
      );
      return new Set(rows.map((row) => row.id));
    },

    async release(tx, conversationIds, actor, at) {
      const rows = await tx.query<{ id: string; placed_by: string }>(
        `select id, placed_by from conversation where workspace_id = $1 and id = any($2) and placed_by is not null and theme_id is null`,
        [workspaceId, conversationIds],
      );
      const moving = rows.map(
        (row): Moving => ({
          conversationId: row.id,
          fromThemeId: null,
          placedBefore: row.placed_by,
          themeId: null,
          placedBy: null,
        }),
      );
      await curations.place(tx, { verb: 'released', moving, editId: null, actor, why: '', at });
    },

    async setFollowing(tx, themeId, personId, on, at) {
      const rows = on
        ? await tx.query(
            `insert into theme_follower (workspace_id, theme_id, person_id, at) values ($1, $2, $3, $4) on conflict do nothing returning 1`,
            [workspaceId, themeId, personId, at],
          )
        : await tx.query(
            `delete from theme_follower where workspace_id = $1 and theme_id = $2 and person_id = $3 returning 1`,
            [workspaceId, themeId, personId],
          );
      if (rows.length === 0) return false;
      await records.audit(tx, [
        {
          actor: personId,
          verb: on ? 'theme.followed' : 'theme.unfollowed',
          thingKind: 'theme',
          thingId: themeId,
          at: at.toISOString(),
        },
      ]);
      return true;
    },

    async followers(tx, themeId) {
      const rows = await tx.query<{ person_id: string }>(
        `select distinct person_id from theme_follower where workspace_id = $1 and theme_id = any($2) order by person_id`,
        [workspaceId, [themeId, ...(await curations.absorbedInto(tx, themeId))]],
      );
      return rows.map((row) => row.person_id);
    },

    async followedBy(tx, personId) {
      const rows = await tx.query<{ theme_id: string }>(
        `select theme_id from theme_follower where workspace_id = $1 and person_id = $2 order by at desc, theme_id`,
        [workspaceId, personId],
      );
      const survivors: string[] = [];
      for (const row of rows) survivors.push(await curations.survivorOf(tx, row.theme_id));
      return [...new Set(survivors)];
    },
  };
  return curations;

  async function audit(
    tx: Tx,
    verb: string,
    actor: string,
    edit: Omit<ThemeEdit, 'seq' | 'undoneBy' | 'undoneAt'>,
    at: Date,
  ): Promise<void> {
    await records.audit(tx, [
      {
        actor,
        verb,
        thingKind: 'theme',
        thingId: edit.themeId,
        detail: { edit: edit.id, other: edit.otherThemeId, reports: edit.reports, via: edit.via },
        at: at.toISOString(),
      },
    ]);
  }
}

function toEdit(row: EditRowDb): ThemeEdit {
  return {
    id: row.id,
    seq: Number(row.seq),
    kind: row.kind,
    themeId: row.theme_id,
    otherThemeId: row.other_theme_id,
    reports: row.reports,
    by: row.person_id,
    via: row.via,
    at: row.at.toISOString(),
    titleBefore: row.title_before,
    titleAfter: row.title_after,
    body: row.body,
    undoneBy: row.undone_by,
    undoneAt: row.undone_at?.toISOString() ?? null,
  };
}

// Themes: where each conversation belongs, as a history of events, and what the database can count about a theme.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { DAY_MS, WINDOW_DAYS } from '#src/domain/insight.ts';
import type { ObservationKind, Severity } from '#src/domain/observation.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Records, ThemeFacts, Themes } from '#src/domain/stores.ts';
import { type Theme, ThemeContract } from '#src/domain/theme.ts';
import { forgetDeleted } from './forget.ts';
import type { Keyring } from './keys.ts';

// Where words were deleted, this many other reports are asked whether they say the same.
const TITLES_LEFT = 20;
// A report that a person has called noise stays out, whatever is observed of it later.
const CALLED_NOISE = '(c.placed_by is not null and c.theme_id is null)';

/** Opens the themes of one workspace. */
export function createThemes(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Themes {
  return {
    async lock(tx, conversationIds) {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`themes/${workspaceId}`]);
      // A conversation that is split while it is placed would keep the theme of what it was. By id, as everywhere, so that nobody waits in a circle.
      await tx.query(`select 1 from conversation where workspace_id = $1 and id = any($2) order by id for update`, [
        workspaceId,
        conversationIds,
      ]);
    },

    async toAssign(tx, conversationIds) {
      const rows = await tx.query<{
        conversation_id: string;
        observation_id: string;
        theme_id: string | null;
        placed_by: string | null;
        is_noise: boolean;
        captured_by: string | null;
        vector: Buffer | null;
        vector_version: string | null;
        subject_id: string;
        key_id: string;
        sealed: Buffer;
        previous_id: string | null;
      }>(
        `select c.id as conversation_id, o.id as observation_id, c.theme_id, c.placed_by, o.is_noise, c.captured_by, o.vector, o.vector_version, o.subject_id, o.key_id,
           o.sealed, (select e.observation_id from theme_event e where e.workspace_id = $1 and e.conversation_id = c.id order by e.seq desc limit 1) as previous_id
         from conversation c join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
         where c.workspace_id = $1 and c.id = any($2) and c.state = 'live' and not ${CALLED_NOISE} order by c.first_at, c.id`,
        [workspaceId, conversationIds],
      );
      const waiting = rows.filter((row) => row.previous_id !== row.observation_id);
      const opened = await keyring.open(
        tx,
        waiting.map((row) => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
      );
      return waiting.map((row, index) => ({
        conversationId: row.conversation_id,
        observationId: row.observation_id,
        previousId: row.previous_id || null,
        themeId: row.theme_id,
        placedBy: row.placed_by,
        isNoise: row.is_noise,
        captured: row.captured_by !== null,
        title: opened[index] ? (JSON.parse(opened[index]) as { title: string }).title : '',
        vector: row.vector,
        vectorVersion: row.vector_version,
      }));
    },

    async assign(tx, assignments, at) {
      if (assignments.length === 0) return;
      const iso = at.toISOString();
      const opened = assignments.filter((item) => item.opens && item.themeId);
      const themes = opened.map(
        (item): Theme =>
          ThemeContract.write({
            v: 1,
            id: item.themeId!,
            workspaceId,
            source: 'throughline',
            externalId: item.themeId!,
            permalink: null,
            occurredAt: iso,
            receivedAt: iso,
            reliability: 'derived',
            latencyMs: 0,
            privacyClass: 'pseudonymous',
            residency: 'any',
            retentionDays: null,
            title: item.title,
            titledBy: 'machine',
            status: 'active',
            absorbedBy: null,
          }),
      );
      await tx.query(
        `insert into theme (workspace_id, id, title, status, body, created_at)
         select $1, b->>'id', b->>'title', 'active', b, $3 from jsonb_array_elements($2::jsonb) b on conflict do nothing`,
        [workspaceId, JSON.stringify(themes), at],
      );
      const events = assignments.map((item) => ({
        ...item,
        verb: item.themeId === null ? 'removed' : item.opens ? 'opened' : 'assigned',
      }));
      await tx.query(
        `insert into theme_event (workspace_id, theme_id, conversation_id, observation_id, verb, from_theme_id, score, actor, at)
         select $1, coalesce(e->>'themeId', e->>'fromThemeId', ''), e->>'conversationId', e->>'observationId', e->>'verb', e->>'fromThemeId',
           (e->>'score')::real, 'throughline', $3 from jsonb_array_elements($2::jsonb) e`,
        [workspaceId, JSON.stringify(events), at],
      );
      await tx.query(
        `update conversation c set theme_id = e->>'themeId', placed_by = case when e->>'themeId' is not null then c.placed_by end from jsonb_array_elements($2::jsonb) e
         where c.workspace_id = $1 and c.id = e->>'conversationId'`,
        [workspaceId, JSON.stringify(events)],
      );
      const left = events.filter((item) => item.fromThemeId !== null && item.fromThemeId !== item.themeId);
      await tx.query(
        `delete from lineage l using jsonb_array_elements($2::jsonb) e, observation o
         where l.workspace_id = $1 and o.workspace_id = $1 and o.conversation_id = e->>'conversationId' and l.from_id = o.id and l.to_kind = 'theme'`,
        [workspaceId, JSON.stringify(left)],
      );
      await records.link(
        tx,
        events
          .filter((item) => item.themeId !== null)
          .map((item) => ({
            fromKind: 'observation',
            fromId: item.observationId,
            toKind: 'theme',
            toId: item.themeId!,
            relation: item.opens ? 'opened' : 'belongs to',
            at: iso,
            actor: 'throughline',
            why: item.score === null ? null : `similarity ${item.score.toFixed(2)}`,
          })),
      );
      await records.audit(
        tx,
        events.map((item) => ({
          actor: 'throughline',
          verb: `theme.${item.verb}`,
          thingKind: item.themeId === null ? 'conversation' : 'theme',
          thingId: item.themeId ?? item.conversationId,
          detail: { conversation: item.conversationId },
          at: iso,
        })),
      );
    },

    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select c.id from conversation c join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
         where c.workspace_id = $1 and c.state = 'live' and (not o.is_noise or c.theme_id is not null) and not ${CALLED_NOISE}
           and o.id is distinct from
             (select e.observation_id from theme_event e where e.workspace_id = $1 and e.conversation_id = c.id order by e.seq desc limit 1)
         order by c.id limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },

    async members(tx, limit) {
      const members = await tx.query<{ observation_id: string; theme_id: string; vector: Buffer }>(
        `select observation_id, theme_id, vector from (
           select o.id as observation_id, c.theme_id, o.vector, c.first_at, c.id from conversation c
           join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
           where c.workspace_id = $1 and c.theme_id is not null and o.vector is not null order by c.first_at desc, c.id desc limit $2) newest
         order by first_at, id`,
        [workspaceId, limit],
      );
      return {
        members: members.map((row) => ({
          observationId: row.observation_id,
          themeId: row.theme_id,
          vector: row.vector,
        })),
        seq: await this.seq(tx),
      };
    },

    async seq(tx) {
      const [row] = await tx.query<{ seq: string | null }>(
        `select max(seq) as seq from theme_event where workspace_id = $1`,
        [workspaceId],
      );
      return Number(row?.seq ?? 0);
    },

    async facts(tx, themeIds) {
      const rows = await tx.query<{
        theme_id: string;
        title: string;
        titled_by: string;
        title_shown: boolean;
        reports: string;
        customers: string;
        people: string;
        first_at: Date;
        last_at: Date;
        sources: Record<string, number>;
        speaks_up: boolean;
        captured: boolean;
        seq: string | null;
        kinds: ObservationKind[];
        severities: Severity[];
        areas: (string | null)[];
        conversation_ids: string[];
        times: Date[];
        customer_ids: string[];
      }>(
        `select t.id as theme_id, t.title, t.body->>'titledBy' as titled_by,
           exists (select 1 from insight i where i.workspace_id = $1 and i.theme_id = t.id) as title_shown, count(*) as reports, count(distinct c.customer_id) as customers,
           (select count(distinct h.author_id) from signal_head h join conversation m on m.workspace_id = $1 and m.id = h.conversation_id
            where h.workspace_id = $1 and m.theme_id = t.id and m.state = 'live' and h.author_role = 'customer' and h.change <> 'deleted') as people,
           min(c.first_at) as first_at, max(c.last_at) as last_at,
           bool_or(c.captured_by is not null) as captured,
           (select max(e.seq) from theme_event e where e.workspace_id = $1 and e.theme_id = t.id) as seq,
           bool_or(not c.historical and (c.source <> 'slack' or c.captured_by is not null or ch.mode = 'suggest')) as speaks_up,
           array_agg(o.kind) as kinds, array_agg(o.severity) as severities, array_agg(o.area) as areas,
           array_agg(c.id order by c.first_at, c.id) as conversation_ids, array_agg(c.first_at order by c.first_at, c.id) as times,
           array_agg(coalesce(c.customer_id, '') order by c.first_at, c.id) as customer_ids,
           (select jsonb_object_agg(source, n) from (select m.source, count(*) as n from conversation m
            where m.workspace_id = $1 and m.theme_id = t.id and m.state = 'live' group by m.source) s) as sources
         from theme t join conversation c on c.workspace_id = t.workspace_id and c.theme_id = t.id and c.state = 'live'
         join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
         left join channel ch on ch.workspace_id = c.workspace_id and 'slack:' || ch.channel_id = c.container_id
         where t.workspace_id = $1 and t.id = any($2) group by t.id, t.title, t.body`,
        [workspaceId, themeIds],
      );
      return rows.map((row): ThemeFacts => {
        const newest = row.times.at(-1)!.getTime();
        const windowStart = newest - WINDOW_DAYS * DAY_MS;
        const inWindow = new Set(row.customer_ids.filter((_, index) => row.times[index]!.getTime() > windowStart));
        const days = Array.from({ length: 14 }, () => 0);
        for (const time of row.times) {
          const ago = Math.floor((newest - time.getTime()) / DAY_MS);
          if (ago < 14) days[13 - ago] = (days[13 - ago] ?? 0) + 1;
        }
        return {
          themeId: row.theme_id,
          title: row.title,
          titledBy: row.titled_by,
          titleShown: row.title_shown,
          kind: most(row.kinds),
          severity: worst(row.severities),
          area: most(row.areas.filter((area) => area !== null)) ?? null,
          reach: {
            reports: Number(row.reports),
            people: Number(row.people),
            customers: Number(row.customers),
            customersInWindow: inWindow.size,
            sources: row.sources,
            since: row.first_at.toISOString(),
            newest: row.last_at.toISOString(),
          },
          days,
          speaksUp: row.speaks_up,
          captured: row.captured,
          conversationIds: row.conversation_ids,
          times: row.times.map((time) => time.toISOString()),
          seq: Number(row.seq ?? 0),
        };
      });
    },

    async hold(tx, themeId, conversationIds) {
      await lockThemes(tx, workspaceId, [themeId]);
      const [row] = await tx.query<{ n: string }>(
        `select count(*) as n from conversation where workspace_id = $1 and id = any($3) and theme_id = $2 and state = 'live'`,
        [workspaceId, themeId, conversationIds],
      );
      return Number(row?.n) === conversationIds.length;
    },

    async titles(tx, themeId, limit) {
      const rows = await tx.query<{ subject_id: string; key_id: string; sealed: Buffer }>(
        `select o.subject_id, o.key_id, o.sealed from conversation c join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
         where c.workspace_id = $1 and c.theme_id = $2 and c.state = 'live' order by c.first_at desc, c.id limit $3`,
        [workspaceId, themeId, limit],
      );
      const opened = await keyring.open(
        tx,
        rows.map((row) => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
      );
      return opened.flatMap((text) => (text ? [(JSON.parse(text) as { title: string }).title] : []));
    },

    async unassessed(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select t.id from theme t where t.workspace_id = $1 and t.status = 'active'
           and t.assessed_seq < (select max(e.seq) from theme_event e where e.workspace_id = $1 and e.theme_id = t.id) limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },

    async assessed(tx, themeId, seq) {
      await tx.query(`update theme set assessed_seq = greatest(assessed_seq, $3) where workspace_id = $1 and id = $2`, [
        workspaceId,
        themeId,
        seq,
      ]);
    },

    async setTitle(tx, themeId, title) {
      await tx.query(
        `update theme set title = $3, body = jsonb_set(body, '{title}', to_jsonb($3::text)) where workspace_id = $1 and id = $2 and body->>'titledBy' = 'machine'`,
        [workspaceId, themeId, title],
      );
    },

    async leave(tx, conversations, at) {
      const ids = conversations.map((item) => item.conversationId);
      await inherit(tx, ids, at);
      const kept = await placedAndAlive(tx, ids);
      const members = conversations.filter((item) => item.themeId !== null && !kept.has(item.conversationId));
      await lockThemes(
        tx,
        workspaceId,
        members.map((item) => item.themeId!),
      );
      await this.assign(
        tx,
        members.map((item) => ({
          conversationId: item.conversationId,
          observationId: '',
          themeId: null,
          opens: false,
          title: '',
          score: null,
          fromThemeId: item.themeId,
        })),
        at,
      );
      await forgetDeleted(tx, workspaceId, keyring, conversations, (themeId) => this.titles(tx, themeId, TITLES_LEFT));
    },
  };

  /** A conversation that became part of another one, since an earlier message of it came late, hands on what a person said about it. */
  async function inherit(tx: Tx, conversationIds: readonly string[], at: Date): Promise<void> {
    const heirs = await tx.query<{ id: string; theme_id: string | null; placed_by: string }>(
      `update conversation y set theme_id = x.theme_id, placed_by = x.placed_by
       from conversation x join signal_head h on h.workspace_id = $1 and h.source = x.source and h.external_id = x.root_external_id
       where x.workspace_id = $1 and x.id = any($2) and x.state = 'absorbed' and x.placed_by is not null
         and y.workspace_id = $1 and y.id = h.conversation_id and y.id <> x.id and y.state = 'live' and y.placed_by is null
       returning y.id, y.theme_id, y.placed_by`,
      [workspaceId, conversationIds],
    );
    await tx.query(
      `insert into theme_event (workspace_id, theme_id, conversation_id, observation_id, verb, actor, at, placed_by)
       select $1, coalesce(e->>'theme_id', ''), e->>'id', '', case when e->>'theme_id' is null then 'noise' else 'moved' end, 'throughline', $3, e->>'placed_by'
       from jsonb_array_elements($2::jsonb) e`,
      [workspaceId, JSON.stringify(heirs), at],
    );
  }

  /** What a person put where it is stays there while anything of it is left. */
  async function placedAndAlive(tx: Tx, conversationIds: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ id: string }>(
      `select id from conversation where workspace_id = $1 and id = any($2) and state = 'live' and placed_by is not null`,
      [workspaceId, conversationIds],
    );
    return new Set(rows.map((row) => row.id));
  }
}

/** What is written about a theme and what is forgotten of it take turns: neither could see the other's rows before they are committed. */
export async function lockThemes(tx: Tx, workspaceId: WorkspaceId, themeIds: readonly string[]): Promise<void> {
  if (themeIds.length === 0) return;
  await tx.query(`select 1 from theme where workspace_id = $1 and id = any($2) order by id for update`, [
    workspaceId,
    themeIds,
  ]);
}

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** The severity that at least a third of the reports reach: one dramatic customer does not make it critical, three quiet ones do not hide it. */
function worst(severities: readonly Severity[]): Severity {
  const ranks = severities.map((severity) => SEVERITIES.indexOf(severity)).sort((a, b) => b - a);
  return SEVERITIES[ranks[Math.max(0, Math.ceil(ranks.length / 3) - 1)] ?? 0] ?? 'low';
}

/** The value that occurs most often; ties go to the one that sorts first, so that the order of arrival does not matter. */
function most<T extends string | null>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.entries()].sort(([a, x], [b, y]) => y - x || (String(a) < String(b) ? -1 : 1))[0]?.[0] as T;
}

// Samples: who judges, what was drawn for whom, and what they said. Ids and verdicts only; the words are read when they are shown.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Judgement, KeptOut } from '#src/domain/sample.ts';

type Verdict = KeptOut | 'passed';

/** What the gate said of a conversation, also where it was written down in an earlier version. */
const VERDICT = `case when not o.is_noise then 'passed' when o.body->'gate'->>'verdict' = 'left_out' then 'left_out' else 'noise' end`;
const SEEN = `from conversation c join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id and o.conversation_id = c.id
  where c.workspace_id = $1 and c.state = 'live' and c.captured_by is null and not c.historical and o.created_at > $2 and o.created_at <= $3
    and exists (select 1 from signal_head h where h.workspace_id = $1 and h.conversation_id = c.id and h.author_role = 'customer' and h.change <> 'deleted')`;

/** Opens the samples of one workspace. */
export function createSamples(workspaceId: WorkspaceId) {
  return {
    async setVolunteer(tx: Tx, personId: string, on: boolean, at: Date): Promise<boolean> {
      const rows = on
        ? await tx.query(
            `insert into volunteer (workspace_id, person_id, since) values ($1, $2, $3)
             on conflict (workspace_id, person_id) do update set since = $3, left_at = null where volunteer.left_at is not null returning 1`,
            [workspaceId, personId, at],
          )
        : await tx.query(
            `update volunteer set left_at = $3 where workspace_id = $1 and person_id = $2 and left_at is null returning 1`,
            [workspaceId, personId, at],
          );
      return rows.length > 0;
    },

    async knowChannel(tx: Tx, personId: string, channelId: string): Promise<void> {
      await tx.query(`update volunteer set channel_id = $3 where workspace_id = $1 and person_id = $2`, [
        workspaceId,
        personId,
        channelId,
      ]);
    },

    async isVolunteer(tx: Tx, personId: string): Promise<boolean> {
      const rows = await tx.query(
        `select 1 from volunteer where workspace_id = $1 and person_id = $2 and left_at is null`,
        [workspaceId, personId],
      );
      return rows.length > 0;
    },

    /** Volunteers who joined before that day, who waited longest first. */
    async rotation(tx: Tx, week: string): Promise<string[]> {
      const rows = await tx.query<{ person_id: string }>(
        `select v.person_id from volunteer v
         left join lateral (select max(s.week) as week from sample s where s.workspace_id = $1 and s.person_id = v.person_id) last on true
         where v.workspace_id = $1 and v.left_at is null and v.since < $2::date order by last.week nulls first, v.since, v.person_id`,
        [workspaceId, week],
      );
      return rows.map((row) => row.person_id);
    },

    async count(tx: Tx): Promise<number> {
      const [row] = await tx.query<{ n: string }>(
        `select count(*) as n from volunteer where workspace_id = $1 and left_at is null`,
        [workspaceId],
      );
      return Number(row?.n ?? 0);
    },

    async get(tx: Tx, week: string) {
      const [row] = await tx.query<{
        person_id: string;
        state: 'planned' | 'sent';
        to_at: Date;
        sending_since: Date | null;
        channel_id: string | null;
        dm: string | null;
      }>(
        `select s.person_id, s.state, s.to_at, s.sending_since, s.channel_id, v.channel_id as dm from sample s
         left join volunteer v on v.workspace_id = s.workspace_id and v.person_id = s.person_id
         where s.workspace_id = $1 and s.week = $2::date`,
        [workspaceId, week],
      );
      return row
        ? {
            personId: row.person_id,
            state: row.state,
            plannedAt: row.to_at,
            sendingSince: row.sending_since,
            directChannel: row.dm,
          }
        : null;
    },

    /** Up to when earlier samples have looked. */
    async lookedUntil(tx: Tx): Promise<Date | null> {
      const [row] = await tx.query<{ at: Date | null }>(`select max(to_at) as at from sample where workspace_id = $1`, [
        workspaceId,
      ]);
      return row?.at ?? null;
    },

    /** How much there is of each verdict, by place. */
    async sizes(tx: Tx, from: Date, to: Date): Promise<{ containerId: string; verdict: Verdict; size: number }[]> {
      const rows = await tx.query<{ container_id: string; verdict: Verdict; n: string }>(
        `select c.container_id, ${VERDICT} as verdict, count(*) as n ${SEEN} group by 1, 2`,
        [workspaceId, from, to],
      );
      return rows.map((row) => ({ containerId: row.container_id, verdict: row.verdict, size: Number(row.n) }));
    },

    /** Draws without looking: by the hash of the week and the conversation, so that drawing again draws the same. */
    async draw(
      tx: Tx,
      input: { week: string; from: Date; to: Date; containers: readonly string[]; verdict: Verdict; limit: number },
    ): Promise<string[]> {
      const rows = await tx.query<{ id: string }>(
        `select c.id ${SEEN} and c.container_id = any($4) and ${VERDICT} = $5 order by md5($6 || c.id), c.id limit $7`,
        [workspaceId, input.from, input.to, input.containers, input.verdict, input.week, input.limit],
      );
      return rows.map((row) => row.id);
    },

    /** Conversations that a person captured after the gate had kept them out, not because of a sample. */
    async capturedByHand(tx: Tx, from: Date, to: Date, containers: readonly string[]): Promise<number> {
      const [row] = await tx.query<{ n: string }>(
        `select count(*) as n from conversation c where c.workspace_id = $1 and c.state = 'live' and c.captured_by is not null
           and c.container_id = any($4)
           and exists (select 1 from observation o where o.workspace_id = $1 and o.conversation_id = c.id and o.is_noise
             and o.created_at > $2 and o.created_at <= $3)
           and not exists (select 1 from sample_item i where i.workspace_id = $1 and i.conversation_id = c.id)`,
        [workspaceId, from, to, containers],
      );
      return Number(row?.n ?? 0);
    },

    /** Plans the sample of a week; false when there is one already. */
    async plan(
      tx: Tx,
      sample: {
        week: string;
        personId: string;
        from: Date;
        to: Date;
        strata: Record<string, number>;
        items: readonly { conversationId: string; verdict: Verdict }[];
      },
    ): Promise<boolean> {
      const { week, personId, from, to, strata, items } = sample;
      const rows = await tx.query(
        `insert into sample (workspace_id, week, person_id, state, from_at, to_at) values ($1, $2::date, $3, 'planned', $4, $5)
         on conflict do nothing returning 1`,
        [workspaceId, week, personId, from, to],
      );
      if (rows.length === 0) return false;
      await tx.query(
        `insert into sample_stratum (workspace_id, week, verdict, size)
         select $1, $2::date, v, s from unnest($3::text[], $4::int[]) as t (v, s)`,
        [workspaceId, week, Object.keys(strata), Object.values(strata)],
      );
      await tx.query(
        `insert into sample_item (workspace_id, week, n, conversation_id, verdict)
         select $1, $2::date, n, c, v from unnest($3::text[], $4::text[]) with ordinality as t (c, v, n)`,
        [workspaceId, week, items.map((item) => item.conversationId), items.map((item) => item.verdict)],
      );
      return true;
    },

    /** Says that it is about to be sent; null when it is sent, or somebody else began less than `leaseMs` ago. `before`: an earlier try began. */
    async sending(tx: Tx, week: string, at: Date, leaseMs: number): Promise<{ before: boolean } | null> {
      const [row] = await tx.query<{ before: boolean }>(
        `with was as (select sending_since from sample where workspace_id = $1 and week = $2::date for update)
         update sample s set sending_since = $3 from was
         where s.workspace_id = $1 and s.week = $2::date and s.state = 'planned' and (was.sending_since is null or was.sending_since <= $4)
         returning was.sending_since is not null as before`,
        [workspaceId, week, at, new Date(at.getTime() - leaseMs)],
      );
      return row ?? null;
    },

    async sent(tx: Tx, week: string, where: { channelId: string; ts: string | null }): Promise<void> {
      await tx.query(
        `update sample set state = 'sent', channel_id = $3, ts = $4 where workspace_id = $1 and week = $2::date`,
        [workspaceId, week, where.channelId, where.ts],
      );
    },

    async items(tx: Tx, week: string) {
      const rows = await tx.query<{
        n: number;
        conversation_id: string;
        verdict: Verdict;
        judgement: Judgement | null;
      }>(
        `select n, conversation_id, verdict, judgement from sample_item where workspace_id = $1 and week = $2::date order by n`,
        [workspaceId, week],
      );
      return rows.map((row) => ({
        n: row.n,
        conversationId: row.conversation_id,
        verdict: row.verdict,
        judgement: row.judgement,
      }));
    },

    /** The first judgement stays. Null when there is no such item, or it was judged. */
    async judge(
      tx: Tx,
      input: { week: string; n: number; judgement: Judgement; at: Date },
    ): Promise<{ conversationId: string; verdict: Verdict } | null> {
      const [row] = await tx.query<{ conversation_id: string; verdict: Verdict }>(
        `update sample_item set judgement = $4, judged_at = $5
         where workspace_id = $1 and week = $2::date and n = $3 and judgement is null returning conversation_id, verdict`,
        [workspaceId, input.week, input.n, input.judgement, input.at],
      );
      return row ? { conversationId: row.conversation_id, verdict: row.verdict } : null;
    },

    /** What was judged since, by week and verdict. */
    async strata(tx: Tx, since: Date) {
      const rows = await tx.query<{ week: string; verdict: string; size: number; judged: string; reports: string }>(
        `select t.week::text as week, t.verdict, t.size, count(i.judgement) as judged, count(*) filter (where i.judgement = 'report') as reports
         from sample_stratum t join sample s on s.workspace_id = t.workspace_id and s.week = t.week
         left join sample_item i on i.workspace_id = t.workspace_id and i.week = t.week and i.verdict = t.verdict
         where t.workspace_id = $1 and s.to_at > $2 group by t.week, t.verdict, t.size`,
        [workspaceId, since],
      );
      return rows.map((row) => ({
        week: row.week,
        verdict: row.verdict,
        size: row.size,
        judged: Number(row.judged),
        reports: Number(row.reports),
      }));
    },

    /** What was judged in a span: of what was kept out, how much rightly so; of the cards that were voted on, how many were liked. */
    async judged(tx: Tx, from: Date, to: Date) {
      const [row] = await tx.query<{ kept: string; rightly: string; cards: string; liked: string }>(
        `select
           (select count(*) from sample_item where workspace_id = $1 and judged_at > $2 and judged_at <= $3 and verdict <> 'passed') as kept,
           (select count(*) from sample_item where workspace_id = $1 and judged_at > $2 and judged_at <= $3 and verdict <> 'passed'
             and judgement = 'not_report') as rightly,
           count(*) as cards, count(*) filter (where vote = 1) as liked
         from (select min(vote) as vote from evaluation where workspace_id = $1 and thing_kind = 'card' and at > $2 and at <= $3
           group by thing_id, person_id having min(vote) = max(vote)) votes`,
        [workspaceId, from, to],
      );
      const part = (right: string | undefined, of: string | undefined) =>
        Number(of ?? 0) > 0 ? { right: Number(right), of: Number(of) } : null;
      return { recall: part(row?.rightly, row?.kept), precision: part(row?.liked, row?.cards) };
    },

    /** What each source has sent, and what went wrong with it. */
    async coverage(tx: Tx, from: Date) {
      const counts = await tx.query<{ source: string; hour: string; n: string; quarantined: string }>(
        `select source, extract(epoch from date_trunc('hour', received_at)) / 3600 as hour, count(*) as n,
           count(*) filter (where state = 'quarantined') as quarantined
         from delivery where workspace_id = $1 and received_at > $2 and kind <> 'app_rate_limited' and delivery_id not like 'reconcile:%'
           and (source <> 'slack' or kind like 'event:%' or state = 'quarantined')
         group by 1, 2`,
        [workspaceId, from],
      );
      const limited = await tx.query<{ source: string; n: string }>(
        `select source, count(distinct date_trunc('hour', received_at)) as n from delivery
         where workspace_id = $1 and received_at > $2 and kind = 'app_rate_limited' group by source`,
        [workspaceId, from],
      );
      const deletions = await tx.query<{ source: string; n: string }>(
        `select source, count(*) as n from signal_head where workspace_id = $1 and change = 'deleted' and changed_at > $2 group by source`,
        [workspaceId, from],
      );
      // Found by asking: appended by a page of a reconciliation, although the source was heard before the message was written.
      const found = await tx.query<{ source: string; n: string }>(
        `select d.source, count(distinct k.external_id) as n from delivery d
         join signal_key k on k.workspace_id = d.workspace_id and k.source = d.source and k.received_at = d.handled_at
         join signal_head h on h.workspace_id = k.workspace_id and h.source = k.source and h.external_id = k.external_id
         where d.workspace_id = $1 and d.received_at > $2 and d.delivery_id like 'reconcile:%' and h.signal_id = k.signal_id
           and h.occurred_at > (select min(f.received_at) from delivery f
             where f.workspace_id = $1 and f.source = d.source and f.delivery_id not like 'reconcile:%')
         group by d.source`,
        [workspaceId, from],
      );
      return {
        counts: counts.map((row) => ({
          ...row,
          hour: Math.round(Number(row.hour)),
          n: Number(row.n),
          quarantined: Number(row.quarantined),
        })),
        limited: numbers(limited),
        deletions: numbers(deletions),
        found: numbers(found),
      };
    },
  };
}

function numbers(rows: readonly { source: string; n: string }[]): Map<string, number> {
  return new Map(rows.map(({ source, n }) => [source, Number(n)]));
}

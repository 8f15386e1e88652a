// Backfill: where the reading of each channel's past stands, and the turn that only one reader has.
import pg from 'pg';
import { type Backfill, BackfillPlace, type BackfillState } from '#src/domain/backfill.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Log } from '#src/domain/ports.ts';
import type { Backfills } from '#src/domain/stores.ts';

// What src/pipeline/backfill.ts names its deliveries by.
const DELIVERY = 'backfill:';

interface Row {
  channel_id: string;
  name: string;
  state: BackfillState;
  via: Backfill['via'];
  since: Date;
  until: Date;
  place: unknown;
  messages: number;
  threads: number;
  requests: number;
  slow: boolean;
  problem: string | null;
  started_by: string;
  started_at: Date;
  updated_at: Date;
  told_at: Date | null;
}

/** Opens the back-fills of one workspace. */
export function createBackfills(workspaceId: WorkspaceId): Backfills {
  return {
    async all(tx) {
      const rows = await tx.query<Row>(`select * from backfill where workspace_id = $1 order by name`, [workspaceId]);
      return rows.map(read);
    },

    async get(tx, channelId) {
      const [row] = await tx.query<Row>(
        `select * from backfill where workspace_id = $1 and channel_id = $2 for update`,
        [workspaceId, channelId],
      );
      return row ? read(row) : null;
    },

    async put(tx, backfill) {
      await tx.query(
        `insert into backfill (workspace_id, channel_id, name, state, via, since, until, place, messages, threads, requests, slow, problem, started_by,
           started_at, updated_at, told_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         on conflict (workspace_id, channel_id) do update set name = $3, state = $4, via = $5, since = $6, until = $7, place = $8, messages = $9,
           threads = $10, requests = $11, slow = $12, problem = $13, started_by = $14, started_at = $15, updated_at = $16, told_at = $17`,
        [
          workspaceId,
          backfill.channelId,
          backfill.name,
          backfill.state,
          backfill.via,
          backfill.since,
          backfill.until,
          JSON.stringify(backfill.place),
          backfill.messages,
          backfill.threads,
          backfill.requests,
          backfill.slow,
          backfill.problem,
          backfill.startedBy,
          backfill.startedAt,
          backfill.updatedAt,
          backfill.toldAt,
        ],
      );
    },

    async advance(tx, backfill, seen) {
      const rows = await tx.query(
        `update backfill set state = $4, place = $5, messages = $6, threads = $7, requests = $8, slow = $9, updated_at = $10
         where workspace_id = $1 and channel_id = $2 and state = 'reading' and requests = $3 returning 1`,
        [
          workspaceId,
          backfill.channelId,
          seen,
          backfill.state,
          JSON.stringify(backfill.place),
          backfill.messages,
          backfill.threads,
          backfill.requests,
          backfill.slow,
          backfill.updatedAt,
        ],
      );
      return rows.length > 0;
    },

    async unsettled(tx, channelIds) {
      const [row] = await tx.query<{ count: string }>(
        `select (select count(*) from delivery where workspace_id = $1 and state = 'received' and source = 'slack' and starts_with(delivery_id, $3))
           + (select count(*) from conversation c left join observation o on o.workspace_id = c.workspace_id and o.id = c.observation_id
              where c.workspace_id = $1 and c.state = 'live' and c.container_id = any($2) and c.historical
                and (c.observation_id is null or (not o.is_noise and o.id is distinct from
                  (select e.observation_id from theme_event e where e.workspace_id = $1 and e.conversation_id = c.id order by e.seq desc limit 1))))
           + (select count(*) from theme t where t.workspace_id = $1 and t.status = 'active'
                and t.assessed_seq < (select max(e.seq) from theme_event e where e.workspace_id = $1 and e.theme_id = t.id)
                and exists (select 1 from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live' and c.historical
                  and c.container_id = any($2))) as count`,
        [workspaceId, channelIds.map((id) => `slack:${id}`), DELIVERY],
      );
      return Number(row?.count ?? 0);
    },

    async found(tx, channelIds) {
      const rows = await tx.query<{
        theme_id: string;
        insight_id: string | null;
        card_id: string | null;
        title: string;
        customers: number;
        reports: number;
      }>(
        `select t.id as theme_id, i.id as insight_id, k.id as card_id, t.title, coalesce((i.body->'reach'->>'customers')::int, 0) as customers,
           coalesce((i.body->'reach'->>'reports')::int, 0) as reports
         from (select distinct theme_id from conversation where workspace_id = $1 and state = 'live' and historical and container_id = any($2)
           and theme_id is not null) c
         join theme t on t.workspace_id = $1 and t.id = c.theme_id
         left join lateral (select id, body from insight where workspace_id = $1 and theme_id = t.id order by created_at desc limit 1) i on true
         left join lateral (select id, state from card where workspace_id = $1 and theme_id = t.id order by generation desc limit 1) k
           on k.state = 'waiting'
         order by customers desc, reports desc, t.id`,
        [workspaceId, channelIds.map((id) => `slack:${id}`)],
      );
      return rows.map((row) => ({
        themeId: row.theme_id,
        insightId: row.insight_id,
        waitingCardId: row.card_id,
        title: row.title,
        customers: row.customers,
        reports: row.reports,
      }));
    },
  };

  function read(row: Row): Backfill {
    return {
      channelId: row.channel_id,
      name: row.name,
      state: row.state,
      via: row.via,
      since: row.since.toISOString(),
      until: row.until.toISOString(),
      place: BackfillPlace.parse(row.place),
      messages: row.messages,
      threads: row.threads,
      requests: row.requests,
      slow: row.slow,
      problem: row.problem,
      startedBy: row.started_by,
      startedAt: row.started_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
      toldAt: row.told_at?.toISOString() ?? null,
    };
  }
}

/** A turn that one process has at a time, for as long as it lives: the server takes it back when the connection ends, however it ends. */
export function createTurn(options: { url: string; workspaceId: WorkspaceId; name: string; log: Log }) {
  const lock = `hashtextextended('${options.name}/' || $1, 0)`;
  return async (): Promise<{ release(): Promise<void> } | null> => {
    const client = new pg.Client({ connectionString: options.url, application_name: `throughline-${options.name}` });
    client.on('error', (error) => options.log.warn({ error: error.message }, `lost the turn for ${options.name}`));
    await client.connect();
    const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_lock(${lock}) as mine`, [
      options.workspaceId,
    ]);
    if (rows[0]?.mine) return { release: () => client.end() };
    await client.end();
    return null;
  };
}

// Where the reports of themes come from, as the question who may read them needs it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createPlaces } from '#src/storage/places.ts';
import { ensureWorkspace } from '#src/storage/settings.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

let database: TestDatabase;
let db: OpenDb;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry, max: 1 });
  for (const workspace of ['main', 'other']) await ensureWorkspace(db, workspace, new Date());
  // Thirty thousand reports of one theme in two channels, a ticket for every third; another theme has one of a private channel.
  await db.query(
    `insert into conversation (workspace_id, id, source, revision, container_id, root_external_id, theme_id, state, first_at, last_at, historical)
     select w, 'con_' || t || n, 'slack', '1', case n % 3 when 0 then 'zendesk:ticket:' || n when 1 then 'slack:C1' else 'slack:C2' end, n::text, t, 'live', now(), now(), false
     from unnest(array['main', 'other']) w, unnest(array['thm_1']) t, generate_series(1, 15000) n
     union all select 'main', 'con_x' || c, 'slack', '1', c, c, 'thm_2', s, now(), now(), false
     from (values ('slack:C9', 'live'), ('slack:C8', 'empty'), ('api:crm', 'live')) v (c, s)`,
  );
  await db.query('analyze conversation');
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

describe('the places of a theme', () => {
  it('are each channel that live reports come from, and one for all that is no channel', async () => {
    const places = await createPlaces('main').containersOfThemes(db, ['thm_1', 'thm_2', 'thm_3']);
    const kindOf = (containerId: string) => (containerId.startsWith('zendesk:') ? 'a ticket' : containerId);
    expect(places.map(({ id, containerId }) => `${id} ${kindOf(containerId)}`).sort()).toEqual([
      'thm_1 a ticket',
      'thm_1 slack:C1',
      'thm_1 slack:C2',
      'thm_2 api:crm',
      'thm_2 slack:C9',
    ]);
  });

  it('are found without reading every report', async () => {
    let plan = '';
    const explaining = {
      query: async (sql: string, values: readonly unknown[]) => {
        plan = JSON.stringify(await db.query(`explain (analyze, buffers, format json) ${sql}`, values));
        return [];
      },
    };
    await createPlaces('main').containersOfThemes(explaining as never, ['thm_1', 'thm_2']);
    expect(plan).toContain('conversation_of_theme_in_container');
    const rows = [...plan.matchAll(/"Actual Rows":\s*(\d+)/g)].map(([, n]) => Number(n));
    expect(Math.max(...rows)).toBeLessThan(100);
  });
});

describe('the channels to watch', () => {
  it('are those that reports come from, or the one that is asked about', async () => {
    const places = createPlaces('main');
    expect((await places.channels(db, null)).sort()).toEqual(['C1', 'C2', 'C8', 'C9']);
    expect(await places.channels(db, 'C2')).toEqual(['C2']);
    expect(await places.channels(db, 'C7')).toEqual([]);
  });
});

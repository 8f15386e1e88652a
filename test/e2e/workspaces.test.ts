// Two workspaces in one database: they play at the same time, with the same people, channels, tickets and times, and never see each other.
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trendsQuery } from '#src/domain/trends.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { createSettings } from '#src/storage/settings.ts';
import { setClock } from '#test/support/clock.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { effectsOf, parentsIn } from '#test/support/effects.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import { API_TOKEN } from '#test/support/world.ts';

const START = '2026-03-02T09:00:00Z';
const OUR_IDS = /\b(?:sig|con|cus|obs|thm|ins|pro|dec|act|out|crd)_[0-9a-f]{24}\b/g;
// What only one of them says, in every message.
const WORDS = { w1: 'Aardvark', w2: 'Buffalo' } as const;
type Name = keyof typeof WORDS;
const NAMES = ['w1', 'w2'] as const;

let database: TestDatabase;
const rigs = {} as Record<Name, Rig>;
const clocks = { w1: setClock(START), w2: setClock(START) };

beforeAll(async () => {
  database = await createTestDatabase();
  await Promise.all(
    NAMES.map(async (name) => {
      rigs[name] = await startRig({
        clock: clocks[name],
        databaseUrl: database.url,
        teamId: `T0${name.toUpperCase()}`,
        overrides: { workspaceId: name },
        env: { PUBLIC_URL: `http://127.0.0.1/${name}` },
      });
    }),
  );
  await Promise.all(NAMES.map(play));
  // What has just been said belongs to the days that are over a moment later.
  for (const name of NAMES) clocks[name].advance(60_000);
});
afterAll(async () => {
  await Promise.all(Object.values(rigs).map((rig) => rig.close()));
  await database?.drop();
});

/** The whole loop: reports in Slack, Zendesk and over the API, a capture, an approval, a completion, commands. */
async function play(name: Name): Promise<void> {
  const { slack, linear, zendesk, app, user, channel, settle } = rigs[name];
  const word = WORDS[name];
  const support = channel('support');
  const insights = channel('insights');
  slack.human.post(user('ana'), support, `The ${word} export to CSV fails with error 500 since this morning`);
  slack.human.post(user('ben'), support, `exporting ${word} to csv is broken, I get error 500`);
  const short = slack.human.post(user('dan'), support, `${word} too`);
  zendesk.human.createTicket(
    { name: 'Nina', email: 'nina@example.test', organization: `${word} Ltd` },
    { subject: `${word} export`, body: `Every CSV export of ${word} ends with error 500.` },
  );
  await post(name, [
    { id: 'one', text: `The CSV export of ${word} fails, error 500`, author: { id: 'x', name: word } },
  ]);
  await settle();
  slack.human.react(user('pia'), support, short.ts, 'memo');
  await settle();
  const [card] = parentsIn(rigs[name]);
  await slack.human.click(user('pia'), insights, card!.ts, 'card_file');
  await settle();
  linear.human.setState([...linear.state.issues.keys()][0]!, 'Done');
  await settle();
  await app.reconcile();
  await settle();
  for (const text of ['trends 7d', 'insight', 'trace ENG-1', 'trace zendesk:1', 'trace #1', 'help'])
    await slack.human.slash(user('pia'), insights, '/throughline', text);
  await settle();
}

function post(name: Name, body: unknown): Promise<Response> {
  return fetch(`${rigs[name].app.url}/api/v1/signals`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function get(name: Name, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${rigs[name].app.url}${path}`, { headers });
}

const bearer = { authorization: `Bearer ${API_TOKEN}` };
const other = (name: Name): Name => (name === 'w1' ? 'w2' : 'w1');

/** Every id of ours that stands in a workspace's own rows. */
async function idsOf(name: Name): Promise<string[]> {
  const { db } = rigs[name].app;
  const tables = await db.query<{ name: string }>(
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'workspace_id'`,
  );
  const ids = new Set<string>();
  for (const table of tables) {
    const rows = await db.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${table.name} t where workspace_id = $1`,
      [name],
    );
    for (const { row } of rows) for (const id of row.match(OUR_IDS) ?? []) ids.add(id);
  }
  return [...ids].sort();
}

describe.each(NAMES)('%s', (name) => {
  const theirs = other(name);

  it('has played the whole loop, and counts only its own', async () => {
    const { app, linear } = rigs[name];
    expect(linear.state.issues.size).toBe(1);
    expect(
      await app.db.query('select state from card where workspace_id = $1 and generation = 1', [name]),
    ).toContainEqual({
      state: 'done',
    });
    const trends = await app.verbs.trends(trendsQuery(7), STAFF_ONLY);
    expect(trends.themes[0]).toMatchObject({ reports: { now: 5 }, customers: { now: 5 } });
    expect(trends.reports.now).toBe(5);
    expect(await app.count()).toMatchObject({ signals: 5 });
  });

  it('shares no id with the other, in any table', async () => {
    const [mine, others] = [await idsOf(name), new Set(await idsOf(theirs))];
    expect(mine.length).toBeGreaterThan(30);
    expect(mine.filter((id) => others.has(id))).toEqual([]);
  });

  it('says nothing of the other wherever it is asked', async () => {
    const { app, slack, linear, zendesk } = rigs[name];
    const foreign = await idsOf(theirs);
    const own = await idsOf(name);
    const { verbs } = app;
    const insights = await verbs.insights(STAFF_ONLY);
    const answers = [
      ...(await Promise.all([7, 30, 90].map((days) => verbs.trends(trendsQuery(days), STAFF_ONLY)))),
      insights,
      ...(await Promise.all(
        ['ENG-1', 'zendesk:1', '#1', 'ticket 1', 'api:one', ...own].map((query) => verbs.trace(query, STAFF_ONLY)),
      )),
      ...(await Promise.all(insights.map(({ insightId }) => verbs.insight(insightId, STAFF_ONLY)))),
      ...(await Promise.all(
        (
          await app.db.query<{ id: string }>('select id from card where workspace_id = $1', [name])
        ).map(({ id }) => verbs.card(id)),
      )),
      await (await get(name, '/lineage/ENG-1', { ...bearer, accept: 'application/json' })).json(),
      await (await get(name, '/lineage/ENG-1', bearer)).text(),
      effectsOf(rigs[name]),
      slack.calls,
      linear.calls,
      zendesk.calls,
    ];
    const said = JSON.stringify(answers);
    expect(said).toContain(WORDS[name]);
    expect(said).not.toContain(WORDS[theirs]);
    expect(foreign.filter((id) => said.includes(id))).toEqual([]);
  });

  it('knows none of the ids of the other', async () => {
    const { verbs } = rigs[name].app;
    for (const id of await idsOf(theirs)) {
      expect(await verbs.trace(id, STAFF_ONLY), id).toMatchObject({ kind: 'unknown' });
      expect(await verbs.insight(id, STAFF_ONLY), id).toBeNull();
      if (id.startsWith('crd_')) expect(await verbs.card(id)).toBeNull();
    }
    const [id] = await idsOf(theirs);
    expect((await get(name, `/lineage/${id}`, bearer)).status).toBe(404);
  });

  it('can do nothing to the other', async () => {
    const { verbs, db } = rigs[name].app;
    const [card] = await db.query<{ id: string; proposal_id: string }>(
      'select id, proposal_id from card where workspace_id = $1',
      [theirs],
    );
    const [decision] = await db.query<{ id: string }>('select id from decision where workspace_id = $1', [theirs]);
    const person = { id: rigs[name].user('pia'), kind: 'member', approver: true } as const;
    const seen = { cardId: card!.id, proposalId: card!.proposal_id, revision: 1, person };
    const asked: [string, Promise<{ kind?: string }>][] = [
      ['decide', verbs.decide({ ...seen, verb: 'approve', via: 'button' })],
      ['editForm', verbs.editForm(seen) as ReturnType<Verbs['decide']>],
      ['undo', verbs.undo({ decisionId: decision!.id, person, via: 'button' })],
      ['claim', verbs.claim({ cardId: card!.id, person })],
      ['judge', verbs.judge({ cardId: card!.id, person, vote: 1 })],
    ];
    for (const [verb, answer] of asked) expect(await answer, verb).toEqual({ kind: 'gone' });
  });

  it('does not open a lineage link of the other', async () => {
    const { verbs } = rigs[theirs].app;
    const found = await verbs.trace('ENG-1', STAFF_ONLY);
    const url = new URL((found as { url: string }).url);
    const path = `/lineage/${url.pathname.split('/').at(-1)}${url.search}`;
    expect((await get(theirs, path)).status).toBe(200);
    expect((await get(name, path)).status).toBe(401);
  });

  it('keeps its settings, channels, caches, cursors and jobs to itself', async () => {
    const { app } = rigs[name];
    const [mine, others] = [createSettings(name), createSettings(theirs)];
    await app.settings.set('capture.emoji', `only_${name}`, 'U1');
    expect(await mine.get(app.db, 'capture.emoji')).toBe(`only_${name}`);
    expect(await others.get(app.db, 'capture.emoji')).not.toBe(`only_${name}`);
    const row = { channelId: `C0ONLY${name}`, name: 'only', mode: 'off', origin: 'person' } as const;
    await mine.setChannel(app.db, row, new Date(START));
    expect(await others.channel(app.db, row.channelId)).toBeNull();
    expect((await others.channels(app.db)).map(({ channelId }) => channelId)).not.toContain(row.channelId);
    const counts = await app.db.query<{ table: string; n: string }>(
      `select 'cache' as table, count(*) as n from cache where workspace_id = $1
       union all select 'cursor', count(*) from cursor where workspace_id = $1`,
      [name],
    );
    for (const { table, n } of counts) expect(Number(n), table).toBeGreaterThan(0);
    const jobs = await app.db.query<{ id: string }>(`select data->>'id' as id from queue.job where name like $1`, [
      `${name}.%`,
    ]);
    const foreign = new Set(await idsOf(theirs));
    expect(jobs.length).toBeGreaterThan(10);
    expect(jobs.filter(({ id }) => foreign.has(id))).toEqual([]);
  });
});

describe('the schema', () => {
  it('puts the workspace first in every primary and unique key', async () => {
    const { db } = rigs.w1.app;
    const keys = await db.query<{ table: string; columns: string[] }>(
      `select c.relname as table, (select array_agg(a.attname::text order by k.n) from unnest(i.indkey) with ordinality k (attnum, n)
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum) as columns
       from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace s on s.oid = c.relnamespace
       where s.nspname = 'public' and (i.indisprimary or i.indisunique)`,
    );
    const tables = await db.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    const withKey = new Set(keys.map(({ table }) => table));
    expect(tables.filter(({ name }) => !withKey.has(name))).toEqual([]);
    const wrong = keys.filter(
      ({ table, columns }) => columns[0] !== 'workspace_id' && table !== 'workspace' && table !== 'migration',
    );
    expect(wrong).toEqual([]);
  });
});

describe('the code', () => {
  const root = new URL('../../', import.meta.url);
  let tables: string[] = [];
  beforeAll(async () => {
    const rows = await rigs.w1.app.db.query<{ name: string }>(
      `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'workspace_id'`,
    );
    tables = rows.map(({ name }) => name);
  });

  /** Every SQL text in the product, with where it stands. */
  async function statements(): Promise<{ file: string; sql: string }[]> {
    const files = (await readdir(new URL('src/', root), { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('sandbox'),
    );
    const found = await Promise.all(
      files.map(async (file) => {
        const text = await readFile(new URL(`src/${file}`, root), 'utf8');
        const strings = text.matchAll(/`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'/g);
        return [...strings]
          .map((match) => (match[1] ?? match[2] ?? '').trim())
          .filter((sql) => /^(?:select|insert into|update|delete from|with|\()\s*\S/i.test(sql))
          .map((sql) => ({ file, sql }));
      }),
    );
    return found.flat();
  }

  /** The tables that a statement names, and those of them for which it names no workspace. */
  function read(source: string): { touched: string[]; careless: string[] } {
    // What stands in quotes is a word and no table.
    const sql = source.replace(/'[^']*'/g, "''");
    const name = `(${tables.join('|')})\\b`;
    const keyword = '(?:as|set|where|on|using|join|left|order|group|limit|values|returning|union|select|for|cross)\\b';
    const references = [
      ...sql.matchAll(
        new RegExp(`\\b(?:from|join|update|into|using)\\s+${name}(?:\\s+(?:as\\s+)?(?!${keyword})([a-z]\\w*))?`, 'gi'),
      ),
      ...sql.matchAll(new RegExp(`,\\s+${name}\\s+(?!${keyword})([a-z]\\w*)`, 'gi')),
    ].map(([, table, alias]) => ({ table: table!, alias }));
    const plain = references.filter(({ alias }) => !alias).map(({ table }) => table);
    const mentions = sql.match(/(?<![.\w])workspace_id\b/g)?.length ?? 0;
    const qualified = plain.filter((table) => sql.includes(`${table}.workspace_id`)).length;
    return {
      touched: references.map(({ table }) => table),
      careless: [
        ...references.flatMap(({ table, alias }) =>
          alias && !new RegExp(`\\b${alias}\\.workspace_id\\b`).test(sql) ? [`${table} ${alias}`] : [],
        ),
        ...(mentions + qualified < plain.length ? plain : []),
      ],
    };
  }

  it('names the workspace of every table that it touches', async () => {
    // The cache puts its condition together (its own test holds it), and throws out what has expired, whoever's it was.
    const all = (await statements()).filter(({ file }) => file !== 'storage/cache.ts');
    const careless = all.flatMap(({ file, sql }) => read(sql).careless.map((table) => `${file}: ${table} in ${sql}`));
    expect(all.flatMap(({ sql }) => read(sql).touched).length).toBeGreaterThan(120);
    expect(careless).toEqual([]);
  });

  it('would be caught if it did not', () => {
    const careless = (sql: string) => read(sql).careless;
    expect(careless('select 1 from card where id = $1')).toEqual(['card']);
    expect(careless('select 1 from card k join insight i on i.id = k.insight_id where k.workspace_id = $1')).toEqual([
      'insight i',
    ]);
    expect(
      careless('delete from lineage l using unnest($2) e, observation o where l.workspace_id = $1 and o.id = e'),
    ).toEqual(['observation o']);
    expect(careless('update card set state = $2 where workspace_id = $1')).toEqual([]);
  });
});

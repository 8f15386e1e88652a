// Rows as if so many reports had been observed: straight into the database, since the way through the bot is measured elsewhere.
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { createKeyring } from '#src/storage/keys.ts';

const THEMES = 400;
const CUSTOMERS = 2_000;
const YEAR_DAYS = 365;
const AREAS = ['billing', 'export', 'login', 'mobile', 'api', 'reports', 'roles', 'import'];
const KINDS = ['bug', 'bug', 'question', 'feature_request', 'complaint'];

/** Themes, customers with names, and an insight on every theme. */
export async function fillGround(url: string, master: Buffer): Promise<void> {
  const [insight] = JSON.parse(
    readFileSync(new URL('../golden/contracts/insight.v1.json', import.meta.url), 'utf8'),
  ) as Record<string, unknown>[];
  await connected(url, async (client) => {
    const tx = {
      // biome-ignore lint/suspicious/noExplicitAny: the port leaves the row to whoever asks.
      query: async <Row extends Record<string, any>>(text: string, values: readonly unknown[] = []) =>
        (await client.query<Row>(text, values as unknown[])).rows,
    };
    const keyring = createKeyring({ workspaceId: 'main', master, now: () => new Date() });
    const ids = Array.from({ length: CUSTOMERS }, (_, at) => `cus_${at.toString(16).padStart(24, '0')}`);
    await keyring.prepare(tx, ids);
    await client.query(
      `insert into customer (workspace_id, id, kind, key, sealed, created_at)
       select 'main', i, 'organization', i, s, now() from unnest($1::text[], $2::bytea[]) as t (i, s)`,
      [ids, ids.map((id, at) => keyring.seal(id, `Customer ${at} Ltd`).sealed)],
    );
    await client.query(
      `insert into theme (workspace_id, id, title, status, assessed_seq, body, created_at)
       select 'main', ${THEME('i')}, 'The thing number ' || i || ' stops with an error', 'active', 9223372036854775807, '{"titledBy":"machine"}', now() from generate_series(0, $1::int - 1) i`,
      [THEMES],
    );
    await client.query(
      `insert into insight (workspace_id, id, theme_id, body, created_at)
       select 'main', id, theme_id, $2::jsonb || jsonb_build_object('id', id, 'themeId', theme_id, 'evidence', '[]'::jsonb), now()
       from (select 'ins_' || lpad(to_hex(i), 24, '0') as id, ${THEME('i')} as theme_id from generate_series(0, $1::int - 1) i) t`,
      [THEMES, JSON.stringify({ ...insight, workspaceId: 'main' })],
    );
  });
}

/** Reports number `from` + 1 to `to`, spread over a year, a few themes with most of them. */
export async function fillReports(url: string, from: number, to: number): Promise<void> {
  const id = (kind: string) => `'${kind}_' || lpad(to_hex(i), 24, '0')`;
  const pick = (list: readonly string[]) => `(array['${list.join("','")}'])[1 + i % ${list.length}]`;
  // A number that runs through 0 to 1 without repeating itself soon.
  const spread = (factor: string) => `((i * ${factor}::bigint) % 65521) / 65521.0`;
  const at = `now() - (${spread('40503')} * ${YEAR_DAYS} || ' days')::interval`;
  const series = 'from generate_series($1::int, $2::int) i';
  const range = [from + 1, to];
  await connected(url, async (client) => {
    await client.query(
      `insert into observation (workspace_id, id, conversation_id, conversation_revision, kind, severity, area, language, is_noise, body, subject_id,
         key_id, sealed, created_at)
       select 'main', ${id('obs')}, ${id('con')}, 'r', ${pick(KINDS)}, 'medium', ${pick(AREAS)}, 'en', false, jsonb_build_object('filler', repeat(md5(i::text), 25)),
         'bench', 'k1', decode(repeat(md5(i::text), 28), 'hex'), now() ${series}`,
      range,
    );
    await client.query(
      `insert into conversation (workspace_id, id, source, container_id, root_external_id, customer_id, revision, state, first_at, last_at, permalink,
         historical, observation_id, theme_id)
       select 'main', ${id('con')}, ${pick(['slack', 'zendesk', 'zendesk', 'api'])}, ${pick(['zendesk', 'api', 'zendesk'])}, 'x' || i,
         'cus_' || lpad(to_hex(i * 7919 % ${CUSTOMERS}), 24, '0'), 'r', 'live', ${at}, ${at}, 'https://acme.zendesk.test/agent/tickets/' || i, false,
         ${id('obs')}, ${THEME(`floor(power(${spread('25013')}, 2) * ${THEMES})::int`)} ${series}`,
      range,
    );
    // With its place in the history, so that nobody takes it for work that waits.
    await client.query(
      `insert into theme_event (workspace_id, theme_id, conversation_id, observation_id, verb, actor, at)
       select 'main', theme_id, id, observation_id, 'assigned', 'throughline', now() from conversation where workspace_id = 'main' and id in (select ${id('con')} ${series})`,
      range,
    );
    await client.query(
      `insert into signal_head (workspace_id, source, external_id, signal_id, change, changed_at, occurred_at, container_id, thread_id, author_role,
         modality, permalink, customer_id, historical, conversation_id)
       select 'main', 'zendesk', 'zendesk:' || i, ${id('sig')}, 'created', ${at}, ${at}, 'zendesk', 'zendesk:' || i, 'customer', 'text',
         'https://acme.zendesk.test/agent/tickets/' || i, 'cus_' || lpad(to_hex(i * 7919 % ${CUSTOMERS}), 24, '0'), false, ${id('con')} ${series}`,
      range,
    );
    await client.query(
      `insert into lineage (workspace_id, from_kind, from_id, to_kind, to_id, relation, at, actor)
       select 'main', 'signal', ${id('sig')}, 'conversation', ${id('con')}, 'belongs to', now(), 'throughline' ${series}`,
      range,
    );
    await client.query(
      `insert into lineage (workspace_id, from_kind, from_id, to_kind, to_id, relation, at, actor)
       select 'main', 'conversation', ${id('con')}, 'observation', ${id('obs')}, 'observed as', now(), 'throughline' ${series}`,
      range,
    );
    // What the server does by itself within a minute of such a load.
    await client.query(
      'vacuum (analyze) conversation, observation, theme_event, signal_head, lineage, theme, insight, customer',
    );
  });
}

function THEME(number: string): string {
  return `'thm_' || lpad(to_hex(${number}), 24, '0')`;
}

async function connected(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

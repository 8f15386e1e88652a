// What customers write stands nowhere in the clear: not in the log, not in jobs, checkpoints, audit or caches; and gone is gone.
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { createKeyring, INTAKE, masterKey } from '#src/storage/keys.ts';
import { systemClock } from '#src/system.ts';
import { EXPORT_COMPLAINTS, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

/** Everything in the inbox that can still be opened with the keys that we have. */
async function inbox({ app, config }: Awaited<ReturnType<typeof takeStage>>): Promise<string> {
  const keyring = createKeyring({
    workspaceId: app.workspaceId,
    master: await masterKey(config.MASTER_KEY, config.DATA_DIR),
    now: () => systemClock.now(),
  });
  const rows = await app.db.query<{ payload: Buffer }>('select payload from delivery where payload is not null');
  const opened = await keyring.open(
    app.db,
    rows.map(({ payload }) => ({ subjectId: INTAKE, keyId: 'k1', sealed: payload.subarray('k1:'.length) })),
  );
  return opened.join('\n');
}

/** Where these words stand in the clear, as `schema.table.column`, in every table there is. */
async function whereInTheClear(url: string, words: readonly string[]): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    // Bytes are shown as the letters that they are, so that a text in a binary column is found as well.
    await client.query("set bytea_output = 'escape'");
    const { rows: columns } = await client.query<{ place: string; from: string; column: string }>(
      `select table_schema || '.' || table_name || '.' || column_name as place,
         quote_ident(table_schema) || '.' || quote_ident(table_name) as from, quote_ident(column_name) as column
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
    );
    expect(columns.length).toBeGreaterThan(100);
    const found: string[] = [];
    for (const { place, from, column } of columns) {
      const { rows } = await client.query<{ n: string }>(
        `select count(*) as n from ${from} t, unnest($1::text[]) as w (word) where position(lower(word) in lower(t.${column}::text)) > 0`,
        [words],
      );
      if (Number(rows[0]!.n) > 0) found.push(place);
    }
    return found;
  } finally {
    await client.end();
  }
}

// What identifies a person, and an ordinary word that occurs nowhere else.
const PERSONAL = [
  'planted.person@secret.example',
  '7946 0321',
  '79460321',
  '4111 1111 1111 1111',
  'xoxb-planted',
  '203.0.113.77',
];
const ORDINARY = 'quartzification';
const MAY_NAME = new Set([
  'public.theme.title',
  'public.theme.body',
  'public.insight.body',
  'public.action.receipt',
  'public.outcome.body',
]);

it('keeps every word of a whole loop out of the clear, but for redacted titles and claims', async () => {
  const stage = await takeStage();
  const { complain, zendesk, settle, react, click, ask, slack, user, channel, databaseUrl, linear, app } = stage;
  const tail = `write to planted.person@secret.example or +44 20 7946 0321, card 4111 1111 1111 1111, from 203.0.113.77`;
  const first = await complain('ana', `${EXPORT_COMPLAINTS[0]} after the ${ORDINARY}, ${tail}`);
  await complain('sam', `Thanks Ana, about the ${ORDINARY}: ${tail}`, { threadTs: first.ts });
  slack.human.edit(user('ana'), channel('support'), first.ts, `${EXPORT_COMPLAINTS[0]} since the ${ORDINARY}, ${tail}`);
  await complain('ben', EXPORT_COMPLAINTS[1]);
  zendesk.human.createTicket(
    { name: 'Nina', email: 'planted.person@secret.example', organization: 'Globex' },
    {
      subject: 'CSV export',
      body: `CSV export fails with error 500 since the ${ORDINARY}. ${tail} xoxb-planted-1234567890-abcdefghij`,
    },
  );
  await settle();
  const noise = await complain('dan', `thanks! ${tail}`);
  await react('pia', 'memo', { ts: noise.ts, in: 'support' });
  await click('pia', 'card_edit');
  const [modal] = slack.state.modalsOf(user('pia'));
  await slack.human.submitView(user('pia'), modal!.view.id, { title: `The ${ORDINARY} and the CSV export` });
  await settle();
  expect(linear.state.issues.size).toBe(1);
  await ask('pia', 'trace ENG-1');
  await ask('pia', 'trends 7d');
  // One that fails leaves its error somewhere.
  await app.accept([
    { source: 'slack', deliveryId: 'planted', kind: 'event:message', payload: `{"event":{"text":"${tail}"}}` },
  ]);
  await settle();

  expect(await whereInTheClear(databaseUrl, PERSONAL)).toEqual([]);
  // Ordinary words may stand in a theme's title and an insight's claim, redacted, and in the address that Linear made of the title.
  const places = await whereInTheClear(databaseUrl, [ORDINARY]);
  expect(places.filter((place) => !MAY_NAME.has(place))).toEqual([]);
  // Nor in what people and other systems are shown.
  const shown = JSON.stringify([
    slack.state.timeline(channel('insights')),
    [...linear.state.issues.values()],
    [...linear.state.attachments.values()],
  ]);
  for (const word of PERSONAL) expect(shown).not.toContain(word);
}, 60_000);

it('holds no word any more of what was deleted at its source', async () => {
  const stage = await takeStage();
  const { complain, slack, user, channel, databaseUrl, settle, openCard, card, click } = stage;
  await openCard();
  const gone = await complain('dan', `Our CSV export stops with error 500 since the ${ORDINARY}`);
  slack.human.edit(
    user('dan'),
    channel('support'),
    gone.ts,
    `CSV export of the report: error 500 since the ${ORDINARY} of March`,
  );
  await settle();
  // A click carries the card with it, quotes and all.
  await click('pia', 'card_snooze');
  slack.human.remove(user('dan'), channel('support'), gone.ts);
  await settle();
  expect(await whereInTheClear(databaseUrl, [ORDINARY])).toEqual([]);
  expect(JSON.stringify(card())).not.toContain(ORDINARY);
  // Nor is it left in what came in: neither as it was written and edited, nor as Slack told of its deletion.
  const held = await inbox(stage);
  expect(held.includes(ORDINARY)).toBe(false);
  expect(held.includes(EXPORT_COMPLAINTS[0])).toBe(true);
}, 60_000);

it('takes a theme’s name back that was a deleted message’s', async () => {
  const stage = await takeStage();
  const { complain, slack, user, channel, databaseUrl, settle, card } = stage;
  const first = await complain('ana', `The CSV export fails with error 500 since the ${ORDINARY}`);
  await complain('ben', EXPORT_COMPLAINTS[1]);
  await complain('cleo', EXPORT_COMPLAINTS[2]);
  await complain('dan', EXPORT_COMPLAINTS[3]);
  slack.human.remove(user('ana'), channel('support'), first.ts);
  await settle();
  expect(await whereInTheClear(databaseUrl, [ORDINARY])).toEqual([]);
  expect(JSON.stringify(card())).not.toContain(ORDINARY);
  expect(card().text).toMatch(/Customers: 3 /);
}, 60_000);

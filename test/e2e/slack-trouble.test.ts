// Slack on a bad day: it answers nobody for a minute, then breaks half of what it does, then hangs up. Nothing is lost, nothing is said twice.
import { afterEach, expect, it } from 'vitest';
import { createTestDatabase } from '#test/support/db.ts';
import { MINUTE_MS } from '#test/support/fast-clock.ts';
import { EXPORT_COMPLAINTS, leaveStage, takeStage } from '#test/support/hands.ts';
import { layCable } from '#test/support/proxy.ts';
import { startRig } from '#test/support/rig.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

const LOGIN = [
  'Login with single sign-on is impossible, the password page loops',
  'I cannot log in with single sign-on, the login page loops forever',
  'single sign-on login loops on the password page for all of us',
];

/** What the bot has written where everybody sees it: the key of each message, in order. */
function written({ slack, channel }: Stage, where: string): string[] {
  const { state } = slack;
  return state
    .channel(channel(where))
    .messages.filter(({ user, subtype }) => user === state.app.botUserId && subtype === undefined)
    .map(({ blocks, text }) => String((blocks as { block_id?: string }[] | undefined)?.[0]?.block_id ?? text));
}

/** Every message that people wrote in the support channel, and how the log holds it. */
async function heard({ app, slack, channel }: Stage) {
  const { app: bot } = slack.state;
  const people = slack.state.channel(channel('support')).messages.filter(({ user }) => user !== bot.botUserId);
  const rows = await app.db.query<{ ts: string; revisions: string }>(
    `select split_part(external_id, ':', 3) as ts, count(*) as revisions from signal_key where source = 'slack' group by external_id order by 1`,
  );
  return {
    said: people.filter(({ subtype }) => subtype === undefined).map(({ ts, edited }) => [ts, edited ? 2 : 1]),
    held: rows.map(({ ts, revisions }) => [ts, Number(revisions)]),
  };
}

/** Lets time pass: what was put off is due, and the sweep finds what no job carries. */
async function later({ clock, app, settle }: Stage): Promise<void> {
  clock.advance(MINUTE_MS + 1_000);
  await app.sweep();
  await settle();
}

it('outlives a minute of 429, then 500s after the effect and before it, then a cut socket', async () => {
  const stage = await takeStage({ socket: true });
  const { slack, user, channel, settle, openCard, parents, card, repliesTo, toldTo, complain, linear, audit } = stage;
  const { human, faults } = slack;
  const [support, insights] = [channel('support'), channel('insights')];
  const { ts } = await openCard();

  // A minute in which Slack takes nothing. People go on.
  faults.outage({ kind: 'rate_limited' }, MINUTE_MS);
  const root = human.post(user('dan'), support, EXPORT_COMPLAINTS[3]);
  human.post(user('sam'), support, 'Which report do you export?', { threadTs: root.ts });
  human.post(user('dan'), support, 'The monthly one, error 500 every tme', { threadTs: root.ts });
  human.edit(user('dan'), support, root.ts, `${EXPORT_COMPLAINTS[3]} again`);
  for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries()) human.post(user(who), support, LOGIN[index]!);
  expect(await human.click(user('pia'), insights, ts, 'card_file')).toMatchObject({ ok: true });
  expect(await human.click(user('sam'), insights, ts, 'card_snooze')).toMatchObject({ ok: true });
  expect(await human.slash(user('ana'), insights, '/throughline', 'insight')).toMatchObject({ ok: true });
  await settle();
  expect(parents()).toHaveLength(1);
  expect(slack.calls.filter(({ status }) => status === 429).length).toBeGreaterThan(0);

  // Then it breaks: some calls do nothing, of some only the answer is lost.
  faults.next('chat.postMessage', { kind: 'server_error', status: 500, after: true });
  faults.next('chat.postMessage', { kind: 'server_error', status: 500 });
  faults.next('chat.postMessage', { kind: 'reset', after: true });
  faults.next('chat.update', { kind: 'server_error', status: 500, after: true }, 2);
  faults.next('users.info', { kind: 'server_error', status: 500 }, 2);
  await later(stage);
  await later(stage);

  // Then it hangs up, and what is said meanwhile waits for the next connection.
  faults.cutSockets();
  const lost = human.post(user('ana'), support, 'The csv export fails here too, error 500');
  human.post(user('dan'), support, 'It is every report by now', { threadTs: root.ts });
  await slack.until('the bot is connected again', () => slack.connections() > 0);
  for (let round = 0; round < 4; round++) await later(stage);
  await complain('ben', 'exporting to csv is still broken, error 500');
  for (let round = 0; round < 2; round++) await later(stage);

  const { said, held } = await heard(stage);
  expect(held).toEqual(said);
  expect(lost.ts).toBe(said.find(([one]) => one === lost.ts)?.[0]);
  expect(parents()).toHaveLength(2);
  expect(parents()[0]!.text).toMatch(/Filed as .*ENG-1.*approved by Pia Product/);
  expect(card().text).toMatch(/sign-on/i);
  expect([...linear.state.issues.values()]).toHaveLength(1);
  expect(await audit('decision.%')).toEqual(['decision.approved by pia']);
  for (const parent of parents())
    expect(repliesTo(parent.ts).map(({ text }) => text)).toEqual([expect.stringContaining('The evidence')]);
  for (const where of ['insights', 'support']) {
    const keys = written(stage, where);
    expect(keys).toEqual([...new Set(keys)]);
  }
  expect(toldTo('sam')).toEqual([expect.stringContaining('Your click changed nothing')]);
  expect(toldTo('ana')).toEqual([expect.stringContaining('1 insight')]);
});

it('leaves an envelope without acknowledgement while the database is away, and takes each once when Slack sends it again', async () => {
  const database = await createTestDatabase();
  const cable = await layCable(database.url);
  const rig = await startRig({ socket: true, databaseUrl: cable.url });
  const { slack, user, channel, app, settle } = rig;
  const { human } = slack;
  const support = channel('support');
  cable.pull();
  const root = human.post(user('ana'), support, EXPORT_COMPLAINTS[0]);
  const replies = [
    human.post(user('sam'), support, 'Which report do you export?', { threadTs: root.ts }),
    human.post(user('ana'), support, 'The monthly one', { threadTs: root.ts }),
  ];
  const unanswered = () =>
    slack.deliveries.filter(({ attempts }) => attempts.some(({ reason }) => reason === 'http_timeout')).length;
  await expect.poll(unanswered, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(slack.deliveries.some(({ state }) => state === 'acknowledged')).toBe(false);
  cable.plug();
  await settle();
  const heads = await app.db.query<{ external_id: string; conversation_id: string }>(
    'select external_id, conversation_id from signal_head order by occurred_at, external_id',
  );
  expect(heads.map(({ external_id }) => external_id)).toEqual(
    [root, ...replies].map(({ ts }) => `slack:${support}:${ts}`),
  );
  expect(new Set(heads.map(({ conversation_id }) => conversation_id)).size).toBe(1);
  expect(await app.db.query('select 1 from signal_key')).toHaveLength(3);
  await rig.close();
  await cable.close();
  await database.drop();
}, 60_000);

it('tells the numbers all the same when Slack takes no picture', async () => {
  const stage = await takeStage();
  await stage.openCard();
  // Three tries of one call.
  stage.slack.faults.next('files.getUploadURLExternal', { kind: 'server_error', status: 500 }, 3);
  const said = await stage.ask('sam', 'trends 30d');
  expect(said).toMatch(/3 reports/);
  expect(stage.toldTo('sam')).toHaveLength(1);
  expect([...stage.slack.state.files.values()]).toEqual([]);
});

// Deliveries come late, twice and in any order. None of it may show: the same messages make the same product, once.
import { afterEach, describe, expect, it } from 'vitest';
import { shuffle } from '#src/sandbox/slack/delivery.ts';
import { setClock } from '#test/support/clock.ts';
import { effectsOf, parentsIn } from '#test/support/effects.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import { allRows, changedRows, countRows } from '#test/support/rows.ts';
import { play, type Step, sceneOf } from '#test/support/scene.ts';
import { startSink } from '#test/support/sink.ts';

const START = new Date('2026-03-02T09:00:00Z');
const SEEDS = [1, 2, 3, 4, 5, 6];

const open: Rig[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((rig) => rig.close()));
});

async function stage() {
  const clock = setClock(START.toISOString());
  const rig = await startRig({ clock });
  open.push(rig);
  const at = (seconds: number) => clock.set(new Date(START.getTime() + seconds * 1000));
  return { rig, clock, at, scene: sceneOf(rig) };
}
type Stage = Awaited<ReturnType<typeof stage>>;

/** Approves the one card that there is, as Pia. */
async function file({ rig, at }: Stage): Promise<void> {
  const [card] = parentsIn(rig);
  at(3000);
  await rig.slack.human.click(rig.user('pia'), rig.channel('insights'), card!.ts, 'card_file');
  await rig.settle();
}

function byShuffle<T>(items: T[], seed: number): T[] {
  shuffle(items, seed);
  return items;
}

describe('after a run', () => {
  it('changes no row and nothing in the world when every delivery comes three more times', async () => {
    const staged = await stage();
    const { rig, clock, at, scene } = staged;
    const { slack, linear, zendesk, user, channel } = rig;
    const acts = { clock, start: START, between: rig.settle };
    const insights = channel('insights');
    await play(scene.reports, acts);
    const [card] = parentsIn(rig);
    at(2500);
    slack.human.react(user('sam'), insights, card!.ts, 'eyes');
    slack.human.react(user('pia'), insights, card!.ts, '+1');
    await rig.settle();
    await file(staged);
    await slack.human.slash(user('pia'), insights, '/throughline', 'trends 7d');
    await slack.human.slash(user('pia'), insights, '/throughline', 'trace ENG-1');
    await play(scene.laterReports, acts);
    at(5000);
    const [issue] = linear.state.issues.values();
    linear.human.setState(issue!.id, 'In Progress');
    await rig.settle();
    at(5100);
    linear.human.setState(issue!.id, 'Done');
    await rig.settle();
    await play(scene.regression, acts);
    at(9500);
    await rig.settle();
    // The run was a whole one: something was filed, completed, and came back; nothing failed on the way.
    expect(
      await rig.app.db.query(
        `select state from card where theme_id = (select theme_id from decision where status = 'approved') order by generation`,
      ),
    ).toEqual([{ state: 'folded' }, { state: 'open' }]);
    expect(await rig.app.db.query(`select 1 from delivery where state <> 'done'`)).toEqual([]);
    expect(linear.state.issues.size).toBe(1);
    expect(slack.state.violations).toEqual([]);

    const rows = await allRows(rig.app.db);
    const effects = effectsOf(rig);
    const sent = slack.deliveries.length + linear.deliveries.length + zendesk.deliveries.length;
    const linearIds = byShuffle(Array.from({ length: 3 }, () => linear.deliveries.map(({ id }) => id)).flat(), 3);
    const [answers, attempts] = await Promise.all([
      slack.redeliverAll({ times: 3, seed: 1 }),
      zendesk.redeliver({ times: 3, order: (all) => byShuffle(all, 2) }),
      (async () => {
        for (const id of linearIds) linear.redeliver([id]);
        await linear.idle();
      })(),
    ]);
    await rig.settle();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(attempts.map(({ status }) => status))).toEqual(new Set([200]));
    expect(linear.deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status))).toEqual(
      Array.from({ length: 4 * linear.deliveries.length }, () => 200),
    );
    expect(changedRows(rows, await allRows(rig.app.db))).toEqual([]);
    expect(effectsOf(rig)).toEqual(effects);
    // Otherwise the comparison would say little.
    expect(sent).toBeGreaterThan(100);
    expect(countRows(rows)).toBeGreaterThan(500);
  }, 90_000);
});

/** What must not depend on the order of arrival. Times of receipt differ, and so do the ports of the simulated systems. */
async function essence(rig: Rig) {
  const { app, slack, linear, zendesk } = rig;
  const rows = (sql: string) => app.db.query<Record<string, unknown>>(sql);
  const support = slack.state.channel('support').messages;
  const staff = new Set([rig.user('sam'), rig.user('pia')]);
  const attended = new Set(support.filter(({ user }) => staff.has(user ?? '')).map((message) => message.thread_ts));
  const replies = support.filter(({ user }) => user === slack.state.app.botUserId).map((message) => message.thread_ts);
  const found = {
    // A ticket that was deleted meanwhile is never read when its events come late: of Zendesk only what still stands is the same.
    signals:
      await rows(`select k.signal_id as id, s.occurred_at, s.body - 'receivedAt' - 'latencyMs' as body from signal_key k
      join signal s on s.workspace_id = k.workspace_id and s.id = k.signal_id
      join signal_head h on h.workspace_id = k.workspace_id and h.external_id = k.external_id
      where k.source = 'slack' or h.change <> 'deleted' order by 1`),
    heads:
      await rows(`select external_id, signal_id, change, conversation_id, customer_id, captured_by, author_role, thread_id
      from signal_head where source = 'slack' or change <> 'deleted' order by 1`),
    readable:
      await rows(`select t.signal_id, case when c.state = 'live' then t.subject_id end as subject from signal_text t
      join signal_head h on h.workspace_id = t.workspace_id and h.signal_id = t.signal_id
      left join conversation c on c.id = h.conversation_id order by 1`),
    conversations:
      await rows(`select c.id, c.revision, c.customer_id, c.root_external_id, c.first_at, c.last_at, c.permalink,
        c.captured_by, c.historical, o.conversation_revision as observed, o.kind, o.severity, o.is_noise,
        (select json_agg(h.external_id order by h.external_id) from signal_head h
         where h.conversation_id = c.id and h.change <> 'deleted') as members
      from conversation c join observation o on o.id = c.observation_id where c.state = 'live' order by 1`),
    customers: await rows(`select id, kind, key from customer
      where id in (select customer_id from conversation where state = 'live') order by 1`),
    issues: linear.state.issues.size,
    attachments: [...linear.state.attachments.values()].map(({ url }) => url).sort(),
    cards: parentsIn(rig).length,
    notes: [...zendesk.state.tickets.values()].map(({ id, comments }) => [
      id,
      comments.filter((one) => !one.public).length,
    ]),
    replies: replies.filter((thread) => attended.has(thread)).sort(),
    // Which of the other threads gets a reply depends on what was known first; that it is one at most does not.
    manyReplies: replies.filter((thread) => !attended.has(thread)).length > 1,
  };
  return JSON.parse(JSON.stringify(found).replaceAll(zendesk.url, 'https://zendesk.test')) as typeof found;
}

type Order = 'as sent' | 'newest first' | number;

/** Plays everything up to the filing and what came after. Any order but the first holds everything back and delivers much of it twice. */
async function playThrough(order: Order) {
  const staged = await stage();
  const { rig, clock, scene } = staged;
  const { slack, zendesk } = rig;
  const act = async (steps: readonly Step[]) => {
    if (order === 'as sent') return play(steps, { clock, start: START, between: rig.settle });
    slack.faults.hold();
    zendesk.route(() => 'hold');
    await play(steps, { clock, start: START });
    const held = [...slack.deliveries].filter(({ state }) => state === 'held');
    slack.faults.release(order === 'newest first' ? { order: 'reverse' } : { order: 'random', seed: order });
    const tickets = zendesk.release((all) => (order === 'newest first' ? all.reverse() : byShuffle(all, order)));
    // Meanwhile every other one comes once more.
    for (const delivery of held.filter((_, index) => index % 2 === 0)) await slack.redeliver(delivery);
    await tickets;
    await rig.settle();
  };
  await act(scene.reports);
  await file(staged);
  await act(scene.laterReports);
  return { rig, essence: await essence(rig) };
}

describe('in an order of its own', () => {
  it('comes to the same signals, conversations, customers and effects', async () => {
    const asSent = (await playThrough('as sent')).essence;
    expect(asSent.issues).toBe(1);
    expect(asSent.cards).toBe(1);
    expect(asSent.attachments).toHaveLength(8);
    expect(asSent.manyReplies).toBe(false);
    for (const order of ['newest first', ...SEEDS] as const) {
      const { essence: found, rig } = await playThrough(order);
      expect(found, String(order)).toEqual(asSent);
      await rig.close();
      open.pop();
    }
  }, 240_000);

  it('opens one new card for a report that overtook the news that its issue was completed', async () => {
    const staged = await stage();
    const { rig, clock, at, scene } = staged;
    await play(scene.reports, { clock, start: START });
    await rig.settle();
    await file(staged);
    const elsewhere = await startSink();
    rig.linear.connect({ webhookUrl: elsewhere.url });
    const [issue] = rig.linear.state.issues.values();
    at(5000);
    rig.linear.human.setState(issue!.id, 'In Progress');
    at(5100);
    rig.linear.human.setState(issue!.id, 'Done');
    await rig.linear.idle();
    await elsewhere.close();
    await play(scene.regression, { clock, start: START, between: rig.settle });
    expect(parentsIn(rig)).toHaveLength(1);
    rig.linear.connect({ webhookUrl: `${rig.app.url}/webhooks/linear` });
    for (const { id } of rig.linear.deliveries.slice(-2).reverse()) {
      rig.linear.redeliver([id]);
      await rig.settle();
    }
    expect(parentsIn(rig)).toHaveLength(2);
    expect(await rig.app.db.query('select state from outcome order by occurred_at')).toEqual([
      { state: 'open' },
      { state: 'completed' },
    ]);
    expect(rig.linear.state.issues.size).toBe(1);
  }, 60_000);
});

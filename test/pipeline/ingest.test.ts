// From a message to a report: whose words count, whose are context, what an edit and a deletion change, and where we listen.
import { afterEach, describe, expect, it } from 'vitest';
import type { Db } from '#src/domain/ports.ts';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

const HOUR_MS = 60 * MINUTE_MS;

describe('how many it takes', () => {
  it('is never one customer, however loud', async () => {
    const { slack, user, channel, clock, settle, parents, app } = await takeStage();
    for (let n = 0; n < 50; n++) {
      const at = clock.ago((50 - n) * HOUR_MS);
      slack.human.post(user('ana'), channel('support'), `${EXPORT_COMPLAINTS[n % 8]}, try ${n}`, { at });
    }
    await settle();
    expect(parents()).toEqual([]);
    expect(await app.db.query('select 1 from insight')).toEqual([]);
    const [count] = await app.db.query<{ n: string }>("select count(*) as n from conversation where state = 'live'");
    expect(Number(count!.n)).toBe(50);
  }, 60_000);

  it('is three customers within 14 days', async () => {
    const { complain, clock, parents } = await takeStage();
    await complain('ana', EXPORT_COMPLAINTS[0], { at: clock.ago(13 * DAY_MS) });
    await complain('ben', EXPORT_COMPLAINTS[1], { at: clock.ago(6 * DAY_MS) });
    expect(parents()).toEqual([]);
    await complain('cleo', EXPORT_COMPLAINTS[2]);
    expect(parents()).toHaveLength(1);
  }, 30_000);

  it('is not three customers over 60 days', async () => {
    const { complain, clock, parents, app } = await takeStage();
    await complain('ana', EXPORT_COMPLAINTS[0], { at: clock.ago(60 * DAY_MS) });
    await complain('ben', EXPORT_COMPLAINTS[1], { at: clock.ago(30 * DAY_MS) });
    await complain('cleo', EXPORT_COMPLAINTS[2]);
    expect(parents()).toEqual([]);
    const [theme] = await app.db.query<{ n: string }>('select count(distinct theme_id) as n from conversation');
    expect(Number(theme!.n)).toBe(1);
  }, 30_000);

  it('is not three people of one other company: Slack Connect counts them as one customer', async () => {
    const { complain, newcomer, parents, settle, card } = await takeStage();
    for (const name of ['gina', 'hugo', 'iris']) newcomer(name, { is_stranger: true, team_id: 'T0GLOBEX' });
    await settle();
    await complain('gina', EXPORT_COMPLAINTS[0]);
    await complain('hugo', EXPORT_COMPLAINTS[1]);
    await complain('iris', EXPORT_COMPLAINTS[2]);
    expect(parents()).toEqual([]);
    await complain('ana', EXPORT_COMPLAINTS[3]);
    await complain('ben', EXPORT_COMPLAINTS[4]);
    expect(card().text).toMatch(/Customers: 3 .*Reports: 5 .*People: 5/);
  }, 30_000);

  it('is not three people of one Zendesk organization, either', async () => {
    const { zendesk, settle, parents } = await takeStage();
    for (const [index, name] of ['Nina', 'Olaf', 'Paul'].entries()) {
      zendesk.human.createTicket(
        { name, email: `${name}@globex.test`, organization: 'Globex' },
        { subject: 'Export', body: EXPORT_COMPLAINTS[index]! },
      );
    }
    await settle();
    expect(parents()).toEqual([]);
  }, 30_000);
});

describe('whose words count', () => {
  it('are never those of staff: their answers are context, and no quote', async () => {
    const { complain, card, repliesTo } = await takeStage();
    const first = await complain('ana', EXPORT_COMPLAINTS[0]);
    await complain('sam', 'The CSV export error 500 comes from the report service, marvellous', { threadTs: first.ts });
    await complain('ben', EXPORT_COMPLAINTS[1]);
    await complain('pia', 'CSV export error 500, I see it too, marvellous');
    await complain('cleo', EXPORT_COMPLAINTS[2]);
    // Pia's post counts for the one unknown customer; her words do not.
    expect(card().text).toMatch(/People: 3/);
    for (const message of [card(), ...repliesTo(card().ts)]) {
      expect(message.text).not.toContain('marvellous');
      expect(shownOn(message)).not.toContain('marvellous');
    }
  }, 30_000);

  it('are the customer’s that a post of staff names', async () => {
    const { complain, zendesk, settle, card, parents, app } = await takeStage();
    zendesk.human.createTicket(
      { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
      { subject: 'Invoice', body: 'The currency on our last invoice is wrong.' },
    );
    await settle();
    await complain('ana', EXPORT_COMPLAINTS[0]);
    await complain('ben', EXPORT_COMPLAINTS[1]);
    expect(parents()).toEqual([]);
    await complain('sam', 'Globex called: their CSV export fails with error 500 as well');
    expect(card().text).toMatch(/Customers: 3 .*Reports: 3 .*People: 2/);
    const customers = await app.db.query('select distinct customer_id from conversation');
    expect(customers).toHaveLength(3);
  }, 30_000);

  it('are no bot’s, unless the workspace lets bots in', async () => {
    const { slack, user, channel, settle, app } = await takeStage();
    slack.human.join({ name: 'alerts', real_name: 'Alerts', is_bot: true });
    slack.human.invite(user('pia'), channel('support'), slack.state.user('alerts').id);
    slack.human.post(slack.state.user('alerts').id, channel('support'), EXPORT_COMPLAINTS[0]);
    await settle();
    expect(await app.db.query('select 1 from signal')).toEqual([]);
    await app.settings.set('slack.bots', true, 'test');
    slack.human.post(slack.state.user('alerts').id, channel('support'), EXPORT_COMPLAINTS[1]);
    await settle();
    expect(await app.db.query('select 1 from signal')).toHaveLength(1);
  }, 30_000);
});

describe('an edit', () => {
  it('is quoted as it stands now', async () => {
    const { openCard, card, slack, user, channel, settle, repliesTo, click, linear } = await takeStage();
    const { ts } = await openCard();
    const mine = slack.state.timeline(channel('support')).find((message) => message.user === user('ana'))!;
    slack.human.edit(user('ana'), channel('support'), mine.ts, 'The CSV export fails with error 500 since Tuesday');
    await settle();
    expect(card().ts).toBe(ts);
    for (const message of [card(), ...repliesTo(ts)]) {
      expect(shownOn(message)).toContain('since Tuesday');
    }
    expect(shownOn(card()).split('\n')).not.toContain('The CSV export fails with error 500 since this morning');
    await click('pia', 'card_file');
    const [issue] = [...linear.state.issues.values()];
    expect(issue!.description).toContain('> The CSV export fails with error 500 since Tuesday');
    expect(issue!.description).not.toContain('> The CSV export fails with error 500 since this morning');
  }, 30_000);
});

describe('a deletion at the source', () => {
  it('destroys every revision of the text, and the card loses the quote', async () => {
    const { openCard, complain, card, slack, user, channel, settle, repliesTo, app } = await takeStage();
    await openCard();
    const gone = await complain('dan', 'Our CSV export stops with error 500, wonderfully unusual words');
    slack.human.edit(
      user('dan'),
      channel('support'),
      gone.ts,
      'Our CSV export stops with error 500, extraordinarily so',
    );
    await settle();
    expect(shownOn(card())).toContain('extraordinarily');
    slack.human.remove(user('dan'), channel('support'), gone.ts);
    await settle();
    expect(card().text).toMatch(/Customers: 3 /);
    for (const message of [card(), ...repliesTo(card().ts)]) {
      expect(message.text).not.toMatch(/extraordinarily|wonderfully/);
      expect(shownOn(message)).not.toMatch(/extraordinarily|wonderfully/);
    }
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(3);
  }, 30_000);

  it('takes the quote off a card that is decided already, and says so', async () => {
    const { openCard, card, click, slack, user, channel, settle } = await takeStage();
    await openCard();
    await click('pia', 'card_file');
    const mine = slack.state.timeline(channel('support')).find((message) => message.user === user('cleo'))!;
    expect(shownOn(card())).toContain(mine.text);
    slack.human.remove(user('cleo'), channel('support'), mine.ts);
    await settle();
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(shownOn(card())).not.toContain(mine.text);
    expect(card().text).toContain('1 quote was edited or deleted where it was written.');
  }, 30_000);

  it('folds a card whose reports are all gone, and lets the matter begin anew', async () => {
    const { openCard, card, parents, slack, channel, settle, complain, app, repliesTo } = await takeStage();
    const { ts } = await openCard();
    for (const message of [...slack.state.timeline(channel('support'))])
      slack.human.remove(message.user!, channel('support'), message.ts);
    await settle();
    expect(actionsOf(card())).toEqual([]);
    for (const message of [card(), ...repliesTo(ts)])
      for (const complaint of EXPORT_COMPLAINTS) expect(shownOn(message)).not.toContain(complaint);
    expect(card().text).toContain('Every report behind it was deleted where it was written.');
    expect(await app.db.query("select 1 from proposal where status = 'open'")).toEqual([]);
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
      await complain(who, EXPORT_COMPLAINTS[index + 3]!);
    expect(parents().filter((parent) => parent.ts !== ts)).toHaveLength(1);
    expect(actionsOf(card())).toContain('card_file');
  }, 30_000);

  it('reaches the words of an insight that is written in the same moment', async () => {
    const { openCard, slack, user, channel, settle, app } = await takeStage();
    await openCard();
    const mine = slack.state.timeline(channel('support')).find((message) => message.user === user('cleo'))!;
    const db = app.db as Db;
    // What assessing does: it makes sure that the reports are still there, and writes what they say.
    await db.transaction('assess', async (tx) => {
      await tx.query('select 1 from theme for update');
      slack.human.remove(user('cleo'), channel('support'), mine.ts);
      const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      await expect.poll(() => app.db.query(waits), { timeout: 10_000 }).not.toEqual([]);
      await tx.query(
        `insert into insight (workspace_id, id, theme_id, body, created_at)
         select workspace_id, 'ins_late', theme_id, body || jsonb_build_object('title', $1::text), created_at + interval '1 second' from insight limit 1`,
        [mine.text],
      );
    });
    await settle();
    const titles = await app.db.query<{ title: string }>("select body->>'title' as title from insight");
    expect(titles.length).toBeGreaterThan(1);
    expect(titles.map(({ title }) => title)).not.toContain(mine.text);
  }, 30_000);

  it('reaches what Zendesk redacts', async () => {
    const { openCard, zendesk, settle, card, app } = await takeStage();
    const ticket = zendesk.human.createTicket(
      { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
      { subject: 'Export', body: 'Every CSV export ends with error 500, spectacularly and always, for all of us.' },
    );
    await openCard();
    expect(shownOn(card())).toContain('spectacularly');
    zendesk.human.redact(ticket.id, ticket.comments[0]!.id);
    await settle();
    expect(shownOn(card())).not.toContain('spectacularly');
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(3);
  }, 30_000);
});

describe('where we listen', () => {
  it('is every channel that is named; one that the bot was invited to later makes themes and no card', async () => {
    const { slack, user, channel, settle, complain, parents, app } = await takeStage();
    await complain('ana', 'nobody listens here', { in: 'random' });
    slack.human.inviteBot(user('pia'), channel('random'));
    await settle();
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
      await complain(who, EXPORT_COMPLAINTS[index]!, { in: 'random' });
    expect(parents()).toEqual([]);
    expect(await app.db.query('select 1 from signal')).toHaveLength(3);
    const [row] = await app.verbs.insights(STAFF_ONLY);
    expect(row).toMatchObject({ customers: 3, state: 'unposted' });
    // One report where cards are wanted is enough to show what three customers say elsewhere.
    await complain('dan', EXPORT_COMPLAINTS[3]);
    expect(parents()).toHaveLength(1);
  }, 30_000);

  it('is not a channel that is switched off, nor one that the bot has left', async () => {
    const { slack, user, channel, settle, complain, app } = await takeStage();
    slack.human.inviteBot(user('pia'), channel('random'));
    await settle();
    slack.human.leave(slack.state.app.botUserId, channel('random'));
    await settle();
    const [left] = await app.db.query<{ mode: string }>("select mode from channel where name = 'random'");
    expect(left).toEqual({ mode: 'off' });
    await app.db.query("update channel set mode = 'off', origin = 'person' where name = 'support'");
    await complain('ana', EXPORT_COMPLAINTS[0]);
    expect(await app.db.query('select 1 from signal')).toEqual([]);
  }, 30_000);
});

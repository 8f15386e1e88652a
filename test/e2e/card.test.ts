// The card: what it says, how it lives with its evidence, and what people can do with it.
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, labelsOf, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

const DECIDING = ['card_file', 'card_edit', 'card_snooze', 'card_dismiss'];

describe('what a card says', () => {
  it('claims, counts, quotes with links, says why and what would be done, in blocks and in plain text alike', async () => {
    const { zendesk, openCard, complain, slack, channel } = await takeStage();
    zendesk.human.createTicket(
      { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
      { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' },
    );
    await complain('dan', EXPORT_COMPLAINTS[3]);
    const card = await openCard();
    const shown = shownOn(card);
    for (const text of [card.text, shown]) {
      expect(text).toMatch(/Customers\W+5 \(5 within 14 days\)/);
      expect(text).toMatch(/Reports\W+5 \(/);
      expect(text).toMatch(/4 Slack/);
      expect(text).toMatch(/1 Zendesk/);
      expect(text).toMatch(/People\W+5/);
      expect(text).toMatch(/Since/);
      expect(text).toMatch(/New\W+5 reports in the last 7 days, 0 in the 7 before/);
      expect(text).toMatch(/Why this: \s*5 customers reported it independently within 14 days, in Slack and Zendesk/);
      expect(text).toMatch(/Why now: \s*\S+/);
      expect(text).toMatch(/Confidence: \s*(high|fair) \(\d+ of 100\), because 5 customers report it/);
      expect(text).toMatch(/Proposed: \s*file “.+” in Linear/);
    }
    // Two or three voices, each with the way to its message.
    const links = shown.match(/https?:\/\/\S+/g) ?? [];
    expect(links.length).toBeGreaterThanOrEqual(2);
    expect(links.length).toBeLessThanOrEqual(3);
    const sources = [
      ...slack.state.timeline(channel('support')).map(({ ts }) => slack.state.permalink(channel('support'), ts)),
      `${zendesk.url}/agent/tickets/1`,
    ];
    expect(links.every((link) => sources.includes(link))).toBe(true);
    expect(actionsOf(card)).toEqual(DECIDING);
  });

  it('is one message, edited in place as reports come, with the details in its thread and nothing broadcast', async () => {
    const { openCard, complain, parents, repliesTo, slack, channel } = await takeStage();
    const { ts } = await openCard();
    await complain('dan', EXPORT_COMPLAINTS[3]);
    expect(parents().map((parent) => parent.ts)).toEqual([ts]);
    expect(parents()[0]!.text).toMatch(/Customers: 4 /);
    const replies = repliesTo(ts);
    expect(replies).toHaveLength(1);
    expect(replies[0]!.text).toContain('The evidence');
    expect(replies[0]!.subtype).toBeUndefined();
    expect(slack.state.timeline(channel('insights'))).toHaveLength(1);
  });

  it('says what is missing instead of offering a dead button when Linear is not connected', async () => {
    const { openCard, react, toldTo, clickMine, app } = await takeStage({
      env: { LINEAR_API_KEY: '', LINEAR_API_URL: '', LINEAR_WEBHOOK_SECRET: '' },
    });
    const card = await openCard();
    expect(actionsOf(card)).toEqual(['card_snooze', 'card_dismiss']);
    expect(card.text).toContain('Linear is not connected');
    // The reaction is no way around it.
    await react('pia', 'white_check_mark');
    await clickMine('pia', 'confirm_approve');
    expect(toldTo('pia').at(-1)).toMatch(/Linear is not connected\. Nothing was filed/);
    expect(await app.db.query('select 1 from action')).toEqual([]);
  });
});

describe('Not now', () => {
  it('takes the buttons away, says who and until when, and comes back after seven days', async () => {
    const { openCard, click, card, clock, app, settle, audit, parents } = await takeStage();
    const { ts } = await openCard();
    await click('pia', 'card_snooze');
    expect(actionsOf(card())).toEqual(['card_undo']);
    expect(card().text).toMatch(/Set aside by Pia Product .*until there are 6 reports/);
    clock.advance(16 * MINUTE_MS);
    await app.tick();
    await settle();
    expect(actionsOf(card())).toEqual([]);
    clock.advance(6 * DAY_MS);
    await app.tick();
    await settle();
    expect(actionsOf(card())).toEqual([]);
    clock.advance(DAY_MS);
    await app.tick();
    await settle();
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(parents().map((parent) => parent.ts)).toEqual([ts]);
    expect(await audit('card.%')).toEqual(['card.snoozed by pia', 'card.woken by throughline']);
  });

  it('comes back with twice the reports', async () => {
    const { openCard, click, card, complain, newcomer } = await takeStage();
    await openCard();
    await click('pia', 'card_snooze');
    await complain('dan', EXPORT_COMPLAINTS[3]);
    await complain(newcomer('eva'), EXPORT_COMPLAINTS[4]);
    expect(actionsOf(card())).toEqual(['card_undo']);
    expect(card().text).toMatch(/Customers: 5 /);
    await complain(newcomer('finn'), EXPORT_COMPLAINTS[5]);
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(card().text).not.toContain('Set aside');
  });

  it('is taken back by Undo within 15 minutes, and kindly refused after', async () => {
    const { openCard, click, card, clock, toldTo, audit } = await takeStage();
    await openCard();
    await click('pia', 'card_snooze');
    await click('sam', 'card_undo');
    expect(actionsOf(card())).toEqual(DECIDING);
    await click('pia', 'card_snooze');
    clock.advance(16 * MINUTE_MS);
    await click('sam', 'card_undo');
    expect(toldTo('sam').at(-1)).toContain('15 minutes');
    expect(actionsOf(card())).toEqual([]);
    expect(await audit('card.%')).toEqual(['card.snoozed by pia', 'card.woken by sam', 'card.snoozed by pia']);
  });
});

describe('Dismiss', () => {
  it('needs one tap for the reason, is silent for more of the same, and can be undone', async () => {
    const { openCard, dismiss, click, card, complain, parents, audit, clock } = await takeStage();
    const { ts } = await openCard();
    await dismiss('pia', 'not_a_bug');
    expect(card().text).toMatch(/Dismissed by Pia Product .*works as intended/);
    expect(actionsOf(card())).toEqual(['card_undo']);
    const said = card().text;
    await complain('ana', EXPORT_COMPLAINTS[3], { at: clock.ago(60 * MINUTE_MS) });
    expect(card().text).toBe(said);
    await click('pia', 'card_undo');
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(card().text).toMatch(/Reports: 4 /);
    expect(card().text).toContain('Pia Product took back the dismissal.');
    expect(parents().map((parent) => parent.ts)).toEqual([ts]);
    expect(await audit('decision.%')).toEqual(['decision.dismissed by pia', 'decision.undone by pia']);
  });

  it('comes back on a new message that says why, once reports have doubled and somebody new is among them', async () => {
    const { openCard, dismiss, complain, newcomer, parents, slack, channel, clock, app, settle } = await takeStage();
    const { ts } = await openCard();
    await dismiss('pia', 'not_now');
    clock.advance(20 * MINUTE_MS);
    await app.tick();
    await settle();
    // Twice the reports of the same three customers are no news.
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries()) {
      clock.advance(10 * MINUTE_MS);
      await complain(who, EXPORT_COMPLAINTS[index + 3]!);
    }
    expect(parents()).toHaveLength(1);
    await complain(newcomer('eva'), EXPORT_COMPLAINTS[6]);
    const [old, back] = parents();
    expect(parents()).toHaveLength(2);
    expect(old!.ts).toBe(ts);
    expect(actionsOf(old!)).toEqual([]);
    expect(old!.text).toContain(slack.state.permalink(channel('insights'), back!.ts));
    expect(old!.text.length).toBeLessThan(400);
    expect(back!.text).toContain('It was dismissed when 3 customers reported it; now 4 do.');
    expect(actionsOf(back!)).toEqual(DECIDING);
  });
});

describe('Edit', () => {
  it('opens filled with what would be filed, marks what came from outside, and files what was typed', async () => {
    const { openCard, click, card, slack, linear, user, settle } = await takeStage();
    await openCard();
    await click('pia', 'card_edit');
    const [modal] = slack.state.modalsOf(user('pia'));
    expect(modal).toBeDefined();
    const written = JSON.stringify(modal!.view.blocks);
    expect(written).toContain('error 500');
    expect(written).toMatch(/customers’ own words, from outside/);
    expect(written).toContain('"initial_option"');
    const sent = await slack.human.submitView(user('pia'), modal!.view.id, {
      title: 'CSV export answers 500',
      description_0: 'As reported. Look at the report service.',
      priority: '1',
    });
    expect(sent.outcome).toBe('closed');
    await settle();
    const [issue, ...more] = [...linear.state.issues.values()];
    expect(more).toEqual([]);
    expect(issue).toMatchObject({
      title: 'CSV export answers 500',
      description: 'As reported. Look at the report service.',
      priority: 1,
    });
    expect(card().text).toMatch(/Filed as .*ENG-1/);
  });

  it('is told when the card was decided while the modal was open, and files nothing twice', async () => {
    const { openCard, click, slack, linear, user, settle } = await takeStage();
    await openCard();
    await click('pia', 'card_edit');
    await click('sam', 'card_file');
    const [modal] = slack.state.modalsOf(user('pia'));
    const sent = await slack.human.submitView(user('pia'), modal!.view.id, { title: 'Another title' });
    expect(sent).toMatchObject({ outcome: 'updated' });
    expect(JSON.stringify(sent)).toContain('Sam Support');
    await settle();
    expect([...linear.state.issues.values()].map(({ title }) => title)).not.toContain('Another title');
  });
});

describe('File', () => {
  it('ends as a record with Undo; an undo trashes the issue, tells what stays and puts the matter on the table again', async () => {
    const { openCard, click, card, linear, zendesk, parents, audit, app } = await takeStage();
    zendesk.human.createTicket(
      { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
      { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' },
    );
    const { ts } = await openCard();
    await click('pia', 'card_file');
    expect(card().text).toMatch(/Filed as .*ENG-1.*approved by Pia Product/);
    expect(actionsOf(card())).toEqual(['card_undo']);
    await click('sam', 'card_undo');
    const [issue] = [...linear.state.issues.values()];
    expect(issue!.trashed).toBe(true);
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(card().text).toContain('Sam Support took back the filing of ENG-1.');
    expect(card().text).toMatch(/The internal note on ticket 1 stays/);
    // Filing again is a new decision, and so a new issue.
    await click('pia', 'card_file');
    const issues = [...linear.state.issues.values()];
    expect(issues.map(({ identifier, trashed }) => [identifier, trashed === true])).toEqual([
      ['ENG-1', true],
      ['ENG-2', false],
    ]);
    expect(card().text).toMatch(/Filed as .*ENG-2/);
    expect(parents().map((parent) => parent.ts)).toEqual([ts]);
    expect(await audit('decision.%')).toEqual([
      'decision.approved by pia',
      'decision.undone by sam',
      'decision.approved by pia',
    ]);
    expect(await app.db.query('select distinct id from proposal')).toHaveLength(2);
  });

  it('refuses Undo after 15 minutes, and the button goes by itself', async () => {
    const { openCard, click, card, clock, app, settle, toldTo, linear } = await takeStage();
    const { ts } = await openCard();
    await click('pia', 'card_file');
    clock.advance(16 * MINUTE_MS);
    await click('pia', 'card_undo', { ts });
    expect(toldTo('pia').at(-1)).toMatch(/Undo works for 15 minutes, and they have passed/);
    expect(actionsOf(card())).toEqual([]);
    expect([...linear.state.issues.values()][0]!.trashed).toBeFalsy();
    await app.tick();
    await settle();
    expect(actionsOf(card())).toEqual([]);
  });

  it('takes the Undo button away by the clock, however late the clock comes', async () => {
    const { openCard, click, card, clock, app, settle } = await takeStage();
    await openCard();
    await click('pia', 'card_file');
    clock.advance(3 * DAY_MS);
    expect(labelsOf(card())).toEqual(['Undo']);
    await app.tick();
    await settle();
    expect(actionsOf(card())).toEqual([]);
  });

  it('tells the second clicker who decided, and does not file twice', async () => {
    const { openCard, slack, user, channel, linear, settle, toldTo } = await takeStage();
    const { ts } = await openCard();
    await Promise.all([
      slack.human.click(user('pia'), channel('insights'), ts, 'card_file'),
      slack.human.click(user('sam'), channel('insights'), ts, 'card_file'),
    ]);
    await settle();
    expect(linear.state.issues.size).toBe(1);
    const told = [...toldTo('pia'), ...toldTo('sam')];
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/(Pia Product|Sam Support) approved this/);
  });

  it('keeps everybody out who may not decide, with a reason', async () => {
    const { openCard, click, toldTo, card, app, dismiss, invite } = await takeStage({ env: { APPROVERS: 'staff' } });
    await openCard();
    await invite('gus', 'insights');
    await click('ana', 'card_file');
    expect(toldTo('ana').at(-1)).toContain('not one of the approvers');
    await click('gus', 'card_snooze');
    expect(toldTo('gus').at(-1)).toContain('Guests can read along');
    await dismiss('gus', 'wont_do');
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(await app.db.query("select 1 from decision where status <> 'pending'")).toEqual([]);
    expect(await app.db.query('select 1 from action')).toEqual([]);
  });

  it('files nothing that was deleted a moment before the click', async () => {
    const { openCard, card, click, slack, user, channel, linear, settle, toldTo, app } = await takeStage();
    const { ts } = await openCard();
    const quoted = slack.state.timeline(channel('support')).find(({ user: who }) => who === user('ana'))!;
    slack.human.remove(user('ana'), channel('support'), quoted.ts);
    const texts = async () => (await app.db.query('select 1 from signal_text')).length;
    await expect.poll(texts, { interval: 2 }).toBe(2);
    // We know of the deletion, whether or not the card shows it already: what was looked at is not what would be filed.
    await slack.human.click(user('pia'), channel('insights'), ts, 'card_file');
    await settle();
    if (linear.state.issues.size === 0) {
      expect(toldTo('pia').at(-1)).toContain('has changed since you saw it');
      await click('pia', 'card_file');
    }
    const [issue, ...more] = [...linear.state.issues.values()];
    expect(more).toEqual([]);
    expect(card().text).toContain('Filed as');
    expect(`${issue!.title} ${issue!.description}`).not.toContain(quoted.text);
    expect(card().text).not.toContain(quoted.text);
  });
});

describe('a card of another week', () => {
  it('goes on in a new message when reports have doubled, and the old one folds to a link', async () => {
    const { openCard, complain, newcomer, clock, parents, slack, channel, click, linear } = await takeStage();
    const { ts } = await openCard();
    clock.advance(8 * DAY_MS);
    await complain('dan', EXPORT_COMPLAINTS[3]);
    await complain(newcomer('eva'), EXPORT_COMPLAINTS[4]);
    expect(parents()).toHaveLength(1);
    await complain(newcomer('finn'), EXPORT_COMPLAINTS[5]);
    const [old, back] = parents();
    expect(old!.ts).toBe(ts);
    expect(old!.text).toContain(slack.state.permalink(channel('insights'), back!.ts));
    expect(back!.text).toContain('Reports have doubled since the card before: 3 then, 6 now.');
    expect(actionsOf(old!)).toEqual([]);
    await click('pia', 'card_file');
    expect(linear.state.issues.size).toBe(1);
    expect(parents()).toHaveLength(2);
  });

  it('is still brought up to date by a single customer, long after the three that opened it', async () => {
    const { openCard, complain, clock, card } = await takeStage();
    await openCard();
    clock.advance(30 * DAY_MS);
    await complain('dan', EXPORT_COMPLAINTS[3]);
    expect(card().text).toMatch(/Customers: 4 \(1 within 14 days\)/);
  });

  it('wakes on a new message when it was set aside and reports have doubled meanwhile', async () => {
    const { openCard, click, complain, newcomer, clock, parents } = await takeStage();
    await openCard();
    clock.advance(5 * DAY_MS);
    await click('pia', 'card_snooze');
    clock.advance(3 * DAY_MS);
    await complain('dan', EXPORT_COMPLAINTS[3]);
    await complain(newcomer('eva'), EXPORT_COMPLAINTS[4]);
    await complain(newcomer('finn'), EXPORT_COMPLAINTS[5]);
    expect(parents()).toHaveLength(2);
    expect(actionsOf(parents()[1]!)).toEqual(DECIDING);
  });
});

describe('reactions', () => {
  it('ask before a check mark approves, and take the approval back with it', async () => {
    const { openCard, react, unreact, clickMine, toldTo, card, linear, audit } = await takeStage();
    await openCard();
    await react('pia', 'white_check_mark');
    expect(toldTo('pia').at(-1)).toContain('You reacted with a check mark');
    expect(linear.state.issues.size).toBe(0);
    await clickMine('pia', 'confirm_approve');
    expect([...linear.state.issues.values()].map(({ trashed }) => trashed === true)).toEqual([false]);
    // Somebody else's check mark is nobody's approval.
    await react('sam', 'white_check_mark');
    await unreact('sam', 'white_check_mark');
    expect([...linear.state.issues.values()][0]!.trashed).toBeFalsy();
    await unreact('pia', 'white_check_mark');
    expect([...linear.state.issues.values()][0]!.trashed).toBe(true);
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(await audit('decision.%')).toEqual(['decision.approved by pia', 'decision.undone by pia']);
  });

  it('dismiss with x, set aside with no_bell, and come back when they are taken away within 15 minutes', async () => {
    const { openCard, react, unreact, card, clock } = await takeStage();
    await openCard();
    await react('pia', 'x');
    expect(card().text).toContain('Dismissed by Pia Product');
    await unreact('pia', 'x');
    expect(actionsOf(card())).toEqual(DECIDING);
    await react('sam', 'no_bell');
    expect(card().text).toContain('Set aside by Sam Support');
    await unreact('sam', 'no_bell');
    expect(actionsOf(card())).toEqual(DECIDING);
    await react('sam', 'no_bell');
    clock.advance(16 * MINUTE_MS);
    await unreact('sam', 'no_bell');
    expect(card().text).toContain('Set aside by Sam Support');
  });

  it('judge with +1 and -1, claim with eyes, each taken back by its author alone', async () => {
    const { openCard, react, unreact, card, app, audit } = await takeStage();
    await openCard();
    const votes = async () =>
      (await app.db.query<{ vote: number }>('select vote from evaluation order by at')).map(({ vote }) => vote);
    await react('pia', '+1');
    await react('sam', '-1');
    expect(await votes()).toEqual([1, -1]);
    await unreact('sam', '-1');
    expect(await votes()).toEqual([1]);
    // Taking +1 away takes no later -1 with it, whatever the order.
    await react('pia', '-1');
    await unreact('pia', '+1');
    expect(await votes()).toEqual([-1]);
    await react('sam', 'eyes');
    expect(card().text).toContain('Sam Support is looking at this.');
    await react('pia', 'eyes');
    await unreact('sam', 'eyes');
    expect(card().text).toContain('Pia Product is looking at this.');
    await unreact('pia', 'eyes');
    expect(card().text).not.toContain('is looking at this');
    expect(await audit('card.%')).toEqual([
      'card.judged by pia',
      'card.judged by sam',
      'card.vote_removed by sam',
      'card.judged by pia',
      'card.vote_removed by pia',
      'card.claimed by sam',
      'card.claimed by pia',
      'card.released by pia',
    ]);
  });

  it('obey the rights of the buttons', async () => {
    const { openCard, react, toldTo, card, app, invite } = await takeStage({ env: { APPROVERS: 'staff' } });
    await openCard();
    await invite('gus', 'insights');
    await react('ana', 'x');
    expect(toldTo('ana').at(-1)).toContain('not one of the approvers');
    await react('gus', 'no_bell');
    await react('gus', '+1');
    expect(toldTo('gus').at(-1)).toContain('Guests can read along');
    expect(actionsOf(card())).toEqual(DECIDING);
    expect(await app.db.query('select 1 from evaluation')).toEqual([]);
  });

  it('follow the table that the workspace has set', async () => {
    const { openCard, react, card, app, ask } = await takeStage();
    await app.settings.set('slack.reactions', { no_entry: 'dismiss' }, 'test');
    await openCard();
    await react('pia', 'x');
    expect(actionsOf(card())).toEqual(DECIDING);
    await react('pia', 'no_entry');
    expect(card().text).toContain('Dismissed by Pia Product');
    expect(await ask('pia', 'help')).toContain('no_entry');
  });
});

// Clicks of every kind, many at once, by anybody, too late, on what is decided or gone: each gets the right, kind reply, and nothing happens twice.
import { readdirSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byApp } from '#src/sandbox/slack/state.ts';
import { MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

const VIEWS = new URL('../../integrations/slack/views/', import.meta.url);
const ADVICE =
  /older version|is gone|not known any more|Only you see|please|again|`\/throughline|not one of|Guests|Only members|decided|approved|dismissed/i;

type Stage = Awaited<ReturnType<typeof takeStage>>;

/** A message of ours with one button on it, as an older version or somebody's copy of a card would look. */
function lookalike({ slack }: Stage, actionId: string, value: string, where = 'insights'): string {
  return slack.state.post(slack.state.channel(where), {
    ...byApp(slack.state),
    text: 'a card',
    blocks: [
      {
        type: 'actions',
        block_id: 'b',
        elements: [{ type: 'button', action_id: actionId, text: { type: 'plain_text', text: 'Press' }, value }],
      },
    ],
  }).ts;
}

/** The value that a button of the newest card carries. */
function carriedBy(stage: Stage, actionId: string): string {
  const blocks = (stage.card().blocks ?? []) as { elements?: Record<string, unknown>[] }[];
  const element = blocks.flatMap(({ elements }) => elements ?? []).find((one) => one.action_id === actionId);
  if (!element) throw new Error(`The card has no ${actionId}.`);
  const options = element.options as { value: string }[] | undefined;
  return String(options?.[0]?.value ?? element.value);
}

const insightOn = (message: Parameters<typeof shownOn>[0]) =>
  /ins_[0-9a-f]{24}/.exec(shownOn(message).replace(/\p{Cf}/gu, ''))![0];

/** Everything that a click could have changed. */
async function records({ app }: Stage) {
  const [row] = await app.db.query<Record<string, string>>(
    `select (select count(*) from decision where status <> 'pending') as decisions, (select count(*) from approval) as approvals,
       (select count(*) from action) as actions, (select count(*) from signal_head where captured_by is not null) as captures,
       (select string_agg(id || state, ',' order by id) from card) as cards`,
  );
  return row!;
}

describe('a hundred clicks at once', () => {
  it('on one card have one winner, one issue, and an answer for every other click', async () => {
    const stage = await takeStage();
    const { openCard, slack, user, channel, settle, linear, card, newcomer, toldTo, audit } = stage;
    await openCard();
    const members = [
      'pia',
      'sam',
      'ana',
      ...Array.from({ length: 17 }, (_, at) => newcomer(`member${at}`, {}, 'insights')),
    ];
    const guests = [
      'gus',
      ...Array.from({ length: 4 }, (_, at) => newcomer(`guest${at}`, { is_restricted: true }, 'insights')),
    ];
    slack.human.invite(user('pia'), channel('insights'), 'gus');
    await settle();
    const { ts } = card();
    const reason = carriedBy(stage, 'card_dismiss');
    const clicks = [...members, ...guests].flatMap((who) => [
      { who, action: 'card_file' },
      { who, action: 'card_dismiss', value: reason },
      { who, action: 'card_snooze' },
      { who, action: 'card_file' },
    ]);
    expect(clicks).toHaveLength(100);
    const taken = await Promise.all(
      clicks.map(({ who, action, value }) =>
        slack.human.click(who, channel('insights'), ts, action, value === undefined ? {} : { value }),
      ),
    );
    expect(taken.filter(({ ok }) => !ok)).toEqual([]);
    await settle();
    const decided = await audit('decision.%');
    const setAside = await audit('card.snoozed');
    expect(decided).toHaveLength(1);
    expect(linear.state.issues.size).toBe(decided[0]!.startsWith('decision.approved') ? 1 : 0);
    const told = new Map([...members, ...guests].map((who) => [who, toldTo(who)]));
    // Whose click worked sees it on the card; a card that was set aside can still be decided, so that may have worked too.
    expect([...told.values()].flat()).toHaveLength(100 - decided.length - setAside.length);
    for (const guest of guests)
      expect(told.get(guest)).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/Guests can read along/)));
    for (const member of members)
      for (const answer of told.get(member)!)
        expect(answer).toMatch(/(approved|dismissed) this .*Your click changed nothing|already/);
    expect(card().text).toMatch(/Filed as|Dismissed by/);
  }, 120_000);

  it('on two copies of a card, the one in the channel and the one that a person asked for, file one issue', async () => {
    const stage = await takeStage();
    const { openCard, slack, user, channel, settle, linear, ask, card, toldTo } = stage;
    await openCard();
    const id = insightOn(card());
    await ask('sam', `insight ${id}`);
    const own = slack.state.ephemeralsOf(user('sam'), channel('insights')).at(-1)!.message;
    expect(actionsOf(own)).toEqual(actionsOf(card()));
    await Promise.all([
      slack.human.click('pia', channel('insights'), card().ts, 'card_file'),
      slack.human.click('sam', channel('insights'), own.ts, 'card_file'),
      slack.human.click('sam', channel('insights'), own.ts, 'card_file'),
    ]);
    await settle();
    expect(linear.state.issues.size).toBe(1);
    expect(card().text).toMatch(/Filed as/);
    expect(
      [...toldTo('pia'), ...toldTo('sam').slice(1)].filter((text) => /approved this .*changed nothing/.test(text)),
    ).toHaveLength(2);
  });
});

describe('a click where two have to approve', () => {
  it('is counted on the card with its name, once for each person', async () => {
    const { openCard, card, click, linear, toldTo } = await takeStage({ settings: { 'approvals.needed': 2 } });
    await openCard();
    expect(card().text).toMatch(/0 of 2 approvals\. Nothing is filed before the last one/);
    for (let times = 0; times < 2; times++) await click('pia', 'card_file');
    expect(card().text).toMatch(/1 of 2 approvals, from Pia Product\./);
    expect(toldTo('pia')).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/Your approval counts: 1 of 2/)),
    );
    await click('sam', 'card_file');
    expect(card().text).toMatch(/Filed as .*approved by Sam Support/);
    expect(card().text).not.toContain('of 2 approvals');
    expect(linear.state.issues.size).toBe(1);
  });
});

describe('a click on a card that is decided', () => {
  it.each([
    ['card_file', 'Filed as'],
    ['card_dismiss', 'Dismissed by'],
  ])('after %s is told who decided, by whichever button, and changes nothing', async (deciding, state) => {
    const stage = await takeStage();
    const { openCard, click, card, toldTo, slack, channel, settle } = stage;
    await openCard();
    const values = Object.fromEntries(actionsOf(card()).map((action) => [action, carriedBy(stage, action)]));
    await click('pia', deciding, deciding === 'card_dismiss' ? { value: values.card_dismiss! } : {});
    expect(card().text).toContain(state);
    const before = await records(stage);
    const text = card().text;
    const at = card().ts;
    for (const [action, value] of Object.entries({ ...values, confirm_approve: values.card_file! })) {
      const ts = lookalike(stage, action, value);
      await slack.human.click('sam', channel('insights'), ts, action);
      await settle();
      expect(toldTo('sam').at(-1), action).toMatch(
        /Pia Product (approved|dismissed) this .*Your click changed nothing/,
      );
    }
    expect(toldTo('sam')).toHaveLength(5);
    expect(slack.state.modalsOf('sam')).toEqual([]);
    expect(await records(stage)).toEqual(before);
    expect(slack.state.message('insights', at).text).toBe(text);
  });

  it('tells who undid it when two undo at once, and takes back once', async () => {
    const { openCard, click, card, slack, channel, settle, linear, toldTo, audit } = await takeStage();
    await openCard();
    await click('pia', 'card_file');
    const { ts } = card();
    await Promise.all(
      ['pia', 'sam', 'ana', 'pia'].map((who) => slack.human.click(who, channel('insights'), ts, 'card_undo')),
    );
    await settle();
    expect(await audit('decision.undone')).toHaveLength(1);
    expect([...linear.state.issues.values()].map(({ trashed }) => trashed)).toEqual([true]);
    const told = ['pia', 'sam', 'ana'].flatMap((who) => toldTo(who));
    expect(told).toHaveLength(4);
    expect(told.filter((text) => /undid this/.test(text))).toHaveLength(3);
    expect(told.filter((text) => /Taking it back now/.test(text))).toHaveLength(1);
  });
});

describe('a click on a card that is gone', () => {
  it('counts when its message is deleted under the finger, and posts nothing anew', async () => {
    const stage = await takeStage();
    const { openCard, slack, channel, settle, linear, card, parents, toldTo } = stage;
    await openCard();
    const { ts } = card();
    const clicked = slack.human.click('pia', channel('insights'), ts, 'card_file');
    slack.state.remove(slack.state.channel('insights'), slack.state.message('insights', ts));
    expect((await clicked).ok).toBe(true);
    await settle();
    expect(linear.state.issues.size).toBe(1);
    expect(parents().filter((message) => message.subtype !== 'tombstone')).toEqual([]);
    expect(toldTo('pia')).toEqual([]);
  });

  it('can still be decided from the list by who asks for it, once', async () => {
    const stage = await takeStage();
    const { openCard, slack, channel, user, settle, linear, card, ask, toldTo } = stage;
    await openCard();
    const { ts } = card();
    const id = insightOn(card());
    slack.state.remove(slack.state.channel('insights'), slack.state.message('insights', ts));
    await ask('pia', `insight ${id}`);
    const own = slack.state.ephemeralsOf(user('pia'), channel('insights')).at(-1)!.message;
    for (let times = 0; times < 2; times++) {
      await slack.human.click('pia', channel('insights'), own.ts, 'card_file');
      await settle();
    }
    expect(linear.state.issues.size).toBe(1);
    expect(toldTo('pia').slice(1)).toEqual([
      expect.stringMatching(/^Approved, and filing now/),
      expect.stringMatching(/Pia Product approved this/),
    ]);
  });
});

describe('a click that comes late', () => {
  it('on Undo, on a question and in a window is answered when its time is over', async () => {
    const stage = await takeStage();
    const { openCard, react, click, clock, slack, user, channel, settle, toldTo, linear } = stage;
    await openCard();
    await react('pia', 'white_check_mark');
    const question = slack.state.ephemeralsOf(user('pia'), channel('insights')).at(-1)!.message;
    await click('sam', 'card_edit');
    const [modal] = slack.state.modalsOf(user('sam'));
    // The addresses for answers that came with these are dead after half an hour.
    clock.advance(45 * MINUTE_MS);
    await click('ana', 'card_file');
    const undo = carriedBy(stage, 'card_undo');
    clock.advance(16 * MINUTE_MS);
    expect(linear.state.issues.size).toBe(1);
    await slack.human.click('pia', channel('insights'), question.ts, 'confirm_approve');
    await settle();
    expect(toldTo('pia').at(-1)).toMatch(/Ana Costa approved this .*Your click changed nothing/);
    const sent = await slack.human.submitView(user('sam'), modal!.view.id, { title: 'Too late' });
    expect(JSON.stringify(sent)).toMatch(/Ana Costa approved this/);
    await slack.human.click('ana', channel('insights'), lookalike(stage, 'card_undo', undo), 'card_undo');
    await settle();
    expect(toldTo('ana').at(-1)).toMatch(/Undo works for 15 minutes, and they have passed/);
    expect(linear.state.issues.size).toBe(1);
    expect([...linear.state.issues.values()][0]!.title).not.toBe('Too late');
  });
});

describe('a click by somebody without the right', () => {
  it('files, edits, undoes and takes back nothing, from whichever message', async () => {
    const stage = await takeStage({ env: { APPROVERS: 'staff' } });
    const { openCard, click, card, slack, channel, settle, toldTo, directTo, complain, linear, invite, react } = stage;
    await openCard();
    await invite('gus', 'insights');
    const values = Object.fromEntries(actionsOf(card()).map((action) => [action, carriedBy(stage, action)]));
    const secret = await complain('dan', 'The CSV export fails with error 500, says dan');
    await slack.human.messageShortcut('sam', channel('support'), secret.ts, 'send_to_throughline');
    await settle();
    await click('pia', 'card_file');
    const undo = carriedBy(stage, 'card_undo');
    const before = await records(stage);
    const issues = JSON.stringify([...linear.state.issues.values()]);
    const told: Record<string, RegExp> = {
      gus: /Guests can read along|full members/,
      ana: /not one of the approvers|Somebody else captured|approved this/,
    };
    for (const [who, words] of Object.entries(told)) {
      const all = {
        ...values,
        confirm_approve: values.card_file!,
        card_undo: undo,
        capture_undo: `v1|${channel('support')}|${secret.ts}`,
      };
      for (const [action, value] of Object.entries(all)) {
        await slack.human.click(who, channel('insights'), lookalike(stage, action, value), action);
        await settle();
        expect(toldTo(who).at(-1), `${action} by ${who}`).toMatch(words);
      }
      expect(toldTo(who)).toHaveLength(7);
    }
    await react('gus', '+1');
    expect(directTo('gus')).toEqual([]);
    expect(await records(stage)).toEqual(before);
    expect(JSON.stringify([...linear.state.issues.values()])).toBe(issues);
  });

  it('who lost it while a window was open is told there, and files nothing', async () => {
    const { openCard, click, slack, user, channel, settle, linear } = await takeStage();
    await openCard();
    await click('ana', 'card_edit');
    const [modal] = slack.state.modalsOf(user('ana'));
    slack.human.leave('ana', channel('insights'));
    await settle();
    const sent = await slack.human.submitView(user('ana'), modal!.view.id, { title: 'Mine' });
    expect(JSON.stringify(sent)).toMatch(/not one of the approvers/);
    expect(linear.state.issues.size).toBe(0);
  });
});

describe('a click on a message of an older version of the bot', () => {
  const buttons = new Map<string, string>();
  beforeAll(async () => {
    // The buttons of Home and its windows stand on no message.
    const elsewhere = ['home.ts', 'administration.ts', 'setup.ts'];
    for (const file of readdirSync(VIEWS).filter((name) => name.endsWith('.ts') && !elsewhere.includes(name))) {
      const exported = (await import(new URL(file, VIEWS).href)) as Record<string, unknown>;
      for (const [name, actions] of Object.entries(exported))
        if (name.endsWith('_ACTIONS'))
          for (const id of Object.values(actions as Record<string, string>)) buttons.set(id, file);
    }
  });

  it('is answered with what to do, whatever the button and whatever it carries, and changes nothing', async () => {
    const stage = await takeStage();
    const { openCard, slack, user, channel, settle } = stage;
    await openCard();
    expect(buttons.size).toBeGreaterThanOrEqual(7);
    const before = await records(stage);
    const problems: string[] = [];
    for (const action of [...buttons.keys(), 'an_action_of_long_ago']) {
      for (const value of [
        'v0|crd_1|pro_1|1',
        'v1|crd_1',
        'v1',
        '',
        '{"id":17}',
        'x'.repeat(255),
        `v1|${'%'.repeat(9)}|a|1`,
      ]) {
        const seen = () =>
          slack.state.ephemeralsOf(user('pia'), channel('insights')).map(({ message }) => message.text);
        const known = seen().length;
        const windows = slack.state.modalsOf(user('pia')).length;
        const taken = await slack.human.click('pia', channel('insights'), lookalike(stage, action, value), action);
        await settle();
        const told = seen().slice(known);
        const opened = slack.state.modalsOf(user('pia')).length - windows;
        const isKind =
          told.length + opened === 1 && told.every((text) => ADVICE.test(text) && !/went wrong|Reference/.test(text));
        if (!taken.ok || !isKind)
          problems.push(
            `${action} (${buttons.get(action)}) ${value.slice(0, 20)}: ${opened} windows, ${JSON.stringify(told)}`,
          );
      }
    }
    expect(problems).toEqual([]);
    expect(await records(stage)).toEqual(before);
  }, 120_000);
});

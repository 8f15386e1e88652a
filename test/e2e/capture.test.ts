// A person hands us a message: by the shortcut or the emoji, from anywhere, and may have it filed at once.
import { afterEach, describe, expect, it } from 'vitest';
import { actionsOf, EXPORT_COMPLAINTS, labelsOf, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

const SHORTCUT = 'send_to_throughline';
const issuesOf = ({ linear }: Stage) => [...linear.state.issues.values()];

/** The window that is open before somebody. */
function modalOf({ slack }: Stage, who: string) {
  const { id } = slack.state.user(who);
  const open = [...slack.state.views.values()].filter(
    (one) => one.user === id && !one.closed && one.view.type === 'modal',
  );
  const found = open.at(-1);
  if (!found) throw new Error(`${who} has no window open.`);
  return found.view;
}

async function submit(stage: Stage, who: string, entries: Record<string, string>) {
  const { id } = stage.slack.state.user(who);
  const sent = await stage.slack.human.submitView(id, modalOf(stage, who).id, entries);
  await stage.settle();
  return sent;
}

async function shortcut(stage: Stage, who: string, where: string, ts: string) {
  const { slack, settle } = stage;
  const taken = await slack.human.messageShortcut(
    slack.state.user(who).id,
    slack.state.channel(where).id,
    ts,
    SHORTCUT,
  );
  await settle();
  return taken;
}

describe('the shortcut', () => {
  it('answers its author alone, and files one single report at once', async () => {
    const stage = await takeStage();
    const { complain, toldTo, clickMine, parents, card, audit, slack, user, channel } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    await shortcut(stage, 'pia', 'support', message.ts);
    expect(toldTo('pia', 'support').at(-1)).toContain('Captured');
    expect(toldTo('ana', 'support')).toEqual([]);
    expect(parents()).toEqual([]);
    const [mine] = slack.state.ephemeralsOf(user('pia'), channel('support'));
    expect(labelsOf(mine!.message)).toEqual(['File now', 'Change customer', 'Undo']);
    await clickMine('pia', 'capture_file', 'support');
    expect(issuesOf(stage)).toHaveLength(1);
    expect(card().text).toMatch(/Filed as .*ENG-1.*approved by Pia Product/);
    expect(card().text).toContain('Somebody on your team captured a message about it.');
    expect(card().text).toMatch(/Why this: Somebody on your team asked for it; so far, one customer reports it\./);
    expect(actionsOf(card())).toEqual(['card_undo']);
    expect(await audit('signal.captured')).toEqual(['signal.captured by pia']);
    expect(await audit('decision.%')).toEqual(['decision.approved by pia']);
  }, 30_000);

  it('puts the card back on the table when the filing is undone, though one customer alone never makes one', async () => {
    const stage = await takeStage();
    const { complain, clickMine, click, card } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    await shortcut(stage, 'pia', 'support', message.ts);
    await clickMine('pia', 'capture_file', 'support');
    await click('pia', 'card_undo');
    expect(actionsOf(card())).toContain('card_file');
    expect(card().text).toContain('Pia Product took back the filing of ENG-1.');
  }, 30_000);

  it('works in a channel where the bot is not, and tells its author so', async () => {
    const stage = await takeStage();
    const { slack, user, channel, directTo, settle, app, linear } = stage;
    const message = slack.human.post(user('ana'), channel('random'), EXPORT_COMPLAINTS[0]);
    await shortcut(stage, 'pia', 'random', message.ts);
    const told = [...stage.toldTo('pia', 'random'), ...directTo('pia')];
    expect(told.at(-1)).toContain('Captured');
    expect(await app.db.query("select 1 from conversation where state = 'live'")).toHaveLength(1);
    // From the direct message it is filed like from anywhere.
    const dm = slack.state.direct(user('pia'));
    const receipt = slack.state.timeline(dm.id).at(-1);
    if (receipt) {
      await slack.human.click(user('pia'), dm.id, receipt.ts, 'capture_file');
    } else {
      await stage.clickMine('pia', 'capture_file', 'random');
    }
    await settle();
    expect(linear.state.issues.size).toBe(1);
    // Nobody there is written to, since we are not there.
    expect(stage.repliesTo(message.ts, 'random')).toEqual([]);
  }, 30_000);

  it('lets no guest and nobody from outside capture', async () => {
    const stage = await takeStage();
    const { complain, newcomer, settle, toldTo, app } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    newcomer('vera', { is_restricted: true });
    await settle();
    await shortcut(stage, 'vera', 'support', message.ts);
    expect(toldTo('vera', 'support').at(-1)).toContain('Guests can read along');
    expect(await app.db.query('select 1 from signal_head where captured_by is not null')).toEqual([]);
  }, 30_000);

  it('lets somebody capture who may not file, and says so when they try', async () => {
    const stage = await takeStage({ env: { APPROVERS: 'staff' } });
    const { complain, clickMine, toldTo, parents } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    await shortcut(stage, 'ben', 'support', message.ts);
    await clickMine('ben', 'capture_file', 'support');
    expect(toldTo('ben', 'support').at(-1)).toContain('not one of the approvers');
    expect(issuesOf(stage)).toEqual([]);
    expect(parents()).toEqual([]);
  }, 30_000);

  it('says what the message became part of when that was filed before', async () => {
    const stage = await takeStage();
    const { openCard, click, complain, clickMine, toldTo } = stage;
    await openCard();
    await click('pia', 'card_file');
    const later = await complain('dan', EXPORT_COMPLAINTS[3]);
    await shortcut(stage, 'pia', 'support', later.ts);
    await clickMine('pia', 'capture_file', 'support');
    expect(toldTo('pia', 'support').at(-1)).toMatch(/already part of .*ENG-1/);
    expect(issuesOf(stage)).toHaveLength(1);
  }, 30_000);

  it('brings a dismissed matter up again on a card that says so', async () => {
    const stage = await takeStage();
    const { openCard, dismiss, complain, clickMine, parents, card } = stage;
    await openCard();
    await dismiss('sam', 'not_now');
    const later = await complain('dan', EXPORT_COMPLAINTS[3]);
    await shortcut(stage, 'pia', 'support', later.ts);
    await clickMine('pia', 'capture_file', 'support');
    expect(parents()).toHaveLength(2);
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(card().text).toContain('Back again: It was dismissed when 3 customers reported it; now 4 do.');
  }, 30_000);
});

describe('the emoji', () => {
  it('counts a message that looks like noise, and is taken back by the one who set it alone', async () => {
    const stage = await takeStage();
    const { complain, react, unreact, toldTo, app, audit } = stage;
    const noise = await complain('ana', 'thanks!');
    const themed = async () => (await app.db.query('select 1 from conversation where theme_id is not null')).length;
    expect(await themed()).toBe(0);
    await react('pia', 'memo', { ts: noise.ts, in: 'support' });
    expect(toldTo('pia', 'support').at(-1)).toContain('Captured');
    expect(await themed()).toBe(1);
    await react('sam', 'memo', { ts: noise.ts, in: 'support' });
    await unreact('sam', 'memo', { ts: noise.ts, in: 'support' });
    expect(await themed()).toBe(1);
    await unreact('pia', 'memo', { ts: noise.ts, in: 'support' });
    expect(await themed()).toBe(0);
    expect(await audit('signal.%captured')).toEqual(['signal.captured by pia', 'signal.uncaptured by pia']);
  }, 30_000);

  it('is another one when the workspace says so', async () => {
    const stage = await takeStage();
    const { complain, react, app } = stage;
    await app.settings.set('capture.emoji', 'inbox_tray', 'test');
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    const captured = async () => (await app.db.query('select 1 from signal_head where captured_by is not null')).length;
    await react('pia', 'memo', { ts: message.ts, in: 'support' });
    expect(await captured()).toBe(0);
    await react('pia', 'inbox_tray', { ts: message.ts, in: 'support' });
    expect(await captured()).toBe(1);
  }, 30_000);
});

describe('taking it back', () => {
  it('leaves a message of a watched channel where it was', async () => {
    const stage = await takeStage();
    const { complain, clickMine, toldTo, app } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    await shortcut(stage, 'pia', 'support', message.ts);
    await clickMine('pia', 'capture_undo', 'support');
    expect(toldTo('pia', 'support').at(-1)).toContain('no longer captured');
    expect(await app.db.query("select 1 from conversation where state = 'live' and captured_by is null")).toHaveLength(
      1,
    );
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(1);
  }, 30_000);

  it('destroys what we only had because of it, and takes it again when asked again', async () => {
    const stage = await takeStage();
    const { slack, user, channel, app, settle } = stage;
    slack.human.inviteBot(user('pia'), channel('random'));
    await settle();
    await app.db.query("update channel set mode = 'off' where channel_id = $1", [channel('random')]);
    const message = slack.human.post(user('ana'), channel('random'), EXPORT_COMPLAINTS[0]);
    await settle();
    expect(await app.db.query('select 1 from signal_text')).toEqual([]);
    await shortcut(stage, 'pia', 'random', message.ts);
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(1);
    await stage.clickMine('pia', 'capture_undo', 'random');
    expect(await app.db.query('select 1 from signal_text')).toEqual([]);
    expect(await app.db.query("select 1 from conversation where state = 'live'")).toEqual([]);
    await shortcut(stage, 'pia', 'random', message.ts);
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(1);
    await stage.clickMine('pia', 'capture_file', 'random');
    expect(issuesOf(stage)).toHaveLength(1);
  }, 30_000);
});

describe('the customer', () => {
  it('is set by hand, and reach and card count again', async () => {
    const stage = await takeStage();
    const { complain, clickMine, toldTo, card, audit } = stage;
    const messages = [];
    for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
      messages.push(await complain(who, EXPORT_COMPLAINTS[index]!));
    expect(card().text).toContain('3 customers');
    await shortcut(stage, 'pia', 'support', messages[0]!.ts);
    await clickMine('pia', 'capture_customer', 'support');
    expect((await submit(stage, 'pia', {})).outcome).toBe('errors');
    await submit(stage, 'pia', { new_customer: 'Globex  Corp' });
    expect(toldTo('pia', 'support').at(-1)).toContain('counts for *Globex Corp*');
    // The next one is known, and chosen from the list; spelled differently it would be the same.
    await shortcut(stage, 'pia', 'support', messages[1]!.ts);
    await clickMine('pia', 'capture_customer', 'support');
    const listed = JSON.stringify(modalOf(stage, 'pia').blocks);
    expect(listed).toContain('Globex Corp');
    await submit(stage, 'pia', { new_customer: 'globex corp' });
    expect(card().text).toContain('2 customers');
    expect(await audit('conversation.customer_set')).toHaveLength(2);
    // The words lie under the new customer's key now.
    expect(
      await stage.app.db.query(
        `select 1 from conversation c join signal_head h on h.conversation_id = c.id join signal_text t on t.signal_id = h.signal_id
         join observation o on o.id = c.observation_id where t.subject_id <> c.customer_id or o.subject_id <> c.customer_id`,
      ),
    ).toEqual([]);
  }, 30_000);
});

describe('a note', () => {
  it('becomes a report of the named customer, that can be filed and taken back', async () => {
    const stage = await takeStage();
    const { ask, toldTo, clickMine, app } = stage;
    expect(await ask('pia', 'capture', 'support')).toBe('');
    const future = await submit(stage, 'pia', { text: EXPORT_COMPLAINTS[0], day: '2031-01-01' });
    expect(future).toMatchObject({ outcome: 'errors', errors: { day: 'That day is still to come.' } });
    await submit(stage, 'pia', {
      text: EXPORT_COMPLAINTS[0],
      new_customer: 'Initech',
      where: 'on the phone',
      day: stage.clock.now().toISOString().slice(0, 10),
    });
    expect(toldTo('pia', 'support').at(-1)).toContain('Captured');
    const live = () => app.db.query("select theme_id from conversation where state = 'live'");
    expect(await live()).toEqual([{ theme_id: expect.any(String) }]);
    await clickMine('pia', 'capture_file', 'support');
    expect(issuesOf(stage)).toHaveLength(1);
    await ask('pia', 'capture', 'support');
    await submit(stage, 'pia', { text: EXPORT_COMPLAINTS[1], new_customer: 'Initech' });
    expect(await live()).toHaveLength(2);
    expect(await app.db.query('select distinct customer_id from conversation')).toHaveLength(1);
    await clickMine('pia', 'capture_undo', 'support');
    expect(toldTo('pia', 'support').at(-1)).toContain('no longer captured');
    expect(await live()).toHaveLength(1);
    // Nothing of it is left, the place where it was said included.
    expect(await app.db.query('select 1 from signal_text')).toHaveLength(2);
  }, 30_000);

  it('is one report when the window is sent twice', async () => {
    const stage = await takeStage();
    const person = { id: stage.user('pia'), kind: 'member', approver: true } as const;
    const note = { text: EXPORT_COMPLAINTS[0], customer: { name: 'Initech' }, where: null, day: null };
    const first = await stage.app.verbs.noteDown({ noteId: 'V1', note, person });
    const second = await stage.app.verbs.noteDown({ noteId: 'V1', note, person });
    expect([first, second]).toMatchObject([{ already: false }, { already: true }]);
    await stage.settle();
    expect(await stage.app.db.query("select 1 from conversation where state = 'live'")).toHaveLength(1);
  }, 30_000);

  it('is not for guests', async () => {
    const stage = await takeStage();
    stage.newcomer('vera', { is_restricted: true });
    await stage.settle();
    expect(await stage.ask('vera', 'capture', 'support')).toContain('full members');
    expect(() => modalOf(stage, 'vera')).toThrow('no window');
  }, 30_000);
});

describe('a mention in a thread', () => {
  it('captures the message that the thread hangs on, and tells the one who asked alone', async () => {
    const stage = await takeStage();
    const { slack, user, channel, complain, settle, toldTo, audit, app } = stage;
    const noise = await complain('ana', 'thanks!');
    slack.human.post(user('pia'), channel('support'), `@${slack.state.app.botName} capture`, { threadTs: noise.ts });
    await settle();
    expect(toldTo('pia', 'support').at(-1)).toContain('Captured');
    expect(toldTo('ana', 'support')).toEqual([]);
    expect(await audit('signal.captured')).toEqual(['signal.captured by pia']);
    expect(
      await app.db.query('select 1 from signal_head where captured_by is not null and external_id = $1', [
        `slack:${channel('support')}:${noise.ts}`,
      ]),
    ).toHaveLength(1);
    expect(stage.repliesTo(noise.ts, 'support').filter(({ user: author }) => author !== user('pia'))).toEqual([]);
  }, 30_000);

  it('says where it works when it stands alone', async () => {
    const stage = await takeStage();
    const { slack, user, channel, settle, toldTo, audit } = stage;
    slack.human.post(user('pia'), channel('support'), `@${slack.state.app.botName} capture this please`);
    await settle();
    expect(toldTo('pia', 'support').at(-1)).toContain('the message that a thread hangs on');
    expect(await audit('signal.captured')).toEqual([]);
  }, 30_000);
});

describe('a channel that captures conservatively', () => {
  it('leaves a question to people, and takes it back out when the capture is taken back', async () => {
    const stage = await takeStage();
    const { complain, react, unreact, app, channel } = stage;
    await app.db.query("update channel set capture = 'conservative' where channel_id = $1", [channel('support')]);
    const question = await complain('ana', 'How can I change my password?');
    const themed = async () => (await app.db.query('select 1 from conversation where theme_id is not null')).length;
    expect(await themed()).toBe(0);
    await react('pia', 'memo', { ts: question.ts, in: 'support' });
    expect(await themed()).toBe(1);
    await unreact('pia', 'memo', { ts: question.ts, in: 'support' });
    expect(await themed()).toBe(0);
  }, 30_000);
});

// "Why this, Throughline?" on any message: what was made of it, or why nothing was, and never a word from a place that the asker cannot open.
import { afterEach, describe, expect, it } from 'vitest';
import { EXPORT_COMPLAINTS, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

/** What the open window of a person says, as one text. */
function windowOf({ slack }: Stage, who: string): { id: string; text: string } {
  const { id } = slack.state.user(who);
  const open = [...slack.state.views.values()].filter(
    (one) => one.user === id && !one.closed && one.view.type === 'modal',
  );
  const view = open.at(-1)?.view;
  if (!view) throw new Error(`${who} has no window open.`);
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (value !== null && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'text' && typeof inner === 'string') found.push(inner.replaceAll('\u2060', ''));
        else look(inner);
      }
  };
  look(view.blocks);
  return { id: view.id, text: found.join('\n') };
}

async function ask(stage: Stage, who: string, where: string, ts: string): Promise<string> {
  const { slack, settle } = stage;
  await slack.human.messageShortcut(slack.state.user(who).id, slack.state.channel(where).id, ts, 'why_this');
  await settle();
  return windowOf(stage, who).text;
}

describe('why, on a message', () => {
  it('tells the verdict, each field with what produced it, the theme with its score, the card and the issue', async () => {
    const stage = await takeStage();
    const { complain, click, slack, user } = stage;
    const first = await complain('ana', `${EXPORT_COMPLAINTS[0]}, mail me at ana@example.com`);
    const alone = await ask(stage, 'pia', 'support', first.ts);
    expect(alone).toMatch(/Let in \(\d+ % sure, by the rules of/);
    expect(alone).toContain('mail me at [email_1]');
    expect(alone).not.toContain('ana@example.com');
    expect(alone).toMatch(/\*Kind\*\nbug \(\d+ %\)/);
    expect(alone).toMatch(/\*Area\*\nexport \(\d+ %\)/);
    expect(alone).toContain('this opened it');
    expect(alone).toContain('has no card yet');
    await complain('ben', EXPORT_COMPLAINTS[1]);
    const third = await complain('cleo', EXPORT_COMPLAINTS[2]);
    const matched = await ask(stage, 'pia', 'support', third.ts);
    expect(matched).toMatch(/similarity 0\.\d\d when it was assigned/);
    expect(matched).toMatch(/Nearest themes now\*\n• [01]\.\d\d \(it takes 0\.\d\d\)/);
    expect(matched).toMatch(/card.*: waiting for a decision/);
    await click('pia', 'card_file');
    expect(await ask(stage, 'pia', 'support', third.ts)).toMatch(/evidence for .*ENG-1/);
    expect(slack.state.ephemeralsOf(user('cleo'), stage.channel('support'))).toEqual([]);
  }, 30_000);

  it('tells which rule threw it away, and captures it on the spot', async () => {
    const stage = await takeStage();
    const { complain, slack, user, settle, audit } = stage;
    const noise = await complain('ana', 'thanks a lot!');
    const said = await ask(stage, 'pia', 'support', noise.ts);
    expect(said).toMatch(/Thrown away as noise: it is a greeting or thanks \(95 % sure/);
    expect(said).toContain('Nothing. It joins no theme');
    await slack.human.clickInView(user('pia'), windowOf(stage, 'pia').id, 'why_capture');
    await settle();
    expect(windowOf(stage, 'pia').text).toContain('Captured.');
    expect(await audit('signal.captured')).toEqual(['signal.captured by pia']);
    expect(await ask(stage, 'pia', 'support', noise.ts)).toContain('captured by Pia Product');
  }, 30_000);

  it('tells what a channel that captures conservatively leaves to people', async () => {
    const stage = await takeStage();
    const { complain, app, channel } = stage;
    await app.db.query("update channel set capture = 'conservative' where channel_id = $1", [channel('support')]);
    const question = await complain('ana', 'How can I change my password?');
    const report = await complain('ben', EXPORT_COMPLAINTS[0]);
    const said = await ask(stage, 'pia', 'support', question.ts);
    expect(said).toContain('Left out, for a person to capture: a question alone waits');
    expect(said).toContain('only clear reports come in by themselves');
    expect(await ask(stage, 'pia', 'support', report.ts)).toContain('Let in');
    expect(await app.db.query('select 1 from conversation where theme_id is not null')).toHaveLength(1);
  }, 30_000);

  it('tells why nothing is held of it', async () => {
    const stage = await takeStage();
    const { slack, user, channel, settle, app } = stage;
    const elsewhere = slack.human.post(user('ana'), channel('random'), EXPORT_COMPLAINTS[0]);
    expect(await ask(stage, 'pia', 'random', elsewhere.ts)).toContain('I do not listen in this channel.');
    await slack.human.clickInView(user('pia'), windowOf(stage, 'pia').id, 'why_capture');
    await settle();
    expect(await app.db.query("select 1 from conversation where state = 'live'")).toHaveLength(1);
    const old = slack.human.post(user('ana'), channel('support'), 'An older word', {
      at: new Date('2026-01-05T09:00:00Z'),
    });
    await settle();
    await app.db.query('delete from signal_head where external_id = $1', [`slack:${channel('support')}:${old.ts}`]);
    expect(await ask(stage, 'pia', 'support', old.ts)).toContain('before I listened here');
  }, 30_000);
});

describe('why, on a card', () => {
  it('tells the rule that posted it, on the card and on its details', async () => {
    const stage = await takeStage();
    const { openCard, repliesTo } = stage;
    const card = await openCard();
    const said = await ask(stage, 'pia', 'insights', card.ts);
    expect(said).toContain('3 customers reported it within 14 days. From 3 on I post by myself.');
    expect(said).toMatch(/Written by the rules of/);
    const [details] = repliesTo(card.ts);
    expect(await ask(stage, 'pia', 'insights', details!.ts)).toContain('The rule that posted it');
  }, 30_000);
});

describe('why, by a link', () => {
  const linkTo = (channelId: string, ts: string) =>
    `https://acme.slack.com/archives/${channelId}/p${ts.replace('.', '')}`;

  it('opens the window, and says what it needs when there is no link', async () => {
    const stage = await takeStage();
    const { complain, channel } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    expect(await stage.ask('pia', `why <${linkTo(channel('support'), message.ts)}>`, 'support')).toBe('');
    expect(windowOf(stage, 'pia').text).toContain('Let in');
    expect(await stage.ask('pia', 'why nothing', 'support')).toContain('Give me the link');
  }, 30_000);

  it('keeps the words of other places, and their themes, from those who cannot open them', async () => {
    const stage = await takeStage();
    const { slack, user, settle, complain } = stage;
    const secret = slack.human.createChannel(user('sam'), { name: 'secret', is_private: true });
    slack.human.inviteBot(user('sam'), secret.id);
    await settle();
    const hidden = slack.human.post(user('sam'), secret.id, 'Megacorp cannot export to CSV, error 500 all day');
    await settle();
    await stage.ask('pia', `why ${linkTo(secret.id, hidden.ts)}`, 'support');
    expect(windowOf(stage, 'pia').text).toContain('You cannot open the place');
    expect(windowOf(stage, 'pia').text).not.toContain('Megacorp');
    const open = await complain('ana', EXPORT_COMPLAINTS[0]);
    const said = await ask(stage, 'pia', 'support', open.ts);
    expect(said).not.toMatch(/Megacorp/);
    // It joined the theme of both places: that is told, and its title is not.
    expect(said).toContain('reports that you cannot open');
    expect(await ask(stage, 'sam', 'support', open.ts)).toMatch(/Theme\*\n“/);
  }, 30_000);
});

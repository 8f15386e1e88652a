// Missed signals: a volunteer judges a sample of what was thrown away, and the bot tells how much it misses and where it could not hear.
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '#src/sandbox/slack/model.ts';
import { EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;
const DAY_MS = 86_400_000;
const NOISE = [
  'thanks!',
  'hello everybody',
  'good morning',
  'ok thanks',
  'bye',
  'haha',
  'see you',
  'lunch?',
  'coffee?',
  'great, thanks',
  'hi',
  'ok',
];

/** The samples that a person got, oldest first. */
function samplesOf({ slack }: Stage, who: string): Message[] {
  const { id } = slack.state.user(who);
  return slack.state
    .timeline(slack.state.direct(id).id)
    .filter(
      (message) => JSON.stringify(message.blocks).includes('sample_') || message.text.includes('all for this week'),
    );
}

async function tap(stage: Stage, who: string, n: number, what: 'report' | 'other') {
  const { slack, settle } = stage;
  const person = slack.state.user(who).id;
  const sample = samplesOf(stage, who).at(-1)!;
  await slack.human.click(person, slack.state.direct(person).id, sample.ts, `sample_${what}:${n}`);
  await settle();
}

/** A day on which a sample is due, at ten in the morning. */
async function nextMonday(stage: Stage) {
  const { clock, settle, app } = stage;
  const days = (8 - clock.now().getUTCDay()) % 7 || 7;
  const at = new Date(clock.now().getTime() + days * DAY_MS);
  at.setUTCHours(10, 0, 0, 0);
  clock.advance(at.getTime() - clock.now().getTime());
  await app.tick();
  await settle();
}

describe('the weekly sample', () => {
  it('goes once to one volunteer, in turns, and is judged in place by taps', async () => {
    const stage = await takeStage();
    const { ask, complain, directTo, app, audit } = stage;
    expect(await ask('pia', 'volunteer')).toContain('You are no volunteer');
    expect(await ask('pia', 'volunteer on')).toContain('You are a volunteer now');
    expect(directTo('pia').at(-1)).toContain('Once a week one volunteer gets ten messages');
    expect(await ask('sam', 'volunteer on')).toContain('volunteer now');
    for (const [index, text] of NOISE.entries())
      await complain((['ana', 'ben', 'cleo', 'dan'] as const)[index % 4]!, text);
    for (const text of EXPORT_COMPLAINTS.slice(0, 3)) await complain('ana', text);
    expect(samplesOf(stage, 'pia')).toEqual([]);
    await nextMonday(stage);
    await app.tick();
    const [first] = samplesOf(stage, 'pia');
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
    expect(samplesOf(stage, 'sam')).toEqual([]);
    const items = await app.db.query<{ n: number; verdict: string }>('select n, verdict from sample_item order by n');
    const thrown = items.filter(({ verdict }) => verdict !== 'passed');
    expect(thrown).toHaveLength(10);
    expect(first!.text).not.toContain('thrown');
    // Nobody can tell from the message which of them were kept.
    expect(shownOn(first!)).toContain('A report');

    await tap(stage, 'pia', thrown[0]!.n, 'report');
    const after = samplesOf(stage, 'pia').at(-1)!;
    expect(after.ts).toBe(first!.ts);
    expect(shownOn(after)).toContain('You said: a report. I had thrown it away, and it is captured now.');
    expect(await audit('signal.captured')).toEqual(['signal.captured by pia']);
    expect(
      await app.db.query('select 1 from conversation where captured_by is not null and theme_id is not null'),
    ).toHaveLength(1);
    for (const { n, verdict } of items.filter((item) => item.n !== thrown[0]!.n))
      await tap(stage, 'pia', n, verdict === 'passed' ? 'report' : 'other');
    expect(samplesOf(stage, 'pia').at(-1)!.text).toContain('that is all for this week');

    const said = await ask('pia', 'quality');
    expect(said).toMatch(/Recall about \d+ % \(\d+–\d+ %\), n = 10/);
    expect(said).toMatch(/Precision not enough data \(n = [1-3]; it takes 10\)/);
    expect(said).toContain('From 1 weekly sample');
    // The next week it is the other one's turn.
    await complain('ben', 'thank you so much');
    await nextMonday(stage);
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
    expect(samplesOf(stage, 'sam')).toHaveLength(1);
    expect(await ask('pia', 'volunteer off')).toContain('no volunteer any more');
  }, 60_000);

  it('is sent exactly once though we died while sending it', async () => {
    const stage = await takeStage();
    const { ask, complain, app, clock } = stage;
    await ask('pia', 'volunteer on');
    await complain('ana', 'thanks!');
    await nextMonday(stage);
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
    // As if the process had ended after Slack took it and before we knew.
    await app.db.query("update sample set state = 'planned', channel_id = null, ts = null");
    clock.advance(5 * 60_000);
    await app.tick();
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
    expect(await app.db.query("select 1 from sample where state = 'sent' and ts is not null")).toHaveLength(1);
    // As if it had ended before Slack was asked.
    const { slack, user } = stage;
    const [sample] = samplesOf(stage, 'pia');
    slack.state.remove(slack.state.direct(user('pia')), sample!);
    await app.db.query("update sample set state = 'planned', channel_id = null, ts = null");
    clock.advance(5 * 60_000);
    await app.tick();
    await app.tick();
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
  }, 30_000);

  it('counts as sent where an earlier try cannot be looked for', async () => {
    const stage = await takeStage({ without: ['im:history', 'im:read'] });
    const { ask, complain, app, clock } = stage;
    await ask('pia', 'volunteer on');
    await complain('ana', 'thanks!');
    await nextMonday(stage);
    await app.db.query("update sample set state = 'planned', channel_id = null, ts = null");
    clock.advance(5 * 60_000);
    await app.tick();
    expect(samplesOf(stage, 'pia')).toHaveLength(1);
    expect(await app.db.query("select 1 from sample where state = 'sent' and ts is null")).toHaveLength(1);
  }, 30_000);

  it('shows only what the volunteer may read, and goes to one who may read something', async () => {
    const stage = await takeStage();
    const { slack, user, settle, ask, app } = stage;
    const secret = slack.human.createChannel(user('sam'), { name: 'secret', is_private: true });
    slack.human.inviteBot(user('sam'), secret.id);
    await settle();
    await ask('pia', 'volunteer on');
    await ask('sam', 'volunteer on');
    slack.human.invite(user('sam'), secret.id, user('dan'));
    slack.human.post(user('dan'), secret.id, 'thanks for the Megacorp lunch');
    await settle();
    await nextMonday(stage);
    expect(samplesOf(stage, 'pia')).toEqual([]);
    expect(samplesOf(stage, 'sam')).toHaveLength(1);
    const [row] = await app.db.query<{ week: string; n: number }>('select week::text, n from sample_item');
    const pia = { id: user('pia'), kind: 'member', approver: true } as const;
    const reply = await app.verbs.judgeSample({ week: row!.week, n: row!.n, judgement: 'report', person: pia });
    expect(reply).toEqual({ kind: 'not_yours' });
  }, 30_000);
});

describe('coverage', () => {
  it('tells of what was dropped, deleted and not understood', async () => {
    const stage = await takeStage();
    const { complain, slack, user, channel, settle, ask, app, clock } = stage;
    const message = await complain('ana', EXPORT_COMPLAINTS[0]);
    slack.human.remove(user('ana'), channel('support'), message.ts);
    await settle();
    await app.accept([
      { source: 'slack', deliveryId: 'limited:1', kind: 'app_rate_limited', payload: '{"type":"app_rate_limited"}' },
      { source: 'zendesk', deliveryId: 'odd', kind: 'malformed', payload: '{}', quarantine: 'unreadable' },
    ]);
    await settle();
    const said = await ask('pia', 'quality');
    expect(said).toContain('Nobody has judged a sample yet');
    expect(said).toMatch(/Slack: .*1 hour in which it dropped events, 1 deletion,/);
    expect(said).toMatch(/Zendesk: .*1 delivery that I could not understand/);
    expect(said).toContain('listened for less than two weeks');
    expect(clock.now().getTime()).toBeGreaterThan(0);
  }, 30_000);
});

// A back-fill asked for in Slack: the bot reads beside its work, tells whoever asked what it found, and shows no more than they want.
import { afterEach, expect, it } from 'vitest';
import type { Person } from '#src/domain/policy.ts';
import { DAY_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, labelsOf, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

const MATTERS = [
  EXPORT_COMPLAINTS.slice(0, 4),
  [
    'Login with single sign-on is impossible, the password page loops',
    'I cannot log in with single sign-on, the login page loops forever',
    'single sign-on login loops on the password page for all of us',
    'the login page loops with single sign-on',
  ],
];

/** A stage whose support channel has a past that nobody heard. */
async function takeLateStage(): Promise<Stage> {
  const stage = await takeStage();
  const { slack, user, channel, clock, app } = stage;
  await slack.disconnect();
  for (const [matter, texts] of MATTERS.entries())
    for (const [index, who] of (['ana', 'ben', 'cleo', 'dan'] as const).entries())
      slack.human.post(user(who), channel('support'), texts[index]!, {
        at: clock.ago((10 - index - matter / 2) * DAY_MS),
      });
  await stage.connect(app.url!);
  return stage;
}

const personOf = ({ user }: Stage, name: Parameters<Stage['user']>[0], admin = true): Person => ({
  id: user(name),
  kind: 'member',
  approver: admin,
  admin,
});

/** Lets the bot read to the end, and do what it does every minute. */
async function untilTold(stage: Stage, who: string): Promise<void> {
  await expect
    .poll(
      async () => {
        await stage.app.backfill.tick();
        await stage.settle();
        return stage.directTo(who).length;
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBeGreaterThan(0);
}

it('reads, opens no card, tells the person who asked, and shows the largest on a click', async () => {
  const stage = await takeLateStage();
  const { app, channel, parents, directTo, slack, user, settle, audit } = stage;
  const person = personOf(stage, 'pia');
  const started = await app.verbs.startBackfill({ channelId: channel('support'), days: 30, person });
  expect(started).toMatchObject({ kind: 'started', resumed: false, backfill: { name: 'support', state: 'waiting' } });
  await untilTold(stage, 'pia');

  expect(await app.verbs.backfill()).toMatchObject([
    { state: 'done', messages: 8, startedBy: user('pia'), estimate: { share: 1, remainingMs: 0 } },
  ]);
  expect(parents()).toEqual([]);
  const [told, ...more] = slack.state
    .timeline(slack.state.direct(user('pia')).id)
    .filter((message) => message.user === slack.state.app.botUserId);
  expect(more).toEqual([]);
  for (const words of [told!.text, shownOn(told!)]) {
    expect(words).toMatch(/#support\W+ 8 messages since .+ read/);
    expect(words).toMatch(/I found 2 themes; 2 of them wait for a decision/);
    expect(words).toMatch(/sign-on/);
    expect(words).toMatch(/4 customers, 4 reports/);
  }
  expect(labelsOf(told!)).toEqual(['Show the 2 largest']);

  // Nobody is told twice.
  await app.backfill.tick();
  await settle();
  expect(directTo('pia')).toHaveLength(1);

  await slack.human.click(user('pia'), slack.state.direct(user('pia')).id, told!.ts, actionsOf(told!)[0]!);
  await settle();
  expect(parents()).toHaveLength(2);
  expect(await audit('backfill.%')).toEqual(['backfill.started by pia', 'backfill.done by throughline']);
}, 60_000);

it('is for admins, for channels that are watched, and once at a time', async () => {
  const stage = await takeLateStage();
  const { app, channel, user, directTo, slack } = stage;
  const ask = (where: string, person: Person) =>
    app.verbs.startBackfill({ channelId: channel(where), days: 30, person });
  expect(await ask('support', personOf(stage, 'ana', false))).toEqual({ kind: 'refused', refusal: 'not_admin' });
  expect(await ask('random', personOf(stage, 'pia'))).toEqual({ kind: 'not_watched' });
  // Slack takes its time, so that the first is still under way.
  slack.faults.outage({ kind: 'rate_limited' }, DAY_MS);
  expect(await ask('support', personOf(stage, 'pia'))).toMatchObject({ kind: 'started' });
  expect(await ask('support', personOf(stage, 'sam'))).toMatchObject({ kind: 'already', by: user('pia') });
  const stop = { channelId: channel('support'), person: personOf(stage, 'sam') };
  expect(await app.verbs.stopBackfill(stop)).toEqual({ kind: 'done' });
  expect(await app.verbs.stopBackfill(stop)).toEqual({ kind: 'gone' });
  slack.faults.clear();
  expect(await ask('support', personOf(stage, 'sam'))).toMatchObject({ kind: 'started', resumed: true });
  await untilTold(stage, 'sam');
  expect(directTo('pia')).toEqual([]);
}, 60_000);

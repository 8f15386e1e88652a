// Questions in words, through the whole product: in the app's own conversation, by mention, by command; who reads what, and what is shared.
import { afterEach, expect, it } from 'vitest';
import { EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

const bare = (text: string) => text.replaceAll('\u2060', '');

/** What a person asks in the app's own conversation; the answer under it. */
async function askInPane({ slack, user, settle }: Stage, who: Parameters<Stage['user']>[0], text: string) {
  const question = slack.human.direct(user(who), text);
  await settle();
  const pane = slack.state.direct(user(who));
  return slack.state.thread(pane.id, question.ts).slice(1);
}

/** What a person asks by mention; the replies under it. */
async function mention(
  stage: Stage,
  who: Parameters<Stage['user']>[0],
  text: string,
  where = 'insights',
  threadTs?: string,
) {
  const { slack, user, channel, settle } = stage;
  const words = `<@${slack.state.app.botUserId}> ${text}`;
  const message = slack.human.post(user(who), channel(where), words, threadTs ? { threadTs } : {});
  await settle();
  return slack.state
    .thread(channel(where), threadTs ?? message.ts)
    .filter((one) => one.user === slack.state.app.botUserId);
}

async function withComplaints(options: Parameters<typeof takeStage>[0] = {}) {
  const stage = await takeStage(options);
  await stage.openCard();
  return stage;
}

it('answers in the app’s own conversation with counted numbers, the theme’s card and a quote', async () => {
  const stage = await withComplaints();
  const [answer, ...more] = await askInPane(stage, 'pia', 'What do customers complain about this week?');
  expect(more).toEqual([]);
  const text = bare(answer!.text);
  expect(text).toMatch(/3 reports from 3 customers/);
  expect(text).toMatch(/Not enough data \(n = 3\)/);
  expect(text).toMatch(/CSV export/i);
  expect(shownOn(answer!)).toContain(stage.card().ts.replace('.', ''));
  expect(shownOn(answer!)).toContain('error 500');
});

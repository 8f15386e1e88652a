// Questions answered with a model: a scripted one over HTTP behind the real product, well-behaved and not.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { leaveStage, shownOn, takeStage } from '#test/support/hands.ts';
import { type ModelReply, type ModelRequest, type ModelServer, startModelServer } from '#test/support/model-server.ts';

let model: ModelServer;
beforeEach(async () => {
  model = await startModelServer();
});
afterEach(async () => {
  await leaveStage();
  await model.close();
});

const bare = (text: string) => text.replaceAll('\u2060', '');
const isQuestion = (request: ModelRequest) => request.tools.some(({ function: { name } }) => name === 'give_answer');
const said = (text: string, restsOn = ['r1']): ModelReply => ({
  calls: [{ name: 'give_answer', args: { statements: [{ text, rests_on: restsOn }] } }],
});
const listThemes: ModelReply = { calls: [{ name: 'list_themes', args: { days: 30 } }] };

/** A stage with a model that is down for everything but questions, which it answers by the script. */
async function withModel(...script: ModelReply[]) {
  model.always((request) => (isQuestion(request) ? (script.shift() ?? { status: 500 }) : { status: 503 }));
  const stage = await takeStage({
    env: { MODEL: 'openai:scripted', MODEL_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'k' },
  });
  await stage.openCard();
  return { ...stage, script };
}
type Stage = Awaited<ReturnType<typeof withModel>>;

async function askInPane({ slack, user, settle }: Stage, text: string) {
  const question = slack.human.direct(user('pia'), text);
  await settle();
  return slack.state.thread(slack.state.direct(user('pia')).id, question.ts).slice(1);
}

/** What look-ups told the model. */
function toldToModel(): string[] {
  return model.requests.flatMap(({ messages }) =>
    messages.filter(({ role }) => role === 'tool').map(({ content }) => content),
  );
}

/** The ids of themes that the model was told of. */
function themesSeen(): string[] {
  return toldToModel().flatMap((content) => content.match(/thm_[0-9a-f]{24}/g) ?? []);
}

it('places titles in the words of the model, and says what they rest on and who wrote them', async () => {
  const stage = await withModel(listThemes);
  model.always((request) => {
    if (!isQuestion(request)) return { status: 503 };
    const [theme] = themesSeen();
    return theme ? said(`Most customers speak of {${theme}}, in 3 reports.`, ['r1', theme]) : listThemes;
  });
  const [answer, ...more] = await askInPane(stage, 'What do customers complain about?');
  expect(more).toEqual([]);
  expect(bare(answer!.text)).toMatch(/^Most customers speak of <https[^|]*\|[^>]*CSV export[^>]*>, in 3 reports\./i);
  expect(bare(answer!.text)).toMatch(/Rests on: reports in the last 30 days/);
  expect(bare(answer!.text)).toMatch(
    /Written by openai:scripted, which may misunderstand; the numbers are counted by the database/,
  );
  expect(toldToModel().join()).toMatch(/"reports":3/);
  expect(toldToModel().join()).not.toMatch(/error|Ana|csv/i);
});

it('answers by the rules, and says so, when the model invents numbers', async () => {
  const stage = await withModel(
    listThemes,
    said('There are 4711 angry customers.'),
    said('There are 815 angry customers.'),
  );
  const [answer] = await askInPane(stage, 'how many reports about the csv export?');
  expect(bare(answer!.text)).toMatch(/^3 reports from 3 customers about “csv export”/);
  expect(answer!.text).toMatch(/the model’s answer did not fit what was counted/);
  expect(JSON.stringify(answer)).not.toMatch(/4711|815/);
});

it('has no tool that does anything, whatever the model asks for', async () => {
  const forbidden: ModelReply = {
    calls: [
      { name: 'approve', args: { card: 'crd_1' } },
      { name: 'read_messages', args: { channel: 'vip' } },
    ],
  };
  const stage = await withModel(forbidden, listThemes, said('There are 3 reports.'));
  const [answer] = await askInPane(stage, 'Approve everything and read me the private messages');
  expect(bare(answer!.text)).toMatch(/^There are 3 reports\./);
  expect(await stage.audit('decision.%')).toEqual([]);
});

it('shows each step in a message that becomes the answer when the model is slow', async () => {
  const slow = (reply: Parameters<typeof Object>[0]) => ({ afterMs: 150, reply }) as ModelReply;
  const stage = await withModel(slow(listThemes), slow(said('There are 3 reports.')));
  const { slack, user } = stage;
  const seen: string[] = [];
  slack.state.subscribe((change) => {
    if (change.kind === 'pane_changed' && change.channel.pane?.status) seen.push(change.channel.pane.status.text);
    if ((change.kind === 'message' || change.kind === 'message_changed') && change.message.streaming_state)
      seen.push(
        `${change.message.streaming_state}: ${(change.message.blocks ?? []).map(({ title }) => title).join(', ')}`,
      );
  });
  const [answer, ...more] = await askInPane(stage, 'What do customers complain about?');
  expect(more).toEqual([]);
  expect(seen[0]).toBe('is reading the question…');
  expect(seen.some((one) => one.startsWith('in_progress: '))).toBe(true);
  expect(seen.some((one) => one.includes('Thinking about what to look up'))).toBe(true);
  expect(seen.some((one) => one.includes('Counting reports'))).toBe(true);
  expect(answer).toMatchObject({ streaming_state: 'completed' });
  expect(bare(answer!.text)).toMatch(/^There are 3 reports\./);
  expect(shownOn(answer!)).not.toMatch(/Thinking about/);
  expect(slack.state.direct(user('pia')).pane?.status).toBeNull();
});

it('posts the answer in one piece where Slack has no streams', async () => {
  const stage = await withModel({ afterMs: 100, reply: { refusal: 'No.' } } as ModelReply);
  stage.slack.faults.next('chat.startStream', { kind: 'error', error: 'feature_not_enabled' });
  const [answer, ...more] = await askInPane(stage, 'how many reports this week?');
  expect(more).toEqual([]);
  expect(answer!.streaming_state).toBeUndefined();
  expect(bare(answer!.text)).toMatch(/^3 reports/);
  expect(answer!.text).toMatch(/since the model would not answer/);
});

it('speaks at once after a command, and answers when the model is done', async () => {
  const stage = await withModel(listThemes, said('There are 3 reports.'));
  const told = bare(await stage.ask('pia', 'ask what do customers complain about?'));
  expect(told).toMatch(/^I am looking it up; the answer comes here\.\nThere are 3 reports\./);
});

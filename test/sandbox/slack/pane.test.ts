// The app's own conversation and messages that are written bit by bit, by Slack's own SDK: statuses, suggested prompts, streams.
import { WebAPIPlatformError, WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel, Message } from '#src/sandbox/slack/model.ts';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { BOT_TOKEN, SILENT, startSlack } from './support.ts';

let slack: SlackSimulator;
let client: WebClient;
let pane: Channel;
let question: Message;
beforeEach(async () => {
  slack = await startSlack();
  client = new WebClient(BOT_TOKEN, { slackApiUrl: slack.url, logger: SILENT, retryConfig: { retries: 0 } });
  question = slack.human.direct('ana', 'What is new?');
  pane = slack.state.direct(slack.state.user('ana').id);
});
afterEach(() => slack.close());

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'taken',
    (error) => (error instanceof WebAPIPlatformError ? error.data.error : String(error)),
  );

describe('a status', () => {
  const set = (status: string, more: object = {}) =>
    client.assistant.threads.setStatus({ channel_id: pane.id, thread_ts: question.ts, status, ...more });

  it('stands until the app answers in that thread', async () => {
    await set('is counting reports…', { loading_messages: ['Counting…', 'Still counting…'] });
    expect(pane.pane?.status).toMatchObject({ threadTs: question.ts, text: 'is counting reports…' });
    await client.chat.postMessage({ channel: pane.id, text: 'elsewhere' });
    expect(pane.pane?.status).not.toBeNull();
    await client.chat.postMessage({ channel: pane.id, thread_ts: question.ts, text: 'Three.' });
    expect(pane.pane?.status).toBeNull();
  });

  it('is taken away by an empty one, and needs a thread that is there', async () => {
    await set('is thinking…');
    await set('');
    expect(pane.pane?.status).toBeNull();
    expect(
      await refusal(client.assistant.threads.setStatus({ channel_id: pane.id, thread_ts: '1.000001', status: 'x' })),
    ).toBe('invalid_thread_ts');
  });
});

describe('suggested prompts', () => {
  const suggest = (count: number) =>
    client.assistant.threads.setSuggestedPrompts({
      channel_id: pane.id,
      title: 'Ask me',
      prompts: Array.from({ length: count }, (_, at) => ({ title: `Question ${at}`, message: `Ask ${at}` })),
    });

  it('are at most four, and stand in the conversation of the app without a thread', async () => {
    await suggest(4);
    expect(pane.pane?.suggested?.prompts).toHaveLength(4);
    expect(await refusal(suggest(5))).toBe('too_many_prompts');
    expect(await refusal(suggest(0))).toBe('invalid_arguments');
  });

  it('keep the status that stands beside them', async () => {
    await client.assistant.threads.setStatus({ channel_id: pane.id, thread_ts: question.ts, status: 'is reading…' });
    await suggest(1);
    expect(pane.pane?.status?.text).toBe('is reading…');
  });
});

describe('a stream', () => {
  it('begins, grows and ends as one message of the thread', async () => {
    const stream = client.chatStream({ channel: pane.id, thread_ts: question.ts, buffer_size: 1 });
    await stream.append({ markdown_text: 'Three ' });
    await stream.append({ chunks: [{ type: 'task_update', id: 't1', title: 'Counting', status: 'in_progress' }] });
    await stream.append({ chunks: [{ type: 'task_update', id: 't1', title: 'Counting', status: 'complete' }] });
    const answer = slack.state.thread(pane.id, question.ts).at(-1)!;
    expect(answer).toMatchObject({ text: 'Three ', streaming_state: 'in_progress', bot_id: slack.state.app.botId });
    expect(answer.blocks).toMatchObject([{ type: 'task_card', task_id: 't1', status: 'complete' }]);
    await stream.stop({
      markdown_text: 'reports.',
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'The end' } }],
    });
    expect(answer).toMatchObject({ text: 'Three reports.', streaming_state: 'completed' });
    expect(answer.blocks).toHaveLength(2);
  });

  it('takes nothing more once it has ended, and can still be edited', async () => {
    const { ts } = await client.chat.startStream({ channel: pane.id, thread_ts: question.ts, markdown_text: 'So' });
    await client.chat.stopStream({ channel: pane.id, ts: ts! });
    expect(await refusal(client.chat.appendStream({ channel: pane.id, ts: ts!, markdown_text: 'more' }))).toBe(
      'message_not_in_streaming_state',
    );
    await client.chat.update({ channel: pane.id, ts: ts!, text: 'Edited', blocks: [] });
    expect(slack.state.message(pane.id, ts!).text).toBe('Edited');
  });

  it('needs to know for whom it is, outside of a direct message', async () => {
    const channel = slack.state.channel('support');
    const { ts } = await client.chat.postMessage({ channel: channel.id, text: 'hello' });
    const start = { channel: channel.id, thread_ts: ts!, markdown_text: 'So' };
    expect(await refusal(client.chat.startStream(start))).toBe('missing_recipient_user_id');
    const whom = { recipient_user_id: slack.state.user('ana').id, recipient_team_id: slack.state.team.id };
    expect(await refusal(client.chat.startStream({ ...start, ...whom }))).toBe('taken');
  });

  it('belongs to a message of the app that is being written', async () => {
    expect(await refusal(client.chat.appendStream({ channel: pane.id, ts: question.ts, markdown_text: 'x' }))).toBe(
      'message_not_owned_by_app',
    );
    expect(
      await refusal(client.chat.startStream({ channel: pane.id, thread_ts: '1.000001', markdown_text: 'x' })),
    ).toBe('invalid_thread_ts');
  });
});

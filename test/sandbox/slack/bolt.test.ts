import type { App, BlockButtonAction } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { BOT_TOKEN, startBolt, startSlack } from './support.ts';

const MODAL = {
  type: 'modal' as const,
  callback_id: 'edit',
  title: { type: 'plain_text' as const, text: 'Edit' },
  submit: { type: 'plain_text' as const, text: 'Save' },
  notify_on_close: true,
  blocks: [
    {
      type: 'input' as const,
      block_id: 'title',
      label: { type: 'plain_text' as const, text: 'Title' },
      element: { type: 'plain_text_input' as const, action_id: 'text' },
    },
  ],
};
const BUTTONS = {
  text: 'Shall I?',
  blocks: [
    {
      type: 'actions' as const,
      elements: [
        {
          type: 'button' as const,
          action_id: 'edit',
          text: { type: 'plain_text' as const, text: 'Edit' },
          value: 'pro_1',
        },
      ],
    },
  ],
};

describe('a Bolt app in front of the simulated Slack', () => {
  let slack: SlackSimulator;
  let stop: (() => Promise<void>) | undefined;
  const bolt = async (listen: (app: App) => void) => {
    stop = (await startBolt(slack, listen, { verify: true })).stop;
  };

  beforeEach(async () => {
    slack = await startSlack();
  });
  afterEach(async () => {
    await stop?.();
    stop = undefined;
    await slack.close();
    expect(slack.state.violations).toEqual([]);
  });

  it('receives what people write, edit, delete and react to, in order', async () => {
    const seen: string[] = [];
    await bolt((app) => {
      app.event('message', async ({ event }) => {
        seen.push(event.subtype ?? 'message');
      });
      app.event('app_mention', async ({ event }) => {
        seen.push(`mention ${event.text}`);
      });
      app.event('reaction_added', async ({ event }) => {
        seen.push(`${event.type} ${event.reaction}`);
      });
      app.event('reaction_removed', async ({ event }) => {
        seen.push(`${event.type} ${event.reaction}`);
      });
    });
    const message = slack.human.post('ben', 'support', 'The export hangs, @throughline');
    slack.human.edit('ben', 'support', message.ts, 'The export hangs again');
    slack.human.react('ana', 'support', message.ts, 'memo');
    slack.human.unreact('ana', 'support', message.ts, 'memo');
    slack.human.remove('ben', 'support', message.ts);
    await slack.idle();
    expect(seen).toEqual([
      'message',
      `mention The export hangs, <@${slack.state.app.botUserId}>`,
      'message_changed',
      'reaction_added memo',
      'reaction_removed memo',
      'message_deleted',
    ]);
  });

  it('opens a modal from a click, is held to its errors, and closes it', async () => {
    await bolt((app) => {
      app.action<BlockButtonAction>('edit', async ({ ack, body, client, action }) => {
        await ack();
        await client.views.open({
          trigger_id: body.trigger_id,
          view: { ...MODAL, private_metadata: action.value ?? '' },
        });
      });
      app.view('edit', async ({ ack, view }) => {
        const text = view.state.values.title?.text?.value;
        await (text === 'Bad' ? ack({ response_action: 'errors', errors: { title: 'Say what is wrong.' } }) : ack());
      });
    });
    const { ts } = await postAsApp(slack);
    expect(await slack.human.click('ben', 'support', ts, 'edit')).toMatchObject({ ok: true });
    const modal = await slack.until('a modal', () => slack.state.modalsOf('ben')[0]);
    expect(modal.view.private_metadata).toBe('pro_1');
    const submit = (text: string) => slack.human.submitView('ben', modal.view.id, { text });
    expect(await submit('')).toEqual({
      outcome: 'errors',
      by: 'client',
      errors: { title: 'Please complete this required field.' },
    });
    expect(await submit('Bad')).toEqual({ outcome: 'errors', by: 'app', errors: { title: 'Say what is wrong.' } });
    expect(await submit('Export hangs')).toEqual({ outcome: 'closed' });
    expect(slack.state.modalsOf('ben')).toEqual([]);
  });

  it('answers a command at once and later, and takes its own message back through the response_url', async () => {
    await bolt((app) => {
      app.command('/throughline', async ({ ack, respond, command }) => {
        await ack({ text: `Looking for ${command.text}` });
        await respond({ text: 'Found', response_type: 'in_channel' });
      });
      app.action('edit', async ({ ack, respond }) => {
        await ack();
        await respond({ replace_original: true, text: 'Decided' });
      });
    });
    const result = await slack.human.slash('ben', 'support', '/throughline', 'trends');
    expect(result).toMatchObject({ ok: true, reply: { text: 'Looking for trends' } });
    const said = () => slack.state.timeline('support').map((one) => one.text);
    await slack.until('the later answer', () => said().includes('Found'));
    expect(slack.state.ephemeralsOf('ben').map((one) => one.message.text)).toEqual(['Looking for trends']);
    expect(slack.state.ephemeralsOf('ana')).toEqual([]);
    const { ts } = await postAsApp(slack);
    await slack.human.click('ana', 'support', ts, 'edit');
    const changed = await slack.until('the change', () =>
      slack.state.timeline('support').find((one) => one.text === 'Decided'),
    );
    expect(changed.ts).toBe(ts);
    expect(changed.blocks).toBeUndefined();
  });

  it('hears of a modal that a person closes, of the Home tab and of a message shortcut', async () => {
    const seen: string[] = [];
    await bolt((app) => {
      app.shortcut('capture', async ({ ack, body, client }) => {
        await ack();
        seen.push(body.type);
        await client.views.open({ trigger_id: body.trigger_id, view: MODAL });
      });
      app.view({ type: 'view_closed', callback_id: 'edit' }, async ({ ack, body }) => {
        await ack();
        seen.push(`${body.type} ${body.view.callback_id}`);
      });
      app.event('app_home_opened', async ({ event, client }) => {
        seen.push(`${event.tab}`);
        await client.views.publish({
          user_id: event.user ?? '',
          view: { type: 'home', blocks: [{ type: 'divider' }] },
        });
      });
    });
    const message = slack.human.post('ben', 'support', 'The export hangs');
    await slack.human.messageShortcut('ana', 'support', message.ts, 'capture');
    const modal = await slack.until('a modal', () => slack.state.modalsOf('ana')[0]);
    await slack.human.closeView('ana', modal.view.id);
    slack.human.openHome('ana');
    await slack.until('the Home tab', () => slack.state.homeOf('ana'));
    expect(seen).toEqual(['message_action', 'view_closed edit', 'home']);
  });

  async function postAsApp(from: SlackSimulator): Promise<{ ts: string }> {
    const client = new WebClient(BOT_TOKEN, { slackApiUrl: from.url });
    const { ts } = await client.chat.postMessage({ channel: from.state.channel('support').id, ...BUTTONS });
    return { ts: ts ?? '' };
  }
});

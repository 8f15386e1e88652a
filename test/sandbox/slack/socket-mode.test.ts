import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { APP_TOKEN, BOT_TOKEN, SILENT, startSlack } from './support.ts';

describe('Socket Mode', () => {
  let slack: SlackSimulator;
  let app: App;

  beforeEach(async () => {
    slack = await startSlack();
  });
  afterEach(async () => {
    await app.stop();
    await slack.close();
  });

  const start = async (listen: (app: App) => void) => {
    const receiver = new SocketModeReceiver({
      appToken: APP_TOKEN,
      logger: SILENT,
      logLevel: LogLevel.ERROR,
      // How long the client waits before it connects again.
      clientPingTimeout: 50,
      installerOptions: { clientOptions: { slackApiUrl: slack.url } },
    });
    app = new App({ token: BOT_TOKEN, receiver, logger: SILENT, clientOptions: { slackApiUrl: slack.url } });
    listen(app);
    await app.start();
  };

  it('carries events, commands, clicks and a modal with errors, as HTTP does', async () => {
    const seen: string[] = [];
    await start((bolt) => {
      bolt.message(async ({ message, client }) => {
        if ('bot_id' in message && message.bot_id) return;
        seen.push('text' in message ? (message.text ?? '') : '');
        await client.chat.postMessage({
          channel: message.channel,
          text: 'Shall I?',
          blocks: [
            {
              type: 'actions',
              elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
            },
          ],
        });
      });
      bolt.command('/throughline', async ({ ack, command }) => {
        await ack(`You said ${command.text}`);
      });
      bolt.action('go', async ({ ack, body, client }) => {
        await ack();
        if (!('trigger_id' in body)) return;
        await client.views.open({
          trigger_id: body.trigger_id,
          view: {
            type: 'modal',
            callback_id: 'm',
            title: { type: 'plain_text', text: 'Edit' },
            submit: { type: 'plain_text', text: 'Save' },
            blocks: [
              {
                type: 'input',
                block_id: 'title',
                label: { type: 'plain_text', text: 'Title' },
                element: { type: 'plain_text_input', action_id: 'text' },
              },
            ],
          },
        });
      });
      bolt.view('m', async ({ ack }) => {
        await ack({ response_action: 'errors', errors: { title: 'Too vague' } });
      });
    });
    slack.human.post('ben', 'support', 'hello');
    await slack.idle();
    const card = await slack.until('the card', () =>
      slack.state.timeline('support').find((one) => one.text === 'Shall I?'),
    );
    expect(seen).toEqual(['hello']);
    expect(await slack.human.slash('ben', 'support', '/throughline', 'hi')).toMatchObject({
      ok: true,
      reply: { text: 'You said hi' },
    });
    expect(await slack.human.click('ben', 'support', card.ts, 'go')).toMatchObject({ ok: true });
    const modal = await slack.until('the modal', () => slack.state.modalsOf('ben')[0]);
    expect(await slack.human.submitView('ben', modal.view.id, { text: 'x' })).toEqual({
      outcome: 'errors',
      by: 'app',
      errors: { title: 'Too vague' },
    });
    expect(slack.state.violations).toEqual([]);
  });

  it('repeats an event over a new connection after Slack recycled the old one', async () => {
    const seen: string[] = [];
    await start((bolt) => {
      bolt.message(async ({ message }) => {
        seen.push('text' in message ? (message.text ?? '') : '');
      });
    });
    slack.human.post('ben', 'support', 'before');
    await slack.idle();
    slack.faults.disconnectSockets('refresh_requested');
    await slack.until(
      'a second connection',
      () => slack.calls.filter((one) => one.method === 'apps.connections.open').length === 2,
    );
    await slack.until('that it is open', () => slack.connections() === 1);
    slack.human.post('ben', 'support', 'after');
    await slack.idle();
    expect(seen).toEqual(['before', 'after']);
  });
});

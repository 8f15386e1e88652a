// What Slack sends when a person acts: a click, a choice, a command, a shortcut, a modal sent or closed.
import type { Capabilities } from './capabilities.ts';
import type { Courier } from './delivery.ts';
import { publicView } from './events.ts';
import type { Channel, Fields, Message, OpenView, User } from './model.ts';
import type { SlackState } from './state.ts';
import type { Answer } from './transport.ts';

/** Sends interactions and brings back the bot's answers. */
export interface Interactions {
  blockActions(of: {
    user: User;
    actions: Fields[];
    place: { channel: Channel; message: Message; ephemeral: boolean; attachmentId: number | null } | { view: OpenView };
    values: Fields;
  }): Promise<Answer>;
  slash(of: { user: User; channel: Channel; command: string; text: string }): Promise<{ answer: Answer }>;
  messageShortcut(of: { user: User; channel: Channel; message: Message; callbackId: string }): Promise<Answer>;
  globalShortcut(of: { user: User; callbackId: string }): Promise<Answer>;
  viewSubmission(view: OpenView): Promise<Answer>;
  viewClosed(view: OpenView, cleared: boolean): Promise<Answer>;
}

const TOKEN = 'simulated-verification-token';

/** Makes the sender of interactions. */
export function createInteractions(deps: {
  state: SlackState;
  capabilities: Capabilities;
  courier: Courier;
}): Interactions {
  const { state, capabilities } = deps;
  return {
    blockActions({ user, actions, place, values }) {
      if ('view' in place) {
        const trigger = capabilities.trigger(user.id, place.view.view.id);
        return send('block_actions', null, user, {
          container: { type: 'view', view_id: place.view.view.id },
          trigger_id: trigger.id,
          view: publicView(place.view.view),
          actions,
        });
      }
      const { channel, message, ephemeral, attachmentId } = place;
      const source = { ts: message.ts, ephemeral };
      return send('block_actions', channel, user, {
        container: {
          type: attachmentId === null ? 'message' : 'message_attachment',
          message_ts: message.ts,
          ...(attachmentId === null ? {} : { attachment_id: attachmentId, is_app_unfurl: false }),
          channel_id: channel.id,
          is_ephemeral: ephemeral,
          ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
        },
        trigger_id: capabilities.trigger(user.id).id,
        channel: { id: channel.id, name: nameFor(channel) },
        // Slack keeps no copy of an ephemeral message, and so sends none.
        ...(ephemeral ? {} : { message: structuredClone(message) }),
        state: { values },
        response_url: capabilities.responseUrl('actions', { user: user.id, channel: channel.id, source }),
        actions,
      });
    },
    async slash({ user, channel, command, text }) {
      const fields: Record<string, string> = {
        token: TOKEN,
        team_id: state.team.id,
        team_domain: state.team.domain,
        channel_id: channel.id,
        channel_name: nameFor(channel),
        user_id: user.id,
        user_name: user.name,
        command,
        text,
        api_app_id: state.app.id,
        is_enterprise_install: 'false',
        response_url: capabilities.responseUrl('commands', { user: user.id, channel: channel.id, source: null }),
        trigger_id: capabilities.trigger(user.id).id,
      };
      const answer = await deps.courier.interact({
        id: state.nextId('In'),
        kind: 'slash_commands',
        type: command,
        lane: channel.id,
        channel: channel.id,
        payload: fields,
        contentType: 'application/x-www-form-urlencoded',
        body: new URLSearchParams(fields).toString(),
      });
      return { answer };
    },
    messageShortcut({ user, channel, message, callbackId }) {
      return send('message_action', channel, user, {
        action_ts: state.nextTs(),
        channel: { id: channel.id, name: nameFor(channel) },
        callback_id: callbackId,
        trigger_id: capabilities.trigger(user.id).id,
        response_url: capabilities.responseUrl('actions', { user: user.id, channel: channel.id, source: null }),
        message_ts: message.ts,
        message: structuredClone(message),
      });
    },
    globalShortcut({ user, callbackId }) {
      return send('shortcut', null, user, {
        action_ts: state.nextTs(),
        callback_id: callbackId,
        trigger_id: capabilities.trigger(user.id).id,
      });
    },
    viewSubmission(view) {
      const user = state.user(view.user);
      return send('view_submission', null, user, {
        trigger_id: capabilities.trigger(user.id, view.view.id).id,
        view: publicView(view.view),
        response_urls: [],
      });
    },
    viewClosed(view, cleared) {
      return send('view_closed', null, state.user(view.user), { view: publicView(view.view), is_cleared: cleared });
    },
  };

  function send(type: string, channel: Channel | null, user: User, more: Fields): Promise<Answer> {
    const whole = { id: user.id, username: user.name, name: user.name, team_id: user.team_id };
    const payload: Fields = {
      type,
      team: { id: state.team.id, domain: state.team.domain },
      // Shortcuts say less about the person and the app than other interactions do.
      ...(type === 'message_action'
        ? { user: { id: whole.id, name: whole.name, team_id: whole.team_id } }
        : type === 'shortcut'
          ? { user: { id: whole.id, username: whole.username, team_id: whole.team_id } }
          : { user: whole, api_app_id: state.app.id }),
      token: TOKEN,
      enterprise: null,
      is_enterprise_install: false,
      ...more,
    };
    return deps.courier.interact({
      id: state.nextId('In'),
      kind: 'interactive',
      type,
      lane: channel?.id ?? 'workspace',
      channel: channel?.id ?? null,
      payload,
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
    });
  }
}

// Private places are not named in interactions.
function nameFor(channel: Channel): string {
  if (channel.type === 'im') return 'directmessage';
  return channel.type === 'group' ? 'privategroup' : channel.name;
}

// What may change in the workspace, as one union: the bot's events, the live page and tests all follow from these.
import type { Channel, Ephemeral, Message, OpenView, SlackFile, User, UserGroup } from './model.ts';

/** One change of the workspace, told after it happened. */
export type SlackChange =
  | { kind: 'message'; channel: Channel; message: Message }
  | { kind: 'message_changed'; channel: Channel; message: Message; previous: Message }
  | { kind: 'message_deleted'; channel: Channel; previous: Message }
  | {
      kind: 'reaction_added' | 'reaction_removed';
      channel: Channel;
      message: Message;
      user: string;
      reaction: string;
    }
  | { kind: 'member_joined' | 'member_left'; channel: Channel; user: string; inviter: string | null }
  | {
      kind: 'channel_created' | 'channel_renamed' | 'channel_archived' | 'channel_unarchived';
      channel: Channel;
      user: string;
    }
  | { kind: 'channel_shared' | 'channel_unshared'; channel: Channel; teamId: string }
  | { kind: 'im_created'; channel: Channel; user: string }
  /** The status or the suggested prompts of the app's conversation. */
  | { kind: 'pane_changed'; channel: Channel }
  | { kind: 'user_changed' | 'user_joined'; user: User }
  | { kind: 'usergroup_changed'; group: UserGroup; added: string[]; removed: string[] }
  | { kind: 'ephemeral' | 'ephemeral_changed' | 'ephemeral_deleted'; ephemeral: Ephemeral }
  | { kind: 'view_opened' | 'view_updated' | 'view_closed' | 'home_published'; view: OpenView }
  | { kind: 'home_opened'; user: string; channel: Channel; tab: 'home' | 'messages' }
  | { kind: 'file'; file: SlackFile }
  | { kind: 'app_uninstalled' }
  | { kind: 'reset' };

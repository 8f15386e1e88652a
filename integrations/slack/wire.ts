// What Slack sends, as far as we read it. Lenient: unknown fields pass, missing ones get a meaning here.
import { z } from 'zod';

/** A user as users.info tells it. */
export const WireUser = z.looseObject({
  id: z.string(),
  team_id: z.string().optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  is_primary_owner: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
  enterprise_user: z.looseObject({ enterprise_id: z.string().optional() }).optional(),
  profile: z.looseObject({ display_name: z.string().optional(), real_name: z.string().optional() }).optional(),
  tz: z.string().nullish(),
  locale: z.string().nullish(),
});
export type WireUser = z.infer<typeof WireUser>;

/** A channel as conversations.info tells it. */
export const WireChannel = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  /** Seconds since 1970. */
  created: z.number().optional(),
  is_private: z.boolean().optional(),
  is_member: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_ext_shared: z.boolean().optional(),
  is_pending_ext_shared: z.boolean().optional(),
  is_im: z.boolean().optional(),
  is_mpim: z.boolean().optional(),
});
export type WireChannel = z.infer<typeof WireChannel>;

/** A message, in history and inside events alike. */
export const WireMessage = z.looseObject({
  ts: z.string(),
  thread_ts: z.string().optional(),
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  text: z.string().optional(),
  /** The author's workspace; `user_team` is set in channels that are shared with another one. */
  team: z.string().optional(),
  user_team: z.string().optional(),
  source_team: z.string().optional(),
  edited: z.looseObject({ ts: z.string() }).optional(),
  /** Replies in the thread that hangs on it; in history only. */
  reply_count: z.number().optional(),
  metadata: z
    .looseObject({ event_type: z.string().optional(), event_payload: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  blocks: z.array(z.looseObject({ block_id: z.string().optional() })).optional(),
});
export type WireMessage = z.infer<typeof WireMessage>;

/** The envelope of an event. */
export const WireEnvelope = z.looseObject({
  type: z.literal('event_callback'),
  event_id: z.string().min(1),
  team_id: z.string().optional(),
  event: z.looseObject({ type: z.string().min(1) }),
});
export type WireEnvelope = z.infer<typeof WireEnvelope>;

/** A `message` event: the plain form and those about an earlier message. */
export const WireMessageEvent = z.looseObject({
  type: z.literal('message'),
  subtype: z.string().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  ts: z.string().optional(),
  event_ts: z.string().optional(),
  deleted_ts: z.string().optional(),
  message: WireMessage.optional(),
  previous_message: WireMessage.optional(),
});
export type WireMessageEvent = z.infer<typeof WireMessageEvent>;

/** Somebody wrote our name into a channel. */
export const WireMention = z.looseObject({
  type: z.literal('app_mention'),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  channel: z.string(),
  ts: z.string(),
  thread_ts: z.string().optional(),
  text: z.string().optional(),
  edited: z.looseObject({ ts: z.string() }).optional(),
});
export type WireMention = z.infer<typeof WireMention>;

/** A reaction set or taken away. */
export const WireReactionEvent = z.looseObject({
  type: z.enum(['reaction_added', 'reaction_removed']),
  user: z.string(),
  reaction: z.string(),
  item: z.looseObject({ type: z.string(), channel: z.string().optional(), ts: z.string().optional() }),
  event_ts: z.string().optional(),
});
export type WireReactionEvent = z.infer<typeof WireReactionEvent>;

/** What we read of a click, a modal, a shortcut or a slash command, to name it and to answer it. */
export const WireInteraction = z.looseObject({
  type: z.string().optional(),
  command: z.string().optional(),
  text: z.string().optional(),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  callback_id: z.string().optional(),
  user: z.looseObject({ id: z.string(), team_id: z.string().optional() }).optional(),
  user_id: z.string().optional(),
  team: z.looseObject({ id: z.string() }).nullish(),
  team_id: z.string().optional(),
  channel: z.looseObject({ id: z.string(), name: z.string().optional() }).optional(),
  channel_id: z.string().optional(),
  container: z
    .looseObject({
      type: z.string().optional(),
      message_ts: z.string().optional(),
      thread_ts: z.string().optional(),
      channel_id: z.string().optional(),
      view_id: z.string().optional(),
      is_ephemeral: z.boolean().optional(),
    })
    .optional(),
  message: WireMessage.optional(),
  view: z.looseObject({ id: z.string().optional(), hash: z.string().optional() }).optional(),
  actions: z
    .array(
      z.looseObject({
        action_id: z.string(),
        action_ts: z.string().optional(),
        value: z.string().optional(),
        selected_option: z.looseObject({ value: z.string() }).nullish(),
      }),
    )
    .optional(),
});
export type WireInteraction = z.infer<typeof WireInteraction>;

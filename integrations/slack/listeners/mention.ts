// A mention of the bot in a channel: a message to capture, a question to answer in its thread, or nothing, which gets a hint. Never silence.
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackClient } from '../client.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import { mentionedIn, toPlain } from '../text.ts';
import { MENTION_HINT } from '../views/answer.ts';
import { SEE_REFUSED, say } from '../views/replies.ts';
import type { WireMention } from '../wire.ts';
import { captureByMention } from './capture.ts';

export interface MentionDeps {
  verbs: Pick<Verbs, 'takeQuestion' | 'capture'>;
  people: Pick<People, 'personOf' | 'user'>;
  client: Pick<SlackClient, 'whoAmI' | 'channel'>;
  outbound: Pick<Outbound, 'tell'>;
}

// One word that says what to do with the thread; a question may hold them too, so that nothing else may stand behind.
const CAPTURE =
  /^(?:please )?(?:capture|log|track|record|note|save|keep)(?: (?:this|that|it|the (?:message|thread)))?(?: please)?[.!]*$/i;

/** Makes the reader of mentions. Answers what came of it, in words for the log; safe to repeat with the same event. */
export function createMentions(deps: MentionDeps): (event: WireMention, eventId: string) => Promise<string> {
  const { client, outbound, people, verbs } = deps;
  return async (event, eventId) => {
    const { user, channel, ts } = event;
    const self = await client.whoAmI();
    if (!user || event.bot_id || user === self.userId) return "a bot's mention";
    if (event.edited) return 'a mention in an edited message';
    const person = await people.personOf(user);
    const threadTs = event.thread_ts ?? ts;
    const where = { userId: user, channel, threadTs: event.thread_ts ?? null };
    const words = await plainQuestion(deps, event.text ?? '', self.userId);
    if (CAPTURE.test(words))
      return captureByMention(deps, { channelId: channel, ts, threadTs: event.thread_ts ?? null, person });
    if (words === '') {
      await outbound.tell(where, say(MENTION_HINT));
      return 'a mention without a question';
    }
    const taken = await verbs.takeQuestion({
      key: `mention:${eventId}`,
      person,
      surface: 'mention',
      text: words,
      channelId: channel,
      threadTs,
    });
    if (taken.kind !== 'refused') return `a question: ${taken.kind}`;
    await outbound.tell(where, say(SEE_REFUSED));
    return `a question, refused: ${taken.refusal}`;
  };
}

/** What somebody wrote to the bot, as plain words without the mention of it. */
export async function plainQuestion(
  deps: Pick<MentionDeps, 'people' | 'client'>,
  text: string,
  botUserId: string,
): Promise<string> {
  const bare = text.replaceAll(new RegExp(`<@${botUserId}(?:\\|[^>]*)?>[:,]?`, 'g'), ' ');
  const { users, channels } = mentionedIn(bare);
  const userNames = new Map<string, string | null>();
  const channelNames = new Map<string, string | null>();
  await Promise.all([
    ...users.map(async (id) => userNames.set(id, (await deps.people.user(id))?.name ?? null)),
    ...channels.map(async (id) => channelNames.set(id, (await deps.client.channel(id))?.name ?? null)),
  ]);
  const names = {
    user: (id: string) => userNames.get(id) ?? null,
    channel: (id: string) => channelNames.get(id) ?? null,
  };
  return toPlain(bare, names).replace(/\s+/g, ' ').trim();
}

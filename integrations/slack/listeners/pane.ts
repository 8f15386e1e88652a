// The app's own conversation: what it suggests to ask when somebody opens it, and what they ask there.
import { errorLine } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackClient } from '../client.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import { PROMPTS_TITLE, promptOf } from '../views/answer.ts';
import { SEE_REFUSED, say } from '../views/replies.ts';
import type { WireMessage } from '../wire.ts';
import { plainQuestion } from './mention.ts';

export interface PaneDeps {
  verbs: Pick<Verbs, 'takeQuestion' | 'suggestions'>;
  people: Pick<People, 'personOf' | 'user'>;
  client: Pick<SlackClient, 'whoAmI' | 'channel'>;
  outbound: Pick<Outbound, 'tell' | 'suggest'>;
  log: Log;
}

// What carries words of the person; the rest is Slack's own.
const ASKED: ReadonlySet<string | undefined> = new Set([undefined, 'file_share', 'thread_broadcast']);

/** The reader of the app's own conversation. Answers what came of it, in words for the log. */
export interface Pane {
  opened(userId: string, channelId: string): Promise<void>;
  message(message: WireMessage & { channel: string }, eventId: string): Promise<string>;
}

/** Makes the reader. Safe to repeat with the same event. */
export function createPane(deps: PaneDeps): Pane {
  const { client, outbound, people, verbs } = deps;
  return {
    async opened(userId, channelId) {
      const suggestions = await verbs.suggestions(await people.personOf(userId));
      if (suggestions.length === 0) return;
      try {
        const prompts = suggestions.map(promptOf);
        await outbound.suggest({ channel: channelId, title: PROMPTS_TITLE, prompts });
      } catch (error) {
        // People can ask without being told what.
        deps.log.info({ error: errorLine(error) }, 'no questions could be suggested');
      }
    },

    async message(message, eventId) {
      const { user, channel, ts } = message;
      const self = await client.whoAmI();
      if (!user || message.bot_id || user === self.userId) return "a bot's message";
      if (!ASKED.has(message.subtype)) return `Slack's own note: ${message.subtype}`;
      const text = await plainQuestion(deps, message.text ?? '', self.userId);
      if (text === '') return 'a message without words';
      const threadTs = message.thread_ts ?? ts;
      const person = await people.personOf(user);
      const taken = await verbs.takeQuestion({
        key: `message:${eventId}`,
        person,
        surface: 'pane',
        text,
        channelId: channel,
        threadTs,
      });
      if (taken.kind !== 'refused') return `a question: ${taken.kind}`;
      await outbound.tell({ userId: user }, say(SEE_REFUSED));
      return `a question, refused: ${taken.refusal}`;
    },
  };
}

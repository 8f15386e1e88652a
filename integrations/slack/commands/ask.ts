// /throughline ask <question>

import { toPlain } from '../text.ts';
import { answerMessage, capabilities, WAITING } from '../views/answer.ts';
import { refusalText, say } from '../views/replies.ts';
import type { Command } from './command.ts';

/** Answers a question in words, for the asker only. */
export const ask: Command = {
  name: 'ask',
  usage: '/throughline ask what do customers complain about this week?',
  describe: 'a question in your words, answered for you alone until you share it; or mention me, or write to me',
  async handle(rest, { verbs }, asked) {
    const text = toPlain(rest, { user: () => null, channel: () => null }).trim();
    if (text === '') return capabilities();
    const { trigger_id: trigger } = asked.interaction;
    let waiting: Promise<void> | null = null;
    const reply = await verbs.ask({
      key: `command:${trigger ?? asked.userId}`,
      person: await asked.person(),
      text,
      channelId: asked.where.channel ?? null,
      // A model takes its time, and there is no status behind a command.
      say(step) {
        if (step === 'thinking') waiting ??= asked.reply(WAITING);
      },
    });
    await waiting;
    if (reply.kind === 'refused') return say(refusalText(reply.refusal));
    const shareable = asked.where.channel && !asked.where.channel.startsWith('D');
    return answerMessage(reply.answer, shareable ? 'mine' : 'kept');
  },
};

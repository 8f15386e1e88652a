// Clicks under an answer that only its asker sees: share it, keep it.
import { errorLine } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Outbound } from '../outbound.ts';
import {
  ANSWER_ACTIONS,
  answerKey,
  answerMessage,
  KEPT,
  NOWHERE_TO_SHARE,
  SHARED,
  SHARED_ALREADY,
} from '../views/answer.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE, refusalText } from '../views/replies.ts';

export interface AnswerClickDeps {
  verbs: Pick<Verbs, 'shareAnswer' | 'ownAnswer'>;
  outbound: Outbound;
  log: Log;
}

/** Hangs up the listeners of answers. */
export function listenToAnswers(app: SlackApp, deps: AnswerClickDeps): void {
  const { verbs, outbound, log } = deps;
  const turns = new Map<string, Promise<unknown>>();

  app.onAction(ANSWER_ACTIONS.share, async (ask) => {
    const [answerId] = fromRef(ask.value, 1) ?? [];
    const { channel, threadTs } = ask.where;
    if (!answerId) return ask.reply(OLD_MESSAGE);
    if (!channel || channel.startsWith('D')) return ask.reply(NOWHERE_TO_SHARE);
    const reply = await verbs.shareAnswer({ answerId, person: await ask.person(), channelId: channel });
    if (reply.kind === 'gone') return ask.reply(OLD_MESSAGE);
    if (reply.kind === 'refused') return ask.reply(refusalText(reply.refusal));
    const { answer, by } = reply;
    // The same answer in the same place is one message, however often it is shared: whoever comes second finds the first.
    const posted = await inTurn(`${answerId} ${channel}`, () =>
      outbound.postOnce({
        channel,
        threadTs: threadTs ?? null,
        key: `${answerKey(answerId)}:shared`,
        message: answerMessage(answer, { sharedBy: by }),
        since: new Date(answer.at),
        recover: true,
      }),
    );
    await withoutButtons(ask, answerId);
    await ask.reply(posted.found ? SHARED_ALREADY : SHARED);
  });

  app.onAction(ANSWER_ACTIONS.keep, async (ask) => {
    const [answerId] = fromRef(ask.value, 1) ?? [];
    if (!answerId) return ask.reply(OLD_MESSAGE);
    if (!(await withoutButtons(ask, answerId))) await ask.reply(KEPT);
  });

  /** One after the other for the same thing. */
  async function inTurn<T>(name: string, run: () => Promise<T>): Promise<T> {
    const before = turns.get(name) ?? Promise.resolve();
    const turn = before.then(run, run);
    turns.set(name, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(name) === turn) turns.delete(name);
    }
  }

  /** Draws what only this person sees again, so that it asks nothing any more. False when Slack takes no other message there. */
  async function withoutButtons(ask: Ask, answerId: string): Promise<boolean> {
    const { responseUrl } = ask.where;
    if (!responseUrl || ask.late) return false;
    const own = await verbs.ownAnswer({ answerId, person: await ask.person() });
    if (own.kind !== 'answered') return false;
    try {
      await outbound.replaceMine(responseUrl, answerMessage(own.answer, 'kept'));
      return true;
    } catch (error) {
      log.info({ error: errorLine(error) }, 'the buttons under an answer stay: Slack takes no other message there');
      return false;
    }
  }
}

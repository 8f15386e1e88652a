// Clicks under an answer: share it, keep it, judge it.
import { errorLine } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Answers } from '../answers.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Outbound } from '../outbound.ts';
import {
  ANSWER_ACTIONS,
  answerKey,
  KEPT,
  NOT_ASKER,
  NOWHERE_TO_SHARE,
  SHARED,
  SHARED_ALREADY,
  VOTED,
} from '../views/answer.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE, refusalText } from '../views/replies.ts';

export interface AnswerClickDeps {
  verbs: Pick<Verbs, 'shareAnswer' | 'ownAnswer' | 'vote'>;
  answers: Answers;
  outbound: Outbound;
  log: Log;
}

/** Hangs up the listeners of answers. */
export function listenToAnswers(app: SlackApp, deps: AnswerClickDeps): void {
  const { verbs, answers, outbound, log } = deps;

  app.onAction(ANSWER_ACTIONS.share, async (ask) => {
    const [answerId] = fromRef(ask.value, 1) ?? [];
    const { channel, threadTs } = ask.where;
    if (!answerId) return ask.reply(OLD_MESSAGE);
    if (!channel || channel.startsWith('D')) return ask.reply(NOWHERE_TO_SHARE);
    const reply = await verbs.shareAnswer({ answerId, person: await ask.person(), channelId: channel });
    if (reply.kind === 'gone') return ask.reply(OLD_MESSAGE);
    if (reply.kind === 'refused') return ask.reply(refusalText(reply.refusal));
    const { answer, by } = reply;
    // The same answer in the same place is one message, however often it is shared.
    const posted = await answers.send(answer, { sharedBy: by }, (message) =>
      outbound.postOnce({
        channel,
        threadTs: threadTs ?? null,
        key: `${answerKey(answerId)}:shared`,
        message,
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

  const vote = async (ask: Ask): Promise<void> => {
    const [side, answerId] = fromRef(ask.value, 2) ?? [];
    if (!answerId || (side !== 'up' && side !== 'down')) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.vote({
      thing: { kind: 'answer', id: answerId },
      person: await ask.person(),
      vote: side === 'up' ? 1 : -1,
    });
    switch (reply.kind) {
      case 'done':
        return ask.reply(VOTED[side]);
      case 'not_asker':
        return ask.reply(NOT_ASKER);
      case 'refused':
        return ask.reply(refusalText(reply.refusal));
      case 'gone':
        return ask.reply(OLD_MESSAGE);
    }
  };
  app.onAction(ANSWER_ACTIONS.vote, vote);
  app.onAction(ANSWER_ACTIONS.up, vote);
  app.onAction(ANSWER_ACTIONS.down, vote);

  /** Draws what only this person sees again, so that it asks nothing any more. False when Slack takes no other message there. */
  async function withoutButtons(ask: Ask, answerId: string): Promise<boolean> {
    const { responseUrl } = ask.where;
    if (!responseUrl || ask.late) return false;
    const own = await verbs.ownAnswer({ answerId, person: await ask.person() });
    if (own.kind !== 'answered') return false;
    try {
      await answers.send(own.answer, 'kept', (message) => outbound.replaceMine(responseUrl, message));
      return true;
    } catch (error) {
      log.info({ error: errorLine(error) }, 'the buttons under an answer stay: Slack takes no other message there');
      return false;
    }
  }
}

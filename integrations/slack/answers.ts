// Answers, where they were asked: in the app's own conversation step by step, in a channel as one reply in the thread. Nobody is left without one.
import type { AskStep, Question, ShownAnswer } from '#src/domain/ask.ts';
import { AppError, ExternalError, errorLine } from '#src/domain/errors.ts';
import type { Clock, Log } from '#src/domain/ports.ts';
import type { Message } from './client.ts';
import type { Outbound } from './outbound.ts';
import { answerKey, answerMessage, STATUS, STEP_TITLES } from './views/answer.ts';
import { toReply } from './views/replies.ts';

// What is answered sooner needs no steps to be watched.
const PATIENCE_MS = 1_200;

/** Draws answers; knows what this workspace can show. */
export interface Answers {
  /** Answers in the conversation where it was asked. Answers the ts of the message; null when the asker alone was told. */
  answer(
    question: Question,
    options: {
      recover: boolean;
      began: (ts: string) => Promise<void>;
      work: (say: (step: AskStep) => void) => Promise<ShownAnswer>;
    },
  ): Promise<{ ts: string | null }>;
}

/** Makes the drawing of one workspace. */
export function createAnswers(deps: { outbound: Outbound; clock: Clock; log: Log }): Answers {
  const { outbound, clock, log } = deps;
  // Learned from Slack's refusal, and tried again after the next start.
  let streams = true;

  return {
    async answer(question, { recover, began, work }) {
      const { id, channelId, threadTs, surface, asker } = question;
      if (!channelId || !threadTs) return { ts: null };
      const progress = surface === 'pane' ? watch(channelId, threadTs, question.ts, began) : quiet(channelId, threadTs);
      const { shown, message } = await progress.during(work).then(
        (answer) => ({ shown: answer, message: answerMessage(answer, 'shown') }),
        (error: unknown) => {
          // What may succeed later is tried again; the rest is told.
          if (!(error instanceof AppError) || error.retryable) throw error;
          log.error({ question: id, error: errorLine(error) }, 'a question could not be answered');
          return { shown: null, message: toReply(error, id.slice(-8)) };
        },
      );
      const where = { userId: asker, channel: channelId, threadTs };
      // A hint is for the one who needs it; a channel needs none.
      if (surface === 'mention' && shown?.outcome !== 'answered') {
        await progress.clear();
        await outbound.tell(where, message);
        return { ts: null };
      }
      try {
        return { ts: await place(question, message, { ts: progress.ts(), recover }) };
      } catch (error) {
        if (!(error instanceof ExternalError) || error.retryable) throw error;
        log.info(
          { question: id, code: error.code },
          'the place of a question did not take the answer; telling the asker',
        );
        await outbound.tell({ userId: asker }, message);
        return { ts: null };
      }
    },
  };

  /** Puts the answer in the place of the message that was begun, or posts it, once. */
  async function place(
    { id, channelId, threadTs, askedAt }: Question,
    message: Message,
    { ts, recover }: { ts: string | null; recover: boolean },
  ): Promise<string> {
    const key = answerKey(id);
    const channel = channelId!;
    if (ts !== null) {
      await outbound.endStream(channel, ts);
      if ((await outbound.redraw({ channel, ts, key, load: async () => message })) !== 'gone') return ts;
    }
    return (await outbound.postOnce({ channel, threadTs, key, message, since: new Date(askedAt), recover })).ts;
  }

  /** In a channel nothing but the status says that we are at work. */
  function quiet(channel: string, threadTs: string) {
    return {
      ts: () => null,
      async during<T>(work: (say: (step: AskStep) => void) => Promise<T>): Promise<T> {
        await say(channel, threadTs, STATUS.reading);
        return work(() => {});
      },
      clear: () => say(channel, threadTs, ''),
    };
  }

  /** In the app's own conversation each step is told; when it takes longer, in a message that becomes the answer. */
  function watch(channel: string, threadTs: string, begunTs: string | null, began: (ts: string) => Promise<void>) {
    let ts = begunTs;
    let last: AskStep | null = null;
    let telling: Promise<unknown> = Promise.resolve();
    const task = (step: AskStep, status: 'in_progress' | 'complete') => ({
      type: 'task_update' as const,
      id: step,
      title: STEP_TITLES[step],
      status,
    });
    const tell = (step: AskStep): void => {
      if (step === last) return;
      const before = last;
      last = step;
      telling = telling.then(async () => {
        if (ts === null) return say(channel, threadTs, STATUS[step]);
        const chunks = [...(before ? [task(before, 'complete')] : []), task(step, 'in_progress')];
        await outbound.appendStream({ channel, ts, chunks });
      });
      telling = telling.catch((error) => log.debug({ error: errorLine(error) }, 'a step could not be told'));
    };
    const begin = async (): Promise<void> => {
      if (!streams || ts !== null) return;
      try {
        const begun = await outbound.beginStream({
          channel,
          threadTs,
          chunks: [task(last ?? 'reading', 'in_progress')],
        });
        if (begun === 'unavailable') streams = false;
        else {
          ts = begun.ts;
          await began(ts);
        }
      } catch (error) {
        log.info({ error: errorLine(error) }, 'no message could be begun; the answer comes in one piece');
      }
    };
    return {
      ts: () => ts,
      async during<T>(work: (say: (step: AskStep) => void) => Promise<T>): Promise<T> {
        tell('reading');
        const done = new AbortController();
        const watching = clock.sleep(PATIENCE_MS, done.signal).then(async () => {
          if (done.signal.aborted) return;
          telling = telling.then(begin);
          await telling;
        });
        try {
          return await work(tell);
        } finally {
          done.abort();
          await watching;
          await telling;
        }
      },
      clear: () => say(channel, threadTs, ''),
    };
  }

  /** A status is a courtesy: without one the answer comes all the same. */
  async function say(channel: string, threadTs: string, status: string): Promise<void> {
    try {
      await outbound.status({ channel, threadTs, status });
    } catch (error) {
      log.debug({ error: errorLine(error) }, 'no status could be set');
    }
  }
}

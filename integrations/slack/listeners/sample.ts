// Taps on the weekly sample, and the message itself, which is edited in place.
import type { Judgement, SampleView } from '#src/domain/sample.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Outbound, Posted } from '../outbound.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE, say } from '../views/replies.ts';
import { judgedText, SAMPLE_ACTIONS, sampleKey, sampleMessage, WELCOME } from '../views/sample.ts';

export interface SampleDeps {
  verbs: Pick<Verbs, 'judgeSample' | 'sample'>;
  outbound: Pick<Outbound, 'redraw'>;
}

/** Hangs up the listeners. */
export function listenToSamples(app: SlackApp, deps: SampleDeps): void {
  app.onActions(SAMPLE_ACTIONS.report, (ask) => judge(ask, 'report'));
  app.onActions(SAMPLE_ACTIONS.other, (ask) => judge(ask, 'not_report'));

  async function judge(ask: Ask, judgement: Judgement): Promise<void> {
    const [week, n] = fromRef(ask.value, 2) ?? [];
    if (!week || !/^\d{1,3}$/.test(n ?? '')) return ask.reply(OLD_MESSAGE);
    const person = await ask.person();
    const reply = await deps.verbs.judgeSample({ week, n: Number(n), judgement, person });
    const { container, message, channel } = ask.interaction;
    const at = { channel: container?.channel_id ?? channel?.id, ts: container?.message_ts ?? message?.ts };
    if ('view' in reply && at.channel && at.ts) {
      await deps.outbound.redraw({
        channel: at.channel,
        ts: at.ts,
        key: sampleKey(week),
        // Read when it is drawn: another tap may have come in between.
        load: async () => {
          const view = await deps.verbs.sample({ week, person });
          return view && sampleMessage(view);
        },
      });
    }
    const text = judgedText(reply);
    if (text) await ask.reply(text);
  }
}

/** How samples are sent. */
export interface SampleVoice {
  welcome(personId: string): Promise<{ channel: string }>;
  post(view: SampleView, where: { channel: string; since: Date; recover: boolean }): Promise<Posted>;
}

/** Makes it. A person is written to by direct message; once we know where that is, an earlier try is found there. */
export function createSampleVoice(deps: { outbound: Pick<Outbound, 'postOnce'>; now: () => Date }): SampleVoice {
  return {
    welcome: (personId) =>
      deps.outbound.postOnce({
        channel: personId,
        key: `volunteer:${personId}`,
        message: say(WELCOME),
        since: deps.now(),
        recover: false,
      }),
    post: (view, where) =>
      deps.outbound.postOnce({ ...where, key: sampleKey(view.week), message: sampleMessage(view) }),
  };
}

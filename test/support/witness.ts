// A witness of everything that reaches people in the simulated Slack: what the bot wrote, who could read it at that moment, and what each sees now.
import type { Message } from '#src/sandbox/slack/model.ts';
import type { SlackState } from '#src/sandbox/slack/state.ts';

/** Something that the bot showed, and the ids of those who could read it then. */
export interface Shown {
  text: string;
  readers: readonly string[];
}

/** Watches from now on. */
export function witnessOf(state: SlackState) {
  const everything: Shown[] = [];
  const isOurs = (message: Message) => message.user === state.app.botUserId;
  const people = (ids: Iterable<string>) => [...ids].filter((id) => id !== state.app.botUserId);
  const stop = state.subscribe((change) => {
    switch (change.kind) {
      case 'message':
      case 'message_changed':
        if (isOurs(change.message))
          everything.push({ text: asRead(change.message), readers: people(change.channel.members) });
        break;
      case 'ephemeral':
      case 'ephemeral_changed':
        everything.push({ text: asRead(change.ephemeral.message), readers: [change.ephemeral.user] });
        break;
      case 'view_opened':
      case 'view_updated':
      case 'home_published':
        everything.push({ text: asRead(change.view.view), readers: [change.view.user] });
        break;
      case 'file':
        for (const { channel } of change.file.shares)
          everything.push({
            text: asRead({ ...change.file, bytes: null }),
            readers: people(state.channel(channel).members),
          });
        break;
      default:
    }
  });
  return {
    stop,
    everything,
    /** What our messages say at this moment to whoever is in their channels now; what was private to somebody stays so. */
    standing: (): Shown[] =>
      [...state.channels.values()].flatMap((channel) =>
        channel.messages.filter(isOurs).map((message) => ({ text: asRead(message), readers: people(channel.members) })),
      ),
  };
}

// Without the invisible marks that keep Slack from making links of what is none.
function asRead(shown: unknown): string {
  return JSON.stringify(shown).replace(/\p{Cf}/gu, '');
}

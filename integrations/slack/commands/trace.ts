// /throughline trace <anything>
import { oneReader } from '#src/domain/visibility.ts';
import { say } from '../views/replies.ts';
import { TRACE_WHAT, traceMessage } from '../views/trace.ts';
import type { Command } from './command.ts';

/** Shows the chain through anything: an insight, an issue, a message, a ticket. */
export const trace: Command = {
  name: 'trace',
  usage: '/throughline trace ENG-12',
  describe: 'who said what and what became of it: an insight, an issue, a message link, `zendesk:1`, `ticket 1`',
  async handle(rest, { verbs }, ask) {
    const query = pasted(rest);
    if (query === '') {
      return say(TRACE_WHAT);
    }
    return traceMessage(await verbs.trace(query, oneReader(await ask.person())), query);
  },
};

/** What a person pasted, without what Slack put around it: `<https://…|label>` and the escapes. */
export function pasted(text: string): string {
  const bare = text.trim().replace(/^`+|`+$/g, '');
  const link = /^<([^|>]+)(?:\|[^>]*)?>$/.exec(bare)?.[1] ?? bare;
  return link.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').trim();
}

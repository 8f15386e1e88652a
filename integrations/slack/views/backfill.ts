// The past of a channel: how far its reading is, and what it came to. For one person at a time, never in a channel.
import type {
  Backfill,
  BackfillSummary,
  BackfillView,
  ShowBackfilledReply,
  StartBackfillReply,
} from '#src/domain/backfill.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless } from '../text.ts';
import { blocksOf, button, context, count, line, rich, section, words } from './blocks.ts';
import { toRef } from './ref.ts';
import { refusalText } from './replies.ts';

export const BACKFILL_ACTIONS = { show: 'backfill_show' } as const;
/** As many as a person looks at. */
export const BACKFILL_SHOWN = 3;

const TITLE_LENGTH = 120;
// Channels named in one message; a message has room for 50 blocks.
const LISTED_MAX = 20;

/** Where one channel stands, in one line of Slack's markup. */
export function backfillLine(backfill: BackfillView): string {
  const name = `*#${harmless(clip(backfill.name, 80))}*`;
  const since = day(backfill.since);
  const { share, messages, remainingMs } = backfill.estimate;
  switch (backfill.state) {
    case 'waiting':
      return `${name}: the messages since ${since} wait to be read.`;
    case 'reading': {
      const read =
        messages === null
          ? `reading the messages since ${since} …`
          : `${number(backfill.messages)} of about ${number(messages)} messages since ${since} read, ${Math.floor(share * 100)}%, ${timeLeft(remainingMs)}.`;
      return `${name}: ${read}${backfill.slow ? ` ${SLOW}` : ''}`;
    }
    case 'stopped':
      return `${name}: stopped at ${Math.floor(share * 100)}%, ${count(backfill.messages, 'message')} read. Start it again and it goes on from there.`;
    case 'failed':
      return `${name}: not read. ${harmless(clip(backfill.problem ?? 'Slack refused.', 300))}`;
    case 'done':
      return `${name}: ${number(backfill.messages)} ${backfill.messages === 1 ? 'message' : 'messages'} since ${since} read.`;
  }
}

const SLOW =
  'Slack answers this app only once a minute with 15 messages, as it does to apps that are distributed outside its Marketplace; an app made in your own workspace from manifest.yml is not slowed down.';

/** The answer to whoever starts it. `nameOf` gives names for people, never mentions. */
export function startBackfillText(reply: StartBackfillReply, nameOf: (id: string) => string): string {
  switch (reply.kind) {
    case 'started': {
      const { name, since } = reply.backfill;
      const what = reply.resumed
        ? `Reading on in *#${harmless(clip(name, 80))}*, where it stopped.`
        : `Reading what was said in *#${harmless(clip(name, 80))}* since ${day(since)}.`;
      return `${what} It opens no cards; I tell you here when it is done, and what I found.`;
    }
    case 'already':
      return `${harmless(nameOf(reply.by))} has started this already. ${backfillLine(reply.backfill)}`;
    case 'not_watched':
      return 'I do not listen in that channel. Invite me there with `/invite @Throughline`, then start again.';
    case 'refused':
      return refusalText(reply.refusal);
  }
}

/** The direct message to whoever started it, once everything has been read and understood. */
export function backfillEndedMessage(ended: readonly Backfill[], summary: BackfillSummary | null): Message {
  const lines = ended
    .slice(0, LISTED_MAX)
    .map((one) => backfillLine({ ...one, estimate: { share: 1, messages: one.messages, remainingMs: 0 } }));
  const more = ended.length - lines.length;
  if (more > 0) lines.push(`${count(more, 'more channel')}.`);
  const found = summary ? foundText(summary) : null;
  const offer = summary && summary.waiting > 0 ? showLabel(summary) : null;
  const ids = ended.flatMap((one) => (one.state === 'done' ? one.channelId : [])).slice(0, LISTED_MAX);
  const named = summary?.largest.map(({ title, customers, reports }) => ({
    title: clip(title, TITLE_LENGTH),
    reach: `${count(customers, 'customer')}, ${count(reports, 'report')}`,
  }));
  const hidden = summary && summary.hidden > 0 ? hiddenText(summary.hidden) : null;
  return {
    text: [
      ...lines,
      found,
      ...(named ?? []).map(({ title, reach }) => `• ${harmless(title)}: ${reach}`),
      hidden,
      offer ? `${offer}?` : null,
    ]
      .filter(Boolean)
      .join('\n')
      .replaceAll('*', ''),
    blocks: blocksOf(
      ...lines.map(section),
      found !== null && section(`*${found}*`),
      named !== undefined &&
        named.length > 0 &&
        rich({
          type: 'rich_text_list',
          style: 'bullet',
          elements: named.map(({ title, reach }) => line(words(title, { bold: true }), words(`: ${reach}`))),
        }),
      hidden !== null && context(hidden),
      offer !== null && {
        type: 'actions',
        elements: [button(BACKFILL_ACTIONS.show, offer, toRef(ids.join(',')), 'primary')],
      },
      offer !== null && context('The others wait in `/throughline insight`; a new report brings its insight out.'),
    ),
  };
}

/** The answer to the button under it. */
export function showBackfilledText(reply: ShowBackfilledReply): string {
  switch (reply.kind) {
    case 'posted':
      if (reply.posted + reply.held === 0) return 'Nothing of it waits any more: everything has been shown or decided.';
      return [
        reply.posted > 0 && `${count(reply.posted, 'insight')} on the way to the insights channel.`,
        reply.held > 0 &&
          `${count(reply.held, 'insight comes', 'insights come')} later: the channel has had its share for today, or is in its quiet hours.`,
        reply.waiting > 0 && `${count(reply.waiting, 'more waits', 'more wait')} in \`/throughline insight\`.`,
      ]
        .filter(Boolean)
        .join(' ');
    case 'no_channel':
      return 'There is no insights channel yet: set `INSIGHTS_CHANNEL` and invite me there. Until then they wait in `/throughline insight`.';
    case 'refused':
      return refusalText(reply.refusal);
  }
}

function foundText({ themes, waiting }: BackfillSummary): string {
  if (themes === 0) return 'I found no theme in it.';
  const many =
    waiting === 0 ? 'none of them is large enough to decide about' : `${number(waiting)} of them wait for a decision`;
  return `I found ${count(themes, 'theme')}; ${waiting === 1 ? '1 of them waits for a decision' : many}.`;
}

function showLabel({ waiting }: BackfillSummary): string {
  return waiting === 1 ? 'Show it' : `Show the ${waiting < BACKFILL_SHOWN ? waiting : BACKFILL_SHOWN} largest`;
}

function hiddenText(hidden: number): string {
  return `${count(hidden, 'title')} hidden: some of the reports come from a place that you cannot open.`;
}

/** `about 3 min left`. */
function timeLeft(ms: number | null): string {
  if (ms === null) return 'no telling yet how long';
  const minutes = Math.ceil(ms / 60_000);
  if (minutes <= 1) return 'about a minute left';
  if (minutes < 120) return `about ${minutes} min left`;
  return `about ${Math.round(minutes / 60)} h left`;
}

function day(iso: string): string {
  return new Date(iso).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}

function number(many: number): string {
  return many.toLocaleString('en');
}

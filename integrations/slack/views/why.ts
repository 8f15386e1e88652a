// What the bot made of a message, as a window for the one who asks: every verdict with what produced it, and what became of it.
import type { KnownBlock, ModalView } from '@slack/types';
import type { CardState } from '#src/domain/card.ts';
import type { Gate, GateRule } from '#src/domain/gate.ts';
import type { ProducedBy } from '#src/domain/observation.ts';
import type { CardWhy, MessageWhy, NotHeld, SeenTheme, Watch, WhyReply } from '#src/domain/why.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, button, context, count, facts, line, plain, quoted, rich, section, words } from './blocks.ts';
import { toRef } from './ref.ts';
import { refusalText } from './replies.ts';

export const WHY_ACTIONS = { capture: 'why_capture' } as const;
/** How much of a message is shown again: a person has it before them. */
const TEXT_MAX = 1_200;
const TITLE_MAX = 90;

/** Said where a link was not understood. */
export const WHY_NEEDS_LINK =
  'Give me the link to a message: `/throughline why https://…/archives/C…/p…`. On a message itself, use *Why this, Throughline?* from its menu.';

/** The window. `captured` is said on top once somebody has captured from it. */
export function whyModal(reply: WhyReply, captured: string | null = null): ModalView {
  const blocks = blocksOf(captured ? section(captured) : null, ...blocksFor(reply, captured === null));
  return {
    type: 'modal',
    title: plain('Why this?', LENGTH.modalTitle),
    close: plain('Close', LENGTH.modalButton),
    blocks,
  };
}

function blocksFor(reply: WhyReply, offer: boolean): (KnownBlock | null)[] {
  switch (reply.kind) {
    case 'message':
      return messageBlocks(reply.why, reply.canCapture && offer);
    case 'card':
      return cardBlocks(reply.why);
    case 'ours':
      return [section('I wrote this myself, as an answer or a note. I do not read my own messages.')];
    case 'not_held':
      return [
        section(`*I hold nothing of this message.*\n${NOT_HELD_WORDS[reply.because]}`),
        context(watchWords(reply.watch)),
        offer && reply.canCapture
          ? captureButton(toRef(reply.message.channelId, reply.message.ts), 'Capture it now')
          : null,
      ];
    case 'closed':
      return [section('You cannot open the place where that was written, so I do not tell what I made of it.')];
    case 'refused':
      return [section(refusalText(reply.refusal))];
  }
}

const NOT_HELD_WORDS: Readonly<Record<NotHeld, string>> = {
  not_watched: 'I do not listen in this channel. Somebody has to add me, or name it among the channels to watch.',
  bot: 'Another bot wrote it, and I leave bots out unless the setting `slack.bots` lets them in.',
  staff: 'Somebody of your own team wrote it; such words are context, and this one stood alone.',
  direct: 'It was written in a direct message. I read those to answer, and never as reports.',
  empty: 'It has no text that I could use.',
  too_old: 'It was written before I listened here. A back-fill reads what is older.',
  waiting: 'It was written a moment ago, and I may not have read it yet. Ask again in a minute.',
  missed: 'I listen here, and it never reached me. `/throughline quality` tells of gaps in what I hear.',
  not_found: 'Slack shows no such message any more; it may have been deleted.',
};

const RULE_WORDS: Readonly<Record<GateRule, string>> = {
  empty: 'there are no words in it',
  courtesy: 'it is a greeting or thanks',
  chatter: 'it is chatter',
  too_few_words: 'it has too few words that tell something',
  small_talk: 'short kind words wait for a person in this channel',
  lone_question: 'a question alone waits for a person in this channel',
  not_sure: 'it is not clearly a report, and this channel leaves doubt to people',
  captured: 'a person captured it',
};

const GATE_WORDS: Readonly<Record<Gate['verdict'], string>> = {
  passed: 'Let in',
  noise: 'Thrown away as noise',
  left_out: 'Left out, for a person to capture',
};

const STATE_WORDS: Readonly<Record<CardState, string>> = {
  waiting: 'not posted yet',
  open: 'waiting for a decision',
  snoozed: 'set aside',
  approved: 'approved',
  filed: 'filed',
  failed: 'filing failed',
  dismissed: 'dismissed',
  done: 'done',
  undone: 'taken back',
  folded: 'goes on elsewhere',
  absorbed: 'merged into another',
};

function messageBlocks(why: MessageWhy, offer: boolean): (KnownBlock | null)[] {
  const { observation: seen } = why;
  return [
    section(`*${headline(why)}*`),
    context(watchWords(why.watch), roleWords(why)),
    why.redacted === null
      ? section(
          why.deleted ? 'It was deleted where it was written, and its words are gone here too.' : 'Its words are gone.',
        )
      : rich(line(words('As I hold it\n', { bold: true })), quoted(words(why.redacted, undefined, TEXT_MAX))),
    seen &&
      facts([
        ['Kind', sure(seen.kind.replaceAll('_', ' '), seen.confidence.kind)],
        ['Severity', sure(seen.severity, seen.confidence.severity)],
        ['Area', sure(seen.area ?? 'none named', seen.confidence.area)],
        ['Language', sure(seen.language ?? 'not clear', seen.confidence.language)],
      ]),
    seen ? context(`Read by ${producer(seen.producedBy)}. Percentages say how sure it is.`) : null,
    why.conversation
      ? section(
          `*Conversation*\n${count(why.conversation.messages, 'message')} from ${count(why.conversation.customers, 'person', 'people')} on the customer’s side, read together. \`${code(why.conversation.id)}\``,
        )
      : null,
    why.theme ? section(themeWords(why.theme)) : null,
    section(`*What became of it*\n${fateWords(why)}`),
    nearestBlock(why),
    offer ? captureButton(captureRef(why), 'Capture it now') : null,
  ];
}

function headline(why: MessageWhy): string {
  const { observation: seen } = why;
  if (why.deleted) return 'Deleted';
  if (!seen) return why.role === 'customer' ? 'I have it, and have not read it yet' : 'Context, not a report';
  if (!seen.gate) return seen.isNoise ? GATE_WORDS.noise : GATE_WORDS.passed;
  const { gate } = seen;
  const because = gate.rule ? `: ${RULE_WORDS[gate.rule]}` : '';
  const by = gate.by === 'analyst' ? `, by ${producer(seen.producedBy)}` : gate.by === 'rule' ? ', by rule' : '';
  return `${GATE_WORDS[gate.verdict]}${because} (${percent(gate.confidence)} sure${by})`;
}

function watchWords(watch: Watch): string {
  const by = {
    environment: 'named in the settings of the bot',
    joined: 'I was added to it',
    person: 'a person chose so',
  };
  const because = watch.by ? ` (${by[watch.by]})` : '';
  if (watch.mode === 'off') return `I do not listen in this channel${because}.`;
  const what = watch.mode === 'suggest' ? 'I listen here and post insights from it' : 'I listen here and only observe';
  const bar =
    watch.capture === 'conservative' ? 'only clear reports come in by themselves' : 'every report comes in by itself';
  return `${what}${because}; ${bar}.`;
}

function roleWords(why: MessageWhy): string {
  const roles = {
    customer: 'Counts as a customer’s words',
    staff: 'Words of your own team: context',
    bot: 'Written by a bot',
  };
  const captured = why.capturedBy ? ` · captured by ${harmless(clip(why.capturedBy, 80))}` : '';
  return `${roles[why.role]}${captured}${why.historical ? ' · read from the past, so it opens no card by itself' : ''}`;
}

function themeWords(theme: NonNullable<MessageWhy['theme']>): string {
  const how = theme.by
    ? `put there by ${harmless(clip(theme.by, 80))}`
    : theme.score === null
      ? 'this opened it'
      : `similarity ${theme.score.toFixed(2)} when it was assigned`;
  return `*Theme*\n${titleOf(theme)}: ${how}${theme.at ? `, ${when(theme.at)}` : ''}`;
}

function nearestBlock(why: MessageWhy): KnownBlock | null {
  const rows = why.nearest.map(
    (one) =>
      `• ${one.score.toFixed(2)} (it takes ${one.needed.toFixed(2)}): ${titleOf(one)}${one.themeId === why.theme?.themeId ? ', its own' : ''}`,
  );
  if (why.nearestHidden > 0)
    rows.push(`• ${count(why.nearestHidden, 'more theme')} with reports from places that you cannot open`);
  if (rows.length === 0) return null;
  return section(`*Nearest themes now*\n${rows.join('\n')}`);
}

function titleOf(theme: SeenTheme): string {
  return theme.title === null
    ? 'a theme with reports that you cannot open'
    : `“${harmless(clip(theme.title, TITLE_MAX))}”`;
}

function fateWords(why: MessageWhy): string {
  if (why.issue) {
    const state = why.issue.state ? `, now ${harmless(clip(why.issue.state, 80))}` : '';
    return `It is evidence for ${linkTo(why.issue.url, why.issue.label)}${state}.`;
  }
  if (why.card) {
    const label = why.card.permalink ? linkTo(why.card.permalink, 'Its card') : 'Its card';
    return `${label}: ${STATE_WORDS[why.card.state]}.`;
  }
  if (why.theme) return 'It counts for its theme, which has no card yet: too few customers report it.';
  if (why.calledNoiseBy)
    return `${harmless(clip(why.calledNoiseBy, 80))} said that it is no report. Capturing it says that it is one after all.`;
  if (why.observation?.isNoise) return 'Nothing. It joins no theme and counts for nobody.';
  return why.observation ? 'It is about to be put to a theme.' : 'Nothing yet.';
}

function cardBlocks({ card, broughtBy, customersNeeded, postedAt, permalink }: CardWhy): (KnownBlock | null)[] {
  const { insight } = card;
  const { reach } = insight;
  const rule =
    broughtBy === 'person'
      ? 'Somebody on your team captured a report and asked for it; the number of customers did not matter.'
      : `${count(reach.customersInWindow, 'customer')} reported it within 14 days. From ${customersNeeded} on I post by myself.`;
  return [
    section(`*Why this card: “${harmless(clip(insight.title, TITLE_MAX))}”*`),
    section(`*The rule that posted it*\n${rule}`),
    card.cameBackBecause ? section(`*Why it is back*\n${harmless(clip(card.cameBackBecause, 400))}`) : null,
    rich(
      line(words('Why this: ', { bold: true }), words(insight.whyThis, undefined, 600), words('\n')),
      line(words('Why now: ', { bold: true }), words(insight.whyNow, undefined, 600)),
    ),
    facts([
      ['Reports', String(reach.reports)],
      ['Customers', String(reach.customers)],
      ['Trend', harmless(insight.trend.word)],
      ['How sure', `${harmless(insight.confidence.word)} (${percent(insight.confidence.value)})`],
    ]),
    section(`*What became of it*\n${cardFate(card)}`),
    context(
      `Written by ${producer(insight.producedBy)}.`,
      `${postedAt ? `Posted ${when(postedAt)}` : 'Not posted'}${permalink ? ` · ${linkTo(permalink, 'the card')}` : ''} · \`${card.cardId}\``,
    ),
    card.wordsHidden
      ? context('Some of its reports come from places that you cannot open, so it is named in general words.')
      : null,
  ];
}

function cardFate(card: CardWhy['card']): string {
  if (card.issue) return `Filed as ${linkTo(card.issue.url, card.issue.label)}.`;
  if (card.decision)
    return `${STATE_WORDS[card.state]}, by ${harmless(clip(card.decision.by, 80))}, ${when(card.decision.at)}.`;
  return `It is ${STATE_WORDS[card.state]}.`;
}

function captureRef(why: MessageWhy): string {
  return why.message ? toRef(why.message.channelId, why.message.ts) : toRef('', '');
}

function captureButton(value: string, label: string): KnownBlock {
  return { type: 'actions', elements: [button(WHY_ACTIONS.capture, label, value)] };
}

function producer(by: ProducedBy): string {
  if (!by.model) return `the rules of \`${code(by.analyst)}\` version ${code(by.version)}`;
  return `\`${code(by.model)}\` with the prompt \`${code(by.prompt ?? 'none')}\``;
}

function code(text: string): string {
  return harmless(clip(text.replaceAll('`', ''), 80));
}

function sure(value: string, confidence: number): string {
  return `${harmless(clip(value, 80))} (${percent(confidence)})`;
}

function percent(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}

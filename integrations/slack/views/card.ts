// The card: how an insight stands in the channel, in each of its states, as blocks and as the same words in plain text.
import type { ActionsBlock, KnownBlock } from '@slack/types';
import type { CardView, ShownQuote } from '#src/domain/card.ts';
import { DISMISS_REASONS, type DismissReason } from '#src/domain/decision.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, webAddress, when } from '../text.ts';
import {
  blocksOf,
  button,
  context,
  count,
  facts,
  hiddenWords,
  line,
  option,
  plain,
  quotesBlock,
  rich,
  section,
  sourceName,
  sparkline,
  words,
  wordsHiddenLine,
} from './blocks.ts';
import { toRef } from './ref.ts';
import { muteWords, themeButton } from './theme.ts';

/** The ids of the card's buttons. */
export const CARD_ACTIONS = {
  file: 'card_file',
  edit: 'card_edit',
  snooze: 'card_snooze',
  dismiss: 'card_dismiss',
  undo: 'card_undo',
} as const;

const QUOTES_ON_CARD = 3;
const QUOTE_MAX = 300;
export const PRIORITIES = ['No priority', 'Urgent', 'High', 'Medium', 'Low'] as const;

/** The name under which a card's message is found again. */
export function cardKey(cardId: string): string {
  return `card:${cardId}`;
}

/** The parent message of an insight. `now` decides whether Undo is still offered. */
export function cardMessage(view: CardView, now: Date): Message {
  if (view.state === 'folded' || view.state === 'absorbed') return foldedMessage(view);
  const { insight } = view;
  const blocks = blocksOf(
    context(heading(view)),
    view.cameBackBecause ? rich(line(words('Back again: ', { bold: true }), words(view.cameBackBecause))) : null,
    rich(line(words(insight.claim, { bold: true }, 600))),
    facts(reachFacts(view)),
    { ...section(trendLine(view, false)), accessory: themeButton(view.themeId) },
    quotesBlock(view, QUOTES_ON_CARD, QUOTE_MAX),
    view.wordsHidden
      ? section(wordsHiddenLine(insight.id))
      : rich(
          line(words('Why this: ', { bold: true }), words(insight.whyThis, undefined, 500)),
          line(words('\nWhy now: ', { bold: true }), words(insight.whyNow, undefined, 500)),
        ),
    rich(line(words('Confidence: ', { bold: true }), words(confidenceWords(view)))),
    proposalBlock(view),
    ...statusBlocks(view),
    buttons(view, now),
    context(footer(view)),
  );
  return { text: cardText(view), blocks };
}

/** The whole card in plain words: for notifications, screen readers and clients without blocks. */
export function cardText(view: CardView): string {
  const { insight, proposal } = view;
  const shown = view.quotes.slice(0, QUOTES_ON_CARD);
  return [
    heading(view),
    view.cameBackBecause && `Back again: ${harmless(view.cameBackBecause)}`,
    harmless(clip(insight.claim, 600)),
    reachFacts(view)
      .map(([label, value]) => `${label}: ${value}`)
      .join(' · '),
    trendLine(view, true),
    ...shown.map((quote) => `“${harmless(clip(quote.text, QUOTE_MAX))}” (${quoteSource(quote)})`),
    hiddenWords(view, shown.length),
    ...(view.wordsHidden
      ? [wordsHiddenLine(insight.id).replace(/[*`]/g, '')]
      : [`Why this: ${harmless(clip(insight.whyThis, 500))}`, `Why now: ${harmless(clip(insight.whyNow, 500))}`]),
    `Confidence: ${harmless(confidenceWords(view))}`,
    proposal && `Proposed: ${harmless(proposalWords(view))}`,
    ...statusLines(view).map((status) => status.replace(/[*]/g, '')),
  ]
    .filter(Boolean)
    .join('\n');
}

function foldedMessage(view: CardView): Message {
  const title = harmless(clip(view.insight.title, 200));
  const why =
    view.state === 'absorbed'
      ? 'This theme was merged into another one.'
      : harmless(clip(view.notes[0] ?? 'There is a newer card about this.', 300));
  const onward = view.continuesAt ? ` ${linkTo(view.continuesAt, 'It goes on here')}.` : '';
  const record = view.issue ? ` Filed here as ${issueLink(view)}.` : '';
  const text = `${title}: ${why}${onward}${record}`;
  return { text, blocks: [context(text)] };
}

function heading({ insight, state }: CardView): string {
  const parts = [
    state === 'waiting' ? 'Insight, not posted yet' : 'Insight',
    harmless(insight.kind.replaceAll('_', ' ')),
    `${insight.severity} severity`,
    insight.area && harmless(insight.area),
  ];
  return parts.filter(Boolean).join(' · ');
}

function reachFacts({ insight: { reach } }: CardView): [string, string][] {
  const sources = Object.entries(reach.sources)
    .map(([source, number]) => `${number} ${harmless(sourceName(source))}`)
    .join(', ');
  return [
    ['Customers', `${reach.customers} (${reach.customersInWindow} within 14 days)`],
    ['Reports', `${reach.reports}${sources ? ` (${sources})` : ''}`],
    ['People', String(reach.people)],
    ['Since', `${when(reach.since, 'day')}, newest ${when(reach.newest)}`],
  ];
}

const TREND_WORDS = { new: 'New', rising: 'Rising', steady: 'Steady', falling: 'Falling' } as const;

/** The trend in words; with a picture of the days for those who see it, with the numbers for those who hear it. */
function trendLine({ insight: { trend } }: CardView, heard: boolean): string {
  const days = trend.days.slice(-14);
  const words = `${TREND_WORDS[trend.word]}: ${count(trend.lastWeek, 'report')} in the last 7 days, ${trend.weekBefore} in the 7 before`;
  if (heard) return days.length > 0 ? `${words}; per day: ${days.join(' ')}` : words;
  const picture =
    days.length > 0 ? `\n\`${sparkline(days)}\` the last ${days.length} days, at most ${Math.max(...days)} a day` : '';
  return `*${words.replace(':', '*:')}${picture}`;
}

function quoteSource(quote: ShownQuote): string {
  const where = webAddress(quote.permalink) ? `, ${linkTo(quote.permalink, 'open')}` : '';
  return `${harmless(clip(quote.who, 100))}, ${harmless(clip(sourceName(quote.source), 100))}, ${when(quote.at)}${where}`;
}

function confidenceWords({ insight: { confidence } }: CardView): string {
  return `${confidence.word} (${Math.round(confidence.value * 100)} of 100), because ${confidence.because}.`;
}

function proposalWords({ proposal }: CardView): string {
  if (!proposal) return '';
  const labels = proposal.labels.length > 0 ? ` · labels ${proposal.labels.join(', ')}` : '';
  const team = proposal.team ? ` for team ${proposal.team}` : '';
  return `file “${clip(proposal.title, 255)}” in Linear${team} · ${PRIORITIES[proposal.priority] ?? 'No priority'}${clip(labels, 300)}`;
}

function proposalBlock(view: CardView): KnownBlock | null {
  return view.proposal ? rich(line(words('Proposed: ', { bold: true }), words(proposalWords(view)))) : null;
}

function statusBlocks(view: CardView): KnownBlock[] {
  const lines = statusLines(view);
  return lines.length > 0 ? [section(lines.join('\n'))] : [];
}

/** What has become of it, in our words; names and notes from elsewhere are made harmless. */
function statusLines(view: CardView): string[] {
  const { decision, state } = view;
  const by = harmless(decision?.by ?? 'somebody');
  const at = decision ? ` ${when(decision.at)}` : '';
  const lines: string[] = [];
  switch (state) {
    case 'approved':
      lines.push(`*Approved by ${by}*${at} · filing in Linear…`);
      break;
    case 'filed':
      lines.push(`*Filed as ${issueLink(view)}*, approved by ${by}${at}${stateWords(view)}`);
      break;
    case 'done':
      lines.push(`*${issueLink(view)} is done*, approved by ${by}${at}${stateWords(view)}`);
      break;
    case 'failed':
      lines.push(`*Approved by ${by}*${at}, but filing has not worked yet.`);
      break;
    case 'dismissed':
      lines.push(
        `*Dismissed by ${by}*${at}: ${reasonWords(decision?.reason ?? null)} It stays quiet until something new comes up.`,
      );
      break;
    case 'snoozed':
      lines.push(`*Set aside by ${by}*${at}${snoozeWords(view)}`);
      break;
    case 'undone':
      lines.push(
        `*Undone${decision?.undoneBy ? ` by ${harmless(decision.undoneBy)}` : ''}.* It had been ${decision?.verb ?? 'decided'} by ${by}${at}.`,
      );
      break;
    default:
      if (!view.canFile) {
        lines.push(
          '*Needs setup:* Linear is not connected, so this cannot be filed yet. `npm run doctor` says what is missing.',
        );
      }
      if (view.approvals) lines.push(approvalWords(view.approvals));
      if (view.claimedBy) lines.push(`${harmless(view.claimedBy)} is looking at this.`);
  }
  if (view.mute) lines.push(`*${muteWords(view.mute)}*: no new card and no digest line until then.`);
  for (const note of view.notes) lines.push(harmless(clip(note, 500)));
  return lines;
}

function approvalWords({ by, needed }: NonNullable<CardView['approvals']>): string {
  const who = by.length > 0 ? `, from ${by.map((name) => harmless(clip(name, 80))).join(', ')}` : '';
  return `*${by.length} of ${needed} approvals*${who}. Nothing is filed before the last one.`;
}

function reasonWords(reason: DismissReason | null): string {
  return reason ? `${DISMISS_REASONS[reason].toLowerCase().replace(/^we /, 'we ')}.` : 'no reason given.';
}

function snoozeWords({ snoozedUntil, snoozedReports }: CardView): string {
  const until = [
    snoozedUntil && `until ${when(snoozedUntil, 'day')}`,
    snoozedReports !== null && `until there are ${count(snoozedReports, 'report')}`,
  ].filter(Boolean);
  return until.length > 0 ? `, ${until.join(' or ')}.` : '.';
}

function stateWords({ issueState, state }: CardView): string {
  return issueState && state !== 'done' ? ` · now ${harmless(issueState)}` : '.';
}

function issueLink({ issue }: CardView): string {
  return issue ? linkTo(issue.url, clip(issue.label, 60)) : 'an issue';
}

function buttons(view: CardView, now: Date): ActionsBlock | null {
  const { decision, proposal, cardId } = view;
  if (view.state === 'open' || view.state === 'waiting') {
    if (!proposal) return null;
    const value = toRef(cardId, proposal.id, proposal.revision);
    return {
      type: 'actions',
      elements: [
        ...(view.canFile
          ? [button(CARD_ACTIONS.file, 'File in Linear', value, 'primary'), button(CARD_ACTIONS.edit, 'Edit', value)]
          : []),
        button(CARD_ACTIONS.snooze, 'Not now', value),
        {
          type: 'static_select',
          action_id: CARD_ACTIONS.dismiss,
          placeholder: plain('Dismiss because…', 150),
          options: Object.entries(DISMISS_REASONS).map(([reason, label]) =>
            option(label, toRef(cardId, proposal.id, proposal.revision, reason)),
          ),
        },
      ],
    };
  }
  const undoable = decision?.undoUntil && Date.parse(decision.undoUntil) > now.getTime() && !decision.undoneBy;
  const elements = [
    // What refused once may be mended by now; the click is a new approval.
    ...(view.state === 'failed' && proposal && view.canFile
      ? [button(CARD_ACTIONS.file, 'Try again', toRef(cardId, proposal.id, proposal.revision), 'primary')]
      : []),
    ...(decision && undoable ? [button(CARD_ACTIONS.undo, 'Undo', toRef(cardId, decision.id))] : []),
  ];
  return elements.length > 0 ? { type: 'actions', elements } : null;
}

function footer(view: CardView): string {
  const { insight, proposal, decision } = view;
  const { analyst, version, model, prompt } = insight.producedBy;
  const undo =
    decision?.undoUntil && !decision.undoneBy ? `Undo works until ${when(decision.undoUntil, 'time')}` : null;
  return [
    `\`${insight.id}\`${proposal ? ` revision ${proposal.revision}` : ''}`,
    model
      ? `written by a model (${harmless(model)}${prompt ? `, prompt ${harmless(prompt)}` : ''}); numbers are counted, quotes are exact`
      : `read by ${harmless(analyst)} ${harmless(version)}; numbers are counted, quotes are exact`,
    `trace it with \`/throughline trace ${insight.id}\``,
    undo,
  ]
    .filter(Boolean)
    .join(' · ');
}

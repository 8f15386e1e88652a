// View: everything a card says, gathered at the moment of showing it, so that a quote whose message is gone is gone here too.
import { type ActionReceipt, wordlessUrl } from '#src/domain/action.ts';
import type { CardView, ShownQuote } from '#src/domain/card.ts';
import type { Curations } from '#src/domain/curation.ts';
import type { DismissReason } from '#src/domain/decision.ts';
import type { Excerpt } from '#src/domain/evidence.ts';
import type { Insight } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Proposal } from '#src/domain/proposal.ts';
import { toRedactedSpan } from '#src/domain/redaction.ts';
import type {
  ActionRow,
  Actions,
  Card,
  Cards,
  DecisionRow,
  Decisions,
  Insights,
  Proposals,
  Texts,
} from '#src/domain/stores.ts';
import { type Audience, hasOutsiders, neutralArea, neutralTitle } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import { excerptsOf } from './evidence.ts';

export interface ViewDeps {
  cards: Cards;
  insights: Insights;
  proposals: Proposals;
  decisions: Decisions;
  actions: Actions;
  texts: Texts;
  audiences: Pick<Audiences, 'conversations' | 'insights'>;
  curations: Pick<Curations, 'standing' | 'survivorOf' | 'edits'>;
  /** A display name; never a mention. */
  nameOf: (personId: string) => Promise<string>;
  /** False when there is nowhere to file. */
  canFile: () => boolean;
  now: () => Date;
}

/** Gathers what a card shows to an audience; null when it has never had an insight. */
export async function viewOf(deps: ViewDeps, tx: Tx, card: Card, audience: Audience): Promise<CardView | null> {
  const insight = card.insightId ? await deps.insights.byId(tx, card.insightId) : null;
  if (!insight) return null;
  const proposal =
    card.proposalId && card.proposalRevision
      ? await deps.proposals.get(tx, card.proposalId, card.proposalRevision)
      : null;
  const decision = card.proposalId ? await deps.decisions.taken(tx, card.proposalId) : null;
  const actions = decision ? await deps.actions.of(tx, decision.id) : [];
  const [outcome] = decision ? await deps.actions.outcomes(tx, decision.id) : [];
  const quoted = [...new Set(insight.evidence.map(({ conversationId }) => conversationId))];
  const open = await deps.audiences.conversations(tx, quoted, audience);
  const evidence = insight.evidence.filter(({ conversationId }) => open.has(conversationId));
  const wordsHidden = !(await deps.audiences.insights(tx, [insight], audience)).has(insight.id);
  const family = await deps.cards.all(tx, card.themeId);
  const newer = family.find((other) => other.generation === card.generation + 1);
  const older = family.find((other) => other.generation === card.generation - 1);
  const folded = card.state === 'folded';
  const quotes = await quotesOf(deps, tx, evidence);
  const standing = (await deps.curations.standing(tx, [card.themeId])).get(card.themeId);
  return {
    cardId: card.id,
    themeId: card.themeId,
    state: card.state,
    insight: wordsHidden ? withoutWords(insight) : insight,
    quotes,
    hiddenQuotes: insight.evidence.length - evidence.length,
    goneQuotes: evidence.length - quotes.length,
    wordsHidden,
    hasOutsiders: hasOutsiders(audience),
    proposal: proposal && {
      id: proposal.id,
      revision: proposal.revision,
      title: wordsHidden ? neutralTitle(insight) : proposal.payload.title,
      priority: proposal.payload.priority,
      labels: proposal.payload.labels,
      team: proposal.payload.team,
    },
    canFile: deps.canFile(),
    approvals: decision ? null : await approvalsOf(deps, tx, proposal),
    decision: decision ? await decisionOf(deps, decision) : await snoozeOf(deps, tx, card),
    issue: wordsHidden ? wordless(issueOf(actions)) : issueOf(actions),
    // Where every issue begins is no news.
    issueState: outcome && outcome.state !== 'open' ? (outcome.note ?? outcome.state) : null,
    notes: folded
      ? newer
        ? []
        : [await whyClosed(deps, tx, card, standing?.noiseBy ?? null)]
      : decision
        ? notesOf(actions, decision)
        : await notesOfEarlier(deps, tx, card),
    claimedBy: card.claimedBy ? await deps.nameOf(card.claimedBy) : null,
    snoozedUntil: card.snoozedUntil,
    snoozedReports: card.snoozedReports,
    continuesAt: card.state === 'absorbed' ? await survivorAt(deps, tx, card) : (newer?.permalink ?? null),
    mute: standing?.mute ? { ...standing.mute, by: await deps.nameOf(standing.mute.by) } : null,
    cameBackBecause: older ? await whyBack(deps, tx, older, card, insight) : null,
  };
}

/** Where the theme stands that this one was merged into; null while it has no message. */
async function survivorAt(deps: ViewDeps, tx: Tx, card: Card): Promise<string | null> {
  const survivor = await deps.curations.survivorOf(tx, card.themeId);
  return (await deps.cards.current(tx, survivor))?.permalink ?? null;
}

/** Why a card ended without a newer one. */
async function whyClosed(deps: ViewDeps, tx: Tx, card: Card, noiseBy: string | null): Promise<string> {
  if (noiseBy) return `${await deps.nameOf(noiseBy)} marked it as noise.`;
  const moved = (await deps.curations.edits(tx, card.themeId, 1)).find(
    (edit) => edit.themeId === card.themeId && !edit.undoneBy && (edit.kind === 'moved' || edit.kind === 'noise'),
  );
  return moved
    ? `${await deps.nameOf(moved.by)} moved its last reports elsewhere.`
    : 'Every report behind it was deleted where it was written.';
}

/** The quotes of an insight as they may be shown now: redacted, and only where the message still says so. */
export async function quotesOf(
  deps: { texts: Texts },
  tx: Tx,
  evidence: readonly { signalId: string; conversationId: string; start: number; end: number }[],
): Promise<ShownQuote[]> {
  const said = await deps.texts.conversations(tx, [...new Set(evidence.map((quote) => quote.conversationId))]);
  const excerpts = new Map<string, Excerpt>(
    said.flatMap((conversation) => excerptsOf(conversation)).map((excerpt) => [excerpt.signalId, excerpt]),
  );
  return evidence.flatMap((quote): ShownQuote[] => {
    const excerpt = excerpts.get(quote.signalId);
    if (!excerpt || quote.end > excerpt.rawLength) return [];
    const span = toRedactedSpan(excerpt.map, quote.start, quote.end);
    return [
      {
        text: excerpt.redacted.slice(span.start, span.end),
        who: excerpt.author ?? 'A customer',
        source: excerpt.source,
        permalink: excerpt.permalink,
        at: excerpt.at,
      },
    ];
  });
}

async function decisionOf(deps: ViewDeps, row: DecisionRow): Promise<NonNullable<CardView['decision']>> {
  return {
    id: row.id,
    // Only an approval has what was approved.
    verb: row.payloadHash === null ? 'dismissed' : 'approved',
    by: row.decidedBy ? await deps.nameOf(row.decidedBy) : 'somebody',
    at: row.decidedAt ?? '',
    via: row.via ?? 'button',
    reason: row.reason as DismissReason | null,
    // What is over is not shown, so that a card without its button is another view than the one with it.
    undoUntil: row.undoUntil && Date.parse(row.undoUntil) > deps.now().getTime() ? row.undoUntil : null,
    undoneBy: row.undoneBy ? await deps.nameOf(row.undoneBy) : null,
  };
}

async function approvalsOf(deps: ViewDeps, tx: Tx, proposal: Proposal | null): Promise<CardView['approvals']> {
  if (!proposal || proposal.approvalsNeeded < 2) return null;
  const pending = await deps.decisions.of(tx, proposal.id, proposal.revision);
  const by = pending ? await deps.decisions.approvers(tx, pending.id) : [];
  return { by: await Promise.all(by.map(deps.nameOf)), needed: proposal.approvalsNeeded };
}

/** Setting aside decides nothing, and is shown and taken back like a decision. */
async function snoozeOf(deps: ViewDeps, tx: Tx, card: Card): Promise<CardView['decision']> {
  if (card.state !== 'snoozed' || !card.proposalId || !card.proposalRevision) return null;
  const pending = await deps.decisions.of(tx, card.proposalId, card.proposalRevision);
  if (!pending) return null;
  return {
    id: pending.id,
    verb: 'set aside',
    by: card.snoozedBy ? await deps.nameOf(card.snoozedBy) : 'somebody',
    at: card.snoozedAt ?? '',
    via: card.snoozedVia ?? 'button',
    reason: null,
    undoUntil: card.snoozeUndoUntil,
    undoneBy: null,
  };
}

/** Why a theme has another card, in a sentence, from what became of the one before. */
async function whyBack(deps: ViewDeps, tx: Tx, older: Card, card: Card, now: Insight): Promise<string> {
  const before = older.insightId ? await deps.insights.byId(tx, older.insightId) : null;
  const then = before?.reach ?? now.reach;
  // The same proposal on another message.
  if (older.proposalId === card.proposalId)
    return `Reports have doubled since the card before: ${older.reportsWhenPosted} then, ${now.reach.reports} now.`;
  const decision = await deps.decisions.lastOn(tx, older.id);
  const grown = `when ${count(then.customers, 'customer')} reported it; now ${now.reach.customers} do.`;
  if (decision?.status === 'dismissed') {
    return now.reach.customers <= then.customers
      ? 'It was dismissed before, and somebody on your team has brought it up again.'
      : `It was dismissed ${grown}`;
  }
  if (decision?.status === 'approved') {
    const issue = issueOf(await deps.actions.of(tx, decision.id))?.label ?? 'Its issue';
    const [outcome] = await deps.actions.outcomes(tx, decision.id);
    if (outcome?.state === 'completed') return `${issue} was completed, and customers report it again.`;
    if (outcome?.state === 'canceled') return `${issue} was canceled ${grown}`;
    if (outcome?.state === 'removed') return `${issue} was deleted ${grown}`;
  }
  return 'What was said about it before was deleted, and it is reported again.';
}

function count(n: number, one: string): string {
  return `${n} ${n === 1 ? one : `${one}s`}`;
}

/** What an insight says in numbers. The words of its readings are left out, not rewritten: what is not there cannot leak. */
function withoutWords(insight: Insight): Insight {
  const title = neutralTitle(insight);
  return { ...insight, area: neutralArea(insight.area), title, claim: title, whyThis: '', whyNow: '' };
}

function wordless(issue: ActionReceipt | null): ActionReceipt | null {
  return issue && { ...issue, url: wordlessUrl(issue.url) };
}

/** What the decision about a card has filed, named without words of customers. */
export async function filedBy(
  deps: Pick<ViewDeps, 'decisions' | 'actions'>,
  tx: Tx,
  card: Card,
): Promise<ActionReceipt | null> {
  const decision = card.proposalId ? await deps.decisions.taken(tx, card.proposalId) : null;
  return decision && wordless(issueOf(await deps.actions.of(tx, decision.id)));
}

function issueOf(actions: readonly ActionRow[]): ActionReceipt | null {
  const issue = actions.find((action) => action.kind === 'linear.issue');
  return issue?.state === 'done' ? issue.receipt : null;
}

/** What became of the decision before, for a card that is open again: who took it back, and what could not be. */
async function notesOfEarlier(deps: ViewDeps, tx: Tx, card: Card): Promise<string[]> {
  if (card.state !== 'open') return [];
  const earlier = await deps.decisions.lastOn(tx, card.id);
  if (earlier?.status !== 'undone') return [];
  const actions = await deps.actions.of(tx, earlier.id);
  const issue = actions.find((action) => action.kind === 'linear.issue');
  const who = earlier.undoneBy ? await deps.nameOf(earlier.undoneBy) : 'Somebody';
  const what = issue?.receipt ? `the filing of ${issue.receipt.label}` : issue ? 'the filing' : 'the dismissal';
  return [`${who} took back ${what}.`, ...notesOf(actions, earlier)];
}

/** What did not go as planned, in words; what went well is seen by what is there. */
function notesOf(actions: readonly ActionRow[], decision: DecisionRow | null): string[] {
  const notes = actions.flatMap((action) => {
    if (action.note === null) return [];
    const settled = action.state === 'failed' || action.state === 'compensated';
    return settled || decision?.status === 'undone' || action.kind === 'linear.issue' ? [action.note] : [];
  });
  return [...new Set(notes)].slice(0, 5);
}

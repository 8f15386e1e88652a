// View: everything a card says, gathered at the moment of showing it, so that a quote whose message is gone is gone here too.
import type { ActionReceipt } from '#src/domain/action.ts';
import type { CardView, ShownQuote } from '#src/domain/card.ts';
import type { DismissReason } from '#src/domain/decision.ts';
import type { Excerpt } from '#src/domain/evidence.ts';
import type { Tx } from '#src/domain/ports.ts';
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
import { excerptsOf } from './evidence.ts';

export interface ViewDeps {
  cards: Cards;
  insights: Insights;
  proposals: Proposals;
  decisions: Decisions;
  actions: Actions;
  texts: Texts;
  /** A display name; never a mention. */
  nameOf: (personId: string) => Promise<string>;
  /** False when there is nowhere to file. */
  canFile: () => boolean;
}

/** Gathers what a card shows; null when it has never had an insight. */
export async function viewOf(deps: ViewDeps, tx: Tx, card: Card): Promise<CardView | null> {
  const insight = card.insightId ? await deps.insights.byId(tx, card.insightId) : null;
  if (!insight) return null;
  const proposal =
    card.proposalId && card.proposalRevision
      ? await deps.proposals.get(tx, card.proposalId, card.proposalRevision)
      : null;
  const decision = card.proposalId ? await deps.decisions.taken(tx, card.proposalId) : null;
  const actions = decision ? await deps.actions.of(tx, decision.id) : [];
  const [outcome] = decision ? await deps.actions.outcomes(tx, decision.id) : [];
  const quotes = await quotesOf(deps, tx, insight.evidence);
  const newer = (await deps.cards.all(tx, card.themeId)).find((other) => other.generation === card.generation + 1);
  const older = card.generation > 1;
  return {
    cardId: card.id,
    themeId: card.themeId,
    state: card.state,
    insight,
    quotes,
    hiddenQuotes: insight.evidence.length - quotes.length,
    proposal: proposal && {
      id: proposal.id,
      revision: proposal.revision,
      title: proposal.payload.title,
      priority: proposal.payload.priority,
      labels: proposal.payload.labels,
      team: proposal.payload.team,
    },
    canFile: deps.canFile(),
    decision: decision && (await decisionOf(deps, decision)),
    issue: issueOf(actions),
    issueState: outcome ? (outcome.note ?? outcome.state) : null,
    notes: notesOf(actions, decision),
    claimedBy: card.claimedBy ? await deps.nameOf(card.claimedBy) : null,
    snoozedUntil: card.snoozedUntil,
    snoozedReports: card.snoozedReports,
    continuesAt: newer?.permalink ?? null,
    cameBackBecause: older ? insight.whyNow : null,
  };
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
    by: row.decidedBy ? await deps.nameOf(row.decidedBy) : 'somebody',
    at: row.decidedAt ?? '',
    via: row.via ?? 'button',
    reason: row.reason as DismissReason | null,
    undoUntil: row.undoUntil,
    undoneBy: row.undoneBy ? await deps.nameOf(row.undoneBy) : null,
  };
}

function issueOf(actions: readonly ActionRow[]): ActionReceipt | null {
  const issue = actions.find((action) => action.kind === 'linear.issue');
  return issue?.state === 'done' ? issue.receipt : null;
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

// Plan: which effects an approval has, and where. Decides by where a conversation took place and who can read it.
import type { ActionIntent, LoopState, LoopUpdate } from '../state.ts';

// Linear shows attachments one below the other; the lineage page has the rest.
const ATTACHMENTS_MAX = 50;

/** A source conversation as the plan sees it. */
export interface PlanSource {
  conversationId: string;
  source: string;
  /** Only full members of our own workspace can read it: no Slack Connect, no guests. */
  internal: boolean;
  /** A person captured it, or staff spoke in it: somebody there waits for an answer. */
  attended: boolean;
}

/** Makes the node. `sources` reads the conversations of the decided proposal. */
export function createPlan(deps: { sources: (proposalId: string, decisionId: string) => Promise<PlanSource[]> }) {
  return async function plan(state: LoopState): Promise<LoopUpdate> {
    const sources = await deps.sources(state.proposalId, state.decisionId ?? '');
    return { intents: planOf(sources) };
  };
}

/** The effects of an approval, in order: the issue first, since everything else points to it. */
export function planOf(sources: readonly PlanSource[]): ActionIntent[] {
  const intents: ActionIntent[] = [{ kind: 'linear.issue', conversationId: null }];
  intents.push(...sourceIntents(sources, true));
  return intents;
}

/**
 * What each source conversation gets. Tickets get an internal note. Slack threads get one only where just our own people read: a reply where
 * somebody attends to it, else one reply at most (when `mayReply`) and a reaction for the rest, so that nobody is flooded.
 */
export function sourceIntents(sources: readonly PlanSource[], mayReply: boolean): ActionIntent[] {
  const intents: ActionIntent[] = [];
  let unattendedReplies = mayReply ? 1 : 0;
  for (const source of sources.slice(0, ATTACHMENTS_MAX)) {
    intents.push({ kind: 'linear.attachment', conversationId: source.conversationId });
  }
  for (const source of sources) {
    if (source.source === 'zendesk') intents.push({ kind: 'zendesk.note', conversationId: source.conversationId });
    if (source.source !== 'slack' || !source.internal) continue;
    if (source.attended) intents.push({ kind: 'slack.reply', conversationId: source.conversationId });
    else if (unattendedReplies > 0) {
      unattendedReplies--;
      intents.push({ kind: 'slack.reply', conversationId: source.conversationId });
    } else intents.push({ kind: 'slack.react', conversationId: source.conversationId });
  }
  return intents;
}

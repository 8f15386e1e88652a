// The flow, in order. Each arrow takes one noun and makes the next; every arrow writes its lineage and audit in the transaction that makes it.
import type { StageName } from './stage.ts';

/** One arrow as a reader needs it: what it takes, what it makes, where it stands. */
export interface Arrow {
  stage: StageName;
  takes: string;
  makes: string;
  what: string;
  file: string;
}

/**
 * Delivery -> Signal -> Observation -> Theme -> Insight -> Decision -> Action -> Outcome. One more stage stands beside them and changes none of them:
 * `answer` (ask.ts), which answers what people ask of all this.
 */
export const FLOW: readonly Arrow[] = [
  {
    stage: 'ingest',
    takes: 'Delivery',
    makes: 'Signal',
    what: 'understand what came in; append it to the log; group it into conversations',
    file: 'ingest.ts',
  },
  {
    stage: 'observe',
    takes: 'Conversation',
    makes: 'Observation',
    what: 'redact; tell kind, severity, area and language; gate noise; make the vector',
    file: 'observe.ts',
  },
  {
    stage: 'theme',
    takes: 'Observation',
    makes: 'Theme',
    what: 'put it to the reports of the same matter, or open a new theme',
    file: 'theme.ts',
  },
  {
    stage: 'assess',
    takes: 'Theme',
    makes: 'Insight',
    what: 'once enough customers stand behind it: claim, evidence, critic, proposal',
    file: 'assess.ts',
  },
  {
    stage: 'show',
    takes: 'Insight',
    makes: 'Card',
    what: 'one message per theme in Slack, edited in place',
    file: 'show.ts',
  },
  {
    stage: 'decide',
    takes: 'Proposal',
    makes: 'Decision',
    what: 'one conditional update picks the winner of a click; the graph resumes',
    file: 'decide.ts',
  },
  {
    stage: 'act',
    takes: 'Decision',
    makes: 'Action',
    what: 'carry out each effect exactly once; take it back on undo',
    file: 'act.ts',
  },
  {
    stage: 'follow',
    takes: 'Action',
    makes: 'Outcome',
    what: 'what became of it: in progress, completed, back again',
    file: 'follow.ts',
  },
];

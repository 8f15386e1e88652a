// The seven nouns whose records are stored and handed on, in the order of the flow. What is listed here is released, compared and kept readable.
import { ActionContract } from './action.ts';
import { DecisionContract } from './decision.ts';
import { InsightContract } from './insight.ts';
import { ObservationContract } from './observation.ts';
import { OutcomeContract } from './outcome.ts';
import { SignalContract } from './signal.ts';
import { ThemeContract } from './theme.ts';

/** Every versioned contract, by its noun. */
export const CONTRACTS = {
  signal: SignalContract,
  observation: ObservationContract,
  theme: ThemeContract,
  insight: InsightContract,
  decision: DecisionContract,
  action: ActionContract,
  outcome: OutcomeContract,
} as const;

export type Noun = keyof typeof CONTRACTS;

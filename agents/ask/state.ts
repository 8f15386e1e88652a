// The state of one question. It lives as long as the question is worked on, and is never checkpointed.
import type { BaseMessageLike } from '@langchain/core/messages';
import { StateSchema, UntrackedValue } from '@langchain/langgraph';
import { z } from 'zod';
import type { AnswerDraft, AskCall, AskedFor, AskStep, Found } from '#src/domain/ask.ts';
import type { Parsed } from './parser.ts';

/** One look-up, before and after. The id is the question's own: `r1`. */
export interface LookUp {
  id: string;
  call: AskCall;
  /** The model's name for its call; null for the parser's. */
  callId: string | null;
  found: Found | null;
}

/** A sentence of a model with what it rests on. */
export interface Statement {
  text: string;
  restsOn: string[];
}

export const AskState = new StateSchema({
  /** Written by whoever asks. */
  question: z.string(),
  asked: new UntrackedValue<AskedFor>(),
  say: new UntrackedValue<(step: AskStep) => void>(),
  signal: new UntrackedValue<AbortSignal>(),
  /** Written by understand: what the parser made of it, or what the model said so far. */
  parsed: new UntrackedValue<Parsed>(),
  messages: new UntrackedValue<BaseMessageLike[]>(),
  turns: z.number().default(0),
  repaired: z.boolean().default(false),
  statements: new UntrackedValue<Statement[] | null>(),
  /** Written by understand and check: why the model's answer is not taken. */
  fellBack: z.string().nullable().default(null),
  /** Written by understand; completed by fetch. */
  lookUps: new UntrackedValue<LookUp[]>(),
  /** Written by answer. */
  draft: new UntrackedValue<AnswerDraft>(),
  /** Written by check: what is wrong with the draft. */
  problems: z.array(z.string()).default([]),
});
export type AskState = typeof AskState.State;
export type AskUpdate = typeof AskState.Update;

// Understand: what to look up next. With a model the model says; without one, or once it has failed, the parser does.
import { AppError } from '#src/domain/errors.ts';
import type { Mind } from '../mind.ts';
import { parseQuestion } from '../parser.ts';
import type { AskState, AskUpdate, LookUp } from '../state.ts';

export const TURNS_MAX = 6;
export const LOOK_UPS_MAX = 8;

/** Makes the node. `mind` is null without a model. */
export function createUnderstand(deps: { mind: Mind | null }) {
  return async function understand(state: AskState): Promise<AskUpdate> {
    if (!deps.mind || state.fellBack !== null) {
      state.say('reading');
      return parse(state);
    }
    state.say('thinking');
    if (state.turns >= TURNS_MAX) return { ...parse(state), fellBack: 'too_many_turns' };
    try {
      return await think(deps.mind, state);
    } catch (error) {
      // Whatever keeps a model from answering, the rules answer in its place.
      return { ...parse(state), fellBack: error instanceof AppError ? error.code : 'bug' };
    }
  };
}

function parse(state: AskState): AskUpdate {
  const parsed = parseQuestion(state.question, state.asked.now);
  const calls = parsed.kind === 'look' ? parsed.calls : [];
  return {
    parsed,
    problems: [],
    statements: null,
    lookUps: calls.map((call, index): LookUp => ({ id: `r${index + 1}`, call, callId: null, found: null })),
  };
}

async function think(mind: Mind, state: AskState): Promise<AskUpdate> {
  const before = state.messages ?? mind.begin(state.question, state.asked.now);
  const asked = state.problems.length > 0 ? [...before, mind.repair(state.problems.join('\n'))] : before;
  const turn = await mind.next(asked, state.signal);
  const known = state.lookUps ?? [];
  const next = { turns: state.turns + 1, problems: [], repaired: state.repaired || state.problems.length > 0 };
  switch (turn.kind) {
    case 'refused':
      return { ...parse(state), fellBack: 'refused' };
    case 'malformed':
      if (next.repaired) return { ...parse(state), fellBack: 'bad_answer' };
      return { ...next, messages: asked, problems: [turn.problems], statements: null };
    case 'answer':
      return { ...next, messages: asked, statements: turn.statements };
    case 'calls': {
      if (known.length + turn.calls.length > LOOK_UPS_MAX) return { ...parse(state), fellBack: 'too_many_look_ups' };
      const wanted = turn.calls.filter(({ call }) => call !== null);
      const refused = turn.calls.filter(({ call }) => call === null);
      return {
        ...next,
        statements: null,
        messages: [
          ...asked,
          turn.message,
          ...refused.map(({ callId, problem }) => ({
            role: 'tool' as const,
            tool_call_id: callId,
            content: JSON.stringify({ error: problem }),
          })),
        ],
        lookUps: [
          ...known,
          ...wanted.map(
            ({ callId, call }, index): LookUp => ({
              id: `r${known.length + index + 1}`,
              call: call!,
              callId,
              found: null,
            }),
          ),
        ],
      };
    }
  }
}

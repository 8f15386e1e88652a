// Answer: puts the draft together, from what was found or from what the model says about it.
import type { AnswerDraft, AnswerPart, Found } from '#src/domain/ask.ts';
import type { ProducedBy } from '#src/domain/observation.ts';
import type { Mind } from '../mind.ts';
import { PARSER_VERSION } from '../parser.ts';
import type { AskState, AskUpdate } from '../state.ts';

export const PARSER: ProducedBy = { analyst: 'ask-parser', version: PARSER_VERSION, prompt: null, model: null };

/** Makes the node. */
export function createAnswer(deps: { mind: Mind | null }) {
  return async function answer(state: AskState): Promise<AskUpdate> {
    const { fellBack } = state;
    if (state.statements && deps.mind && fellBack === null) {
      state.say('writing');
      const said = state.statements.map(
        (one): AnswerPart => ({ tool: 'said', ...one, counted: behind(state, one.restsOn) }),
      );
      // The figures behind the words: themes and columns are shown as they were counted.
      const figures = foundIn(state)
        .filter(({ tool }) => tool === 'themes' || tool === 'trend')
        .slice(0, 1);
      return {
        draft: { outcome: 'answered', parts: [...said, ...figures], producedBy: deps.mind.producedBy, fellBack },
      };
    }
    return { draft: { ...byRules(state), producedBy: PARSER, fellBack } };
  };
}

function byRules(state: AskState): Pick<AnswerDraft, 'outcome' | 'parts'> {
  const { parsed } = state;
  if (parsed?.kind === 'greeted') return { outcome: 'greeted', parts: [] };
  if (parsed?.kind !== 'look') return { outcome: 'not_understood', parts: [] };
  const found = foundIn(state);
  const nothing = found.filter((one) => one.tool === 'nothing');
  if (parsed.guessed && nothing.length > 0) return { outcome: 'not_understood', parts: nothing };
  const counts = found.filter((one) => one.tool === 'count');
  const parts: AnswerPart[] =
    parsed.compares && counts.length === 2 ? [{ tool: 'compare', sides: counts }] : [...found];
  return {
    outcome: 'answered',
    parts: parsed.tiers ? [...parts, { tool: 'note', note: 'no_tiers', words: parsed.tiers }] : parts,
  };
}

/** What was counted for a statement: its look-ups, as far as they are about a time. */
function behind(state: AskState, ids: readonly string[]): Extract<AnswerPart, { tool: 'said' }>['counted'] {
  return (state.lookUps ?? []).flatMap(({ id, found }) =>
    found && ids.includes(id) && 'span' in found ? [{ filter: found.filter, span: found.span }] : [],
  );
}

function foundIn(state: AskState): Found[] {
  return (state.lookUps ?? []).flatMap(({ found }) => (found ? [found] : []));
}

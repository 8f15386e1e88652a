// Fetch: makes the look-ups that wait. What the audience may not read is not looked at, whoever asks for it.
import type { AskCall, AskedFor, Found } from '#src/domain/ask.ts';
import { shownToModel } from '../mind.ts';
import type { AskState, AskUpdate, LookUp } from '../state.ts';

/** Makes the node. */
export function createFetch(deps: { look: (call: AskCall, asked: AskedFor) => Promise<Found> }) {
  return async function runLookUps(state: AskState): Promise<AskUpdate> {
    state.say('counting');
    const lookUps: LookUp[] = [];
    const messages = [...(state.messages ?? [])];
    for (const one of state.lookUps ?? []) {
      if (one.found) {
        lookUps.push(one);
        continue;
      }
      const found = await deps.look(one.call, state.asked);
      lookUps.push({ ...one, found });
      if (one.callId !== null)
        messages.push({
          role: 'tool',
          tool_call_id: one.callId,
          content: JSON.stringify(shownToModel(one.id, found)),
        });
    }
    return { lookUps, messages };
  };
}

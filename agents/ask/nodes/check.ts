// Check: nothing leaves that does not rest on what was looked up. A number that no look-up returned, an id that none returned: not taken.

import { shownToModel } from '../mind.ts';
import type { AskState, AskUpdate, LookUp, Statement } from '../state.ts';

const ID = /\{((?:thm|cus)_[0-9a-f]{24})\}/g;
const ANY_BRACE = /[{}]/;
// Numbers in disguise: nobody counted them.
const NUMBER_WORDS =
  /\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|dozens?|half|halved|twice|thrice|doubled?|tripled?|quarter|third|per ?cent|%)\b|%/i;
const DOES_SOMETHING = /https?:|www\.|<|>|@|`|\[[^\]]*\]\(/i;

/** Holds a model's statements against the look-ups. Once it is told what is wrong; then the rules answer. */
export async function check(state: AskState): Promise<AskUpdate> {
  state.say('checking');
  if (!state.statements || state.fellBack !== null) return { problems: [] };
  const problems = state.statements.flatMap((statement, index) =>
    problemsOf(statement, state.lookUps ?? []).map((problem) => `Statement ${index + 1}: ${problem}`),
  );
  if (problems.length === 0) return { problems };
  return state.repaired ? { problems, fellBack: 'bad_answer' } : { problems };
}

/** What is wrong with one statement; nothing of it is repeated. */
export function problemsOf({ text, restsOn }: Statement, lookUps: readonly LookUp[]): string[] {
  const problems: string[] = [];
  const results = lookUps.flatMap(({ id, found }) => (found ? [{ id, shown: shownToModel(id, found) }] : []));
  const known = new Set(results.flatMap(({ shown }) => idsIn(shown)));
  const named = [...text.matchAll(ID)].map(([, id]) => id!);
  if (restsOn.some((id) => !known.has(id))) problems.push('it rests on an id that no tool returned.');
  if (named.some((id) => !known.has(id))) problems.push('it names an id that no tool returned.');
  const words = text.replace(ID, ' ');
  if (ANY_BRACE.test(words)) problems.push('braces hold an id of a theme and nothing else.');
  if (DOES_SOMETHING.test(words)) problems.push('it holds a link, a mention or a mark.');
  const behind = results.filter(
    ({ id, shown }) => restsOn.includes(id) || idsIn(shown).some((one) => restsOn.includes(one)),
  );
  const labels = behind.flatMap(({ shown }) => issuesIn(shown));
  const bare = labels.reduce((left, label) => left.replaceAll(label, ' '), words);
  const numbers = new Set(behind.flatMap(({ shown }) => numbersIn(shown)));
  const odd = [...bare.matchAll(/\d+(?:[.,]\d+)*/g)].some(
    ([number]) => !numbers.has(Number(number.replaceAll(',', ''))),
  );
  if (odd) problems.push('it holds a number that none of the look-ups it rests on returned.');
  if (NUMBER_WORDS.test(bare)) problems.push('it holds a number as a word, or a share.');
  return problems;
}

function walk(value: unknown, visit: (value: string | number, key: string) => void, key = ''): void {
  if (typeof value === 'string' || typeof value === 'number') visit(value, key);
  else if (Array.isArray(value)) for (const one of value) walk(one, visit, key);
  else if (value !== null && typeof value === 'object')
    for (const [name, one] of Object.entries(value)) walk(one, visit, name);
}

function idsIn(shown: unknown): string[] {
  const ids: string[] = [];
  walk(shown, (value, key) => {
    if (typeof value === 'string' && (key === 'id' || /^(?:thm|cus)_[0-9a-f]{24}$/.test(value))) ids.push(value);
  });
  return ids;
}

function issuesIn(shown: unknown): string[] {
  const labels: string[] = [];
  walk(shown, (value, key) => {
    if (key === 'issue' && typeof value === 'string') labels.push(value);
  });
  return labels;
}

function numbersIn(shown: unknown): number[] {
  const numbers: number[] = [];
  walk(shown, (value) => {
    if (typeof value === 'number') numbers.push(value);
  });
  return numbers;
}

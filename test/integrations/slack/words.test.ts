// What people read stands in views/, one file a surface: whoever wants to change a word finds it there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'vite';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
// Words in a row that begin or end as sentences do; reasons for the record begin small and end without a full stop.
const SENTENCE = /^\*?\p{Lu}\p{L}* \p{L}+ \p{L}+|\p{L}+ \p{L}+ \p{L}+[^/]*[.?!]$/u;

/** The sentences in a source that are for people; what goes to the log, into an error or into the help of a command is not. */
function sentencesIn(file: string, source: string): string[] {
  const found: string[] = [];
  const spared: [number, number][] = [];
  const literals: { start: number; text: string }[] = [];
  const { program } = parseSync(file, source);
  new Visitor({
    CallExpression(node) {
      const { callee } = node;
      const method =
        callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
      if (/^(debug|info|warn|error)$/.test(method)) spared.push([node.start, node.end]);
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name.endsWith('Error')) spared.push([node.start, node.end]);
    },
    Property(node) {
      if (node.key.type === 'Identifier' && /^(describe|usage)$/.test(node.key.name))
        spared.push([node.start, node.end]);
    },
    Literal(node) {
      if (typeof node.value === 'string') literals.push({ start: node.start, text: node.value });
    },
    TemplateElement(node) {
      literals.push({ start: node.start, text: node.value.cooked ?? '' });
    },
  }).visit(program);
  for (const { start, text } of literals)
    if (SENTENCE.test(text) && !spared.some(([from, to]) => start >= from && start < to)) found.push(text);
  return found;
}

it('has no sentence in a listener or a command', () => {
  const files = globSync('integrations/slack/{listeners,commands}/*.ts', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(20);
  const found = files.flatMap((file) =>
    sentencesIn(file, readFileSync(join(ROOT, file), 'utf8')).map((text) => `${file}: ${text}`),
  );
  expect(found).toEqual([]);
});

it('would find one', () => {
  expect(sentencesIn('a.ts', `say('There is nothing here now.'); log.warn({}, 'this one is not counted');`)).toEqual([
    'There is nothing here now.',
  ]);
  const hint = 'say(`Nobody here is called ' + '$' + '{name}.`)';
  expect(sentencesIn('a.ts', hint)).toEqual(['Nobody here is called ']);
});

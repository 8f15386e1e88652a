import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asData, loadPrompt } from '#agents/prompt.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-'));
  mkdirSync(join(folder, 'greet'));
  writeFileSync(join(folder, 'current.json'), '{"greet": "v2"}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const HEAD = 'contract: greeting v1\nowner: product\nwhy: to test\nvariables: [name]';
const write = (version: string, head: string, body: string) =>
  writeFileSync(join(folder, 'greet', `${version}.md`), `---\n${head}\n---\n${body}`);

it.each(['observe', 'describe', 'repair', 'ask'])('every prompt in use can be loaded: %s', (name) => {
  const prompt = loadPrompt(name);
  expect(prompt.id).toBe(`${name}/${prompt.version}`);
  expect(prompt.hash).toMatch(/^[0-9a-f]{64}$/);
});

it('takes the current version, or the one that is asked for', () => {
  write('v1', HEAD, 'Hi {{name}}');
  write('v2', HEAD, 'Hello {{ name }}!\n');
  expect(loadPrompt('greet', { folder }).render({ name: 'Jo' })).toBe('Hello Jo!');
  expect(loadPrompt('greet', { folder, version: 'v1' }).id).toBe('greet/v1');
  expect(loadPrompt('greet', { folder, version: 'v1' }).hash).not.toBe(loadPrompt('greet', { folder }).hash);
});

it('refuses to render with a variable missing or one too many', () => {
  write('v2', HEAD, 'Hello {{name}}');
  const prompt = loadPrompt('greet', { folder });
  expect(() => prompt.render({})).toThrow('needs name');
  expect(() => prompt.render({ name: 'a', extra: 'b' })).toThrow('does not know extra');
});

it('never reads a value as a template', () => {
  write('v2', HEAD, 'Hello {{name}}');
  expect(loadPrompt('greet', { folder }).render({ name: '{{name}} $& $1' })).toBe('Hello {{name}} $& $1');
});

it.each([
  ['no front matter', () => writeFileSync(join(folder, 'greet', 'v2.md'), 'Hello'), 'no front matter'],
  ['a field missing', () => write('v2', 'contract: x\nvariables: []\nowner: y', 'Hello'), 'why'],
  ['a variable that is not declared', () => write('v2', HEAD, 'Hello {{name}} {{other}}'), 'other'],
  ['a variable that is not used', () => write('v2', HEAD, 'Hello'), 'name'],
  ['a file that is not there', () => {}, 'cannot be read'],
])('says what is wrong with %s', (_what, prepare, message) => {
  prepare();
  expect(() => loadPrompt('greet', { folder })).toThrow(message);
});

it('says so when no version is current', () => {
  expect(() => loadPrompt('other', { folder })).toThrow('names no version');
});

it('makes data of which nothing can end its block, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      const data = asData(texts);
      expect(data).not.toMatch(/[<>\n\u2028\u2029]/);
      expect(JSON.parse(data)).toEqual(texts);
    }),
  );
});

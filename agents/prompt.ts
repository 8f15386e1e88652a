// Prompts: files under prompts/, versioned, with front matter. The only reader of that folder.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { AppError } from '#src/domain/errors.ts';

/** What the head of a prompt file says about it. */
export const PromptHead = z.strictObject({
  /** The contract that the answer has to fit. */
  contract: z.string().min(1),
  variables: z.array(z.string().regex(/^[a-z][a-z_]*$/)),
  owner: z.string().min(1),
  /** Why this version exists. */
  why: z.string().min(1),
});
export type PromptHead = z.infer<typeof PromptHead>;

/** A prompt that was read and checked. */
export interface Prompt {
  name: string;
  /** `v1`. */
  version: string;
  /** `observe/v1`: what derived rows record. */
  id: string;
  /** SHA-256 of the file, in hexadecimal: the same id with another hash was edited after its release. */
  hash: string;
  head: PromptHead;
  /** Puts values in. Throws AppError('bug') when a variable is missing or unknown. What is put in is never read as a template. */
  render(values: Record<string, string>): string;
}

const FOLDER = join(import.meta.dirname, '..', 'prompts');
const Current = z.record(z.string(), z.string().regex(/^v\d+$/));
const FRONT_MATTER = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/;
const VARIABLE = /\{\{\s*([^{}\s]*)\s*\}\}/g;

/** Reads the current version of a prompt, or the version that is named. Throws AppError('bug') on a file that does not hold together. */
export function loadPrompt(name: string, options: { version?: string; folder?: string } = {}): Prompt {
  const folder = options.folder ?? FOLDER;
  const version = options.version ?? Current.parse(JSON.parse(read(join(folder, 'current.json'))))[name];
  if (!version) throw new AppError('bug', `prompts/current.json names no version of "${name}".`);
  const id = `${name}/${version}`;
  const file = read(join(folder, `${id}.md`)).replaceAll('\r\n', '\n');
  const [, front, body] = FRONT_MATTER.exec(file) ?? [];
  if (front === undefined || body === undefined) throw new AppError('bug', `The prompt ${id} has no front matter.`);
  const head = PromptHead.safeParse(parse(front));
  if (!head.success) throw new AppError('bug', `The front matter of ${id}: ${z.prettifyError(head.error)}`);
  const declared = new Set(head.data.variables);
  const used = new Set(Array.from(body.matchAll(VARIABLE), ([, variable]) => variable!));
  const odd = [...declared.symmetricDifference(used)];
  if (odd.length > 0)
    throw new AppError('bug', `The prompt ${id} uses and declares different variables: ${odd.join(', ')}.`);
  return {
    name,
    version,
    id,
    hash: createHash('sha256').update(file).digest('hex'),
    head: head.data,
    render(values) {
      const missing = [...declared].filter((variable) => values[variable] === undefined);
      const unknown = Object.keys(values).filter((variable) => !declared.has(variable));
      if (missing.length > 0) throw new AppError('bug', `The prompt ${id} needs ${missing.join(', ')}.`);
      if (unknown.length > 0) throw new AppError('bug', `The prompt ${id} does not know ${unknown.join(', ')}.`);
      return body.replace(VARIABLE, (_, variable: string) => values[variable]!).trim();
    },
  };
}

/**
 * Text of others, made fit to stand in a prompt: a JSON value that holds neither angle brackets nor line breaks, so that nothing in it can
 * end the block that it stands in.
 */
export function asData(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('bug', `The prompt file ${path} cannot be read.`, { cause });
  }
}

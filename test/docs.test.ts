// The documents say what is true: links lead somewhere, commands and variables exist, decisions name the test that holds them.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envExample, VARIABLES } from '#src/config.ts';
import { CONTRACTS } from '#src/domain/contracts.ts';
import { FLOW } from '#src/pipeline/flow.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const here = (file: string) => existsSync(join(ROOT, file));
const documents = globSync(['*.md', '{docs,integrations,agents,prompts,src,test}/**/*.md'], { cwd: ROOT }).sort();
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
/** What stands between backticks, code blocks aside. */
const codeIn = (text: string) =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);

it('finds the documents that people expect', () => {
  const expected = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/decisions.md',
    'docs/glossary.md',
  ];
  expect(documents).toEqual(expect.arrayContaining(expected));
});

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('links to what exists', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!.split('#')[0]!);
    const broken = links.filter(
      (link) => link !== '' && !/^[a-z]+:/.test(link) && !here(join(dirname(document), link)),
    );
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const named = codeIn(text).filter((code) => /^(src|agents|integrations|prompts|test|docs)\/[\w./-]+$/.test(code));
    expect(named.filter((file) => !here(file))).toEqual([]);
  });

  it('names commands that exist', () => {
    const commands = [...text.matchAll(/npm run ([\w-]+)/g)].map((match) => match[1]!);
    expect(commands.filter((name) => !manifest.scripts![name])).toEqual([]);
  });

  it('names variables that exist', () => {
    // Ours are written in capitals with an underscore; these three belong to others or to the tests.
    const others = ['PUBLIC_DATA_DIR', 'NODE_ENV', 'RELEASED_DIR'];
    const named = codeIn(text).filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code) && !others.includes(code));
    expect(named.filter((name) => !(name in VARIABLES))).toEqual([]);
  });
});

describe('README.md', () => {
  it('gives the two commands on its first screen', () => {
    const screen = read('README.md').split('\n').slice(0, 25).join('\n');
    expect(screen).toContain('npm ci && npm start');
    expect(screen).toContain('npm ci && npm test');
  });
});

describe('the flow', () => {
  it('is drawn in the README as the code has it', () => {
    const drawn = [...read('README.md').matchAll(/^ *(\w+) -->\|(\w+)\| (\w+)$/gm)].map(
      ([, from, verb, to]) => `${from} ${verb} ${to}`,
    );
    expect(drawn).toEqual(FLOW.map(({ takes, stage, makes }) => `${takes} ${stage} ${makes}`));
  });

  it('has a file for each of its arrows', () => {
    expect(FLOW.map(({ file }) => `src/pipeline/${file}`).filter((file) => !here(file))).toEqual([]);
  });
});

describe('docs/decisions.md', () => {
  const [, ...entries] = read('docs/decisions.md').split(/^## /m);

  it('numbers its entries in the order in which they were taken', () => {
    expect(entries.map((entry) => Number.parseInt(entry, 10))).toEqual(entries.map((_, index) => index + 1));
  });

  it.each(entries.map((entry) => [entry.split('\n')[0]!, entry] as const))(
    'says in twelve lines why: %s',
    (_title, entry) => {
      const lines = entry.split('\n').filter((line) => line.trim() !== '');
      expect(lines.length - 1).toBeLessThanOrEqual(12);
      for (const part of ['Context', 'Decision', 'Rejected', 'Held by']) expect(entry).toContain(`- **${part}.**`);
      const held = codeIn(entry.split('**Held by.**')[1]!).filter((code) => code.includes('/'));
      expect(held.length).toBeGreaterThan(0);
      expect(held.filter((file) => !here(file))).toEqual([]);
    },
  );
});

describe('docs/glossary.md', () => {
  it('explains every noun of the flow, each in one line', () => {
    const words = [...read('docs/glossary.md').matchAll(/^\| ([A-Z][\w ()]+) \| [^|]+ \|$/gm)].map((match) =>
      match[1]!.toLowerCase(),
    );
    const nouns = [
      ...Object.keys(CONTRACTS),
      'delivery',
      'conversation',
      'customer',
      'card',
      'proposal',
      'lineage',
      'audit',
    ];
    expect(words).toEqual(expect.arrayContaining(nouns));
    expect(new Set(words).size).toBe(words.length);
  });
});

describe('.env.example', () => {
  it('is what the configuration says it is', () => {
    expect(read('.env.example')).toBe(envExample());
  });
});

describe('package.json', () => {
  it('starts files that exist', () => {
    const started = Object.values(manifest.scripts!).flatMap(
      (script) => script.match(/\b(src|test)\/[\w./-]+\.ts/g) ?? [],
    );
    expect(started.length).toBeGreaterThan(5);
    expect(started.filter((file) => !here(file))).toEqual([]);
  });

  it('asks for exact versions, and for the two that decisions name', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(all).toMatchObject({ 'pg-boss': '12.35.0', emulate: '0.12.2' });
  });

  it('has every optional package in its lock file: npm ci refuses a lock that lacks one, whatever the platform', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => {
        // Node looks beside the package, then further up.
        for (let at = path; ; at = at.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
          if (packages[at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`]) return false;
          if (at === '') return true;
        }
      }),
    );
    expect(missing).toEqual([]);
  });

  it('carries the licence that LICENSE holds', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0, January 2004[\s\S]+END OF TERMS AND CONDITIONS/);
  });
});

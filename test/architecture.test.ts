// The house rules, held: who may import whom, who may touch the machine, and that loading a file does nothing.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RINGS, violationsOf } from './support/architecture.ts';

const ROOT = resolve(import.meta.dirname, '..');
const files = globSync('{src,agents,integrations}/**/*.{ts,tsx}', { cwd: ROOT }).sort();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('the source', () => {
  it('imports inward only, and touches the machine only behind its ports', () => {
    expect(files).toContain('src/domain/signal.ts');
    const found = files.flatMap((file) => violationsOf(file, read(file)));
    expect(found.map(({ file, rule, detail }) => `${file}: ${rule}: ${detail}`)).toEqual([]);
  });

  it('does nothing while it is loaded: no output, no file, nothing left open', () => {
    // Commands are started, not imported; what runs in a browser has no place in Node; and what is known to act is reported above,
    // and had better not be started from here.
    const modules = files.filter(
      (file) =>
        !/^src\/(main\.ts$|ops\/|sandbox\/main\.ts$|sandbox\/page\/client\/)/.test(file) &&
        !violationsOf(file, read(file)).some(({ rule }) => rule === 'side effect'),
    );
    const cwd = mkdtempSync(join(tmpdir(), 'loads-'));
    try {
      const script = modules
        .map((file) => `await import(${JSON.stringify(pathToFileURL(join(ROOT, file)).href)});`)
        .join('\n');
      const run = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
        cwd,
        env: {},
        encoding: 'utf8',
        timeout: 25_000,
      });
      expect(run.stdout + run.stderr).toBe('');
      // A module that holds something open (a server, a timer) would have kept the process until the time limit.
      expect({ status: run.status, signal: run.signal }).toEqual({ status: 0, signal: null });
      expect(readdirSync(cwd)).toEqual([]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  it('names no rule for a place that does not exist any more', () => {
    const unused = RINGS.map(({ owns }) => owns).filter((place) => !files.some((file) => place.test(file)));
    expect(unused.map(String)).toEqual([]);
  });
});

describe('the checker', () => {
  const rules = (file: string, source: string) =>
    violationsOf(file, source).map(({ rule, detail }) => `${rule}: ${detail}`);

  it.each([
    ['a noun that knows storage', 'src/domain/theme.ts', `import { db } from '../storage/db.ts';`, 'import: the nouns'],
    [
      'a type import is an import',
      'src/domain/theme.ts',
      `import type { Db } from '#src/storage/db.ts';`,
      'src/storage/db.ts',
    ],
    [
      'a type written as import()',
      'src/domain/theme.ts',
      `export type Db = import('#src/storage/db.ts').Db;`,
      'src/storage/db.ts',
    ],
    [
      'an export from elsewhere',
      'agents/loop/graph.ts',
      `export * from '#src/pipeline/flow.ts';`,
      'src/pipeline/flow.ts',
    ],
    [
      'a dynamic import',
      'src/pipeline/act.ts',
      `export const act = () => import('#integrations/linear/index.ts');`,
      'integrations/linear',
    ],
    [
      'an integration that knows another',
      'integrations/slack/index.ts',
      `import { x } from '#integrations/linear/map.ts';`,
      'integrations/linear/map.ts',
    ],
    [
      'an integration that knows another by path',
      'integrations/slack/index.ts',
      `import { x } from '../linear/map.ts';`,
      'integrations/linear/map.ts',
    ],
    [
      'the sandbox that starts the app itself',
      'src/sandbox/main.ts',
      `import { buildApp } from '../app.ts';`,
      'src/app.ts',
    ],
    [
      'a command that knows the sandbox',
      'src/ops/doctor.ts',
      `import { world } from '#src/sandbox/world.ts';`,
      'src/sandbox/world.ts',
    ],
    [
      'the product that knows its tests',
      'src/app.ts',
      `import { clock } from '#test/support/clock.ts';`,
      'test/support/clock.ts',
    ],
    ['the web that knows storage', 'src/web/server.ts', `import { db } from '../storage/db.ts';`, 'src/storage/db.ts'],
    [
      'a package from the wrong ring',
      'src/domain/theme.ts',
      `import pg from 'pg';`,
      'package: the nouns may not import pg',
    ],
    ['an agent that reads files', 'agents/observe/graph.ts', `import { readFileSync } from 'node:fs';`, 'node:fs'],
    [
      'an SDK outside its client',
      'integrations/linear/map.ts',
      `import type { Issue } from '@linear/sdk';`,
      'client.ts',
    ],
    ['Slack’s SDK outside Slack', 'src/web/server.ts', `import { App } from '@slack/bolt';`, 'Slack’s SDK'],
    ['a file in no known place', 'src/utils/strings.ts', `export const a = 1;`, 'no ring'],
    ['the environment', 'src/app.ts', `export const port = () => process.env.PORT;`, 'environment'],
    ['the environment by brackets', 'src/app.ts', `export const port = () => process['env'].PORT;`, 'environment'],
    [
      'the environment by destructuring',
      'src/app.ts',
      `export function f() { const { env } = process; return env; }`,
      'environment',
    ],
    [
      'the environment by import',
      'src/storage/db.ts',
      `import { env } from 'node:process'; export const e = () => env.X;`,
      'environment',
    ],
    ['the clock', 'src/pipeline/act.ts', `export const at = () => Date.now();`, 'Date.now'],
    [
      'the clock as an object',
      'src/pipeline/act.ts',
      `export const at = () => new Date().toISOString();`,
      'new Date()',
    ],
    ['the clock as a value', 'src/pipeline/act.ts', `export const clock = { now: Date.now };`, 'Date.now'],
    ['chance', 'src/pipeline/act.ts', `export const id = () => Math.random();`, 'Math.random'],
    [
      'the network',
      'integrations/zendesk/client.ts',
      `export const get = () => fetch('https://a.example');`,
      'global fetch',
    ],
    ['the network as a value', 'src/app.ts', `export const deps = () => ({ fetch });`, 'global fetch'],
    [
      'the network by its full name',
      'src/app.ts',
      `export const deps = () => ({ fetch: globalThis.fetch });`,
      'globalThis.fetch',
    ],
    ['a call at the top', 'src/app.ts', `start();`, 'side effect'],
    ['an await at the top', 'src/app.ts', `export const db = await connect();`, 'side effect: It waits'],
    ['a condition at the top', 'src/web/server.ts', `if (import.meta.main) { main(); }`, 'side effect'],
    ['state at the top', 'src/web/server.ts', `let count = 0; export const next = () => count++;`, 'no let at the top'],
    [
      'a file read at the top',
      'src/storage/db.ts',
      `import { readFileSync } from 'node:fs'; const sql = readFileSync('a').toString(); export const x = () => sql;`,
      'readFileSync',
    ],
    ['a timer at the top', 'src/web/server.ts', `export const timer = setInterval(() => {}, 1000);`, 'setInterval'],
  ])('finds %s', (_what, file, source, expected) => {
    const found = rules(file, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it.each([
    [
      'an injected fetch',
      'integrations/zendesk/client.ts',
      `export function createClient({ fetch }: { fetch: Fetch }) { return () => fetch('a'); }`,
    ],
    [
      'a local of that name',
      'integrations/zendesk/client.ts',
      `export function f(deps: D) { const { fetch = deps.other } = deps; return () => ({ fetch }); }`,
    ],
    ['a method of that name', 'integrations/zendesk/client.ts', `export const f = (deps: D) => deps.fetch('a');`],
    ['the type of fetch', 'src/domain/ports.ts', `export type Fetch = typeof globalThis.fetch;`],
    ['a date that was given', 'src/pipeline/act.ts', `export const at = (iso: string) => new Date(iso);`],
    [
      'words in a comment or a string',
      'src/domain/theme.ts',
      `// Date.now() and import x from 'pg'\nexport const text = "process.env and fetch('x')";`,
    ],
    [
      'schemas and constants',
      'src/domain/theme.ts',
      `import { z } from 'zod'; export const Theme = z.object({}); const A = new Set(['a']); export const has = (x: string) => A.has(x);`,
    ],
    [
      'a neighbour in the same integration',
      'integrations/linear/index.ts',
      `import { createClient } from './client.ts';`,
    ],
    ['an SDK in its client', 'integrations/linear/client.ts', `import { LinearClient } from '@linear/sdk';`],
    ['a command that runs when started', 'src/ops/doctor.ts', `if (import.meta.main) await main();`],
    [
      'the machine in its one file',
      'src/system.ts',
      `export const clock = { now: () => new Date() }; export const net = { fetch };`,
    ],
    ['the environment in its one file', 'src/config.ts', `export const read = (env = process.env) => env;`],
    [
      'everything in the composition root',
      'src/app.ts',
      `import { createLinear } from '#integrations/linear/index.ts'; import { openDb } from './storage/db.ts';`,
    ],
  ])('allows %s', (_what, file, source) => {
    expect(rules(file, source)).toEqual([]);
  });
});

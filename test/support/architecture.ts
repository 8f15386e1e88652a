// The rules of the house as data, and the checker that reads source text against them. It parses, it never runs what it reads.
import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** Where files live that share one set of rules. */
export interface Ring {
  name: string;
  /** Does this file belong here? Paths are relative to the root, with `/`. */
  owns: RegExp;
  /** What it may import of ours, itself aside. Type imports count: a type is a dependency for whoever changes it. */
  ours: RegExp[];
  /** npm packages and node builtins; `*` ends a prefix. */
  packages: string[];
}

const DOMAIN = /^src\/domain\//;
const CONFIG = /^src\/config\.ts$/;
/** The only file that may touch the machine’s clock, chance and network. */
const MACHINE = /^src\/system\.ts$/;

/** Every ring, the most particular first: a file belongs to the first one that owns it. */
export const RINGS: Ring[] = [
  {
    name: 'the nouns',
    owns: DOMAIN,
    ours: [],
    packages: ['zod', 'libphonenumber-js*', 'node:crypto'],
  },
  {
    name: 'the configuration',
    owns: CONFIG,
    ours: [],
    packages: ['zod'],
  },
  {
    name: 'the machine behind the ports',
    owns: MACHINE,
    ours: [DOMAIN],
    packages: ['node:*', 'undici', 'pino', 'prom-client'],
  },
  {
    name: 'the pipeline',
    owns: /^src\/pipeline\//,
    ours: [DOMAIN],
    packages: ['zod', 'node:crypto'],
  },
  {
    name: 'storage',
    owns: /^src\/storage\//,
    ours: [DOMAIN],
    packages: ['zod', 'pg', 'pg-boss', 'keyv', '@langchain/langgraph-checkpoint-postgres', 'node:*'],
  },
  {
    name: 'the web',
    owns: /^src\/web\//,
    ours: [DOMAIN],
    packages: ['zod', 'hono', 'hono/*', '@hono/node-server', 'node:*'],
  },
  {
    name: 'the charts',
    owns: /^src\/charts\//,
    ours: [DOMAIN],
    packages: ['vega', 'vega-lite', '@resvg/resvg-js', 'node:*'],
  },
  {
    name: 'the sandbox',
    owns: /^src\/sandbox\//,
    ours: [DOMAIN, CONFIG, MACHINE],
    packages: ['zod', 'hono', 'hono/*', '@hono/node-server', 'graphql', 'emulate', 'yaml', 'undici', 'ws', 'node:*'],
  },
  {
    name: 'the operators’ commands',
    owns: /^src\/ops\//,
    ours: [DOMAIN, CONFIG, MACHINE, /^src\/(app|connect)\.ts$/],
    // pg for the doctor, who asks the database when the app itself could not start.
    packages: ['zod', 'pg', 'csv-parse*', 'cli-progress', 'yaml', 'node:*'],
  },
  {
    name: 'the composition root',
    owns: /^src\/(app|connect)\.ts$/,
    ours: [/^(src|agents|integrations)\//],
    packages: ['*'],
  },
  {
    name: 'the entrance',
    owns: /^src\/main\.ts$/,
    ours: [DOMAIN, CONFIG, MACHINE, /^src\/app\.ts$/, /^src\/(sandbox|ops)\//],
    packages: ['node:*'],
  },
  {
    name: 'the reader of prompts',
    owns: /^agents\/prompt\.ts$/,
    ours: [DOMAIN],
    packages: ['zod', 'yaml', 'node:fs', 'node:fs/promises', 'node:path', 'node:crypto'],
  },
  {
    name: 'the agents',
    owns: /^agents\//,
    ours: [DOMAIN, /^agents\//],
    packages: ['zod', '@langchain/*', 'langchain', 'tinyld*', 'snowball-stemmers', 'yaml', 'node:crypto'],
  },
  {
    name: 'the frame of the integrations',
    owns: /^integrations\/[^/]+\.ts$/,
    ours: [DOMAIN],
    packages: ['cockatiel'],
  },
  {
    name: 'an integration',
    owns: /^integrations\/[^/]+\//,
    ours: [DOMAIN, /^integrations\/(contract|call)\.ts$/],
    packages: ['zod', 'node:crypto', 'node:http', 'node:buffer', 'node:stream'],
  },
];

/** Packages that one place only may touch, whatever its ring allows: an SDK behind its client, a port behind its file. */
const CONFINED: { packages: string[]; to: RegExp; why: string }[] = [
  { packages: ['@slack/*'], to: /^integrations\/slack\//, why: 'Slack’s SDK stays in its integration' },
  { packages: ['@linear/*'], to: /^integrations\/linear\/client\.ts$/, why: 'an SDK has one importer, its client.ts' },
  {
    packages: ['@octokit/*', 'octokit'],
    to: /^integrations\/github\/client\.ts$/,
    why: 'an SDK has one importer, its client.ts',
  },
];

/** Commands: what they do, they do when they are started. */
const STARTED = /^src\/(main\.ts$|ops\/|sandbox\/main\.ts$)/;
// Builtins that compute and touch nothing; a constant may be made with them while a module loads.
const PURE_BUILTINS = /^node:(crypto|path|path\/posix|url|util|buffer|async_hooks)$/;

/** One broken rule: where, and what to do about it. */
export interface Violation {
  file: string;
  rule: 'import' | 'package' | 'environment' | 'machine' | 'side effect' | 'no ring';
  detail: string;
}

interface Node {
  type: string;
  [key: string]: unknown;
}

/** Reads one source file against the rules. `file` is relative to the root. Throws when the text is not TypeScript. */
export function violationsOf(file: string, source: string): Violation[] {
  const program = parseAst(source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node;
  const found: Violation[] = [];
  const report: Report = (rule, detail) => {
    // One sentence each: a chain of calls would say the same thing once per link.
    if (!found.some((known) => known.rule === rule && known.detail === detail)) found.push({ file, rule, detail });
  };
  const ring = RINGS.find((candidate) => candidate.owns.test(file));
  if (!ring) {
    report('no ring', 'This file is in none of the known places; see the layout in CONTRIBUTING.md.');
    return found;
  }
  for (const specifier of importsOf(program)) checkImport(file, ring, specifier, report);
  if (!CONFIG.test(file)) checkEnvironment(program, report);
  if (!MACHINE.test(file)) checkMachine(program, report);
  if (!STARTED.test(file)) checkLoading(program, report);
  return found;
}

type Report = (rule: Violation['rule'], detail: string) => void;

function checkImport(file: string, ring: Ring, specifier: string, report: Report): void {
  const target = ownPath(file, specifier);
  if (target !== null) {
    const home = RINGS.find((candidate) => candidate.owns.test(target));
    const same = home === ring && (ring.name !== 'an integration' || folderOf(target) === folderOf(file));
    if (!same && !ring.ours.some((allowed) => allowed.test(target))) {
      report('import', `${ring.name} may not import ${target}; let app.ts hand it in.`);
    }
    return;
  }
  const confined = CONFINED.find((rule) => matches(rule.packages, specifier));
  if (confined) {
    if (!confined.to.test(file)) report('package', `${specifier}: ${confined.why}.`);
  } else if (!matches(ring.packages, specifier)) report('package', `${ring.name} may not import ${specifier}.`);
}

/** The path from the root of what a specifier names, or null when it names a package. */
function ownPath(file: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier);
  const alias = /^#(src|agents|integrations|test)\/(.+)$/.exec(specifier);
  return alias ? `${alias[1]}/${alias[2]}` : null;
}

function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

function matches(list: string[], specifier: string): boolean {
  return list.some((entry) => (entry.endsWith('*') ? specifier.startsWith(entry.slice(0, -1)) : entry === specifier));
}

/** Every module a file names: import, export from, dynamic import, and `import('…')` inside a type. */
function importsOf(program: Node): string[] {
  const names = new Set<string>();
  walk(program, (node) => {
    if (!/^(Import(Declaration|Expression)|Export(All|Named)Declaration|TSImportType)$/.test(node.type)) return;
    const source = node.source as Node | null;
    if (source && typeof source.value === 'string') names.add(source.value);
  });
  return [...names];
}

function checkEnvironment(program: Node, report: Report): void {
  const advice = 'The environment is read in src/config.ts and handed on as Config.';
  walk(program, (node) => {
    if (isMember(node, 'process', 'env')) report('environment', advice);
    if (node.type === 'VariableDeclarator' && isName(node.init, 'process') && bindsIn(node.id, 'env'))
      report('environment', advice);
    if (
      node.type === 'ImportDeclaration' &&
      /^(node:)?process$/.test(String((node.source as Node).value)) &&
      bindsImported(node, 'env')
    )
      report('environment', advice);
  });
}

function checkMachine(program: Node, report: Report): void {
  walkValues(program, (node, above) => {
    if (isMember(node, 'Date', 'now')) report('machine', 'Date.now: ask the Clock.');
    if (isMember(node, 'Math', 'random')) report('machine', 'Math.random: have it handed in.');
    if (isMember(node, 'globalThis', 'fetch')) report('machine', 'globalThis.fetch: take a Fetch.');
    const called = node.callee as Node | undefined;
    if (node.type === 'NewExpression' && isName(called, 'Date') && (node.arguments as Node[]).length === 0)
      report('machine', 'new Date() without an argument: ask the Clock.');
    if (node.type === 'CallExpression' && isName(called, 'Date')) report('machine', 'Date(): ask the Clock.');
    if (isName(node, 'fetch') && !above.some((scope) => declares(scope, 'fetch')))
      report('machine', 'the global fetch: take a Fetch.');
  });
}

/** Loading a module may declare and compute; it may not do. */
function checkLoading(program: Node, report: Report): void {
  const builtins = builtinNames(program);
  const initial = (value: unknown) =>
    walkNow(value as Node, (node) => {
      if (node.type === 'AwaitExpression') report('side effect', 'It waits while it is loaded.');
      if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return;
      const root = rootName(node.callee as Node);
      if (
        root &&
        (builtins.has(root) || /^(setTimeout|setInterval|setImmediate|queueMicrotask|console|process)$/.test(root))
      )
        report('side effect', `${root} is called while it is loaded; call it in a function.`);
    });
  for (const statement of program.body as Node[]) {
    const inner = /^Export(Named|Default)Declaration$/.test(statement.type)
      ? (statement.declaration as Node | null)
      : statement;
    if (!inner || /^(Import|ExportAll|TS|Function|Class)\w*Declaration$|^TS/.test(inner.type)) continue;
    if (inner.type === 'VariableDeclaration') {
      if (inner.kind !== 'const' && !inner.declare)
        report('side effect', `A module keeps no state: no ${inner.kind} at the top.`);
      for (const one of inner.declarations as Node[]) initial(one.init);
    } else if (inner !== statement) initial(inner);
    else if (statement.type !== 'EmptyStatement')
      report('side effect', `It acts while it is loaded (${statement.type}).`);
  }
}

/** Local names of what is imported from builtins that touch the machine. */
function builtinNames(program: Node): Set<string> {
  const names = new Set<string>();
  for (const node of program.body as Node[]) {
    if (node.type !== 'ImportDeclaration' || node.importKind === 'type') continue;
    const from = String((node.source as Node).value);
    if (!from.startsWith('node:') || PURE_BUILTINS.test(from)) continue;
    for (const specifier of node.specifiers as Node[]) names.add(String((specifier.local as Node).name));
  }
  return names;
}

// --- reading the tree

type Visit = (node: Node, above: Node[]) => void;

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter(
      (value): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string',
    );
}

function walk(
  node: Node,
  visit: Visit,
  above: Node[] = [],
  enter: (child: Node, parent: Node) => boolean = () => true,
): void {
  visit(node, above);
  for (const child of childrenOf(node)) if (enter(child, node)) walk(child, visit, [...above, node], enter);
}

// A type says nothing at run time; these five wrap a value.
const AROUND_VALUES = /^TS(AsExpression|SatisfiesExpression|NonNullExpression|TypeAssertion|InstantiationExpression)$/;

/** Values only: no types, and no names that are merely keys. */
function walkValues(program: Node, visit: Visit): void {
  walk(program, visit, [], (child, parent) => {
    if (child.type.startsWith('TS') && !AROUND_VALUES.test(child.type)) return false;
    const named = child === parent.key || (parent.type === 'MemberExpression' && child === parent.property);
    // In `{ fetch }` key and value are one name, seen twice: the value is the reference.
    return !named || parent.computed === true;
  });
}

/** What runs while a module loads: not the inside of functions and classes. */
function walkNow(value: Node | null | undefined, visit: Visit): void {
  if (!value || isFunction(value)) return;
  walk(value, visit, [], (child) => !isFunction(child) && !/^Class/.test(child.type));
}

function isFunction(node: Node): boolean {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type);
}

function isName(node: unknown, name: string): boolean {
  return (node as Node | null)?.type === 'Identifier' && (node as Node).name === name;
}

function isMember(node: Node, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression' || !isName(node.object, object)) return false;
  const key = node.property as Node;
  return node.computed ? key.value === property : isName(key, property);
}

function rootName(callee: Node): string | null {
  if (callee.type === 'Identifier') return String(callee.name);
  const inner = (callee.object ?? callee.callee ?? callee.expression) as Node | undefined;
  return inner ? rootName(inner) : null;
}

/** Does this function, block or file give the name a meaning of its own? */
function declares(scope: Node, name: string): boolean {
  if (isFunction(scope)) return (scope.params as Node[]).some((param) => bindsIn(param, name));
  if (scope.type === 'CatchClause') return bindsIn(scope.param, name);
  if (scope.type === 'ForOfStatement') return declaresHere(scope.left as Node, name);
  if (scope.type !== 'Program' && scope.type !== 'BlockStatement') return false;
  return (scope.body as Node[]).some((statement) =>
    declaresHere(
      statement.type === 'ExportNamedDeclaration' ? (statement.declaration as Node | null) : statement,
      name,
    ),
  );
}

function declaresHere(statement: Node | null, name: string): boolean {
  if (statement?.type === 'VariableDeclaration')
    return (statement.declarations as Node[]).some((one) => bindsIn(one.id, name));
  if (statement?.type === 'FunctionDeclaration' || statement?.type === 'ClassDeclaration')
    return isName(statement.id, name);
  if (statement?.type === 'ImportDeclaration')
    return (statement.specifiers as Node[]).some((specifier) => isName(specifier.local, name));
  return false;
}

/** Does a pattern bind the name? A default value inside it does not. */
function bindsIn(pattern: unknown, name: string): boolean {
  const node = pattern as Node | null;
  if (!node) return false;
  if (node.type === 'Identifier') return node.name === name;
  if (node.type === 'AssignmentPattern') return bindsIn(node.left, name);
  if (node.type === 'RestElement') return bindsIn(node.argument, name);
  if (node.type === 'Property') return bindsIn(node.value, name);
  if (node.type === 'ObjectPattern') return (node.properties as Node[]).some((property) => bindsIn(property, name));
  if (node.type === 'ArrayPattern') return (node.elements as Node[]).some((element) => bindsIn(element, name));
  return false;
}

function bindsImported(declaration: Node, name: string): boolean {
  return (declaration.specifiers as Node[]).some((specifier) => isName(specifier.imported, name));
}

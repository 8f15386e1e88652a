// npm run contracts -- check | release | show: keeps what is stored readable. docs/contracts holds the JSON Schema of every released
// version, for readers outside this code too; a file there is never changed, so that "compatible with what was released" stays provable.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Contract, Versioned } from '#src/domain/contract.ts';
import { CONTRACTS } from '#src/domain/contracts.ts';
import { AppError, errorLine } from '#src/domain/errors.ts';
import { changesBetween, type JsonSchema, lossyObjects } from './contract-changes.ts';

/** Where released contracts lie: `signal.v1.json`, and `signal.v1.1.json` for the optional fields that version 1 gained later. */
export const RELEASED_DIR = resolve(import.meta.dirname, '../../docs/contracts');

/** A contract as the check sees it: its record type does not matter here. */
export type AnyContract = Pick<Contract<Versioned>, 'name' | 'version' | 'schema'>;

/** What a check found. `problems` fail it; `notes` are for the person who releases. */
export interface ContractsReport {
  problems: string[];
  notes: string[];
}

interface Released {
  noun: string;
  version: number;
  /** 0 for the version itself, then one more for each time it gained optional fields. */
  growth: number;
  file: string;
  schema: JsonSchema;
}

/** Compares the contracts with every released file of their version. Each problem names the noun, the path and who would not survive it. */
export async function checkContracts(contracts: AnyContract[], folder = RELEASED_DIR): Promise<ContractsReport> {
  const released = await readReleased(folder);
  const known = new Set(contracts.map(({ name }) => name));
  const problems = released
    .filter(({ noun, growth }) => !known.has(noun) && growth === 0)
    .map(({ noun, file }) => `${noun}: ${file} is released, but nothing reads ${noun} rows any more.`);
  const notes: string[] = [];
  for (const contract of contracts) {
    const own = released.filter(({ noun }) => noun === contract.name);
    problems.push(...shapeProblems(contract), ...versionProblems(contract, own));
    const { breaking, additions } = compareToReleased(contract, own);
    problems.push(...breaking);
    if (additions.length > 0)
      notes.push(
        `${contract.name} v${contract.version} gained ${additions.join(', ')}; \`npm run contracts -- release\` records that.`,
      );
  }
  return { problems, notes };
}

/**
 * Writes a file for each version, and for each growth of a version, that has none yet; answers their names. Throws AppError('conflict')
 * and writes nothing when a contract would break what is released: a released file is never overwritten.
 */
export async function releaseContracts(contracts: AnyContract[], folder = RELEASED_DIR): Promise<string[]> {
  const released = await readReleased(folder);
  const plan: { file: string; schema: JsonSchema }[] = [];
  const refused: string[] = [];
  for (const contract of contracts) {
    const own = released.filter(({ noun }) => noun === contract.name);
    const same = own.filter(({ version }) => version === contract.version);
    const { breaking, additions } = compareToReleased(contract, own);
    refused.push(...shapeProblems(contract), ...breaking);
    if (same.length > 0 && additions.length === 0) continue;
    const growth = same.length > 0 ? `.${Math.max(...same.map((one) => one.growth)) + 1}` : '';
    plan.push({ file: `${contract.name}.v${contract.version}${growth}.json`, schema: schemaOf(contract) });
  }
  if (refused.length > 0) throw new AppError('conflict', `Nothing was released.\n${refused.join('\n')}`);
  for (const { file, schema } of plan) {
    await writeFile(join(folder, file), `${JSON.stringify(schema, null, 2)}\n`, { flag: 'wx' });
  }
  return plan.map(({ file }) => file);
}

/** The JSON Schema of a contract: what a reader of this version accepts. */
export function schemaOf(contract: AnyContract): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(contract.schema, { io: 'input' });
  return { $schema, title: `${contract.name} v${contract.version}`, ...rest };
}

function compareToReleased(contract: AnyContract, own: Released[]): { breaking: string[]; additions: string[] } {
  const current = schemaOf(contract);
  const same = own.filter(({ version }) => version === contract.version);
  const compared = same.map(({ schema }) => changesBetween(schema, current));
  const breaking = compared.flatMap((changes) =>
    changes.breaking.map(
      ({ path, reason }) =>
        `${contract.name} v${contract.version}: ${path} ${reason}. Make it version ${contract.version + 1} with an upcaster from ${contract.version}.`,
    ),
  );
  // An optional field counts as recorded when any file of the version has it.
  const additions = (compared[0]?.additions ?? []).filter((path) =>
    compared.every((one) => one.additions.includes(path)),
  );
  return { breaking: [...new Set(breaking)], additions };
}

function shapeProblems(contract: AnyContract): string[] {
  const label = `${contract.name} v${contract.version}`;
  const schema = schemaOf(contract);
  const lossy = lossyObjects(schema).map(
    (path) =>
      `${label}: ${path} drops the fields it does not know, and with them what a newer writer added; make it z.looseObject.`,
  );
  const stamp = (schema.properties as Record<string, JsonSchema> | undefined)?.v;
  return stamp?.const === contract.version ? lossy : [...lossy, `${label}: v must be z.literal(${contract.version}).`];
}

function versionProblems(contract: AnyContract, own: Released[]): string[] {
  const newest = Math.max(0, ...own.map(({ version }) => version));
  if (newest > contract.version)
    return [
      `${contract.name}: version ${newest} is released, so version ${contract.version} cannot come back; rows of it exist.`,
    ];
  const missing = Array.from({ length: contract.version }, (_, index) => index + 1).filter(
    (version) => !own.some((one) => one.version === version && one.growth === 0),
  );
  return missing.map((version) =>
    version === contract.version
      ? `${contract.name}: version ${version} is not released; run \`npm run contracts -- release\` and commit the file.`
      : `${contract.name}: ${contract.name}.v${version}.json is gone, and rows of version ${version} are not; restore it.`,
  );
}

async function readReleased(folder: string): Promise<Released[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = /^([a-z-]+)\.v(\d+)(?:\.(\d+))?\.json$/.exec(file);
      if (!name)
        throw new AppError('bad_request', `${file} in ${folder} is not named like a contract (signal.v1.json).`);
      const schema = JSON.parse(await readFile(join(folder, file), 'utf8')) as JsonSchema;
      return { noun: name[1]!, version: Number(name[2]), growth: Number(name[3] ?? 0), file, schema };
    }),
  );
}

const USAGE = `npm run contracts -- check          compares the contracts with what is released in docs/contracts
npm run contracts -- release        writes the files of versions that are not released yet
npm run contracts -- show [noun]    lists the contracts, or prints one as JSON Schema`;

async function main(args: string[]): Promise<number> {
  const contracts: AnyContract[] = Object.values(CONTRACTS);
  const [command, noun] = args;
  if (command === 'check') {
    const { problems, notes } = await checkContracts(contracts);
    for (const line of [...problems, ...notes]) console.log(line);
    console.log(problems.length === 0 ? `${contracts.length} contracts hold.` : `Not compatible: ${problems.length}.`);
    return problems.length === 0 ? 0 : 1;
  }
  if (command === 'release') {
    const written = await releaseContracts(contracts);
    console.log(written.length > 0 ? `Released ${written.join(', ')}.` : 'Everything is released already.');
    return 0;
  }
  const chosen = contracts.filter(({ name }) => !noun || name === noun);
  if (command !== 'show' || chosen.length === 0) {
    console.error(`${USAGE}\nNouns: ${contracts.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  if (noun) console.log(JSON.stringify(schemaOf(chosen[0]!), null, 2));
  else for (const { name, version } of chosen) console.log(`${name.padEnd(12)} v${version}`);
  return 0;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(errorLine(error));
    process.exitCode = 1;
  }
}

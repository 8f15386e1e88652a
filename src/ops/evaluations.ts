// npm run evaluations: how each version of what makes our words has done, from what people said and did about it.
import { pathToFileURL } from 'node:url';
import type { openEvaluations } from '../app.ts';
import { describeProblems, readConfig } from '../config.ts';
import { DISMISS_REASONS } from '../domain/decision.ts';
import { AppError, errorLine } from '../domain/errors.ts';
import { type ProducerEvaluation, VOTE_REASONS } from '../domain/evaluation.ts';
import { createLog } from '../system.ts';
import { ownTerminal, type Terminal } from './terminal.ts';

const USAGE = `npm run evaluations

Prints, for each version of what makes the words of cards, answers and digests (an analyst, or a prompt with its model): votes for and against
with the reasons, approvals with how much people changed before filing, dismissals with their reasons, and what was taken back later.
`;

/** Runs the command. Answers the exit code. */
export async function run(args: readonly string[], { out, err, env }: Terminal): Promise<number> {
  if (args.length > 0) {
    const help = args[0] === '--help' || args[0] === '-h';
    (help ? out : err).write(USAGE);
    return help ? 0 : 1;
  }
  const read = readConfig(env);
  if (!read.ok) {
    err.write(describeProblems(read.problems));
    return 1;
  }
  let evaluations: Awaited<ReturnType<typeof openEvaluations>> | null = null;
  try {
    // Everything comes with it, which takes a moment: not for a word of help.
    const { openEvaluations } = await import('../app.ts');
    evaluations = await openEvaluations(read.config, createLog('error'));
    out.write(evaluationsTable(await evaluations.table()));
    return 0;
  } catch (error) {
    err.write(`${error instanceof AppError ? error.message : errorLine(error)}\n`);
    return 1;
  } finally {
    await evaluations?.close();
  }
}

/** The table as text for a terminal. */
export function evaluationsTable(rows: readonly ProducerEvaluation[]): string {
  if (rows.length === 0) return 'Nobody has judged, decided or changed anything yet.\n';
  const head = ['made by', 'for', 'against', 'approved', 'edited', 'distance', 'dismissed', 'taken back'];
  const cells = rows.map((row) => [
    row.producedBy,
    String(row.up),
    String(row.down),
    String(row.approved),
    String(row.edited),
    row.editDistance === null ? '-' : row.editDistance.toFixed(2),
    String(sum(Object.values(row.dismissed))),
    String(row.undone),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd();
  const notes = rows.flatMap((row) => [
    ...noteOf(row.producedBy, 'against', row.reasons, VOTE_REASONS),
    ...noteOf(row.producedBy, 'dismissed', row.dismissed, { ...DISMISS_REASONS, none: 'without a reason' }),
  ]);
  return `${[line(head), ...cells.map(line), '', ...notes].join('\n').trimEnd()}\n`;
}

function noteOf<K extends string>(
  producedBy: string,
  what: string,
  counts: Partial<Record<K, number>>,
  names: Record<K, string>,
): string[] {
  const parts = (Object.entries(counts) as [K, number][]).map(([key, n]) => `${names[key]} (${n})`);
  return parts.length > 0 ? [`${producedBy}, ${what}: ${parts.join('; ')}`] : [];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exit(await run(process.argv.slice(2), ownTerminal()));

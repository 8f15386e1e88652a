// The mind: a model that looks things up with tools and answers by ids and counted numbers. It sees the redacted question and nothing that a customer wrote.
import type { AIMessage, BaseMessageLike } from '@langchain/core/messages';
import { z } from 'zod';
import { type ChatModelOptions, loadChatModel, modelError } from '#agents/chat-model.ts';
import { asData, loadPrompt } from '#agents/prompt.ts';
import { ASK_DIMENSIONS, AskCall, AskFilter, DAYS_MAX, type Found, type ThemeFate } from '#src/domain/ask.ts';
import type { Measure } from '#src/domain/change.ts';
import { ObservationKind, type ProducedBy } from '#src/domain/observation.ts';
import type { Telemetry } from '#src/domain/ports.ts';
import { redactText } from '#src/domain/redaction.ts';
import { SignalSource } from '#src/domain/signal.ts';
import type { Statement } from './state.ts';

const STATEMENTS_MAX = 6;
const STATEMENT_LENGTH_MAX = 240;
const PROBLEMS_LENGTH_MAX = 1_000;

/** What the model does next. */
export type Turn =
  | { kind: 'calls'; message: AIMessage; calls: { callId: string; call: AskCall | null; problem: string | null }[] }
  | { kind: 'answer'; message: AIMessage; statements: Statement[] }
  | { kind: 'malformed'; message: AIMessage; problems: string }
  | { kind: 'refused' };

export interface Mind {
  readonly producedBy: ProducedBy;
  /** The first message about a question. */
  begin(question: string, now: Date): BaseMessageLike[];
  next(messages: readonly BaseMessageLike[], signal: AbortSignal): Promise<Turn>;
  /** What is said when an answer does not hold. */
  repair(problems: string): BaseMessageLike;
}

const nothing = z.object({});
const filter = z.object({
  about: z.string().nullish().describe('words of the question for a subject, such as "csv export"'),
  theme: z.string().nullish().describe('the id of a theme, thm_…'),
  area: z.string().nullish().describe('part of the product, such as billing'),
  source: SignalSource.nullish(),
  kinds: z.array(ObservationKind).nullish(),
  customer: z.string().nullish().describe('the name of a customer as the question gives it'),
  days: z.number().nullish().describe('length of time in days, 1 to 365; 30 when left out'),
  days_ago: z.number().nullish().describe('how many days ago the time ends; 0 when left out'),
  since_release: z.boolean().nullish().describe('true for the time since the last release'),
});
const ANSWER = z.object({
  statements: z
    .array(
      z.object({ text: z.string().min(1).max(STATEMENT_LENGTH_MAX), rests_on: z.array(z.string()).min(1).max(20) }),
    )
    .min(1)
    .max(STATEMENTS_MAX),
});
const TOOLS = {
  count_reports: ['Counts reports and customers, against the same length of time before.', filter],
  list_themes: [
    'The themes with the most customers, or that grow most, with their counts.',
    filter.extend({ order: z.enum(['customers', 'growth']).nullish() }),
  ],
  new_themes: ['Themes that were reported for the first time in this time.', filter],
  break_down: ['Splits the reports up.', filter.extend({ by: z.enum(ASK_DIMENSIONS) })],
  trend: ['Reports over time, in columns of equal length, oldest first.', filter],
  what_became: ['What became of themes: decision, issue, outcome, and how many customers asked.', filter],
  waiting: ['Themes whose proposal waits for a decision of a person.', nothing],
  give_answer: ['The answer, once.', ANSWER],
} as const satisfies Record<string, readonly [string, z.ZodType]>;
type ToolName = keyof typeof TOOLS;

/** Makes the mind. Throws AppError('bad_config') when the provider's package is missing. */
export async function createMind(options: ChatModelOptions & { telemetry: Telemetry }): Promise<Mind> {
  const model = await loadChatModel(options);
  const prompt = loadPrompt('ask');
  const repairPrompt = loadPrompt('repair');
  const tools = Object.entries(TOOLS).map(([name, [description, schema]]) => ({
    type: 'function' as const,
    function: {
      name,
      description,
      parameters: z.toJSONSchema(schema, { target: 'draft-7' }) as Record<string, unknown>,
    },
  }));
  const bound = model.bindTools(tools);
  return {
    producedBy: { analyst: 'ask', version: '1', prompt: prompt.id, model: options.model },
    begin: (question, now) => [
      ['human', prompt.render({ question: asData(redactText(question)), today: now.toISOString().slice(0, 10) })],
    ],
    async next(messages, signal) {
      const message = await options.telemetry.around('model.ask', async () => {
        try {
          return (await bound.invoke([...messages], { signal })) as unknown as AIMessage;
        } catch (error) {
          throw modelError(error, 'ask', options.model);
        }
      });
      const tokens = message.usage_metadata;
      if (tokens) {
        const labels = { prompt: prompt.id, model: options.model };
        options.telemetry.count('model_tokens_total', { ...labels, direction: 'in' }, tokens.input_tokens);
        options.telemetry.count('model_tokens_total', { ...labels, direction: 'out' }, tokens.output_tokens);
      }
      return turnOf(message);
    },
    repair: (problems) => [
      'human',
      repairPrompt.render({ tool: 'give_answer', problems: problems.slice(0, PROBLEMS_LENGTH_MAX) }),
    ],
  };
}

function turnOf(message: AIMessage): Turn {
  const refusal = message.additional_kwargs?.refusal;
  if (typeof refusal === 'string' && refusal !== '') return { kind: 'refused' };
  const calls = message.tool_calls ?? [];
  if (calls.length === 0) {
    if ((message.invalid_tool_calls?.length ?? 0) === 0 && message.text.trim() === '') return { kind: 'refused' };
    return { kind: 'malformed', message, problems: 'give_answer was not called with valid arguments.' };
  }
  const answer = calls.find(({ name }) => name === 'give_answer');
  if (answer) {
    const parsed = ANSWER.safeParse(answer.args);
    if (!parsed.success) return { kind: 'malformed', message, problems: z.prettifyError(parsed.error) };
    const statements = parsed.data.statements.map(({ text, rests_on }) => ({ text, restsOn: rests_on }));
    return { kind: 'answer', message, statements };
  }
  return {
    kind: 'calls',
    message,
    calls: calls.map(({ id, name, args }) => ({ callId: id ?? name, ...callOf(name, args) })),
  };
}

/** What a model asked for, as one of our look-ups. There is no other. */
function callOf(name: string, args: Record<string, unknown>): { call: AskCall | null; problem: string | null } {
  if (!Object.hasOwn(TOOLS, name)) return { call: null, problem: 'There is no such tool.' };
  const parsed = TOOLS[name as ToolName][1].safeParse(args);
  if (!parsed.success) return { call: null, problem: z.prettifyError(parsed.error).slice(0, PROBLEMS_LENGTH_MAX) };
  const given = parsed.data as z.infer<typeof filter> & { order?: string | null; by?: string };
  const narrowed = AskFilter.safeParse(
    without({
      about: given.about?.slice(0, 80),
      theme: given.theme,
      area: given.area,
      source: given.source,
      kinds: given.kinds?.length ? given.kinds.slice(0, 6) : null,
      customer: given.customer?.slice(0, 80),
      days: given.days && Math.min(DAYS_MAX, Math.round(given.days)),
      daysAgo: given.days_ago && Math.round(given.days_ago),
      since: given.since_release ? 'release' : null,
    }),
  );
  if (!narrowed.success) return { call: null, problem: z.prettifyError(narrowed.error).slice(0, PROBLEMS_LENGTH_MAX) };
  const look = { filter: narrowed.data };
  switch (name as ToolName) {
    case 'count_reports':
      return checked({ tool: 'count', ...look });
    case 'list_themes':
      return checked({ tool: 'themes', ...look, order: given.order ?? 'customers' });
    case 'new_themes':
      return checked({ tool: 'newest', ...look });
    case 'break_down':
      return checked({ tool: 'breakdown', ...look, by: given.by });
    case 'trend':
      return checked({ tool: 'trend', ...look });
    case 'what_became':
      return checked({ tool: 'fate', ...look });
    default:
      return checked({ tool: 'waiting' });
  }
}

function checked(call: object): { call: AskCall | null; problem: string | null } {
  const parsed = AskCall.safeParse(call);
  return parsed.success
    ? { call: parsed.data, problem: null }
    : { call: null, problem: 'That look-up is not possible.' };
}

function without(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  );
}

const ISSUE = /^[A-Z][A-Z0-9]{0,9}-\d{1,7}$/;
// An area is a word or two of an analyst; anything longer could be a sentence to the model.
const AREA = /^[a-z][a-z0-9-]{0,19}(?: [a-z0-9-]{1,20})?$/;

/** What a look-up found, as the model gets to see it: numbers, ids and fields of ours, never a word of a customer. */
export function shownToModel(id: string, found: Found): Record<string, unknown> {
  switch (found.tool) {
    case 'nothing':
      return { id, found: 'nothing', because: found.miss };
    case 'count':
      return { id, days: found.span.days, ...counted(found.counted) };
    case 'themes':
      return {
        id,
        days: found.span.days,
        ...counted(found.counted),
        themes: found.rows.map((row) => ({ theme: row.themeId, ...counted(row) })),
        not_listed: found.more,
        hidden: found.hidden,
      };
    case 'newest':
      return { id, days: found.span.days, themes: found.rows.map(fate), hidden: found.hidden };
    case 'breakdown':
      return {
        id,
        days: found.span.days,
        ...counted(found.counted),
        rows: found.rows.map(({ key, reports, before }) => ({
          [found.by]:
            key !== null && (AREA.test(key) || /^cus_[0-9a-f]{24}$/.test(key) || found.by !== 'area') ? key : 'other',
          reports,
          before,
        })),
      };
    case 'trend':
      return {
        id,
        days: found.span.days,
        ...counted(found.counted),
        days_per_column: found.columnDays,
        columns: found.columns,
      };
    case 'fate':
      return { id, themes: found.rows.map(fate), hidden: found.hidden };
    case 'waiting':
      return { id, themes: found.rows.map(fate), hidden: found.hidden };
  }
}

function counted({ reports, customers }: { reports: Measure; customers: Measure }): Record<string, unknown> {
  const { change } = reports;
  return {
    reports: reports.now,
    reports_before: reports.before,
    customers: customers.now,
    change: change?.kind === 'measured' ? { verdict: change.verdict } : change && { verdict: 'too_few', n: change.n },
  };
}

function fate(row: ThemeFate): Record<string, unknown> {
  return {
    theme: row.themeId,
    reports: row.reports,
    customers: row.customers,
    first_report: row.since.slice(0, 10),
    newest_report: row.newest.slice(0, 10),
    card: row.card,
    decision: row.decision?.status ?? null,
    issue: row.issue && ISSUE.test(row.issue.label) ? row.issue.label : null,
    outcome: row.outcome,
  };
}

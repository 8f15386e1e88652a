// The analyst that asks a chat model. The model sees redacted words as data, has one function to call and no other tools; its answer is parsed, never trusted.
import type { AIMessage, BaseMessageLike } from '@langchain/core/messages';
import { z } from 'zod';
import { type ChatModelOptions, loadChatModel, modelError } from '#agents/chat-model.ts';
import type { Prompt } from '#agents/prompt.ts';
import { asData, loadPrompt } from '#agents/prompt.ts';
import type { Analyst, AnalystConversation, ThemeBrief, ThemeDescription } from '#src/domain/analyst.ts';
import { AppError } from '#src/domain/errors.ts';
import type { ObservationDraft, ProducedBy } from '#src/domain/observation.ts';
import {
  Confidence,
  KEYWORDS_MAX,
  ObservationKind,
  Perception,
  Severity,
  TITLE_LENGTH_MAX,
} from '#src/domain/observation.ts';
import type { Telemetry } from '#src/domain/ports.ts';
import type { RedactedText } from '#src/domain/redaction.ts';
import { clipRedacted, redactText } from '#src/domain/redaction.ts';
import { oneLine } from './builtin/title.ts';
import { inTurns } from './turns.ts';

export interface ModelOptions extends ChatModelOptions {
  telemetry: Telemetry;
  timeoutMs?: number;
  /** How many conversations are asked about at the same time. */
  atOnce?: number;
}

const NAME = 'model';
const VERSION = '1';
const TIMEOUT_MS = 30_000;
const AT_ONCE = 4;
// A report is short. What a model need not read costs money and gives strangers room.
const CONVERSATION_LENGTH_MAX = 12_000;
const CLAIM_LENGTH_MAX = 240;

/** What the model is asked to fill in about a conversation; names as in prompts/observe. */
const ObserveAnswer = z.object({
  kind: ObservationKind,
  severity: Severity,
  area: z.string().max(60).nullable(),
  language: z.string().nullable(),
  is_noise: z.boolean(),
  title: z.string().min(1).max(400),
  keywords: z.array(z.string()).max(40),
  confidence: z.object({
    kind: Confidence,
    severity: Confidence,
    area: Confidence,
    language: Confidence,
    is_noise: Confidence,
  }),
});
const DescribeAnswer = z.object({ title: z.string().min(1).max(400), claim: z.string().min(1).max(600) });

/** What a model made of a question. Refusing and failing to fit are answers too: trying again would give the same. */
type Answer<T> =
  | { outcome: 'answered'; value: T }
  | { outcome: 'refused' }
  | { outcome: 'uncalled' | 'malformed'; problems: string };

interface Question<T> {
  prompt: Prompt;
  text: string;
  tool: string;
  schema: z.ZodType<T>;
  /** What is wrong with an answer that fits the schema, or null. */
  objection(value: T): string | null;
}

/**
 * Makes the analyst. Loads the provider's package at once, so that a missing one is told at the start: AppError('bad_config').
 *
 * `observe` and `describe` throw AppError('refused') and AppError('bad_answer') for what the model did, ExternalError for what kept it
 * from answering.
 */
export async function createModelAnalyst(options: ModelOptions): Promise<Analyst> {
  const model = await loadChatModel(options);
  const observePrompt = loadPrompt('observe');
  const describePrompt = loadPrompt('describe');
  const repairPrompt = loadPrompt('repair');
  const producedBy = (prompt: Prompt): ProducedBy => ({
    analyst: NAME,
    version: VERSION,
    prompt: prompt.id,
    model: options.model,
  });

  async function observeOne(conversation: AnalystConversation): Promise<ObservationDraft> {
    const seen = clipConversation(conversation);
    const said = seen.map(({ text }) => text).join('\n');
    const value = await answered({
      prompt: observePrompt,
      text: observePrompt.render({ conversation: asData(seen) }),
      tool: 'record_observation',
      schema: ObserveAnswer,
      objection: ({ title }) => inventedIn(title, said),
    });
    const perception = Perception.parse({
      kind: value.is_noise ? 'noise' : value.kind,
      severity: value.severity,
      area: value.area?.trim().toLowerCase() || null,
      language: /^[a-z]{2}\b/.exec(value.language?.toLowerCase() ?? '')?.[0] ?? null,
      isNoise: value.is_noise || value.kind === 'noise',
      title: titleFrom(value.title),
      keywords: value.keywords
        .map((word) => redactText(word.trim().slice(0, 60)))
        .filter((word) => word !== '' && word.length <= 60)
        .slice(0, KEYWORDS_MAX),
      confidence: {
        kind: value.confidence.kind,
        severity: value.confidence.severity,
        area: value.confidence.area,
        language: value.confidence.language,
        isNoise: value.confidence.is_noise,
      },
    });
    return {
      ...perception,
      conversationId: conversation.conversationId,
      conversationRevision: conversation.conversationRevision,
      producedBy: producedBy(observePrompt),
    };
  }

  async function describe(theme: ThemeBrief): Promise<ThemeDescription> {
    const data = { kind: theme.kind, severity: theme.severity, titles: theme.titles, excerpts: theme.excerpts };
    const value = await answered({
      prompt: describePrompt,
      text: describePrompt.render({ theme: asData(data) }),
      tool: 'record_description',
      schema: DescribeAnswer,
      objection: ({ title, claim }) =>
        inventedIn(`${title}\n${claim}`, [...theme.titles, ...theme.excerpts].join('\n')),
    });
    return {
      title: titleFrom(value.title),
      claim: clipRedacted(redactText(oneLine(value.claim)), CLAIM_LENGTH_MAX),
      producedBy: producedBy(describePrompt),
    };
  }

  /** Asks, and once more when the answer does not fit. */
  async function answered<T>(question: Question<T>): Promise<T> {
    const messages: BaseMessageLike[] = [['human', question.text]];
    let answer = await ask(question, messages);
    if (answer.outcome === 'uncalled' || answer.outcome === 'malformed') {
      const repair = repairPrompt.render({ tool: question.tool, problems: answer.problems });
      answer = await ask(question, [...messages, ['human', repair]]);
    }
    options.telemetry.count('model_answers_total', { prompt: question.prompt.id, outcome: answer.outcome });
    if (answer.outcome === 'answered') return answer.value;
    if (answer.outcome === 'refused' || answer.outcome === 'uncalled') {
      throw new AppError('refused', `${options.model} refused to answer ${question.prompt.id}.`);
    }
    throw new AppError(
      'bad_answer',
      `${options.model} twice gave an answer to ${question.prompt.id} that does not fit: ${answer.problems}`,
    );
  }

  async function ask<T>(question: Question<T>, messages: BaseMessageLike[]): Promise<Answer<T>> {
    const structured = model.withStructuredOutput(z.toJSONSchema(question.schema, { target: 'draft-7' }), {
      name: question.tool,
      method: 'functionCalling',
      includeRaw: true,
    });
    const { raw } = await options.telemetry.around(`model.${question.prompt.name}`, async () => {
      try {
        return await structured.invoke(messages, { signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS) });
      } catch (error) {
        throw modelError(error, question.prompt.name, options.model);
      }
    });
    const message = raw as AIMessage;
    const tokens = message.usage_metadata;
    if (tokens) {
      const labels = { prompt: question.prompt.id, model: options.model };
      options.telemetry.count('model_tokens_total', { ...labels, direction: 'in' }, tokens.input_tokens);
      options.telemetry.count('model_tokens_total', { ...labels, direction: 'out' }, tokens.output_tokens);
    }
    return judge(message, question);
  }

  return {
    name: NAME,
    version: VERSION,
    observe: (batch) => inTurns(batch, options.atOnce ?? AT_ONCE, observeOne),
    describe,
  };
}

/** What a message means for a question. Words in place of a call may be a slip, which is told once; said again, they are a refusal. */
function judge<T>(message: AIMessage, question: Question<T>): Answer<T> {
  const refusal = message.additional_kwargs?.refusal;
  if (typeof refusal === 'string' && refusal !== '') return { outcome: 'refused' };
  if (message.response_metadata?.finish_reason === 'content_filter') return { outcome: 'refused' };
  const call = message.tool_calls?.find(({ name }) => name === question.tool);
  if (!call) {
    if ((message.invalid_tool_calls?.length ?? 0) > 0) {
      return { outcome: 'malformed', problems: 'The arguments were not valid JSON.' };
    }
    // Nothing at all is how a refusal arrives here: the client library drops the field that holds its words.
    if (message.text.trim() === '') return { outcome: 'refused' };
    return { outcome: 'uncalled', problems: `${question.tool} was not called.` };
  }
  const parsed = question.schema.safeParse(call.args);
  // Paths and rules only: what the model wrote is not repeated into a prompt or a log.
  if (!parsed.success) return { outcome: 'malformed', problems: z.prettifyError(parsed.error).slice(0, 1_000) };
  const objection = question.objection(parsed.data);
  return objection ? { outcome: 'malformed', problems: objection } : { outcome: 'answered', value: parsed.data };
}

/** What words of a model contain that its data does not: links, mentions, placeholders and numbers have to come from the customers. */
function inventedIn(words: string, data: string): string | null {
  if (/https?:|www\.|<[@#!]|@(?:here|channel|everyone)\b/i.test(words)) {
    return 'A title or a claim holds no link and no mention.';
  }
  const odd = [...words.matchAll(/\[[a-z_]+_\d+\]|\d+/g)].find(([found]) => !data.includes(found!));
  return odd ? 'A title or a claim holds a number or a placeholder that is not in the data.' : null;
}

function titleFrom(title: string): RedactedText {
  return clipRedacted(redactText(oneLine(title)), TITLE_LENGTH_MAX);
}

/** The messages that fit, whole ones, with the first always among them. */
function clipConversation({ messages }: AnalystConversation): { role: string; text: string }[] {
  const kept: { role: string; text: string }[] = [];
  let left = CONVERSATION_LENGTH_MAX;
  for (const { role, text } of messages) {
    if (left <= 0) break;
    const part = clipRedacted(text, Math.max(2, left));
    kept.push({ role, text: part });
    left -= part.length;
  }
  return kept;
}

// Ask: a question in words, taken in, answered, shown where it was asked, shared. The graph finds out; here are rights, rows and audiences.
import type {
  AnswerDraft,
  AskedFor,
  AskStep,
  AskVerbs,
  Figures,
  Question,
  Questions,
  ShownAnswer,
  Suggestion,
} from '#src/domain/ask.ts';
import { answerIdOf } from '#src/domain/ask.ts';
import { AppError } from '#src/domain/errors.ts';
import { type EvaluationVerbs, producerName } from '#src/domain/evaluation.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { may, type Person } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Records } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import { createPlace, type PlaceDeps } from './place.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

const TEXT_MAX = 3_000;
const SUGGESTED_MAX = 4;
const WEEK = 7;
const LATE_MAX_MS = 6 * 3_600_000;

/** Where an answer appears while and after it is worked out. */
export interface AnswerSurface {
  /** Answers in the conversation in which it was asked: says each step, then shows what `work` resolves to. Answers the message's ts. */
  answer(
    question: Question,
    options: {
      recover: boolean;
      began: (ts: string) => Promise<void>;
      work: (say: (step: AskStep) => void) => Promise<ShownAnswer>;
    },
  ): Promise<{ ts: string | null }>;
}

export interface AskingDeps extends PlaceDeps {
  db: Db;
  workspaceId: WorkspaceId;
  questions: Questions;
  figures: Figures;
  audiences: Audiences;
  records: Pick<Records, 'audit'>;
  think: (question: string, asked: AskedFor, say?: (step: AskStep) => void) => Promise<AnswerDraft>;
  rateable: EvaluationVerbs['rateable'];
  personOf(id: string): Promise<Person>;
  surface: AnswerSurface;
  telemetry: Telemetry;
  send(tx: Tx, next: Next[]): Promise<void>;
  now(): Date;
}

/** Makes the verbs of asking, and the stage that answers where a question was asked. */
export function createAsking(deps: AskingDeps): { verbs: AskVerbs; stage: Stage<Question, { ts: string | null }> } {
  const { db, questions, audiences, telemetry } = deps;
  const place = createPlace(deps);

  const verbs: AskVerbs = {
    async takeQuestion({ key, person, surface, text, channelId, threadTs }) {
      const allowed = may(person, 'see', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const id = answerIdOf(deps.workspaceId, key);
      const fresh = await db.transaction('ask', async (tx) => {
        const asked = { id, asker: person.id, surface, channelId, threadTs, text: text.slice(0, TEXT_MAX) };
        const isNew = await questions.ask(tx, asked, deps.now());
        if (isNew) {
          await audit(tx, person.id, 'question.asked', id, { surface });
          await deps.send(tx, [{ stage: 'answer', id }]);
        }
        return isNew;
      });
      if (fresh) telemetry.count('questions_total', { surface });
      return { kind: fresh ? 'taken' : 'known' };
    },

    async ask({ key, person, text, channelId, say }) {
      const allowed = may(person, 'see', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const id = answerIdOf(deps.workspaceId, key);
      await db.transaction('ask', async (tx) => {
        const asked = { id, asker: person.id, surface: 'command' as const, channelId, threadTs: null };
        if (!(await questions.ask(tx, { ...asked, text: text.slice(0, TEXT_MAX) }, deps.now()))) return;
        await audit(tx, person.id, 'question.asked', id, { surface: 'command' });
        telemetry.count('questions_total', { surface: 'command' });
      });
      return { kind: 'answered', answer: await answered(id, audiences.ofPerson(person), say) };
    },

    async shareAnswer({ answerId, person, channelId }) {
      const allowed = may(person, 'see', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const question = await questions.byId(db, answerId);
      if (!question?.draft) return { kind: 'gone' };
      if (question.asker !== person.id) return { kind: 'refused', refusal: 'not_yours' };
      // Names that resemble what was asked were looked for among what the asker may read.
      const parts = question.draft.parts.map((part) => (part.tool === 'nothing' ? { ...part, near: [] } : part));
      const draft = { ...question.draft, parts };
      const answer = await place({ ...question, draft }, await audiences.ofChannel(channelId));
      await audit(db, person.id, 'answer.shared', answerId, { channel: channelId });
      telemetry.count('answers_shared_total');
      return { kind: 'shared', answer, by: await deps.nameOf(person.id) };
    },

    async ownAnswer({ answerId, person }) {
      const allowed = may(person, 'see', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const question = await questions.byId(db, answerId);
      if (!question?.draft) return { kind: 'gone' };
      if (question.asker !== person.id) return { kind: 'refused', refusal: 'not_yours' };
      const { draft } = question;
      return { kind: 'answered', answer: await place({ ...question, draft }, audiences.ofPerson(person)) };
    },

    async suggestions(person) {
      if (!may(person, 'see', { kind: 'record' }, deps.now()).ok) return [];
      const topics = await deps.figures.topics(db);
      if (topics.length === 0) return [{ kind: 'capabilities' }];
      const [area] = await deps.figures.areas(db);
      const waiting = await deps.figures.waiting(db, 1);
      const all: (Suggestion | false)[] = [
        { kind: 'complaints', days: WEEK },
        waiting.length > 0 && { kind: 'waiting' },
        { kind: 'new' },
        area !== undefined && { kind: 'area', area },
        { kind: 'capabilities' },
      ];
      return all.filter((one): one is Suggestion => one !== false).slice(0, SUGGESTED_MAX);
    },
  };

  const stage: Stage<Question, { ts: string | null }> = {
    name: 'answer',
    takes: 'Question',
    makes: 'Answer',
    // Each waits for a model, perhaps; nobody should wait for somebody else's.
    batch: 1,
    async load(ids) {
      const loaded = new Map<string, Question>();
      for (const id of ids) {
        const question = await questions.byId(db, id);
        if (question?.state !== 'asked' || question.text === null) continue;
        // Slack was away for hours: whoever asked has gone on, and an old answer would only puzzle.
        if (deps.now().getTime() - Date.parse(question.askedAt) > LATE_MAX_MS) await questions.failed(db, id);
        else loaded.set(id, question);
      }
      return loaded;
    },
    work: oneByOne(async (question, id) => {
      const audience = await audienceOf(question);
      let began = question.ts !== null;
      // An answer that was worked out before may stand in Slack already.
      const shown = await deps.surface.answer(question, {
        recover: question.draft !== null,
        async began(ts) {
          if (began) return;
          began = true;
          await questions.shown(db, id, ts);
        },
        work: (say) => answered(id, audience, say),
      });
      return shown;
    }),
    async write(tx, results, at) {
      for (const { id, result, item } of results) {
        if (result.ts) await questions.shown(tx, id, result.ts);
        await questions.shownWhole(tx, id);
        await audit(tx, 'throughline', 'question.answered', id, { surface: item.surface }, at);
      }
      return [];
    },
    async failed(tx, id, _item, _error, final) {
      if (final) await questions.failed(tx, id);
      return [];
    },
    pending: (limit) => questions.pending(db, limit),
  };

  return { verbs, stage };

  /** Who reads the answer to what was asked here: the asker alone, or everybody in the channel. */
  async function audienceOf({ surface, channelId, asker }: Question): Promise<Audience> {
    if (surface === 'mention') return channelId ? audiences.ofChannel(channelId) : 'unknown';
    return audiences.ofPerson(await deps.personOf(asker));
  }

  /** The answer, worked out now, or the one that was worked out before. */
  async function answered(
    id: string,
    audience: Audience,
    say: ((step: AskStep) => void) | undefined,
  ): Promise<ShownAnswer> {
    const question = await questions.byId(db, id);
    if (question?.text == null) throw new AppError('not_found', 'That question is too old to be answered.');
    if (question.draft) return place({ ...question, draft: question.draft }, audience);
    const draft = await deps.think(question.text, { audience, now: deps.now() }, say);
    await db.transaction('answer', (tx) => questions.answered(tx, id, draft, deps.now()));
    await deps.rateable({
      thing: { kind: 'answer', id },
      producedBy: producerName(draft.producedBy),
      askedBy: question.asker,
    });
    return place({ ...question, draft }, audience);
  }

  async function audit(
    tx: Tx,
    actor: string,
    verb: string,
    thingId: string,
    detail: Record<string, string>,
    at = deps.now(),
  ): Promise<void> {
    await deps.records.audit(tx, [{ actor, verb, thingKind: 'question', thingId, detail, at: at.toISOString() }]);
  }
}

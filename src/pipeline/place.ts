// Place: puts the words into an answer that holds numbers and ids, for one audience: titles, names, quotes and links that all of them may read anyway.
import type { AnswerPart, Figures, Question, ShownAnswer, ShownTheme } from '#src/domain/ask.ts';
import { restsOn } from '#src/domain/ask.ts';
import type { ShownQuote } from '#src/domain/card.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Insights, Texts } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import { excerptsOf } from './evidence.ts';
import { quotesOf } from './view.ts';

// One quote under each of the first themes makes them real; more would bury the numbers.
const QUOTED_THEMES = 3;
const REPORTS_LOOKED_AT = 3;

export interface PlaceDeps {
  db: Tx;
  figures: Figures;
  insights: Pick<Insights, 'latest'>;
  texts: Texts;
  audiences: Pick<Audiences, 'themes' | 'conversations'>;
  nameOf(personId: string): Promise<string>;
}

type Answered = Pick<Question, 'id' | 'text' | 'asker' | 'askedAt'> & { draft: NonNullable<Question['draft']> };

/** Makes the placing of one workspace. */
export function createPlace(deps: PlaceDeps): (question: Answered, audience: Audience) => Promise<ShownAnswer> {
  const { db, figures, audiences } = deps;
  return async (question, audience) => {
    const { parts, outcome, producedBy, fellBack } = question.draft;
    const named = [...restsOn(parts), ...parts.flatMap(idsIn)];
    const themeIds = [...new Set(named.filter((id) => id.startsWith('thm_')))];
    const open = await audiences.themes(db, themeIds, audience);
    const readable = themeIds.filter((id) => open.has(id));
    const reports = await openReports(readable, audience);
    const { quotes, hiddenQuotes } = await quotesFor(parts, open, reports, audience);
    return {
      answerId: question.id,
      outcome,
      question: question.text,
      parts: parts.map((part) => withoutClosed(part, open)),
      themes: await titlesOf(readable, quotes),
      customers: await customersOf(parts, named, audience),
      people: await peopleOf(parts),
      quotes,
      hiddenQuotes,
      producedBy,
      fellBack,
      askedBy: question.asker,
      at: question.askedAt,
    };
  };

  async function titlesOf(
    ids: readonly string[],
    quotes: Record<string, ShownQuote>,
  ): Promise<Record<string, ShownTheme>> {
    const shown = await figures.shown(db, ids);
    return Object.fromEntries(
      shown.map((theme) => [theme.themeId, { ...theme, url: theme.url ?? quotes[theme.themeId]?.permalink ?? null }]),
    );
  }

  /** The newest reports of themes that this audience can open, by theme. */
  async function openReports(themeIds: readonly string[], audience: Audience): Promise<Map<string, string[]>> {
    const newest = await figures.newestReports(db, themeIds, REPORTS_LOOKED_AT);
    const open = await audiences.conversations(
      db,
      newest.map(({ conversationId }) => conversationId),
      audience,
    );
    const kept = newest.filter(({ conversationId }) => open.has(conversationId));
    return new Map(
      [...Map.groupBy(kept, ({ themeId }) => themeId)].map(([id, rows]) => [id, rows.map((row) => row.conversationId)]),
    );
  }

  /** A quote for each of the first themes: of its insight where there is one, else of its newest report. */
  async function quotesFor(
    parts: readonly AnswerPart[],
    open: ReadonlySet<string>,
    reports: ReadonlyMap<string, string[]>,
    audience: Audience,
  ): Promise<{ quotes: Record<string, ShownQuote>; hiddenQuotes: number }> {
    const wanted = parts.flatMap((part): string[] =>
      part.tool === 'themes' || part.tool === 'fate' || part.tool === 'newest'
        ? part.rows.map(({ themeId }) => themeId)
        : [],
    );
    const quotes: Record<string, ShownQuote> = {};
    let hiddenQuotes = 0;
    for (const themeId of [...new Set(wanted)].slice(0, QUOTED_THEMES)) {
      const evidence = (await deps.insights.latest(db, themeId))?.evidence ?? [];
      const ids = evidence.map(({ conversationId }) => conversationId);
      const readable = await audiences.conversations(db, ids, audience);
      const shown = evidence.filter(({ conversationId }) => readable.has(conversationId));
      hiddenQuotes += evidence.length - shown.length;
      if (!open.has(themeId)) continue;
      const [quote] = await quotesOf(deps, db, shown);
      const found = quote ?? (await excerptFrom(reports.get(themeId) ?? []));
      if (found) quotes[themeId] = found;
    }
    return { quotes, hiddenQuotes };
  }

  async function excerptFrom(conversationIds: readonly string[]): Promise<ShownQuote | null> {
    const said = await deps.texts.conversations(db, conversationIds);
    const [excerpt] = said.flatMap((conversation) => excerptsOf(conversation));
    if (!excerpt) return null;
    const { redacted, author, source, permalink, at } = excerpt;
    return { text: redacted, who: author ?? 'A customer', source, permalink, at };
  }

  /** Names of customers who said something that this audience can open. */
  async function customersOf(
    parts: readonly AnswerPart[],
    named: readonly string[],
    audience: Audience,
  ): Promise<Record<string, string>> {
    const ids = new Set(named.filter((id) => id.startsWith('cus_')));
    for (const part of parts) {
      if (part.tool === 'fate') for (const row of part.rows) for (const id of row.customerIds) ids.add(id);
      if (part.tool === 'breakdown' && part.by === 'customer')
        for (const { key } of part.rows) if (key !== null) ids.add(key);
    }
    if (ids.size === 0) return {};
    const known = await openCustomers(deps, [...ids], audience);
    const names = await figures.customers(db, [...known]);
    return Object.fromEntries(names.map(({ id, name }) => [id, name]));
  }

  async function peopleOf(parts: readonly AnswerPart[]): Promise<Record<string, string>> {
    const ids = parts
      .flatMap((part) => (part.tool === 'fate' || part.tool === 'newest' || part.tool === 'waiting' ? part.rows : []))
      .flatMap(({ decision }) => (decision && decision.by !== '' ? [decision.by] : []));
    const people: Record<string, string> = {};
    for (const id of new Set(ids)) people[id] = await deps.nameOf(id);
    return people;
  }
}

/** Those of these customers who said something that everybody in the audience can open: of the others nobody learns that they are known. */
export async function openCustomers(
  { db, figures, audiences }: Pick<PlaceDeps, 'db' | 'figures' | 'audiences'>,
  customerIds: readonly string[],
  audience: Audience,
): Promise<Set<string>> {
  const said = await figures.saidBy(db, customerIds);
  const ids = said.map(({ conversationId }) => conversationId);
  const open = await audiences.conversations(db, ids, audience);
  return new Set(said.filter(({ conversationId }) => open.has(conversationId)).map(({ customerId }) => customerId));
}

/** Themes that may not be read leave their row: what is left of it is a number. */
function withoutClosed(part: AnswerPart, open: ReadonlySet<string>): AnswerPart {
  switch (part.tool) {
    case 'themes': {
      const rows = part.rows.filter(({ themeId }) => open.has(themeId));
      return { ...part, rows, hidden: part.hidden + part.rows.length - rows.length };
    }
    case 'newest':
    case 'fate':
    case 'waiting': {
      const rows = part.rows.filter(({ themeId }) => open.has(themeId));
      return { ...part, rows, hidden: part.hidden + part.rows.length - rows.length };
    }
    default:
      return part;
  }
}

function idsIn(part: AnswerPart): string[] {
  return part.tool === 'said' ? (part.text.match(/\b(?:thm|cus)_[0-9a-f]{24}\b/g) ?? []) : [];
}

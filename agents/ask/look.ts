// Look: one look-up. Words of the asker become ids by what the audience may read; the database counts; what may not be read is only counted.
import type { AskCall, AskedFor, AskFilter, AskMiss, AskSpan, Counted, Figures, Found } from '#src/domain/ask.ts';
import { DAYS_DEFAULT } from '#src/domain/ask.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { TrendsFilters, TrendsQuery, TrendVerbs } from '#src/domain/trends.ts';
import { FILTER_VALUES_MAX, TrendsQuery as Query } from '#src/domain/trends.ts';
import type { Audience } from '#src/domain/visibility.ts';
import { match } from './topics.ts';

const DAY_MS = 86_400_000;
const ROWS_MAX = 5;
const FATES_MAX = 3;
const TOPICS_TRIED = 40;
const CUSTOMERS_TRIED = 40;

export interface LookDeps {
  db: Tx;
  figures: Figures;
  trends: TrendVerbs;
  /** Those of these themes whose words everybody in the audience may read. */
  readable(themeIds: readonly string[], audience: Audience): Promise<Set<string>>;
  /** Those of these customers of whom everybody in the audience can open something. */
  known(customerIds: readonly string[], audience: Audience): Promise<Set<string>>;
}

/** A look-up that cannot be made, and why. */
class Miss extends Error {
  readonly miss: AskMiss;
  readonly near: string[];
  constructor(miss: AskMiss, near: string[] = []) {
    super(miss);
    this.miss = miss;
    this.near = near;
  }
}

/** Makes the look-ups of one workspace. They change nothing. */
export function createLook(deps: LookDeps): (call: AskCall, asked: AskedFor) => Promise<Found> {
  const { db, figures, trends } = deps;
  return async (call, asked) => {
    try {
      return await look(call, asked);
    } catch (error) {
      if (error instanceof Miss && call.tool !== 'waiting')
        return { tool: 'nothing', call: call.tool, filter: call.filter, miss: error.miss, near: error.near };
      throw error;
    }
  };

  async function look(call: AskCall, asked: AskedFor): Promise<Found> {
    const { audience, now } = asked;
    switch (call.tool) {
      case 'count': {
        const { view, span } = await counted(call.filter, asked);
        return { tool: 'count', filter: call.filter, span, counted: of(view) };
      }
      case 'themes': {
        const { view, span } = await counted(call.filter, asked);
        const open = await deps.readable(
          view.themes.map(({ themeId }) => themeId),
          audience,
        );
        const shown = view.themes.filter(({ themeId }) => open.has(themeId));
        const grown = (row: (typeof shown)[number]) => row.reports.now - (row.reports.before ?? 0);
        if (call.order === 'growth') shown.sort((a, b) => grown(b) - grown(a));
        const rows = shown
          .filter((row) => call.order === 'customers' || grown(row) > 0)
          .slice(0, ROWS_MAX)
          .map(({ themeId, reports, customers }) => ({ themeId, reports, customers }));
        return {
          tool: 'themes',
          filter: call.filter,
          span,
          order: call.order,
          counted: of(view),
          rows,
          hidden: view.themes.length - shown.length,
          more: view.more + Math.max(0, shown.length - rows.length),
        };
      }
      case 'trend': {
        const { view, span } = await counted(call.filter, asked);
        const columns = view.columns.map(({ reports }) => reports);
        return { tool: 'trend', filter: call.filter, span, counted: of(view), columns, columnDays: view.span.step };
      }
      case 'breakdown': {
        const { view, query, span } = await counted(call.filter, asked);
        if (call.by === 'customer') {
          const from = new Date(view.span.from);
          const rows = await figures.byCustomer(db, from, new Date(view.span.to), ROWS_MAX * 2);
          const listed = rows.map(({ customerId, reports }) => ({ key: customerId, reports, before: null }));
          return { tool: 'breakdown', filter: call.filter, span, by: call.by, counted: of(view), rows: listed };
        }
        const rows = await trends.breakdown(query, call.by, audience);
        return {
          tool: 'breakdown',
          filter: call.filter,
          span,
          by: call.by,
          counted: of(view),
          rows: rows
            .slice(0, ROWS_MAX * 2)
            .map(({ key, reports }) => ({ key, reports: reports.now, before: reports.before })),
        };
      }
      case 'newest': {
        const span = await spanFor(call.filter, now);
        const ids = await figures.newThemes(db, new Date(span.from), new Date(span.to), ROWS_MAX * 4);
        const open = await deps.readable(ids, audience);
        const shown = ids.filter((id) => open.has(id)).slice(0, ROWS_MAX);
        const rows = await figures.fates(db, shown);
        return { tool: 'newest', filter: call.filter, span, rows, hidden: ids.length - open.size };
      }
      case 'fate': {
        const { themes, area } = await subjectOf(call.filter, audience);
        if (area !== null || !themes) throw new Miss('unknown_topic', await namesFor(audience));
        const open = await deps.readable(themes, audience);
        const rows = await figures.fates(db, themes.filter((id) => open.has(id)).slice(0, FATES_MAX));
        return { tool: 'fate', filter: call.filter, rows, hidden: themes.length - open.size };
      }
      case 'waiting': {
        const ids = await figures.waiting(db, ROWS_MAX * 4);
        const open = await deps.readable(ids, audience);
        const rows = await figures.fates(db, ids.filter((id) => open.has(id)).slice(0, ROWS_MAX * 2));
        return { tool: 'waiting', rows, hidden: ids.length - open.size };
      }
    }
  }

  async function counted(filter: AskFilter, { audience, now }: AskedFor) {
    const query = await queryFor(filter, audience, now);
    const view = await trends.trends(query, audience);
    const { from, to, days } = view.span;
    const span: AskSpan = { from, to, days: Math.round(days) };
    return { view, query, span };
  }

  async function queryFor(filter: AskFilter, audience: Audience, now: Date): Promise<TrendsQuery> {
    const { themes, area } = await subjectOf(filter, audience);
    const filters: Partial<TrendsFilters> = {
      ...(area ? { area: [area] } : {}),
      ...(filter.source ? { source: [filter.source] } : {}),
      ...(filter.kinds ? { kind: filter.kinds } : {}),
      ...(filter.customer ? { customer: await customersFor(filter.customer, audience) } : {}),
      ...(themes ? { theme: themes.slice(0, FILTER_VALUES_MAX) } : {}),
    };
    const span = filter.since || filter.daysAgo ? await spanFor(filter, now) : null;
    const day = (iso: string) => iso.slice(0, 10);
    const period = span
      ? { from: day(span.from), to: day(new Date(Date.parse(span.to) - 1).toISOString()) }
      : { days: filter.days ?? DAYS_DEFAULT };
    const parsed = Query.safeParse({ period, filters });
    if (!parsed.success) throw new AppError('bad_request', 'That is more than I can look up at once.');
    return parsed.data;
  }

  /** Whole days in UTC where the time does not end now. */
  async function spanFor({ days = DAYS_DEFAULT, daysAgo = 0, since }: AskFilter, now: Date): Promise<AskSpan> {
    if (since) {
      const released = await figures.released(db);
      if (!released) throw new Miss('no_release');
      const length = Math.max(1, Math.ceil((now.getTime() - released.getTime()) / DAY_MS));
      return { from: released.toISOString(), to: now.toISOString(), days: length };
    }
    const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
    const to = daysAgo > 0 ? midnight - (daysAgo - 1) * DAY_MS : now.getTime();
    return { from: new Date(to - days * DAY_MS).toISOString(), to: new Date(to).toISOString(), days };
  }

  /** The themes, or the area, that a filter names. Only what the audience may read is compared with the words. */
  async function subjectOf(
    filter: AskFilter,
    audience: Audience,
  ): Promise<{ themes: string[] | null; area: string | null }> {
    if (filter.theme) return { themes: [filter.theme], area: null };
    const words = filter.about;
    if (filter.area) {
      const areas = await figures.areas(db);
      const area = areas.find((one) => one.toLowerCase() === filter.area!.toLowerCase());
      if (!area) throw new Miss('unknown_area', areas.slice(0, ROWS_MAX));
      if (!words) return { themes: null, area };
    }
    if (!words) return { themes: null, area: null };
    const topics = await figures.topics(db);
    const named = topics.map(({ themeId, title }) => ({ id: themeId, name: title }));
    const { found } = match(words, named, TOPICS_TRIED);
    const open = await deps.readable(found, audience);
    const themes = found.filter((id) => open.has(id));
    if (themes.length > 0) return { themes, area: null };
    const area = (await figures.areas(db)).find((one) => one.toLowerCase() === words.toLowerCase());
    if (area) return { themes: null, area };
    // What is suggested is read by the audience too.
    const tried = named.slice(0, TOPICS_TRIED * 5);
    const readable = await deps.readable(
      tried.map(({ id }) => id),
      audience,
    );
    throw new Miss(
      'unknown_topic',
      match(
        words,
        tried.filter(({ id }) => readable.has(id)),
        3,
      ).near,
    );
  }

  async function namesFor(audience: Audience): Promise<string[]> {
    const topics = (await figures.topics(db)).slice(0, ROWS_MAX * 4);
    const open = await deps.readable(
      topics.map(({ themeId }) => themeId),
      audience,
    );
    return topics
      .filter(({ themeId }) => open.has(themeId))
      .slice(0, 3)
      .map(({ title }) => title);
  }

  async function customersFor(name: string, audience: Audience): Promise<string[]> {
    const customers = await figures.customers(db);
    const folded = fold(name);
    const exact = customers.filter((one) => one.id === name || fold(one.name) === folded);
    const found = exact.length > 0 ? exact : customers.filter((one) => ` ${fold(one.name)} `.includes(` ${folded} `));
    const named = found.slice(0, CUSTOMERS_TRIED).map(({ id }) => id);
    const known = await deps.known(named, audience);
    if (known.size === 0) throw new Miss('unknown_customer');
    return named.filter((id) => known.has(id)).slice(0, FILTER_VALUES_MAX);
  }
}

function of({ reports, customers }: Counted): Counted {
  return { reports, customers };
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

// Assess: looks at what a theme stands on and says what customers tell us, with the words that carry it.
import type { Analyst } from '#src/domain/analyst.ts';
import type { Evidence, Excerpt } from '#src/domain/evidence.ts';
import type { InsightDraft, Quote, Trend } from '#src/domain/insight.ts';
import { confidenceOf, DAY_MS, trendOf, WINDOW_DAYS } from '#src/domain/insight.ts';
import { rawSpanOf } from '#src/domain/redaction.ts';
import type { LoopState, LoopUpdate } from '../state.ts';

// Two or three voices convince; a wall of quotes is not read.
const QUOTES_MAX = 3;
// Slack shows about four lines of a quote before it folds.
const QUOTE_LENGTH_MAX = 280;
const EXCERPTS_FOR_ANALYST = 12;

/** Where a node learns about a theme; read-only. */
export type EvidenceReader = (themeId: string) => Promise<Evidence>;

/** Makes the node. `cohesion` (0 to 1) says how alike the theme's reports are. */
export function createAssess(deps: {
  evidence: EvidenceReader;
  analyst: Analyst;
  cohesion: (themeId: string) => number;
  now: () => Date;
}) {
  return async function assess(state: LoopState): Promise<LoopUpdate> {
    const evidence = await deps.evidence(state.themeId);
    const named = evidence.titledBy !== 'machine' || evidence.titleShown;
    const described = await deps.analyst.describe({
      themeId: evidence.themeId,
      kind: evidence.kind,
      severity: evidence.severity,
      titles: evidence.titles,
      excerpts: evidence.excerpts.slice(-EXCERPTS_FOR_ANALYST).map((excerpt) => excerpt.redacted),
      counts: { reports: evidence.reach.reports, customers: evidence.reach.customers },
    });
    const firstDaysAgo = (Date.parse(evidence.reach.newest) - Date.parse(evidence.reach.since)) / DAY_MS;
    const trend = trendOf(evidence.days, firstDaysAgo);
    const insight: InsightDraft = {
      title: named ? evidence.title : described.title,
      claim: described.claim,
      kind: evidence.kind,
      severity: evidence.severity,
      area: evidence.area,
      evidence: chooseQuotes(evidence.excerpts),
      reach: evidence.reach,
      trend,
      confidence: confidenceOf(evidence.reach, deps.cohesion(evidence.themeId)),
      whyThis: whyThis(evidence, state.broughtBy),
      whyNow: whyNow(evidence, state.broughtBy, trend),
      broughtBy: state.broughtBy,
      producedBy: described.producedBy,
    };
    return { evidence, insight };
  };
}

/** One quote per customer: captured ones first, since a person chose them, then the most telling, then the newest. */
function chooseQuotes(excerpts: readonly Excerpt[]): Quote[] {
  const telling = (excerpt: Excerpt) => Math.min(excerpt.redacted.length, QUOTE_LENGTH_MAX);
  const ordered = [...excerpts].sort(
    (a, b) => Number(b.captured) - Number(a.captured) || telling(b) - telling(a) || (a.at < b.at ? 1 : -1),
  );
  const seen = new Set<string>();
  const chosen: Excerpt[] = [];
  for (const excerpt of ordered) {
    const customer = excerpt.customerId ?? 'unknown';
    if (chosen.length === QUOTES_MAX) break;
    if (seen.has(customer) || excerpt.redacted.trim() === '') continue;
    seen.add(customer);
    chosen.push(excerpt);
  }
  return chosen.map((excerpt) => {
    const end = sentenceEnd(excerpt.redacted, QUOTE_LENGTH_MAX);
    const span = rawSpanOf(excerpt.map, 0, end);
    return { signalId: excerpt.signalId, conversationId: excerpt.conversationId, start: span.start, end: span.end };
  });
}

/** Where to end a quote: the whole text, or the last sentence or word that fits. */
function sentenceEnd(text: string, lengthMax: number): number {
  if (text.length <= lengthMax) return text.length;
  const head = text.slice(0, lengthMax);
  const sentence = Math.max(
    head.lastIndexOf('. '),
    head.lastIndexOf('! '),
    head.lastIndexOf('? '),
    head.lastIndexOf('\n'),
  );
  if (sentence > lengthMax / 2) return sentence + 1;
  const word = head.lastIndexOf(' ');
  return word > lengthMax / 2 ? word : lengthMax;
}

const SOURCE_NAMES: Readonly<Record<string, string>> = {
  slack: 'Slack',
  zendesk: 'Zendesk',
  api: 'other systems',
  import: 'imported data',
};

/** Who stands behind it, in a sentence. The card has the numbers in a table above; this says what they amount to. */
function whyThis({ reach }: Evidence, broughtBy: InsightDraft['broughtBy']): string {
  const { customers, customersInWindow, reports, sources } = reach;
  if (customers <= 1) {
    const asked = broughtBy === 'person' ? 'Somebody on your team asked for it; so far' : 'By now';
    return `${asked}, one customer reports it${reports > 1 ? `, ${reports} times` : ''}.`;
  }
  const within =
    customersInWindow === customers
      ? ` within ${WINDOW_DAYS} days`
      : `, ${customersInWindow} of them within ${WINDOW_DAYS} days`;
  const where = Object.keys(sources).map((source) => SOURCE_NAMES[source] ?? source);
  const places = where.length > 1 ? `, in ${where.slice(0, -1).join(', ')} and ${where.at(-1)}` : '';
  return `${customers} customers reported it independently${within}${places}.`;
}

/** What is special about this moment, in a sentence. */
function whyNow({ reach, severity }: Evidence, broughtBy: InsightDraft['broughtBy'], trend: Trend): string {
  const { word, lastWeek, weekBefore } = trend;
  const weeks = `${count(lastWeek, 'report')} in the last 7 days, ${weekBefore} in the 7 before`;
  if (broughtBy === 'person') return 'Somebody on your team captured a message about it.';
  if (severity === 'critical') return `It keeps people from working: ${weeks}.`;
  switch (word) {
    case 'new':
      return `It is new: ${count(reach.reports, 'report')} ${within(Date.parse(reach.newest) - Date.parse(reach.since))}.`;
    case 'rising':
      return `It is growing: ${weeks}.`;
    case 'falling':
      return `It has not stopped, though it is getting less: ${weeks}.`;
    case 'steady':
      return `It does not go away: ${weeks}.`;
  }
}

function within(ms: number): string {
  if (ms <= DAY_MS / 24) return 'within an hour';
  if (ms <= DAY_MS) return 'within a day';
  return `within ${Math.ceil(ms / DAY_MS)} days`;
}

function count(n: number, one: string): string {
  return `${n} ${n === 1 ? one : `${one}s`}`;
}

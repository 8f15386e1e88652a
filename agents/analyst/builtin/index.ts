// The built-in analyst: rules over words. Needs no network, answers in a millisecond, and stands in when a model cannot.
import type { Analyst, AnalystConversation, ThemeBrief, ThemeDescription } from '#src/domain/analyst.ts';
import { decidingText } from '#src/domain/analyst.ts';
import { withoutCourtesy } from '#src/domain/courtesy.ts';
import type { ObservationDraft, ObservationKind, ProducedBy, Severity } from '#src/domain/observation.ts';
import { KEYWORDS_MAX, TITLE_LENGTH_MAX } from '#src/domain/observation.ts';
import type { RedactedText } from '#src/domain/redaction.ts';
import { clipRedacted, redactText, sliceRedacted } from '#src/domain/redaction.ts';
import { stemOf } from '#src/domain/vector.ts';
import { AREA_CUES, KIND_CUES, SEVERITY_CUES, toCueText, weigh } from './cues.ts';
import { detectLanguage } from './language.ts';
import { judgeNoise, tellingWords } from './noise.ts';
import { titleOf } from './title.ts';

const NAME = 'builtin';
const VERSION = '1';
const PRODUCED_BY: ProducedBy = { analyst: NAME, version: VERSION, prompt: null, model: null };
// What somebody says first is what they came for; a pasted log or form behind it would out-vote it.
const TEXT_LENGTH_MAX = 3_000;
const OPENING_LENGTH = 160;
const OPENING_SHARE = 2;
const BODY_LENGTH = 800;
const WISH_OPENING =
  /^[\s\p{P}]*(?:feat(?:ure)?\b|(?:please )?(?:add|allow|support|implement|introduce|provide|enable|improve|extend|expose|make|let|offer|consider|integrate)\b(?! (?:does|is|was|fails|not)))/u;

/** Makes the built-in analyst. */
export function createBuiltinAnalyst(): Analyst {
  return {
    name: NAME,
    version: VERSION,
    async observe(batch) {
      return batch.map(observeOne);
    },
    async describe(theme) {
      return describeTheme(theme);
    },
  };
}

function observeOne(conversation: AnalystConversation): ObservationDraft {
  const text = sliceRedacted(decidingText(conversation.messages), 0, TEXT_LENGTH_MAX);
  const matter = withoutCourtesy(text);
  const noise = judgeNoise(text);
  const language = detectLanguage(matter);
  const kind = kindOf(matter);
  const severity = severityOf(matter, kind.value);
  const area = areaOf(matter);
  return {
    conversationId: conversation.conversationId,
    conversationRevision: conversation.conversationRevision,
    kind: noise.isNoise ? 'noise' : kind.value,
    severity: noise.isNoise ? 'low' : severity.value,
    area: area.value,
    language: language.language,
    isNoise: noise.isNoise,
    title: titleOf(text),
    keywords: keywordsOf(matter),
    confidence: {
      kind: noise.isNoise ? noise.confidence : kind.confidence,
      severity: severity.confidence,
      area: area.confidence,
      language: language.confidence,
      isNoise: noise.confidence,
    },
    producedBy: PRODUCED_BY,
  };
}

interface Guess<T> {
  value: T;
  confidence: number;
}

/** The kind that most cues speak for. Exported for the observe graph, which needs one when a person captured what looks like noise. */
export function kindOf(text: RedactedText): Guess<Exclude<ObservationKind, 'noise'>> {
  const cueText = toCueText(text);
  const scores = new Map<Exclude<ObservationKind, 'noise'>, number>();
  const add = (kind: Exclude<ObservationKind, 'noise'>, weight: number) =>
    scores.set(kind, (scores.get(kind) ?? 0) + weight);
  for (const [part, share] of [
    [cueText.split('\n', 1)[0]!.slice(0, OPENING_LENGTH), OPENING_SHARE],
    [cueText.slice(0, BODY_LENGTH), 1],
  ] as const) {
    for (const [kind, weight] of weigh(part, KIND_CUES)) add(kind, weight * share);
  }
  // "Add an option", "Support SAML", "[Feature] …": a report that opens with what should be done.
  if (WISH_OPENING.test(cueText)) add('feature_request', 4);
  if (/\?\s*$/.test(text.trim()) || /^[^.!\n]{3,200}\?/.test(text.trim())) add('question', 2);
  // "Everybody gets an error" is an incident, "everybody would love it" is not: breadth alone does not make one.
  if ((scores.get('incident') ?? 0) > 0 && (scores.get('feature_request') ?? 0) >= 2) scores.delete('incident');
  if ((scores.get('incident') ?? 0) >= 3) add('incident', (scores.get('bug') ?? 0) * 0.5);
  return strongest(scores, /\?/.test(text) ? 'question' : 'complaint');
}

function severityOf(text: RedactedText, kind: ObservationKind): Guess<Severity> {
  const scores = weigh(toCueText(text), SEVERITY_CUES);
  const usual = USUAL_SEVERITY[kind];
  scores.set(usual, (scores.get(usual) ?? 0) + 1.5);
  const found = strongest(scores, usual);
  // A wish is not an emergency, however it is put; how loud somebody writes is not how much it hurts.
  const calm = kind === 'feature_request' || kind === 'question' || kind === 'praise';
  if (calm && (found.value === 'critical' || found.value === 'high')) return { value: 'medium', confidence: 0.5 };
  return found;
}

const USUAL_SEVERITY: Record<ObservationKind, Severity> = {
  bug: 'medium',
  incident: 'high',
  feature_request: 'low',
  question: 'low',
  praise: 'low',
  complaint: 'medium',
  noise: 'low',
};

function areaOf(text: RedactedText): Guess<string | null> {
  const scores = weigh(toCueText(text), AREA_CUES);
  return scores.size === 0 ? { value: null, confidence: 0.3 } : strongest(scores, '');
}

/** The name with the largest score; the share of all scores is how sure it is. */
function strongest<T extends string>(scores: ReadonlyMap<T, number>, otherwise: T): Guess<T> {
  let value = otherwise;
  let best = 0;
  let total = 0;
  for (const [name, score] of scores) {
    total += score;
    if (score > best) {
      best = score;
      value = name;
    }
  }
  if (best === 0) return { value, confidence: 0.2 };
  return { value, confidence: Math.round((best / total) * Math.min(1, 0.4 + best / 5) * 100) / 100 };
}

/** The words that tell most, each once whatever its ending, the most frequent first. */
function keywordsOf(text: RedactedText): string[] {
  const byStem = new Map<string, { word: string; count: number }>();
  for (const word of tellingWords(text)) {
    if (word.length < 3 || word.length > 40) continue;
    const seen = byStem.get(stemOf(word));
    if (seen) seen.count++;
    else byStem.set(stemOf(word), { word, count: 1 });
  }
  return [...byStem.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, KEYWORDS_MAX)
    .map(({ word }) => word);
}

const CLAIMS: Record<ObservationKind, string> = {
  bug: 'Customers report that something does not work',
  incident: 'Customers report an interruption',
  feature_request: 'Customers ask for something new',
  question: 'Customers ask the same question',
  praise: 'Customers are happy with something',
  complaint: 'Customers complain',
  noise: 'Customers write',
};

/** The title that shares most words with the others, and a sentence around it. */
function describeTheme(theme: ThemeBrief): ThemeDescription {
  const titles = theme.titles.length > 0 ? theme.titles : theme.excerpts.map(titleOf);
  const bags = titles.map((title) => new Set(tellingWords(title).map(stemOf)));
  const holders = new Map<string, number>();
  for (const bag of bags) for (const stem of bag) holders.set(stem, (holders.get(stem) ?? 0) + 1);
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [at, bag] of bags.entries()) {
    let shared = 0;
    for (const stem of bag) shared += holders.get(stem)! - 1;
    const score = shared / Math.sqrt(bag.size + 1);
    if (score > bestScore) {
      best = at;
      bestScore = score;
    }
  }
  const title = clipRedacted(titles[best] ?? redactText('Untitled'), TITLE_LENGTH_MAX);
  return { title, claim: redactText(`${CLAIMS[theme.kind]}: ${title}`), producedBy: PRODUCED_BY };
}

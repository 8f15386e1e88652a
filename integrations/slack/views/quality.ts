// How well the bot hears, in numbers with their intervals, and where it could not hear.
import type { KnownBlock } from '@slack/types';
import { type Estimate, type Gap, JUDGED_MIN, type QualityView, type SourceCoverage } from '#src/domain/quality.ts';
import type { Message } from '../client.ts';
import { harmless, utc, when } from '../text.ts';
import { blocksOf, context, count, section, sourceName } from './blocks.ts';

const GAPS_SHOWN = 3;

/** The answer to /throughline quality. */
export function qualityMessage(view: QualityView): Message {
  const recall = `*Recall* ${estimate(view.recall)}. Of all reports, this share came in by itself.`;
  const precision = `*Precision* ${estimate(view.precision)}. Of what came in, this share was a report.`;
  const basis =
    view.weeks === 0
      ? `Nobody has judged a sample yet. ${volunteers(view)}`
      : `From ${count(view.weeks, 'weekly sample')}: ${view.passed} messages came in, ${view.kept} were kept out, ${view.captured} of those people captured by hand. Each judged message stands for all of its week, and the intervals hold 95 times of 100.${
          view.unseen > 0
            ? ` ${view.unseen} more were kept out where no volunteer may look; they are in no number.`
            : ''
        } ${volunteers(view)}`;
  const head = '*How well I hear*';
  return {
    text: [head, recall, precision, basis, ...view.coverage.map(coverageText)].join('\n').replace(/\*/g, ''),
    blocks: blocksOf(
      section(`${head}\n${recall}\n${precision}`),
      context(basis),
      view.coverage.length > 0 && section('*What each source let me hear, the last four weeks*'),
      ...view.coverage.slice(0, 10).map((one): KnownBlock => section(coverageMarkup(one))),
    ),
  };
}

/** “about 92 % (84–97 %), n = 60”, or that it cannot be said yet. */
export function estimate(one: Estimate): string {
  if (one.kind === 'too_little') return `not enough data (n = ${one.n}; it takes ${JUDGED_MIN})`;
  return `about ${percent(one.point)} % (${percent(one.low)}–${percent(one.high)} %), n = ${one.n}`;
}

function volunteers(view: QualityView): string {
  return view.volunteers === 0
    ? 'There is no volunteer; `/throughline volunteer on` makes you one.'
    : `${count(view.volunteers, 'volunteer')} ${view.volunteers === 1 ? 'judges' : 'judge'} in turns.`;
}

function coverageMarkup(one: SourceCoverage): string {
  return `*${harmless(sourceName(one.source))}*: ${factsOf(one)}\n${gapsWords(one.gaps, (at) => when(at))}`;
}

function coverageText(one: SourceCoverage): string {
  return `${harmless(sourceName(one.source))}: ${factsOf(one)} ${gapsWords(one.gaps, (at) => utc(at))}`;
}

function factsOf(one: SourceCoverage): string {
  return [
    count(one.deliveries, 'delivery', 'deliveries'),
    `${count(one.foundByAsking, 'message')} found only by asking again`,
    `${count(one.limitedHours, 'hour')} in which it dropped events`,
    count(one.deletions, 'deletion'),
    `${count(one.quarantined, 'delivery', 'deliveries')} that I could not understand`,
  ].join(', ');
}

function gapsWords(gaps: readonly Gap[] | null, at: (iso: string) => string): string {
  if (gaps === null) return 'Gaps: not known yet, I have listened for less than two weeks.';
  if (gaps.length === 0) return 'No gaps: nothing was silent for longer than usual.';
  const shown = gaps
    .slice(-GAPS_SHOWN)
    .map((gap) => `${at(gap.from)} to ${at(gap.to)} (about ${gap.expected} expected, none came)`);
  const more = gaps.length > shown.length ? `, and ${gaps.length - shown.length} before` : '';
  return `${count(gaps.length, 'gap')}: ${shown.join('; ')}${more}.`;
}

function percent(share: number): number {
  return Math.round(share * 100);
}

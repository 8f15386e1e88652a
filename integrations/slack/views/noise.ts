// The noise report: what the bot said against what it led to. Numbers only, so that everybody may read them.
import type { ChannelNoise, NoiseReport } from '#src/domain/quiet.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, when } from '../text.ts';
import { blocksOf, context, count, section } from './blocks.ts';

const CHANNELS_MAX = 12;

/** The answer to a number of days that is none. */
export function noiseDaysText(daysMax: number): string {
  return `Tell me a number of days from 1 to ${daysMax}, like \`/throughline noise 30\`.`;
}

/** The answer to `/throughline noise`. */
export function noiseMessage(report: NoiseReport): Message {
  const lines = noiseLines(report);
  const footer = `${when(report.from, 'day')} to ${when(report.to, 'day')} · other times: \`/throughline noise 7\`, \`30\`, \`90\``;
  return {
    text: [...lines, footer].join('\n').replace(/[*`]/g, ''),
    blocks: blocksOf(...lines.map(section), context(footer)),
  };
}

function noiseLines(report: NoiseReport): string[] {
  const { total } = report;
  const head = `*My own noise in the last ${count(report.days, 'day')}*: ${count(total.parents, 'message')} in channels, ${count(total.replies, 'reply', 'replies')} in threads, ${count(total.updates, 'update')} in place, ${count(total.dms, 'direct message')}, ${count(total.ephemerals, 'answer')} that only one person saw.`;
  const led =
    report.posted === 0
      ? `${count(report.decisions, 'decision')}; no card was posted in this time.`
      : `${count(report.decisions, 'decision')}. Of ${count(report.posted, 'card')} posted, ${report.decided} led to a decision${shareWords(report)}.`;
  const held =
    report.held > 0
      ? `${count(report.held, 'card')} ${report.held === 1 ? 'is' : 'are'} held back right now.`
      : 'Nothing is held back right now.';
  const channels = report.channels.filter(speaksThere);
  const listed = channels.slice(0, CHANNELS_MAX).map(channelLine);
  const more = channels.length - listed.length;
  return [
    head,
    `${led} ${held}`,
    ...(listed.length > 0 ? [listed.join('\n') + (more > 0 ? `\nand ${count(more, 'more channel')}` : '')] : []),
  ];
}

// A share of few is no share.
function shareWords({ posted, decided }: NoiseReport): string {
  return posted >= 10 ? ` (${Math.round((decided / posted) * 100)} %)` : '';
}

function speaksThere(channel: ChannelNoise): boolean {
  // Direct conversations are counted all together: whom we talk with is nobody else's business.
  const direct = channel.dms > 0 || channel.channelId?.startsWith('D');
  return channel.parents + channel.replies + channel.updates > 0 && !direct;
}

function channelLine(channel: ChannelNoise): string {
  const name = channel.name ? `#${clip(channel.name, 80)}` : 'another channel';
  return `• ${harmless(name)}: ${count(channel.parents, 'message')} (${count(channel.cards, 'card')}), ${count(channel.replies, 'reply', 'replies')}, ${count(channel.updates, 'update')}`;
}

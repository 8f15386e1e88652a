// News of a theme, as a direct message to somebody who follows it: what became of it, in one line each, and the way there.
import { DISMISS_REASONS } from '#src/domain/decision.ts';
import type { NewsView } from '#src/domain/news.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, context, line, rich, section, words } from './blocks.ts';
import { themeButton, themeName } from './theme.ts';

const WHY_YOU = 'You get this because you follow the theme. *Theme…* lets you stop.';

/** The message. */
export function newsMessage(view: NewsView): Message {
  const lines = view.changes.map(changeWords);
  const card = view.permalink ? linkTo(view.permalink, 'its card') : null;
  const foot = card ? `${WHY_YOU} See ${card}.` : WHY_YOU;
  const title = view.title === null ? 'A theme that you follow' : themeName(view);
  return {
    text: [harmless(title), ...lines, foot].join('\n'),
    blocks: blocksOf(
      rich(line(words(title, { bold: true }))),
      { ...section(lines.join('\n')), accessory: themeButton(view.themeId) },
      context(foot),
    ),
  };
}

function changeWords(change: NewsView['changes'][number]): string {
  const by = harmless(clip(change.by ?? 'Somebody', 80));
  const issue = change.issue ? linkTo(change.issue.url, clip(change.issue.label, 60)) : 'Its issue';
  const at = when(change.at);
  switch (change.kind) {
    case 'approved':
      return `${by} approved it ${at}; it is not filed yet.`;
    case 'dismissed':
      return `${by} dismissed it ${at}${change.reason ? `: ${DISMISS_REASONS[change.reason].toLowerCase()}` : ''}.`;
    case 'filed':
      return `${by} approved it, and it is filed as ${issue}, ${at}.`;
    case 'done':
      return `${issue} was completed ${at}.`;
    case 'back':
      return `It is back: there is a new card since ${at}.`;
  }
}

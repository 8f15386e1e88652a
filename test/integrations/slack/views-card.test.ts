// What a card says of who decided, and of what not everybody who reads it may read.
import { describe, expect, it } from 'vitest';
import { cardMessage } from '#integrations/slack/views/card.ts';
import { detailsMessage } from '#integrations/slack/views/details.ts';
import { messageProblems } from '#src/sandbox/slack/block-kit.ts';
import { shownOn } from '#test/support/hands.ts';
import { decisionOf, openCard } from './support.ts';

const NOW = new Date('2026-03-02T09:05:00Z');
const both = (message: ReturnType<typeof cardMessage>) => {
  expect(messageProblems(message.blocks ?? [])).toEqual([]);
  return [message.text.replace(/\p{Cf}/gu, ''), shownOn(message as never).replace(/\p{Cf}/gu, '')];
};

describe('a card where two have to approve', () => {
  it('says how many have, and who', () => {
    for (const text of both(cardMessage(openCard({ approvals: { by: ['Pia Product'], needed: 2 } }), NOW)))
      expect(text).toMatch(/1 of 2 approvals\*?, from Pia Product\. Nothing is filed before the last one\./);
    for (const text of both(cardMessage(openCard({ approvals: { by: [], needed: 2 } }), NOW)))
      expect(text).toMatch(/0 of 2 approvals\*?\. Nothing/);
  });
});

describe('a card whose decision was undone', () => {
  it.each(['approved', 'dismissed'] as const)('says that it had been %s', (verb) => {
    const decision = decisionOf({ verb, undoneBy: 'Ben Olsen' });
    for (const text of both(cardMessage(openCard({ state: 'undone', decision }), NOW)))
      expect(text).toMatch(new RegExp(`Undone by Ben Olsen\\.\\*? It had been ${verb} by Ana Costa`));
  });
});

describe('a card with hidden words', () => {
  const hidden = openCard({ wordsHidden: true, hasOutsiders: true, hiddenQuotes: 2, quotes: [] });

  it('says so in one line, counts the quotes, and gives no reasons in words', () => {
    for (const text of both(cardMessage(hidden, NOW))) {
      expect(text).toMatch(/2 quotes hidden: not everybody who reads this can open where they were written\./);
      expect(text).toMatch(/Words hidden:/);
      expect(text).not.toMatch(/Why this|Why now/);
    }
  });

  it('has no link to its page where outsiders read', () => {
    const page = 'https://throughline.test/lineage/ins_1?sig=x';
    for (const text of both(detailsMessage(hidden, page))) expect(text).not.toContain(page);
    for (const text of both(detailsMessage(openCard(), page))) expect(text).toContain(page);
  });
});

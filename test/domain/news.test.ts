// What a follower is told: decisive things, once, never what they did themselves, an approval together with its issue.
import { describe, expect, it } from 'vitest';
import { type Change, newsFor } from '#src/domain/news.ts';

const NOW = new Date('2026-03-02T09:00:00Z');
const FOLLOWER = { personId: 'U1', since: '2026-03-01T00:00:00.000Z' };
const change = (id: string, more: Partial<Change>): Change => ({
  id,
  themeId: 't',
  kind: 'dismissed',
  by: 'U2',
  at: '2026-03-02T08:00:00.000Z',
  reason: null,
  decisionId: null,
  issue: null,
  ...more,
});
const told = (changes: Change[], known: string[] = []) =>
  newsFor(changes, FOLLOWER, new Set(known), NOW).map(({ id }) => id);

describe('news for a follower', () => {
  it('is what happened since they follow, the oldest first, without what they know or did', () => {
    expect(
      told(
        [
          change('later', { at: '2026-03-02T08:30:00.000Z' }),
          change('first', {}),
          change('known', {}),
          change('mine', { by: 'U1' }),
          change('before', { at: '2026-02-28T08:00:00.000Z' }),
        ],
        ['known'],
      ),
    ).toEqual(['first', 'later']);
  });

  it('is one piece where an approval led to an issue, and waits a moment for that', () => {
    const approved = change('approved', { kind: 'approved', decisionId: 'd', at: '2026-03-02T08:59:30.000Z' });
    const filed = change('filed', { kind: 'filed', decisionId: 'd', at: '2026-03-02T08:59:40.000Z' });
    expect(told([approved])).toEqual([]);
    expect(told([approved, filed])).toEqual(['filed']);
    expect(told([{ ...approved, at: '2026-03-02T08:50:00.000Z' }])).toEqual(['approved']);
  });
});

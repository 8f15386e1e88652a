// An analyst that says what its test needs: everything is a bug, and as severe as the customer says in capitals.
import type { Analyst } from '#src/domain/analyst.ts';
import { decidingText } from '#src/domain/analyst.ts';
import { clipRedacted } from '#src/domain/redaction.ts';

const producedBy = { analyst: 'scripted', version: '1', prompt: null, model: null };
const TITLE_LENGTH = 80;

/** Reports that say CRITICAL are critical, all others are of medium severity; nothing is noise. */
export const plainAnalyst: Analyst = {
  name: 'scripted',
  version: '1',
  async observe(batch) {
    return batch.map(({ conversationId, conversationRevision, messages }) => {
      const text = decidingText(messages);
      return {
        conversationId,
        conversationRevision,
        kind: 'bug',
        severity: text.includes('CRITICAL') ? 'critical' : 'medium',
        area: null,
        language: 'en',
        isNoise: false,
        title: clipRedacted(text, TITLE_LENGTH),
        keywords: [],
        confidence: { kind: 1, severity: 1, area: 1, language: 1, isNoise: 1 },
        producedBy,
      };
    });
  },
  async describe(theme) {
    const title = theme.titles.at(-1) ?? theme.excerpts[0]!;
    return { title, claim: theme.excerpts[0] ?? title, producedBy };
  },
};

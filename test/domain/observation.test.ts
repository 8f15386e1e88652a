import { expect, it } from 'vitest';
import { decidingText } from '#src/domain/analyst.ts';
import type { Observation } from '#src/domain/observation.ts';
import { ObservationContract, observationIdOf } from '#src/domain/observation.ts';
import { redactText } from '#src/domain/redaction.ts';

const stored: Observation = {
  v: 1,
  id: observationIdOf('ws', 'con_1', 'rev-2'),
  workspaceId: 'ws',
  source: 'throughline',
  externalId: 'con_1/2',
  permalink: null,
  occurredAt: '2026-03-01T10:00:00Z',
  receivedAt: '2026-03-01T10:00:01Z',
  reliability: 'derived',
  latencyMs: 1000,
  privacyClass: 'pseudonymous',
  residency: 'any',
  retentionDays: null,
  conversationId: 'con_1',
  conversationRevision: 'rev-2',
  kind: 'bug',
  severity: 'high',
  area: 'export',
  language: 'en',
  isNoise: false,
  title: redactText('CSV export fails with error 500'),
  keywords: ['csv', 'export'],
  confidence: { kind: 0.8, severity: 0.6, area: 0.5, language: 1, isNoise: 0.9 },
  producedBy: { analyst: 'builtin', version: '1', prompt: null, model: null },
};

it('reads back what it wrote, with the fields that a newer writer added', () => {
  const written = JSON.parse(JSON.stringify({ ...ObservationContract.write(stored), sentiment: 'upset' }));
  expect(ObservationContract.read(written)).toEqual({ ...stored, sentiment: 'upset' });
});

it('keeps personal data out of a title, whoever wrote it', () => {
  const read = ObservationContract.read({ ...stored, title: 'Export fails for jo@example.com' });
  expect(read.title).toBe('Export fails for [email_1]');
});

it.each([
  ['kind', 'rant'],
  ['severity', 'urgent'],
  ['language', 'english'],
  ['title', 'x'.repeat(91)],
  ['title', ''],
  ['conversationRevision', null],
])('refuses a wrong %s (%s)', (field, value) => {
  expect(() => ObservationContract.read({ ...stored, [field]: value })).toThrow(/observation/);
});

it('names the observation of a revision the same way every time', () => {
  expect(observationIdOf('ws', 'con_1', 'rev-2')).toBe(stored.id);
  expect(observationIdOf('ws', 'con_1', 'rev-3')).not.toBe(stored.id);
  expect(observationIdOf('other', 'con_1', 'rev-2')).not.toBe(stored.id);
});

it('lets only customers decide, and everybody where no customer spoke', () => {
  const staff = { role: 'staff', text: redactText('Acme reports that login fails') } as const;
  const customer = { role: 'customer', text: redactText('thanks, it works') } as const;
  expect(decidingText([staff, customer])).toBe('thanks, it works');
  expect(decidingText([staff])).toBe('Acme reports that login fails');
});

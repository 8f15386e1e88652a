import { describe, expect, it } from 'vitest';
import { ticketIdOf, toFacts } from '#integrations/zendesk/map.ts';
import type { Comment, User } from '#integrations/zendesk/wire.ts';
import { signalsIn } from './support.ts';

const ticket = {
  id: '7',
  subject: 'Export fails',
  status: 'open',
  requester_id: '1',
  organization_id: null,
  created_at: '2026-03-02T09:00:00Z',
  updated_at: '2026-03-02T09:00:00Z',
};
const users = new Map<string, User>([
  ['1', { id: '1', name: 'Ada', role: 'end-user' }],
  ['2', { id: '2', name: 'Bo', role: 'agent' }],
  ['3', { id: '3', name: 'Cy', role: 'admin' }],
]);
const comment = (author: string, body: string, more: Partial<Comment> = {}): Comment => ({
  id: `${author}0`,
  author_id: author,
  body,
  public: true,
  created_at: '2026-03-02T09:00:00Z',
  ...more,
});
const signals = (
  comments: Comment[],
  subject = ticket.subject,
  more: Partial<Parameters<typeof toFacts>[0]> = {},
  before: string | null = null,
) =>
  signalsIn(
    toFacts(
      { ticket: { ...ticket, subject }, comments, users, organizations: new Map(), ...more },
      'https://acme.example',
      before,
    ),
  );
const firstText = (subject: string, body: string) => signals([comment('1', body)], subject)[0]?.text;

describe('the first comment', () => {
  it.each([
    ['Export fails', 'It says 500.', 'Export fails\n\nIt says 500.'],
    ['Export fails', 'export  fails since Monday', 'export  fails since Monday'],
    ['Re: Export fails', 'Export fails since Monday', 'Export fails since Monday'],
    ['Export fails since…', 'Export fails since Monday', 'Export fails since Monday'],
    ['Conversation with Ada Lovelace', 'Hi there', 'Hi there'],
    ['', 'Hi there', 'Hi there'],
    ['Export fails', '  ', 'Export fails'],
  ])('carries the subject %j before %j only when it adds something', (subject, body, text) => {
    expect(firstText(subject, body)).toBe(text);
  });

  it('says nothing when there are no words at all', () => {
    expect(firstText('', '')).toBeUndefined();
  });

  it('leaves the subject away when it is an internal note', () => {
    expect(
      signals([comment('2', 'note', { public: false }), comment('1', 'Hello')]).map((signal) => signal.text),
    ).toEqual(['Hello']);
  });
});

describe('who speaks', () => {
  it('tells staff from customers, and takes somebody unknown for a customer', () => {
    const roles = signals(['1', '2', '3', '4', '-1'].map((author) => comment(author, 'text'))).map(
      (signal) => signal.author,
    );
    expect(roles).toEqual([
      { id: 'zendesk:user:1', name: 'Ada', role: 'customer' },
      { id: 'zendesk:user:2', name: 'Bo', role: 'staff' },
      { id: 'zendesk:user:3', name: 'Cy', role: 'staff' },
      { id: 'zendesk:user:4', name: null, role: 'customer' },
      { id: 'zendesk:user:-1', name: null, role: 'bot' },
    ]);
  });

  it('names the organization as customer, for the words of staff too, and the requester without one', () => {
    const comments = [comment('1', 'a'), comment('2', 'b')];
    const requester = { kind: 'requester', key: 'zendesk:user:1', name: 'Ada' };
    expect(signals(comments).map((signal) => signal.customer)).toEqual([requester, requester]);
    const organization = { kind: 'organization', key: 'zendesk:org:9', name: 'Acme' };
    const inOrganization = signals(comments, 's', {
      ticket: { ...ticket, organization_id: '9' },
      organizations: new Map([['9', { id: '9', name: 'Acme' }]]),
    });
    expect(inOrganization.map((signal) => signal.customer)).toEqual([organization, organization]);
  });

  it('maps a ticket that only staff wrote', () => {
    expect(signals([comment('2', 'We will be down on Sunday.')])).toMatchObject([
      { author: { role: 'staff' }, customer: { key: 'zendesk:user:1' } },
    ]);
  });
});

it('marks as historical what was written before a time, and nothing else', () => {
  const comments = [
    comment('1', 'old', { created_at: '2026-03-01T00:00:00Z' }),
    comment('1', 'new', { id: '11', created_at: '2026-03-02T00:00:00Z' }),
  ];
  expect(signals(comments, 's', {}, '2026-03-02T00:00:00.000Z').map((signal) => signal.historical)).toEqual([
    true,
    false,
  ]);
});

it('knows a ticket by every name that people and systems give it', () => {
  expect(['zendesk:ticket:7', 'zen:ticket:7', '#7', '7'].map(ticketIdOf)).toEqual(['7', '7', '7', '7']);
  expect(['', 'zen:user:7', '7/../8', 'zendesk:ticket:7:comment:8', ' 7'].map(ticketIdOf)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});

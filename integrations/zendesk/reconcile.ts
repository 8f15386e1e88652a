// Finds what webhooks missed: follows the export of changed tickets, page by page, and reads each ticket as it is now.
import { z } from 'zod';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { ExportPage, ZendeskClient } from './client.ts';
import { forgetComment, forgetTicket, peopleOf, toFacts } from './map.ts';
import type { Comment, Ticket } from './wire.ts';

// As far back as soft-deleted tickets are kept, and two of the windows in which reports become an insight.
const FIRST_SWEEP_DAYS = 30;
// Each ticket costs one read of its comments. The export's 10 pages a minute times 25 stay below the 400 requests a minute of the Growth plan,
// and one page stays well within a job's time limit.
const PAGE_TICKETS = 25;
// What was written a day or more before the first sweep is old news: it is kept and grouped, but opens no cards by itself.
const LIVE_MS = 24 * 60 * 60_000;
// The export refuses a start within the last minute.
const START_LAG_SEC = 120;

/** Where the sweep is. Kept by the caller as text. */
const Cursor = z.strictObject({
  v: z.literal(1),
  /** Where Zendesk's own cursor stands; null before the first ticket. */
  after: z.string().nullable(),
  /** Seconds since 1970: where the sweep began. */
  startTimeSec: z.number().int(),
  /** While the first sweep lasts: what was written before this is historical. */
  liveSince: z.string().nullable(),
});
type Cursor = z.infer<typeof Cursor>;

/** Makes the sweep over one account; safe to repeat from any cursor it returned. */
export function createReconcile(baseUrl: string, client: ZendeskClient, clock: Clock) {
  return async (cursor: string | null): Promise<{ facts: Fact[]; cursor: string; more: boolean }> => {
    const from = cursor === null ? firstSweep(clock) : readCursor(cursor);
    const page = await exportFrom(from, client);
    if (page === null) return { facts: [], cursor: JSON.stringify(firstSweep(clock)), more: true };
    const facts = await factsOf(page.tickets, baseUrl, client, from.liveSince);
    const next: Cursor = { ...from, after: page.cursor ?? from.after, liveSince: page.end ? null : from.liveSince };
    return { facts, cursor: JSON.stringify(next), more: !page.end };
  };
}

/** One page; null when Zendesk no longer takes the cursor, and the sweep has to begin anew. */
async function exportFrom(from: Cursor, client: ZendeskClient): Promise<ExportPage | null> {
  try {
    return await client.exportPage(
      from.after === null ? { startTimeSec: from.startTimeSec } : { cursor: from.after },
      PAGE_TICKETS,
    );
  } catch (error) {
    if (from.after !== null && error instanceof ExternalError && error.code === 'refused') return null;
    throw error;
  }
}

async function factsOf(
  exported: Ticket[],
  baseUrl: string,
  client: ZendeskClient,
  liveSince: string | null,
): Promise<Fact[]> {
  const facts: Fact[] = [];
  const states: { ticket: Ticket; comments: Comment[] }[] = [];
  // Pages may repeat a ticket; the last one is the newest.
  for (const ticket of new Map(exported.map((one) => [one.id, one])).values()) {
    const comments = ticket.status === 'deleted' ? null : await client.comments(ticket.id);
    if (comments === null) facts.push(forgetTicket(ticket.id, ticket.updated_at, 'deleted'));
    else states.push({ ticket, comments });
  }
  const users = await client.users(states.flatMap(({ ticket, comments }) => peopleOf(ticket, comments)));
  const organizations = await client.organizations(states.flatMap(({ ticket }) => ticket.organization_id ?? []));
  for (const { ticket, comments } of states) {
    facts.push(...toFacts({ ticket, comments, users, organizations }, baseUrl, liveSince));
    // A comment that was public when we read it may be an internal note by now; nothing else would tell us so.
    for (const comment of comments) if (!comment.public) facts.push(forgetComment(ticket.id, comment, 'internal'));
  }
  return facts;
}

function firstSweep(clock: Clock): Cursor {
  const nowMs = clock.now().getTime();
  return {
    v: 1,
    after: null,
    startTimeSec: Math.floor(nowMs / 1000) - FIRST_SWEEP_DAYS * 24 * 60 * 60 - START_LAG_SEC,
    liveSince: new Date(nowMs - LIVE_MS).toISOString(),
  };
}

function readCursor(text: string): Cursor {
  const parsed = Cursor.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new AppError(
    'bad_answer',
    'The stored place in the Zendesk export cannot be read; delete it to begin a new sweep.',
  );
}

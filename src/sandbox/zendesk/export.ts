// The cursor export: every ticket that changed, in the order of its last change, deleted ones included.
import type { Clock } from '#src/domain/ports.ts';
import { type Answer, error, fromBase64, type Handling, invalid, toBase64, tooMany } from './answer.ts';
import { ticketWire } from './render.ts';
import type { SimTicket, Store } from './state.ts';

const PER_MINUTE = 10;
const MINUTE_MS = 60_000;
const PAGE_MAX = 1_000;
// The last minute is left out, because changes may still be on their way to the export.
const LAG_SEC = 60;

export interface ExportDeps {
  clock: Clock;
  store: Store;
  /** Tickets that each later page repeats at its start; real exports repeat some too. */
  overlap: number;
  baseUrl(): string;
}

/** Makes the endpoint and its counter of calls. */
export function createExport({ clock, store, overlap, baseUrl }: ExportDeps): {
  page(request: Handling): Answer;
  reset(): void;
} {
  let recent: number[] = [];

  return {
    page({ query }) {
      const nowMs = clock.now().getTime();
      recent = recent.filter((at) => at > nowMs - MINUTE_MS);
      if (recent.length >= PER_MINUTE) {
        const wait = Math.ceil((recent[0]! + MINUTE_MS - nowMs) / 1000);
        return tooMany('Number of allowed incremental ticket export API requests per minute exceeded', wait);
      }
      recent.push(nowMs);
      const newestSec = Math.floor(nowMs / 1000) - LAG_SEC;
      const size = query.per_page === undefined ? PAGE_MAX : Number(query.per_page);
      if (!Number.isInteger(size) || size < 1 || size > PAGE_MAX) {
        return invalid('per_page', `must be between 1 and ${PAGE_MAX}`);
      }
      const ordered = [...store.state.tickets.values()]
        .filter((ticket) => ticket.generatedAt <= newestSec)
        .sort((a, b) => a.generatedAt - b.generatedAt || compareIds(a.id, b.id));
      const start =
        query.cursor === undefined ? byTime(ordered, query.start_time, newestSec) : byCursor(ordered, query.cursor);
      if (typeof start !== 'number') return start;
      return { status: 200, body: render(ordered, start, size, query.cursor) };
    },
    reset() {
      recent = [];
    },
  };

  function byTime(ordered: SimTicket[], time: string | undefined, newestSec: number): number | Answer {
    const startSec = Number(time);
    if (time === undefined || !Number.isInteger(startSec)) return invalid('start_time', 'is required');
    if (startSec > newestSec) {
      const problem = 'Too recent start_time. Use a start_time older than 60 seconds.';
      return { status: 422, body: error('StartTimeTooRecent', problem) };
    }
    return indexOr(ordered, (ticket) => ticket.generatedAt >= startSec);
  }

  function byCursor(ordered: SimTicket[], cursor: string): number | Answer {
    const place = /^(\d+)\|(\d+)$/.exec(fromBase64(cursor));
    if (!place) return { status: 422, body: error('InvalidCursor', 'The cursor is not valid.') };
    const sec = Number(place[1]);
    const id = place[2]!;
    const beyond = (ticket: SimTicket) =>
      ticket.generatedAt > sec || (ticket.generatedAt === sec && compareIds(ticket.id, id) > 0);
    const next = indexOr(ordered, beyond);
    return next === ordered.length ? next : Math.max(0, next - overlap);
  }

  function render(
    ordered: SimTicket[],
    start: number,
    size: number,
    cursor: string | undefined,
  ): Record<string, unknown> {
    const page = ordered.slice(start, start + size + (cursor === undefined ? 0 : overlap));
    const last = page.at(-1);
    const after = last ? toBase64(`${last.generatedAt}|${last.id}`) : (cursor ?? null);
    const url = `${baseUrl()}/api/v2/incremental/tickets/cursor.json?cursor=`;
    return {
      tickets: page.map((ticket) => ticketWire(ticket, baseUrl())),
      after_cursor: after,
      after_url: after === null ? null : url + encodeURIComponent(after),
      before_cursor: null,
      before_url: null,
      end_of_stream: start + page.length >= ordered.length,
    };
  }
}

function indexOr(ordered: SimTicket[], fits: (ticket: SimTicket) => boolean): number {
  const index = ordered.findIndex(fits);
  return index === -1 ? ordered.length : index;
}

function compareIds(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

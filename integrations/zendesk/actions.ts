// Internal notes on tickets: the backlink from what a customer said to the issue it became. Zendesk honours no idempotency key here, so each
// note carries a line that names its action, and is looked for before it is written again.
import type { ActionHandler } from '#integrations/contract.ts';
import type { Action, ActionPayload, ActionReceipt } from '#src/domain/action.ts';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { ZendeskClient } from './client.ts';
import { commentKey, ticketIdOf, ticketUrl } from './map.ts';
import type { Comment } from './wire.ts';

// Somebody else may change the ticket between our look and our note; three looks in a row are enough for any desk.
const LOOKS = 3;

type Note = Extract<ActionPayload, { kind: 'zendesk.note' }>;
type Written =
  | { kind: 'there'; comment: Comment }
  | { kind: 'written'; commentId: string | null }
  | { kind: 'closed' }
  | { kind: 'gone' };

/** Makes the handler of `zendesk.note`. */
export function createNoteHandler(baseUrl: string, client: ZendeskClient): ActionHandler {
  return {
    async perform(action) {
      const note = noteOf(action);
      const ticketId = ticketOf(note);
      const result = await writeOnce(ticketId, noteText(note, action), marker(action));
      if (result.kind === 'gone')
        throw refused(`Ticket ${ticketId} was deleted in Zendesk; there is nothing to write on.`, 'not_found');
      if (result.kind === 'closed')
        throw refused(`Ticket ${ticketId} is closed in Zendesk and takes no notes any more.`, 'refused');
      return result.kind === 'there'
        ? receiptOf(ticketId, result.comment.id, true)
        : receiptOf(ticketId, result.commentId, false);
    },
    async find(action) {
      const ticketId = ticketOf(noteOf(action));
      if ((await client.ticket(ticketId)) === null) return null;
      const comment = await find(ticketId, marker(action));
      return comment && receiptOf(ticketId, comment.id, true);
    },
    async compensate(action) {
      const ticketId = ticketOf(noteOf(action));
      const label = action.issue ? ` ${action.issue.label}` : '';
      const text = `Throughline: the filing of${label || ' this'} was undone. The note above no longer holds.\n\n${marker(action)} undone`;
      const result = await writeOnce(ticketId, text, `${marker(action)} undone`);
      if (result.kind === 'gone')
        return { undone: true, note: `Ticket ${ticketId} was deleted in Zendesk, and the note with it.` };
      if (result.kind === 'closed') {
        return {
          undone: false,
          note: `The internal note on ticket ${ticketId} stays: the ticket is closed and takes no changes any more.`,
        };
      }
      return {
        undone: false,
        note: `The internal note on ticket ${ticketId} stays, since Zendesk cannot delete comments; a second one says that the filing was undone.`,
      };
    },
  };

  function receiptOf(ticketId: string, commentId: string | null, found: boolean): ActionReceipt {
    return {
      system: 'zendesk',
      externalId: commentId === null ? `zendesk:ticket:${ticketId}` : commentKey(ticketId, commentId),
      label: `ticket ${ticketId}`,
      url: ticketUrl(baseUrl, ticketId),
      found,
    };
  }

  /** Writes the note unless one with its mark is there. On any doubt whether a write happened, it looks again. */
  async function writeOnce(ticketId: string, text: string, mark: string): Promise<Written> {
    for (let look = 1; ; look++) {
      // The stamp is taken before the search: whatever lands in between, an earlier try of ours included, makes the write collide.
      const ticket = await client.ticket(ticketId);
      if (ticket === null) return { kind: 'gone' };
      const earlier = await find(ticketId, mark);
      if (earlier) return { kind: 'there', comment: earlier };
      if (ticket.status === 'closed') return { kind: 'closed' };
      try {
        const result = await client.addNote(ticketId, text, ticket.updated_at);
        if (result.kind !== 'collision') return result;
      } catch (error) {
        if (!(error instanceof ExternalError) || !error.effectUnknown) throw error;
        const landed = await find(ticketId, mark);
        if (landed) return { kind: 'there', comment: landed };
        throw error;
      }
      if (look === LOOKS) {
        throw new ExternalError('conflict', `Ticket ${ticketId} keeps changing; the note is tried again later.`, {
          system: 'zendesk',
          operation: 'tickets.update',
          retryable: true,
        });
      }
    }
  }

  function find(ticketId: string, mark: string): Promise<Comment | null> {
    // Internal notes only: a customer who copies the line into a comment must not keep us from writing.
    return client.findComment(
      ticketId,
      (comment) => !comment.public && (comment.body ?? '').split('\n').some((line) => line.trim() === mark),
    );
  }
}

function noteText(note: Note, action: Action): string {
  const link = action.issue ? [`${action.issue.label}${action.issue.url ? ` ${action.issue.url}` : ''}`] : [];
  return [note.body.trim(), ...link, marker(action)].join('\n\n');
}

/** A line of its own. Two notes differ in it as soon as their actions do: ":1" is not found in ":12", because whole lines are compared. */
function marker(action: Action): string {
  return `Throughline reference: ${action.idempotencyKey}`;
}

function noteOf(action: Action): Note {
  if (action.payload.kind === 'zendesk.note') return action.payload;
  throw new AppError('bug', `The note handler was given a ${action.payload.kind}.`);
}

function ticketOf(note: Note): string {
  const id = ticketIdOf(note.ticketId);
  if (id === null) throw new AppError('bug', 'A note names no Zendesk ticket.');
  return id;
}

function refused(message: string, code: 'not_found' | 'refused'): ExternalError {
  return new ExternalError(code, message, { system: 'zendesk', operation: 'tickets.update' });
}

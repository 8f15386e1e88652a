// What a person sees who follows a ticket's permalink in the sandbox.
import { html } from 'hono/html';
import type { Ctx } from './answer.ts';
import type { ZendeskState } from './state.ts';

/** Renders one ticket for reading; values are escaped by the template. */
export function agentPage(c: Ctx, state: ZendeskState) {
  const ticket = state.tickets.get(c.req.param('id') ?? '');
  if (ticket?.deleted !== 'no') {
    return c.html(html`<!doctype html><title>Not found</title><p>This ticket does not exist or was deleted.</p>`, 404);
  }
  const requester = state.users.get(ticket.requesterId)?.name ?? '';
  const organization = ticket.organizationId ? `, ${state.organizations.get(ticket.organizationId)?.name ?? ''}` : '';
  const comments = ticket.comments.map(
    (comment) => html`<li class="${comment.public ? 'public' : 'note'}">
      <b>${state.users.get(comment.authorId)?.name ?? ''}</b> <time>${comment.createdAt}</time> ${comment.public ? '' : '(internal note)'}
      <div>${comment.body}</div>
    </li>`,
  );
  return c.html(html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Ticket ${ticket.id}</title>
        <style>
          body { font: 16px system-ui; max-width: 44em; margin: 2em auto; padding: 0 1em }
          ul { list-style: none; padding: 0 }
          li { margin: 1em 0; padding: 0.5em }
          li.note { background: #fff4d6 }
          li div { white-space: pre-wrap }
        </style>
      </head>
      <body>
        <h1>#${ticket.id} ${ticket.subject}</h1>
        <p>${ticket.status}, ${requester}${organization}</p>
        <ul>${comments}</ul>
      </body>
    </html>`);
}

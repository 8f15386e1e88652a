// The Zendesk tab: tickets with their comments, internal notes marked as such, and a form to write one as a customer.
import type { PageTicket } from '../model.ts';
import { openDialog, toast } from './dialogs.ts';
import { byId, clockTime, dayName, fill, h, icon, reconcile } from './dom.ts';
import type { Store } from './store.ts';

/** Draws the list of tickets, newest first. */
export function drawTickets(store: Store): void {
  const { tickets } = store.state;
  byId('tickets-empty').hidden = tickets.length > 0;
  const open = new Set(
    [...document.querySelectorAll<HTMLDetailsElement>('#tickets details[open]')].map((one) => one.dataset.ticket),
  );
  reconcile(
    byId('tickets'),
    [...tickets].reverse(),
    (ticket) => String(ticket.id),
    (ticket) => drawTicket(ticket, open.has(String(ticket.id)), store),
  );
}

function drawTicket(ticket: PageTicket, open: boolean, store: Store): HTMLElement {
  const field = h('input', {
    class: 'field',
    placeholder: `Answer as ${ticket.requester.name}`,
    'aria-label': `Answer ticket ${ticket.id} as ${ticket.requester.name}`,
  });
  const notes = ticket.comments.filter((one) => !one.public).length;
  return h(
    'article',
    { class: 'card ticket', data: { ticket: String(ticket.id) } },
    h(
      'details',
      { open, data: { ticket: String(ticket.id) } },
      h(
        'summary',
        null,
        h(
          'span',
          { class: 'card-top' },
          h('span', { class: 'issue-id' }, `#${ticket.id}`),
          h('span', { class: `state state-${ticket.status}` }, ticket.status),
          notes > 0 &&
            h('span', { class: 'chip chip-note' }, notes === 1 ? '1 internal note' : `${notes} internal notes`),
        ),
        h('strong', { class: 'ticket-subject' }, ticket.subject),
        h('span', { class: 'hint' }, [ticket.requester.name, ticket.organization].filter(Boolean).join(', ')),
      ),
      ...ticket.comments.map((one) =>
        h(
          'div',
          { class: `comment ${one.public ? '' : 'comment-note'}` },
          h(
            'div',
            { class: 'by' },
            h('strong', null, one.author),
            !one.public && h('span', { class: 'chip chip-note' }, 'Internal note'),
            h('time', { title: dayName(one.at) }, clockTime(one.at)),
          ),
          h('p', { class: 'keep' }, one.body),
        ),
      ),
      h(
        'form',
        {
          class: 'answer',
          onsubmit: (event) => {
            event.preventDefault();
            const text = field.value.trim();
            if (text === '') return;
            field.value = '';
            void store.act({ verb: 'comment', as: ticket.requester.id, ticket: ticket.id, text });
          },
        },
        field,
        h('button', { class: 'btn btn-small', type: 'submit' }, 'Send'),
      ),
    ),
    h(
      'div',
      { class: 'card-actions' },
      h(
        'button',
        {
          type: 'button',
          class: 'btn btn-small',
          onclick: () => void store.trace(`zendesk:${ticket.id}`, `Ticket #${ticket.id}`),
        },
        icon('route', 15),
        ' Lineage',
      ),
    ),
  );
}

/** Opens the form in which the visitor writes to support by e-mail, as one of the customers. */
export function writeTicket(store: Store): void {
  const people = store.state.requesters;
  const you = store.you();
  const who = h(
    'select',
    { class: 'field select', id: 'ticket-as' },
    ...people.map((one) =>
      h(
        'option',
        { value: one.id, selected: one.name === you.name },
        `${one.name}, ${one.organization ?? 'no company'}`,
      ),
    ),
  );
  const subject = h('input', { class: 'field', id: 'ticket-subject', maxlength: 150, required: true });
  const text = h('textarea', { class: 'field', id: 'ticket-text', rows: 5, required: true });
  const save = async () => {
    const answer = await store.act({
      verb: 'ticket',
      as: who.value,
      subject: subject.value.trim(),
      text: text.value.trim(),
    });
    if (answer.ok) dialog.close();
    else toast(answer.error ?? 'The ticket could not be made.');
  };
  const form = h(
    'form',
    {
      class: 'dialog-form',
      onsubmit: (event) => {
        event.preventDefault();
        void save();
      },
    },
    h(
      'div',
      { class: 'dialog-body' },
      h('label', { class: 'label', for: 'ticket-as' }, 'From'),
      who,
      h('label', { class: 'label', for: 'ticket-subject' }, 'Subject'),
      subject,
      h('label', { class: 'label', for: 'ticket-text' }, 'Message'),
      text,
    ),
    h(
      'footer',
      { class: 'dialog-foot' },
      h('button', { type: 'button', class: 'btn', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { type: 'submit', class: 'btn btn-primary' }, 'Send to support'),
    ),
  );
  const dialog = openDialog('Write to support by e-mail', [form]);
  fill(byId('toasts'));
  subject.focus();
}

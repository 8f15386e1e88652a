// The Linear tab: the issues as they are there, live, and the two moves that a team makes with them.
import type { PageIssue } from '../model.ts';
import { toast } from './dialogs.ts';
import { byId, h, icon, reconcile } from './dom.ts';
import type { Store } from './store.ts';
import { markdown, type Names } from './text.ts';

/** Draws the list of issues, newest first. */
export function drawIssues(store: Store, names: Names): void {
  const list = byId('issues');
  const { issues } = store.state;
  byId('issues-empty').hidden = issues.length > 0;
  reconcile(
    list,
    [...issues].reverse(),
    (issue) => issue.id,
    (issue) => drawIssue(issue, store, names),
  );
}

function drawIssue(issue: PageIssue, store: Store, names: Names): HTMLElement {
  const move = async (to: 'started' | 'completed' | 'canceled') => {
    const answer = await store.act({ verb: 'moveIssue', id: issue.id, to });
    if (!answer.ok) toast(answer.error ?? 'The issue could not be moved.');
  };
  const type = issue.trashed ? 'canceled' : issue.state.type;
  const moves = issue.trashed
    ? []
    : [
        issue.state.type !== 'started' &&
          h(
            'button',
            { type: 'button', class: 'btn btn-small', onclick: () => void move('started') },
            'Move to In Progress',
          ),
        issue.state.type !== 'completed' &&
          h(
            'button',
            { type: 'button', class: 'btn btn-small', onclick: () => void move('completed') },
            'Move to Done',
          ),
      ];
  return h(
    'article',
    { class: `card issue ${issue.trashed ? 'is-gone' : ''}`, data: { issue: issue.identifier } },
    h(
      'div',
      { class: 'card-top' },
      h('span', { class: 'issue-id' }, issue.identifier),
      h('span', { class: `state state-${type}` }, issue.trashed ? 'In the trash' : issue.state.name),
      issue.priority !== '' && issue.priority !== 'No priority' && h('span', { class: 'hint' }, issue.priority),
    ),
    h('h2', null, issue.title),
    issue.labels.length > 0 &&
      h('div', { class: 'chips' }, ...issue.labels.map((label) => h('span', { class: 'chip' }, label))),
    h(
      'details',
      { class: 'description', open: true },
      h('summary', null, 'Description'),
      h('div', { class: 'text' }, ...markdown(issue.description, names)),
    ),
    issue.attachments.length > 0 &&
      h(
        'ul',
        { class: 'attachments', 'aria-label': 'Attachments' },
        ...issue.attachments.map((one) =>
          h(
            'li',
            null,
            icon('link', 14),
            h(
              'a',
              {
                href: one.url,
                target: '_blank',
                rel: 'noreferrer noopener',
                onclick: (event) => names.follow(one.url) && event.preventDefault(),
              },
              one.title,
            ),
            one.subtitle && h('span', { class: 'hint' }, one.subtitle),
          ),
        ),
      ),
    ...issue.comments.map((one) =>
      h(
        'div',
        { class: 'comment' },
        h('strong', null, one.author),
        h('div', { class: 'text' }, ...markdown(one.body, names)),
      ),
    ),
    h(
      'div',
      { class: 'card-actions' },
      ...moves,
      h(
        'button',
        {
          type: 'button',
          class: 'btn btn-small',
          data: { trace: issue.identifier },
          onclick: () => void store.trace(issue.identifier, `Issue ${issue.identifier}`),
        },
        icon('route', 15),
        ' Lineage',
      ),
    ),
  );
}

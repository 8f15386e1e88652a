// Messages as a channel and a thread show them: days, authors, text or blocks, reactions, replies, and what can be done with each.
import type { PageMessage } from '../model.ts';
import { type BlockHost, drawBlocks } from './blocks.ts';
import { openDialog, toast } from './dialogs.ts';
import { clockTime, dateOf, dayName, h, icon, reconcile } from './dom.ts';
import { readEntries } from './elements.ts';
import { emojiOf, emojiWords, QUICK_REACTIONS } from './emoji.ts';
import { avatar, roleOf } from './people.ts';
import type { Store } from './store.ts';
import { drawEmoji, mrkdwn, type Names } from './text.ts';

// Messages of one person within this time stand under one name.
const TOGETHER_SECONDS = 300;

/** What a list of messages needs from the page around it. */
export interface MessageDeps {
  store: Store;
  names: Names;
  openThread(ts: string): void;
}

type Row = { day: string; key: string } | { message: PageMessage; key: string; follows: boolean; inThread: boolean };

/** Shows messages in `list`, which keeps its place unless it was at the end, where it follows along. */
export function drawMessages(list: HTMLElement, messages: PageMessage[], inThread: boolean, deps: MessageDeps): void {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const rows: Row[] = [];
  let last: PageMessage | null = null;
  for (const message of messages) {
    if (!inThread && (!last || dayName(last.ts) !== dayName(message.ts))) {
      rows.push({ day: dayName(message.ts), key: `day ${dayName(message.ts)}` });
      last = null;
    }
    const follows: boolean =
      last !== null &&
      last.author.id === message.author.id &&
      !last.quiet &&
      !message.quiet &&
      last.ephemeral === message.ephemeral &&
      Number(message.ts) - Number(last.ts) < TOGETHER_SECONDS;
    rows.push({ message, key: `${message.ts}${message.ephemeral ? ' ephemeral' : ''}`, follows, inThread });
    last = message;
  }
  const { state } = deps.store;
  reconcile(
    list,
    rows,
    (row) => row.key,
    (row) =>
      'day' in row
        ? h('div', { class: 'day', role: 'separator', 'aria-label': row.day }, h('span', null, row.day))
        : drawMessage(row.message, row.follows, row.inThread, deps),
    (row) => JSON.stringify([row, state.you, state.shortcuts]),
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Lets the arrow keys walk from message to message, with one stop for the tab key. */
export function walkWithArrows(list: HTMLElement): void {
  list.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    if ((event.target as HTMLElement).matches('input, textarea, select')) return;
    const all = [...list.querySelectorAll<HTMLElement>('article')];
    const here = all.findIndex((one) => one.contains(document.activeElement));
    const next = all[here + (event.key === 'ArrowUp' ? -1 : 1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  });
}

function drawMessage(message: PageMessage, follows: boolean, inThread: boolean, deps: MessageDeps): HTMLElement {
  const { store, names } = deps;
  const author = message.author.id ? store.person(message.author.id) : undefined;
  const when = dateOf(message.ts);
  const time = h('time', { datetime: when.toISOString(), title: when.toLocaleString() }, clockTime(message.ts));
  if (message.quiet) {
    return h(
      'article',
      { class: 'message quiet', tabindex: -1 },
      h('div', { class: 'gutter' }, time),
      h('div', { class: 'body' }, ...mrkdwn(message.text, names)),
    );
  }
  const body = h('div', { class: 'body' });
  if (!follows) {
    body.append(
      h(
        'div',
        { class: 'by' },
        h('strong', null, message.author.name),
        message.author.isBot
          ? h('span', { class: 'tag' }, 'App')
          : author && h('span', { class: `role role-${author.side}` }, roleOf(author)),
        time,
      ),
    );
  }
  if (message.blocks.length > 0)
    body.append(h('div', { class: 'blocks' }, ...drawBlocks(message.blocks, hostOf(message, deps, body))));
  else if (message.text !== '' || message.files.length === 0)
    body.append(h('div', { class: 'text' }, ...mrkdwn(message.text, names)));
  for (const file of message.files) body.append(drawFile(file));
  if (message.edited) body.append(h('small', { class: 'edited' }, '(edited)'));
  if (message.ephemeral) body.append(h('div', { class: 'only-you' }, icon('eye', 14), ' Only visible to you'));
  if (message.reactions.length > 0) body.append(drawReactions(message, store));
  if (message.replies && !inThread) body.append(drawReplies(message, deps));
  return h(
    'article',
    {
      class: `message ${follows ? 'follows' : ''} ${message.ephemeral ? 'ephemeral' : ''} ${message.author.isBot ? 'from-bot' : ''}`,
      tabindex: 0,
      'aria-label': `${message.author.name}, ${clockTime(message.ts)}`,
      data: { ts: message.ts },
    },
    h(
      'div',
      { class: 'gutter' },
      follows
        ? time.cloneNode(true)
        : avatar(author ?? { name: message.author.name, side: message.author.isBot ? 'bot' : 'customer' }),
    ),
    body,
    !message.ephemeral && drawTools(message, inThread, deps),
  );
}

function hostOf(message: PageMessage, { store, names }: MessageDeps, body: HTMLElement): BlockHost {
  return {
    names,
    people: () => store.state.people,
    channels: () => store.state.channels,
    follow: names.follow,
    async act(action) {
      body.setAttribute('aria-busy', 'true');
      const answer = await store.act({
        verb: 'action',
        as: store.state.you,
        channel: message.channel,
        ts: message.ts,
        blockId: action.blockId,
        actionId: action.actionId,
        ...(action.entry === undefined ? {} : { entry: action.entry }),
        entries: readEntries(body),
      });
      body.removeAttribute('aria-busy');
      if (!answer.ok) toast(answer.error ?? 'That did not work.');
    },
  };
}

function drawFile(file: PageMessage['files'][number]): HTMLElement {
  const address = `/files/${encodeURIComponent(file.id)}`;
  if (!file.isPicture)
    return h('a', { class: 'file', href: address, download: file.name }, icon('external', 14), ` ${file.name}`);
  return h(
    'figure',
    { class: 'file-picture' },
    h('figcaption', null, file.name),
    h('img', { src: address, alt: file.alt, loading: 'lazy' }),
  );
}

function drawReactions(message: PageMessage, store: Store): HTMLElement {
  const you = store.state.you;
  return h(
    'div',
    { class: 'reactions' },
    ...message.reactions.map((one) => {
      const who = one.people.map((id) => (id === you ? 'you' : (store.person(id)?.name ?? id))).join(', ');
      return h(
        'button',
        {
          type: 'button',
          class: 'reaction',
          'aria-pressed': one.people.includes(you) ? 'true' : 'false',
          'aria-label': `${emojiWords(one.name)}: ${one.people.length}, by ${who}`,
          title: `${who} reacted with :${one.name}:`,
          onclick: () =>
            void store.act({ verb: 'react', as: you, channel: message.channel, ts: message.ts, name: one.name }),
        },
        drawEmoji(one.name),
        h('span', null, one.people.length),
      );
    }),
  );
}

function drawReplies(message: PageMessage, { store, openThread }: MessageDeps): HTMLElement {
  const replies = message.replies!;
  return h(
    'button',
    { type: 'button', class: 'replies', onclick: () => openThread(message.ts) },
    ...replies.people.slice(0, 4).map((id) => avatar(store.person(id), 'small')),
    h('strong', null, replies.count === 1 ? '1 reply' : `${replies.count} replies`),
    h('span', null, `last ${dayName(replies.last)}, ${clockTime(replies.last)}`),
  );
}

function drawTools(message: PageMessage, inThread: boolean, deps: MessageDeps): HTMLElement {
  const { store, openThread } = deps;
  const you = store.state.you;
  const place = { as: you, channel: message.channel, ts: message.ts };
  const own = message.author.id === you;
  const told = async (act: Parameters<Store['act']>[0]) => {
    const answer = await store.act(act);
    if (!answer.ok) toast(answer.error ?? 'That did not work.');
  };
  const react = menuOf('React', 'smile', (close) => [
    h(
      'div',
      { class: 'emoji-grid' },
      ...QUICK_REACTIONS.map((name) =>
        h(
          'button',
          {
            type: 'button',
            'aria-label': emojiWords(name),
            title: `:${name}:`,
            onclick: () => {
              close();
              void told({ verb: 'react', ...place, name });
            },
          },
          emojiOf(name) ?? name,
        ),
      ),
    ),
  ]);
  const item = (label: string, run: () => void, close: () => void) =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          close();
          run();
        },
      },
      label,
    );
  const more = menuOf('More actions', 'more', (close) => [
    ...store.state.shortcuts
      .filter((one) => one.type === 'message')
      .map((one) => item(one.name, () => void told({ verb: 'shortcut', ...place, id: one.id }), close)),
    own && item('Edit message', () => editMessage(message, store), close),
    own && item('Delete message', () => void told({ verb: 'delete', ...place }), close),
  ]);
  return h(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'Message actions' },
    react,
    !inThread &&
      h(
        'button',
        {
          type: 'button',
          class: 'btn-bare',
          'aria-label': 'Reply in thread',
          title: 'Reply in thread',
          onclick: () => openThread(message.thread ?? message.ts),
        },
        icon('reply'),
      ),
    message.permalink &&
      h(
        'button',
        {
          type: 'button',
          class: 'btn-bare',
          'aria-label': 'Show lineage',
          title: 'Show lineage',
          onclick: () => void store.trace(message.permalink!, `Message of ${message.author.name}`),
        },
        icon('route'),
      ),
    more,
  );
}

function menuOf(label: string, drawing: string, items: (close: () => void) => Parameters<typeof h>[2][]): HTMLElement {
  const menu = h(
    'details',
    { class: 'menu' },
    h('summary', { class: 'btn-bare', 'aria-label': label, title: label }, icon(drawing)),
  );
  menu.addEventListener('toggle', () => {
    if (menu.open && menu.children.length === 1)
      menu.append(h('div', { class: 'menu-list' }, ...items(() => (menu.open = false))));
  });
  return menu;
}

function editMessage(message: PageMessage, store: Store): void {
  const field = h('textarea', { class: 'field', rows: 4, 'aria-label': 'Message' });
  // What was typed, not how it travels: the server escapes it again.
  field.value = message.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const save = async () => {
    const text = field.value.trim();
    if (text !== '')
      await store.act({ verb: 'edit', as: store.state.you, channel: message.channel, ts: message.ts, text });
    dialog.close();
  };
  const dialog = openDialog('Edit message', [
    h('div', { class: 'dialog-body' }, field),
    h(
      'footer',
      { class: 'dialog-foot' },
      h('button', { type: 'button', class: 'btn', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { type: 'button', class: 'btn btn-primary', onclick: () => void save() }, 'Save changes'),
    ),
  ]);
  field.focus();
}

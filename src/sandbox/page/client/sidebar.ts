// The left column: who the visitor is, and the rooms that this person sees. Rooms of others are shown too, and entering one changes sides.
import type { PageChannel, PagePerson } from '../model.ts';
import { byId, fill, h, icon, reconcile } from './dom.ts';
import { avatar, mark, roleOf } from './people.ts';
import type { Store } from './store.ts';

/** Draws the column. */
export function drawSidebar(store: Store, enter: (place: string) => void): void {
  const you = store.you();
  drawPersona(store, you);
  const { channels } = store.state;
  const mine = channels.filter((one) => one.members.includes(you.id) && one.kind !== 'direct');
  const others = channels.filter((one) => !one.members.includes(you.id) && one.kind !== 'direct');
  drawChannels('channels', mine, store, enter);
  byId('channels-others-title').hidden = others.length === 0;
  fill(byId('channels-others-title'), `Not visible to ${you.name.split(' ')[0]}`);
  drawChannels('channels-others', others, store, enter);
  byId('apps-title').hidden = !store.state.hasHome;
  byId('apps').hidden = !store.state.hasHome;
  const direct = channels.find((one) => one.kind === 'direct');
  const app = (place: string, name: string, here: boolean, fresh: boolean) =>
    h(
      'li',
      null,
      h(
        'button',
        {
          type: 'button',
          class: 'channel',
          'aria-current': here ? 'page' : null,
          data: { app: place },
          onclick: () => enter(place),
        },
        h('span', { class: 'app-mark' }, mark()),
        h('span', { class: 'channel-name' }, name),
        fresh && h('span', { class: 'news' }, h('span', { class: 'visually-hidden' }, ' (new messages)')),
      ),
    );
  fill(
    byId('apps'),
    app('home', 'Throughline', store.looking.place === 'home', false),
    app(
      'messages',
      'Messages with it',
      store.looking.place !== null && store.looking.place === direct?.id,
      direct !== undefined && store.hasNews(direct),
    ),
  );
}

function drawPersona(store: Store, you: PagePerson): void {
  const menu = byId<HTMLDetailsElement>('persona');
  fill(
    byId('persona-now'),
    avatar(you),
    h(
      'span',
      { class: 'persona-words' },
      h('small', null, 'You are'),
      h('strong', null, you.name),
      h('span', null, roleOf(you)),
    ),
    icon('chevron'),
  );
  const choose = async (person: PagePerson) => {
    menu.open = false;
    const sees = store.state.channels.find((one) => one.id === store.looking.place)?.members.includes(person.id);
    const home = store.state.channels.find((one) => one.members.includes(person.id));
    await store.look({
      as: person.id,
      thread: null,
      ...(sees || store.looking.place === 'home' ? {} : { place: home?.id ?? null }),
    });
    byId('persona-now').focus();
  };
  const sides = [
    { side: 'customer', title: 'Customers' },
    { side: 'staff', title: `${store.state.team}’s own team` },
  ] as const;
  reconcile(
    byId('persona-list'),
    sides,
    (one) => one.side,
    (one) =>
      h(
        'div',
        { role: 'group', 'aria-label': one.title },
        h('h2', null, one.title),
        ...store.state.people
          .filter((person) => person.playable && person.side === one.side)
          .map((person) =>
            h(
              'button',
              {
                type: 'button',
                class: 'persona-choice',
                'aria-pressed': person.id === store.state.you ? 'true' : 'false',
                data: { person: person.handle },
                onclick: () => void choose(person),
              },
              avatar(person, 'small'),
              h(
                'span',
                null,
                h('strong', null, person.name),
                h('span', null, person.side === 'customer' ? (person.company ?? '') : person.title),
              ),
            ),
          ),
      ),
    (one) => JSON.stringify([one, store.state.you, store.state.people]),
  );
}

function drawChannels(id: string, channels: PageChannel[], store: Store, enter: (place: string) => void): void {
  reconcile(
    byId(id),
    channels,
    (one) => one.id,
    (one) => {
      const you = store.state.you;
      const inside = one.members.includes(you);
      const here = store.looking.place === one.id;
      const fresh = store.hasNews(one);
      return h(
        'li',
        null,
        h(
          'button',
          {
            type: 'button',
            class: 'channel',
            'aria-current': here ? 'page' : null,
            data: { channel: one.name },
            title: one.about,
            onclick: () => enter(one.id),
          },
          icon(inside ? (one.kind === 'shared' ? 'link' : 'hash') : 'lock', 16),
          h('span', { class: 'channel-name' }, one.name),
          fresh && h('span', { class: 'news' }, h('span', { class: 'visually-hidden' }, ' (new messages)')),
          one.kind === 'shared' && h('span', { class: 'visually-hidden' }, ' (shared with another company)'),
        ),
      );
    },
    (one) =>
      JSON.stringify([{ ...one, newest: null }, store.state.you, store.looking.place === one.id, store.hasNews(one)]),
  );
}

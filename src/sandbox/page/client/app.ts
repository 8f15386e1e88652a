// The page as a whole: what is drawn after every change, and how the visitor moves between its parts.

import type { PageChannel } from '../model.ts';
import { createComposer } from './composer.ts';
import { toast } from './dialogs.ts';
import { byId, fill, h, icon } from './dom.ts';
import { drawIssues } from './issues.ts';
import { drawLineage } from './lineage.ts';
import { drawMessages, walkWithArrows } from './messages.ts';
import { drawSidebar } from './sidebar.ts';
import { type BrowserPorts, createStore, type Looking } from './store.ts';
import type { Names } from './text.ts';
import { drawTickets, writeTicket } from './tickets.ts';
import { drawTour } from './tour.ts';
import { createModals, drawHome } from './views.ts';

const TABS: Looking['tab'][] = ['issues', 'tickets', 'lineage'];

/** Starts the page in a document that holds index.html. */
export async function startPage(ports: BrowserPorts): Promise<void> {
  const store = createStore(ports);
  const names: Names = {
    person: (id) => store.person(id)?.name ?? id,
    channel: (id) => store.channel(id)?.name ?? id,
    group: (id) => store.state.groups.find((one) => one.id === id)?.handle ?? '',
    follow,
    openChannel: (id) => void enter(id),
  };
  const channelComposer = createComposer(store, 'channel', () => {
    const { place } = store.looking;
    return place && place !== 'home' ? { channel: place } : null;
  });
  const threadComposer = createComposer(store, 'thread', () => {
    const { place, thread } = store.looking;
    return place && thread ? { channel: place, thread } : null;
  });
  byId('composer').append(channelComposer.element);
  byId('thread-composer').append(threadComposer.element);
  walkWithArrows(byId('messages'));
  walkWithArrows(byId('thread-messages'));
  const showModals = createModals(store, names);
  const messageDeps = { store, names, openThread: (ts: string) => void openThread(ts) };

  setUpFrame();
  await store.start(draw);
  byId('app').hidden = false;
  byId('loading').hidden = true;
  draw();
  scrollToEnd();

  function draw(): void {
    const { state, looking } = store;
    document.title = `${looking.place === 'home' ? 'Throughline' : `#${store.channel(looking.place ?? '')?.name ?? ''}`} · Throughline sandbox`;
    drawSidebar(store, (place) => void enter(place));
    drawTour({ store, enter, showMessage });
    drawStatus();
    drawMiddle();
    drawThread();
    for (const tab of TABS) {
      byId(`tab-${tab}`).setAttribute('aria-selected', String(looking.tab === tab));
      byId(`tab-${tab}`).tabIndex = looking.tab === tab ? 0 : -1;
      byId(`panel-${tab}`).hidden = looking.tab !== tab;
    }
    fill(byId('count-issues'), state.issues.length || '');
    fill(byId('count-tickets'), state.tickets.length || '');
    drawIssues(store, names);
    drawTickets(store);
    drawLineage(store, names);
    showModals();
  }

  function drawStatus(): void {
    const { bot } = store.state;
    const lost = store.looking.lost;
    const status = byId('status');
    status.className = `status status-${lost ? 'down' : bot.state}`;
    fill(
      status,
      h('span', { class: 'dot', 'aria-hidden': 'true' }),
      lost
        ? 'Sandbox stopped'
        : bot.state === 'ready'
          ? 'Bot is running'
          : bot.state === 'starting'
            ? 'Bot is starting'
            : 'Bot is down',
    );
    const banner = byId('banner');
    banner.hidden = !lost && bot.state !== 'down';
    fill(
      banner,
      lost ? 'The sandbox does not answer. Start it again with npm start; this page comes back by itself.' : bot.detail,
    );
    byId('chatter').setAttribute('aria-pressed', String(store.state.liveChatter));
  }

  function drawMiddle(): void {
    const { state, looking } = store;
    const home = looking.place === 'home';
    byId('home').hidden = !home;
    byId('channel').hidden = home;
    if (home) {
      drawHome(store, names);
      return;
    }
    const channel = store.channel(looking.place ?? '');
    if (!channel) return;
    const you = store.you();
    const inside = channel.members.includes(you.id);
    fill(
      byId('channel-head'),
      h(
        'h1',
        null,
        channel.kind === 'direct' ? 'Throughline' : icon(channel.kind === 'shared' ? 'link' : 'hash', 20),
        channel.kind === 'direct' ? '' : channel.name,
      ),
      h('p', null, channel.about),
    );
    drawMessages(
      byId('messages'),
      // A conversation with the app goes on in threads that nobody wants to open one by one.
      state.messages.filter(
        (one) =>
          one.channel === channel.id && (channel.kind === 'direct' || one.thread === null || one.thread === one.ts),
      ),
      channel.kind === 'direct',
      messageDeps,
    );
    drawPane(byId('pane'), channel);
    channelComposer.show({
      label: channel.kind === 'direct' ? `Ask Throughline as ${you.name}` : `Message #${channel.name} as ${you.name}`,
      closed: inside
        ? null
        : `${you.name} is not in #${channel.name}. Choose somebody else on the left to read and write here.`,
    });
  }

  function drawThread(): void {
    const { state, looking } = store;
    const panel = byId('thread');
    const parent =
      looking.thread && state.messages.find((one) => one.ts === looking.thread && one.channel === looking.place);
    panel.hidden = !parent;
    byId('app').classList.toggle('has-thread', Boolean(parent));
    if (!parent) return;
    fill(byId('thread-place'), `#${store.channel(parent.channel)?.name ?? ''}`);
    drawMessages(
      byId('thread-messages'),
      state.messages.filter(
        (one) => one.channel === parent.channel && (one.ts === parent.ts || one.thread === parent.ts),
      ),
      true,
      messageDeps,
    );
    const doing = store.channel(parent.channel)?.doing;
    fill(byId('thread-doing'), doing?.thread === parent.ts ? doingLine(doing.text) : null);
    threadComposer.show({ label: `Reply as ${store.you().name}`, closed: null });
  }

  /** What the app is doing in its own conversation, and what it suggests while nothing has been asked. */
  function drawPane(place: HTMLElement, channel: PageChannel): void {
    const mine = channel.kind === 'direct';
    const { doing, suggested } = channel;
    place.hidden = !mine || (!doing && !suggested);
    fill(
      place,
      mine && doing ? doingLine(doing.text) : null,
      mine && suggested
        ? h(
            'div',
            { class: 'prompts', role: 'group', 'aria-label': suggested.title ?? 'Suggestions' },
            h('p', null, suggested.title ?? 'Try asking'),
            ...suggested.prompts.map(({ title, message }) =>
              h(
                'button',
                {
                  type: 'button',
                  class: 'btn btn-small',
                  onclick: () =>
                    void store.act({ verb: 'post', as: store.state.you, channel: channel.id, text: message }),
                },
                title,
              ),
            ),
          )
        : null,
    );
  }

  function doingLine(text: string): HTMLElement {
    return h('p', { class: 'doing' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), `Throughline ${text}`);
  }

  /** Goes to a room. When this person may not enter, somebody who may is found, and said so. */
  async function enter(place: string): Promise<void> {
    const channel = store.channel(place);
    if (channel && !channel.members.includes(store.state.you)) {
      const other = store.state.people.filter((one) => one.playable && channel.members.includes(one.id));
      const host = other.find((one) => one.side === 'staff' && one.title.startsWith('Product')) ?? other[0];
      if (host) {
        await store.look({ as: host.id, place, thread: null });
        toast(
          `You are now ${host.name} (${host.side === 'staff' ? host.title : host.company}), who can see #${channel.name}.`,
        );
        return scrollToEnd();
      }
    }
    if (place === 'messages') {
      await store.act({ verb: 'home', as: store.state.you, tab: 'messages' });
      const mine = store.state.channels.find((one) => one.kind === 'direct');
      if (!mine) return;
      await store.look({ place: mine.id, thread: null });
      return scrollToEnd();
    }
    await store.look({ place, thread: null });
    if (place === 'home') await store.act({ verb: 'home', as: store.state.you });
    scrollToEnd();
  }

  async function openThread(ts: string): Promise<void> {
    await store.look({ thread: ts });
    threadComposer.focus();
  }

  async function showMessage(channel: string, ts: string): Promise<void> {
    if (!store.channel(channel)) return;
    if (store.looking.place !== channel || !store.channel(channel)?.members.includes(store.state.you))
      await enter(channel);
    const message = store.state.messages.find((one) => one.channel === channel && one.ts === ts);
    if (message?.thread && message.thread !== message.ts) await store.look({ thread: message.thread });
    const element = document.querySelector<HTMLElement>(`article[data-ts="${CSS.escape(ts)}"]`);
    if (!element) return;
    element.scrollIntoView({ block: 'center' });
    element.classList.add('flash');
    element.focus({ preventScroll: true });
    setTimeout(() => element.classList.remove('flash'), 2500);
  }

  /** Follows addresses that lead to something on this page: a message, an issue, a ticket. */
  function follow(url: string): boolean {
    const message = /\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})/.exec(url);
    if (message && store.channel(message[1]!)) {
      void showMessage(message[1]!, `${message[2]}.${message[3]}`);
      return true;
    }
    const issue = store.state.issues.find((one) => one.url === url);
    if (issue) return showCard('issues', `[data-issue="${CSS.escape(issue.identifier)}"]`);
    const ticket = /\/agent\/tickets\/(\d+)/.exec(url) ?? /\/tickets\/(\d+)/.exec(url);
    if (ticket && store.state.tickets.some((one) => String(one.id) === ticket[1])) {
      const details = document.querySelector<HTMLDetailsElement>(`#tickets details[data-ticket="${ticket[1]}"]`);
      if (details) details.open = true;
      return showCard('tickets', `article[data-ticket="${ticket[1]}"]`);
    }
    const lineage = /\/lineage\/([^?#/]+)/.exec(url);
    if (lineage) {
      void store.trace(decodeURIComponent(lineage[1]!), decodeURIComponent(lineage[1]!));
      return true;
    }
    return false;
  }

  function showCard(tab: Looking['tab'], selector: string): true {
    void store.look({ tab }).then(() => document.querySelector(selector)?.scrollIntoView({ block: 'nearest' }));
    return true;
  }

  function scrollToEnd(): void {
    const list = byId('messages');
    list.scrollTop = list.scrollHeight;
  }

  function setUpFrame(): void {
    for (const [index, tab] of TABS.entries()) {
      byId(`tab-${tab}`).addEventListener('click', () => void store.look({ tab }));
      byId(`tab-${tab}`).addEventListener('keydown', (event) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? TABS.length - 1 : 0;
        if (step === 0) return;
        const next = TABS[(index + step) % TABS.length]!;
        void store.look({ tab: next });
        byId(`tab-${next}`).focus();
      });
    }
    byId('thread-close').addEventListener('click', () => void store.look({ thread: null }));
    byId('new-ticket').addEventListener('click', () => writeTicket(store));
    byId('tour-back').addEventListener('click', () => void store.look({ tourHidden: false }));
    byId('chatter').addEventListener('click', () => void store.act({ verb: 'chatter', on: !store.state.liveChatter }));
    byId('theme').addEventListener('click', () => {
      const dark =
        document.documentElement.dataset.theme === 'dark' ||
        (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
      document.documentElement.dataset.theme = dark ? 'light' : 'dark';
      ports.remember('theme', document.documentElement.dataset.theme);
    });
    const theme = ports.recall('theme');
    if (theme) document.documentElement.dataset.theme = theme;
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && store.looking.thread && !document.querySelector('dialog[open]'))
        void store.look({ thread: null });
    });
    // A menu closes when the visitor goes on somewhere else.
    document.addEventListener('click', (event) => {
      for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open], details.persona[open]'))
        if (!menu.contains(event.target as Node)) menu.open = false;
    });
  }
}

// What the page knows and what the visitor looks at. The truth is on the server: every change there means "read again", so that a lost
// message costs nothing and a page that was asleep catches up by itself.
import type { Lineage, PageAct, PageAnswer, PageChannel, PagePerson, PageState } from '../model.ts';

/** The machine of the browser, handed in by boot.js. */
export interface BrowserPorts {
  fetch: typeof globalThis.fetch;
  live(onChange: () => void, onLost: (lost: boolean) => void): void;
  remember(key: string, value: string | null): void;
  recall(key: string): string | null;
}

/** What the visitor looks at; none of it leaves the browser except `as`. */
export interface Looking {
  as: string | null;
  /** A channel id, or `home` for the app's Home tab. */
  place: string | null;
  thread: string | null;
  tab: 'issues' | 'tickets' | 'lineage';
  /** What the lineage tab is about. */
  traced: { id: string; label: string } | null;
  /** Whether the lineage shows the steps in between. */
  everyStep: boolean;
  lost: boolean;
  tourHidden: boolean;
}

export interface Store {
  readonly state: PageState;
  readonly looking: Looking;
  /** The lineage that is shown: null while it is loading, a sentence when there is none. */
  readonly lineage: Lineage | string | null;
  start(onChange: () => void): Promise<void>;
  look(at: Partial<Looking>): Promise<void>;
  act(act: PageAct): Promise<PageAnswer>;
  trace(id: string, label: string): Promise<void>;
  refresh(): Promise<void>;

  /** Whether something was written in a room since the visitor last looked into it. */
  hasNews(channel: PageChannel): boolean;
  you(): PagePerson;
  person(id: string): PagePerson | undefined;
  channel(id: string): PageChannel | undefined;
}

/** Makes the store. Nothing is asked before `start`. */
export function createStore(ports: BrowserPorts): Store {
  let state: PageState | null = null;
  let lineage: Lineage | string | null = null;
  let changed: () => void = () => {};
  let reading: Promise<void> | null = null;
  let again = false;
  // What was the newest when the visitor last looked, by room; on the first look everything is old.
  const seen = new Map<string, string | null>();
  const looking: Looking = {
    as: ports.recall('as'),
    place: ports.recall('place'),
    thread: null,
    tab: 'issues',
    traced: null,
    everyStep: false,
    lost: false,
    tourHidden: ports.recall('tour') === 'hidden',
  };

  const store: Store = {
    get state() {
      if (!state) throw new Error('The page has not been started.');
      return state;
    },
    looking,
    get lineage() {
      return lineage;
    },
    async start(onChange) {
      changed = onChange;
      await store.refresh();
      ports.live(
        () => void store.refresh(),
        (lost) => {
          if (looking.lost === lost) return;
          looking.lost = lost;
          if (lost) changed();
          else void store.refresh();
        },
      );
    },
    async look(at) {
      Object.assign(looking, at);
      markSeen();
      ports.remember('as', looking.as);
      ports.remember('place', looking.place);
      ports.remember('tour', looking.tourHidden ? 'hidden' : null);
      if (at.as !== undefined && state && at.as !== state.you) await store.refresh();
      else changed();
    },
    async act(act) {
      const response = await ports
        .fetch('/api/act', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(act),
        })
        .catch(() => null);
      const answer: PageAnswer = response
        ? ((await response.json()) as PageAnswer)
        : { ok: false, error: 'The sandbox does not answer. Is it still running?', errors: {} };
      await store.refresh();
      return answer;
    },
    async trace(id, label) {
      lineage = null;
      Object.assign(looking, { tab: 'lineage', traced: { id, label } });
      changed();
      await readLineage();
    },
    // One read at a time: whatever changes meanwhile is covered by one more.
    refresh() {
      if (reading) {
        again = true;
        return reading;
      }
      reading = read().finally(() => {
        reading = null;
        if (!again) return;
        again = false;
        void store.refresh();
      });
      return reading;
    },
    hasNews: (channel) => channel.newest !== null && channel.newest !== seen.get(channel.id),
    you: () => store.person(store.state.you)!,
    person: (id) => store.state.people.find((one) => one.id === id),
    channel: (id) => store.state.channels.find((one) => one.id === id),
  };
  return store;

  async function read(): Promise<void> {
    const asked = looking.as;
    const response = await ports.fetch(`/api/state?as=${encodeURIComponent(asked ?? '')}`).catch(() => null);
    if (!response?.ok) {
      looking.lost = true;
      if (state) changed();
      return;
    }
    const next = (await response.json()) as PageState;
    // The visitor became somebody else while this was under way: it is not theirs to see.
    if (looking.as !== asked) {
      again = true;
      return;
    }
    // The days before are told right after the start: they are no news.
    const starting = state?.bot.state !== 'ready';
    state = next;
    looking.as = next.you;
    looking.lost = false;
    if (looking.place !== 'home' && !next.channels.some((one) => one.id === looking.place))
      looking.place = next.channels.find((one) => one.members.includes(next.you))?.id ?? next.channels[0]?.id ?? null;
    markSeen(starting);
    changed();
    if (looking.tab === 'lineage' && looking.traced) await readLineage();
  }

  function markSeen(all = false): void {
    for (const channel of state?.channels ?? []) {
      const entered = channel.id === looking.place && channel.members.includes(state?.you ?? '');
      if (all || entered || !seen.has(channel.id)) seen.set(channel.id, channel.newest);
    }
  }

  async function readLineage(): Promise<void> {
    const about = looking.traced;
    if (!about) return;
    const response = await ports.fetch(`/api/lineage?id=${encodeURIComponent(about.id)}`).catch(() => null);
    const body = (await response?.json().catch(() => null)) as Lineage | { error?: string } | null;
    if (looking.traced !== about) return;
    lineage =
      response?.ok && body && 'nodes' in body
        ? body
        : ((body as { error?: string } | null)?.error ?? 'The bot does not answer right now.');
    changed();
  }
}

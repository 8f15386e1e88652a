// Ingest: Delivery -> Signal. Understands what came in, appends what is new to the log, and regroups the conversations around it.
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Fact, SignalDraft } from '#src/domain/signal.ts';
import type { Actions, Deliveries, Delivery, Signals, Themes } from '#src/domain/stores.ts';
import { deliveryKey } from '#src/domain/stores.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

export interface IngestDeps {
  db: Db;
  deliveries: Deliveries;
  signals: Signals;
  themes: Themes;
  actions: Actions;
  /** A delivery that still waits and came before this was cut short: younger ones are being handled right now. */
  cutShortBefore: () => Date;
  /** Reads a stored delivery into facts; by source, so that a new source is one more entry. */
  read: (delivery: Delivery) => Promise<Fact[]>;
}

/** Something that came in, before it is stored. `quarantine` is why it cannot be understood. */
export type Incoming = Omit<Delivery, 'receivedAt'> & { quarantine?: string };

/** Makes the inbox: stores deliveries once and sends their jobs in the same transaction; answers which were new. */
export function createAccept(deps: {
  db: Db;
  deliveries: Deliveries;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  now: () => Date;
}): (incoming: readonly Incoming[]) => Promise<boolean[]> {
  return (incoming) =>
    deps.db.transaction('accept', async (tx) => {
      const receivedAt = deps.now().toISOString();
      const fresh = await deps.deliveries.store(
        tx,
        incoming.map((delivery) => ({ ...delivery, receivedAt })),
      );
      const forJobs = incoming.filter((delivery, at) => fresh[at] && !delivery.quarantine && !isAwaited(delivery));
      await deps.send(
        tx,
        forJobs.map((delivery): Next => ({ stage: 'ingest', id: deliveryKey(delivery) })),
      );
      return fresh;
    });
}

/** A click, a command or a modal: a person waits behind it, so that it is handled at once; a job only takes up what was cut short. */
export function isAwaited({ source, kind }: Pick<Delivery, 'source' | 'kind'>): boolean {
  return (
    source === 'slack' &&
    !kind.startsWith('event:') &&
    kind !== 'facts' &&
    kind !== 'app_rate_limited' &&
    kind !== 'malformed'
  );
}

/** Makes the stage. Its ids are delivery keys (`slack/Ev123`). */
export function createIngest(deps: IngestDeps): Stage<Delivery, Fact[]> {
  return {
    name: 'ingest',
    takes: 'Delivery',
    makes: 'Signal',
    batch: 100,
    async load(ids) {
      const waiting = await deps.deliveries.waiting(deps.db, ids);
      return new Map(waiting.map((delivery) => [deliveryKey(delivery), delivery]));
    },
    work: oneByOne((delivery) => deps.read(delivery)),
    async write(tx, results, at) {
      const facts = results.flatMap(({ result }) => result);
      const next: Next[] = [];
      const deleted: SignalDraft[] = [];
      const append = async (drafts: Parameters<Signals['append']>[1], behind = false) => {
        deleted.push(...drafts.filter((draft) => draft.change === 'deleted'));
        const { changed, lessened } = await deps.signals.append(tx, drafts, at);
        await deps.themes.leave(tx, lessened, at);
        next.push(...changed.map((id): Next => ({ stage: 'observe', id, behind })));
        next.push(...lessened.flatMap(({ themeId }): Next[] => (themeId ? [{ stage: 'assess', id: themeId }] : [])));
      };
      const said = facts.flatMap((fact) => (fact.kind === 'signal' ? [fact.signal] : []));
      await append(said.filter((signal) => !signal.historical));
      await append(
        said.filter((signal) => signal.historical),
        true,
      );
      for (const fact of facts) {
        if (fact.kind === 'forget')
          await append(await deps.signals.deletionsFor(tx, fact.source, fact.externalId, fact.at));
        if (fact.kind === 'outcome') {
          const action = await deps.actions.byExternal(tx, 'linear.issue', fact.externalId);
          if (!action) continue;
          const isNew = await deps.actions.recordOutcome(tx, {
            actionId: action.actionId,
            themeId: action.themeId,
            source: fact.source,
            externalId: fact.externalId,
            state: fact.state,
            note: fact.note,
            permalink: fact.permalink,
            occurredAt: fact.at,
            receivedAt: at.toISOString(),
          });
          if (isNew) next.push({ stage: 'follow', id: action.decisionId });
        }
      }
      const ignored = results.filter(({ result }) => result.every((fact) => fact.kind === 'ignored'));
      for (const { id, result } of ignored) {
        const reason = result.map((fact) => (fact.kind === 'ignored' ? fact.reason : '')).join(', ') || 'nothing in it';
        await deps.deliveries.done(tx, [id], at, reason);
      }
      await deps.deliveries.done(
        tx,
        results.map(({ id }) => id),
        at,
      );
      for (const [source, drafts] of Map.groupBy(deleted, (draft) => draft.source)) {
        const externalIds = drafts.map((draft) => draft.externalId);
        await deps.deliveries.forget(tx, source, externalIds);
      }
      return next;
    },
    async failed(tx, id, _delivery, error, final, at) {
      // What can never be read is kept where a person can look at it; nothing is lost.
      if (final) await deps.deliveries.quarantine(tx, id, error.message.slice(0, 500), at);
      return [];
    },
    pending: (limit) => deps.deliveries.pending(deps.db, limit, deps.cutShortBefore()),
  };
}

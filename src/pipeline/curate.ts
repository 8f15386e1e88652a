// Curate: what people do to themes by hand. Each gesture is one transaction under the themes' lock, safe to repeat, and taken back by its receipt.
import {
  blockedBy,
  type CurateProblem,
  type CurateReply,
  type Curations,
  type CurationVerbs,
  type EditBody,
  type EditKind,
  type EditVia,
  type MergeSide,
  type Moving,
  type Mute,
  survivorOf,
  type ThemeEdit,
  type ThemeStanding,
  TITLE_LENGTH_MAX,
  titleOf,
  type UndoEditReply,
  WHOLE,
} from '#src/domain/curation.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { idOf } from '#src/domain/ids.ts';
import type { Person } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import { redactText } from '#src/domain/redaction.ts';
import type { Actions, Card, Cards, Decisions, Proposals, Records, Themes } from '#src/domain/stores.ts';
import type { Places } from './audience.ts';
import type { Next } from './stage.ts';

export interface CurateDeps {
  db: Db;
  workspaceId: WorkspaceId;
  curations: Curations;
  themes: Themes;
  cards: Cards;
  proposals: Proposals;
  decisions: Decisions;
  actions: Actions;
  records: Records;
  places: Places;
  /** Makes the index of themes true again, at once. */
  refreshIndex: () => Promise<void>;
  telemetry: Telemetry;
  log: Log;
  now: () => Date;
  send: (tx: Tx, next: Next[]) => Promise<void>;
}

type Gestures = Pick<
  CurationVerbs,
  'rename' | 'merge' | 'split' | 'move' | 'markNoise' | 'mute' | 'unmute' | 'undoEdit' | 'follow'
>;

const FILED: ReadonlySet<Card['state']> = new Set(['approved', 'filed', 'done']);
// What still waits for somebody; all else is a record, and stays as it is.
const UNDECIDED: ReadonlySet<Card['state']> = new Set(['waiting', 'open', 'snoozed']);
const REPORTS_MAX = 1_000_000;

/** What a merge has to know about one side. */
export function sideOf(themeId: string, card: Card | null): MergeSide {
  return {
    themeId,
    hasIssue: card !== null && FILED.has(card.state),
    filing: card?.state === 'approved',
  };
}

/** Makes the gestures of one workspace. */
export function createCurating(deps: CurateDeps): Gestures {
  const { db, curations, themes, cards, proposals } = deps;

  return {
    rename: ({ themeId, title: typed, person, via }) =>
      gesture('renamed', person, async (tx, at) => {
        const title = titleOf(redactText(typed));
        if (title === null)
          return {
            kind: 'invalid',
            field: 'title',
            why: typed.trim().length > TITLE_LENGTH_MAX ? 'too_long' : 'empty',
          };
        const theme = await take(tx, themeId);
        if (!theme) return { kind: 'gone' };
        if (theme.title === title && theme.titledBy !== 'machine')
          return alreadyBy(tx, themeId, 'renamed', theme.titledBy, at);
        const edit = await begin(tx, { kind: 'renamed', themeId, person, via, at, reports: 0 });
        await curations.setTitle(tx, themeId, title, person.id);
        await curations.record(tx, {
          ...edit,
          titleBefore: theme.title,
          titleAfter: title,
          body: { titledBy: theme.titledBy },
        });
        await note(tx, edit, [themeId], 'renamed', at);
        await deps.send(tx, [{ stage: 'assess', id: themeId }]);
        return { kind: 'done', editId: edit.id, themeId, reports: 0 };
      }),

    merge: ({ themeId, intoId, person, via }) =>
      gesture('merged', person, async (tx, at) => {
        if (themeId === intoId) return { kind: 'invalid', field: 'target', why: 'same' };
        await themes.lock(tx, []);
        const [from, into] = [await curations.survivorOf(tx, themeId), await curations.survivorOf(tx, intoId)];
        const standing = await curations.standing(tx, [themeId, intoId]);
        if (!standing.has(themeId) || !standing.has(intoId)) return { kind: 'gone' };
        if (from === into) return alreadyBy(tx, from === themeId ? intoId : themeId, 'merged', '', at);
        if (from !== themeId || into !== intoId) return { kind: 'gone' };
        const current = await lock(tx, [themeId, intoId], await conversationsOf(tx, [themeId, intoId]));
        const choice = survivorOf(
          sideOf(themeId, current.get(themeId) ?? null),
          sideOf(intoId, current.get(intoId) ?? null),
        );
        if (choice.filing) return { kind: 'filing' };
        const { absorbed, survivor } = choice;
        const moving = (await curations.members(tx, absorbed)).map(
          (member): Moving => ({
            conversationId: member.conversationId,
            fromThemeId: absorbed,
            placedBefore: member.placedBy,
            themeId: survivor,
            placedBy: member.placedBy,
          }),
        );
        const edit = await begin(tx, { kind: 'merged', themeId: absorbed, person, via, at, reports: moving.length });
        const closed = await closeCard(tx, current.get(absorbed) ?? null, 'absorbed');
        await curations.record(tx, { ...edit, otherThemeId: survivor, body: { cards: closed.kept } });
        await put(tx, 'merged', moving, edit, 'merged by a person', at);
        await note(tx, edit, [absorbed, survivor], 'merged', at);
        await curations.setAbsorbed(tx, absorbed, survivor, { actor: person.id, at });
        await deps.send(tx, [{ stage: 'assess', id: survivor }, ...closed.next]);
        return { kind: 'done', editId: edit.id, themeId: survivor, reports: moving.length };
      }),

    split: ({ themeId, conversationIds, title: typed, person, via }) =>
      gesture('split', person, async (tx, at) => {
        const title = typed === null ? null : titleOf(redactText(typed));
        if (typed !== null && title === null)
          return {
            kind: 'invalid',
            field: 'title',
            why: typed.trim().length > TITLE_LENGTH_MAX ? 'too_long' : 'empty',
          };
        const chosen = await choose(tx, themeId, conversationIds);
        if ('kind' in chosen) return chosen;
        if (chosen.all) return { kind: 'invalid', field: 'reports', why: 'all' };
        const edit = await begin(tx, { kind: 'split', themeId, person, via, at, reports: chosen.moving.length });
        const newId = idOf('theme', deps.workspaceId, 'split', edit.id);
        await curations.open(
          tx,
          { id: newId, title: title ?? '', titledBy: title === null ? 'machine' : person.id },
          at,
        );
        await curations.record(tx, { ...edit, otherThemeId: newId, titleAfter: title });
        const moving = chosen.moving.map((item) => ({ ...item, themeId: newId, placedBy: person.id }));
        await put(tx, 'split', moving, edit, 'split off by a person', at);
        if (title === null)
          await curations.setTitle(tx, newId, (await themes.titles(tx, newId, 1))[0] ?? 'A new theme', 'machine');
        await retitle(tx, themeId, moving);
        await deps.records.link(tx, [
          {
            ...splitEdge(themeId, newId),
            fromKind: 'theme',
            toKind: 'theme',
            at: at.toISOString(),
            actor: person.id,
            why: 'split by a person',
          },
        ]);
        await note(tx, edit, [themeId, newId], 'split', at);
        await look(tx, [themeId, newId]);
        return { kind: 'done', editId: edit.id, themeId: newId, reports: moving.length };
      }),

    move: ({ themeId, conversationIds, toId, person, via }) =>
      gesture('moved', person, async (tx, at) => {
        if (themeId === toId) return { kind: 'invalid', field: 'target', why: 'same' };
        const chosen = await choose(tx, themeId, conversationIds, toId);
        if ('kind' in chosen) return chosen;
        const edit = await begin(tx, { kind: 'moved', themeId, person, via, at, reports: chosen.moving.length });
        await curations.record(tx, { ...edit, otherThemeId: toId });
        const moving = chosen.moving.map((item) => ({ ...item, themeId: toId, placedBy: person.id }));
        await put(tx, 'moved', moving, edit, 'moved by a person', at);
        await retitle(tx, themeId, moving);
        await note(tx, edit, [themeId, toId], 'moved', at);
        await look(tx, [themeId, toId]);
        return { kind: 'done', editId: edit.id, themeId: toId, reports: moving.length };
      }),

    markNoise: ({ themeId, conversationIds, person, via }) =>
      conversationIds === null
        ? gesture('noise_theme', person, async (tx, at) => {
            const theme = await take(tx, themeId);
            if (!theme) return { kind: 'gone' };
            if (theme.noiseBy) return { kind: 'already', by: theme.noiseBy, at: theme.noiseAt ?? at.toISOString() };
            const reports = (await curations.members(tx, themeId)).length;
            const edit = await begin(tx, { kind: 'noise_theme', themeId, person, via, at, reports });
            const card = await cards.current(tx, themeId);
            const closed = await closeCard(tx, card && UNDECIDED.has(card.state) ? card : null, 'folded');
            await curations.record(tx, { ...edit, body: { cards: closed.kept } });
            await curations.setNoise(tx, themeId, person.id, at);
            await note(tx, edit, [themeId], 'noise', at);
            await deps.send(tx, [{ stage: 'assess', id: themeId }, ...closed.next]);
            return { kind: 'done', editId: edit.id, themeId, reports };
          })
        : gesture('noise', person, async (tx, at) => {
            const chosen = await choose(tx, themeId, conversationIds);
            if ('kind' in chosen) return chosen;
            const edit = await begin(tx, { kind: 'noise', themeId, person, via, at, reports: chosen.moving.length });
            await curations.record(tx, edit);
            const moving = chosen.moving.map((item) => ({ ...item, themeId: null, placedBy: person.id }));
            await put(tx, 'noise', moving, edit, '', at);
            await retitle(tx, themeId, moving);
            await note(tx, edit, [themeId], 'noise', at);
            await look(tx, [themeId]);
            return { kind: 'done', editId: edit.id, themeId, reports: moving.length };
          }),

    mute: ({ themeId, until, person, via }) =>
      gesture('muted', person, async (tx, at) => {
        if (until.until !== null && !(Date.parse(until.until) > at.getTime()))
          return { kind: 'invalid', field: 'until', why: 'past' };
        const more = until.moreReports;
        if (more !== null && !(Number.isInteger(more) && more >= 1 && more <= REPORTS_MAX))
          return { kind: 'invalid', field: 'count', why: 'empty' };
        if (until.until === null && more === null && !until.atRelease)
          return { kind: 'invalid', field: 'until', why: 'empty' };
        const theme = await take(tx, themeId);
        if (!theme) return { kind: 'gone' };
        const reports = more === null ? null : more + (await curations.members(tx, themeId)).length;
        const mute: Mute = {
          by: person.id,
          at: at.toISOString(),
          until: until.until,
          reports,
          atRelease: until.atRelease,
        };
        // A second click says the same again.
        if (theme.mute && sameMute(theme.mute, mute)) return { kind: 'already', by: theme.mute.by, at: theme.mute.at };
        return setMute(tx, 'muted', theme, mute, person, via, at);
      }),

    unmute: ({ themeId, person, via }) =>
      gesture('unmuted', person, async (tx, at) => {
        const theme = await take(tx, themeId);
        if (!theme) return { kind: 'gone' };
        if (!theme.mute) return alreadyBy(tx, themeId, 'unmuted', '', at);
        return setMute(tx, 'unmuted', theme, null, person, via, at);
      }),

    async undoEdit({ editId, person }): Promise<UndoEditReply> {
      const reply = await db.transaction('curate.undo', async (tx): Promise<UndoEditReply> => {
        const at = deps.now();
        await themes.lock(tx, []);
        const edit = await curations.edit(tx, editId);
        if (!edit) return { kind: 'gone' };
        const allowed = may(person, 'curate', { kind: 'theme', whole: WHOLE.has(edit.kind), madeBy: edit.by }, at);
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        if (edit.undoneBy) return { kind: 'already', by: edit.undoneBy, at: edit.undoneAt ?? '' };
        const blocking = blockedBy(edit, await curations.later(tx, edit));
        if (blocking) return { kind: 'blocked', because: blocking.kind, by: blocking.by, at: blocking.at };
        return takeBack(tx, edit, person, at);
      });
      deps.telemetry.count('theme_edits_total', { kind: 'undone', outcome: reply.kind });
      if (reply.kind === 'done') await refresh();
      return reply;
    },

    async follow({ themeId, person, on }) {
      const allowed = may(person, 'curate', { kind: 'theme', whole: false, madeBy: null }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      return db.transaction('curate.follow', async (tx) => {
        const at = deps.now();
        if (!(await curations.standing(tx, [themeId])).has(themeId)) return { kind: 'gone' };
        if (on) await curations.setFollowing(tx, await curations.survivorOf(tx, themeId), person.id, true, at);
        // Whoever followed what was merged in since follows it by that.
        else
          for (const id of [themeId, ...(await curations.absorbedInto(tx, themeId))])
            await curations.setFollowing(tx, id, person.id, false, at);
        return on ? 'following' : 'not_following';
      });
    },
  };

  /** Asks for the right, does it in a transaction, counts it, and makes the index true. */
  async function gesture(
    kind: EditKind,
    person: Person,
    run: (tx: Tx, at: Date) => Promise<CurateReply>,
  ): Promise<CurateReply> {
    const allowed = may(person, 'curate', { kind: 'theme', whole: WHOLE.has(kind), madeBy: null }, deps.now());
    const reply: CurateReply = allowed.ok
      ? await db.transaction(`curate.${kind}`, (tx) => run(tx, deps.now()))
      : { kind: 'refused', refusal: allowed.refusal };
    deps.telemetry.count('theme_edits_total', { kind, outcome: reply.kind });
    if (reply.kind === 'done' && reply.reports > 0) await refresh();
    return reply;
  }

  /** The edit stands by now; an index that could not be refreshed catches up before it is next asked. */
  async function refresh(): Promise<void> {
    await deps.refreshIndex().catch((error) => deps.log.warn({ error: errorLine(error) }, 'the themes catch up later'));
  }

  /** Locks one theme with its card; null when it is not there, or has been absorbed. */
  async function take(tx: Tx, themeId: string): Promise<ThemeStanding | null> {
    await themes.lock(tx, []);
    await lock(tx, [themeId], []);
    const theme = (await curations.standing(tx, [themeId])).get(themeId);
    return theme && theme.absorbedBy === null ? theme : null;
  }

  /**
   * The lock of all writers of themes, then conversations, cards and themes, in the order in which everybody takes them. Answers the
   * current card of each theme.
   */
  async function lock(
    tx: Tx,
    themeIds: readonly string[],
    conversationIds: readonly string[],
  ): Promise<Map<string, Card | null>> {
    await themes.lock(tx, conversationIds);
    const current = async () => {
      const found: [string, Card | null][] = [];
      for (const id of themeIds) found.push([id, await cards.current(tx, id)]);
      return new Map(found);
    };
    const before = await current();
    const ids = [...before.values()].flatMap((card) => (card ? [card.id] : [])).sort();
    for (const id of ids) await cards.lock(tx, id);
    await curations.lockThemes(tx, themeIds);
    // A look that was under way may have made a card, or changed one, while we waited for it.
    return current();
  }

  /** Those of the reports that are in the theme, ready to be moved. */
  async function choose(
    tx: Tx,
    themeId: string,
    conversationIds: readonly string[],
    toId?: string,
  ): Promise<{ moving: Moving[]; all: boolean } | CurateProblem> {
    if (conversationIds.length === 0) return { kind: 'invalid', field: 'reports', why: 'empty' };
    await lock(tx, toId ? [themeId, toId] : [themeId], conversationIds);
    const standing = await curations.standing(tx, toId ? [themeId, toId] : [themeId]);
    const target = toId && standing.get(toId);
    if (!standing.has(themeId) || (toId && (!target || target.absorbedBy !== null))) return { kind: 'gone' };
    const members = await curations.members(tx, themeId);
    const wanted = new Set(conversationIds);
    const mine = members.filter((member) => wanted.has(member.conversationId));
    if (mine.length === 0) {
      const last = await curations.lastOf(tx, conversationIds);
      return last ? { kind: 'already', by: last.by, at: last.at } : { kind: 'gone' };
    }
    return {
      all: mine.length === members.length,
      moving: mine.map((member) => ({
        conversationId: member.conversationId,
        fromThemeId: themeId,
        placedBefore: member.placedBy,
        themeId: null,
        placedBy: null,
      })),
    };
  }

  async function conversationsOf(tx: Tx, themeIds: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const themeId of themeIds)
      for (const { conversationId } of await curations.members(tx, themeId)) ids.push(conversationId);
    return ids;
  }

  async function begin(
    tx: Tx,
    input: { kind: EditKind; themeId: string; person: Person; via: EditVia; at: Date; reports: number },
  ): Promise<Omit<ThemeEdit, 'seq' | 'undoneBy' | 'undoneAt'>> {
    // Under the lock nobody else writes events, and every edit writes one: the number is never the same twice.
    const id = idOf('edit', deps.workspaceId, input.kind, input.themeId, await themes.seq(tx));
    return {
      id,
      kind: input.kind,
      themeId: input.themeId,
      otherThemeId: null,
      reports: input.reports,
      by: input.person.id,
      via: input.via,
      at: input.at.toISOString(),
      titleBefore: null,
      titleAfter: null,
      body: {},
    };
  }

  function put(
    tx: Tx,
    verb: 'moved' | 'split' | 'merged' | 'noise',
    moving: readonly Moving[],
    edit: { id: string; by: string },
    why: string,
    at: Date,
  ): Promise<void> {
    return curations.place(tx, { verb, moving, editId: edit.id, actor: edit.by, why, at });
  }

  function note(
    tx: Tx,
    edit: { id: string; by: string },
    themeIds: readonly string[],
    verb: Parameters<Curations['note']>[1]['verb'],
    at: Date,
  ): Promise<void> {
    return curations.note(tx, { themeIds, verb, editId: edit.id, actor: edit.by, at });
  }

  async function look(tx: Tx, themeIds: readonly string[]): Promise<void> {
    await deps.send(
      tx,
      [...new Set(themeIds)].map((id): Next => ({ stage: 'assess', id })),
    );
  }

  /** Takes a card off the table, with what it proposed; remembers both, for an undo. */
  async function closeCard(
    tx: Tx,
    card: Card | null,
    to: 'absorbed' | 'folded',
  ): Promise<{ kept: NonNullable<EditBody['cards']>; next: Next[] }> {
    if (!card || card.state === 'folded' || card.state === 'absorbed') return { kept: [], next: [] };
    if (card.proposalId && UNDECIDED.has(card.state)) await proposals.setStatus(tx, card.proposalId, 'expired');
    await cards.change(tx, card.id, { state: to });
    return {
      kept: [{ id: card.id, state: card.state, proposalId: card.proposalId, revision: card.proposalRevision }],
      next: [{ stage: 'show', id: card.id }],
    };
  }

  /** Puts a card back on the table as it was, or as it has become: what was undone or completed meanwhile is not forgotten. */
  async function reopenCards(tx: Tx, kept: NonNullable<EditBody['cards']>): Promise<Next[]> {
    const next: Next[] = [];
    for (const { id, state, proposalId, revision } of kept) {
      const card = await cards.lock(tx, id);
      if (!card || (card.state !== 'absorbed' && card.state !== 'folded')) continue;
      const decision = proposalId ? await deps.decisions.taken(tx, proposalId) : null;
      const undone = decision?.status === 'undone' && !UNDECIDED.has(state);
      if (proposalId && revision && UNDECIDED.has(state)) await proposals.reopen(tx, proposalId, revision);
      await cards.change(tx, id, { state: undone ? 'undone' : state });
      next.push({ stage: 'show', id });
      if (decision) next.push({ stage: 'follow', id: decision.id });
    }
    return next;
  }

  async function setMute(
    tx: Tx,
    kind: 'muted' | 'unmuted',
    theme: ThemeStanding,
    mute: Mute | null,
    person: Person,
    via: EditVia,
    at: Date,
  ): Promise<CurateReply> {
    const { themeId } = theme;
    const edit = await begin(tx, { kind, themeId, person, via, at, reports: 0 });
    await curations.record(tx, { ...edit, body: { mute: theme.mute } });
    await curations.setMute(tx, themeId, mute);
    await note(tx, edit, [themeId], kind, at);
    await redraw(tx, themeId);
    await look(tx, [themeId]);
    return { kind: 'done', editId: edit.id, themeId, reports: 0 };
  }

  async function redraw(tx: Tx, themeId: string): Promise<void> {
    const card = await cards.current(tx, themeId);
    if (!card) return;
    await cards.change(tx, card.id, {});
    await deps.send(tx, [{ stage: 'show', id: card.id }]);
  }

  /** A name that the machine took from a report which went elsewhere may be words that not everybody here may read. */
  async function retitle(tx: Tx, themeId: string, moved: readonly Moving[]): Promise<void> {
    const left = new Set((await deps.places.containersOfThemes(tx, [themeId])).map(({ containerId }) => containerId));
    const gone = await deps.places.containersOf(
      tx,
      moved.map(({ conversationId }) => conversationId),
    );
    if (gone.every(({ containerId }) => left.has(containerId))) return;
    const [title] = await themes.titles(tx, themeId, 1);
    if (title) await themes.setTitle(tx, themeId, title);
  }

  async function alreadyBy(tx: Tx, themeId: string, kind: EditKind, by: string, at: Date): Promise<CurateReply> {
    const last = (await curations.edits(tx, themeId, 20)).find((edit) => edit.kind === kind && !edit.undoneBy);
    return { kind: 'already', by: last?.by ?? by, at: last?.at ?? at.toISOString() };
  }

  async function takeBack(tx: Tx, edit: ThemeEdit, person: Person, at: Date): Promise<UndoEditReply> {
    const both = [edit.themeId, edit.otherThemeId].filter((id) => id !== null);
    const current = await lock(tx, both, [
      ...(await curations.movedBy(tx, edit)).map(({ conversationId }) => conversationId),
      ...(edit.kind === 'split' ? await conversationsOf(tx, [edit.otherThemeId!]) : []),
    ]);
    const back = await curations.movedBy(tx, edit);
    const next: Next[] = both.map((id) => ({ stage: 'assess', id }));
    let moving = back;
    if (edit.kind === 'split') {
      const newId = edit.otherThemeId!;
      const card = current.get(newId) ?? null;
      if (card && FILED.has(card.state)) return { kind: 'filed', label: (await issueOf(tx, newId)) ?? 'an issue' };
      // What came to the new theme by itself has no other place left.
      const known = new Set(back.map(({ conversationId }) => conversationId));
      moving = [
        ...back,
        ...(await curations.members(tx, newId))
          .filter(({ conversationId }) => !known.has(conversationId))
          .map(
            ({ conversationId, placedBy }): Moving => ({
              conversationId,
              fromThemeId: newId,
              placedBefore: placedBy,
              themeId: edit.themeId,
              placedBy,
            }),
          ),
      ];
      const closed = await closeCard(tx, card, 'absorbed');
      next.push(...closed.next);
      await curations.setAbsorbed(tx, newId, edit.themeId, { actor: person.id, at });
      await deps.records.unlink(tx, [splitEdge(edit.themeId, newId)]);
    }
    if (edit.kind === 'merged') await curations.setAbsorbed(tx, edit.themeId, null, { actor: person.id, at });
    if (edit.kind === 'renamed')
      await curations.setTitle(tx, edit.themeId, edit.titleBefore ?? '', edit.body.titledBy ?? 'machine');
    if (edit.kind === 'noise_theme') await curations.setNoise(tx, edit.themeId, null, at);
    if (edit.kind === 'muted' || edit.kind === 'unmuted') {
      await curations.setMute(tx, edit.themeId, edit.body.mute ?? null);
      await redraw(tx, edit.themeId);
    }
    next.push(...(await refill(tx, edit, current.get(edit.themeId) ?? null)));
    await curations.place(tx, {
      verb: 'returned',
      moving,
      editId: edit.id,
      actor: person.id,
      why: 'put back by a person',
      at,
    });
    next.push(...(await reopenCards(tx, edit.body.cards ?? [])));
    await curations.note(tx, { themeIds: both, verb: 'returned', editId: edit.id, actor: person.id, at });
    await curations.setUndone(tx, edit.id, person.id, at);
    await deps.send(tx, next);
    return { kind: 'done', themeId: edit.themeId, reports: moving.length };
  }

  /** A card that ended because its last reports were moved away goes on with them. */
  async function refill(tx: Tx, edit: ThemeEdit, card: Card | null): Promise<Next[]> {
    if (card?.state !== 'folded' || (edit.kind !== 'moved' && edit.kind !== 'noise')) return [];
    const theme = (await curations.standing(tx, [edit.themeId])).get(edit.themeId);
    if (theme?.noiseBy || (await curations.members(tx, edit.themeId)).length > 0) return [];
    const { id, proposalId, proposalRevision: revision } = card;
    return reopenCards(tx, [{ id, state: card.ts === null ? 'waiting' : 'open', proposalId, revision }]);
  }

  async function issueOf(tx: Tx, themeId: string): Promise<string | null> {
    const proposal = await proposals.latest(tx, themeId);
    const decision = proposal && (await deps.decisions.taken(tx, proposal.id));
    const actions = decision ? await deps.actions.of(tx, decision.id) : [];
    return actions.find((action) => action.kind === 'linear.issue')?.receipt?.label ?? null;
  }
}

function sameMute(a: Mute, b: Mute): boolean {
  return a.by === b.by && a.until === b.until && a.reports === b.reports && a.atRelease === b.atRelease;
}

function splitEdge(fromId: string, toId: string) {
  return { fromId, toId, relation: 'split into' };
}

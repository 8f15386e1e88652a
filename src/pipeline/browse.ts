// Browse: themes as people look at them, and what a gesture would bring with it before it happens. Reading only; numbers from the database,
// words only for those who may read where they were said.
import type {
  Consequence,
  CurateProblem,
  Curations,
  CurationVerbs,
  EditRow,
  Gesture,
  Member,
  Preview,
  PreviewReply,
  ReportRow,
  ThemeBrief,
  ThemeEdit,
  ThemeView,
} from '#src/domain/curation.ts';
import { survivorOf, WHOLE } from '#src/domain/curation.ts';
import { kindOfId } from '#src/domain/ids.ts';
import { reachSuffices } from '#src/domain/insight.ts';
import type { Person, Refusal } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db } from '#src/domain/ports.ts';
import { redactText } from '#src/domain/redaction.ts';
import type {
  Actions,
  Cards,
  Decisions,
  Proposals,
  SaidConversation,
  Texts,
  Themes,
  Tracer,
} from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import { sideOf } from './curate.ts';
import { excerptsOf } from './evidence.ts';

// A modal of Slack takes 100 blocks, and nobody reads more than this.
const REPORTS_LISTED = 30;
const EDITS_LISTED = 12;
const THEMES_LISTED = 20;
const QUOTES_SHOWN = 3;
const WORDS_MAX = 400;
// The newest of a theme say what it is about now.
const VECTORS_ASKED = 5;

export interface BrowseDeps {
  db: Db;
  curations: Curations;
  themes: Themes;
  cards: Cards;
  proposals: Proposals;
  decisions: Decisions;
  actions: Actions;
  texts: Texts;
  tracer: Pick<Tracer, 'find'>;
  audiences: Audiences;
  nameOf: (personId: string) => Promise<string>;
  customersNeeded: () => Promise<number>;
  /** Themes whose reports are most like these, the nearest first. */
  near: (vectors: readonly Uint8Array[]) => string[];
  now: () => Date;
}

/** Makes the verbs that only read. */
export function createBrowsing(deps: BrowseDeps): Pick<CurationVerbs, 'theme' | 'themes' | 'previewEdit' | 'followed'> {
  const { db, curations, cards } = deps;

  return {
    async theme({ query, person, audience }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      const themeId = await themeNamed(query);
      if (themeId) {
        const view = await viewOf(themeId, person, audience);
        return view ? { kind: 'found', view } : { kind: 'none' };
      }
      const found = await byWords(query, audience);
      const [only] = found;
      if (found.length > 1) return { kind: 'several', themes: found };
      const view = only && (await viewOf(only.themeId, person, audience));
      return view ? { kind: 'found', view } : { kind: 'none' };
    },

    async themes({ words, near, person, audience }) {
      if (refusalOf(person)) return [];
      const found = words.trim() === '' ? await briefs(await nearest(near), audience) : await byWords(words, audience);
      return found.filter((theme) => theme.themeId !== near);
    },

    async previewEdit({ gesture, person, audience }) {
      const whole = WHOLE.has(gesture.kind === 'merge' ? 'merged' : gesture.kind === 'move' ? 'moved' : gesture.kind);
      const allowed = may(person, 'curate', { kind: 'theme', whole, madeBy: null }, deps.now());
      return allowed.ok ? preview(gesture, audience) : { kind: 'refused', refusal: allowed.refusal };
    },

    async followed({ person, audience }) {
      return refusalOf(person) ? [] : briefs(await curations.followedBy(db, person.id), audience);
    },
  };

  function refusalOf(person: Person): Refusal | null {
    const allowed = may(person, 'see', { kind: 'record' }, deps.now());
    return allowed.ok ? null : allowed.refusal;
  }

  /** The theme that an id, an issue or a link leads to. */
  async function themeNamed(query: string): Promise<string | null> {
    const named = query.trim();
    if (kindOfId(named)) return curations.themeOf(db, named);
    const found = await deps.tracer.find(db, named);
    return found && curations.themeOf(db, found.id);
  }

  // Found by words that one may not read, a theme would tell that it has them.
  async function byWords(words: string, audience: Audience): Promise<ThemeBrief[]> {
    const found = await briefs(await curations.search(db, words, THEMES_LISTED), audience);
    return found.filter((theme) => theme.title !== null);
  }

  async function nearest(themeId: string | null): Promise<string[]> {
    const newest = await curations.newest(db, THEMES_LISTED);
    if (!themeId) return newest;
    const near = deps.near(await curations.vectors(db, themeId, VECTORS_ASKED));
    return [...new Set([...near, ...newest])].slice(0, THEMES_LISTED);
  }

  async function briefs(themeIds: readonly string[], audience: Audience): Promise<ThemeBrief[]> {
    const found = await curations.found(db, themeIds);
    const readable = await readableTitles(
      found.map(({ themeId }) => themeId),
      audience,
    );
    const out: ThemeBrief[] = [];
    for (const theme of found) {
      out.push({
        ...theme,
        title: readable.has(theme.themeId) ? theme.title : null,
        issue: await issueOf(theme.themeId),
      });
    }
    return out;
  }

  /** Themes whose titles may be read: by their reports, and of one without any by all that were ever in it. */
  async function readableTitles(themeIds: readonly string[], audience: Audience): Promise<Set<string>> {
    const readable = await deps.audiences.themes(db, themeIds, audience);
    const empty = (
      await curations.found(
        db,
        themeIds.filter((id) => !readable.has(id)),
      )
    ).filter(({ reports }) => reports === 0);
    for (const { themeId } of empty) if (await mayReadAllOf(themeId, audience)) readable.add(themeId);
    return readable;
  }

  async function mayReadAllOf(themeId: string, audience: Audience): Promise<boolean> {
    const ids = await curations.everIn(db, themeId);
    const open = await deps.audiences.conversations(db, ids, audience);
    return ids.length > 0 && ids.every((id) => open.has(id));
  }

  async function issueOf(themeId: string): Promise<ThemeBrief['issue']> {
    const proposal = await deps.proposals.latest(db, themeId);
    const decision = proposal && (await deps.decisions.taken(db, proposal.id));
    if (decision?.status !== 'approved') return null;
    const issue = (await deps.actions.of(db, decision.id)).find((action) => action.kind === 'linear.issue');
    return issue?.state === 'done' && issue.receipt ? { label: issue.receipt.label, url: issue.receipt.url } : null;
  }

  async function viewOf(themeId: string, person: Person, audience: Audience): Promise<ThemeView | null> {
    const [[brief], standing] = [await briefs([themeId], audience), await curations.standing(db, [themeId])];
    const theme = standing.get(themeId);
    if (!brief || !theme) return null;
    const [facts] = await deps.themes.facts(db, [themeId]);
    const members = await curations.members(db, themeId);
    const followers = await curations.followers(db, themeId);
    const can = (whole: boolean) => may(person, 'curate', { kind: 'theme', whole, madeBy: null }, deps.now()).ok;
    const absorber = theme.absorbedBy ? (await briefs([theme.absorbedBy], audience))[0] : null;
    return {
      ...brief,
      namedBy: theme.titledBy === 'machine' ? null : await deps.nameOf(theme.titledBy),
      kind: facts?.kind ?? null,
      severity: facts?.severity ?? null,
      since: facts?.reach.since ?? null,
      newest: facts?.reach.newest ?? null,
      absorbedBy: absorber ? { themeId: absorber.themeId, title: absorber.title } : null,
      noiseBy: theme.noiseBy && (await deps.nameOf(theme.noiseBy)),
      mute: theme.mute && { ...theme.mute, by: await deps.nameOf(theme.mute.by) },
      following: followers.includes(person.id),
      followers: followers.length,
      items: await reportRows(members.slice(0, REPORTS_LISTED), audience),
      more: Math.max(0, members.length - REPORTS_LISTED),
      history: await history(themeId, audience),
      can: { sort: theme.absorbedBy === null && can(false), reshape: theme.absorbedBy === null && can(true) },
    };
  }

  async function reportRows(members: readonly Member[], audience: Audience): Promise<ReportRow[]> {
    const ids = members.map(({ conversationId }) => conversationId);
    const open = await deps.audiences.conversations(db, ids, audience);
    const said = new Map((await deps.texts.conversations(db, ids)).map((one) => [one.id, one]));
    const rows: ReportRow[] = [];
    for (const { conversationId, placedBy, firstAt } of members) {
      const conversation = said.get(conversationId);
      const shown = conversation && open.has(conversationId) ? wordsOf(conversation) : null;
      rows.push({
        conversationId,
        words: shown?.words ?? null,
        who: shown?.who ?? null,
        source: conversation?.source ?? '',
        at: firstAt,
        permalink: shown ? (conversation?.permalink ?? null) : null,
        placedBy: placedBy && (await deps.nameOf(placedBy)),
      });
    }
    return rows;
  }

  async function history(themeId: string, audience: Audience): Promise<EditRow[]> {
    const edits = await curations.edits(db, themeId, EDITS_LISTED);
    const others = edits.flatMap((edit) => otherOf(edit, themeId) ?? []);
    const known = new Map((await curations.found(db, others)).map((theme) => [theme.themeId, theme.title]));
    const readable = await readableTitles([...known.keys()], audience);
    // A name it had before may be of words that were moved elsewhere since.
    const names = edits.some(({ kind }) => kind === 'renamed') && (await mayReadAllOf(themeId, audience));
    const rows: EditRow[] = [];
    for (const edit of edits) {
      const other = otherOf(edit, themeId);
      rows.push({
        id: edit.id,
        kind: edit.kind,
        by: await deps.nameOf(edit.by),
        at: edit.at,
        reports: edit.reports,
        other:
          other === null ? null : { themeId: other, title: readable.has(other) ? (known.get(other) ?? null) : null },
        incoming: edit.otherThemeId === themeId,
        titleBefore: names ? edit.titleBefore : null,
        titleAfter: names ? edit.titleAfter : null,
        undoneBy: edit.undoneBy && (await deps.nameOf(edit.undoneBy)),
        undoneAt: edit.undoneAt,
      });
    }
    return rows;
  }

  async function preview(gesture: Gesture, audience: Audience): Promise<PreviewReply> {
    const toId = gesture.kind === 'merge' ? gesture.intoId : gesture.kind === 'move' ? gesture.toId : null;
    if (toId === gesture.themeId) return { kind: 'invalid', field: 'target', why: 'same' };
    const ids = toId ? [gesture.themeId, toId] : [gesture.themeId];
    const standing = await curations.standing(db, ids);
    if (ids.some((id) => !standing.has(id) || standing.get(id)!.absorbedBy !== null)) return { kind: 'gone' };
    const sides = new Map((await briefs(ids, audience)).map((brief) => [brief.themeId, brief]));
    let from = sides.get(gesture.themeId)!;
    let to = toId ? sides.get(toId)! : null;
    const consequences: Consequence[] = [];
    if (gesture.kind === 'merge' && to) {
      const card = async (id: string) => sideOf(id, await cards.current(db, id));
      const choice = survivorOf(await card(from.themeId), await card(to.themeId));
      if (choice.filing) return { kind: 'filing' };
      if (choice.swapped) {
        [from, to] = [to, from];
        consequences.push({ kind: 'swapped', label: to.issue?.label ?? '' });
      }
    }
    const members = await curations.members(db, from.themeId);
    const wanted = 'conversationIds' in gesture ? new Set(gesture.conversationIds) : null;
    const moving = wanted ? members.filter(({ conversationId }) => wanted.has(conversationId)) : members;
    if (wanted && wanted.size === 0) return { kind: 'invalid', field: 'reports', why: 'empty' };
    if (wanted && moving.length === 0) return { kind: 'gone' };
    const problem = problemOf(gesture, moving.length, members.length);
    if (problem) return problem;
    consequences.push(...(await consequencesOf(gesture, from, to, moving, members.length - moving.length)));
    const quoted = moving.slice(0, QUOTES_SHOWN * 3);
    const rows = await reportRows(quoted, audience);
    const shown = rows.flatMap(({ words, who, source, at, permalink }) =>
      words === null ? [] : [{ text: words, who: who ?? 'A customer', source, at, permalink }],
    );
    const quotes = shown.slice(0, QUOTES_SHOWN);
    const result: Preview = {
      gesture: gesture.kind,
      from,
      to,
      reports: moving.length,
      customers: customersOf(moving),
      quotes,
      hiddenQuotes: moving.length - quotes.length,
      consequences,
    };
    return { kind: 'preview', preview: result };
  }

  function problemOf(gesture: Gesture, moving: number, all: number): CurateProblem | null {
    return gesture.kind === 'split' && moving === all ? { kind: 'invalid', field: 'reports', why: 'all' } : null;
  }

  async function consequencesOf(
    gesture: Gesture,
    from: ThemeBrief,
    to: ThemeBrief | null,
    moving: readonly Member[],
    left: number,
  ): Promise<Consequence[]> {
    const out: Consequence[] = [];
    const card = await cards.current(db, from.themeId);
    const undecided = card !== null && ['waiting', 'open', 'snoozed'].includes(card.state);
    switch (gesture.kind) {
      case 'merge':
        if (undecided) out.push({ kind: 'proposal_ends', of: 'absorbed' });
        if (card?.ts) out.push({ kind: 'card_points' });
        if (from.issue && to?.issue)
          out.push({ kind: 'both_issues_stay', absorbed: from.issue.label, survivor: to.issue.label });
        else if (to?.issue) out.push({ kind: 'joins_issue', label: to.issue.label });
        break;
      case 'split':
        if (from.issue) out.push({ kind: 'issue_stays', label: from.issue.label });
        else if (undecided) out.push({ kind: 'card_updates' });
        out.push(...(await firstCard(null, moving)));
        break;
      case 'move':
        if (from.issue) out.push({ kind: 'issue_stays', label: from.issue.label });
        if (to?.issue) out.push({ kind: 'joins_issue', label: to.issue.label });
        else if (to) out.push(...(await firstCard(to.themeId, moving)));
        break;
      case 'noise':
        if (from.issue) out.push({ kind: 'issue_stays', label: from.issue.label });
        break;
      case 'noise_theme':
        if (from.issue) out.push({ kind: 'issue_stays', label: from.issue.label });
        else if (undecided) out.push({ kind: 'proposal_ends', of: 'theme' }, { kind: 'card_closes' });
        out.push({ kind: 'silent' });
        break;
    }
    if (left === 0 && undecided && gesture.kind !== 'merge' && gesture.kind !== 'noise_theme')
      out.push({ kind: 'empties' });
    return out;
  }

  /** Where a theme has no card, and too few customers for one even with these. */
  async function firstCard(themeId: string | null, moving: readonly Member[]): Promise<Consequence[]> {
    if (themeId && (await cards.current(db, themeId))) return [];
    const members = [...moving, ...(themeId ? await curations.members(db, themeId) : [])];
    const needed = await deps.customersNeeded();
    const customers = customersOf(members);
    const newest = Math.max(...members.map(({ firstAt }) => Date.parse(firstAt)));
    const inWindow = customersOf(members.filter(({ firstAt }) => Date.parse(firstAt) > newest - 14 * 86_400_000));
    return reachSuffices({ customersInWindow: inWindow }, needed) ? [] : [{ kind: 'no_card_yet', customers, needed }];
  }
}

function otherOf(edit: ThemeEdit, themeId: string): string | null {
  return edit.themeId === themeId ? edit.otherThemeId : edit.themeId;
}

function customersOf(members: readonly Member[]): number {
  return new Set(members.map(({ customerId }) => customerId ?? '')).size;
}

/** What a report says in the customer's own words; where only staff wrote, what they wrote. */
function wordsOf(conversation: SaidConversation): { words: string; who: string } | null {
  const [first] = excerptsOf(conversation);
  if (first) return { words: first.redacted.slice(0, WORDS_MAX), who: first.author ?? 'A customer' };
  const [message] = conversation.messages;
  return message ? { words: redactText(message.text).slice(0, WORDS_MAX), who: message.author ?? 'Somebody' } : null;
}

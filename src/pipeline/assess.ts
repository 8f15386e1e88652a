// Assess: Theme -> Insight, Proposal, Card. Decides whether a theme is to be looked at, and what its card becomes.
import type { Curations } from '#src/domain/curation.ts';
import { muteEnded } from '#src/domain/curation.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { idOf } from '#src/domain/ids.ts';
import type { Insight, InsightDraft } from '#src/domain/insight.ts';
import { DAY_MS, reachSuffices } from '#src/domain/insight.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Proposal, ProposalPayload } from '#src/domain/proposal.ts';
import { changedMaterially, payloadHashOf, proposalIdOf } from '#src/domain/proposal.ts';
import type { MayPost } from '#src/domain/quiet.ts';
import type {
  Actions,
  Card,
  Cards,
  DecisionRow,
  Decisions,
  Insights,
  Proposals,
  Records,
  Texts,
  ThemeFacts,
  Themes,
} from '#src/domain/stores.ts';
import { AWAKE, stateAwake } from '#src/domain/stores.ts';
import type { EffectsDeps, Intent, Source } from './effects.ts';
import { payloadsOf, sourcesOf } from './effects.ts';
import { quotesStand } from './evidence.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';
import { endMute } from './tick.ts';

// An open card that is older than this and has twice its reports deserves a new look: the old message is far up in the channel.
const OLD_CARD_MS = 7 * DAY_MS;
const GROWN = 2;
// A look reads texts and thinks; one more report among many does not change what a card says. Few reports are always looked at, a card that
// nobody sees only when it has grown by half.
const FEW_REPORTS = 20;
const GROWTH_SHOWN = 1.05;
const GROWTH_WAITING = 1.5;

/** What thinking about a theme came to. */
export interface Thought {
  evidence: Evidence;
  insight: InsightDraft;
  proposal: ProposalPayload | null;
  missing: string[];
}

/** The graph of a proposal, as this stage uses it. */
export interface Thinking {
  think(input: ThoughtAbout): Promise<Thought>;
  start(input: ThoughtAbout): Promise<Thought & { wait: { gate: string; interruptId: string } | null }>;
}

interface ThoughtAbout {
  themeId: string;
  proposalId: string;
  broughtBy: 'reach' | 'person';
  /** A card has shown the theme before: it is not asked for enough customers again. */
  shownBefore: boolean;
}

/** Why a theme is looked at: reports came; somebody captured one and wants it filed; filing failed and somebody tries again. */
export type Occasion = 'reports' | 'captured' | 'retried';

/** What is to become of a theme's card. */
type Course =
  | { kind: 'nothing' }
  /** Its first card, or its next one after a dismissal or a regression: a new proposal on a new card. */
  | { kind: 'open' }
  /** An undo put the matter back on the table: a new proposal on the same card. */
  | { kind: 'reopen' }
  /** More evidence for an open card. */
  | { kind: 'refresh' }
  /** The same proposal on a new message, since the old one is far up. */
  | { kind: 'repost' }
  /** More reports for what is filed already. */
  | { kind: 'attach' }
  /** Every report of it is gone. */
  | { kind: 'emptied' };

export interface Assessed {
  facts: ThemeFacts | null;
  card: Card | null;
  proposal: Proposal | null;
  decision: DecisionRow | null;
  course: Course;
  occasion: Occasion;
  /** What a person has said about the theme: that it is noise, or that nobody wants to hear of it for now; `over` when the latter is done. */
  silence?: Silence | null;
  /** Up to which event a theme without reports has been looked at; one with reports knows it by its facts. */
  seq?: number;
}

type Silence = 'noise' | 'muted' | 'over';

type Result = {
  thought: (Thought & { wait?: { gate: string; interruptId: string } | null }) | null;
  sources: Source[];
  proposalId: string;
};

export interface AssessDeps {
  db: Db;
  workspaceId: WorkspaceId;
  themes: Themes;
  texts: Texts;
  insights: Insights;
  proposals: Proposals;
  cards: Cards;
  decisions: Decisions;
  actions: Actions;
  curations: Pick<Curations, 'standing' | 'absorbedInto' | 'setMute' | 'note'>;
  records: Pick<Records, 'audit'>;
  effects: EffectsDeps;
  thinking: Thinking;
  /** What more sources of a filed issue get. */
  planMore: (sources: readonly Source[]) => Intent[];
  /** Both are read when they are needed: people change them while we run. */
  customersNeeded: () => Promise<number>;
  approvalsNeeded: (tx: Tx) => Promise<number>;
  /** Null when no insights channel is configured: insights then wait in the list. */
  insightsChannel: () => string | null;
  quiet: AskFirst;
  now: () => Date;
}

/** A card that would become a message of its own asks first, and notes the answer: null when it has nothing to say by itself. */
interface AskFirst {
  mayPost(tx: Tx, channelId: string, insight: Insight, at: Date): Promise<MayPost>;
  note(tx: Tx, cardId: string, verdict: MayPost | null, at: Date): Promise<void>;
}

const DERIVED = {
  source: 'throughline',
  permalink: null,
  reliability: 'derived',
  latencyMs: 0,
  privacyClass: 'pseudonymous',
  residency: 'any',
  retentionDays: null,
} as const;

/** The stage, and the same look at one theme when a person asks for it, whatever the threshold. */
export type Assess = Stage<Assessed, Result> & { onRequest(themeId: string, occasion: Occasion): Promise<void> };

/** Makes the stage. Its ids are themes. */
export function createAssess(deps: AssessDeps, send: (tx: Tx, next: Next[]) => Promise<void>): Assess {
  const { db, themes, cards, proposals } = deps;

  const stage: Stage<Assessed, Result> = {
    name: 'assess',
    takes: 'Theme',
    makes: 'Insight',
    batch: 50,
    async load(ids) {
      const seq = await themes.seq(db);
      const facts = new Map((await themes.facts(db, ids)).map((item) => [item.themeId, item]));
      const loaded = new Map<string, Assessed>();
      for (const id of ids) loaded.set(id, { ...(await look(db, id, facts.get(id) ?? null, 'reports')), seq });
      return loaded;
    },
    work: oneByOne(think),
    async write(tx, results, at) {
      const next: Next[] = [];
      for (const { id, item, result } of results) next.push(...(await settle(tx, id, item, result, at)));
      return next;
    },
    pending: (limit) => themes.unassessed(db, limit),
  };

  return {
    ...stage,
    async onRequest(themeId, occasion) {
      const [facts] = await themes.facts(db, [themeId]);
      const item = await look(db, themeId, facts ?? null, occasion);
      const result = await think(item, themeId);
      await db.transaction('assess', async (tx) => send(tx, await settle(tx, themeId, item, result, deps.now())));
    },
  };

  async function look(tx: Tx, themeId: string, facts: ThemeFacts | null, occasion: Occasion): Promise<Assessed> {
    const card = await cards.current(tx, themeId);
    const silence = await silenceOf(tx, themeId, facts, occasion);
    if (silence === 'noise' || (!card && (!facts || !(await suffices(facts, occasion))))) {
      return { facts, card, proposal: null, decision: null, course: { kind: 'nothing' }, occasion, silence };
    }
    const proposal = await proposals.latest(tx, themeId);
    const decision = proposal && (await deps.decisions.taken(tx, proposal.id));
    const course = await chooseCourse(tx, facts, card, proposal, decision, occasion);
    return { facts, card, proposal, decision, course: inSilence(course, silence), occasion, silence };
  }

  /** Whether people want to hear of it. Who asks for it in person is answered whatever was said before. */
  async function silenceOf(
    tx: Tx,
    themeId: string,
    facts: ThemeFacts | null,
    occasion: Occasion,
  ): Promise<Silence | null> {
    if (occasion !== 'reports') return null;
    const standing = (await deps.curations.standing(tx, [themeId])).get(themeId);
    if (standing?.noiseBy) return 'noise';
    if (!standing?.mute) return null;
    return muteEnded(standing.mute, deps.now(), facts?.reach.reports ?? null) ? 'over' : 'muted';
  }

  /** What would be a message of its own waits; what stands already is kept true in place. */
  function inSilence(course: Course, silence: Silence | null): Course {
    if (silence !== 'muted') return course;
    return course.kind === 'open' ? { kind: 'nothing' } : course.kind === 'repost' ? { kind: 'refresh' } : course;
  }

  async function suffices(facts: ThemeFacts, occasion: Occasion): Promise<boolean> {
    return occasion === 'captured' || reachSuffices(facts.reach, await deps.customersNeeded());
  }

  async function chooseCourse(
    tx: Tx,
    facts: ThemeFacts | null,
    card: Card | null,
    proposal: Proposal | null,
    decision: DecisionRow | null,
    occasion: Occasion,
  ): Promise<Course> {
    if (!facts)
      return card && ['waiting', 'open', 'snoozed'].includes(card.state) ? { kind: 'emptied' } : { kind: 'nothing' };
    if (!card) return { kind: 'open' };
    const { reports } = facts.reach;
    switch (card.state) {
      case 'waiting':
        return facts.speaksUp || (await changedEnough(tx, card, reports, 0, GROWTH_WAITING))
          ? { kind: 'refresh' }
          : { kind: 'nothing' };
      case 'open':
      case 'snoozed': {
        const old = card.postedAt !== null && deps.now().getTime() - Date.parse(card.postedAt) > OLD_CARD_MS;
        const grown = reports >= GROWN * Math.max(1, card.reportsWhenPosted);
        if (old && grown && (card.state === 'open' || wakes(card, reports))) return { kind: 'repost' };
        return (await changedEnough(tx, card, reports, FEW_REPORTS, GROWTH_SHOWN))
          ? { kind: 'refresh' }
          : { kind: 'nothing' };
      }
      case 'undone':
        return { kind: 'reopen' };
      case 'dismissed':
        return occasion === 'captured' || (await isNews(tx, card, facts)) ? { kind: 'open' } : { kind: 'nothing' };
      case 'approved':
      case 'filed':
      case 'failed':
      case 'done': {
        if (!decision || !proposal) return { kind: 'nothing' };
        if (card.state === 'failed') return { kind: occasion === 'reports' ? 'nothing' : 'reopen' };
        const [outcome] = await deps.actions.outcomes(tx, decision.id);
        if (outcome?.state === 'completed') {
          return facts.times.some((time) => time > outcome.occurredAt) ? { kind: 'open' } : { kind: 'nothing' };
        }
        // Somebody decided in Linear that it will not be done: as quiet as after a dismissal, and for as long.
        if (outcome?.state === 'canceled' || outcome?.state === 'removed')
          return (await isNews(tx, card, facts)) ? { kind: 'open' } : { kind: 'nothing' };
        return { kind: 'attach' };
      }
      case 'folded':
        // Every report of it was deleted; what comes now is measured like anything new.
        return (await suffices(facts, occasion)) ? { kind: 'open' } : { kind: 'nothing' };
      default:
        return { kind: 'nothing' };
    }
  }

  /** Whether something new came up since the card was decided: twice the reports, and somebody who had not reported it. */
  async function isNews(tx: Tx, card: Card, { reach }: ThemeFacts): Promise<boolean> {
    const before = card.insightId ? await deps.insights.byId(tx, card.insightId) : null;
    return before !== null && reach.reports >= GROWN * before.reach.reports && reach.customers > before.reach.customers;
  }

  /** Whether the card would say something else: it has grown enough, or did not grow, so that what it quotes was edited or is gone. */
  async function changedEnough(tx: Tx, card: Card, reports: number, few: number, growth: number): Promise<boolean> {
    const shown = card.insightId ? await deps.insights.byId(tx, card.insightId) : null;
    if (!shown || reports <= few) return true;
    return reports <= shown.reach.reports || reports >= shown.reach.reports * growth;
  }

  async function think(item: Assessed, themeId: string): Promise<Result> {
    const { course, occasion, proposal, card } = item;
    const shown = card?.insightId ? await deps.insights.byId(db, card.insightId) : null;
    const about = {
      themeId,
      broughtBy: occasion === 'captured' ? ('person' as const) : (shown?.broughtBy ?? 'reach'),
      shownBefore: card !== null && card.state !== 'folded',
    };
    if (course.kind === 'open' || course.kind === 'reopen') {
      const proposalId = proposalIdOf(deps.workspaceId, themeId, 1 + (await proposals.count(db, themeId)));
      return { thought: await deps.thinking.start({ ...about, proposalId }), sources: [], proposalId };
    }
    if ((course.kind === 'refresh' || course.kind === 'repost') && proposal) {
      const thought = await deps.thinking.think({ ...about, proposalId: proposal.id });
      return { thought, sources: [], proposalId: proposal.id };
    }
    if (course.kind === 'attach' && item.decision && item.facts) {
      const known = await attached(db, themeId, item.decision.id);
      const fresh = item.facts.conversationIds.filter((id) => !known.has(id));
      return {
        thought: null,
        sources: fresh.length > 0 ? await sourcesOf(deps.effects, fresh) : [],
        proposalId: proposal?.id ?? '',
      };
    }
    return { thought: null, sources: [], proposalId: '' };
  }

  /** What has its link already: on this issue, or on that of a theme which was merged into this one. */
  async function attached(tx: Tx, themeId: string, decisionId: string): Promise<Set<string>> {
    const known = await attachedTo(tx, decisionId);
    for (const id of await deps.curations.absorbedInto(tx, themeId)) {
      const proposal = await proposals.latest(tx, id);
      const decision = proposal && (await deps.decisions.taken(tx, proposal.id));
      if (decision?.status === 'approved') for (const one of await attachedTo(tx, decision.id)) known.add(one);
    }
    return known;
  }

  async function attachedTo(tx: Tx, decisionId: string): Promise<Set<string>> {
    const actions = await deps.actions.of(tx, decisionId);
    return new Set(
      actions.flatMap(({ payload }) =>
        'conversationId' in payload && payload.conversationId ? [payload.conversationId as string] : [],
      ),
    );
  }

  async function settle(tx: Tx, themeId: string, item: Assessed, result: Result, at: Date): Promise<Next[]> {
    const card = item.card && (await cards.lock(tx, item.card.id));
    const current = await cards.current(tx, themeId);
    // Somebody decided, or another look was faster: what we thought about is no longer so. Look again.
    if (
      card?.state !== item.card?.state ||
      current?.id !== item.card?.id ||
      card?.proposalRevision !== item.card?.proposalRevision
    ) {
      return [{ stage: 'assess', id: themeId }];
    }
    // What was thought about may have been deleted meanwhile: its words must not come back by way of an insight.
    if (result.thought && item.facts && !(await themes.hold(tx, themeId, item.facts.conversationIds)))
      return [{ stage: 'assess', id: themeId }];
    // Muted, or called noise, while we thought.
    const silence = await silenceOf(tx, themeId, item.facts, item.occasion);
    if (silence !== (item.silence ?? null)) return [{ stage: 'assess', id: themeId }];
    if (silence === 'over') await endMute(deps, tx, themeId, at);
    const seen = item.facts?.seq ?? item.seq;
    if (seen !== undefined) await themes.assessed(tx, themeId, seen);
    const { course, facts } = item;
    const wordless = course.kind === 'refresh' && result.thought?.evidence.excerpts.length === 0;
    if ((course.kind === 'emptied' || wordless) && card) {
      await proposals.setStatus(tx, card.proposalId ?? '', 'expired');
      await cards.change(tx, card.id, { state: 'folded' });
      return [{ stage: 'show', id: card.id }];
    }
    if (course.kind === 'attach' && item.decision && result.sources.length > 0)
      return attach(tx, themeId, item.decision, result.sources, card, at);
    const thought = result.thought;
    if (!thought) {
      // Nothing new to say; but what it quotes may be gone, and it must not go on showing it.
      if (!card?.ts) return [];
      await cards.change(tx, card.id, {});
      return [{ stage: 'show', id: card.id }];
    }
    if (!facts || thought.missing.length > 0 || !thought.proposal) return [];

    const insight = toInsight(themeId, facts.seq, thought, at);
    await deps.insights.save(tx, insight);
    if (item.card === null || course.kind === 'open') await themes.setTitle(tx, themeId, insight.title);
    const channel = deps.insightsChannel();
    const speaks = (facts.speaksUp || insight.broughtBy === 'person') && channel !== null && silence !== 'muted';
    const ask = async () => (speaks ? deps.quiet.mayPost(tx, channel, insight, at) : null);

    if (course.kind === 'open') {
      await open(tx, result.proposalId, 1, insight, thought.proposal, at);
      if ('wait' in thought && thought.wait) await proposals.setThread(tx, result.proposalId, thought.wait, at);
      const next: Next[] = [];
      if (card) {
        await cards.change(tx, card.id, { state: 'folded' });
        next.push({ stage: 'show', id: card.id });
      }
      const verdict = await ask();
      const made = await cards.create(tx, {
        themeId,
        generation: (card?.generation ?? 0) + 1,
        channelId: channel ?? '',
        state: verdict?.ok ? 'open' : 'waiting',
        insightId: insight.id,
        proposalId: result.proposalId,
        proposalRevision: 1,
        createdAt: at.toISOString(),
      });
      await deps.quiet.note(tx, made.id, verdict, at);
      return verdict?.ok ? [...next, { stage: 'show', id: made.id }] : next;
    }
    if (!card) return [];
    if (course.kind === 'reopen') {
      await open(tx, result.proposalId, 1, insight, thought.proposal, at);
      if ('wait' in thought && thought.wait) await proposals.setThread(tx, result.proposalId, thought.wait, at);
      // Its message stands there already, unless it was decided on before it had one.
      const verdict = card.ts === null ? await ask() : null;
      if (card.ts === null) await deps.quiet.note(tx, card.id, verdict, at);
      await cards.change(tx, card.id, {
        state: verdict?.ok ? 'open' : stateAwake(card),
        insightId: insight.id,
        proposalId: result.proposalId,
        proposalRevision: 1,
      });
      return [{ stage: 'show', id: card.id }];
    }

    const shown = item.proposal!;
    let revision = shown.revision;
    if (changedMaterially(shown.payload, thought.proposal) || !(await stillSaid(tx, shown, facts))) {
      revision += 1;
      await open(tx, shown.id, revision, insight, thought.proposal, at);
    }
    // While it may not have a new message, the old one is kept up to date.
    const again = course.kind === 'repost' ? await ask() : null;
    if (course.kind === 'repost' && again?.ok) {
      await cards.change(tx, card.id, { state: 'folded' });
      const made = await cards.create(tx, {
        themeId,
        generation: card.generation + 1,
        channelId: card.channelId,
        state: 'open',
        insightId: insight.id,
        proposalId: shown.id,
        proposalRevision: revision,
        createdAt: at.toISOString(),
      });
      await deps.quiet.note(tx, made.id, again, at);
      return [
        { stage: 'show', id: card.id },
        { stage: 'show', id: made.id },
      ];
    }
    const woken = wakes(card, facts.reach.reports);
    const asleep = card.state === 'waiting' || (woken && card.ts === null);
    const verdict = asleep ? await ask() : null;
    if (asleep) await deps.quiet.note(tx, card.id, verdict, at);
    const state = asleep ? (verdict?.ok ? 'open' : 'waiting') : woken ? 'open' : card.state;
    await cards.change(tx, card.id, {
      insightId: insight.id,
      proposalRevision: revision,
      state,
      ...(woken ? AWAKE : {}),
      ...(card.channelId === '' && channel !== null ? { channelId: channel } : {}),
    });
    return state === 'waiting' ? [] : [{ stage: 'show', id: card.id }];
  }

  /** Whether customers still say what the proposal quotes: what was edited or deleted must not be filed as it was. */
  async function stillSaid(tx: Tx, shown: Proposal, facts: ThemeFacts): Promise<boolean> {
    const here = new Set(facts.conversationIds);
    if (shown.payload.conversationIds.some((id) => !here.has(id))) return false;
    const quotes = (await deps.insights.byId(tx, shown.insightId))?.evidence ?? [];
    return quotesStand(tx, deps.texts, quotes);
  }

  async function open(
    tx: Tx,
    id: string,
    revision: number,
    insight: Insight,
    payload: ProposalPayload,
    at: Date,
  ): Promise<void> {
    await proposals.open(tx, {
      id,
      revision,
      themeId: insight.themeId,
      insightId: insight.id,
      payloadHash: payloadHashOf(payload),
      approvalsNeeded: await deps.approvalsNeeded(tx),
      payload,
      createdAt: at.toISOString(),
    });
  }

  async function attach(
    tx: Tx,
    themeId: string,
    decision: DecisionRow,
    sources: Source[],
    card: Card | null,
    at: Date,
  ): Promise<Next[]> {
    const known = await attached(tx, themeId, decision.id);
    const fresh = sources.filter((source) => !known.has(source.conversationId));
    const actions = await deps.actions.of(tx, decision.id);
    const issue = actions.find((action) => action.kind === 'linear.issue');
    if (!issue || fresh.length === 0) return [];
    const theme = await deps.insights.latest(tx, themeId);
    const payloads = await payloadsOf(deps.effects, tx, {
      intents: deps.planMore(fresh),
      issue: null,
      issueActionId: issue.id,
      title: theme?.title ?? '',
    });
    const ordinal = 1 + Math.max(...actions.map((action) => action.ordinal));
    const ids = await deps.actions.plan(tx, decision.id, ordinal, payloads, at);
    if (card) await cards.change(tx, card.id, {});
    return [
      ...ids.map((id): Next => ({ stage: 'act', id })),
      ...(card ? [{ stage: 'show', id: card.id } as Next] : []),
    ];
  }

  function toInsight(themeId: string, seq: number, thought: Thought, at: Date): Insight {
    const id = idOf('insight', deps.workspaceId, themeId, seq);
    const iso = at.toISOString();
    return {
      ...thought.insight,
      ...DERIVED,
      v: 1,
      id,
      workspaceId: deps.workspaceId,
      externalId: id,
      occurredAt: iso,
      receivedAt: iso,
      themeId,
      missing: [],
    };
  }
}

/** A card that was set aside comes back when as many have reported as it was set aside for. */
function wakes(card: Card, reports: number): boolean {
  return card.state === 'snoozed' && reports >= (card.snoozedReports ?? Number.POSITIVE_INFINITY);
}

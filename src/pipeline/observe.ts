// Observe: Conversation -> Observation. Redacts, perceives, gates noise and makes the vector; at once, and again as the conversation grows.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Observation, ObservationDraft } from '#src/domain/observation.ts';
import { observationIdOf } from '#src/domain/observation.ts';
import type { Db } from '#src/domain/ports.ts';
import type { Observations, SaidConversation, Texts } from '#src/domain/stores.ts';
import type { Stage } from './stage.ts';

/** One conversation as perception gets it: raw, and not to be kept. */
export interface ToPerceive {
  conversationId: string;
  conversationRevision: string;
  captured: boolean;
  /** Only what is clearly a report comes in by itself where it was written. */
  conservative: boolean;
  messages: { id: string; role: 'customer' | 'staff' | 'bot'; text: string; known: string[] }[];
}

/** What perception answers about one conversation. */
export interface Perceived {
  draft: ObservationDraft;
  vector: Buffer | null;
  vectorVersion: string | null;
}

export interface ObserveDeps {
  db: Db;
  workspaceId: WorkspaceId;
  texts: Texts;
  observations: Observations;
  /** The observe graph. Answers each conversation, or an error for those that it could not perceive. */
  perceive: (batch: ToPerceive[]) => Promise<Map<string, Perceived | Error>>;
  /** The containers (`slack:C…`) that capture conservatively. */
  conservative: () => Promise<ReadonlySet<string>>;
}

/** Makes the stage. Its ids are conversations. */
export function createObserve(deps: ObserveDeps): Stage<SaidConversation, Perceived> {
  return {
    name: 'observe',
    takes: 'Conversation',
    makes: 'Observation',
    batch: 50,
    async load(ids) {
      const said = await deps.texts.conversations(deps.db, ids);
      return new Map(
        said
          .filter((conversation) => conversation.observationId === null)
          .map((conversation) => [conversation.id, conversation]),
      );
    },
    async work(items) {
      const conservative = await deps.conservative();
      const batch = [...items.values()].map(
        (conversation): ToPerceive => ({
          conversationId: conversation.id,
          conversationRevision: conversation.revision,
          captured: conversation.capturedBy !== null,
          conservative: conservative.has(conversation.containerId),
          messages: conversation.messages.map((message) => ({
            id: message.signalId,
            role: message.role,
            text: message.text,
            known: conversation.messages.flatMap((other) => (other.author ? [other.author] : [])),
          })),
        }),
      );
      return deps.perceive(batch);
    },
    async write(tx, results, at) {
      const saved = await deps.observations.save(
        tx,
        results.map(({ item, result }) => ({
          observation: toObservation(deps.workspaceId, item, result.draft, at),
          customerId: item.customerId,
          vector: result.vector,
          vectorVersion: result.vectorVersion,
        })),
        at,
      );
      const old = new Set(results.flatMap(({ id, item }) => (item.historical ? [id] : [])));
      return saved.map((id) => ({ stage: 'theme', id, behind: old.has(id) }));
    },
    pending: (limit) => deps.observations.pending(deps.db, limit),
  };
}

function toObservation(
  workspaceId: WorkspaceId,
  said: SaidConversation,
  draft: ObservationDraft,
  at: Date,
): Observation {
  return {
    ...draft,
    v: 1,
    id: observationIdOf(workspaceId, said.id, said.revision),
    workspaceId,
    source: said.source,
    externalId: said.rootExternalId,
    permalink: said.permalink,
    occurredAt: said.lastAt,
    receivedAt: at.toISOString(),
    reliability: 'derived',
    latencyMs: Math.max(0, at.getTime() - Date.parse(said.lastAt)),
    privacyClass: 'pseudonymous',
    residency: 'any',
    retentionDays: null,
    conversationId: said.id,
    conversationRevision: said.revision,
  };
}

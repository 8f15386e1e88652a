// The loop as the stages use it: think, start a thread at its gate, resume a gate once, look where it stands, forget it.
import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { Command } from '@langchain/langgraph';
import type { Evidence } from '#src/domain/evidence.ts';
import type { InsightDraft } from '#src/domain/insight.ts';
import type { ProposalPayload } from '#src/domain/proposal.ts';
import type { LoopDeps } from './graph.ts';
import { buildLoopGraph, buildThinkGraph } from './graph.ts';
import type { ActionIntent } from './state.ts';

/** What to think about, and what is known of how it came up. */
export interface ThoughtAbout {
  themeId: string;
  proposalId: string;
  broughtBy: 'reach' | 'person';
  /** A card has shown the theme before. */
  shownBefore: boolean;
}

/** What thinking came to. `proposal` is null when something is missing. */
export interface Thought {
  evidence: Evidence;
  insight: InsightDraft;
  proposal: ProposalPayload | null;
  missing: string[];
}

/** Where a thread waits. */
export interface Wait {
  gate: string;
  interruptId: string;
}

/** Where a thread stands. `wait` is null when it has ended or never began. */
export interface Standing {
  wait: Wait | null;
  plan: ActionIntent[];
}

export interface Loop {
  think(input: ThoughtAbout): Promise<Thought>;
  /** Runs a new thread up to its gate. A thread that a crash left half way is begun anew: nothing of it was stored. */
  start(input: ThoughtAbout): Promise<Thought & { wait: Wait | null }>;
  /** Answers one gate by its interrupt id. The caller has won the row and holds the thread's lock. */
  resume(proposalId: string, interruptId: string, answer: object): Promise<Standing>;
  /** Where a thread stands. One that a crash cut short between two gates is run on first, so that it stands at one or has ended. */
  standing(proposalId: string): Promise<Standing>;
  forget(proposalId: string): Promise<void>;
}

/** Makes the loop over a checkpointer. */
export function createLoop(deps: LoopDeps, checkpointer: BaseCheckpointSaver): Loop {
  const thinking = buildThinkGraph(deps);
  const loop = buildLoopGraph(deps, checkpointer);
  // 'sync': a checkpoint is durable before the next node runs, so that a gate that was shown exists after any crash.
  const at = (proposalId: string) => ({ configurable: { thread_id: proposalId }, durability: 'sync' as const });

  const standing = async (proposalId: string): Promise<Standing> => {
    const snapshot = await loop.getState(at(proposalId));
    const waiting = snapshot.tasks.flatMap((task) => task.interrupts)[0];
    const plan = (snapshot.values as { intents?: ActionIntent[] }).intents ?? [];
    const value = waiting?.value as { gate?: string } | undefined;
    return { wait: waiting?.id && value?.gate ? { gate: value.gate, interruptId: waiting.id } : null, plan };
  };

  return {
    async think(input) {
      return toThought(await thinking.invoke(input));
    },
    async start(input) {
      await checkpointer.deleteThread(input.proposalId);
      const thought = toThought(await loop.invoke(input, at(input.proposalId)));
      return { ...thought, wait: (await standing(input.proposalId)).wait };
    },
    async resume(proposalId, interruptId, answer) {
      const before = await standing(proposalId);
      // The id of a gate that was answered already is ignored by the graph in silence: we look first and leave the thread where it is.
      if (before.wait?.interruptId === interruptId) {
        await loop.invoke(new Command({ resume: { [interruptId]: answer } }), at(proposalId));
        return standing(proposalId);
      }
      return before;
    },
    async standing(proposalId) {
      const { tasks } = await loop.getState(at(proposalId));
      // Not by `next`: it leaves out a node that has answered already, and whose answer has not become a checkpoint.
      const cutShort = tasks.length > 0 && tasks.every((task) => task.interrupts.length === 0);
      if (cutShort) await loop.invoke(null, at(proposalId));
      return standing(proposalId);
    },
    forget: (proposalId) => checkpointer.deleteThread(proposalId),
  };
}

function toThought(state: { evidence?: unknown; insight?: unknown; proposal?: unknown; missing: string[] }): Thought {
  return {
    evidence: state.evidence as Evidence,
    insight: state.insight as InsightDraft,
    proposal: (state.proposal as ProposalPayload | undefined) ?? null,
    missing: state.missing,
  };
}

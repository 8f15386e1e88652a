// Linear, as the rest of the house sees it: files issues, links their sources, hears and finds out what becomes of them.
import { z } from 'zod';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { Integration, Probe } from '../contract.ts';
import { createAttachmentHandler, createIssueHandler } from './actions.ts';
import type { ClientConfig, ClientDeps } from './client.ts';
import { createClient, NO_CACHE } from './client.ts';
import { createInbound } from './inbound.ts';
import { toOutcome } from './map.ts';

// The first run looks back a day, which covers what was closed between filing and the first run; later runs look back a minute, because
// a change may become visible after one that was made later.
const FIRST_LOOK_BACK_MS = 24 * 3_600_000;
const OVERLAP_MS = 60_000;

export interface LinearConfig extends ClientConfig {
  LINEAR_TEAM?: string | undefined;
  LINEAR_WEBHOOK_SECRET?: string | undefined;
}

export type LinearDeps = ClientDeps;

/** Where reconciliation stands: since when, how far within the pages of this run, and the latest change that the run has seen. */
const Cursor = z.object({ since: z.string(), after: z.string().nullable(), latest: z.string() });
type Cursor = z.infer<typeof Cursor>;

/** Connects Linear. Without LINEAR_WEBHOOK_SECRET there is no inbound, and outcomes come by reconciliation alone. */
export function createLinear(config: LinearConfig, deps: LinearDeps): Integration {
  const linear = createClient(config, deps);
  const team = config.LINEAR_TEAM ?? null;
  const actionDeps = { linear, cache: deps.cache, team };

  async function probe(): Promise<Probe> {
    try {
      const { viewer, organization } = await linear.whoAmI();
      const { key, name } = await linear.findTeam(team, NO_CACHE);
      return { ok: true, detail: `${viewer.name} in ${organization.name}; issues go to ${key} (${name})` };
    } catch (error) {
      return { ok: false, detail: errorLine(error), fix: fixOf(error) };
    }
  }

  /** All issues that changed, ours or not: the pipeline knows which ones it filed. */
  async function reconcile(text: string | null): Promise<{ facts: Fact[]; cursor: string; more: boolean }> {
    const { since, after, latest } = readCursor(text) ?? firstCursor();
    const page = await pageOf(since, after);
    // The latest change comes first, so the first page knows it; what changes meanwhile is for the next run.
    const newest = after === null ? (page.issues[0]?.updatedAt ?? latest) : latest;
    const next: Cursor =
      page.next === null
        ? { since: earlier(newest, OVERLAP_MS), after: null, latest: newest }
        : { since, after: page.next, latest: newest };
    return { facts: page.issues.map(toOutcome), cursor: JSON.stringify(next), more: page.next !== null };
  }

  async function pageOf(since: string, after: string | null) {
    try {
      return await linear.changedSince(since, after);
    } catch (error) {
      // The issue that the page cursor hangs on may have been deleted for good: read this stretch again from its start.
      const lost = after !== null && error instanceof ExternalError && /^(bad_request|not_found)$/.test(error.code);
      if (!lost) throw error;
      return linear.changedSince(since, null);
    }
  }

  function firstCursor(): Cursor {
    const since = earlier(deps.clock.now().toISOString(), FIRST_LOOK_BACK_MS);
    return { since, after: null, latest: since };
  }

  return {
    id: 'linear',
    probe,
    ...(config.LINEAR_WEBHOOK_SECRET ? { inbound: createInbound(config.LINEAR_WEBHOOK_SECRET) } : {}),
    actions: {
      'linear.issue': createIssueHandler(actionDeps),
      'linear.attachment': createAttachmentHandler(actionDeps),
    },
    reconcile,
  };
}

function earlier(iso: string, ms: number): string {
  return new Date(Date.parse(iso) - ms).toISOString();
}

/** A cursor that cannot be read is no cursor: the run starts over, and facts that are known already change nothing. */
function readCursor(text: string | null): Cursor | null {
  if (text === null) return null;
  try {
    return Cursor.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function fixOf(error: unknown): string {
  const code = error instanceof ExternalError ? error.code : null;
  if (code === 'unauthorized') {
    return 'Set LINEAR_API_KEY to a key that may read, and create issues and labels (Settings, Security & access).';
  }
  if (code === 'not_found') return 'Set LINEAR_TEAM to one of those keys, or give the key access to your team.';
  if (code === 'rate_limited')
    return 'Wait a few minutes: the budget of this key is used up, perhaps by another program.';
  return 'Check LINEAR_API_URL, the network and https://linearstatus.com.';
}

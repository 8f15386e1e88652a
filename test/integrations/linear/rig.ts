// The real integration, with the real SDK, against the simulator over HTTP. Time passes only when somebody waits.

import type { Cache } from '#integrations/linear/client.ts';
import { createClient } from '#integrations/linear/client.ts';
import { createLinear } from '#integrations/linear/index.ts';
import type { Action, ActionPayload, ActionReceipt } from '#src/domain/action.ts';
import { linearIdOf } from '#src/domain/action.ts';
import type { Clock, Log, LogFields } from '#src/domain/ports.ts';
import type { LinearSeed, LinearSimulator } from '#src/sandbox/linear/index.ts';
import { createLinearSimulator } from '#src/sandbox/linear/index.ts';
import type { Scope } from '#src/sandbox/linear/resolvers.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

export const API_KEY = 'lin_api_test';
export const WEBHOOK_SECRET = 'lin_wh_test';

/** A clock whose sleepers are woken at once and find the time gone by. */
export function createTestClock(
  start = '2026-03-02T09:00:00.000Z',
): Clock & { sleeps: number[]; advance(ms: number): void } {
  let nowMs = Date.parse(start);
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
    sleep: async (ms) => {
      sleeps.push(ms);
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A cache that never forgets and never loads twice at the same time. */
export function createTestCache(): Cache & { entries: Map<string, Promise<unknown>> } {
  const entries = new Map<string, Promise<unknown>>();
  return {
    entries,
    async getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T> {
      const found = entries.get(key) as Promise<T> | undefined;
      if (found) return found;
      const loading = load();
      entries.set(key, loading);
      loading.catch(() => entries.delete(key));
      return loading;
    },
  };
}

export interface Rig {
  clock: ReturnType<typeof createTestClock>;
  simulator: LinearSimulator;
  linear: ReturnType<typeof createLinear>;
  client: ReturnType<typeof createClient>;
  cache: ReturnType<typeof createTestCache>;
  warnings: { fields: LogFields; message: string }[];
  close(): Promise<void>;
}

/** Starts one simulator and connects one integration to it. */
export async function startRig(
  options: { seed?: LinearSeed; scopes?: readonly Scope[]; apiKey?: string; team?: string; timeoutMs?: number } = {},
): Promise<Rig> {
  const clock = createTestClock();
  const simulator = createLinearSimulator({
    clock,
    apiKey: API_KEY,
    webhookSecret: WEBHOOK_SECRET,
    ...(options.seed ? { seed: options.seed } : {}),
    ...(options.scopes ? { scopes: options.scopes } : {}),
  });
  await simulator.start();
  const cache = createTestCache();
  const warnings: Rig['warnings'] = [];
  const log: Log = { ...quietLog, warn: (fields, message) => void warnings.push({ fields, message }) };
  const deps = {
    clock,
    log,
    telemetry: quietTelemetry,
    cache,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
  const config = {
    LINEAR_API_KEY: options.apiKey ?? API_KEY,
    LINEAR_API_URL: simulator.url,
    LINEAR_TEAM: options.team,
    LINEAR_WEBHOOK_SECRET: WEBHOOK_SECRET,
  };
  return {
    clock,
    simulator,
    cache,
    warnings,
    linear: createLinear(config, deps),
    client: createClient(config, deps),
    close: () => simulator.close(),
  };
}

/** An approved issue, as its handler gets it. */
export function issueAction(
  key = 'dec_1:0',
  payload: Partial<Extract<ActionPayload, { kind: 'linear.issue' }>> = {},
): Action {
  return {
    id: `act_${key}`,
    kind: 'linear.issue',
    idempotencyKey: key,
    payload: {
      kind: 'linear.issue',
      title: 'Exports time out for large workspaces',
      description: 'Three customers wait **minutes** for a CSV.',
      labels: ['Bug', 'voice-of-customer'],
      priority: 2,
      team: null,
      ...payload,
    },
    issue: null,
  };
}

/** A link to a source conversation, for an issue that is filed. */
export function attachmentAction(
  issue: ActionReceipt | null,
  key = 'dec_1:1',
  url = 'https://acme.slack.com/archives/C1/p1',
): Action {
  return {
    id: `act_${key}`,
    kind: 'linear.attachment',
    idempotencyKey: key,
    payload: {
      kind: 'linear.attachment',
      issueActionId: 'act_dec_1:0',
      url,
      title: 'Slack thread',
      subtitle: '2 messages',
    },
    issue,
  };
}

/** Files the default issue and gives its receipt. */
export async function fileIssue(rig: Rig, key?: string): Promise<ActionReceipt> {
  return rig.linear.actions!['linear.issue']!.perform(issueAction(key));
}

/** The one issue that an action has in the simulated workspace. */
export function issueOf(rig: Rig, action: Action) {
  return rig.simulator.state.issues.get(linearIdOf(action));
}

/** How often a root field was asked for. */
export function callsOf(rig: Rig, operation: string): number {
  return rig.simulator.calls.filter((call) => call.operations.includes(operation)).length;
}

// A Zendesk account and our integration with it, over HTTP on loopback, in a time that the test moves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Integration, RawRequest } from '#integrations/contract.ts';
import { createZendesk } from '#integrations/zendesk/index.ts';
import type { Action } from '#src/domain/action.ts';
import type { Clock, Fetch } from '#src/domain/ports.ts';
import type { Fact, SignalDraft } from '#src/domain/signal.ts';
import {
  createZendeskSimulator,
  type ZendeskSimulator,
  type ZendeskSimulatorOptions,
} from '#src/sandbox/zendesk/index.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

export const SECRET = 'secret-of-the-webhook';

/** A clock that only the test moves; sleeping moves it too, and takes no time. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(start = '2026-03-02T09:00:00Z'): TestClock {
  let nowMs = Date.parse(start);
  return {
    now: () => new Date(nowMs),
    async sleep(ms) {
      nowMs += ms;
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}

export interface Account {
  sim: ZendeskSimulator;
  zendesk: Integration;
  clock: TestClock;
  /** Webhooks that arrived, in the order of arrival. */
  received: RawRequest[];
  /** What the receiver answers; 200 at first. */
  receiver: { status: number; headers: Record<string, string> };
  close(): Promise<void>;
}

/** Starts an account whose webhook points at a receiver of the test's own. */
export async function startAccount(options: Partial<ZendeskSimulatorOptions> = {}): Promise<Account> {
  const clock = testClock();
  const sim = createZendeskSimulator({
    clock,
    clientId: 'throughline',
    clientSecret: 'hush',
    webhookSecret: SECRET,
    ...options,
  });
  const baseUrl = await sim.start();
  const received: RawRequest[] = [];
  const receiver: Account['receiver'] = { status: 200, headers: {} };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers as RawRequest['headers'], body: Buffer.concat(chunks).toString() });
    response.writeHead(receiver.status, receiver.headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sim.connect({ webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/zendesk` });
  const zendesk = connectTo(baseUrl, clock);
  return {
    sim,
    zendesk,
    clock,
    received,
    receiver,
    async close() {
      await sim.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Our integration with the account at an address. */
export function connectTo(
  baseUrl: string,
  clock: Clock,
  more: { clientSecret?: string; webhookSecret?: string | null; fetch?: Fetch } = {},
): Integration {
  return createZendesk(
    { baseUrl, clientId: 'throughline', clientSecret: 'hush', webhookSecret: SECRET, ...more },
    { fetch: more.fetch ?? fetch, clock, log: quietLog, telemetry: quietTelemetry },
  );
}

/** Every fact of every webhook that arrived so far. */
export async function factsOfReceived({ zendesk, received }: Account): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const request of received) facts.push(...(await zendesk.inbound!.read(JSON.parse(request.body))));
  return facts;
}

/** What a store that obeys the facts would hold: texts by external id, deletions being final. */
export function remember(
  facts: readonly Fact[],
  held: Map<string, string | null> = new Map(),
): Map<string, string | null> {
  for (const fact of facts) {
    if (fact.kind === 'signal' && held.get(fact.signal.externalId) !== null)
      held.set(fact.signal.externalId, fact.signal.text ?? '');
    if (fact.kind !== 'forget') continue;
    const prefix = fact.externalId.endsWith('*') ? fact.externalId.slice(0, -1) : null;
    for (const key of held.keys())
      if (key === fact.externalId || (prefix !== null && key.startsWith(prefix))) held.set(key, null);
  }
  return held;
}

export function signalsIn(facts: readonly Fact[]): SignalDraft[] {
  return facts.flatMap((fact) => (fact.kind === 'signal' ? [fact.signal] : []));
}

export function forgottenIn(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => (fact.kind === 'forget' ? [fact.externalId] : []));
}

/** An approved note on a ticket. */
export function noteAction(ticketId: string, key = 'dec_1:2'): Action {
  return {
    id: 'act_1',
    kind: 'zendesk.note',
    idempotencyKey: key,
    payload: { kind: 'zendesk.note', issueActionId: 'act_0', ticketId, body: 'This report is tracked.' },
    issue: { system: 'linear', externalId: 'u-1', label: 'ENG-12', url: 'https://linear.example/ENG-12', found: false },
  };
}

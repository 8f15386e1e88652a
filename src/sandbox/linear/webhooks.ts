// Linear's webhooks: signed, delivered in order, tried again when the receiver does not answer 200, remembered so that they can be sent again.
import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { Clock } from '#src/domain/ports.ts';
import type { Change, CommentRecord, IssueRecord, LinearState } from './state.ts';

// Linear waits 5 s for a 200, then tries again after 1 min, 1 h and 6 h. The waits are scaled down, so that a person at the sandbox sees them.
const ANSWER_MS = 5_000;
const RETRY_MS: readonly number[] = [200, 1_000, 5_000];
const PRIORITIES = ['No priority', 'Urgent', 'High', 'Medium', 'Low'];

/** One event for one receiver. The id stays the same however often it is sent; the time in it and the signature do not. */
interface Delivery {
  id: string;
  event: string;
  action: string;
  payload: Record<string, unknown>;
  /** Every try so far: the HTTP status, or null when nobody answered. */
  attempts: { at: string; status: number | null }[];
  delivered: boolean;
}

/** Sends what `publish` is told to the connected address. `idle` resolves when nothing is under way any more. */
export function createWebhooks(options: { clock: Clock; secret: string | null; retryMs?: readonly number[] }) {
  const { clock, secret } = options;
  const retryMs = options.retryMs ?? RETRY_MS;
  const webhookId = randomUUID();
  const underWay = new Set<Promise<void>>();
  let deliveries: Delivery[] = [];
  let url: string | null = null;
  let stopped = new AbortController();
  let first: Promise<unknown> = Promise.resolve();

  /** The signed bytes of a payload as they would leave now. */
  function sign(payload: Record<string, unknown>) {
    const body = JSON.stringify({ ...payload, webhookTimestamp: clock.now().getTime(), webhookId });
    return {
      body,
      signature: createHmac('sha256', secret ?? '')
        .update(body)
        .digest('hex'),
    };
  }

  async function attempt(delivery: Delivery, target: string, signal: AbortSignal): Promise<boolean> {
    const { body, signature } = sign(delivery.payload);
    const headers: Record<string, string> = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Linear-Webhook',
      'linear-delivery': delivery.id,
      'linear-event': delivery.event,
      ...(secret === null ? {} : { 'linear-signature': signature }),
    };
    let status: number | null = null;
    try {
      const answer = await request(target, {
        method: 'POST',
        headers,
        body,
        reset: true,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      await answer.body.dump();
      status = answer.statusCode;
    } catch {
      // Nobody there, or too slow: a failed try like any other, and written down as one.
    }
    delivery.attempts.push({ at: clock.now().toISOString(), status });
    delivery.delivered ||= status === 200;
    return status === 200;
  }

  function send(delivery: Delivery): void {
    if (url === null) return;
    const target = url;
    const { signal } = stopped;
    // The first tries go out one after another; a retry lets the queue pass, and so may come late, as in life.
    const tried = first.then(() => attempt(delivery, target, signal));
    first = tried;
    const work = (async () => {
      let ok = await tried;
      for (const wait of retryMs) {
        if (ok || signal.aborted) return;
        await clock.sleep(wait, signal);
        if (!signal.aborted) ok = await attempt(delivery, target, signal);
      }
    })();
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  return {
    /** Where events go from now on; null switches them off. */
    connect(target: { webhookUrl: string } | null): void {
      url = target?.webhookUrl ?? null;
    },
    publish(state: LinearState, change: Change): void {
      if (url === null) return;
      const delivery: Delivery = {
        id: randomUUID(),
        event: change.type,
        action: change.action,
        payload: payloadOf(state, change, clock.now().toISOString()),
        attempts: [],
        delivered: false,
      };
      deliveries.push(delivery);
      send(delivery);
    },
    /** Sends recorded deliveries again (all of them, or those with these ids): same id, fresh time, fresh signature. */
    redeliver(ids?: readonly string[]): void {
      for (const delivery of deliveries) if (!ids || ids.includes(delivery.id)) send(delivery);
    },
    deliveries: (): readonly Delivery[] => deliveries,
    async idle(): Promise<void> {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    /** Drops what is waiting and forgets what was sent. */
    async reset(): Promise<void> {
      stopped.abort();
      await this.idle();
      stopped = new AbortController();
      deliveries = [];
    },
  };
}

/** An event as Linear writes it: the whole record after the change, and for an update the old values of what changed. */
function payloadOf(state: LinearState, change: Change, at: string): Record<string, unknown> {
  const actor = state.users.get(change.actorId)!;
  const data =
    change.type === 'Issue'
      ? issueData(state, change.record as IssueRecord)
      : commentData(state, change.record as CommentRecord);
  return {
    action: change.action,
    type: change.type,
    createdAt: at,
    organizationId: state.organization.id,
    actor: person(state, actor.id),
    url: data.url,
    data,
    ...(change.updatedFrom ? { updatedFrom: change.updatedFrom } : {}),
  };
}

function issueData(state: LinearState, issue: IssueRecord): Record<string, unknown> {
  const { id: stateId, name, color, type } = state.states.get(issue.stateId)!;
  const { id: teamId, key, name: teamName } = state.teams.get(issue.teamId)!;
  const labels = issue.labelIds.map((id) => {
    const label = state.labels.get(id)!;
    return { id, name: label.name, color: label.color, parentId: null };
  });
  return {
    ...withoutNulls(issue),
    priorityLabel: PRIORITIES[issue.priority],
    prioritySortOrder: 0,
    sortOrder: 0,
    previousIdentifiers: [],
    reactionData: [],
    subscriberIds: [issue.creatorId],
    state: { id: stateId, name, color, type },
    team: { id: teamId, key, name: teamName },
    labels,
    creator: person(state, issue.creatorId),
    ...(issue.assigneeId ? { assignee: person(state, issue.assigneeId) } : {}),
  };
}

function commentData(state: LinearState, comment: CommentRecord): Record<string, unknown> {
  // The issue may be gone by the time its comment's event is written.
  const issue = state.issues.get(comment.issueId);
  return {
    ...withoutNulls(comment),
    updatedAt: comment.createdAt,
    reactionData: [],
    user: person(state, comment.userId),
    ...(issue
      ? {
          url: issue.url,
          issue: {
            id: issue.id,
            identifier: issue.identifier,
            title: issue.title,
            teamId: issue.teamId,
            url: issue.url,
          },
        }
      : {}),
  };
}

function person(state: LinearState, id: string): Record<string, unknown> {
  const { name, email, displayName } = state.users.get(id)!;
  return {
    id,
    name,
    email,
    type: 'user',
    url: `https://linear.app/${state.organization.urlKey}/profiles/${displayName}`,
  };
}

function withoutNulls(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}

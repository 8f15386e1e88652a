// Webhooks get lost, Zendesk's by design: the sweep finds what is missing and what is gone, and goes on where it was cut off.
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp, type Overrides } from '#src/app.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { Delivery } from '#src/sandbox/zendesk/webhooks.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { systemClock, systemFetch } from '#src/system.ts';
import { plainAnalyst } from '#test/support/analyst.ts';
import { type SetClock, setClock } from '#test/support/clock.ts';
import { parentsIn } from '#test/support/effects.ts';
import { quietLog } from '#test/support/quiet.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import { startSink } from '#test/support/sink.ts';

const START = '2026-03-02T09:00:00Z';
// The export leaves the last minute out.
const SETTLED_MS = 120_000;
const AGENT = { name: 'Aida Agent', email: 'aida@acme.test', role: 'agent' } as const;

let rig: Rig | null = null;
let clock: SetClock;
afterEach(async () => {
  expect(rig?.zendesk.unknownCalls() ?? []).toEqual([]);
  await rig?.close();
  rig = null;
});

async function start(overrides: Overrides = {}): Promise<Rig> {
  clock = setClock(START);
  rig = await startRig({ clock, overrides: { analyst: plainAnalyst, ...overrides } });
  return rig;
}

/** Sweeps to the end, as the schedule would: again and again, waiting where Zendesk asks for it. */
async function sweep({ app, settle }: Rig): Promise<void> {
  clock.advance(SETTLED_MS);
  for (let tries = 0; ; tries++) {
    try {
      await app.reconcile();
      break;
    } catch (error) {
      if (!(error instanceof ExternalError) || error.retryAfterMs === null || tries > 5) throw error;
      clock.advance(error.retryAfterMs);
    }
  }
  await settle();
}

/** What we ought to hold: the public words of living tickets, without what was redacted, as keyed hashes. */
function truth({ zendesk, config }: Rig): Record<string, string> {
  const keyring = createKeyring({
    workspaceId: 'main',
    master: Buffer.from(config.MASTER_KEY!, 'base64'),
    now: () => clock.now(),
  });
  const held: [string, string][] = [];
  for (const ticket of zendesk.state.tickets.values()) {
    if (ticket.deleted !== 'no') continue;
    ticket.comments.forEach((comment, index) => {
      if (!comment.public || comment.body.includes('▇')) return;
      const text = index === 0 ? `${ticket.subject}\n\n${comment.body}` : comment.body;
      held.push([`zendesk:ticket:${ticket.id}:comment:${comment.id}`, keyring.hash(text)]);
    });
  }
  return Object.fromEntries(held);
}

/** What we hold, as the same hashes; `texts` counts the texts that can still be read. */
async function held({
  app,
}: Pick<Rig, 'app'>): Promise<{ messages: Record<string, string>; texts: number; observed: boolean }> {
  const rows = await app.db.query<{ external_id: string; hash: string }>(
    `select h.external_id, s.body->>'textHash' as hash from signal_head h join signal s on s.workspace_id = h.workspace_id and s.id = h.signal_id
     where h.source = 'zendesk' and h.change <> 'deleted'`,
  );
  const [texts] = await app.db.query<{ n: string }>(
    `select count(*) as n from signal_text t join signal_key k on k.workspace_id = t.workspace_id and k.signal_id = t.signal_id where k.source = 'zendesk'`,
  );
  const late = await app.db.query(`select 1 from conversation where state = 'live' and observation_id is null`);
  return {
    messages: Object.fromEntries(rows.map((row) => [row.external_id, row.hash])),
    texts: Number(texts!.n),
    observed: late.length === 0,
  };
}

async function expectEverything(rig: Rig): Promise<void> {
  const expected = truth(rig);
  expect(await held(rig)).toEqual({ messages: expected, texts: Object.keys(expected).length, observed: true });
}

/** One of everything that can happen to tickets. */
function happenings({ zendesk }: Rig): void {
  const { human, state } = zendesk;
  const open = (name: string) => {
    clock.advance(20_000);
    return human.createTicket(
      { name, organization: `${name} Ltd` },
      { subject: `Export of ${name}`, body: `The export of ${name} fails.` },
    );
  };
  const answered = open('Nina');
  human.comment(answered.id, AGENT, 'We are looking into it.');
  human.comment(answered.id, AGENT, 'Internal: the report service.', false);
  human.comment(answered.id, { name: 'Nina' }, 'It still fails.');
  const redacted = open('Omar');
  human.comment(redacted.id, { name: 'Omar' }, 'My password is hunter2.');
  human.redact(redacted.id, state.tickets.get(redacted.id)!.comments[1]!.id);
  const hidden = open('Pete');
  human.comment(hidden.id, { name: 'Pete' }, 'This was for your eyes only.');
  human.makePrivate(hidden.id, state.tickets.get(hidden.id)!.comments[1]!.id);
  human.softDelete(open('Quin').id);
  human.deletePermanently(open('Rosa').id);
  const back = open('Saul');
  human.softDelete(back.id);
  human.undelete(back.id);
  human.merge(open('Tina').id, answered.id);
  human.setStatus(answered.id, 'solved');
}

describe('webhooks of Zendesk that are lost', () => {
  const kinds = [
    'created',
    'comment_added',
    'comment_redacted',
    'comment_made_private',
    'soft_deleted',
    'permanently_deleted',
  ];

  it.each([
    ['all', () => true] as const,
    ...kinds.map((kind) => [kind, (one: Delivery) => one.type.endsWith(`.${kind}`)] as const),
  ])('leave nothing missing and nothing behind after a sweep: %s', async (_kind, lost) => {
    const rig = await start();
    rig.zendesk.route((delivery) => (lost(delivery) ? 'drop' : 'send'));
    happenings(rig);
    await rig.settle();
    expect(rig.zendesk.deliveries.some(({ state }) => state === 'dropped')).toBe(true);
    await sweep(rig);
    await expectEverything(rig);
  });

  it.each([11, 12, 13])(
    'and so with half of everything lost at random, sweep after sweep (seed %i)',
    async (seed) => {
      const rig = await start();
      const { zendesk } = rig;
      const pick = chance(seed);
      zendesk.route(() => (pick(2) === 0 ? 'drop' : 'send'));
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 40; n++) {
          act(rig, pick);
          clock.advance(pick(30) * 1000);
        }
        await rig.settle();
        await sweep(rig);
        await expectEverything(rig);
      }
      const dropped = zendesk.deliveries.filter(({ state }) => state === 'dropped').length;
      expect(dropped / zendesk.deliveries.length).toBeGreaterThan(0.35);
    },
    60_000,
  );

  it('are found after a failure in the middle, from where it was', async () => {
    let exports = 0;
    const rig = await start({
      fetch: (input, init) => {
        // From the second page on Zendesk does not answer, for longer than a call is repeated in place.
        if (String(input).includes('/incremental/') && ++exports === 2)
          rig.zendesk.faults.add({ operation: 'comments.list', times: 3, answer: { kind: 'status', status: 503 } });
        return systemFetch(input, init);
      },
    });
    const { zendesk, app, settle } = rig;
    zendesk.route(() => 'drop');
    for (let n = 0; n < 70; n++) {
      clock.advance(1000);
      zendesk.human.createTicket(
        { name: `Customer ${n}` },
        { subject: `Matter ${n}`, body: `It is broken in the way of ${n}.` },
      );
    }
    clock.advance(SETTLED_MS);
    await expect(app.reconcile()).rejects.toThrow(ExternalError);
    await settle();
    expect(zendesk.faults.unused()).toEqual([]);
    expect(Object.keys((await held(rig)).messages)).toHaveLength(25);
    const before = zendesk.calls.length;
    await app.reconcile();
    await settle();
    await expectEverything(rig);
    const again = zendesk.calls.slice(before).filter(({ operation }) => operation === 'tickets.export');
    expect(again.map(({ query }) => 'start_time' in query)).toEqual([false, false]);
  });

  it('are found by the schedule, at the start of the next process', async () => {
    const rig = await start();
    rig.zendesk.route(() => 'drop');
    happenings(rig);
    clock.advance(SETTLED_MS);
    await rig.app.stop();
    const next = await buildApp(rig.config, { log: quietLog, clock, analyst: plainAnalyst });
    try {
      const expected = truth(rig);
      for (let looks = 0; looks < 200 && Object.keys((await held({ app: next })).messages).length === 0; looks++)
        await systemClock.sleep(50);
      await next.idle();
      expect((await held({ app: next })).messages).toEqual(expected);
    } finally {
      await next.stop();
    }
  });
});

describe('webhooks of Linear that are lost', () => {
  it.each([
    ['Done', 'done', (rig: Rig, id: string) => rig.linear.human.setState(id, 'Done')],
    ['Canceled', 'filed', (rig: Rig, id: string) => rig.linear.human.setState(id, 'Canceled')],
    ['in the trash', 'filed', (rig: Rig, id: string) => rig.linear.human.trash(id)],
  ] as const)('are made up for by polling, once: %s', async (note, state, deed) => {
    const rig = await start();
    const { slack, linear, app, user, channel, settle } = rig;
    for (const who of ['ana', 'ben', 'cleo'] as const) {
      slack.human.post(user(who), channel('support'), 'The CSV export fails with error 500');
      clock.advance(60_000);
    }
    await settle();
    await slack.human.click(user('pia'), channel('insights'), parentsIn(rig)[0]!.ts, 'card_file');
    await settle();
    const sink = await startSink();
    linear.connect({ webhookUrl: sink.url });
    clock.advance(60_000);
    linear.human.create('An issue of somebody else');
    deed(rig, [...linear.state.issues.keys()][0]!);
    await linear.idle();
    await sink.close();
    clock.advance(SETTLED_MS);
    for (let times = 0; times < 3; times++) {
      await app.reconcile();
      await settle();
      clock.advance(300_000);
    }
    const outcomes = () => app.db.query(`select body->>'note' as note from outcome order by occurred_at`);
    expect(await outcomes()).toEqual([{ note: 'Backlog' }, { note }]);
    expect(await app.db.query('select state from card')).toEqual([{ state }]);
    // The webhook comes after all, much later.
    linear.connect({ webhookUrl: `${app.url}/webhooks/linear` });
    linear.redeliver();
    await settle();
    expect(await outcomes()).toEqual([{ note: 'Backlog' }, { note }]);
    expect(parentsIn(rig)).toHaveLength(1);
  });
});

/** Small repeatable chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The low bits of such a generator repeat too soon.
    return (state >>> 16) % below;
  };
}

/** Somebody does something to some ticket. */
function act({ zendesk }: Rig, pick: (below: number) => number): void {
  const { human, state } = zendesk;
  const ids = [...state.tickets.values()].filter((ticket) => ticket.deleted === 'no').map((ticket) => ticket.id);
  const ticket = state.tickets.get(ids[pick(ids.length)] ?? '');
  const customer = { name: `Customer ${pick(20)}`, organization: `Company ${pick(6)}` };
  const deed = ticket ? pick(12) : 0;
  if (!ticket || deed < 4)
    human.createTicket(customer, { subject: `Matter ${pick(1000)}`, body: `It is broken, ${pick(1000)}` });
  else if (deed < 8) human.comment(ticket.id, customer, `More about it: ${pick(1000)}`);
  else if (deed === 8) human.comment(ticket.id, AGENT, 'Internal.', false);
  else if (deed === 9) human.redact(ticket.id, ticket.comments[pick(ticket.comments.length)]!.id);
  else if (deed === 10) human.makePrivate(ticket.id, ticket.comments.at(-1)!.id);
  else if (pick(2) === 0) human.softDelete(ticket.id);
  else human.deletePermanently(ticket.id);
}

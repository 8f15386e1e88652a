import { afterEach, beforeEach, expect, it } from 'vitest';
import { ExternalError } from '#src/domain/errors.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { ZendeskState } from '#src/sandbox/zendesk/state.ts';
import { type Account, factsOfReceived, forgottenIn, remember, signalsIn, startAccount } from './support.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(async () => {
  expect(account.sim.unknownCalls()).toEqual([]);
  await account.close();
});

const sweepOnce = (cursor: string | null) => account.zendesk.reconcile!(cursor);

/** Follows the export to its end, obeying its limit. */
async function sweep(cursor: string | null): Promise<{ facts: Fact[]; cursor: string; waits: number }> {
  const facts: Fact[] = [];
  let waits = 0;
  for (let at = cursor; ; ) {
    const page = await sweepOnce(at).catch((error: unknown) => {
      if (!(error instanceof ExternalError) || error.retryAfterMs === null) throw error;
      account.clock.advance(error.retryAfterMs);
      waits += 1;
      return null;
    });
    if (page === null) continue;
    facts.push(...page.facts);
    if (!page.more) return { facts, cursor: page.cursor, waits };
    at = page.cursor;
  }
}

/** What we ought to hold of an account: the public words of living tickets, without what was redacted. */
function truth(state: ZendeskState): Map<string, string> {
  const held = new Map<string, string>();
  for (const ticket of state.tickets.values()) {
    if (ticket.deleted !== 'no') continue;
    ticket.comments.forEach((comment, index) => {
      if (!comment.public || comment.body.includes('▇')) return;
      held.set(
        `zendesk:ticket:${ticket.id}:comment:${comment.id}`,
        index === 0 ? `${ticket.subject}\n\n${comment.body}` : comment.body,
      );
    });
  }
  return held;
}

const living = (held: Map<string, string | null>) => new Map([...held].filter(([, text]) => text !== null));

/** Small repeatable chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The low bits of such a generator repeat too soon.
    return (state >>> 16) % below;
  };
}

it('finds everything that webhooks lost, and forgets everything that was erased', async () => {
  const { sim, clock } = account;
  const pick = chance(7);
  sim.route(() => (pick(2) === 0 ? 'drop' : 'send'));
  const act = () => {
    const ids = [...sim.state.tickets.values()].filter((ticket) => ticket.deleted === 'no').map((ticket) => ticket.id);
    const ticket = sim.state.tickets.get(ids[pick(ids.length)] ?? '');
    const customer = { name: `Customer ${pick(20)}`, organization: `Company ${pick(6)}` };
    const deed = ticket ? pick(12) : 0;
    if (!ticket || deed < 4)
      sim.human.createTicket(customer, { subject: `Matter ${pick(1000)}`, body: `It is broken, ${pick(1000)}` });
    else if (deed < 8) sim.human.comment(ticket.id, customer, `More about it: ${pick(1000)}`);
    else if (deed === 8) sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'Internal.', false);
    else if (deed === 9) sim.human.redact(ticket.id, ticket.comments[pick(ticket.comments.length)]!.id);
    else if (deed === 10) sim.human.makePrivate(ticket.id, ticket.comments.at(-1)!.id);
    else if (pick(2) === 0) sim.human.softDelete(ticket.id);
    else sim.human.deletePermanently(ticket.id);
    clock.advance(pick(30) * 1000);
  };

  const held = new Map<string, string | null>();
  let cursor: string | null = null;
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 60; n++) act();
    await sim.idle();
    remember(await factsOfReceived(account), held);
    account.received.length = 0;
    clock.advance(120_000);
    const found = await sweep(cursor);
    cursor = found.cursor;
    remember(found.facts, held);
    expect(living(held)).toEqual(truth(sim.state));
  }
  const dropped = sim.deliveries.filter((delivery) => delivery.state === 'dropped').length;
  expect(dropped / sim.deliveries.length).toBeGreaterThan(0.4);
  expect([...held.values()].filter((text) => text === null).length).toBeGreaterThan(5);
});

it('stops at ten pages a minute, and goes on from its cursor', async () => {
  const { sim, clock } = account;
  for (let n = 0; n < 270; n++)
    sim.human.createTicket({ name: `Customer ${n}` }, { subject: `Matter ${n}`, body: 'It is broken.' });
  clock.advance(120_000);
  const { facts, waits } = await sweep(null);
  expect(new Set(signalsIn(facts).map((signal) => signal.container.id)).size).toBe(270);
  expect(waits).toBe(1);
  expect(sim.calls.filter((call) => call.operation === 'tickets.export' && call.status === 429)).toHaveLength(1);
});

it('leaves the last minute for later, and then reads only what changed', async () => {
  const { sim, clock } = account;
  sim.human.createTicket({ name: 'Ada' }, { subject: 'Old', body: 'One' });
  clock.advance(120_000);
  sim.human.createTicket({ name: 'Ada' }, { subject: 'New', body: 'Two' });
  const first = await sweepOnce(null);
  expect(signalsIn(first.facts).map((signal) => signal.container.id)).toEqual(['zendesk:ticket:1']);
  clock.advance(120_000);
  const second = await sweepOnce(first.cursor);
  expect(signalsIn(second.facts).map((signal) => signal.container.id)).toContain('zendesk:ticket:2');
  clock.advance(120_000);
  sim.calls.length = 0;
  expect(signalsIn((await sweepOnce(second.cursor)).facts)).toEqual([]);
  expect(sim.calls.map((call) => call.operation)).toEqual(['tickets.export']);
});

it('repeats a page from the same cursor with the same facts', async () => {
  const { sim, clock } = account;
  for (let n = 0; n < 40; n++)
    sim.human.createTicket({ name: `Customer ${n % 5}` }, { subject: `Matter ${n}`, body: 'It is broken.' });
  clock.advance(120_000);
  const first = await sweepOnce(null);
  expect(first.more).toBe(true);
  expect(await sweepOnce(first.cursor)).toEqual(await sweepOnce(first.cursor));
});

it('takes what is older than a day for history in the first sweep, and nothing afterwards', async () => {
  const { sim, clock } = account;
  const ticket = sim.human.createTicket({ name: 'Ada' }, { subject: 'Old', body: 'One', at: '2026-02-20T09:00:00Z' });
  sim.human.comment(ticket.id, { name: 'Ada' }, 'Two');
  clock.advance(120_000);
  const first = await sweep(null);
  expect(signalsIn(first.facts).map((signal) => signal.historical)).toEqual([true, false]);
  sim.human.createTicket({ name: 'Ada' }, { subject: 'Late', body: 'Three', at: '2026-02-21T09:00:00Z' });
  clock.advance(120_000);
  const late = signalsIn((await sweep(first.cursor)).facts).filter((signal) => signal.text?.startsWith('Late'));
  expect(late.map((signal) => signal.historical)).toEqual([false]);
});

it('looks back thirty days the first time', async () => {
  await sweepOnce(null);
  const start = Number(account.sim.calls.find((call) => call.operation === 'tickets.export')!.query.start_time);
  expect((account.clock.now().getTime() / 1000 - start) / 86_400).toBeCloseTo(30, 1);
});

it('begins anew when Zendesk no longer takes the cursor', async () => {
  const { sim, clock } = account;
  sim.human.createTicket({ name: 'Ada' }, { subject: 'Help', body: 'One' });
  clock.advance(120_000);
  const { cursor } = await sweepOnce(null);
  sim.faults.add({ operation: 'tickets.export', answer: { kind: 'status', status: 422 } });
  const anew = await sweepOnce(cursor);
  expect(anew).toMatchObject({ facts: [], more: true });
  expect(signalsIn((await sweepOnce(anew.cursor)).facts)).toHaveLength(1);
});

it('forgets what vanished between the export and the look at it', async () => {
  const { sim, clock } = account;
  sim.human.createTicket({ name: 'Ada' }, { subject: 'Help', body: 'One' });
  clock.advance(120_000);
  sim.faults.add({ operation: 'comments.list', answer: { kind: 'status', status: 404 } });
  expect(forgottenIn((await sweepOnce(null)).facts)).toEqual(['zendesk:ticket:1:*']);
});

it('forgets what the export calls deleted, without another look', async () => {
  const { sim, clock } = account;
  sim.human.createTicket({ name: 'Ada' }, { subject: 'Help', body: 'One' });
  sim.human.softDelete('1');
  clock.advance(120_000);
  expect(forgottenIn((await sweepOnce(null)).facts)).toEqual(['zendesk:ticket:1:*']);
  expect(sim.calls.map((call) => call.operation)).toEqual(['oauth.token', 'tickets.export']);
});

it('refuses a place that it cannot read, instead of skipping what lies between', async () => {
  await expect(sweepOnce('{"v":9}')).rejects.toMatchObject({ code: 'bad_answer' });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '#src/domain/action.ts';
import type { FaultKind } from '#src/sandbox/zendesk/faults.ts';
import type { SimTicket } from '#src/sandbox/zendesk/state.ts';
import { type Account, connectTo, noteAction, startAccount } from './support.ts';

let account: Account;
let ticket: SimTicket;
beforeEach(async () => {
  account = await startAccount();
  ticket = account.sim.human.createTicket({ name: 'Ada' }, { subject: 'Help', body: 'It broke' });
});
afterEach(async () => {
  expect(account.sim.unknownCalls()).toEqual([]);
  expect(account.sim.faults.unused()).toEqual([]);
  await account.close();
});

const handler = () => account.zendesk.actions!['zendesk.note']!;
const perform = (action: Action = noteAction(ticket.id)) => handler().perform(action);
const notes = () => ticket.comments.filter((comment) => !comment.public);
const updates = () => account.sim.calls.filter((call) => call.operation === 'tickets.update').length;
const fail = (operation: 'tickets.update' | 'comments.list', answer: FaultKind, times = 1) =>
  account.sim.faults.add({ operation, answer, times });

describe('a note', () => {
  it('is internal, names the issue and says where it can be found', async () => {
    const receipt = await perform();
    expect(notes()).toHaveLength(1);
    expect(notes()[0]!.body).toBe(
      'This report is tracked.\n\nENG-12 https://linear.example/ENG-12\n\nThroughline reference: dec_1:2',
    );
    expect(receipt).toEqual({
      system: 'zendesk',
      externalId: `zendesk:ticket:1:comment:${notes()[0]!.id}`,
      label: 'ticket 1',
      url: `${account.sim.url}/agent/tickets/1`,
      found: false,
    });
    expect(ticket.comments.filter((comment) => comment.public)).toHaveLength(1);
  });

  it('is written once when the same action is performed again', async () => {
    const first = await perform();
    expect(await perform()).toEqual({ ...first, found: true });
    expect(notes()).toHaveLength(1);
    expect(updates()).toBe(1);
  });

  it('is written once when the answer is lost, and is found at once', async () => {
    fail('tickets.update', { kind: 'lost_answer' });
    expect(await perform()).toMatchObject({ found: true, externalId: `zendesk:ticket:1:comment:${notes()[0]!.id}` });
    expect(notes()).toHaveLength(1);
    expect(updates()).toBe(1);
  });

  it('is written once when the connection breaks after the effect and Zendesk cannot be read for a while', async () => {
    fail('tickets.update', { kind: 'cut', effect: true });
    const write = perform();
    // The look after the lost answer fails too: only the next try, later, can know.
    fail('comments.list', { kind: 'status', status: 500 }, 4);
    await expect(write).rejects.toMatchObject({ retryable: true });
    account.clock.advance(60_000);
    expect(await perform()).toMatchObject({ found: true });
    expect(notes()).toHaveLength(1);
  });

  it('is written by the next try when the connection broke before the effect', async () => {
    fail('tickets.update', { kind: 'cut', effect: false });
    await expect(perform()).rejects.toMatchObject({ code: 'unavailable', effectUnknown: true });
    expect(notes()).toHaveLength(0);
    expect(await perform()).toMatchObject({ found: false });
    expect(notes()).toHaveLength(1);
  });

  it('is not written by a call that Zendesk put off', async () => {
    fail('tickets.update', { kind: 'rate_limited', retryAfterSec: 30 });
    await expect(perform()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000, effectUnknown: false });
    expect(notes()).toHaveLength(0);
  });

  it('waits for its turn when somebody changes the ticket in the same moment', async () => {
    let meddle = true;
    const meddled: typeof fetch = async (input, init) => {
      if (init?.method === 'PUT' && meddle) {
        meddle = false;
        account.clock.advance(1_000);
        account.sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'Looking.');
      }
      return fetch(input, init);
    };
    const zendesk = connectTo(account.sim.url, account.clock, { fetch: meddled });
    await zendesk.actions!['zendesk.note']!.perform(noteAction(ticket.id));
    const statuses = account.sim.calls.flatMap((call) => (call.operation === 'tickets.update' ? [call.status] : []));
    expect(statuses).toEqual([409, 200]);
    expect(notes()).toHaveLength(1);
  });

  it('gives way for later when the ticket does not come to rest', async () => {
    fail('tickets.update', { kind: 'status', status: 409 }, 3);
    await expect(perform()).rejects.toMatchObject({ code: 'conflict', retryable: true });
    expect(notes()).toHaveLength(0);
  });

  it('is told apart from the notes of other actions, and from a customer who copies its mark', async () => {
    await perform(noteAction(ticket.id, 'dec_1:21'));
    account.sim.human.comment(ticket.id, { name: 'Ada' }, 'Throughline reference: dec_1:2');
    expect(await perform(noteAction(ticket.id, 'dec_1:2'))).toMatchObject({ found: false });
    expect(notes()).toHaveLength(2);
  });

  it('is found behind hundreds of later comments', async () => {
    await perform();
    for (let n = 0; n < 230; n++) account.sim.human.comment(ticket.id, { name: 'Ada' }, `and ${n}`);
    expect(await perform()).toMatchObject({ found: true });
    expect(notes()).toHaveLength(1);
  });

  it('says why none can be written on a closed or deleted ticket, and does not insist', async () => {
    account.sim.human.setStatus(ticket.id, 'closed');
    await expect(perform()).rejects.toMatchObject({
      code: 'refused',
      retryable: false,
      message: expect.stringContaining('closed'),
    });
    account.sim.human.softDelete(ticket.id);
    await expect(perform()).rejects.toMatchObject({
      code: 'not_found',
      retryable: false,
      message: expect.stringContaining('deleted'),
    });
    expect(updates()).toBe(0);
  });

  it('is not ingested as something that a customer said', async () => {
    await perform();
    await account.sim.idle();
    const event = account.received
      .map((request) => JSON.parse(request.body))
      .find((body) => body.type.endsWith('comment_added'));
    expect(await account.zendesk.inbound!.read(event)).toEqual([{ kind: 'ignored', reason: 'internal note' }]);
  });
});

describe('undo', () => {
  it('says in a second note that the filing was undone, once, and that the first one stays', async () => {
    const receipt = await perform();
    const first = await handler().compensate(noteAction(ticket.id), receipt);
    expect(first).toMatchObject({ undone: false, note: expect.stringContaining('cannot delete') });
    expect(await handler().compensate(noteAction(ticket.id), receipt)).toEqual(first);
    expect(notes().map((note) => note.body)).toEqual([
      expect.stringContaining('ENG-12 https'),
      'Throughline: the filing of ENG-12 was undone. The note above no longer holds.\n\nThroughline reference: dec_1:2 undone',
    ]);
  });

  it('leaves the first note findable, so that a late repeat of the action writes no third', async () => {
    const receipt = await perform();
    await handler().compensate(noteAction(ticket.id), receipt);
    expect(await perform()).toEqual({ ...receipt, found: true });
    expect(notes()).toHaveLength(2);
  });

  it('has nothing left to do when the ticket was deleted', async () => {
    const receipt = await perform();
    account.sim.human.deletePermanently(ticket.id);
    expect(await handler().compensate(noteAction(ticket.id), receipt)).toMatchObject({ undone: true });
  });

  it('says so when the ticket was closed', async () => {
    const receipt = await perform();
    account.sim.human.setStatus(ticket.id, 'closed');
    expect(await handler().compensate(noteAction(ticket.id), receipt)).toMatchObject({
      undone: false,
      note: expect.stringContaining('closed'),
    });
    expect(notes()).toHaveLength(1);
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import type { Fact } from '#src/domain/signal.ts';
import type { Rig } from './rig.ts';
import { callsOf, fileIssue, startRig } from './rig.ts';

const DAY_MS = 24 * 3_600_000;

let rig: Rig;
afterEach(() => rig.close());

/** Runs until there is no more, as the schedule does. */
async function reconcileAll(cursor: string | null, between: () => void = () => {}) {
  const facts: Fact[] = [];
  for (let runs = 1; ; runs++) {
    const step = await rig.linear.reconcile!(cursor);
    facts.push(...step.facts);
    cursor = step.cursor;
    if (!step.more) return { facts, cursor, runs };
    between();
  }
}

const told = (facts: Fact[]) =>
  facts.flatMap((fact) => (fact.kind === 'outcome' ? [`${fact.externalId} ${fact.state}`] : []));

describe('reconciliation', () => {
  test('finds every change that no webhook told of', async () => {
    rig = await startRig();
    const [a, b, c, d] = await Promise.all(['a:0', 'b:0', 'c:0', 'd:0'].map((key) => fileIssue(rig, key)));
    const { cursor } = await reconcileAll(null);
    rig.clock.advance(3_600_000);
    rig.simulator.human.setState(a!.label, 'In Progress');
    rig.simulator.human.setState(b!.label, 'Done');
    rig.simulator.human.setState(c!.label, 'Duplicate');
    rig.simulator.human.trash(d!.label);
    const { facts } = await reconcileAll(cursor);
    expect(told(facts).toSorted()).toEqual(
      [
        `${a!.externalId} in_progress`,
        `${b!.externalId} completed`,
        `${c!.externalId} canceled`,
        `${d!.externalId} removed`,
      ].toSorted(),
    );
  });

  test('tells what the webhook tells, with the same time', async () => {
    rig = await startRig();
    const { label } = await fileIssue(rig);
    rig.simulator.human.setState(label, 'Done');
    rig.simulator.human.edit(label, { title: 'Renamed after it was done' });
    const { facts } = await reconcileAll(null);
    const { completedAt, id, url } = rig.simulator.state.issueOf(label);
    expect(facts).toEqual([
      {
        kind: 'outcome',
        source: 'linear',
        externalId: id,
        state: 'completed',
        at: completedAt,
        permalink: url,
        note: 'Done',
      },
    ]);
  });

  test('reads page by page, and loses nothing that changes in between', async () => {
    rig = await startRig();
    const total = 230;
    for (let n = 0; n < total; n++) rig.simulator.human.create(`Issue ${n}`);
    let touched = false;
    const first = await reconcileAll(null, () => {
      // ENG-1 stands on the last page, and jumps to the top while the first is being read.
      if (!touched) rig.simulator.human.setState('ENG-1', 'Done');
      touched = true;
    });
    expect(first.runs).toBe(3);
    const second = await reconcileAll(first.cursor);
    const all = new Set(told([...first.facts, ...second.facts]));
    expect(all.has(`${rig.simulator.state.issueOf('ENG-1').id} completed`)).toBe(true);
    expect(new Set([...all].map((line) => line.split(' ')[0])).size).toBe(total);
  });

  test('starts a stretch over when the issue that its page hangs on is gone', async () => {
    rig = await startRig();
    for (let n = 0; n < 120; n++) rig.simulator.human.create(`Issue ${n}`);
    const step = await rig.linear.reconcile!(null);
    const { after } = JSON.parse(step.cursor) as { after: string };
    rig.simulator.human.erase(after);
    const { facts } = await reconcileAll(step.cursor);
    expect(new Set(told(facts)).size).toBe(119);
  });

  test('looks back a day at first, and then only at what is new', async () => {
    rig = await startRig();
    rig.simulator.human.create('Old');
    rig.clock.advance(2 * DAY_MS);
    const recent = rig.simulator.human.create('Recent');
    const first = await reconcileAll(null);
    expect(told(first.facts)).toEqual([`${recent.id} open`]);
    rig.clock.advance(3_600_000);
    const newest = rig.simulator.human.create('Newest');
    const second = await reconcileAll(first.cursor);
    expect(told(second.facts)).toContain(`${newest.id} open`);
    rig.clock.advance(3_600_000);
    const third = await reconcileAll(second.cursor);
    expect(told(third.facts)).toEqual([`${newest.id} open`]);
  });

  test('finds a change that became visible after a later one', async () => {
    rig = await startRig();
    rig.simulator.human.create('Slow');
    rig.clock.advance(3_600_000);
    rig.simulator.human.create('Quick');
    const { cursor } = await reconcileAll(null);
    const slow = rig.simulator.human.setState('ENG-1', 'Done');
    slow.updatedAt = new Date(Date.parse(rig.simulator.state.issueOf('ENG-2').updatedAt) - 30_000).toISOString();
    expect(told((await reconcileAll(cursor)).facts)).toContain(`${slow.id} completed`);
  });

  test('starts anew from a cursor that cannot be read', async () => {
    rig = await startRig();
    await fileIssue(rig);
    expect((await reconcileAll('not a cursor')).facts).toHaveLength(1);
  });
});

describe('asking about known issues', () => {
  test('reads many in few calls, and leaves out what Linear does not know', async () => {
    rig = await startRig();
    const ids = Array.from({ length: 130 }, (_, n) => rig.simulator.human.create(`Issue ${n}`).id);
    rig.simulator.human.trash(ids[3]!);
    const unknown = '4c9b0c3e-0000-4000-8000-000000000009';
    const found = await rig.client.statesOf([...ids, unknown]);
    expect(new Set(found.map((issue) => issue.id))).toEqual(new Set(ids));
    expect(callsOf(rig, 'issues')).toBe(2);
  });

  test('reads one by id and by identifier, in the trash too, and null when there is none', async () => {
    rig = await startRig();
    const { id } = rig.simulator.human.create('One');
    rig.simulator.human.trash('ENG-1');
    expect(await rig.client.readIssue(id)).toMatchObject({ identifier: 'ENG-1', trashed: true });
    expect(await rig.client.readIssue('ENG-1')).toMatchObject({ id });
    expect(await rig.client.readIssue('ENG-2')).toBeNull();
  });
});

describe('the doctor', () => {
  test('is told who we are and where issues go', async () => {
    rig = await startRig();
    expect(await rig.linear.probe()).toEqual({
      ok: true,
      detail: 'Throughline in Acme; issues go to ENG (Engineering)',
    });
  });

  test('is told what to do about a key that Linear does not know', async () => {
    rig = await startRig({ apiKey: 'lin_api_wrong' });
    expect(await rig.linear.probe()).toEqual({
      ok: false,
      detail: expect.stringContaining('Linear does not accept the token'),
      fix: expect.stringContaining('LINEAR_API_KEY'),
    });
  });

  test('is told which teams there are', async () => {
    rig = await startRig({ team: 'GROWTH' });
    const probe = await rig.linear.probe();
    expect(probe.detail).toContain('it sees: ENG');
    expect(probe.fix).toContain('LINEAR_TEAM');
  });

  test('is told about the network', async () => {
    rig = await startRig();
    await rig.simulator.close();
    expect(await rig.linear.probe()).toMatchObject({ ok: false, fix: expect.stringContaining('LINEAR_API_URL') });
    await rig.simulator.start();
  });
});

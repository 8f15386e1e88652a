import { afterEach, describe, expect, test } from 'vitest';
import { linearIdOf } from '#src/domain/action.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { Rig } from './rig.ts';
import { attachmentAction, callsOf, fileIssue, issueAction, issueOf, startRig } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const issueHandler = () => rig.linear.actions!['linear.issue']!;
const attachmentHandler = () => rig.linear.actions!['linear.attachment']!;
const issueCount = () => rig.simulator.state.issues.size;

async function failureOf(run: Promise<unknown>): Promise<ExternalError> {
  const error = await run.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ExternalError);
  return error as ExternalError;
}

describe('filing an issue', () => {
  test('creates what was approved, under the id that belongs to the action', async () => {
    rig = await startRig();
    const action = issueAction();
    const receipt = await issueHandler().perform(action);
    const issue = issueOf(rig, action)!;
    expect(issue).toMatchObject({
      identifier: 'ENG-1',
      title: 'Exports time out for large workspaces',
      description: 'Three customers wait **minutes** for a CSV.',
      priority: 2,
    });
    const labels = issue.labelIds.map((id) => rig.simulator.state.labels.get(id)!.name);
    expect(labels).toEqual(['Bug', 'voice-of-customer']);
    expect(receipt).toEqual({ system: 'linear', externalId: issue.id, label: 'ENG-1', url: issue.url, found: false });
  });

  test.each([
    ['a broken answer after the commit', { kind: 'lost_answer' }],
    ['no answer after the commit', { kind: 'silence_after_commit' }],
    ['three broken answers, the first after the commit', { kind: 'lost_answer', times: 3 }],
    ['a failure before the commit', { kind: 'server_error', times: 2 }],
    ['no answer and no commit', { kind: 'silence' }],
  ] as const)('files exactly one issue in spite of %s', async (_name, fault) => {
    rig = await startRig({ timeoutMs: 300 });
    rig.simulator.faults.next({ ...fault, operation: 'issueCreate' });
    const receipt = await issueHandler().perform(issueAction());
    expect(receipt).toMatchObject({ label: 'ENG-1', externalId: linearIdOf(issueAction()) });
    expect(issueCount()).toBe(1);
    expect(rig.simulator.faults.pending()).toEqual([]);
  });

  test('says that it found the issue when an earlier try had made it', async () => {
    rig = await startRig();
    const first = await fileIssue(rig);
    const again = await fileIssue(rig);
    expect(again).toEqual({ ...first, found: true });
    expect(issueCount()).toBe(1);
  });

  test('files one issue when many workers perform the same action at once', async () => {
    rig = await startRig();
    const receipts = await Promise.all(Array.from({ length: 12 }, () => issueHandler().perform(issueAction())));
    expect(new Set(receipts.map((receipt) => receipt.externalId)).size).toBe(1);
    expect(receipts.filter((receipt) => !receipt.found)).toHaveLength(1);
    expect(issueCount()).toBe(1);
  });

  test('files again under a new decision', async () => {
    rig = await startRig();
    await fileIssue(rig, 'dec_1:0');
    await fileIssue(rig, 'dec_2:0');
    expect(issueCount()).toBe(2);
  });

  test('stays in doubt, and says so, when the read-back fails too', async () => {
    rig = await startRig();
    rig.simulator.faults.next({ kind: 'lost_answer', operation: 'issueCreate', times: 3 });
    rig.simulator.faults.next({ kind: 'server_error', operation: 'issue', times: 3 });
    const failure = await failureOf(fileIssue(rig));
    expect(failure.retryable).toBe(true);
    expect((await fileIssue(rig)).found).toBe(true);
    expect(issueCount()).toBe(1);
  });

  test('comes back later when Linear says duplicate and then fails to show it', async () => {
    rig = await startRig();
    await fileIssue(rig);
    rig.simulator.faults.next({ kind: 'server_error', operation: 'issue', times: 3 });
    expect(await failureOf(fileIssue(rig))).toMatchObject({ code: 'unavailable', retryable: true });
    expect((await fileIssue(rig)).found).toBe(true);
  });

  test.each([
    ['trash', "in Linear's trash"],
    ['archive', 'archived in Linear'],
  ] as const)('does not take an issue for filed that is in the %s', async (where, words) => {
    rig = await startRig();
    const { label } = await fileIssue(rig);
    rig.simulator.human[where](label);
    const failure = await failureOf(fileIssue(rig));
    expect(failure).toMatchObject({ code: 'conflict', retryable: false });
    expect(failure.message).toContain(`ENG-1 was filed earlier and is ${words}`);
    expect(issueCount()).toBe(1);
  });

  test('comes back later when the id is taken and not to be seen', async () => {
    rig = await startRig();
    await fileIssue(rig);
    // The other write is still on its way: refused as a duplicate, and not there yet.
    rig.simulator.human.erase('ENG-1');
    const { issues } = rig.simulator.state;
    const id = linearIdOf(issueAction());
    const has = issues.has.bind(issues);
    issues.has = (key) => key === id || has(key);
    const failure = await failureOf(fileIssue(rig));
    expect(failure).toMatchObject({ code: 'unavailable', retryable: true, effectUnknown: true });
  });

  test('names the permission that is missing, and writes nothing', async () => {
    rig = await startRig({ scopes: ['read'] });
    const failure = await failureOf(fileIssue(rig));
    expect(failure).toMatchObject({ code: 'unauthorized', retryable: false });
    expect(failure.message).toContain('Linear refused the token: createIssue needs issues:create');
    expect(issueCount()).toBe(0);
  });

  test('waits as long as Linear asks when the budget is used up', async () => {
    rig = await startRig();
    rig.simulator.faults.next({ kind: 'rate_limited', operation: 'issueCreate', retryAfterMs: 1_500 });
    await fileIssue(rig);
    expect(rig.clock.sleeps).toEqual([1_500]);
    expect(issueCount()).toBe(1);
  });

  test('hands a long wait to the queue instead of sitting it out', async () => {
    rig = await startRig();
    rig.simulator.faults.next({ kind: 'rate_limited', operation: 'issueCreate', retryAfterMs: 240_000 });
    const failure = await failureOf(fileIssue(rig));
    expect(failure).toMatchObject({ code: 'rate_limited', retryable: true, retryAfterMs: 240_000 });
    expect(callsOf(rig, 'issueCreate')).toBe(1);
    expect(callsOf(rig, 'issue')).toBe(0);
  });

  test('keeps what customers said out of its errors', async () => {
    rig = await startRig();
    rig.simulator.faults.next({ kind: 'server_error', operation: 'issueCreate', times: 3 });
    const failure = await failureOf(fileIssue(rig));
    expect(JSON.stringify([failure.message, failure.stack, String(failure.cause)])).not.toContain('Three customers');
  });
});

describe('teams and labels', () => {
  const seed = {
    teams: [
      { key: 'ENG', name: 'Engineering' },
      { key: 'OPS', name: 'Operations' },
    ],
    labels: [{ name: 'Bug' }],
  };

  test('goes to the team of the payload, else to the configured one', async () => {
    rig = await startRig({ seed, team: 'OPS' });
    expect((await issueHandler().perform(issueAction('a:0'))).label).toBe('OPS-1');
    expect((await issueHandler().perform(issueAction('b:0', { team: 'eng' }))).label).toBe('ENG-1');
  });

  test('says which teams there are when the wanted one is not', async () => {
    rig = await startRig({ seed, team: 'GROWTH' });
    const failure = await failureOf(fileIssue(rig));
    expect(failure).toMatchObject({ code: 'not_found', retryable: false });
    expect(failure.message).toMatch(/no team GROWTH .*(ENG, OPS|OPS, ENG)/);
  });

  test('makes a missing label once, whoever needs it first', async () => {
    rig = await startRig();
    await Promise.all(['a:0', 'b:0', 'c:0', 'd:0'].map((key) => fileIssue(rig, key)));
    rig.cache.entries.clear();
    await fileIssue(rig, 'e:0');
    const named = [...rig.simulator.state.labels.values()].filter((label) => label.name === 'voice-of-customer');
    expect(named).toHaveLength(1);
    const used = [...rig.simulator.state.issues.values()].map((issue) => issue.labelIds.includes(named[0]!.id));
    expect(used).toEqual([true, true, true, true, true]);
  });

  test('makes a label once when the answer is lost', async () => {
    rig = await startRig();
    rig.simulator.faults.next({ kind: 'lost_answer', operation: 'issueLabelCreate' });
    await fileIssue(rig);
    const named = [...rig.simulator.state.labels.values()].filter((label) => label.name === 'voice-of-customer');
    expect(named).toHaveLength(1);
    expect(issueOf(rig, issueAction())!.labelIds).toContain(named[0]!.id);
  });

  test('looks teams and labels up once', async () => {
    rig = await startRig();
    await fileIssue(rig, 'a:0');
    const before = rig.simulator.calls.length;
    await fileIssue(rig, 'b:0');
    expect(rig.simulator.calls.slice(before).flatMap((call) => call.operations)).toEqual(['issueCreate']);
  });

  test('finds its way when a remembered label was deleted', async () => {
    rig = await startRig();
    await fileIssue(rig, 'a:0');
    const { labels } = rig.simulator.state;
    for (const [id, label] of labels) if (label.name === 'voice-of-customer') labels.delete(id);
    for (const issue of rig.simulator.state.issues.values()) issue.labelIds = [];
    await fileIssue(rig, 'b:0');
    const names = issueOf(rig, issueAction('b:0'))!.labelIds.map((id) => labels.get(id)!.name);
    expect(names).toEqual(['Bug', 'voice-of-customer']);
  });

  test('files without a label whose name belongs to a group of labels', async () => {
    rig = await startRig();
    rig.simulator.state.createLabel({ name: 'Voice-of-customer', isGroup: true });
    await fileIssue(rig);
    const names = issueOf(rig, issueAction())!.labelIds.map((id) => rig.simulator.state.labels.get(id)!.name);
    expect(names).toEqual(['Bug']);
  });

  test('files without a label that the token may not make, and warns', async () => {
    rig = await startRig({ scopes: ['read', 'issues:create'] });
    await fileIssue(rig);
    const names = issueOf(rig, issueAction())!.labelIds.map((id) => rig.simulator.state.labels.get(id)!.name);
    expect(names).toEqual(['Bug']);
    const refused = rig.warnings.filter(({ message }) => message === 'filing without a label that Linear refused');
    expect(refused.map(({ fields }) => fields.label)).toEqual(['voice-of-customer']);
  });
});

describe('taking an issue back', () => {
  test('puts it into the trash, and counts what is gone already as taken back', async () => {
    rig = await startRig();
    const receipt = await fileIssue(rig);
    const first = await issueHandler().compensate(issueAction(), receipt);
    expect(first).toEqual({ undone: true, note: expect.stringContaining("ENG-1 is in Linear's trash") });
    expect(issueOf(rig, issueAction())).toMatchObject({ trashed: true });
    expect((await issueHandler().compensate(issueAction(), receipt)).undone).toBe(true);
    rig.simulator.human.erase('ENG-1');
    const gone = await issueHandler().compensate(issueAction(), receipt);
    expect(gone).toEqual({ undone: true, note: 'ENG-1 was gone from Linear already.' });
  });

  test('takes it back once when the answer is lost', async () => {
    rig = await startRig();
    const receipt = await fileIssue(rig);
    rig.simulator.faults.next({ kind: 'lost_answer', operation: 'issueDelete' });
    expect((await issueHandler().compensate(issueAction(), receipt)).undone).toBe(true);
  });
});

describe('attaching a source', () => {
  const attachments = () => [...rig.simulator.state.attachments.values()];

  test('links one address to an issue once, however often it is asked', async () => {
    rig = await startRig({ timeoutMs: 300 });
    const issue = await fileIssue(rig);
    rig.simulator.faults.next({ kind: 'lost_answer', operation: 'attachmentCreate' });
    const first = await attachmentHandler().perform(attachmentAction(issue));
    rig.simulator.faults.next({ kind: 'silence_after_commit', operation: 'attachmentCreate' });
    const again = await attachmentHandler().perform(attachmentAction(issue));
    expect(attachments()).toHaveLength(1);
    expect(attachments()[0]).toMatchObject({
      id: linearIdOf(attachmentAction(issue)),
      issueId: issue.externalId,
      url: 'https://acme.slack.com/archives/C1/p1',
      title: 'Slack thread',
      subtitle: '2 messages',
    });
    expect(again.externalId).toBe(first.externalId);
  });

  test('links another address as another attachment', async () => {
    rig = await startRig();
    const issue = await fileIssue(rig);
    await attachmentHandler().perform(attachmentAction(issue, 'dec_1:1', 'https://acme.zendesk.com/agent/tickets/1'));
    await attachmentHandler().perform(attachmentAction(issue, 'dec_1:2', 'https://acme.zendesk.com/agent/tickets/2'));
    expect(attachments()).toHaveLength(2);
  });

  test('waits for an issue that is not filed yet', async () => {
    rig = await startRig();
    await expect(attachmentHandler().perform(attachmentAction(null))).rejects.toMatchObject({ retryable: true });
    expect(attachments()).toEqual([]);
  });

  test('takes its own link back, and twice is once', async () => {
    rig = await startRig();
    const issue = await fileIssue(rig);
    const action = attachmentAction(issue);
    const receipt = await attachmentHandler().perform(action);
    expect((await attachmentHandler().compensate(action, receipt)).undone).toBe(true);
    expect(attachments()).toEqual([]);
    expect((await attachmentHandler().compensate(action, receipt)).undone).toBe(true);
  });

  test('leaves a link that somebody else had made', async () => {
    rig = await startRig();
    const issue = await fileIssue(rig);
    const action = attachmentAction(issue);
    const { url } = action.payload as { url: string };
    rig.simulator.state.putAttachment({ issueId: issue.externalId, url, title: 'Linked by hand' });
    const receipt = await attachmentHandler().perform(action);
    expect(receipt.found).toBe(true);
    await attachmentHandler().compensate(action, receipt);
    expect(attachments()).toHaveLength(1);
  });
});

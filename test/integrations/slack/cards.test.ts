// People at a card: clicks, the modal, reactions. The verbs are scripted; Slack is the simulator.
import { afterEach, describe, expect, it } from 'vitest';
import type { CardView } from '#src/domain/card.ts';
import type { DecideReply, EditForm, Verbs } from '#src/domain/verbs.ts';
import type { Message } from '#src/sandbox/slack/model.ts';
import { decisionOf, openCard, startWorkspace, type Workspace, type WorkspaceOptions } from './support.ts';

let running: Workspace | null = null;
afterEach(async () => {
  expect(running?.sim.state.violations ?? []).toEqual([]);
  await running?.close();
  running = null;
});

const FORM: EditForm = {
  proposalId: openCard().proposal!.id,
  revision: 2,
  edit: { title: 'CSV export stops', description: 'What happens\n\n> it just stops', priority: 2, labels: ['bug'] },
  team: 'ENG',
  reports: 5,
};

/** A workspace with one card in #insights; `view` is what the verbs say about it from then on. */
async function withCard(
  start: CardView = openCard(),
  verbs: Partial<Verbs> = {},
  options: WorkspaceOptions = {},
): Promise<{ w: Workspace; ts: string; show(view: CardView): void; shown(): Message }> {
  let view = start;
  const w = await startWorkspace({
    ...options,
    verbs: {
      card: async () => view,
      cardAt: async ({ ts }) =>
        ts === posted.ts
          ? {
              cardId: view.cardId,
              proposal: view.proposal && view.state === 'open' ? view.proposal : null,
              decisionId: view.decision?.id ?? null,
            }
          : null,
      ...verbs,
    },
  });
  running = w;
  const posted = await w.slack.cards.post(start, { channel: w.channel('insights'), since: new Date(), recover: false });
  return {
    w,
    ts: posted.ts,
    show: (next) => {
      view = next;
    },
    shown: () => w.sim.state.message('insights', posted.ts),
  };
}

function actionsOf(message: Message): string[] {
  return (message.blocks ?? []).flatMap((block) =>
    block.type === 'actions' ? (block.elements as { action_id: string }[]).map((element) => element.action_id) : [],
  );
}

const DONE: DecideReply = { kind: 'done', decisionId: 'dec_1', cardId: openCard().cardId };
const told = (w: Workspace, user: string) => w.sim.state.ephemeralsOf(user).map((one) => one.message.text);

describe('clicks on a card', () => {
  it('files with exactly what was shown, and the buttons go at once', async () => {
    const { w, ts, show, shown } = await withCard();
    w.verbs.script({
      decide: async () => {
        show(openCard({ state: 'approved', decision: decisionOf() }));
        return DONE;
      },
    });
    expect(actionsOf(shown())).toEqual(['card_file', 'card_edit', 'card_snooze', 'card_dismiss']);
    await w.sim.human.click('ana', 'insights', ts, 'card_file');
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toEqual({
      cardId: openCard().cardId,
      proposalId: openCard().proposal!.id,
      revision: 2,
      verb: 'approve',
      via: 'button',
      person: { id: w.id('ana'), kind: 'member', approver: true, admin: true },
    });
    expect(actionsOf(shown())).toEqual(['card_undo']);
    expect(JSON.stringify(shown().blocks)).toContain('Approved by Ana Costa');
    expect(shown().text).toContain('Approved by Ana Costa');
    expect(told(w, 'ana')).toEqual([]);
  });

  it('dismisses with one choice', async () => {
    const { w, ts } = await withCard(openCard(), { decide: async () => DONE });
    const select = w.sim.state
      .message('insights', ts)
      .blocks!.flatMap((block) =>
        block.type === 'actions'
          ? (block.elements as { options?: { value: string }[] }[]).flatMap((one) => one.options ?? [])
          : [],
      );
    expect(select).toHaveLength(5);
    await w.sim.human.click('ana', 'insights', ts, 'card_dismiss', { value: select[3]!.value });
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toMatchObject({
      verb: 'dismiss',
      reason: 'wrong_theme',
    });
  });

  it.each<[string, DecideReply, RegExp]>([
    [
      'a second click',
      { kind: 'already', by: 'ANA', at: '2026-03-02T09:00:00Z', verb: 'approved' },
      /Ana Costa approved this <!date/,
    ],
    ['no right', { kind: 'refused', refusal: 'not_approver' }, /not one of the approvers/],
    ['a changed proposal', { kind: 'changed' }, /has changed since you saw it, so nothing was done/],
    ['a missing second approval', { kind: 'counted', approvals: 1, needed: 2 }, /1 of 2/],
    ['no Linear', { kind: 'needs_setup', missing: 'Linear is not connected.' }, /Needs setup/],
    ['a card that is gone', { kind: 'gone' }, /older version/],
  ])('tells only the one who clicked: %s', async (_name, reply, words) => {
    const { w, ts } = await withCard();
    w.verbs.script({ decide: async () => (reply.kind === 'already' ? { ...reply, by: w.id('ana') } : reply) });
    await w.sim.human.click('ben', 'insights', ts, 'card_file');
    await w.settled();
    expect(told(w, 'ben')).toEqual([expect.stringMatching(words)]);
    expect(told(w, 'ana')).toEqual([]);
    expect(
      w.sim.state.timeline('insights').filter((message) => message.user === w.sim.state.app.botUserId),
    ).toHaveLength(1);
  });

  it('asks with the rights of the moment: a guest is a guest', async () => {
    const { w, ts } = await withCard(openCard(), { decide: async () => ({ kind: 'refused', refusal: 'guest' }) });
    await w.sim.human.click('gil', 'insights', ts, 'card_file');
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toMatchObject({
      person: { kind: 'guest', approver: false },
    });
    expect(told(w, 'gil')).toEqual([expect.stringMatching(/Guests can read along/)]);
  });

  it('undoes', async () => {
    const filed = openCard({ state: 'filed', decision: decisionOf() });
    const { w, ts } = await withCard(filed, { undo: async ({ decisionId }) => ({ kind: 'undoing', decisionId }) });
    await w.sim.human.click('ana', 'insights', ts, 'card_undo');
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'undo')?.input).toMatchObject({
      decisionId: decisionOf().id,
      via: 'button',
    });
    expect(told(w, 'ana')).toEqual([expect.stringMatching(/Taking it back/)]);
  });

  it.each(['v0|crd_x|pro_x|1', 'v1|crd_x|pro_x', 'garbage', ''])(
    'answers a button of another version (%s) kindly',
    async (value) => {
      const { w } = await withCard();
      const old = w.sim.state.post(w.sim.state.channel('insights'), {
        user: w.sim.state.app.botUserId,
        text: 'an old card',
        blocks: [
          {
            type: 'actions',
            block_id: 'a',
            elements: [
              { type: 'button', action_id: 'card_file', text: { type: 'plain_text', text: 'File' }, value },
              { type: 'button', action_id: 'file_it_v0', text: { type: 'plain_text', text: 'File' }, value },
            ],
          },
        ],
      });
      await w.sim.human.click('ana', 'insights', old.ts, 'card_file');
      await w.sim.human.click('ana', 'insights', old.ts, 'file_it_v0');
      await w.settled();
      expect(told(w, 'ana')).toEqual([expect.stringMatching(/older version/), expect.stringMatching(/older version/)]);
      expect(w.verbs.asked).toEqual([]);
    },
  );

  it('answers a hundred clicks at once, each once', async () => {
    let first = true;
    const { w, ts } = await withCard(openCard(), {
      decide: async ({ person }) => {
        if (!first) return { kind: 'already', by: person.id, at: '2026-03-02T09:00:00Z', verb: 'approved' };
        first = false;
        return DONE;
      },
    });
    await Promise.all(Array.from({ length: 100 }, () => w.sim.human.click('ana', 'insights', ts, 'card_file')));
    await w.settled();
    expect(w.verbs.asked.filter((asked) => asked.verb === 'decide')).toHaveLength(100);
    expect(told(w, 'ana')).toHaveLength(99);
    const updates = w.sim.calls.filter((call) => call.method === 'chat.update').length;
    // Redraws that pile up become one.
    expect(updates).toBeLessThan(50);
  });
});

describe('editing before filing', () => {
  it('opens a modal filled with what would be filed, and files what was typed', async () => {
    const { w, ts } = await withCard(openCard(), { editForm: async () => FORM, decide: async () => DONE });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [modal] = w.sim.state.modalsOf('ana');
    expect(JSON.stringify(modal?.view.blocks)).toContain('> it just stops');
    const sent = await w.sim.human.submitView('ana', modal!.view.id, {
      title: 'Export truncates silently',
      labels: 'bug, export,, bug',
      priority: '1',
    });
    await w.settled();
    expect(sent).toEqual({ outcome: 'closed' });
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toMatchObject({
      verb: 'approve',
      via: 'modal',
      edit: {
        title: 'Export truncates silently',
        description: FORM.edit.description,
        priority: 1,
        labels: ['bug', 'export'],
      },
    });
  });

  it('gives a long description back exactly as it was when nobody touched it', async () => {
    const description = Array.from({ length: 400 }, (_, index) => `line ${index} 🙂 ${'x'.repeat(index % 40)}`).join(
      '\n',
    );
    const form = { ...FORM, edit: { ...FORM.edit, description } };
    const { w, ts } = await withCard(openCard(), { editForm: async () => form, decide: async () => DONE });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [modal] = w.sim.state.modalsOf('ana');
    await w.sim.human.submitView('ana', modal!.view.id);
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toMatchObject({ edit: { description } });
  });

  it('says in the window when it was too late', async () => {
    const { w, ts } = await withCard(openCard(), {
      editForm: async () => FORM,
      decide: async () => ({ kind: 'changed' }),
    });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [modal] = w.sim.state.modalsOf('ana');
    const sent = await w.sim.human.submitView('ana', modal!.view.id);
    expect(sent.outcome).toBe('updated');
    expect(JSON.stringify('view' in sent && sent.view.view.blocks)).toContain('nothing was done');
  });

  it('keeps what was typed on the screen when filing breaks', async () => {
    const { w, ts } = await withCard(openCard(), {
      editForm: async () => FORM,
      decide: async () => {
        throw new Error('boom');
      },
    });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [modal] = w.sim.state.modalsOf('ana');
    const sent = await w.sim.human.submitView('ana', modal!.view.id);
    expect(sent.outcome).toBe('updated');
    expect(JSON.stringify('view' in sent && sent.view.view.blocks)).toMatch(/Reference/);
  });

  it('tells by direct message what a window that has closed cannot say', async () => {
    const slow = Promise.withResolvers<DecideReply>();
    const { w, ts } = await withCard(openCard(), { editForm: async () => FORM, decide: () => slow.promise });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [modal] = w.sim.state.modalsOf('ana');
    expect(await w.sim.human.submitView('ana', modal!.view.id)).toEqual({ outcome: 'closed' });
    slow.resolve({ kind: 'changed' });
    await w.settled();
    const direct = w.sim.state.timeline(w.sim.state.direct(w.id('ana')).id);
    expect(direct.map((one) => one.text)).toEqual([expect.stringMatching(/nothing was done/)]);
  });

  it('asks for a new click when a crash came between the click and its window', async () => {
    const { w, ts } = await withCard(openCard(), { editForm: async () => FORM });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    const [click] = [...w.inbox.values()].filter((delivery) => delivery.kind === 'block_actions');
    await w.slack.handle(click!);
    expect(w.sim.state.modalsOf('ana')).toHaveLength(1);
    expect(told(w, 'ana')).toEqual([expect.stringMatching(/please click again/)]);
  });

  it('asks to click again when the click came too late for a window', async () => {
    const { w, ts } = await withCard(openCard(), { editForm: async () => FORM });
    w.sim.faults.next('views.open', { kind: 'error', error: 'expired_trigger_id' });
    await w.sim.human.click('ana', 'insights', ts, 'card_edit');
    await w.settled();
    expect(told(w, 'ana')).toEqual([expect.stringMatching(/please click again/)]);
  });

  it('opens no window for somebody without the right, and says why', async () => {
    const { w, ts } = await withCard(openCard(), {
      editForm: async () => ({ kind: 'refused', refusal: 'not_approver' }),
    });
    await w.sim.human.click('ben', 'insights', ts, 'card_edit');
    await w.settled();
    expect(w.sim.state.modalsOf('ben')).toEqual([]);
    expect(told(w, 'ben')).toEqual([expect.stringMatching(/not one of the approvers/)]);
  });
});

describe('reactions on a card', () => {
  it('asks the one who set a check mark before it files', async () => {
    const { w, ts } = await withCard(openCard(), { decide: async () => DONE });
    w.sim.human.react('ana', 'insights', ts, 'white_check_mark');
    await w.settled();
    expect(w.verbs.asked.some((asked) => asked.verb === 'decide')).toBe(false);
    const [question] = w.sim.state.ephemeralsOf('ana');
    expect(question?.message.text).toContain('CSV export stops');
    await w.sim.human.click('ana', 'insights', question!.message.ts, 'confirm_approve');
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === 'decide')?.input).toMatchObject({
      verb: 'approve',
      via: 'reaction',
      revision: 2,
    });
  });

  it.each([
    ['x', 'decide', { verb: 'dismiss', via: 'reaction' }],
    ['no_bell', 'decide', { verb: 'snooze', via: 'reaction' }],
    ['eyes', 'claim', { cardId: openCard().cardId }],
    ['+1', 'judge', { vote: 1 }],
    ['-1', 'judge', { vote: -1 }],
    ['+1::skin-tone-3', 'judge', { vote: 1 }],
  ] as const)(':%s: %ss', async (emoji, verb, input) => {
    const { w, ts } = await withCard(openCard(), {
      decide: async () => DONE,
      claim: async () => ({ kind: 'done' }),
      judge: async () => ({ kind: 'done' }),
    });
    w.sim.state.react(w.sim.state.channel('insights'), w.sim.state.message('insights', ts), w.id('ana'), emoji);
    await w.settled();
    expect(w.verbs.asked.find((asked) => asked.verb === verb)?.input).toMatchObject(input);
  });

  it('takes back what a reaction did when its author takes it away', async () => {
    const { w, ts, show } = await withCard(openCard(), {
      decide: async () => DONE,
      undo: async ({ decisionId }) => ({ kind: 'undoing', decisionId }),
      claim: async () => ({ kind: 'done' }),
      judge: async () => ({ kind: 'done' }),
    });
    for (const emoji of ['x', 'eyes', '+1']) w.sim.human.react('ana', 'insights', ts, emoji);
    await w.settled();
    show(
      openCard({
        state: 'dismissed',
        decision: decisionOf({ via: 'reaction', by: 'Ana Costa', at: new Date().toISOString() }),
      }),
    );
    for (const emoji of ['x', 'eyes', '+1']) w.sim.human.unreact('ana', 'insights', ts, emoji);
    await w.settled();
    const asked = w.verbs.asked.slice(-12);
    expect(asked.find((one) => one.verb === 'undo')?.input).toMatchObject({
      decisionId: decisionOf().id,
      via: 'reaction',
    });
    expect(asked.filter((one) => one.verb === 'claim').at(-1)?.input).toMatchObject({ release: true });
    expect(asked.filter((one) => one.verb === 'judge').at(-1)?.input).toMatchObject({ vote: 0 });
  });

  it.each([
    ['somebody else decided', { by: 'Ben Olsen', via: 'reaction', at: new Date().toISOString() }],
    ['a button decided', { by: 'Ana Costa', via: 'button', at: new Date().toISOString() }],
    [
      '16 minutes have passed',
      { by: 'Ana Costa', via: 'reaction', at: new Date(Date.now() - 16 * 60_000).toISOString() },
    ],
  ])('leaves a decision alone when a reaction goes and %s', async (_name, decision) => {
    const view = openCard({ state: 'dismissed', decision: decisionOf(decision) });
    const { w, ts } = await withCard(view);
    w.sim.state.react(w.sim.state.channel('insights'), w.sim.state.message('insights', ts), w.id('ana'), 'x');
    await w.settled();
    w.sim.human.unreact('ana', 'insights', ts, 'x');
    await w.settled();
    expect(w.verbs.asked.some((asked) => asked.verb === 'undo')).toBe(false);
  });

  it('follows a table of the workspace’s own', async () => {
    const { w, ts } = await withCard(
      openCard(),
      { decide: async () => DONE },
      { settings: { reactions: { wastebasket: 'dismiss' } } },
    );
    w.sim.human.react('ana', 'insights', ts, 'x');
    w.sim.human.react('ana', 'insights', ts, 'wastebasket');
    await w.settled();
    expect(w.verbs.asked.filter((asked) => asked.verb === 'decide')).toHaveLength(1);
  });
});

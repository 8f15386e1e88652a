// What people made of our work, counted for what had made it: from the clicks in Slack to the table in a terminal.
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { editDistance, type ProducerEvaluation } from '#src/domain/evaluation.ts';
import { evaluationsTable, run } from '#src/ops/evaluations.ts';
import { runHere } from '#test/support/command.ts';
import { actionsOf, labelsOf, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

it('counts votes, edits, dismissals and undos for the version that made the words', async () => {
  const stage = await takeStage();
  const { openCard, card, react, repliesTo, slack, user, channel, settle, toldTo, app, dismiss, click } = stage;
  await openCard();
  const [details] = repliesTo(card().ts);
  const vote = async (who: string, value: string) => {
    const [found] = JSON.stringify(details!.blocks).match(new RegExp(`v1\\|${value}\\|card\\|[^"]+`)) ?? [];
    await slack.human.click(slack.state.user(who).id, channel('insights'), details!.ts, 'feedback_vote', {
      value: found!,
    });
    await settle();
  };
  await vote('pia', 'up');
  expect(toldTo('pia')).toEqual([]);
  await vote('sam', 'down');
  expect(toldTo('sam').at(-1)).toContain('What was wrong with this card?');
  await stage.clickMine('sam', 'feedback_reason:unclear');
  expect(toldTo('sam').at(-1)).toContain('Noted');
  // Asked once: a second no asks nothing.
  await vote('sam', 'up');
  await vote('sam', 'down');
  expect(toldTo('sam').filter((text) => text.includes('What was wrong'))).toHaveLength(1);
  // Two ways of voting that contradict each other count for nothing, and the person is told.
  await react('ana', '+1');
  await vote('ana', 'down');
  expect(toldTo('ana').at(-1)).toContain('contradict each other');

  await click('pia', 'card_edit');
  const view = [...slack.state.views.values()].find((one) => one.user === user('pia') && !one.closed);
  await slack.human.submitView(user('pia'), view!.view.id, { title: 'Entirely other words for all of it' });
  await settle();
  await click('pia', 'card_undo');
  await dismiss('sam', 'wont_do');
  const [row] = await app.verbs.evaluations();
  expect(row).toMatchObject({
    producedBy: expect.stringMatching(/^builtin \d/),
    up: 1,
    down: 1,
    reasons: { unclear: 1 },
    approved: 1,
    edited: 1,
    dismissed: { wont_do: 1 },
    undone: 1,
  });
  expect(row!.editDistance).toBeGreaterThan(0);
  expect(row!.editDistance).toBeLessThan(1);

  const env = { DATABASE_URL: stage.databaseUrl, DATA_DIR: stage.config.DATA_DIR };
  const { code, out, err } = await runHere((terminal) => run([], terminal), env);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/made by +for +against +approved/);
  expect(out).toMatch(/builtin \d +1 +1 +1 +1 +0\.\d\d +1 +1/);
  expect(out).toContain('against: Hard to understand (1)');
  expect(out).toContain('dismissed: We will not do this (1)');
}, 30_000);

it('puts plain buttons under a card where Slack knows no feedback buttons', async () => {
  const stage = await takeStage();
  const { openCard, card, repliesTo, slack, user, channel, settle, app } = stage;
  slack.state.blocksMissing.add('context_actions');
  await openCard();
  const [details] = repliesTo(card().ts);
  expect(actionsOf(details!)).toEqual(['feedback_vote:up', 'feedback_vote:down']);
  expect(labelsOf(details!)).toEqual(['Helpful', 'Not helpful']);
  await slack.human.click(user('pia'), channel('insights'), details!.ts, 'feedback_vote:up');
  await settle();
  expect((await app.verbs.evaluations())[0]).toMatchObject({ up: 1, down: 0 });
}, 30_000);

it('says so where there is nothing to count', () => {
  expect(evaluationsTable([])).toContain('Nobody has judged');
  const row: ProducerEvaluation = {
    producedBy: 'describe/v1 test:model',
    up: 0,
    down: 0,
    reasons: {},
    approved: 0,
    edited: 0,
    editDistance: null,
    dismissed: { none: 2 },
    undone: 0,
  };
  expect(evaluationsTable([row])).toContain('describe/v1 test:model, dismissed: without a reason (2)');
});

it('measures how far two texts are apart between nothing and everything', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const distance = editDistance(a, b);
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(1);
      expect(editDistance(b, a)).toBe(distance);
      expect(editDistance(a, a)).toBe(0);
      expect(distance === 0).toBe(a.trim() === b.trim());
      expect(editDistance(`${a} ${c}`, `${b} ${c}`)).toBeLessThanOrEqual(1);
    }),
  );
  expect(editDistance('the export fails', 'the export fails today')).toBeCloseTo(1 / 4);
  expect(editDistance('', 'all new words')).toBe(1);
});

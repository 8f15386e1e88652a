// What becomes of a filed issue, and what that makes of its card.
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

/** A filed issue, a day later. */
async function filed(options: Parameters<typeof takeStage>[0] = {}) {
  const stage = await takeStage(options);
  await stage.openCard();
  await stage.click('pia', 'card_file');
  stage.clock.advance(DAY_MS);
  await stage.app.tick();
  await stage.settle();
  return stage;
}

/** Somebody moves the issue in Linear. */
async function move({ linear, settle, clock }: Stage, to: string) {
  const [issue] = [...linear.state.issues.values()];
  linear.human.setState(issue!.id, to);
  await settle();
  clock.advance(60 * MINUTE_MS);
}

async function expectRegression(stage: Stage) {
  const { complain, parents, slack, channel, linear, click } = stage;
  await complain('dan', EXPORT_COMPLAINTS[3]);
  const [old, back, ...more] = parents();
  expect(more).toEqual([]);
  expect(old!.text).toContain(slack.state.permalink(channel('insights'), back!.ts));
  expect(old!.text).toContain('ENG-1');
  expect(actionsOf(old!)).toEqual([]);
  expect(back!.text).toContain('Back again: ENG-1 was completed, and customers report it again.');
  expect(back!.text).toMatch(/Customers: 4 /);
  expect(actionsOf(back!)).toContain('card_file');
  await click('pia', 'card_file');
  expect([...linear.state.issues.values()].map(({ identifier }) => identifier)).toEqual(['ENG-1', 'ENG-2']);
}

describe('a completed issue', () => {
  it('is shown as done, and a report after it opens a new message that folds the old one', async () => {
    const stage = await filed();
    await move(stage, 'In Progress');
    expect(stage.card().text).toMatch(/Filed as .*ENG-1.*now In Progress/);
    await move(stage, 'Done');
    expect(stage.card().text).toMatch(/ENG-1>? is done/);
    await expectRegression(stage);
  }, 30_000);

  it('is found by polling where no webhook tells of it', async () => {
    const stage = await filed({ env: { LINEAR_WEBHOOK_SECRET: '' } });
    await move(stage, 'Done');
    expect(stage.card().text).not.toContain('is done');
    await stage.app.reconcile();
    await stage.settle();
    expect(stage.card().text).toMatch(/ENG-1>? is done/);
    await expectRegression(stage);
  }, 30_000);

  it('comes back for one report, however long ago the others were', async () => {
    const stage = await filed();
    await move(stage, 'Done');
    stage.clock.advance(60 * DAY_MS);
    await expectRegression(stage);
  }, 30_000);

  it('is no longer done when it is reopened, and later reports belong to it again', async () => {
    const stage = await filed();
    await move(stage, 'Done');
    await move(stage, 'In Progress');
    expect(stage.card().text).toMatch(/Filed as .*ENG-1.*now In Progress/);
    await stage.complain('dan', EXPORT_COMPLAINTS[3]);
    expect(stage.parents()).toHaveLength(1);
    expect(stage.linear.state.attachments.size).toBe(4);
  }, 30_000);

  it('comes back as long as the new card is refreshed with the reason that it has', async () => {
    const stage = await filed();
    await move(stage, 'Done');
    await stage.complain('dan', EXPORT_COMPLAINTS[3]);
    await stage.complain(stage.newcomer('eva'), EXPORT_COMPLAINTS[4]);
    expect(stage.parents()).toHaveLength(2);
    expect(stage.card().text).toContain('Back again: ENG-1 was completed, and customers report it again.');
    expect(stage.card().text).toMatch(/Customers: 5 /);
  }, 30_000);
});

describe('an issue that will not be done', () => {
  it('keeps its card quiet until reports have doubled and somebody new is among them', async () => {
    const stage = await filed();
    await move(stage, 'Canceled');
    expect(stage.card().text).toMatch(/now Canceled/);
    await stage.complain('dan', EXPORT_COMPLAINTS[3]);
    await stage.complain(stage.newcomer('eva'), EXPORT_COMPLAINTS[4]);
    expect(stage.parents()).toHaveLength(1);
    await stage.complain(stage.newcomer('finn'), EXPORT_COMPLAINTS[5]);
    expect(stage.parents()).toHaveLength(2);
    expect(stage.card().text).toContain('ENG-1 was canceled when 3 customers reported it; now 6 do.');
  }, 30_000);

  it('is told on the card when somebody deletes it in Linear', async () => {
    const stage = await filed();
    const [issue] = [...stage.linear.state.issues.values()];
    stage.linear.human.trash(issue!.id);
    await stage.settle();
    expect(stage.card().text).toMatch(/now in the trash/);
  }, 30_000);
});

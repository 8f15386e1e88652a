// The bot killed before and after each call to another system and each commit of the loop, and in its first start. The list is not written
// down: it is recorded from a run, and walked. What there is in the end must be what there is when nobody is killed.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openCheckpoints } from '#src/storage/checkpoints.ts';
import { openDb } from '#src/storage/db.ts';
import { createQueue } from '#src/storage/queue.ts';
import { fastClock, MINUTE_MS } from '#test/support/fast-clock.ts';
import { STATEMENT } from '#test/support/kill-bot.ts';
import { createDatabase, type Run, runStory } from '#test/support/kill-run.ts';
import { cardsIn } from '#test/support/kill-story.ts';
import { listOf, placesOf, walk } from '#test/support/kill-walk.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

// A case waits for others as much as it works: more lanes than this only take each other's processor.
const LANES = 3;
// A first start sends about this many statements; so many of them, spread evenly, are killed before.
const STATEMENTS_WALKED = 12;
// Ten minutes were measured on two cores that had five times as much else to do.
const LIMIT_MS = 1_800_000;
const PATIENCE = { timeout: 15_000 };
// A call is repeated twice in place; more failures than that mean that a later try of the job has asked too.
const TRIES_OF_A_CALL = 3;

let template: Awaited<ReturnType<typeof createDatabase>>;
let calm: Run;

beforeAll(async () => {
  template = await createDatabase(inject('templateDatabase'));
  await makeTables(template.url);
  calm = await runStory({ until: 'undo', template: template.name });
});
afterAll(() => template?.drop());

it('does the whole story when nobody is killed', () => {
  const list = listOf(calm);
  console.log(list.map(({ step, point, times }) => `${step}: ${point} ×${times}`).join('\n'));
  expect(calm.ends.get('late report')).toMatchObject({
    'messages in the insights channel': 1,
    'details in the thread': 1,
    'replies to reports': [1, 1, 0, 0],
    'reactions to reports': [[], [], ['link'], ['link']],
    'live issues': 1,
    'issues in the trash': 0,
    'links of issues': 5,
    'different links': 5,
    'notes on the ticket': 1,
    'signals by author': ['customer 5 of 5', 'staff 1 of 1'],
    themes: ['1 with 5 reports'],
    cards: ['filed drawn'],
    decisions: ['approved 1'],
    'deliveries that wait': [],
  });
  expect(calm.ends.get('undo')).toMatchObject({
    'messages in the insights channel': 1,
    'replies to reports': [0, 0, 0, 0],
    'reactions to reports': [[], [], [], []],
    'live issues': 0,
    'issues in the trash': 1,
    'links of issues': 0,
    'notes on the ticket': 1,
    'notes that take it back': 1,
    cards: ['open drawn'],
    decisions: ['undone 1'],
    'open decisions': ['1'],
    'deliveries that wait': [],
  });
});

it(
  'loses nothing and does nothing twice, wherever it is killed on the way to the issue and back',
  async () => {
    const places = placesOf(listOf(calm));
    console.log(`${places.length} kills`);
    expect(places.length).toBeGreaterThan(140);
    const run = { until: 'undo', template: template.name };
    expect(await walk({ places, lanes: LANES, run, expected: calm.ends })).toEqual([]);
  },
  LIMIT_MS,
);

it(
  'starts on what a first start left that was killed half way',
  async () => {
    const first = await runStory({ until: 'first report', template: null, statements: true });
    const sent = first.passed.get('start')!.filter((point) => point === STATEMENT).length;
    expect(sent).toBeGreaterThan(STATEMENTS_WALKED);
    const places = Array.from({ length: STATEMENTS_WALKED }, (_, index) => ({
      step: 'start',
      point: STATEMENT,
      occurrence: 1 + Math.floor((index * (sent - 1)) / (STATEMENTS_WALKED - 1)),
      when: 'before' as const,
    }));
    console.log(
      `${places.length} kills among ${sent} statements: ${places.map(({ occurrence }) => occurrence).join(', ')}`,
    );
    const run = { until: 'first report', template: null, statements: true };
    expect(await walk({ places, lanes: LANES, run, expected: first.ends })).toEqual([]);
  },
  LIMIT_MS,
);

/** How often Zendesk would not list comments. */
function failed({ zendesk }: Rig): number {
  return zendesk.calls.filter(({ operation, status }) => operation === 'comments.list' && status === 503).length;
}

/** The tables of the queue and of the graphs, so that each case need not make them again. */
async function makeTables(url: string): Promise<void> {
  const db = openDb({ url, log: quietLog, telemetry: quietTelemetry });
  const queue = createQueue({ url, workspaceId: 'main', log: quietLog, db });
  try {
    await openCheckpoints(db);
    await queue.start([]);
  } finally {
    await queue.stop(0);
    await db.close();
  }
}

it('files although Slack did not answer when the plan was made', async () => {
  const clock = fastClock();
  const rig = await startRig({ clock });
  const { slack, linear, user, channel } = rig;
  try {
    for (const [who, text] of [
      ['ana', 'The CSV export fails with error 500 since this morning'],
      ['ben', 'exporting to csv is broken, I get error 500'],
      ['cleo', 'CSV export fails for us too, error 500 when I download the report'],
    ] as const)
      slack.human.post(user(who), channel('support'), text);
    await rig.settle();
    // What Slack said lately is remembered; now the plan has to ask again.
    clock.advance(11 * MINUTE_MS);
    slack.faults.next('users.list', { kind: 'server_error' }, TRIES_OF_A_CALL);
    await slack.human.click(user('pia'), channel('insights'), cardsIn(rig)[0]!.ts, 'card_file');
    await expect.poll(() => [...linear.state.issues.values()].length, PATIENCE).toBe(1);
    expect(slack.faults.unused()).toEqual([]);
  } finally {
    await rig.close();
  }
});

it('takes back an effect that nobody noted, because its answer was lost before the undo', async () => {
  const rig = await startRig();
  const { slack, zendesk, user, channel } = rig;
  try {
    zendesk.human.createTicket(
      { name: 'Erik Holm', email: 'erik@northwind.example', organization: 'Northwind' },
      { subject: 'CSV export fails', body: 'The CSV export fails with error 500 whenever I try to download it.' },
    );
    slack.human.post(user('ana'), channel('support'), 'The CSV export fails with error 500 since this morning');
    slack.human.post(user('ben'), channel('support'), 'exporting to csv is broken, I get error 500');
    await rig.settle();
    const notes = () =>
      [...zendesk.state.tickets.values()].flatMap(({ comments }) => comments.filter((comment) => !comment.public));

    // The note is written, its answer is lost, and Zendesk cannot be asked about it for a while.
    zendesk.faults.add({ operation: 'tickets.update', answer: { kind: 'lost_answer' } });
    const unwatch = zendesk.subscribe(() => {
      if (notes().length === 1)
        zendesk.faults.add({ operation: 'comments.list', times: 1_000, answer: { kind: 'status', status: 503 } });
    });
    const card = cardsIn(rig)[0]!;
    await slack.human.click(user('pia'), channel('insights'), card.ts, 'card_file');
    await slack.until('Undo on the card', () => JSON.stringify(cardsIn(rig)[0]!.blocks).includes('card_undo'));
    await expect.poll(() => notes().length, PATIENCE).toBe(1);
    unwatch();
    expect((await slack.human.click(user('pia'), channel('insights'), card.ts, 'card_undo')).ok).toBe(true);
    await expect.poll(() => failed(rig), PATIENCE).toBeGreaterThan(TRIES_OF_A_CALL);
    zendesk.faults.clear();

    await expect.poll(() => notes().length, PATIENCE).toBe(2);
    expect(notes()[1]!.body).toContain('was undone');
  } finally {
    await rig.close();
  }
});

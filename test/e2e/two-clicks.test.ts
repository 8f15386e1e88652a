// Two people and one card: whoever is first decides, everybody else is told, and what was shown is what is done.
import { afterEach, describe, expect, it } from 'vitest';
import { payloadHashOf } from '#src/domain/proposal.ts';
import type { Message } from '#src/sandbox/slack/model.ts';
import { byApp } from '#src/sandbox/slack/state.ts';
import { plainAnalyst } from '#test/support/analyst.ts';
import { setClock } from '#test/support/clock.ts';
import { parentsIn } from '#test/support/effects.ts';
import { type Rig, type RigOptions, startRig } from '#test/support/rig.ts';

const START = '2026-03-02T09:00:00Z';
// Longer than a run of one person's messages may pause.
const APART_MS = 10 * 60_000;

let rig: Rig | null = null;
afterEach(async () => {
  const violations = rig?.slack.state.violations ?? [];
  await rig?.close();
  rig = null;
  expect(violations).toEqual([]);
});

type Who = 'ana' | 'ben' | 'cleo' | 'dan' | 'pia' | 'sam' | 'gus';

/** A workspace in which everything that is said is a report. */
async function workspace(options: RigOptions = {}) {
  const clock = setClock(START);
  rig = await startRig({ clock, ...options, overrides: { analyst: plainAnalyst, ...options.overrides } });
  const { slack, linear, app, user, channel, settle } = rig;
  const insights = channel('insights');
  const rows = <Row extends Record<string, unknown>>(sql: string) => app.db.query<Row>(sql);
  return {
    ...rig,
    rig,
    clock,
    insights,
    rows,
    say(who: Who, text: string) {
      clock.advance(APART_MS);
      return slack.human.post(user(who), channel('support'), text);
    },
    click: (who: string, ts: string, action: string, value?: string) =>
      slack.human.click(who, insights, ts, action, value === undefined ? {} : { value }),
    /** What only this person was told. */
    told: (who: Who) => slack.state.ephemeralsOf(user(who)).map((one) => one.message.text),
    issues: () => [...linear.state.issues.values()],
    decisions: () =>
      rows<{ status: string; decided_by: string | null; proposal_revision: number; payload_hash: string | null }>(
        'select status, decided_by, proposal_revision, payload_hash from decision order by proposal_id, proposal_revision',
      ),
    cards: () => parentsIn(rig!),
    settle,
  };
}
type Workspace = Awaited<ReturnType<typeof workspace>>;

/** Three customers report it, and there is a card. */
async function withCard(options: RigOptions = {}): Promise<{ w: Workspace; ts: string }> {
  const w = await workspace(options);
  w.say('ana', 'The CSV export fails with error 500');
  w.say('ben', 'Exporting to CSV fails, error 500');
  w.say('cleo', 'CSV export: error 500 on every export');
  await w.settle();
  const [card] = w.cards();
  return { w, ts: card!.ts };
}

/** The value of one of the five reasons of Dismiss, as this card carries it. */
function dismissal(message: Message): string {
  const elements = (message.blocks ?? []).flatMap((block) =>
    block.type === 'actions' ? (block.elements as object[]) : [],
  );
  const menu = elements.find((element) => 'action_id' in element && element.action_id === 'card_dismiss') as
    | { options: { value: string }[] }
    | undefined;
  return menu!.options[0]!.value;
}

/** Fifty subjects without a word in common, so that each opens a theme of its own. */
const SUBJECTS = [
  'anchor badge calendar dashboard',
  'elevator fingerprint gateway hologram',
  'invoice joystick keyboard lantern',
  'mailbox notebook orchestra passport',
  'quarry railway satellite telescope',
  'umbrella vineyard warehouse xylophone',
  'yoghurt zeppelin almond broccoli',
  'chimney dolphin emerald falcon',
  'glacier hammock island jungle',
  'kitchen lighthouse marble necklace',
  'octopus pyramid quilt rainbow',
  'saxophone tornado unicorn volcano',
  'walnut yacht zebra apricot',
  'blanket compass diamond envelope',
  'feather giraffe helmet iceberg',
  'jacket kangaroo ladder mirror',
  'needle oyster pencil queen',
  'rocket sandwich tractor uniform',
  'violin window backpack cinnamon',
  'dragon engine flamingo garlic',
  'harvest insect jewel kettle',
  'lemon mountain nectar onion',
  'pillow radish shovel ticket',
  'urchin vanilla whistle bamboo',
  'castle domino eclipse fountain',
  'grammar horizon ivory jasmine',
  'knuckle lobster mustard nomad',
  'oxygen parrot riddle sculpture',
  'thunder utensil velvet wizard',
  'bicycle cathedral dentist eagle',
  'forest guitar hedgehog instrument',
  'jigsaw kiosk library magnet',
  'napkin ocean peninsula rhythm',
  'shepherd temple upstairs village',
  'waffle barrel cactus dungeon',
  'easel ferry goblin hamster',
  'iguana juggler kimono lettuce',
  'mosaic nutmeg oasis puzzle',
  'raccoon sponge turbine vulture',
  'wrench bracelet candle dynasty',
  'elbow fortune granite honey',
  'infant jersey koala lagoon',
  'melody nephew opera planet',
  'ribbon swamp tulip vessel',
  'willow butcher canyon deputy',
  'estuary fabric gallery harbour',
  'idiom journey kidney lizard',
  'monsoon nursery orchard pepper',
  'refuge stadium tunnel vaccine',
  'wallet bonfire clover dagger',
];

const ROUNDS = SUBJECTS.length;

describe('File and Dismiss at the same moment', () => {
  it(`has one winner each time, ${ROUNDS} times, and tells the other who it was`, async () => {
    const w = await workspace({ settings: { 'insight.customers': 1, 'insights.per_day': 100 } });
    for (const subject of SUBJECTS) {
      w.say('ana', subject);
      await w.settle();
    }
    const cards = w.cards();
    expect(cards).toHaveLength(ROUNDS);

    for (const [index, card] of cards.entries()) {
      const reason = dismissal(card);
      const clicks = [
        () => w.click(w.user('pia'), card.ts, 'card_file'),
        () => w.click(w.user('sam'), card.ts, 'card_dismiss', reason),
      ];
      // Whoever's request leaves first has an advantage; they take turns.
      if (index % 2 === 1) clicks.reverse();
      const answers = await Promise.all(clicks.map((click) => click()));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      await w.settle();
      w.clock.advance(60_000);
    }

    const decisions = await w.rows<{ id: string; status: string; decided_by: string; issues: string; effects: string }>(
      `select d.id, d.status, d.decided_by, count(a.id) filter (where a.kind = 'linear.issue' and a.state = 'done') as issues, count(a.id) as effects
       from decision d left join action a on a.decision_id = d.id group by d.id, d.status, d.decided_by`,
    );
    const filed = decisions.filter(({ status }) => status === 'approved');
    const dismissed = decisions.filter(({ status }) => status === 'dismissed');
    expect(decisions).toHaveLength(ROUNDS);
    expect(filed.length + dismissed.length).toBe(ROUNDS);
    expect(new Set(filed.map(({ decided_by }) => decided_by))).toEqual(
      new Set(filed.length > 0 ? [w.user('pia')] : []),
    );
    expect(new Set(dismissed.map(({ decided_by }) => decided_by))).toEqual(
      new Set(dismissed.length > 0 ? [w.user('sam')] : []),
    );
    expect(filed.map(({ issues }) => Number(issues))).toEqual(filed.map(() => 1));
    expect(dismissed.map(({ effects }) => Number(effects))).toEqual(dismissed.map(() => 0));
    expect(w.issues()).toHaveLength(filed.length);
    expect(new Set(w.issues().map(({ title }) => title)).size).toBe(filed.length);
    // Each loser is told by name who was faster; a winner sees it on the card.
    expect(w.told('pia')).toEqual(
      dismissed.map(() => expect.stringMatching(/^Sam Support dismissed this .*Your click changed nothing/)),
    );
    expect(w.told('sam')).toEqual(
      filed.map(() => expect.stringMatching(/^Pia Product approved this .*Your click changed nothing/)),
    );
    const shown = w.cards().map(({ text }) => text);
    expect(shown.filter((text) => /approved by Pia Product/i.test(text))).toHaveLength(filed.length);
    expect(shown.filter((text) => /dismissed by Sam Support/i.test(text))).toHaveLength(dismissed.length);
  }, 180_000);

  it('takes a double click for one', async () => {
    const { w, ts } = await withCard();
    await Promise.all([w.click(w.user('pia'), ts, 'card_file'), w.click(w.user('pia'), ts, 'card_file')]);
    await w.settle();
    expect(w.issues()).toHaveLength(1);
    expect(await w.decisions()).toMatchObject([{ status: 'approved', decided_by: w.user('pia') }]);
    expect(w.told('pia')).toEqual([expect.stringMatching(/Pia Product approved this/)]);
  });
});

describe('when Slack does not draw the card', () => {
  it('counts the click, tells the second who was first, and shows it as soon as it can', async () => {
    const { w, ts } = await withCard();
    w.slack.faults.next('chat.update', { kind: 'error', error: 'cant_update_message' }, 100);
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    await w.click(w.user('sam'), ts, 'card_file');
    await w.settle();
    expect(w.told('pia')).toEqual([]);
    expect(w.told('sam')).toEqual([expect.stringMatching(/Pia Product approved this/)]);
    expect(w.issues()).toHaveLength(1);
    w.slack.faults.clear();
    w.clock.advance(60_000);
    await w.app.sweep();
    await w.settle();
    expect(w.cards()[0]!.text).toMatch(/approved by Pia Product/i);
  });
});

describe('where two have to approve', () => {
  const settings = { 'approvals.needed': 2 };

  it('files once when two approve at the same moment', async () => {
    const { w, ts } = await withCard({ settings });
    await Promise.all([w.click(w.user('pia'), ts, 'card_file'), w.click(w.user('sam'), ts, 'card_file')]);
    await w.settle();
    expect(w.issues()).toHaveLength(1);
    expect(await w.decisions()).toMatchObject([{ status: 'approved' }]);
    expect(await w.rows('select person_id from approval')).toHaveLength(2);
    expect([...w.told('pia'), ...w.told('sam')]).toEqual([expect.stringMatching(/1 of 2/)]);
  });

  it('counts one person once, however often they click, and files with the second person', async () => {
    const { w, ts } = await withCard({ settings });
    for (let times = 0; times < 3; times++) {
      await w.click(w.user('pia'), ts, 'card_file');
      await w.settle();
    }
    expect(w.issues()).toHaveLength(0);
    expect(w.told('pia')).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/1 of 2/)));
    await w.click(w.user('sam'), ts, 'card_file');
    await w.settle();
    expect(w.issues()).toHaveLength(1);
    expect(w.told('sam')).toEqual([]);
  });

  it('lets one dismissal end it', async () => {
    const { w, ts } = await withCard({ settings });
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    await w.click(w.user('sam'), ts, 'card_dismiss', dismissal(w.cards()[0]!));
    await w.settle();
    expect(JSON.stringify(w.cards()[0]!.blocks)).not.toContain('card_file');
    expect(w.issues()).toHaveLength(0);
    expect(await w.decisions()).toMatchObject([{ status: 'dismissed', decided_by: w.user('sam') }]);
  });
});

describe('evidence that changes between the look and the click', () => {
  it('does exactly what was shown when there are only more reports, and adds them to what was filed', async () => {
    const { w, ts } = await withCard();
    const [shown] = await w.rows<{ payload_hash: string }>('select payload_hash from proposal');
    w.say('dan', 'We get error 500 at the CSV export');
    await w.settle();
    expect(w.cards()[0]!.text).toContain('4 (4 within 14 days)');
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    expect(await w.decisions()).toEqual([
      { status: 'approved', decided_by: w.user('pia'), proposal_revision: 1, payload_hash: shown!.payload_hash },
    ]);
    const [issue] = w.issues();
    const { title, description, priority, labelIds } = issue!;
    const labels = labelIds.map((id) => w.linear.state.labels.get(id)!.name);
    // What Linear holds is what the action carried, and that is what the proposal said.
    expect(await w.rows(`select payload_hash from action where kind = 'linear.issue'`)).toEqual([
      { payload_hash: payloadHashOf({ kind: 'linear.issue', title, description, labels, priority, team: null }) },
    ]);
    expect(description).toContain('3 reports');
    expect(w.linear.state.attachments.size).toBe(4);
  });

  /** The proposal changes while Slack cannot be told: the card that people see is the old one. */
  async function behindTheBack(w: Workspace) {
    w.slack.faults.next('chat.update', { kind: 'error', error: 'internal_error' }, 50);
    w.say('dan', 'CRITICAL: CSV export fails with error 500, nobody can work');
    w.say('ana', 'CRITICAL: CSV export still fails with error 500');
    await w.settle();
    w.slack.faults.clear();
  }

  it('does nothing when what would be done has changed, shows the new proposal, and says so', async () => {
    const { w, ts } = await withCard();
    expect(w.cards()[0]!.text).toContain('Medium');
    await behindTheBack(w);
    expect(w.cards()[0]!.text).toContain('Medium');
    expect(await w.rows('select revision, status from proposal order by revision')).toEqual([
      { revision: 1, status: 'superseded' },
      { revision: 2, status: 'open' },
    ]);
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    expect(w.issues()).toHaveLength(0);
    expect(w.told('pia')).toEqual([
      expect.stringMatching(/has changed since you saw it, so nothing was done.*please look again/),
    ]);
    expect(await w.decisions()).toMatchObject([{ status: 'expired' }, { status: 'pending' }]);
    expect(w.cards()[0]!.text).toContain('Urgent');
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    expect(w.issues()).toMatchObject([{ priority: 1 }]);
    expect(await w.decisions()).toMatchObject([{ status: 'expired' }, { status: 'approved', proposal_revision: 2 }]);
  });

  it('does not dismiss what has changed either, and does not count an approval of the old for the new', async () => {
    const { w, ts } = await withCard({ settings: { 'approvals.needed': 2 } });
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    const reason = dismissal(w.cards()[0]!);
    await behindTheBack(w);
    await w.click(w.user('ana'), ts, 'card_dismiss', reason);
    await w.settle();
    expect(w.told('ana')).toEqual([expect.stringMatching(/has changed since you saw it/)]);
    await w.click(w.user('sam'), ts, 'card_file');
    await w.settle();
    expect(w.told('sam')).toEqual([expect.stringMatching(/1 of 2/)]);
    expect(w.issues()).toHaveLength(0);
  });

  it('says in the window when what is edited has changed meanwhile', async () => {
    const { w, ts } = await withCard();
    await w.click(w.user('pia'), ts, 'card_edit');
    await w.settle();
    const [modal] = w.slack.state.modalsOf(w.user('pia'));
    await behindTheBack(w);
    const sent = await w.slack.human.submitView(w.user('pia'), modal!.view.id, { title: 'Mine' });
    await w.settle();
    expect(JSON.stringify(sent)).toContain('nothing was done');
    expect(w.issues()).toHaveLength(0);
  });
});

describe('a click that may not decide', () => {
  it('is answered kindly and does nothing: a guest, somebody external, and who is no approver', async () => {
    const { w, ts } = await withCard({ env: { APPROVERS: 'U0NOBODY' } });
    const eve = w.slack.human.join({
      name: 'eve',
      real_name: 'Eve Elsewhere',
      is_stranger: true,
      team_id: 'T0ELSEWHERE',
    });
    w.slack.human.invite(w.user('pia'), w.insights, eve.id, w.user('gus'));
    await w.settle();
    const reason = dismissal(w.cards()[0]!);
    for (const who of [w.user('gus'), eve.id, w.user('ana')]) {
      await w.click(who, ts, 'card_file');
      await w.click(who, ts, 'card_dismiss', reason);
      await w.click(who, ts, 'card_snooze');
      await w.click(who, ts, 'card_edit');
    }
    await w.settle();
    const four = (words: RegExp) => Array.from({ length: 4 }, () => expect.stringMatching(words));
    expect(w.told('gus')).toEqual(four(/Guests can read along/));
    expect(w.told('ana')).toEqual(four(/not one of the approvers/));
    expect(w.slack.state.ephemeralsOf(eve.id).map((one) => one.message.text)).toEqual(
      four(/Only members of this workspace/),
    );
    expect(await w.decisions()).toMatchObject([{ status: 'pending' }]);
    expect(w.issues()).toHaveLength(0);
    expect(w.cards()[0]!.text).not.toMatch(/approved|dismissed|set aside/i);
  });

  /** A message that looks like a card of ours, with one button that carries this value. */
  function lookalike(w: Workspace, value: string): string {
    return w.slack.state.post(w.slack.state.channel('insights'), {
      ...byApp(w.slack.state),
      text: 'a card',
      blocks: [
        {
          type: 'actions',
          block_id: 'b',
          elements: [{ type: 'button', action_id: 'card_file', text: { type: 'plain_text', text: 'File' }, value }],
        },
      ],
    }).ts;
  }

  it('is answered kindly on a card that nobody knows, and on a button of an older version', async () => {
    const { w } = await withCard();
    const values = [
      `v1|crd_${'0'.repeat(24)}|pro_${'0'.repeat(24)}|1`,
      'v0|crd_1|pro_1|1',
      'v1|crd_1',
      'file:17',
      'x'.repeat(255),
    ];
    for (const value of values) await w.click(w.user('pia'), lookalike(w, value), 'card_file');
    await w.settle();
    expect(w.told('pia')).toEqual(
      values.map(() => expect.stringMatching(/older version of the card, so the button did nothing/)),
    );
    expect(w.issues()).toHaveLength(0);
    expect(await w.decisions()).toMatchObject([{ status: 'pending' }]);
  });

  it('is answered kindly on a card whose reports were all taken back', async () => {
    const { w, ts } = await withCard();
    const [card] = await w.rows<{ id: string; proposal_id: string }>('select id, proposal_id from card');
    for (const message of [...w.slack.state.channel('support').messages]) {
      if (message.user && message.user !== w.slack.state.app.botUserId)
        w.slack.human.remove(message.user, w.channel('support'), message.ts);
    }
    await w.settle();
    expect(await w.rows('select state from card')).toEqual([{ state: 'folded' }]);
    expect(JSON.stringify(w.slack.state.message('insights', ts).blocks)).not.toContain('card_file');
    await w.click(w.user('pia'), lookalike(w, `v1|${card!.id}|${card!.proposal_id}|1`), 'card_file');
    await w.settle();
    expect(w.told('pia')).toEqual([expect.stringMatching(/older version of the card/)]);
    expect(w.issues()).toHaveLength(0);
  });

  it('is told who decided on a card that is folded because a newer one took its place', async () => {
    const { w, ts } = await withCard();
    const [card] = await w.rows<{ id: string; proposal_id: string }>('select id, proposal_id from card');
    await w.click(w.user('pia'), ts, 'card_file');
    await w.settle();
    w.clock.advance(APART_MS);
    w.linear.human.setState(w.issues()[0]!.id, 'Done');
    await w.settle();
    w.say('dan', 'The CSV export fails with error 500 again');
    await w.settle();
    expect(w.cards()).toHaveLength(2);
    await w.click(w.user('sam'), lookalike(w, `v1|${card!.id}|${card!.proposal_id}|1`), 'card_file');
    await w.settle();
    expect(w.told('sam')).toEqual([expect.stringMatching(/Pia Product approved this/)]);
    expect(w.issues()).toHaveLength(1);
  });
});

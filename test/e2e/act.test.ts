// What an approval does in the world: once, in the right places, and honestly when a system does not play along.
import { afterEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '#test/support/db.ts';
import { MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, labelsOf, leaveStage, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Stage = Awaited<ReturnType<typeof takeStage>>;

const nina = { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' };
const issuesOf = ({ linear }: Stage) => [...linear.state.issues.values()];
const attachmentsOf = ({ linear }: Stage) => [...linear.state.attachments.values()].map(({ url }) => url).sort();
const notesOn = ({ zendesk }: Stage, ticketId: string) =>
  zendesk.state.tickets
    .get(ticketId)!
    .comments.filter((comment) => !comment.public)
    .map(({ body }) => body);
const reactionsOn = ({ slack, channel }: Stage, ts: string, where = 'support') =>
  (slack.state.message(channel(where), ts).reactions ?? []).map(({ name }) => name);
const ourReplies = (stage: Stage, ts: string, where = 'support') =>
  stage.repliesTo(ts, where).filter(({ user }) => user === stage.slack.state.app.botUserId);

describe('in Linear', () => {
  it('files what was shown, with the evidence, the labels, the way back and an attachment per conversation', async () => {
    const stage = await takeStage({ env: { PUBLIC_URL: 'https://throughline.example.com' } });
    const { zendesk, openCard, click, slack, channel } = stage;
    zendesk.human.createTicket(nina, { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' });
    await openCard();
    await click('pia', 'card_file');
    const [issue, ...more] = issuesOf(stage);
    expect(more).toEqual([]);
    const sources = [
      `${zendesk.url}/agent/tickets/1`,
      ...slack.state.timeline(channel('support')).map(({ ts }) => slack.state.permalink(channel('support'), ts)),
    ].sort();
    expect(attachmentsOf(stage)).toEqual(sources);
    expect(issue!.description).toContain('**What customers say**');
    expect(issue!.description).toMatch(/> .*error 500/);
    expect(issue!.description).toMatch(/https:\/\/throughline\.example\.com\/lineage\/\w+\?sig=/);
    const labels = issue!.labelIds.map((id) => stage.linear.state.labels.get(id)!.name);
    expect(labels).toContain('customer feedback');
  }, 30_000);

  it('says that Linear is down, files when it is back, and only once', async () => {
    const stage = await takeStage();
    const { openCard, click, linear, card, app, settle } = stage;
    await openCard();
    linear.faults.next({ kind: 'server_error', times: 4 });
    await click('pia', 'card_file');
    expect(card().text).toMatch(/Approved by Pia Product/);
    expect(card().text).toMatch(/Linear does not answer; trying again/);
    expect(actionsOf(card())).toEqual(['card_undo']);
    expect(issuesOf(stage)).toEqual([]);
    await expect
      .poll(
        async () => {
          await app.sweep();
          await settle();
          return issuesOf(stage).length;
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(card().text).not.toContain('does not answer');
    expect(attachmentsOf(stage)).toHaveLength(3);
  }, 30_000);

  it('takes an approval back that Linear never heard of', async () => {
    const stage = await takeStage();
    const { openCard, click, linear, card } = stage;
    await openCard();
    linear.faults.next({ kind: 'server_error', times: 4 });
    await click('pia', 'card_file');
    linear.faults.clear();
    await click('pia', 'card_undo');
    expect(issuesOf(stage).filter(({ trashed }) => !trashed)).toEqual([]);
    expect(actionsOf(card())).toContain('card_file');
    await click('pia', 'card_file');
    expect(issuesOf(stage).filter(({ trashed }) => !trashed)).toHaveLength(1);
  }, 30_000);

  it('says what Linear refused and what to do, writes nothing else, and files on another try', async () => {
    const stage = await takeStage();
    const { openCard, click, linear, card, audit, parents, slack, user, settle, zendesk } = stage;
    zendesk.human.createTicket(nina, { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' });
    const { ts } = await openCard();
    linear.faults.next({ kind: 'server_error', status: 401, times: 1 });
    // What was typed before the refusal is not to be typed again.
    await click('pia', 'card_edit');
    const [modal] = slack.state.modalsOf(user('pia'));
    await slack.human.submitView(user('pia'), modal!.view.id, { title: 'CSV export answers 500' });
    await settle();
    expect(issuesOf(stage)).toEqual([]);
    expect(card().text).toMatch(/Approved by Pia Product.*but filing has not worked yet/);
    expect(card().text).toMatch(/Linear does not accept the token\. \S+/);
    expect(labelsOf(card())).toEqual(['Try again', 'Undo']);
    expect(notesOn(stage, '1')).toEqual([]);
    expect(attachmentsOf(stage)).toEqual([]);
    await click('sam', 'card_file');
    expect(issuesOf(stage).map(({ title }) => title)).toEqual(['CSV export answers 500']);
    expect(card().text).toMatch(/Filed as .*ENG-1.*approved by Sam Support/);
    expect(notesOn(stage, '1')).toHaveLength(1);
    expect(parents().map((parent) => parent.ts)).toEqual([ts]);
    expect(await audit('decision.%')).toEqual(['decision.approved by pia', 'decision.approved by sam']);
  }, 30_000);

  it('lets nobody try again who may not approve', async () => {
    const stage = await takeStage({ env: { APPROVERS: 'staff' } });
    const { openCard, click, linear, card, toldTo } = stage;
    await openCard();
    linear.faults.next({ kind: 'server_error', status: 401, times: 1 });
    await click('pia', 'card_file');
    await click('ana', 'card_file');
    expect(toldTo('ana').at(-1)).toContain('not one of the approvers');
    expect(issuesOf(stage)).toEqual([]);
    expect(labelsOf(card())).toEqual(['Try again', 'Undo']);
  }, 30_000);

  it('does not file for somebody who has lost the right between the click and the effect', async () => {
    const stage = await takeStage({ env: { APPROVERS: 'staff' } });
    const { openCard, click, linear, card, slack, app, settle } = stage;
    await openCard();
    linear.faults.next({ kind: 'server_error', times: 4 });
    await click('sam', 'card_file');
    linear.faults.clear();
    slack.state.setUsergroup('staff', [slack.state.user('pia').id]);
    await settle();
    await app.sweep();
    await settle();
    expect(issuesOf(stage)).toEqual([]);
    expect(card().text).toContain('whoever approved it may no longer approve');
    await click('pia', 'card_file');
    expect(issuesOf(stage)).toHaveLength(1);
  }, 30_000);
});

describe('taking it back', () => {
  it('waits for Linear when it is down, and says so meanwhile', async () => {
    const stage = await takeStage();
    const { openCard, click, linear, card, app, settle } = stage;
    await openCard();
    await click('pia', 'card_file');
    linear.faults.next({ kind: 'server_error', operation: 'issueDelete', times: 3 });
    await click('pia', 'card_undo');
    expect(card().text).toMatch(/Undone by Pia Product/);
    expect(card().text).toMatch(/Linear does not answer; trying again/);
    await expect
      .poll(
        async () => {
          await app.sweep();
          await settle();
          return issuesOf(stage)[0]!.trashed === true;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(actionsOf(card())).toContain('card_file');
    expect(card().text).toContain('Pia Product took back the filing of ENG-1.');
  }, 30_000);

  it('says what stays when Linear refuses, and puts the matter on the table all the same', async () => {
    const stage = await takeStage();
    const { openCard, click, linear, card } = stage;
    await openCard();
    await click('pia', 'card_file');
    linear.faults.next({ kind: 'server_error', operation: 'issueDelete', status: 403, times: 1 });
    await click('pia', 'card_undo');
    expect(issuesOf(stage)[0]!.trashed).toBeFalsy();
    expect(actionsOf(card())).toContain('card_file');
    expect(card().text).toMatch(/ENG-1 stays: Linear refused the token/);
  }, 30_000);
});

describe('several approvals', () => {
  it('are counted one by one, each with its audit row, and the last one files', async () => {
    const database = await createTestDatabase();
    const first = await takeStage({ databaseUrl: database.url });
    await first.app.settings.set('approvals.needed', 2, 'test');
    await leaveStage();
    const stage = await takeStage({ databaseUrl: database.url });
    const { openCard, click, toldTo, audit, card } = stage;
    await openCard();
    await click('pia', 'card_file');
    await click('pia', 'card_file');
    expect(toldTo('pia').at(-1)).toContain('Your approval counts: 1 of 2');
    expect(issuesOf(stage)).toEqual([]);
    await click('sam', 'card_file');
    expect(issuesOf(stage)).toHaveLength(1);
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(await audit('decision.%')).toEqual(['decision.counted by pia', 'decision.approved by sam']);
    // The same from a capture: one voice is not enough there either.
    const other = await stage.complain('ana', 'The invoice shows the wrong currency for Norway');
    await stage.react('pia', 'memo', { ts: other.ts, in: 'support' });
    await stage.clickMine('pia', 'capture_file', 'support');
    expect(toldTo('pia', 'support').at(-1)).toContain('Your approval counts: 1 of 2');
    expect(issuesOf(stage)).toHaveLength(1);
    await click('sam', 'card_file');
    expect(issuesOf(stage)).toHaveLength(2);
    await leaveStage();
    await database.drop();
  }, 30_000);
});

describe('in Zendesk', () => {
  it('leaves one internal note with the link on each ticket, however often its answer is lost', async () => {
    const stage = await takeStage();
    const { openCard, click, zendesk, app, settle } = stage;
    zendesk.human.createTicket(nina, { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' });
    zendesk.human.createTicket(
      { name: 'Omar', email: 'omar@initech.test', organization: 'Initech' },
      { subject: 'Error', body: 'CSV export of our report fails with error 500.' },
    );
    await openCard();
    zendesk.faults.add({ operation: 'tickets.update', answer: { kind: 'lost_answer' } });
    await click('pia', 'card_file');
    await app.sweep();
    await settle();
    for (const id of ['1', '2']) {
      const notes = notesOn(stage, id);
      expect(notes).toHaveLength(1);
      expect(notes[0]).toContain('https://linear.app/acme/issue/ENG-1');
      const publics = zendesk.state.tickets.get(id)!.comments.filter((comment) => comment.public);
      expect(publics).toHaveLength(1);
    }
  }, 30_000);

  it('files all the same when a ticket takes no notes any more, and says so on the card', async () => {
    const stage = await takeStage();
    const { openCard, click, zendesk, card, settle } = stage;
    zendesk.human.createTicket(nina, { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' });
    await openCard();
    zendesk.human.setStatus('1', 'closed');
    await settle();
    await click('pia', 'card_file');
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(card().text).toMatch(/Ticket 1 is closed in Zendesk/);
  }, 30_000);
});

describe('in Slack', () => {
  it('replies once and reacts to the rest where only our own people read', async () => {
    const stage = await takeStage();
    const { openCard, click, slack, channel } = stage;
    await openCard();
    const said = slack.state.timeline(channel('support')).map(({ ts }) => ts);
    await click('pia', 'card_file');
    const replies = said.map((ts) => ourReplies(stage, ts).length);
    expect(replies.filter((n) => n === 1)).toHaveLength(1);
    expect(replies.filter((n) => n === 0)).toHaveLength(2);
    expect(said.map((ts) => reactionsOn(stage, ts).length).sort()).toEqual([0, 1, 1]);
    const [reply] = said.flatMap((ts) => ourReplies(stage, ts));
    expect(reply!.text).toMatch(/ENG-1/);
    expect(reply!.subtype).toBeUndefined();
    await click('pia', 'card_undo');
    expect(said.flatMap((ts) => ourReplies(stage, ts))).toEqual([]);
    expect(said.flatMap((ts) => reactionsOn(stage, ts))).toEqual([]);
  }, 30_000);

  it('replies wherever staff spoke or somebody captured the message', async () => {
    const stage = await takeStage();
    const { complain, react, click } = stage;
    const answered = await complain('ana', EXPORT_COMPLAINTS[0]);
    await complain('sam', 'Thanks, we are looking into it', { threadTs: answered.ts });
    const plain = await complain('ben', EXPORT_COMPLAINTS[1]);
    const captured = await complain('cleo', EXPORT_COMPLAINTS[2]);
    await react('pia', 'memo', { ts: captured.ts, in: 'support' });
    const other = await complain('dan', EXPORT_COMPLAINTS[3]);
    await click('pia', 'card_file');
    expect(ourReplies(stage, answered.ts)).toHaveLength(1);
    expect(ourReplies(stage, captured.ts)).toHaveLength(1);
    const rest = [plain.ts, other.ts];
    expect(rest.flatMap((ts) => ourReplies(stage, ts))).toHaveLength(1);
    expect(rest.flatMap((ts) => reactionsOn(stage, ts))).toHaveLength(1);
  }, 30_000);

  it.each([
    ['a guest', { is_restricted: true }],
    ['somebody of another company', { is_stranger: true }],
  ])(
    'writes nothing where %s reads along',
    async (_who, seed) => {
      const stage = await takeStage();
      const { openCard, click, newcomer, slack, channel, settle } = stage;
      newcomer('vera', seed);
      await settle();
      await openCard();
      const before = slack.state.timeline(channel('support')).map(({ ts }) => ts);
      await click('pia', 'card_file');
      expect(issuesOf(stage)).toHaveLength(1);
      expect(attachmentsOf(stage)).toHaveLength(3);
      expect(before.flatMap((ts) => [...ourReplies(stage, ts), ...reactionsOn(stage, ts)])).toEqual([]);
    },
    30_000,
  );
});

describe('afterwards', () => {
  it('adds later reports to the live issue instead of filing another one', async () => {
    const stage = await takeStage();
    const { openCard, click, complain, zendesk, settle, clock, parents } = stage;
    await openCard();
    await click('pia', 'card_file');
    clock.advance(30 * MINUTE_MS);
    const later = await complain('dan', EXPORT_COMPLAINTS[3]);
    zendesk.human.createTicket(nina, { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' });
    await settle();
    expect(issuesOf(stage)).toHaveLength(1);
    expect(attachmentsOf(stage)).toHaveLength(5);
    expect(ourReplies(stage, later.ts)).toEqual([]);
    expect(reactionsOn(stage, later.ts)).toHaveLength(1);
    expect(notesOn(stage, '1')).toHaveLength(1);
    expect(parents()).toHaveLength(1);
  }, 30_000);

  it('gives the issue everybody who reported between the proposal and the click', async () => {
    const stage = await takeStage();
    const { openCard, click, complain } = stage;
    await openCard();
    await complain('dan', EXPORT_COMPLAINTS[3]);
    await click('pia', 'card_file');
    expect(attachmentsOf(stage)).toHaveLength(4);
  }, 30_000);
});

// /throughline, as people type it: the chain through anything, what is talked about, what waits, and help.
import { afterEach, describe, expect, it } from 'vitest';
import type { SignalDraft } from '#src/domain/signal.ts';
import { STAFF_ONLY } from '#src/domain/visibility.ts';
import { systemFetch } from '#src/system.ts';
import { DAY_MS } from '#test/support/fast-clock.ts';
import { EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';
import { API_TOKEN } from '#test/support/world.ts';

afterEach(leaveStage);

/** Without the invisible marks that keep Slack from making links of what is none. */
const plain = (text: string) => text.replaceAll('\u2060', '');

/** Four customers, a filed issue, and a message that nobody needs. */
async function filed() {
  const stage = await takeStage();
  const { zendesk, openCard, click, complain, slack, channel } = stage;
  zendesk.human.createTicket(
    { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
    { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' },
  );
  await openCard();
  await click('pia', 'card_file');
  const noise = await complain('dan', 'thanks!');
  const messages = slack.state.timeline(channel('support')).filter(({ ts }) => ts !== noise.ts);
  const links = [
    ...messages.map(({ ts }) => slack.state.permalink(channel('support'), ts)),
    `${zendesk.url}/agent/tickets/1`,
  ];
  const noiseLink = slack.state.permalink(channel('support'), noise.ts);
  const [insight] = await stage.app.verbs.insights(STAFF_ONLY);
  return { ...stage, links, noiseLink, insightId: insight!.insightId };
}

describe('trace', () => {
  it('leads from the insight and the issue to every message and customer, and from each message to the issue', async () => {
    const stage = await filed();
    const { ask, links, insightId, app } = stage;
    const customers = ['Ana Costa', 'Ben Olsen', 'Cleo Martin', 'Globex'];
    const [ticket] = links.slice(-1);
    const queries: [query: string, sees: string[]][] = [
      ...[insightId, 'ENG-1', 'eng-1', 'https://linear.app/acme/issue/ENG-1/a-title'].map(
        (query): [string, string[]] => [query, [...links, ...customers]],
      ),
      ...['zendesk:1', '#1', 'ticket 1', 'Ticket #1', ticket!].map((query): [string, string[]] => [
        query,
        [ticket!, 'Globex'],
      ]),
      [links[0]!, [links[0]!, 'Ana Costa']],
      [links[2]!, [links[2]!, 'Cleo Martin']],
    ];
    for (const [query, sees] of queries) {
      const answer = await ask('pia', `trace ${query}`);
      for (const part of sees) expect(answer, `${query}: ${part}`).toContain(part);
      expect(answer, query).toMatch(/Issue: ENG-1/);
      expect(answer, query).toMatch(/Approved with the button \(Pia Product/);
      expect(answer, query).toContain('what you asked for');
      expect(answer, query).not.toContain(stage.noiseLink);
    }
    // Whoever reads changes nothing.
    const before = await app.db.query('select count(*) from audit');
    await ask('pia', 'trace ENG-1');
    expect(await app.db.query('select count(*) from audit')).toEqual(before);
  }, 60_000);

  it('says in words what each thing is, without the names of our machinery', async () => {
    const { ask } = await filed();
    const answer = await ask('pia', 'trace ENG-1');
    expect(answer).not.toMatch(/linear\W*issue|slack\W*react|linear\W*attachment|zendesk\W*note|compensated/);
  }, 60_000);

  it('tells why a message has no theme', async () => {
    const { ask, noiseLink } = await filed();
    const answer = await ask('pia', `trace ${noiseLink}`);
    expect(answer).toContain('took it for small talk');
    expect(answer).toContain(noiseLink);
  }, 60_000);

  it('gives things to try for what it does not know', async () => {
    const { ask, insightId } = await filed();
    const answer = await ask('pia', 'trace the moon');
    expect(answer).toContain('I found nothing called “the moon”');
    expect(answer).toContain('ENG-1');
    expect(plain(answer)).toContain(insightId);
    const empty = await takeStage();
    expect(await empty.ask('pia', 'trace the moon')).toMatch(/Things that can be traced: \S+/);
  }, 60_000);

  it('has an edge for every arrow of the flow', async () => {
    const { app, linear, settle } = await filed();
    const [issue] = [...linear.state.issues.values()];
    linear.human.setState(issue!.id, 'Done');
    await settle();
    const rows = await app.db.query<{ arrow: string }>(
      `select distinct from_kind || ' -> ' || to_kind as arrow from lineage order by 1`,
    );
    expect(rows.map(({ arrow }) => arrow)).toEqual([
      'action -> outcome',
      'conversation -> observation',
      'decision -> action',
      'insight -> proposal',
      'observation -> theme',
      'proposal -> decision',
      'signal -> conversation',
      'theme -> insight',
    ]);
    const loose = await app.db.query(
      `select id from signal_head h join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
       where not exists (select 1 from lineage l where l.workspace_id = h.workspace_id and l.from_id = h.signal_id and l.to_id = c.id)`,
    );
    expect(loose).toEqual([]);
  }, 60_000);

  it('answers the same by HTTP to whoever has the token, and to nobody else', async () => {
    const { app, links } = await filed();
    const get = (authorization?: string) =>
      systemFetch(`${app.url}/lineage/ENG-1`, {
        headers: { accept: 'application/json', ...(authorization ? { authorization } : {}) },
      });
    expect((await get()).status).toBe(401);
    expect((await get('Bearer wrong')).status).toBe(401);
    const answer = await get(`Bearer ${API_TOKEN}`);
    expect(answer.status).toBe(200);
    const body = JSON.stringify(await answer.json());
    for (const link of links) expect(body).toContain(link);
  }, 60_000);
});

describe('trends', () => {
  it('counts reports and customers per theme against the time before, for each period', async () => {
    const { complain, newcomer, ask, clock } = await takeStage();
    await complain('ana', EXPORT_COMPLAINTS[0], { at: clock.ago(60 * DAY_MS) });
    await complain('ben', EXPORT_COMPLAINTS[1], { at: clock.ago(20 * DAY_MS) });
    await complain('cleo', EXPORT_COMPLAINTS[2], { at: clock.ago(10 * DAY_MS) });
    await complain('dan', EXPORT_COMPLAINTS[3], { at: clock.ago(2 * DAY_MS) });
    await complain(newcomer('eva'), 'Please add a dark mode to the mobile app', { at: clock.ago(DAY_MS) });
    const week = await ask('pia', 'trends 7d');
    expect(week).toMatch(/2 reports from 2 customers in the last 7 days/);
    expect(week).toMatch(/1 report, 1 customer, 1 against 1 before, not enough data to compare \(n = 2\)/);
    expect(week).toContain('dark mode');
    // Seven days are meant when nobody says; the words hold the moment of asking, so that they are not compared whole.
    expect(await ask('pia', 'trends')).toMatch(/2 reports from 2 customers in the last 7 days/);
    expect(await ask('pia', 'trends 30d')).toMatch(/4 reports from 4 customers in the last 30 days/);
    expect(await ask('pia', 'trends 90d')).toMatch(/5 reports from 5 customers in the last 90 days/);
    expect(await ask('pia', 'trends 5y')).toMatch(/“5y” is longer than I count/);
  }, 60_000);
});

describe('insight', () => {
  it('lists what has a card and what waits, and shows one as the card that it is', async () => {
    const stage = await takeStage();
    const { openCard, ask, slack, user, channel, settle, complain, app, card } = stage;
    await openCard();
    // A channel that the bot was merely invited to: its insights wait in the list.
    slack.human.inviteBot(user('pia'), channel('random'));
    await settle();
    for (const [who, text] of [
      ['ana', 'The login page stays blank after the password reset'],
      ['ben', 'login page is blank after I reset my password'],
      ['cleo', 'After a password reset our login page stays blank'],
    ] as const)
      await complain(who, text, { in: 'random' });
    const list = await ask('pia', 'insight');
    expect(list).toContain('2 insights');
    expect(list).toMatch(/not posted, waits here/);
    expect(list).toMatch(/waits for a decision/);
    const rows = await app.verbs.insights(STAFF_ONLY);
    const waiting = rows.find(({ state }) => state === 'unposted');
    expect(list.indexOf(waiting!.insightId)).toBeLessThan(list.indexOf(rows.find((row) => row !== waiting)!.insightId));
    await ask('pia', `insight ${waiting!.insightId}`);
    const shown = slack.state.ephemeralsOf(user('pia'), channel('insights')).at(-1);
    expect(shownOn(shown!.message)).toMatch(/login page/i);
    // It can be decided on from there; then it stands in the channel.
    await stage.clickMine('pia', 'card_file');
    expect(stage.linear.state.issues.size).toBe(1);
    expect(card().text).toMatch(/Filed as .*ENG-1/);
    expect(plain(await ask('pia', 'insight ins_nothing'))).toContain('I know no insight called “ins_nothing”');
    // What is copied out of Slack carries those marks along.
    expect(await ask('pia', `insight ${waiting!.insightId.replace('_', '\u2060_\u2060')}`)).not.toContain(
      'I know no insight',
    );
  }, 60_000);
});

describe('old data', () => {
  it('waits in the list and opens no card until somebody asks for it', async () => {
    const { app, settle, ask, parents, clock, clickMine } = await takeStage();
    const old = EXPORT_COMPLAINTS.slice(0, 4).map((text, index) => {
      const at = clock.ago((100 + index) * DAY_MS).toISOString();
      const signal: SignalDraft = {
        source: 'import',
        externalId: `import:row-${index}`,
        change: 'created',
        occurredAt: at,
        changedAt: at,
        modality: 'text',
        text,
        measure: null,
        author: { id: `import:${index}`, name: null, role: 'customer' },
        container: { id: 'import', name: null },
        threadId: null,
        permalink: null,
        customer: { kind: 'author', key: `import:author:${index}`, name: null },
        reliability: 'asserted',
        capturedBy: null,
        historical: true,
      };
      return {
        source: 'import',
        deliveryId: `row-${index}`,
        kind: 'facts',
        payload: JSON.stringify([{ kind: 'signal', signal }]),
      };
    });
    await app.accept(old);
    await settle();
    expect(parents()).toEqual([]);
    expect(await ask('pia', 'insight')).toMatch(/4 customers, 4 reports · not posted, waits here/);
    // Setting it aside from the list is nobody else's news.
    const [row] = await app.verbs.insights(STAFF_ONLY);
    await ask('pia', `insight ${row!.insightId}`);
    await clickMine('pia', 'card_snooze');
    expect(parents()).toEqual([]);
    expect(await ask('pia', 'insight')).toMatch(/set aside/);
    clock.advance(8 * DAY_MS);
    await app.tick();
    await settle();
    expect(parents()).toEqual([]);
    expect(await ask('pia', 'insight')).toMatch(/not posted, waits here/);
    expect(await app.post(1)).toBe(1);
    await settle();
    expect(parents()).toHaveLength(1);
    expect(parents()[0]!.text).toMatch(/4 imported/);
    expect(await ask('pia', 'insight')).toMatch(/waits for a decision/);
  }, 60_000);
});

describe('help and everything else', () => {
  it('names every command with a real example, the emoji and the table of reactions', async () => {
    const { ask, channel } = await takeStage();
    const help = await ask('ben', 'help', 'support');
    for (const word of [
      'trends 30d',
      'insight',
      'trace ENG-12',
      'memo',
      'white_check_mark',
      'no_bell',
      'eyes',
      `<#${channel('insights')}>`,
    ])
      expect(help).toContain(word);
    expect(await ask('ben', '', 'support')).toBe(help);
  }, 60_000);

  it('answers a slip with what was probably meant, and a riddle with the way to the help', async () => {
    const { ask } = await takeStage();
    expect(await ask('ben', 'trand 30d', 'support')).toContain('Did you mean `/throughline trends 30d`');
    expect(await ask('ben', 'insigth', 'support')).toContain('Did you mean `/throughline insight`');
    expect(await ask('ben', 'sing', 'support')).toContain('`/throughline help` lists what I know');
  }, 60_000);
});

// Quiet by design: a budget of new cards, quiet hours, one digest, one reminder, and a report of the bot's own noise that is true.
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

const HOUR_MS = 60 * MINUTE_MS;
const MATTERS: readonly [string, string, string][] = [
  [
    'The CSV export fails with error 500 since this morning',
    'exporting to csv is broken, I get error 500',
    'CSV export fails for us too, error 500 when I download the report',
  ],
  [
    'The login page stays blank after the password reset',
    'login page is blank after I reset my password',
    'After a password reset our login page stays blank',
  ],
  [
    'Invoices show the wrong VAT number for our company',
    'our invoice has a wrong VAT number on it',
    'The VAT number on the invoice is wrong again',
  ],
  [
    'Please add a dark mode to the mobile app',
    'we would love a dark mode in the mobile app',
    'Dark mode for the mobile app please',
  ],
];

type Stage = Awaited<ReturnType<typeof takeStage>>;

/** Three customers report one matter. */
async function report(stage: Stage, matter: number): Promise<void> {
  for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
    await stage.complain(who, MATTERS[matter]![index]!);
}

/** Sets the clock to an hour of a day of the week (0 is Sunday), by UTC, in the future. */
function goTo(stage: Stage, weekday: number, time: string): void {
  const now = stage.clock.now();
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const then = new Date(now);
  then.setUTCHours(hours, minutes, 0, 0);
  while (then.getUTCDay() !== weekday || then <= now) then.setUTCDate(then.getUTCDate() + 1);
  stage.clock.advance(then.getTime() - now.getTime());
}

async function tick(stage: Stage): Promise<void> {
  await stage.app.tick();
  await stage.settle();
}

const set = (stage: Stage, key: string, value: unknown) => stage.app.settings.set(key, value, 'a test');
const heldOf = async (stage: Stage) =>
  (await stage.app.db.query<{ held: string }>('select held from card where held is not null')).map(({ held }) => held);
const cardsOf = (stage: Stage) => stage.parents().filter((message) => !isDigest(message.text));
const isDigest = (text: string) => /weekly digest|daily digest/.test(text);
const digestsOf = (stage: Stage) => stage.parents().filter(({ text }) => isDigest(text));

describe('the budget', () => {
  it('posts as many new cards as a day may have, the rest with the next days, the most important first', async () => {
    const stage = await takeStage({ settings: { 'insights.per_day': 1, 'digest.channel': 'off' } });
    goTo(stage, 2, '10:00');
    await report(stage, 0);
    await report(stage, 1);
    await report(stage, 2);
    expect(cardsOf(stage)).toHaveLength(1);
    expect(await heldOf(stage)).toEqual(['budget', 'budget']);
    // The one that more customers wait for comes first.
    await stage.complain('dan', 'The invoice shows a wrong VAT number');
    await tick(stage);
    expect(cardsOf(stage)).toHaveLength(1);
    goTo(stage, 3, '00:01');
    await tick(stage);
    await tick(stage);
    expect(cardsOf(stage)).toHaveLength(2);
    expect(cardsOf(stage)[1]!.text).toMatch(/VAT/);
    goTo(stage, 4, '00:01');
    await tick(stage);
    expect(cardsOf(stage)).toHaveLength(3);
    expect(await heldOf(stage)).toEqual([]);
  }, 120_000);

  it('is not spent by what goes on in place, and holds back nothing that a person asks for', async () => {
    const stage = await takeStage({ settings: { 'insights.per_day': 1, 'digest.channel': 'off' } });
    await report(stage, 0);
    await stage.complain('dan', 'csv export: error 500 whenever we try to download');
    expect(cardsOf(stage)).toHaveLength(1);
    expect(stage.card().text).toMatch(/4 customers/);
    await report(stage, 1);
    expect(cardsOf(stage)).toHaveLength(1);
    const [row] = await stage.app.db.query<{ id: string }>(`select id from card where held = 'budget'`);
    const person = { id: stage.user('pia'), kind: 'member', approver: true } as const;
    const guest = { id: stage.user('gus'), kind: 'guest', approver: false } as const;
    expect(await stage.app.verbs.showNow({ cardId: row!.id, person: guest })).toMatchObject({ kind: 'refused' });
    expect(await stage.app.verbs.showNow({ cardId: row!.id, person })).toMatchObject({ kind: 'posting' });
    expect(await stage.app.verbs.showNow({ cardId: row!.id, person })).toMatchObject({ kind: 'already' });
    await stage.settle();
    expect(cardsOf(stage)).toHaveLength(2);
    expect(await stage.audit('card.shown')).toEqual(['card.shown by pia']);
  }, 120_000);

  it('is spent once, however many workers open cards at the same moment', async () => {
    const stage = await takeStage({ settings: { 'insights.per_day': 2, 'digest.channel': 'off' } });
    await set(stage, 'paused', true);
    for (const matter of [0, 1, 2, 3]) await report(stage, matter);
    expect(cardsOf(stage)).toEqual([]);
    expect(await heldOf(stage)).toEqual(['paused', 'paused', 'paused', 'paused']);
    await set(stage, 'paused', false);
    await Promise.all(Array.from({ length: 8 }, () => stage.app.tick()));
    await stage.settle();
    expect(cardsOf(stage)).toHaveLength(2);
    expect(await heldOf(stage)).toEqual(['budget', 'budget']);
  }, 120_000);
});

describe('quiet hours', () => {
  it('hold new cards until they end', async () => {
    const stage = await takeStage({ settings: { 'quiet.hours': '19:00-08:00 weekends', 'digest.channel': 'off' } });
    goTo(stage, 5, '19:30');
    await report(stage, 0);
    await tick(stage);
    expect(stage.parents()).toEqual([]);
    expect(await heldOf(stage)).toEqual(['quiet']);
    goTo(stage, 6, '12:00');
    await tick(stage);
    goTo(stage, 1, '07:59');
    await tick(stage);
    expect(stage.parents()).toEqual([]);
    goTo(stage, 1, '08:01');
    await tick(stage);
    expect(cardsOf(stage)).toHaveLength(1);
  }, 120_000);
});

describe('the digest', () => {
  it('comes once a period, with what is new, what waits and what was decided, however often the clock ticks', async () => {
    const stage = await takeStage({ settings: { 'insights.per_day': 2, 'reminder.after': 0 } });
    goTo(stage, 2, '10:00');
    await tick(stage);
    for (const matter of [0, 1, 2]) await report(stage, matter);
    await stage.dismiss('pia', 'duplicate');
    goTo(stage, 1, '08:59');
    await set(stage, 'insights.per_day', 0);
    await tick(stage);
    expect(digestsOf(stage)).toEqual([]);
    goTo(stage, 1, '09:01');
    await Promise.all([stage.app.tick(), stage.app.tick(), stage.app.tick()]);
    await tick(stage);
    expect(digestsOf(stage)).toHaveLength(1);
    const [digest] = digestsOf(stage);
    const shown = shownOn(digest!);
    expect(shown).toMatch(/9 reports from 3 customers; 0 in the same time before/);
    expect(shown).toMatch(/New/);
    expect(shown).toMatch(/dismissed by Pia Product/);
    expect(shown).toMatch(/Not posted yet/);
    expect(digest!.text).toMatch(/waits because today’s new cards are spent/);
    // Its picture stands in the message itself, with its numbers as words.
    const picture = (digest!.blocks ?? []).find(({ type }) => type === 'image');
    expect(picture?.alt_text).toMatch(/^Bar chart of reports per day.*: .*9/);
    expect(await stage.app.db.query(`select produced_by from rateable where thing_kind = 'digest'`)).toEqual([
      { produced_by: 'digest 1' },
    ]);
    // One tap posts what was held back.
    await stage.click('pia', 'digest_show', { ts: digest!.ts });
    expect(cardsOf(stage)).toHaveLength(3);
    // A week in which nothing happens has no digest.
    goTo(stage, 1, '09:01');
    await tick(stage);
    goTo(stage, 1, '09:01');
    await tick(stage);
    expect(digestsOf(stage).length).toBeLessThanOrEqual(2);
    const rows = await stage.app.db.query<{ state: string }>('select state from digest order by period');
    expect(rows.map(({ state }) => state)).toEqual(['begun', 'posted', 'posted', 'empty']);
  }, 120_000);

  it('is found again, not sent again, when we were killed before it was written down', async () => {
    let pull = false;
    const stage = await takeStage({
      settings: { 'reminder.after': 0 },
      overrides: {
        telemetry: (inner) => ({
          ...inner,
          around: (point, run) => {
            if (pull && point === 'commit.digest.sent') throw new Error('the plug is pulled');
            return inner.around(point, run);
          },
        }),
      },
    });
    goTo(stage, 2, '10:00');
    await tick(stage);
    await report(stage, 0);
    goTo(stage, 1, '09:01');
    pull = true;
    await tick(stage);
    expect(digestsOf(stage)).toHaveLength(1);
    expect(await stage.app.db.query(`select 1 from digest where state = 'posted'`)).toEqual([]);
    pull = false;
    stage.clock.advance(10 * MINUTE_MS);
    await tick(stage);
    expect(digestsOf(stage)).toHaveLength(1);
    expect(await stage.app.db.query(`select 1 from digest where state = 'posted'`)).toHaveLength(1);
  }, 120_000);

  it('goes to whoever asked for one, outside their quiet hours, and to nobody who may not read', async () => {
    const stage = await takeStage({ settings: { 'digest.channel': 'off', 'reminder.after': 0 } });
    const { verbs } = stage.app;
    const pia = { id: stage.user('pia'), kind: 'member', approver: true } as const;
    const guest = { id: stage.user('gus'), kind: 'guest', approver: false } as const;
    const wanted = { digest: 'daily', timeZone: 'UTC', quietFrom: '20:00', quietTo: '10:30' } as const;
    expect(await verbs.setPreferences(pia, wanted)).toMatchObject({ kind: 'done' });
    expect(await verbs.setPreferences(guest, wanted)).toMatchObject({ kind: 'refused' });
    expect(await verbs.setPreferences(pia, { quietFrom: null })).toEqual({ kind: 'invalid', fields: ['quietFrom'] });
    goTo(stage, 2, '12:00');
    await tick(stage);
    await report(stage, 0);
    goTo(stage, 3, '09:30');
    await tick(stage);
    expect(stage.directTo('pia')).toEqual([]);
    goTo(stage, 3, '10:31');
    await tick(stage);
    await tick(stage);
    expect(stage.directTo('pia')).toHaveLength(1);
    expect(stage.directTo('pia')[0]).toMatch(/The daily digest/);
    expect(stage.directTo('gus')).toEqual([]);
    expect(await stage.ask('pia', 'digest')).toMatch(/The last seven days/);
  }, 120_000);
});

describe('the reminder', () => {
  it('calls the owner once, in the thread, after two days in which nobody slept, and never again', async () => {
    const stage = await takeStage({ settings: { 'digest.channel': 'off', 'quiet.hours': '18:00-06:00' } });
    await stage.app.db.query(
      `insert into channel (workspace_id, channel_id, name, mode, origin, owner_id, updated_at) values ('main', $1, 'insights', 'off', 'joined', $2, now())
       on conflict (workspace_id, channel_id) do update set owner_id = $2`,
      [stage.channel('insights'), stage.user('pia')],
    );
    goTo(stage, 1, '06:30');
    await report(stage, 0);
    const reminders = () => stage.repliesTo(stage.card().ts).filter(({ text }) => text.includes('<@'));
    // Two days have 24 waking hours.
    stage.clock.advance(2 * DAY_MS + HOUR_MS);
    await tick(stage);
    expect(reminders()).toEqual([]);
    stage.clock.advance(2 * DAY_MS);
    await Promise.all([stage.app.tick(), stage.app.tick()]);
    await tick(stage);
    expect(reminders()).toHaveLength(1);
    expect(reminders()[0]!.text).toContain(`<@${stage.user('pia')}>`);
    stage.clock.advance(10 * DAY_MS);
    await tick(stage);
    expect(reminders()).toHaveLength(1);
  }, 120_000);

  it('leaves alone what somebody looks at, has set aside or has decided, and says nothing without an owner or while paused', async () => {
    const stage = await takeStage({ settings: { 'digest.channel': 'off' } });
    const own = (who: 'pia' | null) =>
      stage.app.db.query(
        `insert into channel (workspace_id, channel_id, name, mode, origin, owner_id, updated_at) values ('main', $1, 'insights', 'off', 'joined', $2, now())
         on conflict (workspace_id, channel_id) do update set owner_id = $2`,
        [stage.channel('insights'), who && stage.user(who)],
      );
    const reminders = () => stage.repliesTo(stage.card().ts).filter(({ text }) => text.includes('<@'));
    await report(stage, 0);
    stage.clock.advance(3 * DAY_MS);
    await tick(stage);
    expect(reminders()).toEqual([]);
    await own('pia');
    await set(stage, 'paused', true);
    await tick(stage);
    expect(reminders()).toEqual([]);
    await set(stage, 'paused', false);
    await stage.react('sam', 'eyes');
    await tick(stage);
    expect(reminders()).toEqual([]);
    await stage.unreact('sam', 'eyes');
    // From when it is nobody's again, its time begins anew.
    await tick(stage);
    expect(reminders()).toEqual([]);
    stage.clock.advance(3 * DAY_MS);
    await tick(stage);
    expect(reminders()).toHaveLength(1);
  }, 120_000);
});

describe('noise', () => {
  it('is reported as it was heard', async () => {
    const stage = await takeStage({ settings: { 'digest.channel': 'off', 'insights.per_day': 1 } });
    const { state } = stage.slack;
    await report(stage, 0);
    await report(stage, 1);
    await stage.dismiss('pia', 'duplicate');
    await stage.ask('pia', 'help');
    await stage.ask('sam', 'insight');
    const report30 = await stage.app.verbs.noise(30);
    const heard = [...state.channels.keys()]
      .flatMap((id) => state.timeline(id))
      .filter(({ user }) => user === state.app.botUserId);
    const isReply = (message: { ts: string; thread_ts?: string | undefined }) =>
      message.thread_ts !== undefined && message.thread_ts !== message.ts;
    expect(report30.total.parents).toBe(heard.filter((message) => !isReply(message)).length);
    expect(report30.total.replies).toBe(stage.repliesTo(stage.card().ts).length);
    expect(report30).toMatchObject({ posted: 1, decided: 1, decisions: 1, held: 1 });
    expect(report30.total.ephemerals).toBe(['pia', 'sam'].flatMap((who) => stage.toldTo(who)).length);
    const answer = await stage.ask('pia', 'noise');
    expect(answer).toMatch(/1 message in channels/);
    expect(answer).toMatch(/1 led to a decision/);
    expect(answer).toMatch(/1 card is held back right now/);
    expect(await stage.ask('pia', 'noise 1000')).toMatch(/from 1 to 90/);
  }, 120_000);
});

// Themes by hand: what people do to them happens at once, can be taken back, and the machine leaves it alone.
import { afterEach, describe, expect, it } from 'vitest';
import type { CurateReply, ThemeView } from '#src/domain/curation.ts';
import { oneReader } from '#src/domain/visibility.ts';
import type { Message, OpenView } from '#src/sandbox/slack/model.ts';
import { DAY_MS, MINUTE_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';
import { API_TOKEN } from '#test/support/world.ts';

afterEach(leaveStage);

const LOGIN_COMPLAINTS = [
  'The login page rejects my password after the reset',
  'I cannot log in, the login page says wrong password after a reset',
  'Login with the new password fails after resetting it',
] as const;

type Stage = Awaited<ReturnType<typeof takeStage>>;

/** Hands for themes: people by name, themes by what their reports say. */
function curators(stage: Stage) {
  const { app, settle, user } = stage;
  const person = (who: 'pia' | 'sam' | 'dan', approver = who === 'pia') =>
    ({ id: user(who), kind: 'member', approver }) as const;
  const rows = <Row extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
    app.db.query<Row>(sql, values);
  return {
    person,
    rows,
    /** The theme that a message is in; null when it is in none. */
    async themeOf(message: { ts: string }): Promise<string | null> {
      const [row] = await rows<{ theme_id: string | null }>(
        `select c.theme_id from signal_head h join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id where h.external_id like '%:' || $1`,
        [message.ts],
      );
      return row?.theme_id ?? null;
    },
    async conversationOf(message: { ts: string }): Promise<string> {
      const [row] = await rows<{ conversation_id: string }>(
        `select conversation_id from signal_head where external_id like '%:' || $1`,
        [message.ts],
      );
      return row!.conversation_id;
    },
    async view(themeId: string, who: 'pia' | 'sam' | 'dan' = 'pia'): Promise<ThemeView> {
      const reply = await app.verbs.theme({ query: themeId, person: person(who), audience: oneReader(person(who)) });
      if (reply.kind !== 'found') throw new Error(`The theme is ${reply.kind}.`);
      return reply.view;
    },
    /** Does it, waits until everything has followed, and answers the receipt. */
    async done(doing: Promise<CurateReply>): Promise<{ editId: string; themeId: string; reports: number }> {
      const reply = await doing;
      await settle();
      if (reply.kind !== 'done') throw new Error(`The gesture is ${JSON.stringify(reply)}.`);
      return reply;
    },
    async undo(editId: string, who: 'pia' | 'sam' | 'dan' = 'pia') {
      const reply = await app.verbs.undoEdit({ editId, person: person(who), via: 'button' });
      await settle();
      return reply;
    },
  };
}

/** What a person has open in Slack: the window on top, its words, and the hands to use it. */
function windows(stage: Stage) {
  const { slack, user, channel, settle, card } = stage;
  type Who = Parameters<typeof user>[0];
  const top = (who: Who): OpenView => {
    const open = slack.state.modalsOf(user(who)).at(-1);
    if (!open) throw new Error(`${who} has no window open.`);
    return open;
  };
  return {
    top,
    wordsOf: (who: Who) => shownOn({ blocks: top(who).view.blocks } as Message),
    actionsIn: (who: Who) => JSON.stringify(top(who).view.blocks).match(/"theme_[a-z_]+/g) ?? [],
    /** The values that a menu or boxes of the open window offer. */
    offered: (who: Who, blockLike: string): string[] =>
      (top(who).view.blocks as { block_id?: string; element?: { options?: { value: string }[] } }[])
        .filter(({ block_id }) => block_id?.startsWith(blockLike))
        .flatMap(({ element }) => (element?.options ?? []).map(({ value }) => value)),
    targetBlock: (who: Who): string =>
      (top(who).view.blocks as { block_id?: string }[]).find(({ block_id }) => block_id?.startsWith('target_'))!
        .block_id!,
    async open(who: Who, ts = card().ts) {
      const taken = await slack.human.click(user(who), channel('insights'), ts, 'theme_open');
      await settle();
      return taken;
    },
    async press(who: Who, action: string, entries: Record<string, string | string[]> = {}) {
      await slack.human.clickInView(user(who), top(who).view.id, action, { entries });
      await settle();
    },
    async send(who: Who, entries: Record<string, string | string[]> = {}) {
      const sent = await slack.human.submitView(user(who), top(who).view.id, entries);
      await settle();
      return sent;
    },
  };
}

/** Three export reports with a card, and two about the login. */
async function twoThemes(options: Parameters<typeof takeStage>[0] = {}) {
  const stage = await takeStage(options);
  const hands = curators(stage);
  const exports = [];
  for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
    exports.push(await stage.complain(who, EXPORT_COMPLAINTS[index]!));
  const logins = [];
  for (const [index, name] of ['eva', 'finn'].entries())
    logins.push(await stage.complain(stage.newcomer(name), LOGIN_COMPLAINTS[index]!));
  const exportTheme = (await hands.themeOf(exports[0]!))!;
  const loginTheme = (await hands.themeOf(logins[0]!))!;
  expect(exportTheme).not.toBe(loginTheme);
  return { ...stage, ...hands, ...windows(stage), exports, logins, exportTheme, loginTheme };
}

describe('merging', () => {
  it('moves every report to the survivor, points the absorbed card onward, and is taken back whole', async () => {
    const s = await twoThemes();
    const { app, person, exportTheme, loginTheme, exports, logins } = s;
    // How sure we are of it hangs on all that was said since.
    const said = () => s.parents()[0]!.text.replace(/Confidence: \w+ \(\d+/, '');
    const before = said();
    const { editId, themeId, reports } = await s.done(
      app.verbs.merge({ themeId: exportTheme, intoId: loginTheme, person: person('pia'), via: 'modal' }),
    );
    expect([themeId, reports]).toEqual([loginTheme, 3]);
    for (const message of [...exports, ...logins]) expect(await s.themeOf(message)).toBe(loginTheme);
    const [first, second] = s.parents();
    expect(first!.text).toContain('This theme was merged into another one.');
    expect(first!.text).toContain('It goes on here');
    expect(second!.text).toMatch(/Customers: 5 /);
    expect((await s.undo(editId)).kind).toBe('done');
    for (const message of exports) expect(await s.themeOf(message)).toBe(exportTheme);
    for (const message of logins) expect(await s.themeOf(message)).toBe(loginTheme);
    expect(said()).toBe(before);
  });
});

describe('the window', () => {
  it('opens from a card with reports, numbers and what may be done, and merges after a preview', async () => {
    const s = await twoThemes();
    expect((await s.open('pia')).ok).toBe(true);
    expect(s.wordsOf('pia')).toContain('3 reports from 3 customers');
    expect(s.wordsOf('pia')).toContain(EXPORT_COMPLAINTS[0]);
    await s.press('pia', 'theme_merge');
    expect(s.offered('pia', 'target_')).toEqual([s.loginTheme]);
    await s.send('pia', { [s.targetBlock('pia')]: s.loginTheme });
    expect(s.wordsOf('pia')).toMatch(/3 reports from 3 customers move from/);
    expect(s.wordsOf('pia')).toContain('What was proposed for it expires');
    expect(s.wordsOf('pia')).toContain('closes and points to the one that goes on');
    expect(await s.themeOf(s.exports[0]!)).toBe(s.exportTheme);
    await s.send('pia');
    expect(await s.themeOf(s.exports[0]!)).toBe(s.loginTheme);
    expect(s.wordsOf('pia')).toContain('Merged: 3 reports moved.');
    expect(s.wordsOf('pia')).toMatch(/\*Pia Product\* merged “.+” into it \(3 reports\)/);
    expect(s.toldTo('pia').at(-1)).toContain('Merged: 3 reports moved.');
    await s.clickMine('pia', 'theme_undo');
    expect(s.toldTo('pia').at(-1)).toBe('Taken back: 3 reports put where they were.');
    expect(await s.themeOf(s.exports[0]!)).toBe(s.exportTheme);
  });
});

describe('merging filed themes', () => {
  it('keeps both issues, links no report twice, and sends later reports to the survivor’s', async () => {
    const s = await twoThemes();
    await s.click('pia', 'card_file');
    for (const [index, name] of ['gil', 'hana'].entries())
      await s.complain(s.newcomer(name), LOGIN_COMPLAINTS[2 - index]!);
    await s.click('pia', 'card_file');
    const issues = () => [...s.linear.state.issues.values()];
    expect(issues()).toHaveLength(2);
    const links = () => [...s.linear.state.attachments.values()].map(({ issueId, url }) => `${issueId} ${url}`).sort();
    const before = links();
    const { person } = s;
    const gesture = { kind: 'merge', themeId: s.exportTheme, intoId: s.loginTheme } as const;
    const reply = await s.app.verbs.previewEdit({ gesture, person: person('pia'), audience: oneReader(person('pia')) });
    expect(reply).toMatchObject({
      kind: 'preview',
      preview: { consequences: expect.arrayContaining([expect.objectContaining({ kind: 'both_issues_stay' })]) },
    });
    const { themeId } = await s.done(s.app.verbs.merge({ ...gesture, person: person('pia'), via: 'modal' }));
    expect(themeId).toBe(s.loginTheme);
    expect(links()).toEqual(before);
    await s.complain('dan', EXPORT_COMPLAINTS[3]);
    expect(await s.rows(`select distinct theme_id from conversation where theme_id is not null`)).toEqual([
      { theme_id: s.loginTheme },
    ]);
    const survivor = issues().find(({ title }) => /login|password/i.test(title))!;
    expect(links()).toHaveLength(before.length + 1);
    expect(links().filter((link) => !before.includes(link))).toEqual([expect.stringContaining(survivor.id)]);
  });

  it('lets the filed one go on, whichever was named, and says so before', async () => {
    const s = await twoThemes();
    await s.click('pia', 'card_file');
    await s.open('pia');
    await s.press('pia', 'theme_merge');
    await s.send('pia', { [s.targetBlock('pia')]: s.loginTheme });
    expect(s.wordsOf('pia')).toMatch(/The other one goes on, since .+ was filed from it/);
    await s.send('pia');
    for (const message of [...s.exports, ...s.logins]) expect(await s.themeOf(message)).toBe(s.exportTheme);
    expect(s.card().text).toMatch(/Filed as/);
  });
});

describe('splitting', () => {
  it('leaves what was filed with the original, gives the new theme its name, and is taken back', async () => {
    const s = await twoThemes();
    await s.click('pia', 'card_file');
    const links = () => [...s.linear.state.attachments.values()].length;
    const before = links();
    await s.open('pia');
    await s.press('pia', 'theme_sort');
    const [newest] = s.offered('pia', 'reports_');
    expect(newest).toBe(await s.conversationOf(s.exports[2]!));
    await s.send('pia', { reports_0: [newest!], [s.targetBlock('pia')]: 'new' });
    expect(s.wordsOf('pia')).toMatch(/1 report from 1 customer leave/);
    expect(s.wordsOf('pia')).toMatch(/stays as it was filed/);
    expect(s.wordsOf('pia')).toContain('No card yet: it would have 1 customer of 3');
    await s.send('pia', { title: 'Downloading reports' });
    const split = (await s.themeOf(s.exports[2]!))!;
    expect(split).not.toBe(s.exportTheme);
    expect((await s.view(split)).title).toBe('Downloading reports');
    expect(links()).toBe(before);
    expect(s.card().text).toMatch(/Filed as/);
    // A new revision of the same report stays where it was put.
    s.slack.human.edit(s.user('cleo'), s.channel('support'), s.exports[2]!.ts, EXPORT_COMPLAINTS[5]);
    await s.settle();
    expect(await s.themeOf(s.exports[2]!)).toBe(split);
    const [edit] = (await s.view(split)).history;
    expect((await s.undo(edit!.id)).kind).toBe('done');
    expect(await s.themeOf(s.exports[2]!)).toBe(s.exportTheme);
    expect(links()).toBe(before);
  });

  it('refuses to split everything off, and to take a split back that somebody built on, with the reason', async () => {
    const s = await twoThemes();
    const { app, person, exportTheme, loginTheme } = s;
    const all = await Promise.all(s.exports.map(s.conversationOf));
    const by = { person: person('pia'), via: 'modal' } as const;
    expect(await app.verbs.split({ themeId: exportTheme, conversationIds: all, title: null, ...by })).toMatchObject({
      kind: 'invalid',
      why: 'all',
    });
    const { editId, themeId } = await s.done(
      app.verbs.split({ themeId: exportTheme, conversationIds: all.slice(0, 1), title: null, ...by }),
    );
    const later = await s.done(
      app.verbs.move({
        themeId,
        conversationIds: all.slice(0, 1),
        toId: loginTheme,
        person: person('sam'),
        via: 'modal',
      }),
    );
    expect(await s.undo(editId)).toMatchObject({ kind: 'blocked', because: 'moved', by: s.user('sam') });
    expect(await s.themeOf(s.exports[0]!)).toBe(loginTheme);
    expect((await s.undo(later.editId, 'sam')).kind).toBe('done');
    expect((await s.undo(editId)).kind).toBe('done');
    expect(await s.themeOf(s.exports[0]!)).toBe(exportTheme);
  });
});

describe('moving a report', () => {
  it('is for everybody who answers customers; reshaping themes is not', async () => {
    const s = await twoThemes({ env: { APPROVERS: 'pia' } });
    await s.open('sam');
    expect(s.actionsIn('sam')).toEqual(expect.arrayContaining(['"theme_rename', '"theme_sort', '"theme_follow']));
    for (const action of ['"theme_merge', '"theme_noise', '"theme_mute'])
      expect(s.actionsIn('sam')).not.toContain(action);
    await s.press('sam', 'theme_sort');
    expect(s.offered('sam', 'target_')).not.toContain('new');
    await s.send('sam', { reports_0: [await s.conversationOf(s.exports[0]!)], [s.targetBlock('sam')]: s.loginTheme });
    await s.send('sam');
    expect(await s.themeOf(s.exports[0]!)).toBe(s.loginTheme);
    expect((await s.view(s.loginTheme)).items.find(({ placedBy }) => placedBy)?.placedBy).toBe('Sam Support');
    expect(s.parents()[0]!.text).toMatch(/Customers: 2 /);
    expect(s.parents()[1]!.text).toMatch(/Customers: 3 /);
    const { app, person } = s;
    const refused = { kind: 'refused', refusal: 'not_approver' };
    const sam = { person: person('sam', false), via: 'modal' } as const;
    expect(await app.verbs.merge({ themeId: s.exportTheme, intoId: s.loginTheme, ...sam })).toEqual(refused);
    expect(await app.verbs.markNoise({ themeId: s.exportTheme, conversationIds: null, ...sam })).toEqual(refused);
    const guest = { id: s.user('gus'), kind: 'guest', approver: false } as const;
    expect(await app.verbs.rename({ themeId: s.exportTheme, title: 'Mine', person: guest, via: 'modal' })).toEqual({
      kind: 'refused',
      refusal: 'guest',
    });
    expect(await app.verbs.theme({ query: s.exportTheme, person: guest, audience: oneReader(guest) })).toEqual({
      kind: 'refused',
      refusal: 'guest',
    });
  });

  it('says what is missing at the field, and keeps what was chosen', async () => {
    const s = await twoThemes();
    await s.open('pia');
    await s.press('pia', 'theme_sort');
    const sent = await s.send('pia', { [s.targetBlock('pia')]: s.loginTheme });
    expect(sent).toMatchObject({ outcome: 'errors', by: 'app', errors: { reports_0: 'Choose at least one report.' } });
    expect(JSON.stringify(s.top('pia').view.state.values)).toContain(s.loginTheme);
  });

  it('closes the card when its last report goes, and opens it again when that is taken back', async () => {
    const s = await twoThemes();
    const ids = await Promise.all(s.exports.map(s.conversationOf));
    const { ts } = s.card();
    const { editId } = await s.done(
      s.app.verbs.move({
        themeId: s.exportTheme,
        conversationIds: ids,
        toId: s.loginTheme,
        person: s.person('pia'),
        via: 'modal',
      }),
    );
    expect(s.parents()[0]!.text).toContain('Pia Product moved its last reports elsewhere.');
    await s.undo(editId);
    const [first] = s.parents();
    expect(first!.ts).toBe(ts);
    expect(first!.text).toMatch(/Customers: 3 /);
    await s.click('pia', 'card_file', { ts });
    expect([...s.linear.state.issues.values()]).toHaveLength(1);
  });
});

describe('a report that a person moved', () => {
  it('stays there when an earlier message of it comes late, and when a part of it is deleted', async () => {
    const s = await twoThemes();
    const written = s.clock.ago(60 * MINUTE_MS);
    const first = await s.complain('dan', EXPORT_COMPLAINTS[3], { at: written });
    expect(await s.themeOf(first)).toBe(s.exportTheme);
    await s.done(
      s.app.verbs.move({
        themeId: s.exportTheme,
        conversationIds: [await s.conversationOf(first)],
        toId: s.loginTheme,
        person: s.person('sam'),
        via: 'modal',
      }),
    );
    const before = await s.conversationOf(first);
    const late = await s.complain('dan', EXPORT_COMPLAINTS[4], { at: new Date(written.getTime() - 30_000) });
    expect(await s.conversationOf(first)).toBe(await s.conversationOf(late));
    expect(await s.conversationOf(first)).not.toBe(before);
    expect(await s.themeOf(first)).toBe(s.loginTheme);
    s.slack.human.remove(s.user('dan'), s.channel('support'), late.ts);
    await s.settle();
    expect(await s.themeOf(first)).toBe(s.loginTheme);
  });
});

describe('noise', () => {
  it('keeps a marked report out, also when it is written anew, until somebody captures it or takes it back', async () => {
    const s = await twoThemes();
    const ids = [await s.conversationOf(s.exports[0]!), await s.conversationOf(s.exports[1]!)];
    const { editId } = await s.done(
      s.app.verbs.markNoise({ themeId: s.exportTheme, conversationIds: ids, person: s.person('sam'), via: 'modal' }),
    );
    for (const message of s.exports.slice(0, 2)) expect(await s.themeOf(message)).toBeNull();
    s.slack.human.edit(s.user('ana'), s.channel('support'), s.exports[0]!.ts, EXPORT_COMPLAINTS[4]);
    await s.settle();
    await s.app.sweep();
    await s.settle();
    expect(await s.themeOf(s.exports[0]!)).toBeNull();
    await s.react('pia', 'memo', { ts: s.exports[1]!.ts, in: 'support' });
    expect(await s.themeOf(s.exports[1]!)).toBe(s.exportTheme);
    expect(await s.undo(editId)).toMatchObject({ kind: 'done', reports: 1 });
    expect(await s.themeOf(s.exports[0]!)).toBe(s.exportTheme);
  });

  it('closes the card of a theme, which goes on gathering in silence, and gives all back', async () => {
    const s = await twoThemes();
    const { ts } = s.card();
    await s.open('pia');
    await s.press('pia', 'theme_noise');
    expect(s.wordsOf('pia')).toContain('Later reports like these gather there in silence.');
    await s.send('pia');
    expect(s.card().text).toContain('Pia Product marked it as noise.');
    await s.complain('dan', EXPORT_COMPLAINTS[3]);
    await s.complain(s.newcomer('gil'), EXPORT_COMPLAINTS[4]);
    expect((await s.view(s.exportTheme)).reports).toBe(5);
    const filters = { area: [], source: [], customer: [], kind: [], theme: [] };
    const trends = await s.app.verbs.trends(
      { period: { days: 7 }, previous: false, filters },
      oneReader(s.person('pia')),
    );
    expect(trends.themes.map(({ themeId }) => themeId)).toEqual([s.loginTheme]);
    expect(s.parents().map((message) => message.ts)).toEqual([ts]);
    expect(s.card().text).toContain('marked it as noise');
    const [edit] = (await s.view(s.exportTheme)).history;
    await s.undo(edit!.id);
    expect(s.parents().map((message) => message.ts)).toEqual([ts]);
    expect(s.card().text).toMatch(/Customers: 5 /);
    expect(actionsOf(s.card())).toContain('card_file');
  });
});

describe('muting', () => {
  it('posts no card until there are as many more reports, and says so in the window', async () => {
    const s = await twoThemes();
    await s.done(
      s.app.verbs.mute({
        themeId: s.loginTheme,
        until: { until: null, moreReports: 2, atRelease: false },
        person: s.person('pia'),
        via: 'modal',
      }),
    );
    expect((await s.view(s.loginTheme)).mute).toMatchObject({ by: 'Pia Product', reports: 4 });
    await s.complain(s.newcomer('gil'), LOGIN_COMPLAINTS[2]);
    expect(s.parents()).toHaveLength(1);
    await s.complain(s.newcomer('hana'), LOGIN_COMPLAINTS[0]);
    expect(s.parents()).toHaveLength(2);
    expect((await s.view(s.loginTheme)).mute).toBeNull();
    expect(await s.audit('theme.mute%')).toEqual(['theme.muted by pia', 'theme.mute_ended by throughline']);
  });

  it('stands on the card, refuses a day that is over at its field, and ends by the day', async () => {
    const s = await twoThemes();
    await s.open('pia');
    await s.press('pia', 'theme_mute');
    expect(await s.send('pia', { until: '2020-01-01' })).toMatchObject({
      errors: { until: expect.stringMatching(/is over/) },
    });
    expect(await s.send('pia', {})).toMatchObject({ outcome: 'errors' });
    const day = new Date(s.clock.now().getTime() + 3 * DAY_MS).toISOString().slice(0, 10);
    await s.send('pia', { until: day });
    expect(s.card().text).toMatch(/Muted by Pia Product until .*: no new card and no digest line/);
    s.clock.advance(4 * DAY_MS);
    await s.app.tick();
    await s.settle();
    expect(s.card().text).not.toContain('Muted');
  });

  it('ends with the next event that is named release', async () => {
    const s = await twoThemes();
    await s.done(
      s.app.verbs.mute({
        themeId: s.exportTheme,
        until: { until: null, moreReports: null, atRelease: true },
        person: s.person('pia'),
        via: 'modal',
      }),
    );
    await s.app.tick();
    expect((await s.view(s.exportTheme)).mute).not.toBeNull();
    s.clock.advance(MINUTE_MS);
    const sent = await fetch(`${s.app.url}/api/v1/signals`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        event: { name: 'release', labels: { version: '4.46' } },
        at: s.clock.now().toISOString(),
      }),
    });
    expect(sent.ok).toBe(true);
    await s.settle();
    await s.app.tick();
    await s.settle();
    expect((await s.view(s.exportTheme)).mute).toBeNull();
  });
});

describe('naming', () => {
  it('is kept by the machine, stands in what is proposed, and is taken back', async () => {
    const s = await twoThemes();
    await s.open('sam');
    await s.press('sam', 'theme_rename');
    await s.send('sam', { title: '  CSV   exports break ' });
    expect(s.card().text).toContain('file “CSV exports break” in Linear');
    await s.complain('dan', EXPORT_COMPLAINTS[3]);
    expect(s.card().text).toContain('file “CSV exports break” in Linear');
    await s.click('pia', 'card_file');
    expect([...s.linear.state.issues.values()].map(({ title }) => title)).toEqual(['CSV exports break']);
    const [edit] = (await s.view(s.exportTheme)).history;
    await s.undo(edit!.id, 'sam');
    expect((await s.view(s.exportTheme)).title).not.toBe('CSV exports break');
    expect(await s.audit('theme.renamed')).toEqual(['theme.renamed by sam']);
  });

  it('takes nothing hostile over: no ping, no mark-up, no address of a person', async () => {
    const s = await twoThemes();
    const title = '<!channel> *Free* <https://evil.example|click> write to ana@example.test';
    await s.done(s.app.verbs.rename({ themeId: s.exportTheme, title, person: s.person('sam'), via: 'modal' }));
    expect((await s.view(s.exportTheme)).title).not.toContain('ana@example.test');
    await s.open('pia');
    await s.ask('pia', 'theme free click');
    for (const text of [s.card().text, s.toldTo('pia').join('\n')])
      expect(text).not.toMatch(/<!channel|<https:\/\/evil/);
    expect(JSON.stringify(s.top('pia').view)).not.toMatch(/"type":"mrkdwn","text":"[^"]*(<!channel|<https:\/\/evil)/);
  });
});

describe('two people at once', () => {
  it('do it once, and the second is told who did', async () => {
    const s = await twoThemes();
    const { app, person, exportTheme, loginTheme } = s;
    const clicks = await Promise.all(
      (['pia', 'sam', 'pia'] as const).map((who) =>
        app.verbs.merge({ themeId: exportTheme, intoId: loginTheme, person: person(who, true), via: 'modal' }),
      ),
    );
    await s.settle();
    expect(clicks.filter(({ kind }) => kind === 'done')).toHaveLength(1);
    expect(clicks.filter(({ kind }) => kind === 'already')).toHaveLength(2);
    expect(await s.audit('theme.merged')).toHaveLength(1);
  });

  it('cannot merge two themes into each other, nor move the same report to two places', async () => {
    const s = await twoThemes();
    const { app, person, exportTheme, loginTheme } = s;
    const by = (who: 'pia' | 'sam') => ({ person: person(who, true), via: 'modal' }) as const;
    await Promise.all([
      app.verbs.merge({ themeId: exportTheme, intoId: loginTheme, ...by('pia') }),
      app.verbs.merge({ themeId: loginTheme, intoId: exportTheme, ...by('sam') }),
    ]);
    await s.settle();
    const themes = await s.rows<{ id: string }>(`select id from theme where status = 'active'`);
    expect(themes).toHaveLength(1);
    expect(await s.rows(`select distinct theme_id as id from conversation where theme_id is not null`)).toEqual(themes);
  });

  it('answers a second Undo by who was first', async () => {
    const s = await twoThemes();
    const { editId } = await s.done(
      s.app.verbs.merge({ themeId: s.exportTheme, intoId: s.loginTheme, person: s.person('pia'), via: 'modal' }),
    );
    const both = await Promise.all([s.undo(editId), s.undo(editId)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['already', 'done']);
  });
});

describe('following', () => {
  it('writes once to each follower what was decided, filed and done, in plain names, and never to who did it', async () => {
    const s = await twoThemes();
    for (const who of ['pia', 'sam'] as const) {
      await s.open(who);
      await s.press(who, 'theme_follow');
    }
    expect((await s.view(s.exportTheme)).followers).toBe(2);
    s.clock.advance(MINUTE_MS);
    await s.click('pia', 'card_file');
    for (let tick = 0; tick < 3; tick++) {
      await s.app.tick();
      await s.settle();
    }
    expect(s.directTo('sam')).toHaveLength(1);
    expect(s.directTo('sam')[0]).toMatch(/Pia Product approved it, and it is filed as/);
    expect(s.directTo('sam')[0]).not.toMatch(/<@/);
    expect(s.directTo('pia')).toEqual([]);
    s.clock.advance(MINUTE_MS);
    s.linear.human.setState([...s.linear.state.issues.keys()][0]!, 'Done');
    await s.settle();
    await s.app.tick();
    await s.app.tick();
    await s.settle();
    expect(s.directTo('sam')).toHaveLength(2);
    expect(s.directTo('sam')[1]).toMatch(/was completed/);
    expect(s.directTo('pia')).toHaveLength(1);
  });

  it('goes on with the theme that survives a merge, and waits while everything is paused or the follower wants quiet', async () => {
    const s = await twoThemes();
    await s.app.verbs.follow({ themeId: s.exportTheme, person: s.person('sam'), on: true });
    await s.done(
      s.app.verbs.merge({ themeId: s.exportTheme, intoId: s.loginTheme, person: s.person('pia'), via: 'modal' }),
    );
    const followed = await s.app.verbs.followed({ person: s.person('sam'), audience: oneReader(s.person('sam')) });
    expect(followed.map(({ themeId }) => themeId)).toEqual([s.loginTheme]);
    s.clock.advance(MINUTE_MS);
    await s.app.settings.set('paused', true, 'a test');
    await s.dismiss('pia', 'wont_do');
    await s.app.tick();
    await s.settle();
    expect(s.directTo('sam')).toEqual([]);
    await s.app.settings.set('paused', false, 'a test');
    const sam = s.person('sam');
    await s.app.verbs.setPreferences(sam, { quietFrom: '00:00', quietTo: '23:59', timeZone: 'UTC' });
    await s.app.tick();
    await s.settle();
    expect(s.directTo('sam')).toEqual([]);
    await s.app.verbs.setPreferences(sam, { quietFrom: null, quietTo: null });
    await s.app.tick();
    await s.settle();
    expect(s.directTo('sam')).toEqual([expect.stringMatching(/Pia Product dismissed it .*we will not do this/)]);
  });
});

describe('/throughline theme', () => {
  it('lists without words, asks which by many, opens by one, by an issue and by an insight, and says when there is none', async () => {
    const s = await twoThemes();
    const list = await s.ask('pia', 'theme');
    expect(list).toContain('The newest themes');
    expect(list.match(/^•/gm)).toHaveLength(2);
    expect(await s.ask('pia', 'theme zeppelin')).toContain('I know no theme by “zeppelin”');
    await s.ask('pia', 'theme csv export');
    expect(s.wordsOf('pia')).toContain('3 reports from 3 customers');
    await s.click('pia', 'card_file');
    const [issue] = [...s.linear.state.issues.values()];
    await s.ask('pia', `theme ${issue!.identifier}`);
    expect(s.wordsOf('pia')).toContain(`Filed as`);
    s.slack.human.invite('pia', s.channel('support'), 'gus');
    expect(await s.ask('gus', 'theme', 'support')).toContain('full members');
  });

  it('tells nobody words that were written where they cannot read', async () => {
    const s = await twoThemes();
    s.slack.human.createChannel('pia', {
      name: 'secret',
      is_private: true,
      members: ['pia', 'ana', 'ben', 'cleo', 'throughline'],
    });
    await s.app.settings.set('insight.customers', 2, 'a test');
    await s.rows(
      `insert into channel (workspace_id, channel_id, name, mode, origin, updated_at) values ('main', $1, 'secret', 'suggest', 'person', now())
       on conflict (workspace_id, channel_id) do update set mode = 'suggest'`,
      [s.channel('secret')],
    );
    const hidden = await s.complain('ana', 'The invoice archive shows the wrong vineyard logo', { in: 'secret' });
    const themeId = (await s.themeOf(hidden))!;
    expect((await s.view(themeId, 'pia')).items[0]!.words).toContain('vineyard');
    const seen = await s.view(themeId, 'sam');
    expect([seen.title, seen.items[0]!.words, seen.reports]).toEqual([null, null, 1]);
    expect(await s.ask('sam', 'theme vineyard')).toContain('I know no theme');
    // Moved into another theme and out again, its words still do not come along.
    const moved = await s.done(
      s.app.verbs.merge({ themeId, intoId: s.loginTheme, person: s.person('pia'), via: 'modal' }),
    );
    expect((await s.view(s.loginTheme, 'sam')).items.filter(({ words }) => words === null)).toHaveLength(1);
    expect(JSON.stringify(await s.view(s.loginTheme, 'sam'))).not.toContain('vineyard');
    await s.undo(moved.editId);
    expect((await s.view(s.loginTheme, 'sam')).title).not.toBeNull();
    expect(JSON.stringify(await s.view(s.loginTheme, 'sam'))).not.toContain('vineyard');
  });
});

describe('the trace', () => {
  it('shows who moved a report and who merged what', async () => {
    const s = await twoThemes();
    await s.done(
      s.app.verbs.move({
        themeId: s.exportTheme,
        conversationIds: [await s.conversationOf(s.exports[0]!)],
        toId: s.loginTheme,
        person: s.person('sam'),
        via: 'modal',
      }),
    );
    await s.done(
      s.app.verbs.merge({ themeId: s.loginTheme, intoId: s.exportTheme, person: s.person('pia'), via: 'modal' }),
    );
    const link = s.slack.state.permalink(s.channel('support'), s.exports[0]!.ts);
    const reply = await s.app.verbs.trace(link, oneReader(s.person('pia')));
    expect(reply.kind).toBe('found');
    const trace = reply.kind === 'found' ? reply.trace : null;
    const survivor = trace?.nodes.find(({ id }) => id === s.exportTheme);
    expect([survivor?.who, survivor?.why]).toEqual(['Pia Product', 'merged by a person']);
    expect(
      await s.rows(`select relation from lineage where from_id = '${s.loginTheme}' and to_id = '${s.exportTheme}'`),
    ).toEqual([{ relation: 'merged into' }]);
  });
});

// Themes by hand: what people do to them happens at once, can be taken back, and the machine leaves it alone.
import { afterEach, describe, expect, it } from 'vitest';
import type { CurateReply, ThemeView } from '#src/domain/curation.ts';
import { oneReader } from '#src/domain/visibility.ts';
import type { Message, OpenView } from '#src/sandbox/slack/model.ts';
import { EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

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

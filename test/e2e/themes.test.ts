// Themes by hand: what people do to them happens at once, can be taken back, and the machine leaves it alone.
import { afterEach, describe, expect, it } from 'vitest';
import type { CurateReply, ThemeView } from '#src/domain/curation.ts';
import { oneReader } from '#src/domain/visibility.ts';
import { EXPORT_COMPLAINTS, leaveStage, takeStage } from '#test/support/hands.ts';

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
  return { ...stage, ...hands, exports, logins, exportTheme, loginTheme };
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

// The command that changes settings, run beside a bot that goes on working.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '#src/ops/settings.ts';
import { SETTINGS } from '#src/storage/settings.ts';
import { runCommand, runHere } from '#test/support/command.ts';
import { EXPORT_COMPLAINTS, handsOf } from '#test/support/hands.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
let env: Record<string, string>;
beforeAll(async () => {
  rig = await startRig();
  env = { DATABASE_URL: rig.databaseUrl, DATA_DIR: rig.config.DATA_DIR };
});
afterAll(() => rig?.close());

const settings = (...args: string[]) => runHere((terminal) => run(args, terminal), env);

it('lists every setting with its value, what it is for and what it may be', async () => {
  const { code, out, err } = await settings('list');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  expect(lines.filter((line) => !line.startsWith(' '))).toEqual(
    Object.entries(SETTINGS).map(([key, { value }]) => `${key} = ${shown(value)}  (standard)`),
  );
  expect(out).toContain('insight.customers = 3  (standard)\n    Distinct customers within 14 days');
  expect(out).toContain('May be a whole number from 1 to 1000.');
});

it('changes a running bot at once', async () => {
  const { complain, parents, click, toldTo } = handsOf(rig);
  await complain('ana', EXPORT_COMPLAINTS[0]);
  const set = await runCommand('src/ops/settings.ts', ['set', 'insight.customers', '2'], env);
  expect(set).toMatchObject({ code: 0, err: '' });
  expect(set.out).toContain('insight.customers = 2  (set by the command line)');
  expect(set.out).not.toContain('capture.emoji');
  expect(await settings('set', 'approvals.needed', '2')).toMatchObject({ code: 0 });

  await complain('ben', EXPORT_COMPLAINTS[1]);
  expect(parents()).toHaveLength(1);
  await click('pia', 'card_file');
  expect([...rig.linear.state.issues.values()]).toHaveLength(0);
  expect(toldTo('pia').join()).toMatch(/1 of 2|one more/i);
  await click('sam', 'card_file');
  expect([...rig.linear.state.issues.values()]).toHaveLength(1);

  expect((await settings('unset', 'insight.customers')).out).toContain('insight.customers = 3  (standard)');
});

it('takes a text as it is and everything else as JSON', async () => {
  expect((await settings('set', 'capture.emoji', '100')).out).toContain('capture.emoji = 100 ');
  expect((await settings('set', 'customer.channels', '{"C1":', '"Acme', 'Corp"}')).out).toContain('{"C1":"Acme Corp"}');
  const [row] = await rig.app.db.query(`select value from setting where key = 'capture.emoji'`);
  expect(row).toEqual({ value: '100' });
});

it('refuses a wrong value, says what it may be, and leaves the old one', async () => {
  const refused = async (key: string, ...value: string[]) => {
    const { code, out, err } = await settings('set', key, ...value);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return err;
  };
  expect(await refused('approvals.needed', 'many')).toBe(
    'approvals.needed cannot be "many": it is a whole number from 1 to 5.\n',
  );
  expect(await refused('approvals.needed', '0')).toBe(
    'approvals.needed cannot be 0: it is a whole number from 1 to 5.\n',
  );
  expect(await refused('slack.reactions', '{"tada": "celebrate"}')).toContain('approve, dismiss, snooze');
  expect(await refused('toString', '1')).toContain('There is no setting toString. There are: capture.emoji,');
  expect((await settings('list')).out).toContain('approvals.needed = 2 ');
});

it('explains itself when the words are wrong', async () => {
  for (const words of [[], ['set'], ['set', 'capture.emoji'], ['unset'], ['show']])
    expect(await settings(...words)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('set KEY VALUE') });
  expect(await settings('--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Example:') });
});

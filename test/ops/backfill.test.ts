// What was said before anybody listened: all of it, once, in bounds, whatever cuts it short.
import { afterEach, expect, it } from 'vitest';
import type { BackfillView } from '#src/domain/backfill.ts';
import { run } from '#src/ops/backfill.ts';
import { runHere, startCommand } from '#test/support/command.ts';
import { DAY_MS, leapClock, MINUTE_MS } from '#test/support/fast-clock.ts';
import { EXPORT_COMPLAINTS, handsOf, leaveStage } from '#test/support/hands.ts';
import { type Rig, type RigOptions, startRig } from '#test/support/rig.ts';

const OTHERS = [
  'The dashboard shows the wrong currency on every invoice',
  'Login with single sign-on loops on the password page',
  'The mobile app drains the battery overnight',
  'Webhooks arrive twice for every order since the update',
];
const WRITERS = ['ana', 'ben', 'cleo', 'dan'] as const;
const TOP = 920;
const THREADS = 40;

let rig: Rig | null = null;
afterEach(async () => {
  await rig?.close();
  rig = null;
  await leaveStage();
});

/** A rig whose support channel has a past that nobody heard: a thousand messages over eighty days, eighty of them replies in forty threads. */
async function startLate(options: RigOptions = {}): Promise<Rig> {
  rig = await startRig(options);
  await rig.slack.disconnect();
  await rig.app.settings.set('backfill.page', 100, 'a test');
  const now = (options.clock ?? { now: () => new Date() }).now().getTime();
  const { human } = rig.slack;
  const support = rig.channel('support');
  for (let n = 0; n < TOP; n++) {
    const at = new Date(now - 80 * DAY_MS + n * ((79 * DAY_MS) / TOP));
    const text = n % 5 === 0 ? EXPORT_COMPLAINTS[n % EXPORT_COMPLAINTS.length]! : `${OTHERS[n % OTHERS.length]} (${n})`;
    const { ts } = human.post(rig.user(WRITERS[n % WRITERS.length]!), support, text, { at });
    if (n % (TOP / THREADS) !== 0) continue;
    human.post(rig.user('sam'), support, 'Thanks, we are looking at it', {
      threadTs: ts,
      at: new Date(at.getTime() + MINUTE_MS),
    });
    human.post(rig.user(WRITERS[n % WRITERS.length]!), support, 'It still happens today', {
      threadTs: ts,
      at: new Date(at.getTime() + 2 * MINUTE_MS),
    });
  }
  await rig.connect(rig.app.url!);
  return rig;
}

const envOf = (late: Rig) => ({ ...late.env, DATABASE_URL: late.databaseUrl, DATA_DIR: late.config.DATA_DIR });
const command = (late: Rig, args: string[], signal = new AbortController().signal) =>
  runHere((terminal) => run(args, terminal, signal), envOf(late));
const number = async (late: Rig, sql: string) =>
  Number((await late.app.db.query<{ n: string }>(`select count(*) as n from ${sql}`))[0]!.n);
const asked = (late: Rig) =>
  late.slack.calls.filter(({ method }) => method === 'conversations.history' || method === 'conversations.replies');

it('reads a thousand messages below Slack’s limits, says how far it is, and opens no card until somebody reports anew', async () => {
  const clock = leapClock();
  const late = await startLate({ clock });
  late.slack.faults.tierLimits(true);
  const { found } = await late.app.backfill.channels([]);
  expect(found.map(({ name }) => name)).toEqual(['support']);
  await late.app.backfill.order({ ...found[0]!, days: 90, by: 'a test' });
  const steps: BackfillView[] = [];
  const ended = await late.app.backfill.run([found[0]!.channelId], {
    signal: new AbortController().signal,
    onStep: (row) => steps.push(row),
  });
  await late.settle();

  expect(ended).toMatchObject([{ state: 'done', messages: TOP + 2 * THREADS, threads: THREADS }]);
  expect(asked(late)).toHaveLength(Math.ceil(TOP / 100) + THREADS);
  expect(late.slack.calls.filter(({ status }) => status === 429)).toEqual([]);

  const shares = steps.map(({ estimate }) => Math.round(estimate.share * 1000));
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  const half = steps.find(({ estimate }) => estimate.share >= 0.5)!;
  expect(half.estimate.messages).toBeGreaterThan(800);
  expect(half.estimate.messages).toBeLessThan(1_200);
  expect(half.estimate.remainingMs).toBeGreaterThan(20_000);

  expect(await number(late, 'signal')).toBe(TOP + 2 * THREADS);
  expect(await number(late, `signal_head where historical and thread_id is not null`)).toBe(2 * THREADS);
  expect(await number(late, `conversation where not historical`)).toBe(0);
  expect(await number(late, 'insight')).toBeGreaterThan(0);
  const { parents, complain, audit } = handsOf(late);
  expect(parents()).toEqual([]);
  expect(await audit('backfill.%')).toEqual(['backfill.started by a test', 'backfill.done by throughline']);

  await complain('ana', EXPORT_COMPLAINTS[0]);
  expect(parents()).toHaveLength(1);
});

it('goes on where it was killed, repeats at most the page in its hands, and doubles nothing', async () => {
  const late = await startLate();
  await late.app.settings.set('backfill.perMinute', 1_200, 'a test');
  const kills = [3, 20, 45];
  for (const after of kills) {
    const { child, ended } = startCommand('src/ops/backfill.ts', ['slack', '--since', '90d'], envOf(late));
    await expect
      .poll(async () => number(late, `backfill where requests >= ${after}`), { timeout: 30_000, interval: 5 })
      .toBe(1);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
  }
  const { child: _child, ended } = startCommand('src/ops/backfill.ts', ['slack', '--since', '90d'], envOf(late));
  const { code, out, err } = await ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^#support: going on after \d[\d,]* messages\.$/m);
  expect(out).toMatch(/^#support … \d0%, [\d,]+ of about [\d,]+ messages, about .+ left$/m);
  expect(out).toContain(`#support: 1,000 messages since`);
  expect(asked(late).length).toBeLessThanOrEqual(Math.ceil(TOP / 100) + THREADS + kills.length);
  expect(await number(late, 'signal')).toBe(TOP + 2 * THREADS);
  expect(await number(late, `(select external_id from signal_head group by external_id having count(*) > 1) d`)).toBe(
    0,
  );
  expect(handsOf(late).parents()).toEqual([]);
});

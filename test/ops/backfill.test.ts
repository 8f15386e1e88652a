// What was said before anybody listened: all of it, once, in bounds, whatever cuts it short.
import { afterEach, expect, it } from 'vitest';
import type { BackfillView } from '#src/domain/backfill.ts';
import { run } from '#src/ops/backfill.ts';
import { type SetClock, setClock } from '#test/support/clock.ts';
import { runHere, startCommand } from '#test/support/command.ts';
import { DAY_MS, leapClock, MINUTE_MS } from '#test/support/fast-clock.ts';
import { EXPORT_COMPLAINTS, handsOf } from '#test/support/hands.ts';
import { type Rig, type RigOptions, startRig } from '#test/support/rig.ts';
import { sceneOf } from '#test/support/scene.ts';

const OTHERS = [
  'The dashboard shows the wrong currency on every invoice',
  'Login with single sign-on loops on the password page',
  'The mobile app drains the battery overnight',
  'Webhooks arrive twice for every order since the update',
];
const WRITERS = ['ana', 'ben', 'cleo', 'dan'] as const;
const TOP = 920;
const THREADS = 40;

const rigs: Rig[] = [];
afterEach(async () => {
  const complaints = rigs.flatMap(({ slack }) => [...slack.state.violations, ...slack.faults.unused()]);
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
  expect(complaints).toEqual([]);
});

/** A rig whose support channel has a past that nobody heard: a thousand messages over eighty days, eighty of them replies in forty threads. */
async function startLate(options: RigOptions = {}): Promise<Rig> {
  const rig = await startRig(options);
  rigs.push(rig);
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
}, 120_000);

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
}, 180_000);

it('takes in what the events would have told, row by row', async () => {
  const heard = setClock('2026-03-02T09:00:00Z');
  const late = setClock('2026-03-02T09:00:00Z');
  const play = async (clock: SetClock, listening: boolean) => {
    const rig = await startRig({ clock });
    rigs.push(rig);
    await rig.slack.disconnect();
    if (listening) await rig.connect(rig.app.url!);
    const slackOnly = sceneOf(rig).reports.filter(({ atS }) => atS < 1_300);
    for (const step of slackOnly) {
      clock.set(new Date(Date.parse('2026-03-02T09:00:00Z') + step.atS * 1000));
      await step.run();
      if (listening) await rig.settle();
    }
    return rig;
  };
  const live = await play(heard, true);
  const other = await play(late, false);
  heard.advance(DAY_MS);
  late.advance(DAY_MS);
  await other.app.settings.set('backfill.perMinute', 1_200, 'a test');
  const { found } = await other.app.backfill.channels(['#support']);
  await other.app.backfill.order({ ...found[0]!, days: 30, by: 'a test' });
  await other.app.backfill.run([found[0]!.channelId], { signal: new AbortController().signal });
  await other.settle();

  const rows = async (rig: Rig, sql: string) =>
    (await rig.app.db.query<{ row: string }>(`select to_jsonb(t)::text as row from (${sql}) t order by 1`)).map(
      ({ row }) => row,
    );
  // An answer of ours under a message that was deleted has lost its subject: a group for itself, whose name depends on whether we knew the parent.
  const withParent = `(thread_id is null or thread_id in (select external_id from signal_head where change <> 'deleted'))`;
  const heads = `select external_id, signal_id, change, changed_at, occurred_at, container_id, thread_id, author_id, author_role, modality, permalink,
    customer_id, conversation_id from signal_head where change <> 'deleted' and ${withParent}`;
  expect(await rows(other, heads)).toEqual(await rows(live, heads));
  const signals = `select id, external_id, occurred_at, source, body - 'receivedAt' - 'latencyMs' as body from signal where id in
    (select signal_id from signal_head where change <> 'deleted')`;
  expect(await rows(other, signals)).toEqual(await rows(live, signals));
  const conversations = `select id, revision, root_external_id, customer_id, first_at, last_at, permalink from conversation c where state = 'live'
    and exists (select 1 from signal_head h where h.conversation_id = c.id and h.change <> 'deleted' and ${withParent})`;
  expect(await rows(other, conversations)).toEqual(await rows(live, conversations));
  expect(await rows(other, 'select historical from conversation')).toEqual(
    await rows(other, 'select true as historical from conversation'),
  );
  // Deleted messages never were: neither their text nor a trace of them.
  expect(
    await rows(other, `select 1 from signal_key where external_id not in (select external_id from signal_head)`),
  ).toEqual([]);
  expect((await rows(live, heads)).length).toBeGreaterThan(10);
}, 120_000);

it('notices when Slack answers once a minute only, says so, and keeps to it', async () => {
  const clock = leapClock();
  const late = await startLate({ clock });
  late.slack.faults.distributed(true);
  const { found } = await late.app.backfill.channels(['support']);
  await late.app.backfill.order({ ...found[0]!, days: 9, by: 'a test' });
  const steps: BackfillView[] = [];
  const waits: number[] = [];
  await late.app.backfill.run([found[0]!.channelId], {
    signal: new AbortController().signal,
    onStep: (row) => steps.push(row),
    onWait: ({ ms }) => waits.push(ms),
  });
  await late.settle();
  expect(steps[0]).toMatchObject({ slow: true, requests: 1, messages: 15 });
  expect(steps.at(-1)).toMatchObject({ state: 'done' });
  expect(await number(late, 'signal')).toBe(steps.at(-1)!.messages);
  // After the first page it asks no more than it may; threads may have been asked for once before it was known.
  expect(waits.length).toBeLessThanOrEqual(1);
  expect(steps[1]!.estimate.remainingMs).toBeGreaterThan(2 * MINUTE_MS);
  late.slack.faults.distributed(false);
});

it('waits as long as Slack says, and outlives a Slack that breaks', async () => {
  const clock = leapClock();
  const late = await startLate({ clock });
  const { faults } = late.slack;
  faults.next('conversations.history', { kind: 'rate_limited', retryAfterS: 47 });
  faults.next('conversations.history', { kind: 'server_error', status: 503 }, 5);
  faults.next('conversations.replies', { kind: 'error', error: 'invalid_cursor' });
  faults.next('conversations.replies', { kind: 'rate_limited', retryAfterS: 30 });
  const { found } = await late.app.backfill.channels([]);
  await late.app.backfill.order({ ...found[0]!, days: 30, by: 'a test' });
  const waits: { why: string; ms: number }[] = [];
  const ended = await late.app.backfill.run([found[0]!.channelId], {
    signal: new AbortController().signal,
    onWait: (wait) => waits.push(wait),
  });
  await late.settle();
  expect(ended).toMatchObject([{ state: 'done', problem: null }]);
  expect(waits[0]).toEqual({ why: 'rate_limited', ms: 47_000 });
  expect(waits.slice(1, -1).map(({ why }) => why)).toContain('unavailable');
  expect(waits.at(-1)).toEqual({ why: 'rate_limited', ms: 30_000 });
  expect(await number(late, 'signal')).toBe((ended as BackfillView[])[0]!.messages);
});

it('says in one sentence why a channel cannot be read, and reads the others', async () => {
  const late = await startLate();
  const { human, state } = late.slack;
  await late.app.settings.set('backfill.perMinute', 1_200, 'a test');
  for (const name of ['left', 'kept']) {
    human.createChannel('pia', { name });
    human.inviteBot('pia', name);
    human.post('pia', name, 'The csv export fails with error 500');
  }
  await late.settle();
  // It was taken out while nobody listened.
  await late.slack.disconnect();
  state.leave(state.channel('left'), state.app.botUserId);
  const { code, out, err } = await command(late, [
    'slack',
    '--since=2d',
    '--channel=left',
    '--channel=nowhere',
    '--channel=kept',
  ]);
  expect(code).toBe(1);
  const lines = err.trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^nowhere is no channel that Throughline listens in: /),
    '#left was not read. Slack refused: invite the bot to the channel with /invite @Throughline.',
  ]);
  expect(out).toMatch(/^#kept: 1 message since/m);
});

it('says which scope a private channel wants', async () => {
  const late = await startLate();
  late.slack.faults.next('conversations.history', {
    kind: 'error',
    error: 'missing_scope',
    extra: { needed: 'groups:history', provided: 'channels:history' },
  });
  const { code, err } = await command(late, ['slack']);
  expect(code).toBe(1);
  expect(err).toContain(
    '#support was not read. Slack refused conversations.history: the bot token lacks groups:history.',
  );
});

it('refuses a second one while one is under way, and ends in order when it is interrupted', async () => {
  const late = await startLate();
  const stop = new AbortController();
  const first = command(late, ['slack'], stop.signal);
  await expect.poll(() => number(late, 'backfill where requests > 2'), { timeout: 20_000, interval: 10 }).toBe(1);
  const second = await command(late, ['slack']);
  expect(second).toMatchObject({ code: 1, out: '' });
  expect(second.err).toMatch(
    /^Another back-fill is under way, .*It is in #support, \d+%\. Try again when it is done\.\n$/,
  );
  stop.abort();
  expect(await first).toMatchObject({
    code: 130,
    err: 'Stopped. What was read stays; run the same command again to go on.\n',
  });
  expect(await late.app.verbs.backfill()).toMatchObject([{ name: 'support', state: 'stopped', problem: null }]);
});

it('says in one line what is wrong with its words, before anything is started', async () => {
  const wrong = async (...args: string[]) => {
    const { code, out, err } = await runHere((terminal) => run(args, terminal, new AbortController().signal), {});
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return err.trimEnd();
  };
  const more = 'npm run backfill -- --help says what there is.';
  expect(await wrong()).toBe(`Which system? There is slack. ${more}`);
  expect(await wrong('zendesk')).toBe(`Only slack can be read so; what is "zendesk"? ${more}`);
  expect(await wrong('slack', '--since=tomorrow')).toBe(
    `--since takes a time like 90d, 12w, 3m or 1y, not "tomorrow". ${more}`,
  );
  expect(await wrong('slack', '--since=0d')).toContain('not "0d"');
  expect(await wrong('slack', '--post=all')).toContain('--post takes a whole number');
  expect(await wrong('slack', '--quick')).toBe(`Unknown option '--quick'. ${more}`);
  expect(await wrong('slack')).toBe(
    'Slack is not set up: SLACK_BOT_TOKEN is missing. npm run doctor says how to get it.',
  );
  const help = await runHere((terminal) => run(['--help'], terminal, new AbortController().signal), {});
  for (const option of ['--since', '--channel', '--post']) expect(help.out).toContain(option);
});

// Capturing a message by hand: shortcut, emoji, receipt, and places where the bot is not.
import { afterEach, describe, expect, it } from 'vitest';
import { startWorkspace, type Workspace, type WorkspaceOptions } from './support.ts';

let running: Workspace | null = null;
afterEach(async () => {
  expect(running?.sim.state.violations ?? []).toEqual([]);
  await running?.close();
  running = null;
});
async function workspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  running = await startWorkspace(options);
  return running;
}
const CAPTURED = async () => ({ kind: 'captured', key: 'k|1', already: false, canFile: true }) as const;
const told = (w: Workspace, user: string) => w.sim.state.ephemeralsOf(user).map((one) => one.message.text);

describe('the shortcut', () => {
  it('captures, with a receipt that files or takes back', async () => {
    const w = await workspace({
      verbs: {
        capture: CAPTURED,
        fileNow: async () => ({ kind: 'filing', cardId: null, decisionId: 'dec_1' }),
        takeBack: async () => ({ kind: 'done' }),
      },
    });
    const message = w.sim.human.post('cleo', 'support', 'The export stops');
    await w.sim.human.messageShortcut('ana', 'support', message.ts, 'send_to_throughline');
    await w.settled();
    const [receipt] = w.sim.state.ephemeralsOf('ana');
    expect(receipt?.message.text).toMatch(/^Captured\./);
    await w.sim.human.click('ana', 'support', receipt!.message.ts, 'capture_file');
    await w.sim.human.click('ana', 'support', receipt!.message.ts, 'capture_undo');
    await w.settled();
    const ref = { channelId: w.channel('support'), ts: message.ts };
    expect(w.verbs.asked).toMatchObject([
      { verb: 'capture', input: { message: ref, via: 'shortcut', person: { id: w.id('ana'), kind: 'member' } } },
      { verb: 'fileNow', input: { key: 'k|1' } },
      { verb: 'takeBack', input: { key: 'k|1' } },
    ]);
    expect(told(w, 'ana').slice(1)).toEqual([
      expect.stringMatching(/Approved, and filing now/),
      expect.stringMatching(/Taken back/),
    ]);
  });

  it('reads the message from the shortcut where the bot is no member', async () => {
    const w = await workspace();
    w.verbs.script({
      capture: async ({ message, person }) => {
        const read = await w.slack.readMessage(message, person.id);
        return read.kind === 'signal'
          ? { kind: 'captured', key: read.signal.externalId, already: false, canFile: false }
          : read;
      },
    });
    const message = w.sim.human.post('cleo', 'elsewhere', 'The export stops');
    await w.sim.human.messageShortcut('ana', 'elsewhere', message.ts, 'send_to_throughline');
    await w.settled();
    expect(told(w, 'ana')).toEqual([expect.stringMatching(/^Captured\./)]);
    const read = await w.slack.readMessage({ channelId: w.channel('elsewhere'), ts: message.ts }, w.id('ana'));
    expect(read).toMatchObject({ kind: 'signal', signal: { text: 'The export stops', capturedBy: w.id('ana') } });
  });

  it('answers by direct message, saying so, when the channel takes no answer', async () => {
    const w = await workspace({ verbs: { capture: CAPTURED } });
    const message = w.sim.human.post('cleo', 'elsewhere', 'The export stops');
    w.sim.faults.next('response_url', { kind: 'server_error', status: 404 });
    await w.sim.human.messageShortcut('ana', 'elsewhere', message.ts, 'send_to_throughline');
    await w.settled();
    expect(told(w, 'ana')).toEqual([]);
    const direct = w.sim.state.timeline(w.sim.state.direct(w.id('ana')).id);
    expect(direct.map((one) => one.text)).toEqual([expect.stringMatching(/I am not in #elsewhere/)]);
  });

  it.each([
    ['not_in_channel', /\/invite @Throughline/],
    ['message_not_found', /may have been deleted/],
    ['empty', /no text/],
  ] as const)('says what to do when the message is out of reach: %s', async (why, words) => {
    const w = await workspace({ verbs: { capture: async () => ({ kind: 'unreachable', why }) } });
    const message = w.sim.human.post('cleo', 'support', 'x');
    await w.sim.human.messageShortcut('ana', 'support', message.ts, 'send_to_throughline');
    await w.settled();
    expect(told(w, 'ana')).toEqual([expect.stringMatching(words)]);
  });
});

describe('the emoji', () => {
  it('captures, in the thread where the message is, and takes back when it goes', async () => {
    const w = await workspace({ verbs: { capture: CAPTURED, uncapture: async () => ({ kind: 'done' }) } });
    const root = w.sim.human.post('cleo', 'support', 'hello');
    const reply = w.sim.human.post('cleo', 'support', 'The export stops', { threadTs: root.ts });
    w.sim.human.react('ana', 'support', reply.ts, 'memo');
    await w.settled();
    const [receipt] = w.sim.state.ephemeralsOf('ana');
    expect(receipt?.message.thread_ts).toBe(root.ts);
    w.sim.human.unreact('ana', 'support', reply.ts, 'memo');
    await w.settled();
    expect(w.verbs.asked).toMatchObject([
      { verb: 'capture', input: { via: 'reaction', message: { ts: reply.ts } } },
      { verb: 'uncapture', input: { message: { ts: reply.ts } } },
    ]);
    expect(w.sim.state.ephemeralsOf('ana')).toHaveLength(1);
  });

  it('is the one of the settings', async () => {
    const w = await workspace({ settings: { captureEmoji: 'inbox_tray' }, verbs: { capture: CAPTURED } });
    const message = w.sim.human.post('cleo', 'support', 'The export stops');
    w.sim.human.react('ana', 'support', message.ts, 'memo');
    w.sim.human.react('ana', 'support', message.ts, 'inbox_tray');
    await w.settled();
    expect(w.verbs.asked).toHaveLength(1);
  });

  it('tells a guest why it did nothing', async () => {
    const w = await workspace({ verbs: { capture: async () => ({ kind: 'refused', refusal: 'guest' }) } });
    const message = w.sim.human.post('cleo', 'support', 'The export stops');
    w.sim.human.react('gil', 'support', message.ts, 'memo');
    await w.settled();
    expect(told(w, 'gil')).toEqual([expect.stringMatching(/Guests can read along/)]);
  });
});

describe('reading a captured message', () => {
  it('knows an edited message as its edit, a reply by its thread, and nothing of what is gone', async () => {
    const w = await workspace();
    const root = w.sim.human.post('cleo', 'support', 'hello');
    const reply = w.sim.human.post('cleo', 'support', 'The exprot', { threadTs: root.ts });
    w.sim.human.edit('cleo', 'support', reply.ts, 'The export');
    const channelId = w.channel('support');
    expect(await w.slack.readMessage({ channelId, ts: reply.ts }, 'U1')).toMatchObject({
      kind: 'signal',
      signal: { change: 'edited', text: 'The export', threadId: `slack:${channelId}:${root.ts}` },
    });
    expect(await w.slack.readMessage({ channelId, ts: '1.000001' }, 'U1')).toEqual({
      kind: 'unreachable',
      why: 'message_not_found',
    });
    expect(await w.slack.readMessage({ channelId: w.channel('elsewhere'), ts: root.ts }, 'U1')).toEqual({
      kind: 'unreachable',
      why: 'not_in_channel',
    });
  });
});

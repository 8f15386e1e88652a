// Slack's events, from the simulator through the real SDK and our intake, to facts.
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

describe('messages in watched channels', () => {
  it('makes a signal with its author, its channel and a permalink built without asking', async () => {
    const w = await workspace();
    const message = w.sim.human.post('cleo', 'support', 'The export stops at 1,000 rows & says <nothing>');
    await w.settled();
    const [signal] = w.signals();
    expect(signal).toMatchObject({
      source: 'slack',
      externalId: `slack:${w.channel('support')}:${message.ts}`,
      change: 'created',
      text: 'The export stops at 1,000 rows & says <nothing>',
      author: { id: w.id('cleo'), name: 'Cleo Customer', role: 'customer' },
      container: { id: `slack:${w.channel('support')}`, name: '#support' },
      threadId: null,
      customer: { kind: 'author', key: `slack:user:${w.id('cleo')}`, name: 'Cleo Customer' },
      reliability: 'signed',
      capturedBy: null,
    });
    expect(signal?.permalink).toBe(w.sim.state.permalink('support', message.ts));
    expect(w.sim.calls.filter((call) => call.method === 'chat.getPermalink')).toEqual([]);
  });

  it('hangs replies on their root, and the root on nothing', async () => {
    const w = await workspace();
    const root = w.sim.human.post('cleo', 'support', 'The export stops');
    const reply = w.sim.human.post('cleo', 'support', 'since Monday', { threadTs: root.ts });
    w.sim.human.post('ben', 'support', 'Also to the channel', { threadTs: root.ts, broadcast: true });
    await w.settled();
    const rootId = `slack:${w.channel('support')}:${root.ts}`;
    expect(w.signals().map((signal) => [signal.text, signal.threadId, signal.author.role])).toEqual([
      ['The export stops', null, 'customer'],
      ['since Monday', rootId, 'customer'],
      ['Also to the channel', rootId, 'staff'],
    ]);
    expect(w.signals()[1]?.permalink).toBe(w.sim.state.permalink('support', reply.ts));
  });

  it('turns mentions, channels and pings into plain words', async () => {
    const w = await workspace();
    w.sim.state.post(w.sim.state.channel('support'), {
      user: w.id('cleo'),
      text: `<!channel> <@${w.id('ben')}> see <#${w.channel('team')}> and <https://x.example/a?b=1&amp;c=2|the page> or <mailto:a@b.example|a@b.example>`,
    });
    await w.settled();
    expect(w.signals()[0]?.text).toBe(
      '@channel @Ben Olsen see #team and the page (https://x.example/a?b=1&c=2) or a@b.example',
    );
  });

  it('takes an edit as a revision of the same message', async () => {
    const w = await workspace();
    const message = w.sim.human.post('cleo', 'support', 'The exprot stops');
    w.sim.human.edit('cleo', 'support', message.ts, 'The export stops');
    await w.settled();
    const [first, second] = w.signals();
    expect(second).toMatchObject({ externalId: first?.externalId, change: 'edited', text: 'The export stops' });
    expect(second!.changedAt > first!.changedAt).toBe(true);
    expect(second!.occurredAt).toBe(first!.occurredAt);
  });

  it('ignores a change that only unfurled a link', async () => {
    const w = await workspace();
    const message = w.sim.human.post('cleo', 'support', 'see https://x.example');
    w.sim.state.change(w.sim.state.channel('support'), w.sim.state.message('support', message.ts), {
      attachments: [{ fallback: 'x' }],
    });
    await w.settled();
    expect(w.signals()).toHaveLength(1);
    expect(w.facts.at(-1)).toEqual({ kind: 'ignored', reason: 'the text did not change' });
  });

  it('answers a deletion with a tombstone and the order to forget', async () => {
    const w = await workspace();
    const message = w.sim.human.post('cleo', 'support', 'my phone is 555 0100');
    w.sim.human.remove('cleo', 'support', message.ts);
    await w.settled();
    const externalId = `slack:${w.channel('support')}:${message.ts}`;
    expect(w.signals()[1]).toMatchObject({ externalId, change: 'deleted', text: null });
    expect(w.facts.at(-1)).toMatchObject({ kind: 'forget', source: 'slack', externalId });
  });

  it('takes the emptied parent of a thread as deleted', async () => {
    const w = await workspace();
    const root = w.sim.human.post('cleo', 'support', 'secret words');
    w.sim.human.post('ben', 'support', 'answer', { threadTs: root.ts });
    w.sim.human.remove('cleo', 'support', root.ts);
    await w.settled();
    expect(w.facts.filter((fact) => fact.kind === 'forget')).toMatchObject([
      { externalId: `slack:${w.channel('support')}:${root.ts}` },
    ]);
  });

  it('ignores joins, other bots, itself, and channels that are off', async () => {
    const w = await workspace({ modes: { elsewhere: 'off' } });
    w.sim.human.invite('ana', 'team', 'cleo');
    w.sim.human.post('pager', 'support', 'CPU is high');
    await w.slack.outbound.postOnce({
      channel: w.channel('support'),
      key: 'k',
      message: { text: 'ours' },
      since: new Date(),
      recover: false,
    });
    w.sim.human.inviteBot('ana', 'elsewhere');
    w.sim.human.post('cleo', 'elsewhere', 'nobody listens here');
    await w.settled();
    expect(w.signals()).toEqual([]);
    const reasons = w.facts.map((fact) => (fact.kind === 'ignored' ? fact.reason : ''));
    expect(reasons).toContain("another bot's message");
    expect(reasons).toContain('our own message');
    expect(reasons).toContain('we do not listen in this channel');
    expect(w.channelNews).toEqual(['joined elsewhere']);
  });

  it('listens where it was added although no event has said so, and nowhere else', async () => {
    const w = await workspace();
    // Asked about while it was not there yet, so that the answer is remembered.
    expect(await w.slack.client.channel(w.channel('elsewhere'))).toMatchObject({ isMember: false });
    w.sim.faults.drop(({ type }) => type === 'member_joined_channel');
    w.sim.human.inviteBot('ana', 'elsewhere');
    w.sim.human.post('cleo', 'elsewhere', 'The export fails');
    await w.settled();
    expect(w.signals()).toMatchObject([{ text: 'The export fails' }]);
    expect(w.channelNews).toEqual(['joined elsewhere']);
  });

  it('lets other bots in when a setting says so, as bots', async () => {
    const w = await workspace({ settings: { allowBots: true } });
    w.sim.human.post('pager', 'support', 'CPU is high');
    await w.settled();
    expect(w.signals()[0]?.author.role).toBe('bot');
  });

  it('follows edits and deletions of a message it holds, wherever it stands', async () => {
    const held = new Set<string>();
    const w = await workspace({ known: (id) => held.has(id) });
    w.sim.human.inviteBot('ana', 'elsewhere');
    const message = w.sim.human.post('cleo', 'elsewhere', 'captured once');
    held.add(`slack:${w.channel('elsewhere')}:${message.ts}`);
    await w.settled();
    w.sim.human.remove('cleo', 'elsewhere', message.ts);
    await w.settled();
    expect(w.facts.filter((fact) => fact.kind === 'forget')).toHaveLength(1);
  });
});

describe('whose words', () => {
  it('counts people from another company as that company', async () => {
    const w = await workspace();
    w.sim.human.post('eva', 'shared', 'we at Globex cannot log in');
    await w.settled();
    expect(w.signals()[0]?.customer).toMatchObject({ kind: 'slack_team', key: 'slack:team:T0GLOBEX001' });
  });

  it('counts a channel that belongs to a customer as that customer', async () => {
    const w = await startWorkspace();
    const channel = w.channel('support');
    await w.close();
    const v = await workspace({ settings: { customerChannels: { [channel]: 'Initech' } } });
    v.sim.human.post('ben', 'support', 'they cannot log in');
    await v.settled();
    expect(v.signals()[0]).toMatchObject({
      author: { role: 'staff' },
      customer: { kind: 'channel', key: `slack:channel:${channel}`, name: 'Initech' },
    });
  });

  it('leaves the customer of a staff message to whoever knows the names', async () => {
    const w = await workspace();
    w.sim.human.post('ben', 'support', 'Initech cannot log in');
    await w.settled();
    expect(w.signals()[0]?.customer?.kind).toBe('unknown');
  });
});

describe('channels', () => {
  it('tells about renames', async () => {
    const w = await workspace();
    w.sim.human.renameChannel('ana', 'support', 'customer-support');
    await w.settled();
    expect(w.channelNews).toEqual(['renamed customer-support']);
    w.sim.human.post('cleo', 'customer-support', 'hello there');
    await w.settled();
    expect(w.signals()[0]?.container.name).toBe('#customer-support');
  });
});

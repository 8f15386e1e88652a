// Who may decide, who is staff, who can read along; and what the doctor finds.
import { afterEach, describe, expect, it } from 'vitest';
import type { Action } from '#src/domain/action.ts';
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

describe('people', () => {
  it('are what Slack says they are', async () => {
    const w = await workspace();
    const kind = async (name: string) => (await w.slack.people.personOf(w.id(name))).kind;
    expect(await kind('ana')).toBe('member');
    expect(await kind('gil')).toBe('guest');
    expect(await kind('eva')).toBe('external');
    expect(await kind('pager')).toBe('bot');
    expect((await w.slack.people.personOf('U0NOBODY0')).kind).toBe('unknown');
    expect((await w.slack.people.personOf('USLACKBOT')).kind).not.toBe('member');
    w.sim.human.join({ name: 'gone', deleted: true });
    expect(await kind('gone')).toBe('unknown');
  });

  it.each([
    ['a group handle', ['deciders'], 'ana', 'ben'],
    ['a handle with @', ['@deciders'], 'ana', 'ben'],
    ['members of the insights channel by default', [], 'ben', 'cleo'],
  ])('decide by %s', async (_name, approvers, yes, no) => {
    const w = await workspace({ config: { approvers } });
    expect((await w.slack.people.personOf(w.id(yes))).approver).toBe(true);
    expect((await w.slack.people.personOf(w.id(no))).approver).toBe(false);
  });

  it('decide by their own id', async () => {
    const first = await startWorkspace();
    const cleo = first.id('cleo');
    await first.close();
    const w = await workspace({ config: { approvers: [cleo] } });
    expect((await w.slack.people.personOf(cleo)).approver).toBe(true);
    expect((await w.slack.people.personOf(w.id('ana'))).approver).toBe(false);
  });

  it('never decide as a guest, whatever the lists say', async () => {
    const w = await workspace({ config: { approvers: [] } });
    expect(await w.slack.people.personOf(w.id('gil'))).toMatchObject({ kind: 'guest', approver: false });
  });

  it('gain and lose the right with their group, and with the channel', async () => {
    const w = await workspace();
    expect((await w.slack.people.personOf(w.id('ben'))).approver).toBe(false);
    w.sim.state.setUsergroup('deciders', ['ben']);
    await w.settled();
    expect((await w.slack.people.personOf(w.id('ben'))).approver).toBe(true);
    expect((await w.slack.people.personOf(w.id('ana'))).approver).toBe(false);
    await w.close();
    const v = await workspace({ config: { approvers: [] } });
    expect((await v.slack.people.personOf(v.id('cleo'))).approver).toBe(false);
    v.sim.human.invite('ana', 'insights', 'cleo');
    await v.settled();
    expect((await v.slack.people.personOf(v.id('cleo'))).approver).toBe(true);
  });

  it('are staff by STAFF only', async () => {
    const w = await workspace();
    expect(await w.slack.people.isStaff(w.id('ben'))).toBe(true);
    expect(await w.slack.people.isStaff(w.id('ana'))).toBe(false);
  });
});

describe('who reads a channel', () => {
  it.each([
    ['team', true],
    ['support', false],
    ['shared', false],
  ])('#%s: only our own people? %s', async (channel, internal) => {
    const w = await workspace();
    expect(await w.slack.people.isInternal(w.channel(channel))).toBe(internal);
  });

  it('is unknown, and so not internal, where we cannot look', async () => {
    const w = await workspace();
    expect(await w.slack.people.readersOf('C0NOWHERE')).toBe('unknown');
    expect(await w.slack.people.isInternal('C0NOWHERE')).toBe(false);
  });

  it('changes when a guest is invited', async () => {
    const w = await workspace();
    expect(await w.slack.people.isInternal(w.channel('team'))).toBe(true);
    w.sim.human.invite('ana', 'team', 'gil');
    await w.settled();
    expect(await w.slack.people.isInternal(w.channel('team'))).toBe(false);
    expect(await w.slack.people.readersOf(w.channel('team'))).toMatchObject({ outsiders: new Set([w.id('gil')]) });
  });
});

describe('the doctor', () => {
  it('is content when all is there', async () => {
    const w = await workspace();
    expect(await w.slack.integration.probe()).toMatchObject({ ok: true, detail: expect.stringContaining('Acme') });
  });

  it('names missing scopes, absent channels and unknown people, with a fix for each', async () => {
    const w = await workspace({
      simulator: {
        scopes: ['channels:history', 'channels:read', 'chat:write', 'commands', 'usergroups:read', 'users:read'],
      },
      config: { supportChannels: ['support', 'elsewhere', 'nowhere'], staff: ['ghosts'] },
    });
    const probe = await w.slack.integration.probe();
    expect(probe.ok).toBe(false);
    for (const part of [
      'reactions:read',
      'no channel is called nowhere',
      'not in #elsewhere',
      'nobody is called ghosts',
    ]) {
      expect(probe.detail).toContain(part);
    }
    for (const part of ['manifest.yml', 'SUPPORT_CHANNELS', '/invite @Throughline', 'STAFF'])
      expect(probe.fix).toContain(part);
  });

  it('sees at once that its advice was followed', async () => {
    const w = await workspace({ config: { supportChannels: ['elsewhere'] } });
    expect((await w.slack.integration.probe()).ok).toBe(false);
    await w.sim.disconnect();
    w.sim.human.inviteBot('ana', 'elsewhere');
    expect((await w.slack.integration.probe()).ok).toBe(true);
  });

  it('says what to check when the token is wrong', async () => {
    const w = await workspace({ config: { botToken: 'xoxb-wrong' } });
    expect(await w.slack.integration.probe()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('SLACK_BOT_TOKEN'),
      fix: expect.stringContaining('Bot User OAuth Token'),
    });
  });
});

describe('what an approval writes into source threads', () => {
  const action = (payload: Action['payload']): Action => ({
    id: 'act_1',
    kind: payload.kind,
    idempotencyKey: 'dec_1:3',
    payload,
    issue: { system: 'linear', externalId: 'x', label: 'ENG-12', url: 'https://linear.example/ENG-12', found: false },
  });

  it('replies once, though the answer was lost, and takes the reply back', async () => {
    const w = await workspace();
    const root = w.sim.human.post('ana', 'team', 'hello');
    const reply = action({
      kind: 'slack.reply',
      issueActionId: 'act_0',
      channel: w.channel('team'),
      threadTs: root.ts,
      text: 'Filed, thank you <!channel>:',
    });
    const { perform, compensate } = w.slack.integration.actions!['slack.reply']!;
    w.sim.faults.next('chat.postMessage', { kind: 'reset', after: true });
    const first = await perform(reply);
    const second = await perform(reply);
    expect(second).toEqual({ ...first, found: true });
    const [, said] = w.sim.state.thread('team', root.ts);
    expect(said?.text).toBe('Filed, thank you &lt;!channel&gt;: <https://linear.example/ENG-12|ENG-12>');
    expect(w.sim.state.thread('team', root.ts)).toHaveLength(2);
    expect(first.url).toBe(w.sim.state.permalink('team', said!.ts));
    expect(await compensate(reply, first)).toMatchObject({ undone: true });
    expect(await compensate(reply, first)).toMatchObject({ undone: true, note: expect.stringMatching(/gone already/) });
    expect(w.sim.state.thread('team', root.ts)).toHaveLength(1);
  });

  it('reacts once, and takes the reaction back', async () => {
    const w = await workspace();
    const message = w.sim.human.post('ana', 'team', 'hello');
    const react = action({ kind: 'slack.react', channel: w.channel('team'), ts: message.ts, emoji: 'link' });
    const { perform, compensate } = w.slack.integration.actions!['slack.react']!;
    const first = await perform(react);
    expect((await perform(react)).found).toBe(true);
    expect(w.sim.state.message('team', message.ts).reactions).toMatchObject([{ name: 'link', count: 1 }]);
    await compensate(react, first);
    await compensate(react, first);
    expect(w.sim.state.message('team', message.ts).reactions).toBeUndefined();
  });
});

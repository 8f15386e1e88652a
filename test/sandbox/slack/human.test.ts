import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '#src/sandbox/slack/model.ts';
import { escapeText, posted, typed } from '#src/sandbox/slack/mrkdwn.ts';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { clientOf, type HandClock, handClock, refusal, startEar, startSlack } from './support.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const option = (value: string) => ({ text: plain(value), value });

describe('what people type', () => {
  let slack: SlackSimulator;
  beforeEach(async () => {
    slack = await startSlack();
  });
  afterEach(() => slack.close());
  const text = (said: string) => typed(said, slack.state).text;

  it('turns names, groups, channels, links and addresses into Slack’s marks', () => {
    const { state } = slack;
    const ana = state.user('ana').id;
    const support = state.channel('support').id;
    const [group] = state.usergroups.values();
    expect(text('@ana and @Ana Costa, @anabel is nobody')).toBe(`<@${ana}> and <@${ana}>, @anabel is nobody`);
    expect(text('@triage @here see #support, not #nowhere')).toBe(
      `<!subteam^${group!.id}|@triage> <!here> see <#${support}|support>, not #nowhere`,
    );
    expect(text('(see https://acme.example/a?b=1&c=2).')).toBe('(see <https://acme.example/a?b=1&amp;c=2>).');
    expect(text('write to a.b@acme.example!')).toBe('write to <mailto:a.b@acme.example|a.b@acme.example>!');
    expect(text('1 < 2 && 3 > 2 :wave:')).toBe('1 &lt; 2 &amp;&amp; 3 &gt; 2 :wave:');
  });

  it('never lets typed text pass for a mark of Slack’s', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>&@!|#abU0 ') }), (said) => {
        const plainly = said.replace(/[@#]/g, '');
        expect(text(plainly)).toBe(escapeText(plainly));
        expect(text(plainly)).not.toMatch(/[<>]/);
      }),
    );
  });

  it('stores what an app posts in a form that does not change when it is posted again', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>&;amplt@U0!hereC| :/') }), (said) => {
        expect(posted(posted(said))).toBe(posted(said));
      }),
    );
  });

  it('has a rich_text block that says the same', () => {
    const { blocks } = typed('Hi @ana, see https://acme.example :wave:', slack.state);
    expect(blocks[0]?.elements).toEqual([
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: 'Hi ' },
          { type: 'user', user_id: slack.state.user('ana').id },
          { type: 'text', text: ', see ' },
          { type: 'link', url: 'https://acme.example' },
          { type: 'text', text: ' ' },
          { type: 'emoji', name: 'wave' },
        ],
      },
    ]);
  });
});

describe('what people can do', () => {
  let clock: HandClock;
  let slack: SlackSimulator;
  let ear: Awaited<ReturnType<typeof startEar>>;
  const channel = () => slack.state.channel('support').id;
  const interaction = (index = -1): Fields => {
    const body = ear.received.at(index)?.body ?? '';
    return JSON.parse(new URLSearchParams(body).get('payload') ?? 'null') as Fields;
  };
  const trigger = () => String(slack.deliveries.at(-1)?.payload.trigger_id);

  beforeEach(async () => {
    clock = handClock();
    slack = await startSlack({ clock });
    ear = await startEar();
    await slack.connect({ eventsUrl: ear.url, botEvents: [] });
  });
  afterEach(async () => {
    await slack.close();
    await ear.close();
  });

  const BLOCKS = [
    {
      type: 'section' as const,
      block_id: 'head',
      text: plain('Pick'),
      accessory: { type: 'overflow' as const, action_id: 'more', options: [option('a'), option('b')] },
    },
    {
      type: 'actions' as const,
      block_id: 'acts',
      elements: [
        { type: 'button' as const, action_id: 'go', text: plain('Go'), value: 'v1', style: 'primary' as const },
        { type: 'static_select' as const, action_id: 'team', options: [option('eng'), option('ops')] },
        { type: 'users_select' as const, action_id: 'who' },
        { type: 'checkboxes' as const, action_id: 'boxes', options: [option('x'), option('y')] },
        { type: 'datepicker' as const, action_id: 'day' },
      ],
    },
  ];
  const card = async () =>
    (await clientOf(slack).chat.postMessage({ channel: channel(), text: 'card', blocks: BLOCKS })).ts ?? '';

  it.each([
    ['go', undefined, { type: 'button', value: 'v1', style: 'primary' }],
    ['more', 'b', { type: 'overflow', selected_option: option('b') }],
    ['team', 'ops', { type: 'static_select', selected_option: option('ops') }],
    ['who', 'U0SOMEBODY', { type: 'users_select', selected_user: 'U0SOMEBODY' }],
    ['boxes', ['x', 'y'], { type: 'checkboxes', selected_options: [option('x'), option('y')] }],
    ['day', '2026-12-24', { type: 'datepicker', selected_date: '2026-12-24' }],
  ])('sends a click on %s with what was picked', async (actionId, value, action) => {
    const ts = await card();
    await slack.human.click('ben', 'support', ts, actionId, value === undefined ? {} : { value });
    const payload = interaction();
    expect(payload).toMatchObject({
      type: 'block_actions',
      user: { id: slack.state.user('ben').id },
      container: { type: 'message', message_ts: ts, channel_id: channel(), is_ephemeral: false },
      message: { ts },
      channel: { id: channel(), name: 'support' },
    });
    expect((payload.actions as Fields[])[0]).toMatchObject({ action_id: actionId, ...action });
  });

  it('remembers what was picked on a message for the next click on it', async () => {
    const ts = await card();
    await slack.human.click('ben', 'support', ts, 'team', { value: 'ops' });
    await slack.human.click('ben', 'support', ts, 'go');
    expect(interaction().state).toMatchObject({
      values: { acts: { team: { type: 'static_select', selected_option: option('ops') } } },
    });
    await slack.human.click('ana', 'support', ts, 'go');
    expect(interaction().state).toMatchObject({ values: { acts: { team: { selected_option: null } } } });
  });

  it('cannot click what is not shown, not offered, or not theirs', async () => {
    const ts = await card();
    const { message_ts: ephemeral = '' } = await clientOf(slack).chat.postEphemeral({
      channel: channel(),
      user: slack.state.user('ana').id,
      text: 'psst',
      blocks: BLOCKS,
    });
    await expect(slack.human.click('ben', 'support', ts, 'stop')).rejects.toThrow(/no element "stop"/);
    await expect(slack.human.click('ben', 'support', ts, 'team', { value: 'hr' })).rejects.toThrow(/does not offer/);
    await expect(slack.human.click('eva', 'support', ts, 'go')).rejects.toThrow(/is not in #support/);
    await expect(slack.human.click('ben', 'support', ephemeral, 'go')).rejects.toThrow(/no message/);
    expect(() => slack.human.edit('ben', 'support', ts, 'x')).toThrow(/not ben's own/);
    expect(() => slack.human.post('eva', 'support', 'x')).toThrow(/is not in #support/);
    expect(ear.received).toEqual([]);
  });

  it('clicks an ephemeral message, of which Slack sends no copy', async () => {
    const { message_ts: ts = '' } = await clientOf(slack).chat.postEphemeral({
      channel: channel(),
      user: slack.state.user('ana').id,
      text: 'psst',
      blocks: BLOCKS,
    });
    await slack.human.click('ana', 'support', ts, 'go');
    const payload = interaction();
    expect(payload.container).toMatchObject({ is_ephemeral: true, message_ts: ts });
    expect(payload.message).toBeUndefined();
    const answer = (body: Fields) =>
      fetch(String(payload.response_url), { method: 'POST', body: JSON.stringify(body) }).then((one) => one.status);
    expect(await answer({ replace_original: true, text: 'done' })).toBe(200);
    expect(slack.state.ephemeralsOf('ana')[0]?.message).toMatchObject({ ts, text: 'done' });
    expect(slack.state.ephemeralsOf('ana')[0]?.message.blocks).toBeUndefined();
    expect(await answer({ delete_original: true })).toBe(200);
    expect(slack.state.ephemeralsOf('ana')).toEqual([]);
  });

  it('takes five answers through a response_url, for half an hour', async () => {
    await slack.human.slash('ben', 'support', '/throughline', 'help');
    const url = String(slack.deliveries.at(-1)?.payload.response_url);
    const answer = async (body: Fields, to = url) => {
      const response = await fetch(to, { method: 'POST', body: JSON.stringify(body) });
      return [response.status, await response.text()];
    };
    expect(await answer({})).toEqual([400, 'no_text']);
    expect(await answer({ text: 'x', blocks: [{ type: 'nonsense' }] })).toEqual([400, 'invalid_blocks']);
    for (let count = 0; count < 3; count++) expect(await answer({ text: `t${count}` })).toEqual([200, 'ok']);
    expect(await answer({ text: 'one too many' })).toEqual([404, 'used_url']);
    expect(slack.state.ephemeralsOf('ben').map((one) => one.message.text)).toEqual(['t0', 't1', 't2']);
    await slack.human.slash('ben', 'support', '/throughline', 'help');
    clock.advance(30 * 60_000 + 1);
    expect(await answer({ text: 'late' }, String(slack.deliveries.at(-1)?.payload.response_url))).toEqual([
      404,
      'expired_url',
    ]);
    expect(await answer({ text: 'x' }, url.replace(/.{4}$/, 'beef'))).toEqual([404, 'invalid_url']);
  });

  const modal = (callbackId: string, more: Fields = {}) => ({
    type: 'modal' as const,
    callback_id: callbackId,
    title: plain(callbackId),
    blocks: [{ type: 'divider' as const }],
    ...more,
  });

  it('opens a modal once per trigger, within three seconds', async () => {
    const client = clientOf(slack);
    await slack.human.globalShortcut('ben', 'new');
    const open = () => refusal(client.views.open({ trigger_id: trigger(), view: modal('first') }));
    expect(await open()).toBe('none');
    expect(await open()).toBe('exchanged_trigger_id');
    await slack.human.globalShortcut('ben', 'new');
    clock.advance(3_001);
    expect(await open()).toBe('expired_trigger_id');
  });

  it('stacks three modals, and closing one takes those above it along', async () => {
    const client = clientOf(slack);
    await slack.human.globalShortcut('ben', 'new');
    await client.views.open({ trigger_id: trigger(), view: modal('one', { notify_on_close: true }) });
    const push = async (name: string) => {
      await slack.human.globalShortcut('ben', 'new');
      return refusal(client.views.push({ trigger_id: trigger(), view: modal(name, { notify_on_close: true }) }));
    };
    expect(await push('two')).toBe('none');
    expect(await push('three')).toBe('none');
    expect(await push('four')).toBe('push_limit_reached');
    const [one, two, three] = slack.state.modalsOf('ben');
    expect(three?.view).toMatchObject({ root_view_id: one?.view.id, previous_view_id: two?.view.id });
    await slack.human.closeView('ben', two!.view.id);
    expect(slack.state.modalsOf('ben').map((view) => view.view.callback_id)).toEqual(['one']);
    expect([interaction(-2), interaction(-1)].map((one) => [one.type, (one.view as Fields).callback_id])).toEqual([
      ['view_closed', 'three'],
      ['view_closed', 'two'],
    ]);
  });

  it('keeps what was entered when the app updates the modal, and sends it all with the submission', async () => {
    const client = clientOf(slack);
    const input = (id: string, more: Fields = {}) => ({
      type: 'input' as const,
      block_id: id,
      label: plain(id),
      element: { type: 'plain_text_input' as const, action_id: `${id}_text`, ...more },
    });
    const blocks = [
      input('title', { initial_value: 'Old title' }),
      {
        type: 'input' as const,
        block_id: 'team',
        label: plain('Team'),
        optional: true,
        element: { type: 'static_select' as const, action_id: 'team_pick', options: [option('eng'), option('ops')] },
      },
    ];
    await slack.human.globalShortcut('ben', 'new');
    const opened = await client.views.open({
      trigger_id: trigger(),
      view: modal('edit', { submit: plain('Save'), blocks }),
    });
    const viewId = opened.view?.id ?? '';
    expect(await slack.human.submitView('ben', viewId, { title: '' })).toMatchObject({ outcome: 'errors' });
    await client.views.update({
      view_id: viewId,
      view: modal('edit', { submit: plain('Save'), blocks: [...blocks, input('more')] }),
    });
    const result = await slack.human.submitView('ben', viewId, {
      title_text: 'New title',
      team_pick: 'ops',
      more: 'And more',
    });
    expect(result).toEqual({ outcome: 'closed' });
    expect((interaction().view as Fields).state).toEqual({
      values: {
        title: { title_text: { type: 'plain_text_input', value: 'New title' } },
        team: { team_pick: { type: 'static_select', selected_option: option('ops') } },
        more: { more_text: { type: 'plain_text_input', value: 'And more' } },
      },
    });
  });

  it('shows a person that the app did not answer', async () => {
    const ts = await card();
    await ear.close();
    expect(await slack.human.click('ben', 'support', ts, 'go')).toEqual({
      ok: false,
      status: null,
      warning: 'failed with the error "dispatch_failed"',
    });
    expect(await slack.human.slash('ben', 'support', '/throughline')).toMatchObject({ ok: false, reply: null });
  });

  it('knows only the commands of the manifest, once it was told of them', async () => {
    await slack.connect({ eventsUrl: ear.url, botEvents: [], commands: ['/throughline'] });
    expect(await slack.human.slash('ben', 'support', '/loop')).toMatchObject({
      ok: false,
      warning: '/loop is not a valid command.',
    });
    expect(ear.received).toEqual([]);
  });

  it('hides the name of a private place from the app', async () => {
    await slack.human.slash('ana', 'secret', '/throughline');
    await slack.human.slash('ana', 'app', '/throughline');
    expect(slack.deliveries.map((one) => one.payload.channel_name)).toEqual(['privategroup', 'directmessage']);
  });

  it('tells a watching page of every change', async () => {
    const seen: string[] = [];
    const stop = slack.subscribe((change) => seen.push(change.kind));
    const message = slack.human.post('ben', 'support', 'hello');
    slack.human.react('ana', 'support', message.ts, 'eyes');
    slack.human.remove('ben', 'support', message.ts);
    stop();
    slack.human.post('ben', 'support', 'nobody watches');
    expect(seen).toEqual(['message', 'reaction_added', 'message_deleted']);
  });
});

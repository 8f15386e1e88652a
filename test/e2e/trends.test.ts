// Trends in Slack: the numbers at once, the picture when it is drawn, the table beside it; what is shared is counted again for those who read it.
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '#src/sandbox/slack/model.ts';
import { DAY_MS } from '#test/support/fast-clock.ts';
import { actionsOf, EXPORT_COMPLAINTS, leaveStage, shownOn, takeStage } from '#test/support/hands.ts';

afterEach(leaveStage);

type Block = { type: string; alt_text?: string; slack_file?: { id: string } };
const blocksOf = (message: Message) => (message.blocks ?? []) as unknown as Block[];
const typesOf = (message: Message) => blocksOf(message).map(({ type }) => type);
const imageOf = (message: Message) => blocksOf(message).find(({ type }) => type === 'image');

/** Reports on two matters, from Slack and Zendesk, some of them in the weeks before. */
async function reported(options: Parameters<typeof takeStage>[0] = {}) {
  const stage = await takeStage(options);
  const { complain, newcomer, clock, slack, user, channel, zendesk, settle } = stage;
  await complain('ana', EXPORT_COMPLAINTS[0], { at: clock.ago(9 * DAY_MS) });
  await complain('ben', EXPORT_COMPLAINTS[1], { at: clock.ago(3 * DAY_MS) });
  await complain('cleo', EXPORT_COMPLAINTS[2], { at: clock.ago(2 * DAY_MS) });
  await complain(newcomer('eva'), 'Please add a dark mode to the mobile app', { at: clock.ago(DAY_MS) });
  zendesk.human.createTicket(
    { name: 'Nina', email: 'nina@globex.test', organization: 'Globex' },
    { subject: 'Export', body: 'Every CSV export ends with error 500 for us.' },
  );
  await settle();
  const toldIn = (who: Parameters<typeof user>[0], where = 'insights') =>
    slack.state.ephemeralsOf(user(who), channel(where)).map(({ message }) => message);
  return { ...stage, toldIn };
}

describe('the answer', () => {
  it('has the numbers first, then the picture with its text, as soon as Slack has looked through it', async () => {
    const { ask, toldIn, slack } = await reported();
    await ask('pia', 'trends 7d');
    const [words, picture] = toldIn('pia');
    expect(words!.text).toMatch(/4 reports from 4 customers in the last 7 days/);
    expect(typesOf(words!)).toContain('table');
    expect(typesOf(words!)).not.toContain('data_visualization');
    const image = imageOf(picture!)!;
    expect(image.alt_text).toMatch(
      /^Bar chart of reports per 24 hours, .*: 4 in all, between 0 \(.*dashed line the 7 days before: 1 in all/,
    );
    expect(picture!.text.replaceAll('\u2060', '')).toBe(image.alt_text);
    const file = slack.state.files.get(image.slack_file!.id)!;
    expect(Buffer.from(file.bytes!).subarray(1, 4).toString()).toBe('PNG');
    expect({ complete: file.complete, altText: file.altText, shares: file.shares }).toEqual({
      complete: true,
      altText: image.alt_text,
      shares: [],
    });
    // It was refused once, and shown once.
    expect(toldIn('pia')).toHaveLength(2);
  }, 60_000);

  it('counts by source, kind, area and customer, and says what it does not know', async () => {
    const { ask } = await reported();
    expect(await ask('pia', 'trends 30d source:zendesk')).toMatch(/1 report from 1 customer.*source Zendesk/s);
    expect(await ask('pia', 'trends 30d kind:feature_request')).toMatch(/1 report from 1 customer.*dark mode/s);
    expect(await ask('pia', 'trends 30d customer:globex')).toMatch(/1 report from 1 customer/);
    expect(await ask('pia', 'trends 30d customer:"Ana Costa"')).toMatch(/1 report from 1 customer/);
    expect(await ask('pia', 'trends 30d theme:"dark mode"')).toMatch(/1 report from 1 customer/);
    expect(await ask('pia', 'trends 30d customer:globax')).toMatch(
      /I know no customer called “globax”. Near it: “Globex”/,
    );
    expect(await ask('pia', 'trends 30d kind:bgu')).toMatch(/Did you mean `\/throughline trends 30d kind:bug`/);
  }, 60_000);

  it('claims no change against a time in which nobody listened', async () => {
    const { ask, toldIn } = await reported();
    expect(await ask('pia', 'trends 30d')).toMatch(
      /Nothing to hold it against yet: the first report that I know is of \d{4}-\d\d-\d\d/,
    );
    expect(shownOn(toldIn('pia')[0]!)).not.toMatch(/up|new|chance/);
    // The four days before are covered: the oldest report is nine days old.
    expect(await ask('pia', 'trends 4d')).toMatch(/4 against 0 before, not enough data to compare \(n = 4\)/);
  }, 60_000);

  it('leaves the picture to Slack where we may not upload, and the table to itself where Slack has no charts yet', async () => {
    const { ask, toldIn, slack } = await reported({ without: ['files:write'] });
    await ask('pia', 'trends 7d');
    expect(typesOf(toldIn('pia').at(-1)!)).toEqual(expect.arrayContaining(['data_visualization', 'table']));
    slack.state.blocksMissing.add('data_visualization');
    for (let time = 0; time < 2; time++) await ask('pia', 'trends 7d');
    for (const message of toldIn('pia').slice(1)) {
      expect(typesOf(message)).not.toContain('data_visualization');
      expect(shownOn(message)).toMatch(/▁|▂|▃|▄|▅|▆|▇|█/);
    }
    expect(toldIn('pia')).toHaveLength(3);
    expect(imageOf(toldIn('pia').at(-1)!)).toBeUndefined();
  }, 60_000);

  it('is whole without its picture when the upload fails', async () => {
    const { ask, toldIn, slack } = await reported();
    slack.faults.next('files.completeUploadExternal', { kind: 'error', error: 'file_upload_size_restricted' });
    await ask('pia', 'trends 7d');
    expect(toldIn('pia')).toHaveLength(1);
    expect(typesOf(toldIn('pia')[0]!)).toContain('table');
  }, 60_000);
});

describe('sharing', () => {
  it('posts it once, with who asked and the picture, however often it is clicked', async () => {
    const { ask, toldIn, slack, user, channel, settle, audit, parents } = await reported();
    await ask('pia', 'trends 7d', 'support');
    const before = slack.state.timeline(channel('support')).length;
    const [mine] = toldIn('pia', 'support');
    expect(actionsOf(mine!)).toEqual(['trends_share', 'trends_keep']);
    await Promise.all(
      [1, 2, 3].map(() => slack.human.click(user('pia'), channel('support'), mine!.ts, 'trends_share')),
    );
    await settle();
    const posted = slack.state.timeline(channel('support')).slice(before);
    expect(posted).toHaveLength(1);
    expect(posted[0]!.text).toMatch(/^Pia Product asked for this\.\n4 reports from 4 customers/);
    expect(imageOf(posted[0]!)?.alt_text).toMatch(/^Bar chart/);
    expect(parents()).toHaveLength(1);
    // What only she sees asks nothing any more.
    expect(actionsOf(toldIn('pia', 'support')[0]!)).toEqual([]);
    expect(toldIn('pia', 'support').filter(({ text }) => /^Shared\./.test(text))).toHaveLength(1);
    expect(await audit('trends.%')).toEqual(['trends.shared by pia']);
  }, 60_000);

  it('shows a channel only the titles that everybody in it may read, and all the numbers', async () => {
    const stage = await reported();
    const { ask, slack, user, channel, settle } = stage;
    await ask('pia', 'trends 7d');
    const mine = slack.state.ephemeralsOf(user('pia'), channel('insights'))[0]!.message;
    expect(shownOn(mine)).toMatch(/export/i);
    // A guest reads along there, and cannot open #support.
    slack.human.invite(user('pia'), channel('insights'), user('gus'));
    await settle();
    await slack.human.click(user('pia'), channel('insights'), mine.ts, 'trends_share');
    await settle();
    const shared = slack.state.timeline(channel('insights')).find(({ text }) => /asked for this/.test(text))!;
    expect(shared.text).toMatch(/4 reports from 4 customers/);
    expect(`${shared.text} ${shownOn(shared)} ${imageOf(shared)?.alt_text}`).not.toMatch(/csv|error 500|dark mode/i);
    expect(shared.text).toMatch(/titles of 2 themes are not shown/);
  }, 60_000);

  it('is kept to oneself by the other button', async () => {
    const { ask, toldIn, slack, user, channel, settle } = await reported();
    await ask('pia', 'trends 7d', 'support');
    const [mine] = toldIn('pia', 'support');
    for (let time = 0; time < 2; time++)
      await slack.human.click(user('pia'), channel('support'), mine!.ts, 'trends_keep');
    await settle();
    expect(actionsOf(toldIn('pia', 'support')[0]!)).toEqual([]);
    expect(slack.state.timeline(channel('support')).some(({ text }) => /asked for this/.test(text))).toBe(false);
  }, 60_000);
});

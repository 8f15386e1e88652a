// The loop from left to right: three customers complain in Slack, somebody approves, and there is one Linear issue that leads back to them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

it('turns three complaints into one card, and one click into one issue', async () => {
  const { slack, linear, user, channel } = rig;
  const support = channel('support');
  slack.human.post(user('ana'), support, 'The CSV export fails with error 500 since this morning');
  slack.human.post(user('ben'), support, 'exporting to csv is broken, I get error 500');
  await rig.settle();
  expect(slack.state.timeline(channel('insights'))).toHaveLength(0);

  slack.human.post(user('cleo'), support, 'CSV export fails for us too, error 500 when I download the report');
  await rig.settle();
  const [card, ...others] = slack.state
    .timeline(channel('insights'))
    .filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  expect(others).toHaveLength(0);
  expect(card?.text).toContain('3 customers');

  await slack.human.click(user('pia'), channel('insights'), card!.ts, 'card_file');
  await rig.settle();
  const issues = [...linear.state.issues.values()];
  expect(issues).toHaveLength(1);
  expect([...linear.state.attachments.values()]).toHaveLength(3);
});

// Pictures in messages, as Slack's SDK meets them: uploaded in two steps, refused while Slack looks through them, shown afterwards.
import type { WebClient } from '@slack/web-api';
import { afterEach, expect, it } from 'vitest';
import { systemFetch } from '#src/system.ts';
import { clientOf, handClock, refusal, startSlack } from './support.ts';

const slacks: Awaited<ReturnType<typeof startSlack>>[] = [];
afterEach(async () => {
  for (const slack of slacks.splice(0)) await slack.close();
});

async function withUpload() {
  const slack = await startSlack({ clock: handClock() });
  slacks.push(slack);
  const client: WebClient = clientOf(slack);
  const channel = slack.state.channel('support').id;
  const { upload_url, file_id } = await client.files.getUploadURLExternal({
    filename: 'trends.png',
    length: 4,
    alt_text: 'Bars that rise',
  });
  await systemFetch(upload_url!, { method: 'POST', body: new Uint8Array([1, 2, 3, 4]) });
  const image = { type: 'image' as const, slack_file: { id: file_id! }, alt_text: 'Bars that rise' };
  const post = (blocks = [image]) => client.chat.postMessage({ channel, text: 'Bars that rise', blocks });
  return { slack, client, channel, fileId: file_id!, image, post };
}

it('refuses a picture before its upload is complete, and once more after that', async () => {
  const { slack, client, fileId, post, channel } = await withUpload();
  const before = slack.state.timeline(channel).length;
  expect(await refusal(post())).toBe('invalid_blocks');
  const { files } = await client.files.completeUploadExternal({ files: [{ id: fileId, title: 'Trends' }] });
  expect(files?.[0]).toMatchObject({ id: fileId, title: 'Trends' });
  slack.state.files.get(fileId)!.unready = 1;
  expect(await refusal(post())).toBe('invalid_blocks');
  expect(slack.state.timeline(channel)).toHaveLength(before);
  const { message } = await post();
  expect(message?.blocks?.[0]).toMatchObject({ type: 'image', slack_file: { id: fileId }, alt_text: 'Bars that rise' });
  // Nobody was shown the file by itself.
  expect(slack.state.files.get(fileId)!.shares).toEqual([]);
  expect(slack.state.violations).toEqual([]);
});

it('refuses a picture that was never uploaded, and notes that as a fault of ours', async () => {
  const { slack, image, post } = await withUpload();
  expect(await refusal(post([{ ...image, slack_file: { id: 'F0NOWHERE01' } }]))).toBe('invalid_blocks');
  expect(slack.state.violations).toMatchObject([{ kind: 'invalid_blocks' }]);
});

// A little Bolt app that stands in for the product where the page itself is under test: it shows one card with everything that can be
// clicked, opens a modal, answers a command for one person only, and knows a lineage.
import { App, HTTPReceiver } from '@slack/bolt';
import type { KnownBlock } from '@slack/types';

const { env } = process;
const receiver = new HTTPReceiver({
  signingSecret: env.SLACK_SIGNING_SECRET ?? '',
  customRoutes: [
    { path: '/healthz', method: 'GET', handler: (_, response) => void response.end('ok') },
    {
      path: '/lineage/:id',
      method: 'GET',
      handler: (request, response) => {
        const id = decodeURIComponent(request.url?.split('/lineage/')[1] ?? '');
        if (request.headers.authorization !== `Bearer ${env.API_TOKEN}` || id.includes('unknown')) {
          response.statusCode = 404;
          response.end('{}');
          return;
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(lineageOf(id)));
      },
    },
  ],
});
const app = new App({
  token: env.SLACK_BOT_TOKEN ?? '',
  receiver,
  clientOptions: { slackApiUrl: env.SLACK_API_URL ?? '' },
});

const card = (claim: string, decided: string | null): KnownBlock[] => [
  { type: 'header', text: { type: 'plain_text', text: 'Monthly report exports as an empty file' } },
  { type: 'section', text: { type: 'mrkdwn', text: `*Three customers* said so :memo: last: ${claim}` } },
  {
    type: 'section',
    fields: [
      { type: 'mrkdwn', text: '*Reach*\n3 people, 3 customers' },
      { type: 'mrkdwn', text: '*Since*\n2 days ago' },
    ],
    accessory: {
      type: 'overflow',
      action_id: 'more',
      options: [
        { text: { type: 'plain_text', text: 'Mute this' }, value: 'mute' },
        { text: { type: 'plain_text', text: 'Split' }, value: 'split' },
      ],
    },
  },
  {
    type: 'section',
    text: {
      type: 'mrkdwn',
      text: '>The export is empty &amp; our accountant waits.\n>Only a header row.\n<https://example.com/p|in the thread>, `report.csv`',
    },
  },
  { type: 'divider' },
  ...(decided === null
    ? ([
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              action_id: 'file',
              style: 'primary',
              text: { type: 'plain_text', text: 'File in Linear' },
              value: 'r1',
            },
            { type: 'button', action_id: 'edit', text: { type: 'plain_text', text: 'Edit' }, value: 'r1' },
            {
              type: 'static_select',
              action_id: 'dismiss',
              placeholder: { type: 'plain_text', text: 'Dismiss' },
              options: ['Not a problem', 'Known'].map((text) => ({ text: { type: 'plain_text', text }, value: text })),
            },
          ],
        },
      ] satisfies KnownBlock[])
    : ([{ type: 'section', text: { type: 'mrkdwn', text: decided } }] satisfies KnownBlock[])),
  { type: 'context', elements: [{ type: 'mrkdwn', text: 'Confidence: high. Built-in analyst.' }] },
];

let reports = 0;
app.message(async ({ message, client }) => {
  if (message.subtype !== undefined || message.bot_id || !/export/i.test(message.text ?? '')) return;
  reports += 1;
  if (reports !== 1 && !/another/.test(message.text ?? '')) return;
  await client.chat.postMessage({
    channel: env.INSIGHTS_CHANNEL ?? '',
    text: 'An insight',
    blocks: card(message.text ?? '', null),
  });
});
app.action('file', async ({ ack, body, client, respond }) => {
  await ack();
  if (body.type !== 'block_actions' || !body.message || !body.channel) return;
  const query = 'mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success } }';
  const teams = await linear<{ teams: { nodes: { id: string }[] } }>('{ teams { nodes { id } } }', {});
  const description = '## Evidence\n\n- *three* **customers**\n- `report.csv`';
  await linear(query, { input: { teamId: teams.teams.nodes[0]?.id, title: 'Export is empty', description } });
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text: 'Filed',
    blocks: card('', `Approved by <@${body.user.id}>: filed.`),
  });
  await respond({ response_type: 'ephemeral', replace_original: false, text: 'Thank you, it is filed.' });
});
app.action('edit', async ({ ack, body, client }) => {
  await ack();
  if (body.type !== 'block_actions') return;
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: 'modal',
      callback_id: 'edit',
      title: { type: 'plain_text', text: 'Edit before filing' },
      submit: { type: 'plain_text', text: 'File' },
      blocks: [
        {
          type: 'input',
          block_id: 'title',
          label: { type: 'plain_text', text: 'Title' },
          element: { type: 'plain_text_input', action_id: 'title_value', initial_value: 'Export is empty' },
        },
        {
          type: 'input',
          block_id: 'body',
          optional: true,
          label: { type: 'plain_text', text: 'Description' },
          hint: { type: 'plain_text', text: 'Markdown' },
          element: { type: 'plain_text_input', action_id: 'body_value', multiline: true },
        },
        {
          type: 'input',
          block_id: 'severity',
          label: { type: 'plain_text', text: 'Severity' },
          element: {
            type: 'radio_buttons',
            action_id: 'severity_value',
            options: ['high', 'low'].map((value) => ({ text: { type: 'plain_text', text: value }, value })),
          },
        },
      ],
    },
  });
});
app.view('edit', async ({ ack, view, client }) => {
  const title = view.state.values.title?.title_value?.value ?? '';
  if (title.length < 5) return ack({ response_action: 'errors', errors: { title: 'Say a little more.' } });
  await ack();
  await client.chat.postMessage({
    channel: env.INSIGHTS_CHANNEL ?? '',
    text: `Edited: ${title}, ${view.state.values.severity?.severity_value?.selected_option?.value}`,
  });
});
app.action(/^(dismiss|more)$/, async ({ ack, action, respond }) => {
  await ack();
  const choice = 'selected_option' in action ? action.selected_option?.value : '';
  await respond({ response_type: 'ephemeral', replace_original: false, text: `You chose ${choice}.` });
});
app.command('/little', async ({ ack, command }) => {
  await ack(`You said: *${command.text}*`);
});
app.shortcut('little_capture', async ({ ack, shortcut, client }) => {
  await ack();
  if (shortcut.type !== 'message_action') return;
  await client.chat.postEphemeral({
    channel: shortcut.channel.id,
    user: shortcut.user.id,
    text: `Captured “${shortcut.message.text}”`,
  });
});
app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user,
    view: { type: 'home', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'Waiting for you' } }] },
  });
});

async function linear<T>(query: string, variables: object): Promise<T> {
  const response = await fetch(env.LINEAR_API_URL ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: env.LINEAR_API_KEY ?? '' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: T; errors?: unknown };
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

function lineageOf(id: string) {
  const at = '2026-11-20T09:30:00Z';
  const node = (name: string, kind: string, label: string, why: string | null = null) => ({
    id: name,
    kind,
    label,
    at,
    who: kind === 'signal' ? 'A customer' : null,
    why,
    url: null,
  });
  const nodes = [
    node('sig_1', 'signal', '“The CSV export is empty <b>again</b>”'),
    node('sig_2', 'signal', '“Only a header row”'),
    node('sig_3', 'signal', '“Empty file here as well”'),
    node('thm_1', 'theme', 'Empty CSV export', 'three messages with the same words'),
    node('ins_1', 'insight', 'The monthly report exports as an empty file', 'three customers within 14 days'),
    node('dec_1', 'decision', 'Approved', 'clicked File in Linear'),
    node('act_1', 'action', id),
  ];
  const edge = (from: string, to: string) => ({ from, to, relation: 'led to' });
  return {
    nodes,
    edges: [
      edge('sig_1', 'thm_1'),
      edge('sig_2', 'thm_1'),
      edge('sig_3', 'thm_1'),
      edge('thm_1', 'ins_1'),
      edge('ins_1', 'dec_1'),
      edge('dec_1', 'act_1'),
    ],
    focus: 'act_1',
  };
}

await app.start(Number(env.PORT));

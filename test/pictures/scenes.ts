// The scenes, in the order in which a team would meet them. Each keeps the pictures of one surface or of one state of the card.
import type { Message } from '#integrations/slack/client.ts';
import { backfillEndedMessage } from '#integrations/slack/views/backfill.ts';
import { reminderMessage } from '#integrations/slack/views/reminder.ts';
import { sampleMessage } from '#integrations/slack/views/sample.ts';
import { byApp } from '#src/sandbox/slack/state.ts';
import type { Stage } from './stage.ts';

type Scene = (stage: Stage) => Promise<void>;

const CARD_ROOM = 'product-insights';
const PRODUCT = 'ines';
const SUPPORT = 'noor';

// Three customers each, in their own words; every matter becomes a card, so that each state has one of its own.
const MATTERS = {
  login: [
    ['maya', 'Login with Google keeps looping back to the sign-in page since the update.'],
    ['tom', 'Google login is broken for us: after choosing the account the sign-in page appears again, endless loop.'],
    ['harriet', 'I cannot log in with Google any more, it sends me back to the sign-in page every time.'],
  ],
  vat: [
    ['jonas', 'The VAT on the invoice PDF is rounded wrong by one cent when there are many lines.'],
    ['elodie', 'VAT rounding on invoices is off by a cent again, my accountant complains.'],
    ['siobhan', 'Invoice VAT rounding is wrong: one cent too much on an invoice with forty lines.'],
  ],
  dark: [
    ['tom', 'Please add a dark mode, I work at night and the white screen hurts.'],
    ['callum', 'Would love a dark mode, my eyes hurt in the evening.'],
    ['thiago', 'Is a dark mode planned? We would use a dark mode every day.'],
  ],
  webhook: [
    ['tom', 'Webhooks for paid invoices arrive twice since yesterday, we book the payment double.'],
    [
      'dev',
      'We receive every webhook for paid invoices twice since yesterday, please check the duplicate webhook deliveries.',
    ],
    ['siobhan', 'Duplicate webhooks for paid invoices: each webhook is delivered two times.'],
  ],
  search: [
    ['rocio', 'The search of customers finds nothing when the name has an accent.'],
    ['elodie', 'Search does not find customers with accents in the name, no results at all.'],
    ['jonas', 'Searching customers whose name has an accent or umlaut gives no results.'],
  ],
  slow: [
    ['harriet', 'The dashboard takes a minute to load today, extremely slow.'],
    ['callum', 'Dashboard loading is extremely slow this morning, more than a minute.'],
    ['maya', 'Why is the dashboard so slow? It takes over a minute to load.'],
  ],
} as const satisfies Record<string, readonly (readonly [string, string])[]>;

/** Takes somebody of the team to the newest card that says this. */
async function card(stage: Stage, words: RegExp, who = PRODUCT) {
  await stage.become(who);
  await stage.enter(CARD_ROOM);
  const found = stage.message(words);
  await found.waitFor();
  await found.scrollIntoViewIfNeeded();
  return found;
}

export const SCENES: Readonly<Record<string, Scene>> = {
  async firstSteps(stage) {
    await stage.keep('1-support-channel');
    stage.set('insights.per_day', '50');
    await stage.page.locator('[data-example="maya"]').click();
    await stage.page.locator('[data-step="2"][data-done="true"]').waitFor();
    await stage.page.getByRole('button', { name: 'Show me the insight' }).click();
    await card(stage, /CSV export/);
    await stage.settle();
    await stage.keep('2-insight');
    await stage
      .message(/CSV export/)
      .getByRole('button', { name: 'File in Linear' })
      .click();
    await stage.settle();
    await stage.page
      .getByText(/Filed as ENG-\d+/)
      .last()
      .scrollIntoViewIfNeeded();
    await stage.keep('3-filed');
    await stage.page.getByRole('button', { name: /^Where does .* come from/ }).click();
    await stage.page.locator('.node-signal').first().waitFor();
    await stage.settle();
    await stage.keep('4-lineage');
  },

  async cardOpen(stage) {
    await stage.complain(MATTERS.login);
    const found = await card(stage, /Google/);
    await stage.keep('card-open', found);
    await found
      .getByText(/repl(y|ies)/)
      .first()
      .click();
    await stage.page.locator('#thread-messages article').nth(1).waitFor();
    await stage.keep('card-details', stage.page.locator('#thread'));
    await stage.page.click('#thread-close');
  },

  async cardEdit(stage) {
    const found = await card(stage, /Google/);
    await found.getByRole('button', { name: 'Edit', exact: true }).click();
    await stage.dialog().waitFor();
    await stage.keep('modal-edit', stage.dialog());
    await stage.shut();
  },

  async cardFiledAndUndone(stage) {
    await stage.complain(MATTERS.vat);
    const found = await card(stage, /VAT/);
    await found.getByRole('button', { name: 'File in Linear' }).click();
    await stage.settle();
    await stage.keep('card-filed', found);
    const issue = [...stage.sandbox.simulators.linear.state.issues.values()].at(-1)!;
    stage.sandbox.simulators.linear.human.setState(issue.id, 'Done');
    await stage.settle();
    await stage.keep('card-done', found);
  },

  async cardUndone(stage) {
    await stage.complain(MATTERS.slow);
    const found = await card(stage, /slow/);
    await found.getByRole('button', { name: 'File in Linear' }).click();
    await stage.settle();
    await found.getByRole('button', { name: 'Undo' }).click();
    await stage.settle();
    await stage.keep('card-undone', found);
  },

  async cardDismissed(stage) {
    await stage.complain(MATTERS.dark);
    const found = await card(stage, /dark mode/i);
    await found.locator('select').first().selectOption({ index: 2 });
    await stage.settle();
    await stage.keep('card-dismissed', found);
  },

  async cardSetAside(stage) {
    await stage.complain(MATTERS.search);
    const found = await card(stage, /accent/);
    await found.getByRole('button', { name: 'Not now' }).click();
    await stage.settle();
    await stage.keep('card-set-aside', found);
  },

  async cardFailed(stage) {
    await stage.complain(MATTERS.webhook);
    const found = await card(stage, /webhook/i);
    stage.sandbox.simulators.linear.faults.next({ kind: 'server_error', operation: 'issueCreate', times: 20 });
    await found.getByRole('button', { name: 'File in Linear' }).click();
    await stage.settle();
    await stage.keep('card-failed', found);
    stage.sandbox.simulators.linear.faults.clear();
  },

  async cardOfAMergedTheme(stage) {
    const found = await card(stage, /Google/);
    await found.getByRole('button', { name: 'Theme…' }).click();
    await stage.dialog().waitFor();
    await stage.keep('modal-theme', stage.dialog());
    for (const [name, label] of [
      ['modal-rename', 'Rename…'],
      ['modal-sort', 'Sort reports…'],
      ['modal-mute', 'Mute…'],
      ['modal-merge', 'Merge…'],
    ] as const) {
      await stage.dialog().getByRole('button', { name: label }).click();
      await stage.settle();
      await stage.keep(name, stage.dialog());
      if (label !== 'Merge…') await stage.dialog().getByRole('button', { name: 'Back' }).click();
      await stage.settle();
    }
    await stage.dialog().locator('select').first().selectOption({ index: 1 });
    await stage.dialog().getByRole('button', { name: 'Preview' }).click();
    await stage.settle();
    await stage.keep('modal-merge-preview', stage.dialog());
    await stage.dialog().getByRole('button', { name: 'Merge', exact: true }).click();
    await stage.settle();
    if ((await stage.page.locator('dialog[open]').count()) > 0) await stage.shut();
    await stage.keep('theme-receipt', stage.mine());
    await stage.keep('card-merged', stage.message(/merged into another/));
  },

  async capture(stage) {
    await stage.become(SUPPORT);
    await stage.enter('support');
    const said = stage.message(/logo on our invoice/);
    await said.hover();
    await said.locator('.tools').getByLabel('More actions').click();
    await stage.page.getByRole('button', { name: 'Send to Throughline' }).click();
    await stage.settle();
    await stage.keep('capture-receipt', stage.mine());
    await stage.mine().getByRole('button', { name: 'Change customer' }).click();
    await stage.dialog().waitFor();
    await stage.keep('modal-customer', stage.dialog());
    await stage.shut();
    await stage.type('/throughline capture');
    await stage.dialog().waitFor();
    await stage.keep('modal-capture', stage.dialog());
    await stage.shut();
  },

  async why(stage) {
    await stage.become(SUPPORT);
    await stage.enter('support');
    const said = stage.message(/CSV export of our monthly report/);
    await said.hover();
    await said.locator('.tools').getByLabel('More actions').click();
    await stage.page.getByRole('button', { name: /^Why/ }).click();
    await stage.dialog().waitFor();
    await stage.settle();
    await stage.keep('modal-why', stage.dialog());
    await stage.shut();
  },

  async commands(stage) {
    await stage.become(PRODUCT);
    await stage.enter(CARD_ROOM);
    for (const [name, words] of [
      ['trends', '/throughline trends 30d'],
      ['trends-filtered', '/throughline trends 30d kind:bug source:slack'],
      ['answer', '/throughline ask what do customers complain about this month?'],
      ['insights', '/throughline insight'],
      ['digest', '/throughline digest'],
      ['noise', '/throughline noise'],
      ['quality', '/throughline quality'],
      ['trace', '/throughline trace ENG-1'],
      ['help', '/throughline help'],
      ['error-unknown-command', '/throughline trens 30d'],
      ['error-not-found', '/throughline trace ENG-4711'],
      ['error-question', '/throughline ask what is the meaning of life?'],
    ] as const) {
      await stage.type(words);
      if (name === 'trends') {
        // The numbers come first; the picture is a message of its own when it is drawn.
        await stage.keep(name, stage.page.locator('#messages article:has(.only-you)', { hasText: 'Customers' }).last());
        const chart = stage.page.locator('#messages article:has(.only-you):has(img)').last();
        await chart.locator('img').first().waitFor({ timeout: 15_000 });
        await stage.keep('trends-chart', chart);
        continue;
      }
      await stage.keep(name, stage.mine());
    }
    await stage.type('/throughline settings');
    await stage.keep('settings', stage.mine());
  },

  async refusals(stage) {
    await stage.become('maya');
    await stage.enter('support');
    await stage.type('/throughline trends');
    await stage.keep('error-guest', stage.mine());
  },

  async pane(stage) {
    await stage.become(PRODUCT);
    await stage.open('messages');
    await stage.keep('pane-empty');
    await stage.type('What do customers say about exports?');
    await stage.keep('pane');
  },

  async mention(stage) {
    await stage.become(SUPPORT);
    await stage.enter(CARD_ROOM);
    await stage.type('@throughline how many reports came in this week?');
    await stage
      .message(/how many reports came in/)
      .getByText(/repl(y|ies)/)
      .first()
      .click();
    await stage.page.locator('#thread-messages article').nth(1).waitFor();
    await stage.keep('mention', stage.page.locator('#thread'));
    await stage.page.click('#thread-close');
  },

  async home(stage) {
    await stage.become(PRODUCT);
    await stage.open('home');
    await stage.keep('home');
    await stage.page.locator('#home').getByRole('button', { name: 'Preferences' }).first().click();
    await stage.dialog().waitFor();
    await stage.keep('modal-preferences', stage.dialog());
    await stage.shut();
    await stage.page.locator('#home').getByRole('button', { name: 'Administration' }).first().click();
    await stage.page.locator('#home', { hasText: 'Sources and connections' }).waitFor();
    await stage.settle();
    await stage.keep('home-administration', stage.page.locator('#home .blocks'));
    await stage.page.locator('#home').getByRole('button', { name: 'Choose channels' }).click();
    await stage.dialog().waitFor();
    await stage.keep('modal-channels', stage.dialog());
    await stage.shut();
    await stage.page.locator('#home select').last().selectOption({ index: 1 });
    await stage.dialog().waitFor();
    await stage.keep('modal-setting', stage.dialog());
    await stage.shut();
    await stage.become(SUPPORT);
    await stage.open('home');
    await stage.page.locator('#home').getByRole('button', { name: 'Trends' }).first().click();
    await stage.settle();
    await stage.page.locator('#home img').first().waitFor({ timeout: 15_000 });
    await stage.keep('home-trends', stage.page.locator('#home .blocks'));
    await stage.become('maya');
    await stage.open('home');
    await stage.keep('home-guest');
  },

  // What takes days to come about: the messages as they would stand, with what they would say.
  async messagesOfLater(stage) {
    const { slack } = stage.sandbox.simulators;
    const { state } = slack;
    const week = '2026-11-16';
    const now = new Date();
    const item = (n: number, text: string, judgement: 'report' | 'not_report' | null) => ({
      n,
      text,
      where: '#support',
      permalink: null,
      at: now.toISOString(),
      judgement,
      verdict: 'passed' as const,
    });
    const summary = {
      messages: 1_204,
      themes: 41,
      waiting: 12,
      hidden: 0,
      largest: [{ insightId: 'ins_example', title: 'Invoices are sent twice', customers: 9, reports: 14 }],
    };
    const later: [name: string, message: Message][] = [
      ['reminder', reminderMessage({ ownerId: state.user(PRODUCT).id, hours: 48 })],
      [
        'sample',
        sampleMessage({
          week,
          personId: state.user(SUPPORT).id,
          items: [item(1, 'Thanks, works now!', 'not_report'), item(2, 'It is empty again for me', null)],
        }),
      ],
      ['backfill-done', backfillEndedMessage([], summary)],
    ];
    await stage.become(PRODUCT);
    await stage.enter(CARD_ROOM);
    for (const [name, { text, blocks }] of later) {
      state.post(state.channel(CARD_ROOM), { ...byApp(state), text, ...(blocks ? { blocks: blocks as never } : {}) });
      await stage.page.waitForTimeout(300);
      await stage.keep(name, stage.page.locator('#messages article').last());
    }
  },
};

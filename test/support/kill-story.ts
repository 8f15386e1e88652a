// The loop as people see it, step by step, and what has to be true at its end. Each step ends when nothing is under way any more.
import type pg from 'pg';
import type { World } from './rig.ts';

/** What a step may do in the world. A click that the bot did not take is made again once it is back, as a person would. */
export interface Hands {
  world: World;
  press(button: 'card_file' | 'card_undo'): Promise<void>;
}

export interface Step {
  name: string;
  /** All is said and done after this step: what there is then must not depend on any kill. */
  isEnd?: boolean;
  act(hands: Hands): Promise<void>;
}

/** From the first complaint to the issue, and back again. */
export const STORY: readonly Step[] = [
  // The bot comes up, and looks for what it missed.
  { name: 'start', act: async () => {} },
  {
    name: 'first report',
    act: async ({ world }) => say(world, 'ana', 'The CSV export fails with error 500 since this morning'),
  },
  {
    name: 'second report',
    async act({ world }) {
      const { slack, user, channel } = world;
      const root = slack.human.post(user('ben'), channel('support'), 'exporting to csv is broken, I get error 500');
      slack.human.post(user('sam'), channel('support'), 'Thanks Ben, we are looking into it', { threadTs: root.ts });
    },
  },
  {
    name: 'third report',
    act: async ({ world }) => say(world, 'cleo', 'CSV export fails for us too, error 500 when I download the report'),
  },
  {
    name: 'ticket',
    async act({ world }) {
      // Two minutes old: the export leaves out the last one, and it is what finds a ticket whose webhook met a dead bot.
      world.zendesk.human.createTicket(
        { name: 'Erik Holm', email: 'erik@northwind.example', organization: 'Northwind' },
        {
          subject: 'CSV export fails',
          body: 'The CSV export fails with error 500 whenever I try to download it.',
          at: new Date(Date.now() - 120_000).toISOString().replace(/\.\d+Z$/, 'Z'),
        },
      );
    },
  },
  { name: 'file', act: ({ press }) => press('card_file') },
  {
    name: 'late report',
    isEnd: true,
    act: async ({ world }) => say(world, 'dan', 'The CSV export fails with error 500 here as well'),
  },
  { name: 'undo', isEnd: true, act: ({ press }) => press('card_undo') },
];

function say(world: World, who: 'ana' | 'cleo' | 'dan', text: string): void {
  world.slack.human.post(world.user(who), world.channel('support'), text);
}

/** The cards in the insights channel: messages of the bot that are no replies. */
export function cardsIn({ slack, channel }: World) {
  return slack.state
    .timeline(channel('insights'))
    .filter((message) => message.bot_id !== undefined && (!message.thread_ts || message.thread_ts === message.ts));
}

// A repeated create meets its own earlier self; a repeated removal meets nothing.
const EXPECTED = /conflict on insert|Entity not found/i;

/** What there is, in counts and codes that do not depend on ids and times. */
export type End = Record<string, unknown>;

/** Looks at every system and at the database. */
export async function endOf(world: World, db: pg.Client): Promise<End> {
  const { slack, linear, zendesk, channel } = world;
  const all = async (sql: string) => (await db.query<{ line: string }>(sql)).rows.map((row) => row.line);
  const cards = cardsIn(world);
  const [card] = cards;
  const bot = slack.state.app.botUserId;
  const roots = slack.state.timeline(channel('support'));
  const issues = [...linear.state.issues.values()];
  const live = issues.filter((issue) => !issue.trashed);
  const links = [...linear.state.attachments.values()];
  const notes = [...zendesk.state.tickets.values()].flatMap((ticket) =>
    ticket.comments.filter((comment) => !comment.public).map((comment) => comment.body),
  );
  return {
    'messages in the insights channel': cards.length,
    'details in the thread': card ? slack.state.thread(channel('insights'), card.ts).length - 1 : 0,
    'buttons on the card': card ? JSON.stringify(card.blocks).match(/card_\w+/g) : [],
    'replies to reports': roots.map(
      (root) => slack.state.thread(channel('support'), root.ts).filter((message) => message.user === bot).length,
    ),
    'reactions to reports': roots.map(
      (root) => root.reactions?.filter((reaction) => reaction.users.includes(bot)).map(({ name }) => name) ?? [],
    ),
    'live issues': live.length,
    'issues in the trash': issues.length - live.length,
    'links of issues': links.length,
    'different links': new Set(links.map((link) => `${link.issueId} ${link.url}`)).size,
    'notes on the ticket': notes.filter((body) => !/ undone$/m.test(body)).length,
    'notes that take it back': notes.filter((body) => / undone$/m.test(body)).length,
    'signals by author': await all(
      `select author_role || ' ' || count(distinct external_id) || ' of ' || count(*) as line from
         (select h.author_role, s.external_id from signal s join signal_head h on h.source = s.source and h.external_id = s.external_id) x
       group by author_role order by 1`,
    ),
    conversations: await all(`select state || ' ' || count(*) as line from conversation group by state order by 1`),
    themes: await all(
      `select count(distinct theme_id) || ' with ' || count(*) || ' reports' as line from conversation where theme_id is not null`,
    ),
    cards: await all(`select state || (case when drawn >= redraw then ' drawn' else ' stale' end) as line from card`),
    decisions: await all(
      `select status || ' ' || count(*) as line from decision where status not in ('expired', 'pending') group by status order by 1`,
    ),
    'open decisions': await all(`select count(*)::text as line from decision where status = 'pending'`),
    actions: await all(
      `select kind || ' ' || state || ' ' || count(*) as line from action group by kind, state order by 1`,
    ),
    audit: await all(
      `select verb || ' ' || count(*) as line from audit where verb like 'decision.%' or verb like 'action.%' group by verb order by 1`,
    ),
    'deliveries that wait': await all(`select kind as line from delivery where state <> 'done' order by 1`),
    threads: await all(`select gate as line from proposal_thread order by 1`),
    'complaints of Slack': slack.state.violations,
    'calls that Zendesk does not know': zendesk.unknownCalls().length,
    'calls that Linear refused': linear.calls.flatMap(({ error }) => (error && !EXPECTED.test(error) ? [error] : [])),
  };
}

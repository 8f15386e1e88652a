// A scene that several tests play: customers complain in Slack and Zendesk, change their minds, and our people answer. Timed by the second, so
// that every world that plays it holds the same messages under the same ids.
import type { SetClock } from './clock.ts';
import type { World } from './rig.ts';

/** Something that somebody does, so many seconds after the beginning. */
export interface Step {
  atS: number;
  run(): unknown;
}

/** The acts of the scene in one world. */
export interface Scene {
  /** Five customers and one capture about a broken export, one customer about something else, and what was said and taken back. */
  reports: Step[];
  /** After the filing: one more customer. */
  laterReports: Step[];
  /** After the issue was completed: it happens again. */
  regression: Step[];
}

/** Names the scene's steps for one world. */
export function sceneOf({ slack, zendesk, user, channel }: World): Scene {
  const { human } = slack;
  const support = channel('support');
  const ts = new Map<string, string>();
  const say = (name: string, who: Parameters<typeof user>[0], text: string, inThreadOf?: string) => () => {
    const threadTs = inThreadOf ? ts.get(inThreadOf)! : undefined;
    ts.set(name, human.post(user(who), support, text, threadTs ? { threadTs } : {}).ts);
  };
  const change = (name: string, who: Parameters<typeof user>[0], text: string) => () =>
    human.edit(user(who), support, ts.get(name)!, text);
  const takeBack = (name: string, who: Parameters<typeof user>[0]) => () =>
    human.remove(user(who), support, ts.get(name)!);
  const tickets = new Map<string, string>();
  const ticket = (name: string, who: string, organization: string, subject: string, body: string) => () => {
    const made = zendesk.human.createTicket(
      { name: who, email: `${who.toLowerCase()}@example.test`, organization },
      { subject, body },
    );
    tickets.set(name, made.id);
  };
  const agent = { name: 'Aida Agent', email: 'aida@acme.test', role: 'agent' } as const;
  const comment =
    (name: string, who: Parameters<typeof zendesk.human.comment>[1], body: string, isPublic = true) =>
    () =>
      zendesk.human.comment(tickets.get(name)!, who, body, isPublic);

  return {
    reports: [
      // One person's messages in a row are one report.
      { atS: 10, run: say('ana1', 'ana', 'The CSV export fails with error 500 since this morning') },
      { atS: 50, run: say('ana2', 'ana', 'It is the monthly CSV export, error 500 every time') },
      // An edit, and a thread with staff and customer.
      { atS: 100, run: say('ben1', 'ben', 'exporting to csv is brokn, I get error 500') },
      { atS: 130, run: change('ben1', 'ben', 'exporting to csv is broken, I get error 500') },
      { atS: 150, run: say('ben-staff', 'sam', 'Thanks, we are looking at the CSV export', 'ben1') },
      { atS: 170, run: say('ben-reply', 'ben', 'the csv export still gives error 500', 'ben1') },
      { atS: 180, run: change('ben1', 'ben', 'exporting to csv is broken for me, I get error 500') },
      // Two threads in a run are two matters; what follows belongs to the second.
      { atS: 400, run: say('dan1', 'dan', 'Our CSV export stops with error 500') },
      { atS: 420, run: say('dan2', 'dan', 'And the dashboard shows the wrong currency for invoices in Norway') },
      { atS: 440, run: say('dan3', 'dan', 'The currency is wrong on every invoice, not just in Norway') },
      { atS: 450, run: say('dan1-staff', 'sam', 'Which report do you export?', 'dan1') },
      { atS: 460, run: say('dan2-staff', 'pia', 'Since when is the currency wrong?', 'dan2') },
      // Said and taken back: a plain message, and one that has an answer, of which Slack leaves a tombstone.
      { atS: 700, run: say('cleo-gone', 'cleo', 'Please ignore this, I am only trying the csv export') },
      { atS: 720, run: takeBack('cleo-gone', 'cleo') },
      { atS: 730, run: say('cleo-root', 'cleo', 'Is the csv export down for everybody, with error 500?') },
      { atS: 735, run: say('cleo-answer', 'sam', 'We are looking into it', 'cleo-root') },
      { atS: 740, run: takeBack('cleo-root', 'cleo') },
      { atS: 1200, run: say('cleo1', 'cleo', 'CSV export fails for us too, error 500 when I download the report') },
      // Tickets: an answer and an internal note, a redaction, a deletion for good.
      { atS: 1300, run: ticket('globex', 'Nina', 'Globex', 'CSV export', 'Every CSV export ends with error 500.') },
      { atS: 1320, run: comment('globex', agent, 'Thank you, we are looking into the CSV export.') },
      { atS: 1330, run: comment('globex', agent, 'Probably the report service again.', false) },
      {
        atS: 1340,
        run: comment('globex', { name: 'Nina', email: 'nina@example.test' }, 'The export still fails, error 500.'),
      },
      {
        atS: 1400,
        run: ticket('initech', 'Omar', 'Initech', 'Error 500', 'The export of reports to CSV fails, error 500.'),
      },
      {
        atS: 1420,
        run: comment('initech', { name: 'Omar', email: 'omar@example.test' }, 'My card is 4111 1111 1111 1111.'),
      },
      {
        atS: 1430,
        run: () => {
          const found = zendesk.state.tickets.get(tickets.get('initech')!)!;
          zendesk.human.redact(found.id, found.comments[1]!.id);
        },
      },
      {
        atS: 1500,
        run: ticket('spam', 'Spam', 'Spam Ltd', 'CSV export', 'Our CSV export fails, error 500. Buy pills.'),
      },
      { atS: 1510, run: () => zendesk.human.deletePermanently(tickets.get('spam')!) },
      // What nobody would hear is captured by a person; and a capture that is taken back.
      { atS: 1900, run: say('ana-short', 'ana', 'same here') },
      { atS: 1910, run: () => human.react(user('pia'), support, ts.get('ana-short')!, 'memo') },
      { atS: 1920, run: () => human.react(user('pia'), support, ts.get('cleo1')!, 'memo') },
      { atS: 1930, run: () => human.unreact(user('pia'), support, ts.get('cleo1')!, 'memo') },
    ],
    laterReports: [
      {
        atS: 4000,
        run: ticket('soylent', 'Sue', 'Soylent', 'CSV export', 'CSV export: error 500 whenever we export.'),
      },
      { atS: 4020, run: say('ben-later', 'ben', 'The CSV export error 500 is still there for me') },
      { atS: 4030, run: change('ben-later', 'ben', 'The CSV export error 500 is still there for all of us') },
      { atS: 4040, run: takeBack('ana2', 'ana') },
    ],
    regression: [
      {
        atS: 9000,
        run: ticket('umbrella', 'Uma', 'Umbrella', 'CSV export', 'The CSV export fails again with error 500.'),
      },
    ],
  };
}

/** Plays steps at their times; `between` comes after each. */
export async function play(
  steps: readonly Step[],
  stage: { clock: SetClock; start: Date; between?: () => Promise<void> },
): Promise<void> {
  for (const step of steps) {
    stage.clock.set(new Date(stage.start.getTime() + step.atS * 1000));
    await step.run();
    await stage.between?.();
  }
}

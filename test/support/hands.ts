// What people do and see in a test: customers who complain, our people in front of a card. One sentence of a test is one call.
import { expect } from 'vitest';
import type { Message } from '#src/sandbox/slack/model.ts';
import { fastClock } from './fast-clock.ts';
import { callsOf } from './mentions.ts';
import { type Rig, startRig } from './rig.ts';

/** Complaints about one matter in different words, one per customer. */
export const EXPORT_COMPLAINTS = [
  'The CSV export fails with error 500 since this morning',
  'exporting to csv is broken, I get error 500',
  'CSV export fails for us too, error 500 when I download the report',
  'Our csv export stops with error 500 every time',
  'the CSV export of the report fails with an error 500',
  'We cannot export to CSV, error 500 again',
  'csv export: error 500 whenever we try to download',
  'Error 500 when exporting our report to csv',
] as const;

/** Makes the hands for one rig. Everything waits until nothing is under way any more. */
export function handsOf(rig: Rig) {
  const { slack, user, channel, settle } = rig;
  const { human, state } = slack;
  const insights = () => channel('insights');
  const personId = (who: string) => state.user(who).id;

  const isParent = (message: Message) => !message.thread_ts || message.thread_ts === message.ts;
  /** Our own messages in the insights channel that stand by themselves, oldest first. */
  const parents = (): Message[] =>
    state.timeline(insights()).filter((message) => message.user === state.app.botUserId && isParent(message));
  /** The newest card. */
  const card = (): Message => {
    const found = parents().at(-1);
    if (!found) throw new Error('There is no card.');
    return found;
  };

  const hands = {
    parents,
    card,
    /** A customer writes in the support channel; the message. */
    async complain(who: string, text: string, options: { threadTs?: string; at?: Date; in?: string } = {}) {
      const { in: where = 'support', ...rest } = options;
      const message = human.post(personId(who), channel(where), text, rest);
      await settle();
      return message;
    },
    /** Somebody of another company, or one more of the same kind of people as the rest, who joins the support channel. */
    newcomer(
      name: string,
      seed: { is_stranger?: boolean; team_id?: string; is_restricted?: boolean } = {},
      where = 'support',
    ) {
      human.join({ name, real_name: `${name[0]!.toUpperCase()}${name.slice(1)} Newcomer`, ...seed });
      human.invite(user('pia'), channel(where), personId(name));
      return name;
    },
    /** One of our people lets somebody into a channel. */
    async invite(who: string, where: string) {
      human.invite(user('pia'), channel(where), personId(who));
      await settle();
    },
    /** Three customers complain about the export; the card that comes of it. */
    async openCard(options: { at?: Date } = {}) {
      for (const [index, who] of (['ana', 'ben', 'cleo'] as const).entries())
        await hands.complain(who, EXPORT_COMPLAINTS[index]!, options);
      return card();
    },
    async click(who: string, actionId: string, options: { value?: string; ts?: string } = {}) {
      const { ts = card().ts, value } = options;
      const taken = await human.click(personId(who), insights(), ts, actionId, value === undefined ? {} : { value });
      await settle();
      return taken;
    },
    /** Clicks on a message that only this person sees; the newest unless its `ts` is given. */
    async clickMine(who: string, actionId: string, where = 'insights') {
      const mine = state.ephemeralsOf(personId(who), channel(where)).at(-1);
      if (!mine) throw new Error(`${who} sees nothing of their own in #${where}.`);
      const taken = await human.click(personId(who), channel(where), mine.message.ts, actionId);
      await settle();
      return taken;
    },
    async react(who: string, emoji: string, options: { ts?: string; in?: string } = {}) {
      const { ts = card().ts, in: where = 'insights' } = options;
      human.react(personId(who), channel(where), ts, emoji);
      await settle();
    },
    async unreact(who: string, emoji: string, options: { ts?: string; in?: string } = {}) {
      const { ts = card().ts, in: where = 'insights' } = options;
      human.unreact(personId(who), channel(where), ts, emoji);
      await settle();
    },
    /** Dismisses the newest card with one of the reasons. */
    async dismiss(who: string, reason: string) {
      const value = choicesOf(card()).find((choice) => choice.endsWith(reason));
      if (!value) throw new Error(`The card offers no reason ${reason}.`);
      return hands.click(who, 'card_dismiss', { value });
    },
    /** What only this person sees in a channel, oldest first. */
    toldTo: (who: string, where = 'insights') =>
      state.ephemeralsOf(personId(who), channel(where)).map(({ message }) => message.text),
    /** Direct messages of the bot to this person, oldest first. */
    directTo: (who: string) =>
      state
        .timeline(state.direct(personId(who)).id)
        .filter((message) => message.user === state.app.botUserId)
        .map((message) => message.text),
    /** Everything after the parent in its thread. */
    repliesTo: (ts: string, where = 'insights') => state.thread(channel(where), ts).slice(1),
    /** What a slash command answers this person. */
    async ask(who: string, words: string, where = 'insights') {
      const before = state.ephemeralsOf(personId(who), channel(where)).length;
      const { reply } = await human.slash(personId(who), channel(where), '/throughline', words);
      await settle();
      const told = state.ephemeralsOf(personId(who), channel(where)).slice(before);
      return told.length > 0 ? told.map(({ message }) => message.text).join('\n') : String(reply?.text ?? '');
    },
    /** Rows of the audit, `verb by actor`, oldest first. */
    async audit(verbLike = '%') {
      const rows = await rig.app.db.query<{ verb: string; actor: string }>(
        'select verb, actor from audit where verb like $1 order by seq',
        [verbLike],
      );
      return rows.map(({ verb, actor }) => `${verb} by ${state.findUser(actor)?.name ?? actor}`);
    },
  };
  return hands;
}

const staged: Rig[] = [];

/** A rig of its own with hands and a clock that can be set forward. `leaveStage` closes it. */
export async function takeStage(options: Omit<Parameters<typeof startRig>[0] & object, 'clock'> = {}) {
  const clock = fastClock();
  const rig = await startRig({ ...options, clock });
  staged.push(rig);
  return { ...rig, ...handsOf(rig), clock };
}

/** Closes what tests opened, and holds that no simulated system was asked for something that the real one would refuse, and that nobody was called. */
export async function leaveStage(): Promise<void> {
  const rigs = staged.splice(0);
  const complaints = rigs.flatMap((rig) => [
    ...rig.slack.state.violations,
    ...callsOf(rig.slack.state),
    ...rig.zendesk.unknownCalls(),
    ...rig.slack.faults.unused(),
    ...rig.linear.faults.pending(),
    ...rig.zendesk.faults.unused(),
  ]);
  await Promise.all(rigs.map((rig) => rig.close()));
  expect(complaints).toEqual([]);
}

/** The ids of the buttons and menus on a message. */
export function actionsOf(message: Message): string[] {
  return elementsOf(message).map((element) => String(element.action_id));
}

/** The labels of the buttons on a message. */
export function labelsOf(message: Message): string[] {
  return elementsOf(message).flatMap((element) => {
    const text = element.text as { text?: string } | undefined;
    return text?.text ? [text.text] : [];
  });
}

function choicesOf(message: Message): string[] {
  return elementsOf(message).flatMap((element) =>
    ((element.options as { value: string }[] | undefined) ?? []).map(({ value }) => value),
  );
}

function elementsOf(message: Message): Record<string, unknown>[] {
  const blocks = (message.blocks ?? []) as { type: string; elements?: Record<string, unknown>[] }[];
  return blocks.filter(({ type }) => type === 'actions').flatMap(({ elements }) => elements ?? []);
}

/** Every text that the blocks of a message show, as one string. */
export function shownOn(message: Message): string {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        if ((key === 'text' || key === 'url') && typeof inner === 'string') found.push(inner);
        else look(inner);
      }
    }
  };
  look(message.blocks);
  return found.join('\n');
}

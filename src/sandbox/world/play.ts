// Plays the world into the simulators: people write in rooms and to support, at the times that the story tells.
import type { LinearSeed } from '../linear/index.ts';
import type { SlackSeed } from '../slack/model.ts';
import { slackId } from '../slack/model.ts';
import type { SlackSimulator } from '../slack/simulator.ts';
import type { ZendeskSimulator } from '../zendesk/index.ts';
import type { ZendeskSeed } from '../zendesk/state.ts';
import {
  COMPANIES,
  COMPANY,
  companyOf,
  INSIGHTS_ROOM,
  membersOf,
  PEOPLE,
  person,
  ROOMS,
  STAFF_GROUP,
  SUPPORT_ROOMS,
} from './cast.ts';
import { type WorldEvent, ZENDESK } from './world.ts';

const BOT_NAME = 'throughline';

/** The workspace of the cast: people with their sides, the rooms, and the bot where it listens and speaks. */
export function slackSeed(): SlackSeed {
  const inSlack = PEOPLE.filter((one) => one.through !== 'email');
  return {
    team: { name: COMPANY.name, domain: 'tallymoor' },
    app: { name: 'Throughline', bot_name: BOT_NAME },
    users: inSlack.map((one) => ({
      name: one.key,
      real_name: one.name,
      email: one.email,
      title: one.title,
      tz: one.timeZone,
      ...(one.through === 'guest' ? { is_restricted: true } : {}),
      ...(one.through === 'connect' ? { is_stranger: true, team_id: slackId('T', one.company ?? '') } : {}),
    })),
    usergroups: [
      { handle: STAFF_GROUP, users: PEOPLE.filter((one) => one.through === 'member').map((one) => one.key) },
    ],
    channels: ROOMS.map((room) => ({
      name: room.name,
      purpose: room.purpose,
      is_general: room.name === 'general',
      is_ext_shared: room.audience === 'connect',
      members: [
        ...membersOf(room).map((one) => one.key),
        ...([...SUPPORT_ROOMS, INSIGHTS_ROOM].some((name) => name === room.name) ? [BOT_NAME] : []),
      ],
    })),
  };
}

/** The same company's Zendesk: organizations, their people, and the support engineers as agents. */
export function zendeskSeed(): ZendeskSeed {
  return {
    organizations: COMPANIES.map((one) => ({ name: one.name, domainNames: [one.domain] })),
    users: PEOPLE.filter((one) => one.role === 'customer' || one.role === 'support').map((one) => {
      const organization = companyOf(one)?.name;
      return {
        name: one.name,
        email: one.email,
        role: one.role === 'support' ? ('agent' as const) : ('end-user' as const),
        ...(organization ? { organization } : {}),
      };
    }),
  };
}

/** The same company's Linear. */
export function linearSeed(): LinearSeed {
  return {
    organization: { name: COMPANY.name, urlKey: 'tallymoor' },
    users: [
      { name: 'Throughline', email: `throughline@${COMPANY.domain}`, app: true },
      ...PEOPLE.filter((one) => one.role === 'developer' || one.role === 'product').map(({ name, email }) => ({
        name,
        email,
      })),
    ],
    teams: [{ key: 'ENG', name: 'Engineering' }],
    labels: [{ name: 'Bug' }, { name: 'Feature' }, { name: 'Improvement' }],
  };
}

/** Plays events one after another. */
export interface Player {
  /** `now` writes with the time of playing instead of the event's own, for a live trickle. */
  play(event: WorldEvent, when: 'then' | 'now'): void;
}

/** Makes a player; it remembers what it has played, so that replies find their thread. */
export function createPlayer(deps: { slack: SlackSimulator; zendesk: ZendeskSimulator }): Player {
  const { slack, zendesk } = deps;
  const threads = new Map<string, { ts: string } | { ticket: string }>();
  return {
    play(event, when) {
      const who = person(event.who);
      if (event.where === ZENDESK) {
        const at = when === 'then' ? { at: `${event.at.toISOString().slice(0, 19)}Z` } : {};
        const writer = { name: who.name, email: who.email };
        const root = event.thread === null ? undefined : threads.get(event.thread);
        if (event.thread === null) {
          const ticket = zendesk.human.createTicket(writer, { subject: event.subject ?? '', body: event.text, ...at });
          threads.set(event.id, { ticket: ticket.id });
        } else if (root && 'ticket' in root) zendesk.human.comment(root.ticket, writer, event.text, true, at);
        return;
      }
      const root = event.thread === null ? undefined : threads.get(event.thread);
      // A reply to something that was never played has nowhere to stand.
      if (event.thread !== null && !(root && 'ts' in root)) return;
      const message = slack.human.post(event.who, event.where, event.text, {
        ...(root && 'ts' in root ? { threadTs: root.ts } : {}),
        ...(when === 'then' ? { at: event.at } : {}),
      });
      threads.set(event.id, { ts: message.ts });
    },
  };
}

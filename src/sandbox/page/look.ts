// From the simulators' records to what one person sees on the page. Reads, never changes.
import type { LinearSimulator } from '../linear/index.ts';
import type { Channel, Message, OpenView, User } from '../slack/model.ts';
import type { SlackSimulator } from '../slack/simulator.ts';
import { companyOf, PEOPLE, ROOMS } from '../world/cast.ts';
import type { ZendeskSimulator } from '../zendesk/index.ts';
import type {
  PageBlock,
  PageChannel,
  PageIssue,
  PageMessage,
  PagePerson,
  PageState,
  PageTicket,
  PageView,
} from './model.ts';

// A page is for reading the last days; a sandbox that has run for weeks must stay quick.
const MESSAGES_SHOWN = 400;
const PRIORITIES = ['No priority', 'Urgent', 'High', 'Medium', 'Low'];

/** The three systems that the page shows. */
export interface Simulators {
  slack: SlackSimulator;
  linear: LinearSimulator;
  zendesk: ZendeskSimulator;
}

type Rest = Pick<
  PageState,
  'bot' | 'hasHome' | 'tour' | 'examples' | 'liveChatter' | 'commands' | 'shortcuts' | 'insightsChannel'
>;

/** Everything that a person sees; somebody unknown becomes the first customer. */
export function lookAt(simulators: Simulators, as: string | null, rest: Rest): PageState {
  const { slack } = simulators;
  const { state } = slack;
  const people = [...state.users.values()].map((user) => personOf(user, state.app.botUserId));
  const you =
    people.find((one) => one.playable && (one.id === as || one.handle === as)) ?? people.find((one) => one.playable)!;
  const channels = [...state.channels.values()].filter((one) => one.type !== 'im' || one.members.has(you.id));
  const mine = channels.filter((one) => one.members.has(you.id));
  return {
    you: you.id,
    team: state.team.name,
    people,
    groups: [...state.usergroups.values()].map(({ id, handle }) => ({ id, handle })),
    channels: channels.filter((one) => !one.isArchived).map(channelOf),
    messages: mine.flatMap((channel) => messagesOf(slack, channel, you.id)),
    modals: state.modalsOf(you.id).map(viewOf),
    home: homeOf(slack, you.id),
    issues: issuesOf(simulators.linear),
    tickets: ticketsOf(simulators.zendesk),
    requesters: [...simulators.zendesk.state.users.values()]
      .filter((one) => one.role === 'end-user')
      .map((one) => ({
        id: one.id,
        name: one.name,
        organization: simulators.zendesk.state.organizations.get(one.organizationId ?? '')?.name ?? null,
      })),
    ...rest,
  };
}

function personOf(user: User, botUserId: string): PagePerson {
  const known = PEOPLE.find((one) => one.key === user.name);
  const company = known ? (companyOf(known)?.name ?? null) : null;
  const isBot = user.is_bot || user.id === botUserId;
  return {
    id: user.id,
    name: user.real_name,
    handle: user.name,
    title: company ? `${user.profile.title}, ${company}` : user.profile.title,
    side: isBot ? 'bot' : company ? 'customer' : 'staff',
    company,
    playable: !isBot && !user.deleted,
  };
}

function channelOf(channel: Channel): PageChannel {
  return {
    id: channel.id,
    name: channel.type === 'im' ? 'throughline' : channel.name,
    about:
      channel.type === 'im'
        ? 'A direct conversation with the app'
        : channel.topic || channel.purpose || (ROOMS.find((room) => room.name === channel.name)?.purpose ?? ''),
    kind: channel.type === 'im' ? 'direct' : channel.isExtShared ? 'shared' : 'channel',
    members: [...channel.members],
    doing: channel.pane?.status
      ? { thread: channel.pane.status.threadTs, text: channel.pane.status.loading[0] ?? channel.pane.status.text }
      : null,
    suggested: channel.pane?.suggested ?? null,
    newest: channel.messages.at(-1)?.ts ?? null,
  };
}

function messagesOf(slack: SlackSimulator, channel: Channel, you: string): PageMessage[] {
  const { state } = slack;
  const hidden = state.ephemeralsOf(you, channel.id).map((one) => messageOf(slack, channel, one.message, true));
  const said = channel.messages.slice(-MESSAGES_SHOWN).map((one) => messageOf(slack, channel, one, false));
  return [...said, ...hidden].sort((a, b) => Number(a.ts) - Number(b.ts));
}

function messageOf(slack: SlackSimulator, channel: Channel, message: Message, ephemeral: boolean): PageMessage {
  const { state } = slack;
  const author = message.user ? state.users.get(message.user) : undefined;
  const profile = message.bot_profile as { name?: string } | undefined;
  const attachments = (message.attachments ?? []).flatMap((one) =>
    Array.isArray(one.blocks) ? (one.blocks as PageBlock[]) : [],
  );
  return {
    channel: channel.id,
    ts: message.ts,
    author: {
      id: message.user ?? null,
      name: message.username ?? author?.real_name ?? profile?.name ?? 'App',
      isBot: message.bot_id !== undefined || author?.is_bot === true,
    },
    text: message.text,
    blocks: [...((message.blocks as PageBlock[] | undefined) ?? []), ...attachments],
    thread: message.thread_ts ?? null,
    replies: message.reply_count
      ? { count: message.reply_count, people: message.reply_users ?? [], last: message.latest_reply ?? message.ts }
      : null,
    reactions: (message.reactions ?? []).map((one) => ({ name: one.name, people: one.users })),
    files: (message.files ?? []).map((one) => ({
      id: String(one.id ?? ''),
      name: String(one.title ?? one.name ?? 'file'),
      alt: String(one.alt_txt ?? one.title ?? one.name ?? 'A file'),
      isPicture: String(one.mimetype ?? '').startsWith('image/'),
    })),
    edited: message.edited !== undefined,
    ephemeral,
    quiet:
      message.subtype !== undefined &&
      /_(join|leave|topic|purpose|name|archive|unarchive)$|^tombstone$/.test(message.subtype),
    permalink: ephemeral ? null : state.permalink(channel.id, message.ts),
  };
}

function viewOf({ view }: OpenView): PageView {
  const words = (value: unknown) => (value as { text?: string } | null | undefined)?.text ?? null;
  return {
    id: view.id,
    hash: view.hash,
    title: words(view.title) ?? '',
    submit: words(view.submit),
    close: words(view.close) ?? 'Cancel',
    blocks: view.blocks,
  };
}

function homeOf(slack: SlackSimulator, you: string): PageView | null {
  const home = slack.state.homeOf(you);
  return home ? viewOf(home) : null;
}

function issuesOf({ state }: LinearSimulator): PageIssue[] {
  return [...state.issues.values()]
    .filter((issue) => issue.archivedAt === null || issue.trashed)
    .map((issue) => {
      const column = state.states.get(issue.stateId);
      return {
        id: issue.id,
        identifier: issue.identifier,
        title: issue.title,
        description: issue.description ?? '',
        state: { name: column?.name ?? '', type: column?.type ?? '' },
        labels: issue.labelIds.flatMap((id) => state.labels.get(id)?.name ?? []),
        priority: PRIORITIES[issue.priority] ?? '',
        url: issue.url,
        trashed: issue.trashed === true,
        attachments: [...state.attachments.values()]
          .filter((one) => one.issueId === issue.id)
          .map((one) => ({ title: one.title, subtitle: one.subtitle ?? '', url: one.url })),
        comments: [...state.comments.values()]
          .filter((one) => one.issueId === issue.id)
          .map((one) => ({ author: state.users.get(one.userId)?.name ?? '', body: one.body })),
        createdAt: issue.createdAt,
      };
    });
}

function ticketsOf({ state }: ZendeskSimulator): PageTicket[] {
  return [...state.tickets.values()]
    .filter((ticket) => ticket.deleted === 'no')
    .map((ticket) => ({
      id: Number(ticket.id),
      subject: ticket.subject,
      status: ticket.status,
      requester: { id: ticket.requesterId, name: state.users.get(ticket.requesterId)?.name ?? '' },
      organization: state.organizations.get(ticket.organizationId ?? '')?.name ?? null,
      createdAt: ticket.createdAt,
      comments: ticket.comments.map((one) => ({
        author: state.users.get(one.authorId)?.name ?? '',
        body: one.body,
        public: one.public,
        at: one.createdAt,
      })),
    }));
}

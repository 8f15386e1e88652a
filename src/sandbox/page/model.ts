// What the page is told and what it may ask for: the one contract between the sandbox's server and the code in the browser.
import { z } from 'zod';

/** Somebody the visitor may act as, and everybody whose name can turn up. */
export interface PagePerson {
  id: string;
  name: string;
  handle: string;
  /** Job, for staff; job and company, for customers. */
  title: string;
  side: 'customer' | 'staff' | 'bot';
  company: string | null;
  /** Whether the visitor may act as this person. */
  playable: boolean;
}

export interface PageChannel {
  id: string;
  name: string;
  about: string;
  kind: 'channel' | 'shared' | 'direct';
  members: string[];
  /** What the app says beside its messages: what it is doing in a thread, and what it suggests to ask. */
  doing: { thread: string; text: string } | null;
  suggested: { title: string | null; prompts: { title: string; message: string }[] } | null;
  /** The ts of its newest message, for the mark that there is something new; null when there is none. */
  newest: string | null;
}

export interface PageMessage {
  channel: string;
  ts: string;
  author: { id: string | null; name: string; isBot: boolean };
  /** Slack's mrkdwn, escaped as Slack escapes it. */
  text: string;
  blocks: PageBlock[];
  thread: string | null;
  replies: { count: number; people: string[]; last: string } | null;
  reactions: { name: string; people: string[] }[];
  files: { id: string; name: string; alt: string; isPicture: boolean }[];
  edited: boolean;
  /** Only the person who is looking sees it. */
  ephemeral: boolean;
  /** A line like "joined the channel". */
  quiet: boolean;
  permalink: string | null;
}

/** A Block Kit block or element as it came from the bot: read field by field, never trusted to be complete. */
export type PageBlock = Record<string, unknown>;

export interface PageView {
  id: string;
  hash: string;
  title: string;
  submit: string | null;
  close: string;
  blocks: PageBlock[];
}

export interface PageIssue {
  id: string;
  identifier: string;
  title: string;
  description: string;
  state: { name: string; type: string };
  labels: string[];
  priority: string;
  url: string;
  trashed: boolean;
  attachments: { title: string; subtitle: string; url: string }[];
  comments: { author: string; body: string }[];
  createdAt: string;
}

export interface PageTicket {
  id: number;
  subject: string;
  status: string;
  requester: { id: string; name: string };
  organization: string | null;
  createdAt: string;
  comments: { author: string; body: string; public: boolean; at: string }[];
}

export interface PageBot {
  state: 'starting' | 'ready' | 'down';
  /** One sentence for people. */
  detail: string;
}

/** How far the newcomer's tour has come; every tick stands for something that really happened. */
export interface PageTour {
  complained: boolean;
  insight: { channel: string; ts: string } | null;
  issue: { identifier: string } | null;
  traced: boolean;
}

/** Everything one person sees at one moment. */
export interface PageState {
  you: string;
  team: string;
  people: PagePerson[];
  groups: { id: string; handle: string }[];
  channels: PageChannel[];
  /** Messages of the channels this person is in, oldest first, replies and ephemerals included. */
  messages: PageMessage[];
  modals: PageView[];
  /** What the app published for this person; null when it has not. */
  home: PageView | null;
  /** Whether the app has a Home tab at all. */
  hasHome: boolean;
  commands: { command: string; hint: string; about: string }[];
  shortcuts: { id: string; name: string; type: 'message' | 'global' }[];
  issues: PageIssue[];
  tickets: PageTicket[];
  /** Who may write to support by e-mail. */
  requesters: { id: string; name: string; organization: string | null }[];
  /** Name of the channel in which the bot speaks. */
  insightsChannel: string;
  bot: PageBot;
  tour: PageTour;
  examples: PageExample[];
  liveChatter: boolean;
}

/** A text that the page offers to type for the visitor. */
export interface PageExample {
  as: string;
  channel: string;
  text: string;
}

/** One node of a lineage; `at`, `who`, `why` and `url` are null when there is nothing to say. */
export interface LineageNode {
  id: string;
  kind: string;
  label: string;
  at: string | null;
  who: string | null;
  why: string | null;
  url: string | null;
}

export interface Lineage {
  nodes: LineageNode[];
  edges: { from: string; to: string; relation: string }[];
  focus: string | null;
  /** How many nodes were left out of a very large chain. */
  hidden?: number;
  /** For a message that belongs to no theme: why. */
  lone?: 'not_observed_yet' | 'noise' | 'no_theme' | null;
}

const Id = z.string().min(1).max(300);
/** What a visitor entered or picked: a text, the value of an option, the values of several, or nothing. */
const Entry = z.union([z.string(), z.array(z.string()), z.null()]);
/** Everything entered on a surface, by block id and action id. */
const Entries = z.record(z.string(), z.record(z.string(), Entry));
export type PageEntry = z.infer<typeof Entry>;

/** Everything a visitor can do. `as` is the person whose hands it is done with. */
export const PageAct = z.discriminatedUnion('verb', [
  z.object({
    verb: z.literal('post'),
    as: Id,
    channel: Id,
    text: z.string().min(1).max(12_000),
    thread: Id.optional(),
  }),
  z.object({ verb: z.literal('edit'), as: Id, channel: Id, ts: Id, text: z.string().min(1).max(12_000) }),
  z.object({ verb: z.literal('delete'), as: Id, channel: Id, ts: Id }),
  z.object({ verb: z.literal('react'), as: Id, channel: Id, ts: Id, name: z.string().regex(/^[\w+'-]{1,80}$/) }),
  z.object({ verb: z.literal('command'), as: Id, channel: Id, text: z.string().startsWith('/').max(3000) }),
  z.object({
    verb: z.literal('action'),
    as: Id,
    /** Where the element sits: a message, or a modal or Home by its view id. */
    channel: Id.optional(),
    ts: Id.optional(),
    view: Id.optional(),
    blockId: Id,
    actionId: Id,
    /** What was picked; left out for a button. */
    entry: Entry.optional(),
    entries: Entries.optional(),
  }),
  z.object({ verb: z.literal('submit'), as: Id, view: Id, entries: Entries }),
  z.object({ verb: z.literal('close'), as: Id, view: Id }),
  z.object({ verb: z.literal('shortcut'), as: Id, id: Id, channel: Id.optional(), ts: Id.optional() }),
  z.object({ verb: z.literal('home'), as: Id, tab: z.enum(['home', 'messages']).optional() }),
  z.object({ verb: z.literal('moveIssue'), id: Id, to: z.enum(['started', 'completed', 'canceled']) }),
  z.object({
    verb: z.literal('ticket'),
    as: Id,
    subject: z.string().min(1).max(150),
    text: z.string().min(1).max(12_000),
  }),
  z.object({ verb: z.literal('comment'), as: Id, ticket: z.number().int(), text: z.string().min(1).max(12_000) }),
  z.object({ verb: z.literal('chatter'), on: z.boolean() }),
]);
export type PageAct = z.infer<typeof PageAct>;

/** What an act came to: errors by block id for a modal that was not accepted, otherwise a sentence when something went wrong. */
export interface PageAnswer {
  ok: boolean;
  error: string | null;
  errors: Record<string, string>;
}

// Effects: turns the intents of a plan into what each handler gets, and tells the plan what it may know about the sources.
import type { ActionPayload } from '#src/domain/action.ts';
import { onLine } from '#src/domain/neutral.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { ProposalPayload } from '#src/domain/proposal.ts';
import type { SaidConversation, Texts } from '#src/domain/stores.ts';
import { excerptsOf } from './evidence.ts';

/** One effect that a plan asks for: a kind, and the conversation it is for. */
export interface Intent {
  kind: ActionPayload['kind'];
  conversationId: string | null;
}

/** A source conversation as a plan may see it. */
export interface Source {
  conversationId: string;
  source: string;
  internal: boolean;
  attended: boolean;
}

export interface EffectsDeps {
  db: Db;
  texts: Texts;
  /** Whether only full members of our own workspace read a Slack channel. */
  isInternal: (channelId: string) => Promise<boolean>;
  /** The signed lineage page of a thing, or null without a public address. */
  lineageUrl: (id: string) => string | null;
}

const SUBTITLE_MAX = 180;
// Marks a source message whose thread should not get another reply.
const TRACKED_EMOJI = 'link';

/** What the plan may know about conversations: where they are, never what they say. */
export async function sourcesOf(deps: EffectsDeps, conversationIds: readonly string[]): Promise<Source[]> {
  const said = await deps.texts.conversations(deps.db, conversationIds);
  const order = new Map(conversationIds.map((id, index) => [id, index]));
  const sources: Source[] = [];
  for (const conversation of said.sort((a, b) => order.get(a.id)! - order.get(b.id)!)) {
    const message = slackMessage(conversation.rootExternalId);
    sources.push({
      conversationId: conversation.id,
      source: conversation.source,
      internal: message !== null && (await deps.isInternal(message.channel)),
      attended: conversation.capturedBy !== null || conversation.messages.some((said) => said.role === 'staff'),
    });
  }
  return sources;
}

/** Puts the words to the intents. `issueActionId` is the effect that makes the issue, which all others point to. */
export async function payloadsOf(
  deps: EffectsDeps,
  tx: Tx,
  input: { intents: readonly Intent[]; issue: ProposalPayload | null; issueActionId: string; title: string },
): Promise<ActionPayload[]> {
  const ids = input.intents.flatMap((intent) => (intent.conversationId ? [intent.conversationId] : []));
  const said = new Map(
    (await deps.texts.conversations(tx, [...new Set(ids)])).map((conversation) => [conversation.id, conversation]),
  );
  const payloads: ActionPayload[] = [];
  for (const intent of input.intents) {
    if (intent.kind === 'linear.issue') {
      if (!input.issue) continue;
      const { title, description, labels, priority, team } = input.issue;
      payloads.push({ kind: 'linear.issue', title, description, labels, priority, team });
      continue;
    }
    const conversation = intent.conversationId ? said.get(intent.conversationId) : undefined;
    if (conversation)
      payloads.push(...sourcePayload(deps, intent.kind, conversation, input.issueActionId, input.title));
  }
  return payloads;
}

function sourcePayload(
  deps: EffectsDeps,
  kind: ActionPayload['kind'],
  conversation: SaidConversation,
  issueActionId: string,
  title: string,
): ActionPayload[] {
  const conversationId = conversation.id;
  if (kind === 'linear.attachment') {
    const url = conversation.permalink ?? deps.lineageUrl(conversation.id);
    if (!url) return [];
    const [first] = excerptsOf(conversation);
    return [
      {
        kind,
        conversationId,
        issueActionId,
        url,
        title: `${sourceName(conversation.source)} report, ${conversation.firstAt.slice(0, 10)}`,
        subtitle: first ? onLine(first.redacted, SUBTITLE_MAX) : 'Reported by staff',
      },
    ];
  }
  if (kind === 'zendesk.note') {
    const ticketId = /^zendesk:ticket:(\d+)/.exec(conversation.rootExternalId)?.[1];
    return ticketId
      ? [
          {
            kind,
            conversationId,
            issueActionId,
            ticketId,
            body: `Your customer's report is part of "${title}", which is now tracked.`,
          },
        ]
      : [];
  }
  const message = slackMessage(conversation.rootExternalId);
  if (!message) return [];
  if (kind === 'slack.reply') {
    return [
      {
        kind,
        conversationId,
        issueActionId,
        channel: message.channel,
        threadTs: message.ts,
        text: `This is now tracked: ${title}`,
      },
    ];
  }
  if (kind === 'slack.react')
    return [{ kind, conversationId, channel: message.channel, ts: message.ts, emoji: TRACKED_EMOJI }];
  return [];
}

function slackMessage(externalId: string): { channel: string; ts: string } | null {
  const match = /^slack:([A-Z0-9]+):(\d+\.\d+)$/.exec(externalId);
  return match ? { channel: match[1]!, ts: match[2]! } : null;
}

function sourceName(source: string): string {
  return { slack: 'Slack', zendesk: 'Zendesk', api: 'API', import: 'Imported' }[source] ?? source;
}

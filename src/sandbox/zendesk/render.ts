// How Zendesk writes its records on the wire. Property names and types follow the published Support API; a test holds them to it.
import type { SimComment, SimOrganization, SimTicket, SimUser, ZendeskState } from './state.ts';

/** Written with all its digits: ids are JSON numbers there, and may be larger than a double can hold. */
export function wireId(id: string): unknown {
  // rawJSON is in V8 since 11.4 and not yet in TypeScript's library.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(id);
}

const orNull = (id: string | null) => (id === null ? null : wireId(id));
const via = (channel: string, rel: string | null = null) => ({ channel, source: { from: {}, to: {}, rel } });

/** A ticket as `GET /tickets/{id}` shows it; `deleted` is a status that only the export uses. */
export function ticketWire(ticket: SimTicket, baseUrl: string): Record<string, unknown> {
  return {
    id: wireId(ticket.id),
    url: `${baseUrl}/api/v2/tickets/${ticket.id}.json`,
    external_id: ticket.externalId,
    via: via(ticket.channel),
    created_at: ticket.createdAt,
    updated_at: ticket.updatedAt,
    generated_timestamp: ticket.generatedAt,
    type: null,
    subject: ticket.subject,
    raw_subject: ticket.subject,
    description: ticket.comments[0]?.body ?? '',
    priority: ticket.priority,
    status: ticket.deleted === 'no' ? ticket.status : 'deleted',
    recipient: null,
    requester_id: wireId(ticket.requesterId),
    submitter_id: wireId(ticket.submitterId),
    assignee_id: null,
    organization_id: orNull(ticket.organizationId),
    group_id: null,
    collaborator_ids: [],
    follower_ids: [],
    email_cc_ids: [],
    forum_topic_id: null,
    problem_id: null,
    has_incidents: false,
    is_public: ticket.comments.some((comment) => comment.public),
    due_at: null,
    tags: ticket.tags,
    custom_fields: [],
    satisfaction_rating: null,
    sharing_agreement_ids: [],
    custom_status_id: null,
    fields: [],
    followup_ids: [],
    ticket_form_id: null,
    brand_id: null,
    allow_channelback: false,
    allow_attachments: true,
    from_messaging_channel: false,
  };
}

/** A comment as the list of a ticket's comments shows it. */
export function commentWire(comment: SimComment): Record<string, unknown> {
  return {
    id: wireId(comment.id),
    type: 'Comment',
    author_id: wireId(comment.authorId),
    body: comment.body,
    html_body: `<div class="zd-comment" dir="auto">${escapeHtml(comment.body).replaceAll('\n', '<br>')}</div>`,
    plain_body: comment.body,
    public: comment.public,
    attachments: [],
    audit_id: wireId(comment.id),
    via: via(comment.channel, comment.rel),
    created_at: comment.createdAt,
    metadata: { system: {}, custom: {} },
  };
}

export function userWire(user: SimUser, baseUrl: string): Record<string, unknown> {
  return {
    id: wireId(user.id),
    url: `${baseUrl}/api/v2/users/${user.id}.json`,
    name: user.name,
    email: user.email,
    created_at: user.createdAt,
    updated_at: user.createdAt,
    time_zone: 'Europe/London',
    iana_time_zone: 'Europe/London',
    phone: null,
    photo: null,
    locale_id: 1,
    locale: 'en-US',
    organization_id: orNull(user.organizationId),
    role: user.role,
    custom_role_id: null,
    verified: true,
    external_id: null,
    tags: [],
    alias: null,
    active: true,
    shared: false,
    shared_agent: false,
    shared_phone_number: null,
    signature: null,
    details: null,
    notes: null,
    restricted_agent: false,
    suspended: false,
    default_group_id: null,
    report_csv: user.role === 'admin',
    only_private_comments: false,
    ticket_restriction: user.role === 'end-user' ? 'requested' : null,
    moderator: user.role === 'admin',
    chat_only: false,
    two_factor_auth_enabled: null,
    user_fields: {},
    last_login_at: null,
  };
}

/** What `users/me` says to a caller without a token. */
export function anonymousWire(): Record<string, unknown> {
  return {
    id: null,
    name: 'Anonymous user',
    email: 'invalid@example.com',
    role: 'end-user',
    verified: false,
    active: null,
  };
}

export function organizationWire(organization: SimOrganization, baseUrl: string): Record<string, unknown> {
  return {
    id: wireId(organization.id),
    url: `${baseUrl}/api/v2/organizations/${organization.id}.json`,
    name: organization.name,
    shared_tickets: false,
    shared_comments: false,
    external_id: null,
    created_at: organization.createdAt,
    updated_at: organization.createdAt,
    domain_names: organization.domainNames,
    details: null,
    notes: null,
    group_id: null,
    tags: [],
    organization_fields: {},
  };
}

/** The `detail` of an event about a ticket. Ids are strings here, and enums are upper case: neither is so in the REST API. */
export function detailWire(ticket: SimTicket, actorId: string): Record<string, unknown> {
  return {
    actor_id: actorId,
    assignee_id: null,
    brand_id: null,
    created_at: ticket.createdAt,
    custom_status: null,
    description: ticket.comments[0]?.body ?? '',
    external_id: ticket.externalId,
    form_id: null,
    group_id: null,
    id: ticket.id,
    is_public: ticket.comments.some((comment) => comment.public),
    organization_id: ticket.organizationId,
    priority: ticket.priority?.toUpperCase() ?? null,
    requester_id: ticket.requesterId,
    status: ticket.deleted === 'no' ? ticket.status.toUpperCase() : 'DELETED',
    subject: ticket.subject,
    submitter_id: ticket.submitterId,
    tags: ticket.tags,
    type: null,
    updated_at: ticket.updatedAt,
    via: { channel: ticket.channel },
  };
}

/** The `comment` of an event; it names its author instead of giving an id only. */
export function eventCommentWire(comment: SimComment, state: ZendeskState): Record<string, unknown> {
  const author = state.users.get(comment.authorId);
  return {
    id: comment.id,
    body: comment.body,
    is_public: comment.public,
    author: {
      id: comment.authorId,
      is_staff: author !== undefined && author.role !== 'end-user',
      name: author?.name ?? '',
    },
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

// What we read of Zendesk's answers and events: only the fields we use, lenient about the rest. Ids become strings here, with all their digits.
import { z } from 'zod';

/** A whole number too large for a double arrives as a string already, see `parseJson`. */
const Id = z.union([z.string().min(1), z.number()]).transform(String);

// Events give seconds, triggers only minutes.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

export const Ticket = z.looseObject({
  id: Id,
  subject: z.string().nullish(),
  /** `deleted` appears in the export only. */
  status: z.string(),
  requester_id: Id,
  organization_id: Id.nullish(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Ticket = z.infer<typeof Ticket>;

export const Comment = z.looseObject({
  id: Id,
  author_id: Id,
  body: z.string().nullish(),
  public: z.boolean(),
  created_at: z.string(),
});
export type Comment = z.infer<typeof Comment>;

export const User = z.looseObject({
  id: Id.nullable(),
  name: z.string().nullish(),
  role: z.string().nullish(),
});
export type User = z.infer<typeof User>;

export const Organization = z.looseObject({ id: Id, name: z.string().nullish() });
export type Organization = z.infer<typeof Organization>;

export const TokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  /** Seconds. Absent on accounts whose tokens do not expire. */
  expires_in: z.number().nullish(),
});
export const TicketAnswer = z.looseObject({ ticket: Ticket });
export const UpdateAnswer = z.looseObject({
  ticket: Ticket,
  audit: z
    .looseObject({ events: z.array(z.looseObject({ id: Id, type: z.string(), public: z.boolean().nullish() })) })
    .nullish(),
});
export const CommentsAnswer = z.looseObject({
  comments: z.array(Comment),
  meta: z.looseObject({ has_more: z.boolean(), after_cursor: z.string().nullish() }),
});
export const UsersAnswer = z.looseObject({ users: z.array(User) });
export const OrganizationsAnswer = z.looseObject({ organizations: z.array(Organization) });
export const MeAnswer = z.looseObject({ user: User });
export const ExportAnswer = z.looseObject({
  tickets: z.array(Ticket),
  after_cursor: z.string().nullish(),
  end_of_stream: z.boolean(),
});

/** An event webhook, or a trigger's body that follows the same form. Its details may be old by now, so we read none of them. */
export const EventBody = z.looseObject({
  /** The event's own id: equal on every retry. A trigger's body has none. */
  id: z.string().min(1).optional(),
  type: z.string().min(1),
  /** `zen:ticket:35436`; other kinds of things are none of ours. */
  subject: z.string().min(1),
  time: z
    .string()
    .refine((time) => TIME.test(time) && !Number.isNaN(Date.parse(time)), { error: 'must be an ISO 8601 time' }),
  event: z.looseObject({ comment: z.looseObject({ id: Id, is_public: z.boolean().nullish() }).nullish() }).nullish(),
});
export type EventBody = z.infer<typeof EventBody>;

/** JSON.parse that keeps the digits of whole numbers beyond 2^53, as strings: a rounded id would name somebody else's ticket. */
export function parseJson(text: string): unknown {
  // Node 24 hands over the source text; TypeScript's library does not know it yet.
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
  });
}

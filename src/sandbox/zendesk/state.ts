// What the Zendesk simulator knows: organizations, users, tickets and their comments. Plain records; the rules are in human.ts and api.ts.
import type { Clock } from '#src/domain/ports.ts';

// Real accounts hand out ids of 13 digits and more to users and comments, and count tickets from one.
const FIRST_ID = 24_857_193_600_013n;
const FIRST_TICKET_ID = 1n;

export type UserRole = 'end-user' | 'agent' | 'admin';
export type TicketStatus = 'new' | 'open' | 'pending' | 'hold' | 'solved' | 'closed';

export interface SimOrganization {
  id: string;
  name: string;
  domainNames: string[];
  createdAt: string;
}

export interface SimUser {
  id: string;
  name: string;
  email: string | null;
  role: UserRole;
  organizationId: string | null;
  createdAt: string;
}

export interface SimComment {
  id: string;
  authorId: string;
  body: string;
  public: boolean;
  /** How it came: email, web, api; `merge` in rel marks what a merge wrote. */
  channel: string;
  rel: string | null;
  createdAt: string;
}

export interface SimTicket {
  id: string;
  subject: string;
  status: TicketStatus;
  /** Soft-deleted tickets wait 30 days and can come back; permanently deleted ones are scrubbed and never do. */
  deleted: 'no' | 'soft' | 'permanently';
  requesterId: string;
  submitterId: string;
  organizationId: string | null;
  channel: string;
  tags: string[];
  priority: 'urgent' | 'high' | 'normal' | 'low' | null;
  externalId: string | null;
  createdAt: string;
  updatedAt: string;
  /** Unix seconds of the last change of any kind, which is what the export orders by. */
  generatedAt: number;
  comments: SimComment[];
}

/** What a simulator starts with; names stand for ids. */
export interface ZendeskSeed {
  organizations?: { name: string; domainNames?: string[] }[];
  users?: { name: string; email?: string; role?: UserRole; organization?: string }[];
  /** First id of users, organizations and comments, as decimal digits; beyond 2^53 to see who loses digits. */
  firstId?: string;
  firstTicketId?: string;
}

/** The records by id, in the order in which they were made. */
export interface ZendeskState {
  organizations: Map<string, SimOrganization>;
  users: Map<string, SimUser>;
  tickets: Map<string, SimTicket>;
  /** The admin who made the OAuth client: whoever holds its token acts as this user. */
  admin: SimUser;
}

export interface Store {
  state: ZendeskState;
  newId(): string;
  newTicketId(): string;
  /** Now, to the second, as Zendesk writes it. */
  now(): string;
  /** Marks a change: moves `updated_at` and the place in the export. */
  touch(ticket: SimTicket, at?: string): void;
  organizationNamed(name: string): SimOrganization;
  /** Finds a person by e-mail or name, or makes one. */
  person(who: { name: string; email?: string; role?: UserRole; organization?: string | null }): SimUser;
  reset(): void;
}

/** Makes the records of one simulated account. */
export function createStore(clock: Clock, seed: ZendeskSeed = {}): Store {
  let nextId = 0n;
  let nextTicketId = 0n;
  const state: ZendeskState = {
    organizations: new Map(),
    users: new Map(),
    tickets: new Map(),
    admin: { id: '0', name: '', email: null, role: 'admin', organizationId: null, createdAt: '' },
  };

  const store: Store = {
    state,
    newId: () => String(nextId++),
    newTicketId: () => String(nextTicketId++),
    now: () => toZendeskTime(clock.now()),
    touch(ticket, at) {
      ticket.updatedAt = at ?? store.now();
      ticket.generatedAt = Math.floor(clock.now().getTime() / 1000);
    },
    organizationNamed(name) {
      for (const found of state.organizations.values()) if (found.name === name) return found;
      const made = { id: store.newId(), name, domainNames: [], createdAt: store.now() };
      state.organizations.set(made.id, made);
      return made;
    },
    person(who) {
      for (const found of state.users.values()) {
        if (who.email ? found.email === who.email : found.name === who.name) return found;
      }
      const made: SimUser = {
        id: store.newId(),
        name: who.name,
        email: who.email ?? null,
        role: who.role ?? 'end-user',
        organizationId: who.organization ? store.organizationNamed(who.organization).id : null,
        createdAt: store.now(),
      };
      state.users.set(made.id, made);
      return made;
    },
    reset() {
      nextId = BigInt(seed.firstId ?? FIRST_ID);
      nextTicketId = BigInt(seed.firstTicketId ?? FIRST_TICKET_ID);
      state.organizations.clear();
      state.users.clear();
      state.tickets.clear();
      state.admin = store.person({ name: 'Support Admin', email: 'admin@support.example', role: 'admin' });
      for (const organization of seed.organizations ?? []) {
        store.organizationNamed(organization.name).domainNames = organization.domainNames ?? [];
      }
      for (const user of seed.users ?? []) store.person(user);
    },
  };
  store.reset();
  return store;
}

/** A time as Zendesk writes it: UTC, whole seconds. */
export function toZendeskTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

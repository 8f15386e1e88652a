// Capture: a person hands us what a customer said: a message in Slack, or in their own words what they heard elsewhere.
import { createHash } from 'node:crypto';
import type { Person, Refusal } from './policy.ts';
import type { CustomerHint, SignalDraft } from './signal.ts';
import type { CaptureReply, FileNowReply, MessageRef, SimpleReply } from './verbs.ts';

/** How a message was handed to us. */
export type CaptureVia = 'shortcut' | 'reaction' | 'mention' | 'command' | 'why' | 'sample';

/** A customer that can be chosen from a list. */
export interface KnownCustomer {
  id: string;
  name: string;
}

/** One of the known customers, or a new one by name. */
export type ChosenCustomer = { id: string } | { name: string };

/** What a person heard outside of what we listen to. */
export interface Note {
  text: string;
  customer: ChosenCustomer | null;
  /** A link to it, or in words where it was. */
  where: string | null;
  /** The day, `YYYY-MM-DD`; null for today. */
  day: string | null;
}

export type CustomerReply =
  /** `name` is what the customer is called. */
  { kind: 'changed'; name: string } | { kind: 'refused'; refusal: Refusal } | { kind: 'gone' };

/** What people can do to hand us something. */
export interface CaptureVerbs {
  capture(input: { message: MessageRef; person: Person; via: CaptureVia }): Promise<CaptureReply>;
  /** Takes a note as a signal of its own. `noteId` names it for ever: the same note again is the same signal. */
  noteDown(input: { noteId: string; note: Note; person: Person }): Promise<CaptureReply>;
  uncapture(input: { message: MessageRef; person: Person }): Promise<SimpleReply>;
  /** The same for anything that was captured, by its key. */
  takeBack(input: { key: string; person: Person }): Promise<SimpleReply>;
  fileNow(input: { key: string; person: Person }): Promise<FileNowReply>;
  /** Customers by name that this person may know of, those who said something lately first. */
  customers(person: Person): Promise<KnownCustomer[]>;
  /** Says whose words a captured conversation is. */
  setCustomer(input: { key: string; customer: ChosenCustomer; person: Person }): Promise<CustomerReply>;
}

/** The customer that somebody names by hand: the same name, however it is spelled, is the same customer. */
export function namedCustomer(name: string): CustomerHint {
  const clean = name.normalize('NFKC').replace(/\s+/g, ' ').trim();
  return { kind: 'named', key: `named:${clean.toLowerCase()}`, name: clean };
}

/** The external id of a note. */
export function noteKey(noteId: string): string {
  return `person:${createHash('sha256').update(noteId).digest('hex').slice(0, 24)}`;
}

/** Whether a text is an address of the web. */
function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * What a note becomes: the customer's message, and where it was said as context from our side when that is no link. Each note is a place of
 * its own, so that two notes in a row stay two reports.
 */
export function draftsOfNote(input: {
  key: string;
  note: Note;
  customer: CustomerHint;
  person: { id: string; name: string };
  now: Date;
}): SignalDraft[] {
  const { key, note, customer, person, now } = input;
  const today = now.toISOString().slice(0, 10);
  const at = note.day === null || note.day === today ? now.toISOString() : `${note.day}T12:00:00.000Z`;
  const where = note.where?.trim() ?? '';
  const said: SignalDraft = {
    source: 'slack',
    externalId: key,
    change: 'created',
    occurredAt: at,
    changedAt: at,
    modality: 'text',
    text: note.text,
    measure: null,
    author: { id: key, name: customer.name, role: 'customer' },
    container: { id: key, name: null },
    threadId: null,
    permalink: isAddress(where) ? where : null,
    customer,
    reliability: 'asserted',
    capturedBy: person.id,
    historical: false,
  };
  if (where === '' || isAddress(where)) return [said];
  const context: SignalDraft = {
    ...said,
    externalId: `${key}:where`,
    text: `Said here: ${where}`,
    author: { id: person.id, name: person.name, role: 'staff' },
    threadId: key,
    capturedBy: null,
  };
  return [said, context];
}

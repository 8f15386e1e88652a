// Policy: who may do what to which thing. One function, asked at the click and again before the effect runs.

/** A person, as Slack describes them at the moment of asking. */
export interface Person {
  id: string;
  kind: 'member' | 'guest' | 'external' | 'bot' | 'unknown';
  /** Named in APPROVERS, or, when that is unset, a full member of the insights channel. */
  approver: boolean;
  /** Named in the setting `admins` (while that is empty: an approver), or an admin or owner of the Slack workspace. */
  admin?: boolean;
}

export type Verb =
  | 'approve'
  | 'edit'
  | 'dismiss'
  | 'snooze'
  | 'undo'
  | 'claim'
  | 'judge'
  | 'capture'
  | 'uncapture'
  | 'see'
  /** Sorting themes by hand. */
  | 'curate'
  /** Channels, connections, settings, pausing. */
  | 'administer';

/** What is asked about, as far as rights depend on it. */
export type Thing =
  | { kind: 'card'; open: boolean; decidedBy: string | null; undoUntil: Date | null }
  | { kind: 'message'; capturedBy: string | null }
  /** `whole`: the gesture changes the theme for everybody, not only where single reports are. `madeBy`: whose gesture is taken back. */
  | { kind: 'theme'; whole: boolean; madeBy: string | null }
  | { kind: 'record' };

export type Refusal =
  | 'bot'
  | 'external'
  | 'guest'
  | 'not_approver'
  | 'decided'
  | 'too_late'
  | 'not_yours'
  /** What would be shown was said where this person cannot read. */
  | 'words_hidden'
  | 'not_admin';
export type May = { ok: true } | { ok: false; refusal: Refusal };

const DECIDING: ReadonlySet<Verb> = new Set(['approve', 'edit', 'dismiss', 'snooze', 'undo']);

/**
 * Whether `person` may do `verb` to `thing` now. A refusal is an expected answer, with a reason that has kind words in Slack.
 * Deciding needs an approver; claiming, judging and capturing need a full member; nobody external does anything.
 */
export function may(person: Person, verb: Verb, thing: Thing, now: Date): May {
  if (person.kind === 'bot') return refuse('bot');
  if (person.kind === 'external' || person.kind === 'unknown') return refuse('external');
  if (person.kind === 'guest') return refuse('guest');
  if (DECIDING.has(verb) && !person.approver) return refuse('not_approver');
  if (verb === 'administer' && !person.admin) return refuse('not_admin');
  // Whoever answers customers sees first what belongs where; what changes a theme for everybody is for those who decide about it.
  if (thing.kind === 'theme' && thing.whole && !person.approver && thing.madeBy !== person.id)
    return refuse('not_approver');
  if (thing.kind === 'card') {
    if (verb === 'undo') return thing.undoUntil && thing.undoUntil > now ? { ok: true } : refuse('too_late');
    if ((verb === 'approve' || verb === 'edit' || verb === 'dismiss' || verb === 'snooze') && !thing.open)
      return refuse('decided');
  }
  if (thing.kind === 'message' && verb === 'uncapture' && thing.capturedBy !== null && thing.capturedBy !== person.id)
    return refuse('not_yours');
  return { ok: true };
}

function refuse(refusal: Refusal): May {
  return { ok: false, refusal };
}

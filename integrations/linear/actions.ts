// Files an issue and links its sources, at most once each, and takes them back. Linear does not replay a create: it refuses an id that was
// used before, so the way to know is to read back.
import type { Action, ActionPayload } from '#src/domain/action.ts';
import { linearIdOf } from '#src/domain/action.ts';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { ActionHandler } from '../contract.ts';
import type { Cache, Linear } from './client.ts';
import { NO_CACHE } from './client.ts';
import { toAttachmentReceipt, toIssueReceipt } from './map.ts';
import type { WireIssue } from './wire.ts';

/** A read would be refused for the same reason; the next try of the job will meet what there is. */
const UNREADABLE = /^(unauthorized|rate_limited)$/;

export interface ActionDeps {
  linear: Linear;
  cache: Cache;
  /** The configured team, for payloads that name none; null for the first that the token sees. */
  team: string | null;
}

/** Handles `linear.issue`. */
export function createIssueHandler({ linear, cache, team }: ActionDeps): ActionHandler {
  async function file(action: Action, remember: Cache): Promise<WireIssue> {
    const payload = payloadOf(action, 'linear.issue');
    const { id: teamId } = await linear.findTeam(payload.team ?? team, remember);
    const labelIds = await linear.ensureLabels(payload.labels, teamId, remember);
    const { title, description, priority } = payload;
    return linear.createIssue({ id: linearIdOf(action), teamId, title, description, priority, labelIds });
  }

  async function fileAfresh(action: Action): Promise<WireIssue> {
    try {
      return await file(action, cache);
    } catch (error) {
      // A remembered team or label was deleted in Linear: look once more, past the cache.
      if (error instanceof ExternalError && error.code === 'not_found') return file(action, NO_CACHE);
      throw error;
    }
  }

  /**
   * After any failure there may be an issue: this try's, when the answer was lost, or an earlier one's. Only what is there and alive is success.
   */
  async function readBack(action: Action, failure: ExternalError): Promise<WireIssue> {
    let issue: WireIssue | null;
    try {
      issue = await linear.readIssue(linearIdOf(action));
    } catch (error) {
      // Still in doubt. Come back with whichever error allows to.
      throw failure.retryable ? failure : error;
    }
    if (issue === null) throw failure.code === 'conflict' ? hidden(failure) : failure;
    if (issue.trashed || issue.archivedAt) throw shelved(issue);
    return issue;
  }

  return {
    async perform(action) {
      try {
        return toIssueReceipt(await fileAfresh(action), false);
      } catch (error) {
        if (!(error instanceof ExternalError) || UNREADABLE.test(error.code)) throw error;
        return toIssueReceipt(await readBack(action, error), true);
      }
    },
    async find(action) {
      const issue = await linear.readIssue(linearIdOf(action));
      return issue && !issue.trashed ? toIssueReceipt(issue, true) : null;
    },
    async compensate(_action, receipt) {
      const wasThere = await linear.trashIssue(receipt.externalId);
      const note = wasThere
        ? `${receipt.label} is in Linear's trash, where it can be restored for 30 days.`
        : `${receipt.label} was gone from Linear already.`;
      return { undone: true, note };
    },
  };
}

/** Handles `linear.attachment`. */
export function createAttachmentHandler({ linear }: ActionDeps): ActionHandler {
  return {
    async perform(action) {
      const { url, title, subtitle } = payloadOf(action, 'linear.attachment');
      if (action.issue === null) {
        throw new AppError('conflict', 'The issue is not filed yet, so nothing can be attached to it.', {
          retryable: true,
        });
      }
      const id = linearIdOf(action);
      const issueId = action.issue.externalId;
      try {
        const attachment = await linear.attach({ id, issueId, url, title, subtitle });
        // Another id means that somebody had linked this address before us; it is theirs.
        return toAttachmentReceipt(attachment, attachment.id !== id);
      } catch (error) {
        if (!(error instanceof ExternalError) || error.code !== 'conflict') throw error;
        const found = await linear.findAttachment(issueId, url);
        if (!found) throw hidden(error);
        return toAttachmentReceipt(found, true);
      }
    },
    async find(action) {
      if (action.issue === null) return null;
      const { url } = payloadOf(action, 'linear.attachment');
      const found = await linear.findAttachment(action.issue.externalId, url);
      // Another id: somebody else linked this address, and it stays theirs.
      return found?.id === linearIdOf(action) ? toAttachmentReceipt(found, true) : null;
    },
    async compensate(action, receipt) {
      if (receipt.externalId !== linearIdOf(action)) {
        return { undone: true, note: `The link "${receipt.label}" was on the issue before us and stays.` };
      }
      const wasThere = await linear.deleteAttachment(receipt.externalId);
      const note = wasThere ? `The link "${receipt.label}" is gone.` : `The link "${receipt.label}" was gone already.`;
      return { undone: true, note };
    },
  };
}

function payloadOf<Kind extends Action['kind']>(action: Action, kind: Kind): Extract<ActionPayload, { kind: Kind }> {
  const { payload } = action;
  if (payload.kind !== kind)
    throw new AppError('bug', `An action of kind ${payload.kind} came to the handler of ${kind}.`);
  return payload as Extract<ActionPayload, { kind: Kind }>;
}

/** It exists, and counts for nothing: whoever trashed it decided against it, and our id is spent. */
function shelved(issue: WireIssue): ExternalError {
  const where = issue.trashed ? "in Linear's trash" : 'archived in Linear';
  return new ExternalError(
    'conflict',
    `${issue.identifier} was filed earlier and is ${where} now. Restore it there, or decide again to file a new one.`,
    { system: 'linear', operation: 'createIssue' },
  );
}

/** Linear refuses the id as used and does not show what used it, which passes when the other write is still on its way. */
function hidden(failure: ExternalError): ExternalError {
  const { operation } = failure;
  const message = 'Linear says that this was created before, and does not show it yet.';
  return new ExternalError('unavailable', message, {
    system: 'linear',
    operation,
    retryable: true,
    effectUnknown: true,
  });
}

// The two short-lived rights that Slack hands out with an interaction: a trigger id to open a modal, and a response_url to answer with.
import { createHash } from 'node:crypto';
import type { Clock } from '#src/domain/ports.ts';
import type { SlackState } from './state.ts';

const TRIGGER_LIFETIME_MS = 3_000;
const RESPONSE_URL_LIFETIME_MS = 30 * 60_000;
const RESPONSE_URL_USES = 5;

/** Who may open a modal because of what. `viewId` is the modal that the click came from. */
export interface Trigger {
  id: string;
  user: string;
  viewId: string | null;
  expiresAt: number;
  used: boolean;
}

/** What an answer through a response_url belongs to. */
export interface ResponseUrl {
  path: string;
  user: string;
  channel: string;
  /** The message that was clicked on; null for a slash command. */
  source: { ts: string; ephemeral: boolean } | null;
  usesLeft: number;
  expiresAt: number;
}

/** Hands out triggers and response URLs, and takes them back. */
export interface Capabilities {
  trigger(user: string, viewId?: string): Trigger;
  /** Spends a trigger, or says with Slack's word why not. */
  spendTrigger(id: string): Trigger | 'invalid_trigger_id' | 'expired_trigger_id' | 'exchanged_trigger_id';
  responseUrl(kind: 'actions' | 'commands', of: Omit<ResponseUrl, 'path' | 'usesLeft' | 'expiresAt'>): string;
  spendResponseUrl(path: string): ResponseUrl | 'invalid_url' | 'expired_url' | 'used_url';
  reset(): void;
}

/** Makes the desk that hands them out; `origin` is where this simulator listens. */
export function createCapabilities(deps: { clock: Clock; state: SlackState; origin: () => string }): Capabilities {
  const { clock, state } = deps;
  const triggers = new Map<string, Trigger>();
  const urls = new Map<string, ResponseUrl>();
  let count = 0;
  return {
    trigger(user, viewId) {
      count += 1;
      const number = createHash('sha256').update(`${state.team.id} ${count}`).digest('hex');
      const now = clock.now().getTime();
      const trigger: Trigger = {
        id: `${now}${count}.${Number.parseInt(number.slice(0, 8), 16)}.${number.slice(8, 40)}`,
        user,
        viewId: viewId ?? null,
        expiresAt: now + TRIGGER_LIFETIME_MS,
        used: false,
      };
      triggers.set(trigger.id, trigger);
      return trigger;
    },
    spendTrigger(id) {
      const trigger = triggers.get(id);
      if (!trigger) return 'invalid_trigger_id';
      if (trigger.used) return 'exchanged_trigger_id';
      if (clock.now().getTime() > trigger.expiresAt) return 'expired_trigger_id';
      trigger.used = true;
      return trigger;
    },
    responseUrl(kind, of) {
      count += 1;
      const secret = createHash('sha256')
        .update(`${state.team.id} url ${count} ${clock.now().getTime()}`)
        .digest('hex')
        .slice(0, 24);
      const path = `/${kind}/${state.team.id}/${1_000_000_000 + count}/${secret}`;
      urls.set(path, {
        ...of,
        path,
        usesLeft: RESPONSE_URL_USES,
        expiresAt: clock.now().getTime() + RESPONSE_URL_LIFETIME_MS,
      });
      return `${deps.origin()}${path}`;
    },
    spendResponseUrl(path) {
      const url = urls.get(path);
      if (!url) return 'invalid_url';
      if (clock.now().getTime() > url.expiresAt) return 'expired_url';
      if (url.usesLeft <= 0) return 'used_url';
      url.usesLeft -= 1;
      return url;
    },
    reset() {
      triggers.clear();
      urls.clear();
      count = 0;
    },
  };
}

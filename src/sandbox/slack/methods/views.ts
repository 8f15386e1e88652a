// views.*: opening and changing modals and Home tabs.

import type { Trigger } from '../capabilities.ts';
import { publicView } from '../events.ts';
import type { OpenView } from '../model.ts';
import type { Views } from '../views.ts';
import { type Arguments, type Method, type MethodContext, Refusal, text } from './method.ts';

/** The methods about views. */
export function viewMethods(views: Views): Record<string, Method> {
  return {
    'views.open': {
      args: { trigger_id: 'string', interactivity_pointer: 'string', view: 'json!' },
      scopes: [],
      handle(context, args) {
        const trigger = triggerOf(context, args);
        return shown(views.add(trigger.user, args.view, { kind: 'open' }, context.method));
      },
    },
    'views.push': {
      args: { trigger_id: 'string', interactivity_pointer: 'string', view: 'json!' },
      scopes: [],
      handle(context, args) {
        const trigger = triggerOf(context, args);
        const stack = context.state.modalsOf(trigger.user);
        const onto = stack.find((one) => one.view.id === trigger.viewId) ?? stack.at(-1);
        if (!onto) throw new Refusal('not_found');
        return shown(views.add(trigger.user, args.view, { kind: 'push', onto }, context.method));
      },
    },
    'views.update': {
      args: { view_id: 'string', external_id: 'string', view: 'json!', hash: 'string' },
      scopes: [],
      handle(context, args) {
        const open = views.find({ viewId: text(args, 'view_id'), externalId: text(args, 'external_id') });
        if (!open || open.closed) throw new Refusal('not_found');
        unchanged(open, args);
        return shown(views.replace(open, args.view, context.method));
      },
    },
    'views.publish': {
      args: { user_id: 'string!', view: 'json!', hash: 'string' },
      scopes: [],
      handle(context, args) {
        const user = context.state.users.get(text(args, 'user_id') ?? '');
        if (!user || user.is_bot) throw new Refusal('user_not_found');
        const home = context.state.homeOf(user.id);
        if (home) unchanged(home, args);
        return shown(views.add(user.id, args.view, { kind: 'home' }, context.method));
      },
    },
  };
}

function triggerOf(context: MethodContext, args: Arguments): Trigger {
  const id = text(args, 'trigger_id') ?? text(args, 'interactivity_pointer');
  if (!id)
    throw new Refusal('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] missing required field: trigger_id'] },
    });
  const trigger = context.capabilities.spendTrigger(id);
  if (typeof trigger === 'string') throw new Refusal(trigger);
  return trigger;
}

// The hash lets an app refuse to overwrite what it has not seen.
function unchanged(open: OpenView, args: Arguments): void {
  const hash = text(args, 'hash');
  if (hash !== undefined && hash !== open.view.hash) throw new Refusal('hash_conflict');
}

function shown(open: OpenView) {
  return { view: publicView(open.view) };
}

// Every Web API method that is simulated, by name.
import type { Views } from '../views.ts';
import { chatMethods } from './chat.ts';
import { conversationMethods } from './conversations.ts';
import { directoryMethods } from './directory.ts';
import { fileMethods } from './files.ts';
import type { Method } from './method.ts';
import { paneMethods } from './pane.ts';
import { viewMethods } from './views.ts';

/** All methods; what is not in here is answered with unknown_method. */
export function methodTable(views: Views): Record<string, Method> {
  return {
    ...directoryMethods,
    ...conversationMethods,
    ...chatMethods,
    ...paneMethods,
    ...viewMethods(views),
    ...fileMethods,
    'apps.connections.open': {
      args: {},
      scopes: [],
      token: 'app',
      handle: (context) => ({ url: context.openSocket() }),
    },
  };
}

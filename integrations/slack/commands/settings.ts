// /throughline settings
import { refusalText } from '../views/replies.ts';
import { ownSettingsMessage, settingsMessage } from '../views/settings.ts';
import type { Command } from './command.ts';

/** Shows an admin what can be set, and everybody their own preferences. */
export const settings: Command = {
  name: 'settings',
  usage: '/throughline settings',
  describe: 'your preferences; for admins, everything that can be set for the workspace',
  async handle(_rest, { verbs }, ask) {
    const reply = await verbs.settings(await ask.person());
    return reply.kind === 'done' ? settingsMessage(reply.settings) : ownSettingsMessage(refusalText(reply.refusal));
  },
};

// /throughline home
import { homeLink } from '../views/home.ts';
import { say } from '../views/replies.ts';
import type { Command } from './command.ts';

/** Leads to the asker's Home. */
export const home: Command = {
  name: 'home',
  usage: '/throughline home',
  describe: 'your own page: what waits for your decision, what you captured, your preferences',
  async handle(_rest, _deps, ask) {
    const { api_app_id: appId, team_id: teamId } = ask.interaction;
    return say(homeLink(teamId ?? null, typeof appId === 'string' ? appId : null));
  },
};

// /throughline pause and /throughline resume
import { pauseText } from '../views/home.ts';
import { say } from '../views/replies.ts';
import type { Command } from './command.ts';

const switching = (name: 'pause' | 'resume', describe: string): Command => ({
  name,
  usage: `/throughline ${name}`,
  describe,
  async handle(_rest, { verbs }, ask) {
    const paused = name === 'pause';
    return say(pauseText(await verbs.pause({ person: await ask.person(), paused }), paused));
  },
});

/** Stops everything that is posted without being asked for. */
export const pause: Command = switching('pause', 'for admins: post nothing by itself until it is resumed');
/** Goes on, with what was held back. */
export const resume: Command = switching('resume', 'for admins: go on posting, with what was held back');

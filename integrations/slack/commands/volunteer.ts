// /throughline volunteer [on|off]
import { refusalText, say } from '../views/replies.ts';
import { VOLUNTEER_WORDS } from '../views/sample.ts';
import type { Command } from './command.ts';

/** Lets a person judge samples of what was thrown away. */
export const volunteer: Command = {
  name: 'volunteer',
  usage: '/throughline volunteer on',
  describe: 'judge by taps, now and then, a few messages that I threw away; `off` ends it',
  async handle(rest, { verbs }, ask) {
    const person = await ask.person();
    const word = rest.trim().toLowerCase();
    if (word !== 'on' && word !== 'off')
      return say((await verbs.volunteers(person)) ? VOLUNTEER_WORDS.is : VOLUNTEER_WORDS.isNot);
    const reply = await verbs.volunteer({ person, on: word === 'on' });
    return say(reply.kind === 'refused' ? refusalText(reply.refusal) : VOLUNTEER_WORDS[word]);
  },
};

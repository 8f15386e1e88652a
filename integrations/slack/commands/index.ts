// The sub-commands of /throughline, and the way to them. All answers are for the asker only.
import { nearestWords } from '#src/domain/nearest.ts';
import { may } from '#src/domain/policy.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Message } from '../client.ts';
import { unknownCommand } from '../views/help.ts';
import { SEE_REFUSED, say } from '../views/replies.ts';
import { ask as question } from './ask.ts';
import { capture } from './capture.ts';
import { type Command, type CommandDeps, SLASH } from './command.ts';
import { digest } from './digest.ts';
import { help } from './help.ts';
import { home } from './home.ts';
import { insight } from './insight.ts';
import { noise } from './noise.ts';
import { pause, resume } from './pause.ts';
import { quality } from './quality.ts';
import { settings } from './settings.ts';
import { theme } from './theme.ts';
import { trace } from './trace.ts';
import { trends } from './trends.ts';
import { volunteer } from './volunteer.ts';
import { why } from './why.ts';

/** Every sub-command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  question,
  trends,
  insight,
  theme,
  trace,
  capture,
  why,
  quality,
  volunteer,
  digest,
  noise,
  home,
  settings,
  pause,
  resume,
  help,
];

// What people type for the same thing.
const ALIASES: Readonly<Record<string, string>> = {
  '': 'help',
  '?': 'help',
  insights: 'insight',
  trend: 'trends',
  themes: 'theme',
};

/** Hangs up the slash command. */
export function listenToCommands(app: SlackApp, deps: Omit<CommandDeps, 'commands'>): void {
  app.onCommand(SLASH, async (ask: Ask) => {
    const text = ask.interaction.text ?? '';
    // What customers say is for our own people: a guest is often a customer, and must not read another one's words.
    const allowed = may(await ask.person(), 'see', { kind: 'record' }, deps.clock.now());
    if (!allowed.ok && !/^\s*(help|\?)?\s*$/i.test(text)) {
      await ask.reply(say(SEE_REFUSED));
      return;
    }
    const answer = await runCommand(text, { ...deps, commands: () => COMMANDS }, ask);
    if (answer) await ask.reply(answer);
  });
}

/** Answers what was typed after /throughline. */
export async function runCommand(text: string, deps: CommandDeps, ask: Ask): Promise<Message | null> {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const name = first.toLowerCase();
  const command = COMMANDS.find((one) => one.name === (ALIASES[name] ?? name));
  if (command) return command.handle(rest.join(' '), deps, ask);
  const nearest = nearestName(name);
  return say(unknownCommand(first, nearest && [nearest, ...rest].join(' ')));
}

/** The sub-command that was most likely meant, or null when nothing is near. */
export function nearestName(typed: string): string | null {
  return (
    nearestWords(
      typed,
      COMMANDS.map(({ name }) => name),
    )[0] ?? null
  );
}

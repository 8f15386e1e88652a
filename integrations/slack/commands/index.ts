// The sub-commands of /throughline, and the way to them. All answers are for the asker only.
import { may } from '#src/domain/policy.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless } from '../text.ts';
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
  const hint = nearest
    ? `Did you mean \`${SLASH} ${nearest}${rest.length > 0 ? ` ${harmless(clip(rest.join(' '), 80))}` : ''}\`?`
    : `\`${SLASH} help\` lists what I know.`;
  return say(`I do not know “${harmless(clip(first, 60))}”. ${hint}`);
}

/** The sub-command that was most likely meant, or null when nothing is near. */
export function nearestName(typed: string): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const { name } of COMMANDS) {
    const distance = typed.length >= 2 && name.startsWith(typed) ? 0 : editDistance(typed, name);
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && (!best || distance < best.distance))
      best = { name, distance };
  }
  return best?.name ?? null;
}

/** How many letters must change, with two swapped neighbours as one change. */
function editDistance(a: string, b: string): number {
  if (a.length > 40) return a.length;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

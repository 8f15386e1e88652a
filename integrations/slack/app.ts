// Bolt's App behind our intake: it finds the listener, we give each listener one plain question and catch every error. Nobody is left without an answer.
import { createHash } from 'node:crypto';
import { App, type CodedError, LogLevel, type Receiver } from '@slack/bolt';
import type { SectionBlock } from '@slack/types';
import type { FetchFunction } from '@slack/web-api';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import type { Person } from '#src/domain/policy.ts';
import type { Fetch, Log } from '#src/domain/ports.ts';
import type { Message } from './client.ts';
import { toSlackLogger } from './errors.ts';
import type { Outbound, Whereabouts } from './outbound.ts';
import type { People } from './people.ts';
import type { Ack } from './receiver.ts';
import { context } from './views/blocks.ts';
import { noteModal } from './views/edit.ts';
import { DID_NOT_WORK, OLD_MESSAGE, say, toReply } from './views/replies.ts';
import { WireInteraction } from './wire.ts';

/** One thing that a person asked by a click, a command, a shortcut or a modal. */
export interface Ask {
  userId: string;
  /** Who they are now, for the question of rights. */
  person(): Promise<Person>;
  where: Whereabouts;
  /** The payload, as far as we read it. */
  interaction: WireInteraction;
  /** The value of the button or the chosen option. */
  value: string | null;
  /** True when this was found after a crash: nobody waits at the other end, and windows cannot be opened any more. */
  late: boolean;
  /** Says something to this person only. */
  reply(message: Message | string, byDm?: Message): Promise<void>;
}

/** What a modal is answered with: nothing closes it. */
export type ViewAnswer =
  | { response_action: 'errors'; errors: Record<string, string> }
  | { response_action: 'update'; view: ReturnType<typeof noteModal> }
  | undefined;

/** Where listeners are hung up, and where payloads come in. */
export interface SlackApp {
  onAction(actionId: string, run: (ask: Ask) => Promise<void>): void;
  /** All actions named `<family>:<anything>`: the same button on each row of a view, which knows every name once. */
  onActions(family: string, run: (ask: Ask) => Promise<void>): void;
  onCommand(command: string, run: (ask: Ask) => Promise<void>): void;
  onShortcut(callbackId: string, run: (ask: Ask) => Promise<void>): void;
  /** A modal was sent in. The answer closes or changes it; `ask.interaction.view` has what was typed. */
  onView(callbackId: string, run: (ask: Ask) => Promise<ViewAnswer>): void;
  /**
   * Runs whatever listens to this payload. A person is told what went wrong; it rejects only while Slack answers us nothing, with what is to
   * be tried again.
   */
  interact(payload: unknown, options: { ack: Ack; late: boolean }): Promise<void>;
  /** What is listened to, for the test that compares it with the manifest. */
  readonly listens: { actions: Set<string>; commands: Set<string>; shortcuts: Set<string>; views: Set<string> };
}

export interface SlackAppDeps {
  token: string;
  apiUrl: string;
  fetch: Fetch;
  people: Pick<People, 'personOf'>;
  outbound: Pick<Outbound, 'tell'>;
  /** What is said along with every answer for the time being; null when there is nothing. */
  notice?(): Promise<string | null>;
  log: Log;
}

/** Makes the front end of one workspace. It calls nobody until something comes in. */
export function createSlackApp(deps: SlackAppDeps): SlackApp {
  const { log, outbound, people } = deps;
  const listens = {
    actions: new Set<string>(),
    commands: new Set<string>(),
    shortcuts: new Set<string>(),
    views: new Set<string>(),
  };
  const exact = new Set<string>();
  const families = new Set<string>();
  const answered = new WeakSet<Ask>();
  // Payloads reach us through our own intake: Bolt is asked to process them, and opens no door of its own.
  const receiver: Receiver = { init() {}, start: () => Promise.resolve(), stop: () => Promise.resolve() };
  const app = new App({
    // With a token, Bolt asks auth.test before the first listener and waits as long as Slack says: a click would hang while Slack is ill.
    authorize: async () => ({ botToken: deps.token }),
    receiver,
    convoStore: false,
    ignoreSelf: false,
    extendedErrorHandler: true,
    logger: toSlackLogger(log),
    logLevel: LogLevel.WARN,
    clientOptions: { slackApiUrl: deps.apiUrl, fetch: deps.fetch as FetchFunction },
  });
  // Payloads whose listener failed because Slack did not answer it: nothing was done yet, and nobody can be told.
  const unheard = new WeakMap<object, ExternalError>();
  app.error(async ({ error, body }: { error: CodedError; body: unknown }) => {
    const original = error.original ?? error;
    if (original instanceof ExternalError && original.system === 'slack' && original.retryable && isObject(body))
      unheard.set(body, original);
    else await apologize(original, body);
  });
  app.action(/.*/, async ({ body, ack, context }) => {
    await ack();
    const ask = askOf(body, context);
    const actionId = ask.interaction.actions?.[0]?.action_id ?? '';
    // A button that only opens an address is reported to us too, and wants nothing.
    const family = actionId.includes(':') ? actionId.split(':', 1)[0]! : null;
    if (exact.has(actionId) || (family !== null && families.has(family))) return;
    if (actionId.startsWith('link_')) return;
    await ask.reply(OLD_MESSAGE);
  });

  return {
    listens,
    onAction(actionId, run) {
      listens.actions.add(actionId);
      exact.add(actionId);
      app.action(actionId, async ({ body, ack, context }) => {
        await ack();
        await act(askOf(body, context), run);
      });
    },
    onActions(family, run) {
      listens.actions.add(family);
      families.add(family);
      app.action(new RegExp(`^${family}:`), async ({ body, ack, context }) => {
        await ack();
        await act(askOf(body, context), run);
      });
    },
    onCommand(command, run) {
      listens.commands.add(command);
      app.command(command, async ({ body, ack, context }) => {
        await ack();
        await run(askOf(body, context));
      });
    },
    onShortcut(callbackId, run) {
      listens.shortcuts.add(callbackId);
      app.shortcut(callbackId, async ({ body, ack, context }) => {
        await ack();
        await run(askOf(body, context));
      });
    },
    onView(callbackId, run) {
      listens.views.add(callbackId);
      app.view(callbackId, async ({ body, ack, context }) => {
        const ask = askOf(body, context);
        let result: ViewAnswer;
        try {
          result = await run(ask);
        } catch (error) {
          // What was typed must not vanish into nothing: the window itself says what happened.
          const reference = note(error, body);
          result = { response_action: 'update', view: noteModal(DID_NOT_WORK, toReply(error, reference).text) };
        }
        // A window that closed meanwhile, or before a crash, cannot say it any more.
        if (!(await answer(ack, result)) && result) await ask.reply(wordsOf(result));
      });
    },
    async interact(payload, { ack, late }) {
      await app.processEvent({
        body: payload as Record<string, unknown>,
        // Bolt hands this very function to the listener and ignores what it returns; our listeners do not.
        ack: ack as unknown as (response?: unknown) => Promise<void>,
        customProperties: { late },
      });
      const error = isObject(payload) ? unheard.get(payload) : undefined;
      if (error) throw error;
    },
  };

  /** A click whose answer is what it changed still says what holds for the time being. */
  async function act(ask: Ask, run: (ask: Ask) => Promise<void>): Promise<void> {
    await run(ask);
    const notice = answered.has(ask) || ask.interaction.view ? null : ((await deps.notice?.()) ?? null);
    if (notice !== null) await outbound.tell(ask.where, say(notice));
  }

  function askOf(body: unknown, context: Record<string, unknown>): Ask {
    const interaction = WireInteraction.parse(body);
    const action = interaction.actions?.[0];
    const where = whereOf(interaction);
    const ask: Ask = {
      userId: where.userId,
      person: () => people.personOf(where.userId),
      where,
      interaction,
      value: action?.selected_option?.value ?? action?.value ?? null,
      late: context.late === true,
      async reply(message, byDm) {
        const said = typeof message === 'string' ? say(message) : message;
        const notice = (await deps.notice?.()) ?? null;
        answered.add(ask);
        await outbound.tell(where, noticed(said, notice), byDm && noticed(byDm, notice));
      },
    };
    return ask;
  }

  /** The last resort of every listener. */
  async function apologize(error: unknown, body: unknown): Promise<void> {
    const reference = note(error, body);
    const parsed = WireInteraction.safeParse(body);
    if (!parsed.success || whereOf(parsed.data).userId === '') return;
    try {
      await outbound.tell(whereOf(parsed.data), toReply(error, reference));
    } catch (second) {
      log.error({ reference, error: errorLine(second) }, 'the person could not be told that something failed');
    }
  }

  function note(error: unknown, body: unknown): string {
    const reference = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 8);
    log.error({ reference, error: errorLine(error), stack: stackOf(error) }, 'a listener failed');
    return reference;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

// Bolt types the answer by kinds of views that it cannot tell apart; ours is one of them, and the function behind it is our own Ack.
function answer(ack: unknown, response: ViewAnswer): Promise<boolean> {
  return (ack as Ack)(response);
}

function wordsOf(answer: NonNullable<ViewAnswer>): string {
  if (answer.response_action === 'errors') return Object.values(answer.errors).join(' ');
  return (answer.view.blocks as SectionBlock[]).map((block) => block.text?.text ?? '').join('\n');
}

/** Where the person who sent this can be answered. */
export function whereOf(interaction: WireInteraction): Whereabouts {
  const { container, message } = interaction;
  const threadTs = container?.thread_ts ?? message?.thread_ts ?? null;
  return {
    userId: interaction.user?.id ?? interaction.user_id ?? '',
    responseUrl: interaction.response_url ?? null,
    channel: interaction.channel?.id ?? interaction.channel_id ?? container?.channel_id ?? null,
    threadTs: threadTs === message?.ts ? null : threadTs,
  };
}

/** A message with a line under it. */
function noticed(message: Message, notice: string | null): Message {
  if (notice === null) return message;
  const blocks = message.blocks && [...message.blocks, context(notice)];
  return { text: `${message.text}\n${notice}`, ...(blocks ? { blocks } : {}) };
}

// The place in our code, without the message: a message may hold what somebody wrote.
function stackOf(error: unknown): string | null {
  if (!(error instanceof Error) || !error.stack) return null;
  return error.stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' < ');
}

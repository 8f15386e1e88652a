// What a visitor does, done with the hands of the person whom they act as.
import type { Entry } from '../slack/elements.ts';
import type { Simulators } from './look.ts';
import type { PageAct, PageAnswer, PageEntry } from './model.ts';

const DONE: PageAnswer = { ok: true, error: null, errors: {} };
const COLUMNS = { started: 'In Progress', completed: 'Done', canceled: 'Canceled' } as const;

/** What only the sandbox itself can do. */
export interface ActDeps {
  simulators: Simulators;
  setLiveChatter(on: boolean): void;
  /** Told of every message that a visitor wrote. */
  onPost(as: string, channel: string): void;
}

/** Makes the one function that carries out what the page asks for. What a person could not do in the real client throws, with the reason. */
export function createActs({ simulators, setLiveChatter, onPost }: ActDeps): (act: PageAct) => Promise<PageAnswer> {
  const { slack, linear, zendesk } = simulators;
  const { human } = slack;

  return async (act) => {
    switch (act.verb) {
      case 'post':
        human.post(act.as, act.channel, act.text, act.thread ? { threadTs: act.thread } : {});
        onPost(act.as, act.channel);
        return DONE;
      case 'edit':
        human.edit(act.as, act.channel, act.ts, act.text);
        return DONE;
      case 'delete':
        human.remove(act.as, act.channel, act.ts);
        return DONE;
      case 'react': {
        const reactions = slack.state.message(act.channel, act.ts).reactions ?? [];
        const mine = reactions.find((one) => one.name === act.name)?.users.includes(slack.state.user(act.as).id);
        if (mine) human.unreact(act.as, act.channel, act.ts, act.name);
        else human.react(act.as, act.channel, act.ts, act.name);
        return DONE;
      }
      case 'command': {
        const [command = '', ...words] = act.text.split(' ');
        return told(await human.slash(act.as, act.channel, command, words.join(' ').trim()));
      }
      case 'action': {
        const options = act.entry === undefined ? {} : { value: act.entry };
        if (act.view) {
          const answer = await human.clickInView(act.as, act.view, act.actionId, {
            ...options,
            entries: flat(act.entries),
          });
          return told(answer);
        }
        return told(await human.click(act.as, act.channel ?? '', act.ts ?? '', act.actionId, options));
      }
      case 'submit': {
        const result = await human.submitView(act.as, act.view, flat(act.entries));
        if (result.outcome === 'errors') return { ok: false, error: null, errors: result.errors };
        return result.outcome === 'failed' ? { ok: false, error: `Throughline ${result.warning}`, errors: {} } : DONE;
      }
      case 'close':
        return told(await human.closeView(act.as, act.view));
      case 'shortcut':
        return told(
          act.channel && act.ts
            ? await human.messageShortcut(act.as, act.channel, act.ts, act.id)
            : await human.globalShortcut(act.as, act.id),
        );
      case 'home':
        human.openHome(act.as, act.tab);
        return DONE;
      case 'moveIssue':
        linear.human.setState(act.id, COLUMNS[act.to]);
        return DONE;
      case 'ticket':
        zendesk.human.createTicket(act.as, { subject: act.subject, body: act.text });
        return DONE;
      case 'comment':
        zendesk.human.comment(String(act.ticket), act.as, act.text);
        return DONE;
      case 'chatter':
        setLiveChatter(act.on);
        return DONE;
    }
  };
}

function told({ ok, warning }: { ok: boolean; warning: string | null }): PageAnswer {
  return ok ? DONE : { ok: false, error: `Throughline ${warning ?? 'did not answer.'}`, errors: {} };
}

// The hands of a person know inputs by action id, or by block id where a block has one input and so a name that nothing else has.
function flat(entries: Record<string, Record<string, PageEntry>> | undefined): Record<string, Entry> {
  const out: Record<string, Entry> = {};
  for (const [blockId, actions] of Object.entries(entries ?? {})) {
    const all = Object.entries(actions);
    for (const [actionId, entry] of all) out[all.length === 1 ? blockId : actionId] = entry;
  }
  return out;
}

// What admins press on Home, and the windows that set Throughline up. Each click says on Home what came of it.
import {
  CAPTURE_MODES,
  CHANNEL_MODES,
  type ChannelChange,
  type InsightsReply,
  type ListenMode,
} from '#src/domain/admin.ts';
import type { Refusal } from '#src/domain/policy.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp, ViewAnswer } from '../app.ts';
import type { Message } from '../client.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import {
  ADMIN_ACTIONS,
  captureChanged,
  checkedText,
  LISTEN_FIRST,
  modeWords,
  ownerChanged,
  sameForMore,
} from '../views/administration.ts';
import { startBackfillText } from '../views/backfill.ts';
import { noteModal } from '../views/edit.ts';
import { chosenUser, readForm } from '../views/form.ts';
import { HOME_ACTIONS } from '../views/home.ts';
import { fromRef } from '../views/ref.ts';
import { ALMOST_DONE, CLICK_AGAIN, NOTHING_CHANGED, OLD_MESSAGE, OPEN_AGAIN, refusalText } from '../views/replies.ts';
import { SETTINGS_ACTION } from '../views/settings.ts';
import {
  CHANNELS_MODAL,
  CHOOSE_CHANNEL,
  channelsModal,
  handlesIn,
  INSIGHTS_MODAL,
  INVITE_FIRST,
  insightsModal,
  insightsText,
  listenText,
  nobodyCalled,
  SETTING_MODAL,
  settingModal,
} from '../views/setup.ts';
import type { HomeTabs } from './home.ts';

const READ_DAYS = 30;

export interface AdministrationDeps {
  verbs: Pick<
    Verbs,
    | 'setChannel'
    | 'listenTo'
    | 'setInsights'
    | 'approvers'
    | 'checkHealth'
    | 'settings'
    | 'setSetting'
    | 'home'
    | 'startBackfill'
  >;
  people: Pick<People, 'displayName'>;
  outbound: Pick<Outbound, 'openView'>;
  tabs: Pick<HomeTabs, 'draw'>;
  /** Opens the window for a note; answers what to say instead when it cannot. */
  openNote(ask: Ask): Promise<Message | null>;
  /** Channels that are listened to. */
  listening(): Promise<string[]>;
}

/** Hangs up the listeners of the page for admins, and of setting up. */
export function listenToAdministration(app: SlackApp, deps: AdministrationDeps): void {
  const { verbs, tabs, outbound } = deps;

  app.onActions(ADMIN_ACTIONS.mode, async (ask) => {
    const mode = CHANNEL_MODES.find((one) => one === ask.value);
    await change(ask, mode ? { mode } : null, mode ? modeWords(mode).toLowerCase() : '');
  });
  app.onActions(ADMIN_ACTIONS.capture, async (ask) => {
    const capture = CAPTURE_MODES.find((one) => one === ask.value);
    await change(ask, capture ? { capture } : null, capture ? captureChanged(capture) : '');
  });
  app.onActions(ADMIN_ACTIONS.owner, async (ask) => {
    const ownerId = chosenUser(ask.interaction.actions?.[0]);
    const name = ownerId ? await deps.people.displayName(ownerId) : '';
    await change(ask, ownerId ? { ownerId } : null, ownerChanged(name));
  });
  app.onActions(ADMIN_ACTIONS.noOwner, (ask) => change(ask, { ownerId: null }, ownerChanged(null)));

  app.onAction(ADMIN_ACTIONS.channels, (ask) => open(ask, () => channelsModal()));
  app.onActions(HOME_ACTIONS.step, async (ask) => {
    const [step] = fromRef(ask.value, 1) ?? [];
    if (step === 'channels') return open(ask, () => channelsModal());
    if (step === 'insights') {
      return open(ask, async () => {
        const [view, approvers] = await Promise.all([ask.person().then(verbs.home), verbs.approvers()]);
        return insightsModal({ channelId: view.setup.insightsChannel, approvers });
      });
    }
    const instead = step === 'try' ? await deps.openNote(ask) : { text: OLD_MESSAGE };
    if (instead) await tabs.draw(ask.userId, instead.text);
  });
  app.onAction(HOME_ACTIONS.read, async (ask) => {
    const person = await ask.person();
    const channels = await deps.listening();
    const replies = [];
    for (const channelId of channels) replies.push(await verbs.startBackfill({ channelId, days: READ_DAYS, person }));
    const [first] = replies;
    if (!first) return tabs.draw(ask.userId, LISTEN_FIRST);
    const name = first.kind === 'already' ? await deps.people.displayName(first.by) : '';
    const others = replies.length > 1 && first.kind !== 'refused' ? sameForMore(replies.length - 1) : '';
    await tabs.draw(ask.userId, `${startBackfillText(first, () => name)}${others}`);
  });

  app.onView(CHANNELS_MODAL, async (ask): Promise<ViewAnswer> => {
    const form = readForm(ask.interaction.view);
    const mode: ListenMode = CHANNEL_MODES.find((one) => one === form.option('mode')) ?? 'suggest';
    const reply = await verbs.listenTo({
      person: await ask.person(),
      channelIds: form.conversations('channels'),
      mode,
    });
    if (reply.kind === 'refused') return refused(reply.refusal);
    const text = listenText(reply, mode);
    await tabs.draw(ask.userId, text);
    // Somebody has to do something about it: that must not stand on a tab behind the window only.
    if (reply.uninvited.length > 0 && mode !== 'off')
      return { response_action: 'update', view: noteModal(ALMOST_DONE, text) };
    return undefined;
  });

  app.onView(INSIGHTS_MODAL, async (ask): Promise<ViewAnswer> => {
    const form = readForm(ask.interaction.view);
    const channelId = form.conversation('channel');
    if (!channelId) return { response_action: 'errors', errors: { channel: CHOOSE_CHANNEL } };
    const approvers = [...form.users('people'), ...handlesIn(form.text('groups'))];
    const reply = await verbs.setInsights({ person: await ask.person(), channelId, approvers });
    return afterInsights(ask, reply);
  });

  app.onAction(ADMIN_ACTIONS.check, async (ask) => {
    const reply = await verbs.checkHealth({ person: await ask.person() });
    if (reply.kind === 'refused') return tabs.draw(ask.userId, refusalText(reply.refusal));
    const bad = reply.health.filter(({ connected, checked }) => connected && checked?.ok === false).length;
    await tabs.draw(ask.userId, checkedText(bad));
  });

  const openSetting = async (ask: Ask) => {
    const [key] = fromRef(ask.value, 1) ?? [];
    const reply = await verbs.settings(await ask.person());
    if (reply.kind === 'refused') return tabs.draw(ask.userId, refusalText(reply.refusal));
    const setting = reply.settings.find((one) => one.key === key);
    if (!setting) return tabs.draw(ask.userId, OLD_MESSAGE);
    await open(ask, () => settingModal(setting));
  };
  app.onAction(ADMIN_ACTIONS.setting, openSetting);
  app.onAction(SETTINGS_ACTION, openSetting);

  app.onView(SETTING_MODAL, async (ask): Promise<ViewAnswer> => {
    const form = readForm(ask.interaction.view);
    const [key] = fromRef(form.metadata, 1) ?? [];
    if (!key) return { response_action: 'update', view: noteModal(OPEN_AGAIN, OLD_MESSAGE) };
    const text = form.isTicked('standard') ? null : form.text('value');
    const reply = await verbs.setSetting({ person: await ask.person(), key, text });
    if (reply.kind === 'refused') return refused(reply.refusal);
    if (reply.kind === 'invalid') return { response_action: 'errors', errors: { value: reply.why } };
    await tabs.draw(ask.userId, `Saved: \`${key}\`.`);
    return undefined;
  });

  async function change(ask: Ask, wanted: ChannelChange | null, words: string): Promise<void> {
    const channelId = ask.interaction.actions?.[0]?.action_id.split(':')[1];
    if (!wanted || !channelId) return tabs.draw(ask.userId, OLD_MESSAGE);
    const reply = await verbs.setChannel({ person: await ask.person(), channelId, change: wanted });
    if (reply.kind === 'refused') return tabs.draw(ask.userId, refusalText(reply.refusal));
    if (reply.kind === 'gone') return tabs.draw(ask.userId, OLD_MESSAGE);
    await tabs.draw(ask.userId, `Saved for <#${channelId}>: ${words}.`);
  }

  async function open(ask: Ask, view: () => Promise<ModalOf> | ModalOf): Promise<void> {
    const trigger = ask.interaction.trigger_id;
    if (ask.late || !trigger || (await outbound.openView(trigger, await view())) === 'expired')
      await tabs.draw(ask.userId, CLICK_AGAIN);
  }

  async function afterInsights(ask: Ask, reply: InsightsReply): Promise<ViewAnswer> {
    switch (reply.kind) {
      case 'refused':
        return refused(reply.refusal);
      case 'unreachable':
        return {
          response_action: 'errors',
          errors: { channel: INVITE_FIRST },
        };
      case 'unknown_people':
        return {
          response_action: 'errors',
          errors: { groups: nobodyCalled(reply.entries) },
        };
      case 'done': {
        const text = insightsText(reply.channelId, reply.uninvited);
        await tabs.draw(ask.userId, text);
        return reply.uninvited ? { response_action: 'update', view: noteModal(ALMOST_DONE, text) } : undefined;
      }
    }
  }
}

type ModalOf = ReturnType<typeof channelsModal>;

function refused(refusal: Refusal): ViewAnswer {
  return { response_action: 'update', view: noteModal(NOTHING_CHANGED, refusalText(refusal)) };
}

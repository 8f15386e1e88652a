// The page of Home for admins: channels, connections, the bot's own noise, settings and the switch that makes it silent.
import type { ActionsBlock, KnownBlock, SectionBlock, StaticSelect } from '@slack/types';
import {
  type AdminView,
  CAPTURE_MODES,
  CHANNEL_MODES,
  type ChannelLine,
  type CheckResult,
  type SettingLine,
  type SystemHealth,
  type SystemId,
} from '#src/domain/admin.ts';
import type { NoiseReport } from '#src/domain/quiet.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless, when } from '../text.ts';
import { blocksOf, button, context, count, option, plain, section } from './blocks.ts';
import { toRef } from './ref.ts';

/** Buttons and menus of the page. Those of rows carry the channel's id behind a colon. */
export const ADMIN_ACTIONS = {
  mode: 'admin_mode',
  capture: 'admin_capture',
  owner: 'admin_owner',
  noOwner: 'admin_no_owner',
  channels: 'admin_channels',
  check: 'admin_check',
  setting: 'admin_setting',
} as const;

const SETTINGS_MAX = 100;
const DETAIL_MAX = 300;

/** The blocks of the page, below its way back. */
export function adminBlocks(view: AdminView, silence: KnownBlock | null): KnownBlock[] {
  return blocksOf(
    ...part('Channels'),
    ...channelBlocks(view),
    ...part('Sources and connections'),
    ...view.health.map(healthBlock),
    { type: 'actions', elements: [button(ADMIN_ACTIONS.check, 'Check now', toRef('check'))] },
    ...part('How loud I am'),
    section(noiseText(view.noise)),
    silence,
    ...part('Settings'),
    settingsBlock(view.settings),
  );
}

const MODE_WORDS: Record<ChannelLine['mode'], string> = {
  suggest: 'Suggest: listen and post insights',
  observe: 'Observe: listen, post nothing',
  off: 'Off: do not listen',
};
const CAPTURE_WORDS: Record<ChannelLine['capture'], string> = {
  eager: 'Eager: all but small talk',
  conservative: 'Conservative: clear reports only',
};

/** Words for a mode, for the menu and for what is said after a choice. */
export function modeWords(mode: ChannelLine['mode']): string {
  return MODE_WORDS[mode];
}

/** What was changed about a channel, as a part of a sentence. */
export function captureChanged(capture: ChannelLine['capture']): string {
  return `${capture} from the next message on`;
}
export function ownerChanged(name: string | null): string {
  return name === null ? 'nobody is reminded' : `${name} is reminded when nobody decides`;
}

/** The answers to the other buttons of the page. */
export const LISTEN_FIRST = 'I listen nowhere yet: choose channels first.';
export function sameForMore(channels: number): string {
  return ` The same for ${channels} more.`;
}
export function checkedText(bad: number): string {
  return bad === 0 ? 'Checked: every connection works.' : `Checked: ${bad} with a problem.`;
}

function channelBlocks({ channels }: AdminView): KnownBlock[] {
  const choose: ActionsBlock = {
    type: 'actions',
    elements: [button(ADMIN_ACTIONS.channels, 'Choose channels', toRef('channels'))],
  };
  if (channels.rows.length === 0) return [section('I listen nowhere yet.'), choose];
  return [
    ...channels.rows.flatMap(channelRow),
    ...(channels.more > 0
      ? [context(`${count(channels.more, 'more channel')} not listed. *Choose channels* changes any of them.`)]
      : []),
    choose,
  ];
}

function channelRow({ channelId, name, mode, capture, ownerId }: ChannelLine): KnownBlock[] {
  const reminded = ownerId === null ? 'nobody is reminded' : 'its owner is reminded when nobody decides';
  return [
    section(`*#${harmless(clip(name, 80))}* · ${mode === 'off' ? 'not listened to' : reminded}`),
    {
      type: 'actions',
      elements: [
        menu(
          `${ADMIN_ACTIONS.mode}:${channelId}`,
          'Mode',
          CHANNEL_MODES.map((one) => option(MODE_WORDS[one], one)),
          mode,
        ),
        menu(
          `${ADMIN_ACTIONS.capture}:${channelId}`,
          'Capture',
          CAPTURE_MODES.map((one) => option(CAPTURE_WORDS[one], one)),
          capture,
        ),
        {
          type: 'users_select',
          action_id: `${ADMIN_ACTIONS.owner}:${channelId}`,
          placeholder: plain('Owner', LENGTH.placeholder),
          ...(ownerId === null ? {} : { initial_user: ownerId }),
        },
        ...(ownerId === null ? [] : [button(`${ADMIN_ACTIONS.noOwner}:${channelId}`, 'No owner', toRef(channelId))]),
      ],
    },
  ];
}

/** A menu with its present choice. */
export function menu(
  actionId: string,
  placeholder: string,
  options: ReturnType<typeof option>[],
  chosen: string | null,
): StaticSelect {
  const initial = options.find(({ value }) => value === chosen);
  return {
    type: 'static_select',
    action_id: actionId,
    placeholder: plain(placeholder, LENGTH.placeholder),
    options,
    ...(initial ? { initial_option: initial } : {}),
  };
}

const SYSTEM_NAMES: Record<SystemId, string> = {
  slack: 'Slack',
  zendesk: 'Zendesk',
  linear: 'Linear',
  github: 'GitHub',
  model: 'Model',
  database: 'Database',
};
const OFF_WORDS: Record<SystemId, string> = {
  slack: 'not connected',
  zendesk: 'not connected: no tickets are read. Set `ZENDESK_BASE_URL` and its client',
  linear: 'not connected: nothing can be filed. Set `LINEAR_API_KEY`',
  github: 'not connected; nothing needs it yet',
  model: 'none: the built-in analyst reads, without any network',
  database: 'not connected',
};

function healthBlock(health: SystemHealth): SectionBlock {
  const { system, connected, heardAt, answeredAt, failedAt, checked } = health;
  const name = SYSTEM_NAMES[system];
  if (!connected) return section(`*${name}*: ${OFF_WORDS[system]}.`);
  const facts = [
    heardAt && `last heard from ${toTheMinute(heardAt)}`,
    answeredAt && `last did what I asked ${toTheMinute(answeredAt)}`,
  ].filter(Boolean);
  const lines = [
    `*${name}*: ${verdict(health)}${facts.length > 0 ? ` · ${facts.join(' · ')}` : ''}`,
    failedAt && `Its last answer was a failure, ${toTheMinute(failedAt)}.`,
    checked && checkWords(checked),
  ];
  return section(lines.filter(Boolean).join('\n'));
}

/** People see no seconds; a page that counted them would be another one every moment. */
function toTheMinute(iso: string): string {
  return when(`${iso.slice(0, 16)}:00.000Z`);
}

function verdict({ checked, failedAt }: SystemHealth): string {
  if (failedAt !== null || checked?.ok === false) return '*has a problem*';
  return checked ? 'works' : 'connected, not checked yet';
}

function checkWords({ at, ok, detail, fix }: CheckResult): string {
  const words = harmless(clip(detail.replace(/<(\w+)>/g, '$1'), DETAIL_MAX));
  if (ok) return `Checked ${when(at)}: ${words}`;
  return `Checked ${when(at)}: ${words}${fix ? `\n*What to do:* ${harmless(clip(fix, DETAIL_MAX))}` : ''}`;
}

function noiseText({ days, total, decisions, posted, decided, held }: NoiseReport): string {
  const lines = [
    `In the last ${days} days: *${count(total.parents, 'message')} of my own* in channels (${count(total.cards, 'card')}), ${count(total.replies, 'answer')} in threads, ${count(total.updates, 'change')} in place; *${count(decisions, 'decision')}* by people.`,
    posted > 0
      ? `${decided} of ${count(posted, 'card')} posted in this time ${decided === 1 ? 'was' : 'were'} decided on.`
      : 'No card was posted in this time.',
    held > 0 && `${count(held, 'card')} held back right now.`,
    '`/throughline noise` tells it by channel.',
  ];
  return lines.filter(Boolean).join('\n');
}

function settingsBlock(settings: readonly SettingLine[]): SectionBlock {
  const changed = settings.filter(({ setBy }) => setBy !== null);
  const lines = changed.map(
    ({ key, value, setBy }) => `\`${key}\` is ${code(value)}, set by ${harmless(clip(setBy ?? '', 80))}`,
  );
  const words = changed.length === 0 ? 'Everything is at its standard.' : lines.join('\n');
  return {
    ...section(words),
    accessory: {
      type: 'static_select',
      action_id: ADMIN_ACTIONS.setting,
      placeholder: plain('Change a setting', LENGTH.placeholder),
      options: settings.slice(0, SETTINGS_MAX).map(({ key }) => option(key, toRef(key))),
    },
  };
}

/** A value as code, or that there is none. */
export function code(value: string): string {
  const shown = harmless(clip(value, 120)).replaceAll('`', '').trim();
  return shown === '' ? 'empty' : `\`${shown}\``;
}

function part(title: string): KnownBlock[] {
  return [{ type: 'divider' }, { type: 'header', text: plain(title, LENGTH.header) }];
}

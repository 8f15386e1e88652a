// The parts of Block Kit below blocks: texts, options, interactive elements and rich text, with the limits of Slack's reference.
import {
  anything,
  boolean,
  byType,
  type Check,
  integer,
  isFields,
  list,
  object,
  oneOf,
  pattern,
  report,
  string,
} from './schema.ts';

const TEXT_MAX = 3000;
const ACTION_ID_MAX = 255;
const URL_MAX = 3000;

/** A text object that does not take marks. */
export function plainText(max: number, min = 1): Check {
  return object({ type: oneOf('plain_text'), text: string(max, min), 'emoji?': boolean });
}

/** A text object that takes marks. */
export function mrkdwn(max: number, min = 1): Check {
  return object({ type: oneOf('mrkdwn'), text: string(max, min), 'verbatim?': boolean });
}

/** Either kind of text object. */
export function anyText(max = TEXT_MAX, min = 1): Check {
  return byType(() => ({ plain_text: plainText(max, min), mrkdwn: mrkdwn(max, min) }));
}

const confirm = object({
  'title?': plainText(100),
  text: anyText(300),
  'confirm?': plainText(30),
  'deny?': plainText(30),
  'style?': oneOf('primary', 'danger'),
});

const actionId: Check = (value, pointer, scope) => {
  string(ACTION_ID_MAX)(value, pointer, scope);
  if (typeof value !== 'string') return;
  if (scope.actionIds.has(value)) report(scope, pointer, `\`action_id\` "${value}" already exists for another element`);
  scope.actionIds.add(value);
};

const focus: Check = (value, pointer, scope) => {
  boolean(value, pointer, scope);
  if (value !== true) return;
  const seen = (scope.counts.get('focus_on_load') ?? 0) + 1;
  scope.counts.set('focus_on_load', seen);
  if (seen > 1) report(scope, pointer, 'only one element can have focus_on_load');
};

const option = object({
  text: plainText(75),
  value: string(150),
  'description?': plainText(75),
});
// Checkboxes and radio buttons may mark their texts up.
const markedOption = object({
  text: anyText(75),
  value: string(150),
  'description?': anyText(75),
});
const overflowOption = object({
  text: plainText(75),
  value: string(150),
  'description?': plainText(75),
  'url?': string(URL_MAX),
});
const optionGroup = object({ label: plainText(75), options: list(option, 100) });
const dispatchConfig = object({
  'trigger_actions_on?': list(oneOf('on_enter_pressed', 'on_character_entered'), 2),
});
const conversationFilter = object(
  {
    'include?': list(oneOf('im', 'mpim', 'private', 'public'), 4),
    'exclude_external_shared_channels?': boolean,
    'exclude_bot_users?': boolean,
  },
  (value, pointer, scope) => {
    if (Object.keys(value).length === 0) report(scope, pointer, 'must provide at least one field');
  },
);

const placeholder = { 'placeholder?': plainText(150) };
const action = { 'action_id?': actionId };
const confirmable = { 'confirm?': confirm };
const focusable = { 'focus_on_load?': focus };
const dispatchable = { 'dispatch_action_config?': dispatchConfig };
const select = { ...action, ...confirmable, ...focusable, ...placeholder };
const multi = { ...select, 'max_selected_items?': integer(1, 10_000) };
const label = { 'accessibility_label?': string(75) };

const optionsOrGroups: (value: Record<string, unknown>, pointer: string, scope: Parameters<Check>[2]) => void = (
  value,
  pointer,
  scope,
) => {
  if ((value.options === undefined) === (value.option_groups === undefined)) {
    report(scope, pointer, 'must provide either options or option_groups');
  }
  // What is selected at the start must be one of the options, word for word.
  const offered = [
    ...(Array.isArray(value.options) ? value.options : []),
    ...(Array.isArray(value.option_groups)
      ? value.option_groups.flatMap((group) => (isFields(group) && Array.isArray(group.options) ? group.options : []))
      : []),
  ];
  const initial = [
    ...(value.initial_option === undefined ? [] : [value.initial_option]),
    ...(Array.isArray(value.initial_options) ? value.initial_options : []),
  ];
  for (const one of initial) {
    const found = offered.some((other) => isFields(other) && isFields(one) && other.value === one.value);
    if (!found) report(scope, pointer, 'initial option must be one of the options');
  }
};

const lists = { 'options?': list(option, 100), 'option_groups?': list(optionGroup, 100) };
const feedbackButton = object({ text: plainText(75), value: string(2000), ...label });

const image = object(
  {
    type: anything,
    alt_text: string(2000, 0),
    'image_url?': string(URL_MAX),
    'slack_file?': object({ 'id?': string(255), 'url?': string(URL_MAX) }),
  },
  (value, pointer, scope) => {
    if ((value.image_url === undefined) === (value.slack_file === undefined)) {
      report(scope, pointer, 'must provide either image_url or slack_file');
    }
  },
);

const ELEMENTS: Record<string, Check> = {
  button: object({
    type: anything,
    text: plainText(75),
    ...action,
    ...confirmable,
    ...label,
    'url?': string(URL_MAX),
    'value?': string(2000, 0),
    'style?': oneOf('primary', 'danger'),
  }),
  checkboxes: object(
    {
      type: anything,
      options: list(markedOption, 10),
      'initial_options?': list(markedOption, 10),
      ...action,
      ...confirmable,
      ...focusable,
    },
    optionsOrGroups,
  ),
  datepicker: object({
    type: anything,
    'initial_date?': pattern(/^\d{4}-\d{2}-\d{2}$/, 'must be a date as YYYY-MM-DD'),
    ...select,
  }),
  datetimepicker: object({
    type: anything,
    'initial_date_time?': integer(1_000_000_000, 9_999_999_999),
    ...action,
    ...confirmable,
    ...focusable,
  }),
  timepicker: object({
    type: anything,
    'initial_time?': pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time as HH:mm'),
    'timezone?': string(255),
    ...select,
  }),
  email_text_input: object({
    type: anything,
    'initial_value?': string(TEXT_MAX, 0),
    ...action,
    ...focusable,
    ...placeholder,
    ...dispatchable,
  }),
  url_text_input: object({
    type: anything,
    'initial_value?': string(TEXT_MAX, 0),
    ...action,
    ...focusable,
    ...placeholder,
    ...dispatchable,
  }),
  number_input: object({
    type: anything,
    is_decimal_allowed: boolean,
    'initial_value?': string(255),
    'min_value?': string(255),
    'max_value?': string(255),
    ...action,
    ...focusable,
    ...placeholder,
    ...dispatchable,
  }),
  plain_text_input: object(
    {
      type: anything,
      'initial_value?': string(TEXT_MAX, 0),
      'multiline?': boolean,
      'min_length?': integer(0, 3000),
      'max_length?': integer(1, 3000),
      ...action,
      ...focusable,
      ...placeholder,
      ...dispatchable,
    },
    (value, pointer, scope) => {
      const { initial_value: initial, max_length: max, min_length: min } = value;
      if (typeof max === 'number' && typeof min === 'number' && min > max) {
        report(scope, pointer, 'min_length must not be greater than max_length');
      }
      if (typeof initial === 'string' && typeof max === 'number' && initial.length > max) {
        report(scope, `${pointer}/initial_value`, `must be less than ${max + 1} characters`);
      }
    },
  ),
  rich_text_input: object({
    type: anything,
    'initial_value?': (value, pointer, scope) => richText(value, pointer, scope),
    'min_lines?': integer(1, 100),
    'max_lines?': integer(1, 100),
    ...action,
    ...focusable,
    ...placeholder,
    ...dispatchable,
  }),
  file_input: object({
    type: anything,
    'filetypes?': list(string(50), 100),
    'max_files?': integer(1, 10),
    ...action,
  }),
  feedback_buttons: object({
    type: anything,
    positive_button: feedbackButton,
    negative_button: feedbackButton,
    ...action,
  }),
  icon_button: object({
    type: anything,
    icon: oneOf('trash'),
    text: plainText(75),
    'value?': string(2000, 0),
    'visible_to_user_ids?': list(string(255), 100, 0),
    ...action,
    ...confirmable,
    ...label,
  }),
  image,
  overflow: object({ type: anything, options: list(overflowOption, 5), ...action, ...confirmable }),
  radio_buttons: object(
    {
      type: anything,
      options: list(markedOption, 10),
      'initial_option?': markedOption,
      ...action,
      ...confirmable,
      ...focusable,
    },
    optionsOrGroups,
  ),
  workflow_button: object({
    type: anything,
    text: plainText(75),
    workflow: anything,
    'style?': oneOf('primary', 'danger'),
    ...action,
    ...label,
  }),
  static_select: object({ type: anything, 'initial_option?': option, ...lists, ...select }, optionsOrGroups),
  multi_static_select: object(
    { type: anything, 'initial_options?': list(option, 100), ...lists, ...multi },
    optionsOrGroups,
  ),
  external_select: object({
    type: anything,
    'initial_option?': option,
    'min_query_length?': integer(0, 255),
    ...select,
  }),
  multi_external_select: object({
    type: anything,
    'initial_options?': list(option, 100),
    'min_query_length?': integer(0, 255),
    ...multi,
  }),
  users_select: object({ type: anything, 'initial_user?': string(255), ...select }),
  multi_users_select: object({ type: anything, 'initial_users?': list(string(255), 100), ...multi }),
  conversations_select: object({
    type: anything,
    'initial_conversation?': string(255),
    'default_to_current_conversation?': boolean,
    'response_url_enabled?': boolean,
    'filter?': conversationFilter,
    ...select,
  }),
  multi_conversations_select: object({
    type: anything,
    'initial_conversations?': list(string(255), 100),
    'default_to_current_conversation?': boolean,
    'filter?': conversationFilter,
    ...multi,
  }),
  channels_select: object({
    type: anything,
    'initial_channel?': string(255),
    'response_url_enabled?': boolean,
    ...select,
  }),
  multi_channels_select: object({ type: anything, 'initial_channels?': list(string(255), 100), ...multi }),
};

const PICKERS = ['datepicker', 'datetimepicker', 'timepicker'];
const SELECTS = ['static_select', 'external_select', 'users_select', 'conversations_select', 'channels_select'];
const CHOICES = ['checkboxes', 'radio_buttons', ...PICKERS, ...SELECTS, ...SELECTS.map((name) => `multi_${name}`)];

/** Which elements may stand where. */
export const elementsOf = {
  actions: pick(['button', 'overflow', 'workflow_button', 'rich_text_input', ...CHOICES]),
  accessory: pick(['button', 'image', 'overflow', 'workflow_button', ...CHOICES]),
  input: pick([
    'plain_text_input',
    'email_text_input',
    'url_text_input',
    'number_input',
    'rich_text_input',
    'file_input',
    ...CHOICES,
  ]),
  contextActions: pick(['feedback_buttons', 'icon_button']),
  button: pick(['button']),
  image,
};

function pick(types: string[]): Check {
  const rules = Object.fromEntries(types.map((type) => [type, ELEMENTS[type]!]));
  return byType(() => rules);
}

const style = object({
  'bold?': boolean,
  'italic?': boolean,
  'strike?': boolean,
  'code?': boolean,
  'underline?': boolean,
  'highlight?': boolean,
  'client_highlight?': boolean,
  'unlink?': boolean,
});
const styled = { type: anything, 'style?': style };
const inline = byType(() => ({
  text: object({ ...styled, text: string(TEXT_MAX) }),
  link: object({ ...styled, url: string(URL_MAX), 'text?': string(TEXT_MAX, 0), 'unsafe?': boolean }),
  emoji: object({ ...styled, name: string(255), 'unicode?': string(64), 'url?': string(URL_MAX) }),
  user: object({ ...styled, user_id: string(255) }),
  usergroup: object({ ...styled, usergroup_id: string(255) }),
  team: object({ ...styled, team_id: string(255) }),
  channel: object({ ...styled, channel_id: string(255) }),
  broadcast: object({ ...styled, range: oneOf('here', 'channel', 'everyone') }),
  color: object({ ...styled, value: string(32) }),
  date: object({
    ...styled,
    timestamp: integer(0, 9_999_999_999),
    format: string(255),
    'url?': string(URL_MAX),
    'fallback?': string(255),
  }),
}));
const richTextSection = object({ type: oneOf('rich_text_section'), elements: list(inline, 1000, 0) });
const richTextPart = byType(() => ({
  rich_text_section: richTextSection,
  rich_text_list: object({
    type: anything,
    style: oneOf('bullet', 'ordered'),
    elements: list(richTextSection, 1000),
    'indent?': integer(0, 8),
    'offset?': integer(0, 10_000),
    'border?': integer(0, 1),
  }),
  rich_text_quote: object({ type: anything, elements: list(inline, 1000, 0), 'border?': integer(0, 1) }),
  rich_text_preformatted: object({
    type: anything,
    elements: list(inline, 1000, 0),
    'border?': integer(0, 1),
    'language?': string(64),
  }),
}));

/** A rich_text block, wherever it stands. */
export const richText: Check = object({
  type: oneOf('rich_text'),
  'block_id?': string(255),
  elements: list(richTextPart, 1000, 0),
});

// Block Kit as Slack enforces it: what a message, a modal or a Home tab may hold. Every problem is reported, with its place, in Slack's words.
import { anyText, elementsOf, mrkdwn, plainText, richText } from './block-kit-elements.ts';
import {
  anything,
  boolean,
  both,
  byType,
  type Check,
  integer,
  isFields,
  list,
  object,
  oneOf,
  type Problem,
  report,
  type Scope,
  string,
} from './schema.ts';

const BLOCKS_MAX = { message: 50, modal: 100, home: 100 } as const;
// All markdown blocks of one message together.
const MARKDOWN_TOTAL_MAX = 12_000;
// All text of one table.
const TABLE_TEXT_MAX = 10_000;
// Slack answers view_too_large beyond this many bytes.
const VIEW_BYTES_MAX = 250_000;

export type { Problem } from './schema.ts';

const blockId: Check = (value, pointer, scope) => {
  string(255)(value, pointer, scope);
  if (typeof value !== 'string') return;
  if (scope.blockIds.has(value)) report(scope, pointer, `\`block_id\` "${value}" already exists`);
  scope.blockIds.add(value);
};
const block = { type: anything, 'block_id?': blockId };

const imageSource = {
  'image_url?': string(3000),
  'slack_file?': object({ 'id?': string(255), 'url?': string(3000) }),
};
const image = object(
  { ...block, alt_text: string(2000), 'title?': plainText(2000), ...imageSource },
  (value, pointer, scope) => {
    if ((value.image_url === undefined) === (value.slack_file === undefined)) {
      report(scope, pointer, 'must provide either image_url or slack_file');
    }
  },
);

const card = object(
  {
    ...block,
    'hero_image?': elementsOf.image,
    'icon?': elementsOf.image,
    'slack_icon?': anything,
    'title?': anyText(150),
    'subtitle?': anyText(150),
    'body?': anyText(200),
    'subtext?': anyText(200),
    'actions?': list(elementsOf.button, 5),
  },
  (value, pointer, scope) => {
    if (!value.hero_image && !value.title && !value.body && !value.actions) {
      report(scope, pointer, 'must provide at least one of hero_image, title, body, actions');
    }
  },
);

const cell = byType(() => ({
  raw_text: object({ type: anything, text: string(3000) }),
  raw_number: object({ type: anything, value: number, text: string(3000) }),
  rich_text: richText,
}));

const table = object(
  {
    ...block,
    rows: list(list(cell, 20), 100),
    'column_settings?': list(object({ 'align?': oneOf('left', 'center', 'right'), 'is_wrapped?': boolean }), 20),
  },
  (value, pointer, scope) => {
    atMost(scope, 'table', 1, pointer);
    if (textOf(value.rows).length > TABLE_TEXT_MAX) {
      report(scope, `${pointer}/rows`, `must be less than ${TABLE_TEXT_MAX + 1} characters`);
    }
  },
);

const url = object({ type: oneOf('url'), url: string(3000), text: string(3000) });
const taskCard = object({
  ...block,
  task_id: string(255),
  title: string(3000),
  'details?': richText,
  'output?': richText,
  'sources?': list(url, 100, 0),
  status: oneOf('pending', 'in_progress', 'complete', 'error'),
});

const points = (value: string) => list(object({ label: string(20), [value]: number }), 20);
const plotted = object(
  {
    type: anything,
    // The page of Slack that is stricter says 6, the other 12.
    series: list(object({ name: string(20), data: points('value') }), 6),
    axis_config: object({ categories: list(string(20), 20), 'x_label?': string(50), 'y_label?': string(50) }),
  },
  (value, pointer, scope) => {
    const series = Array.isArray(value.series) ? value.series.filter(isFields) : [];
    const categories = isFields(value.axis_config) ? value.axis_config.categories : [];
    if (new Set(series.map(({ name }) => name)).size < series.length)
      report(scope, `${pointer}/series`, 'names must be unique');
    for (const { data } of series) {
      const labels = Array.isArray(data) ? data.map((point) => (isFields(point) ? point.label : null)) : [];
      if (JSON.stringify(labels) !== JSON.stringify(categories)) {
        report(scope, `${pointer}/series`, 'labels must match the categories');
      }
    }
  },
);
const CHARTS: Record<string, Check> = {
  pie: object({ type: anything, segments: points('value') }),
  bar: plotted,
  line: plotted,
  area: plotted,
};

const BLOCKS: Record<string, Check> = {
  actions: object({ ...block, elements: list(elementsOf.actions, 25) }),
  alert: object({
    ...block,
    text: anyText(),
    'level?': oneOf('default', 'info', 'warning', 'error', 'success'),
  }),
  card,
  carousel: object({
    ...block,
    elements: list(
      byType(() => ({ card })),
      10,
    ),
  }),
  container: object({
    ...block,
    'title?': plainText(150),
    'rich_text_title?': richText,
    'subtitle?': anyText(150),
    child_blocks: list(
      byType(() => CHILDREN),
      10,
    ),
    'width?': oneOf('narrow', 'standard', 'wide', 'full'),
    'icon?': elementsOf.image,
    'is_collapsible?': boolean,
    'default_collapsed?': boolean,
    'has_header_divider?': boolean,
  }),
  context: object({
    ...block,
    elements: list(
      byType(() => ({ image: elementsOf.image, plain_text: plainText(3000), mrkdwn: mrkdwn(3000) })),
      10,
    ),
  }),
  context_actions: object({ ...block, elements: list(elementsOf.contextActions, 5) }),
  data_table: object({
    ...block,
    rows: list(list(cell, 20), 200),
    caption: string(3000),
    'page_size?': integer(1, 100),
    'row_header_column_index?': integer(0, 19),
  }),
  data_visualization: object({ ...block, title: string(50), chart: byType(() => CHARTS) }, (_, pointer, scope) =>
    atMost(scope, 'data_visualization', 2, pointer),
  ),
  divider: object(block),
  file: object({ ...block, external_id: string(255), source: oneOf('remote') }),
  header: object({ ...block, text: plainText(150) }),
  image,
  input: object({
    ...block,
    label: plainText(2000),
    element: elementsOf.input,
    'hint?': plainText(2000),
    'optional?': boolean,
    'dispatch_action?': boolean,
  }),
  markdown: object({ ...block, text: string(MARKDOWN_TOTAL_MAX) }, (value, pointer, scope) => {
    const total = (scope.counts.get('markdown') ?? 0) + (typeof value.text === 'string' ? value.text.length : 0);
    scope.counts.set('markdown', total);
    if (total > MARKDOWN_TOTAL_MAX) {
      report(
        scope,
        `${pointer}/text`,
        `markdown blocks must be less than ${MARKDOWN_TOTAL_MAX + 1} characters in total`,
      );
    }
  }),
  plan: object({
    ...block,
    title: string(3000),
    'tasks?': list(
      byType(() => ({ task_card: taskCard })),
      50,
      0,
    ),
  }),
  rich_text: both(richText, (value, pointer, scope) => {
    if (isFields(value) && value.block_id !== undefined) blockId(value.block_id, `${pointer}/block_id`, scope);
  }),
  section: object(
    {
      ...block,
      'text?': anyText(3000),
      'fields?': list(anyText(2000), 10),
      'accessory?': elementsOf.accessory,
      'expand?': boolean,
    },
    (value, pointer, scope) => {
      if (value.text === undefined && value.fields === undefined) {
        report(scope, pointer, 'must provide either text or fields');
      }
    },
  ),
  table,
  task_card: taskCard,
  video: object({
    ...block,
    video_url: string(3000),
    thumbnail_url: string(3000),
    alt_text: string(2000),
    title: plainText(200),
    'title_url?': string(3000),
    'author_name?': string(50),
    'provider_name?': string(255),
    'provider_icon_url?': string(3000),
    'description?': plainText(200),
  }),
};

const CHILDREN = Object.fromEntries(
  ['actions', 'context', 'divider', 'file', 'header', 'image', 'input', 'rich_text', 'section', 'table', 'video'].map(
    (type) => [type, BLOCKS[type]!],
  ),
);

const EVERYWHERE = [
  'actions',
  'card',
  'context',
  'divider',
  'header',
  'image',
  'input',
  'rich_text',
  'section',
  'video',
];
const SURFACES: Record<Scope['surface'], Record<string, Check>> = {
  message: allow([
    ...EVERYWHERE,
    'carousel',
    'container',
    'context_actions',
    'data_table',
    'data_visualization',
    'file',
    'markdown',
    'plan',
    'table',
    'task_card',
  ]),
  modal: allow([...EVERYWHERE, 'alert']),
  home: allow([...EVERYWHERE, 'carousel']),
};

const view = {
  type: anything,
  blocks: anything,
  'private_metadata?': string(3000, 0),
  'callback_id?': string(255, 0),
  'external_id?': string(255, 0),
};
const modalView = object(
  {
    ...view,
    title: plainText(24),
    'submit?': plainText(24),
    'close?': plainText(24),
    'clear_on_close?': boolean,
    'notify_on_close?': boolean,
    'submit_disabled?': boolean,
  },
  (value, pointer, scope) => {
    const hasInput = Array.isArray(value.blocks) && value.blocks.some((one) => isFields(one) && one.type === 'input');
    if (hasInput && value.submit === undefined) {
      report(scope, pointer, 'missing required field: submit (a modal with input blocks needs one)');
    }
  },
);
const homeView = object(view);

/** The problems of a list of blocks on a message. An empty list means that Slack would take it. */
export function messageProblems(blocks: unknown, pointer = '/blocks'): Problem[] {
  const scope = newScope('message');
  blocksCheck('message', 0)(blocks, pointer, scope);
  return scope.problems;
}

/** The problems of a modal or a Home tab. */
export function viewProblems(value: unknown, allowed: readonly ('modal' | 'home')[] = ['modal', 'home']): Problem[] {
  const type = isFields(value) ? value.type : undefined;
  const surface = allowed.find((one) => one === type);
  if (!surface) {
    const message = type === undefined ? 'missing required field: type' : `unsupported type: ${String(type)}`;
    return [{ pointer: '/view', message }];
  }
  const scope = newScope(surface);
  (surface === 'modal' ? modalView : homeView)(value, '/view', scope);
  if (isFields(value)) {
    blocksCheck(surface, 0)(value.blocks, '/view/blocks', scope);
    if (JSON.stringify(value).length > VIEW_BYTES_MAX) report(scope, '/view', 'view_too_large');
  }
  return scope.problems;
}

/** A problem the way Slack writes it into response_metadata.messages. */
export function problemLine(problem: Problem): string {
  return `[ERROR] ${problem.message} [json-pointer:${problem.pointer}]`;
}

function blocksCheck(surface: Scope['surface'], min: number): Check {
  const rule = byType(() => SURFACES[surface]);
  return list(
    (value, pointer, scope) => {
      // An action_id is unique within its block, on messages and in views alike.
      scope.actionIds.clear();
      rule(value, pointer, scope);
    },
    BLOCKS_MAX[surface],
    min,
  );
}

function newScope(surface: Scope['surface']): Scope {
  return { problems: [], surface, actionIds: new Set(), blockIds: new Set(), counts: new Map() };
}

function allow(types: string[]): Record<string, Check> {
  return Object.fromEntries(types.map((type) => [type, BLOCKS[type]!]));
}

function atMost(scope: Scope, name: string, max: number, pointer: string): void {
  const seen = (scope.counts.get(name) ?? 0) + 1;
  scope.counts.set(name, seen);
  if (seen > max) report(scope, pointer, `no more than ${max} ${name} blocks allowed`);
}

function number(value: unknown, pointer: string, scope: Scope): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) report(scope, pointer, 'must provide a number');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (!isFields(value)) return '';
  return typeof value.text === 'string' ? value.text : textOf(Object.values(value));
}

import type { KnownBlock } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageProblems, type Problem, problemLine, viewProblems } from '#src/sandbox/slack/block-kit.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text });
const button = (actionId = 'go', text = 'Go', value = '1') => ({
  type: 'button' as const,
  action_id: actionId,
  text: plain(text),
  value,
});
const option = (value: string, text = value) => ({ text: plain(text), value });
const picture = { type: 'image' as const, image_url: 'https://acme.example/a.png', alt_text: 'A chart' };
const rich = {
  type: 'rich_text' as const,
  elements: [{ type: 'rich_text_section' as const, elements: [{ type: 'text' as const, text: 'hello' }] }],
};
const card = { type: 'card' as const, title: mrkdwn('Exports hang'), body: mrkdwn('Three customers') };
const task = { type: 'task_card' as const, task_id: 't1', title: 'Read', status: 'complete' as const };

// One valid block of every type that Slack's own types know: a new type there does not compile until it is here.
const EXAMPLES: Record<KnownBlock['type'], KnownBlock> = {
  actions: {
    type: 'actions',
    elements: [
      button(),
      { type: 'static_select', action_id: 'pick', options: [option('a')], placeholder: plain('Pick') },
      { type: 'overflow', action_id: 'more', options: [option('x')] },
      { type: 'datepicker', action_id: 'day', initial_date: '2026-11-22' },
      { type: 'users_select', action_id: 'who' },
    ],
  },
  alert: { type: 'alert', text: mrkdwn('Careful'), level: 'warning' },
  card,
  carousel: { type: 'carousel', elements: [card] },
  container: { type: 'container', title: plain('More'), child_blocks: [{ type: 'divider' }] },
  context: { type: 'context', elements: [mrkdwn('just now'), picture] },
  context_actions: {
    type: 'context_actions',
    elements: [
      {
        type: 'feedback_buttons',
        action_id: 'judge',
        positive_button: { text: plain('Good'), value: 'up' },
        negative_button: { text: plain('Bad'), value: 'down' },
      },
    ],
  },
  data_table: { type: 'data_table', caption: 'Reports', rows: [[{ type: 'raw_text', text: 'a' }]] },
  divider: { type: 'divider' },
  file: { type: 'file', source: 'remote', external_id: 'f1' },
  header: { type: 'header', text: plain('Exports hang') },
  image: picture,
  input: {
    type: 'input',
    label: plain('Title'),
    element: { type: 'plain_text_input', action_id: 'title', max_length: 80, initial_value: 'Exports hang' },
  },
  markdown: { type: 'markdown', text: '# Hello' },
  plan: { type: 'plan', title: 'Plan', tasks: [task] },
  rich_text: rich,
  section: {
    type: 'section',
    text: mrkdwn('*Exports hang*'),
    fields: [mrkdwn('Customers'), plain('3')],
    accessory: button('open'),
  },
  table: { type: 'table', rows: [[{ type: 'raw_text', text: 'a' }, rich]] },
  task_card: task,
  video: {
    type: 'video',
    video_url: 'https://acme.example/v',
    thumbnail_url: 'https://acme.example/t.png',
    alt_text: 'A video',
    title: plain('How'),
  },
};
const MODAL_ONLY = ['alert'];
const MESSAGE_ONLY = ['container', 'context_actions', 'data_table', 'file', 'markdown', 'plan', 'table', 'task_card'];

const modal = (more: Record<string, unknown> = {}) => ({
  type: 'modal',
  title: plain('Edit'),
  submit: plain('Save'),
  blocks: [EXAMPLES.input],
  ...more,
});

describe('Block Kit', () => {
  it.each(Object.entries(EXAMPLES))('takes a %s block where Slack shows it', (type, block) => {
    const inMessage = messageProblems([block]);
    const inModal = viewProblems(modal({ blocks: [block] }));
    const inHome = viewProblems({ type: 'home', blocks: [block] });
    const unsupported = [`unsupported type: ${type}`];
    const told = (problems: Problem[]) => problems.map((one) => one.message);
    expect(told(inMessage)).toEqual(MODAL_ONLY.includes(type) ? unsupported : []);
    expect(told(inModal)).toEqual([...MESSAGE_ONLY, 'carousel'].includes(type) ? unsupported : []);
    expect(told(inHome)).toEqual([...MESSAGE_ONLY, ...MODAL_ONLY].includes(type) ? unsupported : []);
  });

  // At the limit it is taken, one beyond it is refused, at this place.
  const text = (length: number) => 'x'.repeat(length);
  const LIMITS: [string, number, (length: number) => unknown[], string][] = [
    ['blocks of a message', 50, (n) => Array.from({ length: n }, () => ({ type: 'divider' })), '/blocks'],
    ['text of a section', 3000, (n) => [{ type: 'section', text: mrkdwn(text(n)) }], '/blocks/0/text/text'],
    ['fields of a section', 10, (n) => [{ type: 'section', fields: Array(n).fill(plain('x')) }], '/blocks/0/fields'],
    ['text of a field', 2000, (n) => [{ type: 'section', fields: [plain(text(n))] }], '/blocks/0/fields/0/text'],
    ['text of a header', 150, (n) => [{ type: 'header', text: plain(text(n)) }], '/blocks/0/text/text'],
    [
      'text of a button',
      75,
      (n) => [{ type: 'actions', elements: [button('a', text(n))] }],
      '/blocks/0/elements/0/text/text',
    ],
    [
      'value of a button',
      2000,
      (n) => [{ type: 'actions', elements: [button('a', 'x', text(n))] }],
      '/blocks/0/elements/0/value',
    ],
    ['action_id', 255, (n) => [{ type: 'actions', elements: [button(text(n))] }], '/blocks/0/elements/0/action_id'],
    ['block_id', 255, (n) => [{ type: 'divider', block_id: text(n) }], '/blocks/0/block_id'],
    [
      'elements of actions',
      25,
      (n) => [{ type: 'actions', elements: Array.from({ length: n }, (_, i) => button(`a${i}`)) }],
      '/blocks/0/elements',
    ],
    [
      'elements of a context',
      10,
      (n) => [{ type: 'context', elements: Array(n).fill(plain('x')) }],
      '/blocks/0/elements',
    ],
    [
      'options of a select',
      100,
      (n) => [
        {
          type: 'actions',
          elements: [
            { type: 'static_select', action_id: 'a', options: Array.from({ length: n }, (_, i) => option(`${i}`)) },
          ],
        },
      ],
      '/blocks/0/elements/0/options',
    ],
    [
      'options of an overflow',
      5,
      (n) => [
        {
          type: 'actions',
          elements: [
            { type: 'overflow', action_id: 'a', options: Array.from({ length: n }, (_, i) => option(`${i}`)) },
          ],
        },
      ],
      '/blocks/0/elements/0/options',
    ],
    [
      'text of an option',
      75,
      (n) => [{ type: 'actions', elements: [{ type: 'overflow', action_id: 'a', options: [option('1', text(n))] }] }],
      '/blocks/0/elements/0/options/0/text/text',
    ],
    [
      'value of an option',
      150,
      (n) => [{ type: 'actions', elements: [{ type: 'overflow', action_id: 'a', options: [option(text(n), 'x')] }] }],
      '/blocks/0/elements/0/options/0/value',
    ],
    ['label of an input', 2000, (n) => [{ ...EXAMPLES.input, label: plain(text(n)) }], '/blocks/0/label/text'],
    ['cards of a carousel', 10, (n) => [{ type: 'carousel', elements: Array(n).fill(card) }], '/blocks/0/elements'],
    ['body of a card', 200, (n) => [{ ...card, body: mrkdwn(text(n)) }], '/blocks/0/body/text'],
    ['text of markdown', 12_000, (n) => [{ type: 'markdown', text: text(n) }], '/blocks/0/text'],
    [
      'rows of a table',
      100,
      (n) => [{ type: 'table', rows: Array(n).fill([{ type: 'raw_text', text: 'x' }]) }],
      '/blocks/0/rows',
    ],
    [
      'cells of a row',
      20,
      (n) => [{ type: 'table', rows: [Array(n).fill({ type: 'raw_text', text: 'x' })] }],
      '/blocks/0/rows/0',
    ],
  ];
  it.each(LIMITS)('holds the %s to %i', (_, limit, build, pointer) => {
    expect(messageProblems(build(limit))).toEqual([]);
    expect(messageProblems(build(limit + 1)).map((one) => one.pointer)).toContain(pointer);
  });

  const VIEW_LIMITS: [string, number, (length: number) => Record<string, unknown>, string][] = [
    ['title', 24, (n) => ({ title: plain(text(n)) }), '/view/title/text'],
    ['submit', 24, (n) => ({ submit: plain(text(n)) }), '/view/submit/text'],
    ['close', 24, (n) => ({ close: plain(text(n)) }), '/view/close/text'],
    ['private_metadata', 3000, (n) => ({ private_metadata: text(n) }), '/view/private_metadata'],
    ['callback_id', 255, (n) => ({ callback_id: text(n) }), '/view/callback_id'],
    ['blocks', 100, (n) => ({ blocks: Array.from({ length: n }, () => ({ type: 'divider' })) }), '/view/blocks'],
  ];
  it.each(VIEW_LIMITS)('holds the %s of a modal to %i', (_, limit, build, pointer) => {
    expect(viewProblems(modal(build(limit)))).toEqual([]);
    expect(viewProblems(modal(build(limit + 1))).map((one) => one.pointer)).toContain(pointer);
  });

  it('counts characters as Slack does, not code units', () => {
    expect(messageProblems([{ type: 'header', text: plain('🙂'.repeat(150)) }])).toEqual([]);
    expect(messageProblems([{ type: 'header', text: plain('🙂'.repeat(151)) }])).toHaveLength(1);
  });

  it.each([
    ['mrkdwn in a header', [{ type: 'header', text: mrkdwn('x') }]],
    ['mrkdwn on a button', [{ type: 'actions', elements: [{ ...button(), text: mrkdwn('x') }] }]],
    ['a picture without alt_text', [{ type: 'image', image_url: 'https://acme.example/a.png' }]],
    ['a section that says nothing', [{ type: 'section' }]],
    ['an empty text', [{ type: 'section', text: mrkdwn('') }]],
    ['an unknown block', [{ type: 'carrousel' }]],
    ['an unknown element', [{ type: 'actions', elements: [{ type: 'knob', action_id: 'a' }] }]],
    ['an unknown field', [{ type: 'divider', color: 'red' }]],
    ['an input element in actions', [{ type: 'actions', elements: [{ type: 'plain_text_input', action_id: 'a' }] }]],
    ['a button as an input', [{ type: 'input', label: plain('x'), element: button() }]],
    ['two equal action_ids in a block', [{ type: 'actions', elements: [button('a'), button('a')] }]],
    [
      'two equal block_ids',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
    ],
    ['a style that does not exist', [{ type: 'actions', elements: [{ ...button(), style: 'green' }] }]],
    [
      'a date that is none',
      [{ type: 'actions', elements: [{ type: 'datepicker', action_id: 'a', initial_date: 'today' }] }],
    ],
    [
      'an initial option that is not offered',
      [
        {
          type: 'actions',
          elements: [{ type: 'static_select', action_id: 'a', options: [option('1')], initial_option: option('2') }],
        },
      ],
    ],
    ['two tables', [EXAMPLES.table, EXAMPLES.table]],
    ['something that is no list', { type: 'divider' }],
    ['a block that is no object', ['divider']],
  ])('refuses %s', (_, blocks) => {
    expect(messageProblems(blocks)).not.toEqual([]);
  });

  it('lets a message and a view use an action_id in several blocks, and once in each', () => {
    const twice = [1, 2].map(() => ({ type: 'actions', elements: [button('same')] }));
    expect(messageProblems(twice)).toEqual([]);
    expect(viewProblems({ type: 'home', blocks: twice })).toEqual([]);
    const within = [{ type: 'actions', elements: twice.flatMap(({ elements }) => elements) }];
    expect(messageProblems(within)).toHaveLength(1);
    expect(viewProblems({ type: 'home', blocks: within })).toHaveLength(1);
  });

  it('wants a submit button where there is something to enter', () => {
    expect(viewProblems(modal({ submit: undefined })).map((one) => one.message)).toEqual([
      'missing required field: submit (a modal with input blocks needs one)',
    ]);
  });

  it('writes a problem as Slack does', () => {
    const [problem] = messageProblems([{ type: 'header', text: plain('x'.repeat(151)) }]);
    expect(problemLine(problem!)).toBe('[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]');
  });

  it('looks at anything without falling over, and every place it names is there or is what is missing', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.array(strangeBlock(), { maxLength: 4 }));
    fc.assert(
      fc.property(anything, (blocks) => {
        for (const { pointer } of messageProblems(blocks, '')) {
          // What is wrong may be the whole of an object; the path to it exists.
          let at: unknown = blocks;
          for (const step of pointer.split('/').slice(1)) {
            expect(at, pointer).toBeTypeOf('object');
            at = (at as Record<string, unknown>)[step];
          }
        }
      }),
    );
  });

  it('takes every message that keeps to the limits', () => {
    fc.assert(
      fc.property(validBlocks(), (blocks) => {
        expect(messageProblems(blocks)).toEqual([]);
      }),
    );
  });

  it('refuses a message as soon as any one string in it is far too long', () => {
    fc.assert(
      fc.property(validBlocks(), fc.nat(), (blocks, which) => {
        const strings: { at: Record<string, unknown>; key: string }[] = [];
        const walk = (value: unknown) => {
          if (typeof value !== 'object' || value === null) return;
          for (const [key, inner] of Object.entries(value)) {
            if (typeof inner === 'string' && key !== 'type')
              strings.push({ at: value as Record<string, unknown>, key });
            walk(inner);
          }
        };
        const copy = structuredClone(blocks);
        walk(copy);
        fc.pre(strings.length > 0);
        const { at, key } = strings[which % strings.length]!;
        at[key] = 'x'.repeat(13_000);
        expect(messageProblems(copy)).not.toEqual([]);
      }),
    );
  });
});

function strangeBlock(): fc.Arbitrary<unknown> {
  const type = fc.constantFrom(...Object.keys(EXAMPLES), 'nonsense');
  return fc.record(
    {
      type,
      text: fc.jsonValue(),
      elements: fc.jsonValue(),
      element: fc.jsonValue(),
      fields: fc.jsonValue(),
      accessory: fc.jsonValue(),
      rows: fc.jsonValue(),
      child_blocks: fc.jsonValue(),
    },
    { requiredKeys: ['type'] },
  );
}

function validBlocks(): fc.Arbitrary<unknown[]> {
  const said = (max: number) => fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: Math.min(max, 40) });
  const plainText = (max: number) => said(max).map(plain);
  const anyText = (max: number) => fc.oneof(plainText(max), said(max).map(mrkdwn));
  const buttons = fc.uniqueArray(said(200), { minLength: 1, maxLength: 25 }).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          type: fc.constant('button'),
          action_id: fc.constant(id),
          text: plainText(75),
          value: said(2000),
        }),
      ),
    ),
  );
  const block = fc.oneof(
    fc.record({ type: fc.constant('section'), text: anyText(3000) }),
    fc.record({ type: fc.constant('section'), fields: fc.array(anyText(2000), { minLength: 1, maxLength: 10 }) }),
    fc.record({ type: fc.constant('header'), text: plainText(150) }),
    fc.record({ type: fc.constant('context'), elements: fc.array(anyText(3000), { minLength: 1, maxLength: 10 }) }),
    fc.record({ type: fc.constant('actions'), elements: buttons }),
    fc.constant({ type: 'divider' }),
    fc.record({
      type: fc.constant('image'),
      image_url: fc.webUrl(),
      alt_text: said(2000),
      title: plainText(2000),
    }),
  );
  return fc.array(block, { maxLength: 50 });
}

// Block Kit to elements, for every block that Throughline sends and the common rest. An unknown block says so instead of vanishing.
import type { PageBlock } from '../model.ts';
import { drawChart } from './chart.ts';
import { type Child, h } from './dom.ts';
import { drawElement, type ElementHost, pictureOf, textIn, textOf } from './elements.ts';
import type { Inline } from './mrkdwn.ts';
import { drawDate, drawInline, drawLink, markdown, mrkdwn, type Names, plainText } from './text.ts';

/** What blocks need: names for ids, and somebody who takes what is clicked. */
export interface BlockHost extends ElementHost {
  names: Names;
}

/** Draws a list of blocks. */
export function drawBlocks(blocks: readonly PageBlock[], host: BlockHost): HTMLElement[] {
  return blocks.map((block, index) => {
    const id = textOf(block.block_id) || `block-${index}`;
    const element = drawBlock(block, id, host);
    element.classList.add('block', `block-${textOf(block.type).replaceAll('_', '-')}`);
    element.dataset.block = id;
    return element;
  });
}

/** Shows what is wrong with a form under the blocks it is about, and takes away what was shown before. */
export function showErrors(root: Element, errors: Record<string, string>): void {
  for (const old of root.querySelectorAll('.error')) old.remove();
  for (const [block, words] of Object.entries(errors)) {
    const place = [...root.querySelectorAll<HTMLElement>('[data-block]')].find((one) => one.dataset.block === block);
    (place ?? root).append(h('div', { class: 'error', role: 'alert' }, words));
  }
  root.querySelector<HTMLElement>('.block:has(.error) :is(input, textarea, select)')?.focus();
}

function drawBlock(block: PageBlock, id: string, host: BlockHost): HTMLElement {
  const { names } = host;
  const list = (field: string) => (block[field] as PageBlock[] | undefined) ?? [];
  switch (block.type) {
    case 'header':
      return h('div', { role: 'heading', 'aria-level': 2 }, ...plainOf(block.text));
    case 'divider':
      return h('hr');
    case 'section': {
      const accessory = block.accessory as PageBlock | undefined;
      return h(
        'div',
        { class: accessory ? 'with-accessory' : null },
        h(
          'div',
          { class: 'section-text' },
          block.text ? drawText(block.text, names) : null,
          list('fields').length > 0 &&
            h('div', { class: 'fields' }, ...list('fields').map((field) => h('div', null, drawText(field, names)))),
        ),
        accessory &&
          h('div', { class: 'accessory' }, drawElement(accessory, id, host, textIn(block.text).slice(0, 80))),
      );
    }
    case 'context':
      return h(
        'div',
        null,
        ...list('elements').map((element) =>
          element.type === 'image'
            ? h('img', { src: pictureOf(element), alt: textOf(element.alt_text), loading: 'lazy' })
            : h('div', { class: 'context-text' }, drawText(element, names)),
        ),
      );
    case 'actions':
    case 'context_actions':
      return h(
        'div',
        { class: 'actions' },
        ...list('elements').map((element) => drawElement(element, id, host, textIn(element.text))),
      );
    case 'input': {
      const label = textIn(block.label);
      const hint = textIn(block.hint);
      const element = (block.element ?? {}) as PageBlock;
      return h(
        'div',
        null,
        h('div', { class: 'label' }, label, block.optional === true && h('span', { class: 'optional' }, ' (optional)')),
        drawElement(element, id, host, label, block.dispatch_action !== true),
        hint && h('div', { class: 'hint' }, hint),
      );
    }
    case 'image': {
      const title = textIn(block.title);
      return h(
        'figure',
        null,
        title && h('figcaption', null, title),
        h('img', { src: pictureOf(block), alt: textOf(block.alt_text), loading: 'lazy' }),
      );
    }
    case 'data_visualization':
      return drawChart(block);
    case 'markdown':
      return h('div', null, ...markdown(textOf(block.text), names));
    case 'rich_text':
      return h('div', null, ...list('elements').map((element) => drawRich(element, names)));
    case 'table':
      return drawTable((block.rows as PageBlock[][] | undefined) ?? [], names);
    case 'alert':
      return h(
        'div',
        { class: `alert alert-${textOf(block.level) || 'default'}`, role: 'note' },
        drawText(block.text, names),
      );
    case 'card':
      return h(
        'div',
        null,
        h('strong', null, ...plainText(textIn(block.title))),
        block.subtitle ? h('div', { class: 'hint' }, ...plainText(textIn(block.subtitle))) : null,
        block.body ? drawText(block.body, names) : null,
        h('div', { class: 'actions' }, ...list('actions').map((element) => drawElement(element, id, host, ''))),
      );
    case 'container':
      return h(
        'div',
        null,
        block.title ? h('strong', null, textIn(block.title)) : null,
        ...drawBlocks(list('child_blocks'), host),
      );
    default:
      return h('div', { class: 'unknown' }, `[A block of type “${textOf(block.type)}” that this page does not draw.]`);
  }
}

function drawText(text: unknown, names: Names): HTMLElement {
  const object = (text ?? {}) as PageBlock;
  const source = textIn(object);
  return h('div', { class: 'text' }, ...(object.type === 'plain_text' ? plainOf(text) : mrkdwn(source, names)));
}

// `emoji: false` means that colons are colons.
function plainOf(text: unknown): Child[] {
  return plainText(textIn(text), (text as PageBlock | undefined)?.emoji !== false);
}

function drawTable(rows: PageBlock[][], names: Names): HTMLElement {
  const cell = (one: PageBlock): Child =>
    one.type === 'rich_text'
      ? ((one.elements as PageBlock[] | undefined) ?? []).map((element) => drawRich(element, names))
      : textIn(one);
  const [head = [], ...body] = rows;
  return h(
    'div',
    { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Table' },
    h(
      'table',
      null,
      h('thead', null, h('tr', null, ...head.map((one) => h('th', { scope: 'col' }, cell(one))))),
      h('tbody', null, ...body.map((row) => h('tr', null, ...row.map((one) => h('td', null, cell(one)))))),
    ),
  );
}

function drawRich(element: PageBlock, names: Names): HTMLElement {
  const children = (element.elements as PageBlock[] | undefined) ?? [];
  switch (element.type) {
    case 'rich_text_list': {
      const items = children.map((item) => h('li', null, drawRich(item, names)));
      return h(element.style === 'ordered' ? 'ol' : 'ul', { class: `indent-${textOf(element.indent) || 0}` }, ...items);
    }
    case 'rich_text_quote':
      return h('blockquote', null, ...drawRichInline(children, names));
    case 'rich_text_preformatted':
      return h('pre', { tabindex: 0 }, h('code', null, children.map((one) => textOf(one.text)).join('')));
    default:
      return h('p', null, ...drawRichInline(children, names));
  }
}

function drawRichInline(children: PageBlock[], names: Names): Child[] {
  return children.map((one) => {
    const style = (one.style ?? {}) as Record<string, boolean>;
    const text = textOf(one.text);
    switch (one.type) {
      case 'link':
        return drawLink(textOf(one.url), text || textOf(one.url), names);
      case 'user':
        return drawInline([{ t: 'user', id: textOf(one.user_id), label: '' }], names);
      case 'usergroup':
        return drawInline([{ t: 'group', id: textOf(one.usergroup_id), label: '' }], names);
      case 'channel':
        return drawInline([{ t: 'channel', id: textOf(one.channel_id), label: '' }], names);
      case 'emoji':
        return drawInline([{ t: 'emoji', name: textOf(one.name) }], names);
      case 'date':
        return drawDate(Number(one.timestamp), textOf(one.format), textOf(one.fallback));
      case 'broadcast':
        return drawInline([{ t: 'everyone', label: `@${textOf(one.range)}` }], names);
      default: {
        let token: Inline = style.code ? { t: 'code', text } : { t: 'text', text };
        for (const kind of ['bold', 'italic', 'strike'] as const)
          if (style[kind]) token = { t: kind, children: [token] };
        // A line break inside rich text is a character, as it is in a text node that keeps its white space.
        return h('span', { class: 'keep' }, ...drawInline([token], names));
      }
    }
  });
}

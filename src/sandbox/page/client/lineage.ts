// The Lineage tab: one line from what customers said to what became of it. Nodes in the order of the flow, with the real edges beside them.
import type { Lineage, LineageNode } from '../model.ts';
import { condense } from './condense.ts';
import { byId, clockTime, dateOf, fill, h, icon, s } from './dom.ts';
import { plainWords } from './mrkdwn.ts';
import type { Store } from './store.ts';
import type { Names } from './text.ts';

/** The steps of the flow in order, with the words that newcomers read. Kinds that are not here come last, under their own name. */
const STEPS: { kinds: string[]; title: string; about: string }[] = [
  { kinds: ['customer'], title: 'Customers', about: 'who wrote' },
  { kinds: ['signal'], title: 'Signals', about: 'what they said, word for word' },
  { kinds: ['conversation'], title: 'Conversations', about: 'what belongs together' },
  { kinds: ['observation'], title: 'Observations', about: 'what it is about' },
  { kinds: ['theme'], title: 'Theme', about: 'the group it belongs to' },
  { kinds: ['insight'], title: 'Insight', about: 'what the evidence says' },
  { kinds: ['card'], title: 'Card', about: 'where it was shown' },
  { kinds: ['proposal'], title: 'Proposal', about: 'what would be done' },
  { kinds: ['decision', 'approval'], title: 'Decision', about: 'who decided' },
  { kinds: ['action'], title: 'Actions', about: 'what was done' },
  { kinds: ['outcome'], title: 'Outcome', about: 'what became of it' },
];

const LONE = {
  not_observed_yet: 'This message has arrived and has not been read yet.',
  noise: 'This message was read as talk that says nothing about the product, and so it is in no theme.',
  no_theme: 'This message has been read and is in no theme yet.',
} as const;

// Room for the lines on the left of the nodes.
const GUTTER_PX = 46;
const RAIL_X = 34;

/** Draws what the visitor asked about, or how to ask. */
export function drawLineage(store: Store, names: Names): void {
  const place = byId('lineage');
  const { traced } = store.looking;
  const content = JSON.stringify([traced, store.lineage, store.looking.everyStep, store.state.messages.length]);
  if (place.dataset.content === content) return;
  place.dataset.content = content;
  if (!traced) {
    fill(
      place,
      h(
        'div',
        { class: 'empty' },
        h('span', { class: 'empty-mark' }, icon('route', 34)),
        h('p', null, 'Where did this come from, and what became of it?'),
        h(
          'p',
          { class: 'hint' },
          'Choose “Show lineage” on a message, an issue or a ticket, and read it here in both directions.',
        ),
      ),
    );
    return;
  }
  const head = h(
    'div',
    { class: 'lineage-head' },
    h('span', { class: 'hint' }, 'Lineage of'),
    h('strong', null, traced.label),
  );
  if (store.lineage === null) fill(place, head, h('p', { class: 'hint pad', role: 'status' }, 'Looking …'));
  else if (typeof store.lineage === 'string')
    fill(place, head, h('p', { class: 'pad', role: 'status' }, store.lineage));
  else {
    const { everyStep } = store.looking;
    head.append(
      h(
        'button',
        {
          type: 'button',
          class: 'link',
          'aria-pressed': String(everyStep),
          onclick: () => void store.look({ everyStep: !everyStep }),
        },
        everyStep ? 'Show the main steps' : 'Show every step',
      ),
    );
    drawGraph(place, head, everyStep ? store.lineage : condense(store.lineage), store, names);
  }
}

function drawGraph(place: HTMLElement, head: HTMLElement, lineage: Lineage, store: Store, names: Names): void {
  const known = new Set(STEPS.flatMap((step) => step.kinds));
  const strange = [...new Set(lineage.nodes.map((node) => node.kind))].filter((kind) => !known.has(kind));
  const steps = [...STEPS, ...strange.map((kind) => ({ kinds: [kind], title: kind, about: '' }))]
    .map((step) => ({ ...step, nodes: lineage.nodes.filter((node) => step.kinds.includes(node.kind)) }))
    .filter((step) => step.nodes.length > 0);
  const cards = new Map<string, HTMLElement>();
  const lines = s('svg', { class: 'lineage-lines', 'aria-hidden': 'true' });
  const body = h(
    'div',
    { class: 'lineage-body' },
    lines,
    ...steps.map((step) =>
      h(
        'section',
        { class: 'lineage-step', 'aria-label': step.title },
        h('h2', null, step.title, h('small', null, step.about)),
        ...step.nodes.map((node) => {
          const card = drawNode(node, node.id === lineage.focus, store, names);
          cards.set(node.id, card);
          return card;
        }),
      ),
    ),
  );
  fill(
    place,
    head,
    lineage.lone && h('p', { class: 'pad lone' }, LONE[lineage.lone]),
    body,
    lineage.hidden ? h('p', { class: 'hint pad' }, `${lineage.hidden} more are not shown.`) : null,
  );
  const near = (id: string) =>
    new Set([
      id,
      ...lineage.edges.flatMap((edge) => (edge.from === id ? [edge.to] : edge.to === id ? [edge.from] : [])),
    ]);
  const light = (id: string | null) => {
    const lit = id === null ? null : near(id);
    for (const [other, card] of cards) card.classList.toggle('dim', lit !== null && !lit.has(other));
    for (const line of lines.children) {
      const edge = line as SVGElement;
      edge.classList.toggle('lit', id !== null && (edge.dataset.from === id || edge.dataset.to === id));
      edge.classList.toggle('dim', id !== null && edge.dataset.from !== id && edge.dataset.to !== id);
    }
  };
  for (const [id, card] of cards) {
    card.addEventListener('mouseenter', () => light(id));
    card.addEventListener('focusin', () => light(id));
    card.addEventListener('mouseleave', () => light(null));
    card.addEventListener('focusout', () => light(null));
  }
  const draw = () => drawLines(lines, body, lineage, cards);
  // Lines follow the cards, whose heights are known once they are laid out and change with the width of the column.
  new ResizeObserver(draw).observe(body);
  draw();
}

function drawNode(node: LineageNode, focus: boolean, store: Store, names: Names): HTMLElement {
  const said = node.kind === 'signal' ? saidIn(node, store, names) : null;
  const who = said?.who ?? (node.who && personName(node.who, store));
  return h(
    'article',
    { class: `node node-${node.kind} ${focus ? 'node-focus' : ''}`, data: { node: node.id, kind: node.kind } },
    h('div', { class: 'node-label' }, said ? `“${clip(said.words)}”` : node.label),
    node.why && h('div', { class: 'node-why' }, node.why),
    h(
      'div',
      { class: 'node-facts' },
      who && h('span', { class: 'node-who' }, who),
      said && h('span', null, node.label),
      node.at &&
        h(
          'time',
          { datetime: node.at, title: dateOf(node.at).toLocaleString() },
          `${shortDay(node.at)}, ${clockTime(node.at)}`,
        ),
      node.url &&
        h(
          'a',
          {
            href: node.url,
            target: '_blank',
            rel: 'noreferrer noopener',
            onclick: (event) => names.follow(node.url!) && event.preventDefault(),
          },
          'Open',
        ),
      !focus &&
        h(
          'button',
          {
            type: 'button',
            class: 'link',
            onclick: () => void store.trace(node.id, said ? clip(said.words) : node.label),
          },
          'Trace',
        ),
    ),
  );
}

// The bot's lineage holds ids and no words of customers; this page has the message itself before it, when this person may see it.
function saidIn(node: LineageNode, store: Store, names: Names): { words: string; who: string } | null {
  const message = store.state.messages.find((one) => one.permalink !== null && one.permalink === node.url);
  if (message) {
    return { words: plainWords(message.text, (id) => `@${names.person(id)}`), who: message.author.name };
  }
  const ticket = /\/tickets\/(\d+)/.exec(node.url ?? '');
  const found = ticket && store.state.tickets.find((one) => String(one.id) === ticket[1]);
  const comment =
    found &&
    (found.comments.find((one) => Math.abs(Date.parse(one.at) - Date.parse(node.at ?? '')) < 2000) ??
      found.comments[0]);
  return comment ? { words: comment.body, who: comment.author } : null;
}

function clip(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160).trimEnd()}…` : text;
}

function shortDay(at: string): string {
  return dateOf(at).toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' });
}

function personName(who: string, store: Store): string {
  return store.person(who.replace(/^<@|>$/g, ''))?.name ?? who;
}

function drawLines(lines: SVGElement, body: HTMLElement, lineage: Lineage, cards: Map<string, HTMLElement>): void {
  const box = body.getBoundingClientRect();
  lines.replaceChildren();
  lines.setAttribute('width', String(GUTTER_PX));
  lines.setAttribute('height', String(body.scrollHeight));
  const heightOf = (id: string) => {
    const card = cards.get(id);
    return card ? card.getBoundingClientRect().top - box.top + 20 : null;
  };
  for (const edge of lineage.edges) {
    const from = heightOf(edge.from);
    const to = heightOf(edge.to);
    if (from === null || to === null) continue;
    // The further two nodes are apart, the further out their line runs, so that lines lie beside each other.
    const out = Math.max(4, RAIL_X - 6 - Math.min(24, Math.abs(to - from) / 14));
    const path = s(
      'path',
      { d: `M${RAIL_X} ${from} C${out} ${from} ${out} ${to} ${RAIL_X} ${to}`, data: { from: edge.from, to: edge.to } },
      s('title', null, edge.relation),
    );
    lines.append(path);
  }
  for (const [id, card] of cards) {
    lines.append(
      s('circle', {
        cx: RAIL_X,
        cy: heightOf(id)!,
        r: card.classList.contains('node-focus') ? 6 : 4.5,
        class: card.classList.contains('node-focus') ? 'focus' : null,
        data: { from: id, to: id },
      }),
    );
  }
}

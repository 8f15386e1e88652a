// The few lines that stand in for a framework: elements from descriptions, and lists that change without losing focus or scroll.
// Text always goes in as text nodes. Nothing here, and nothing that uses it, can turn what somebody typed into HTML.

export type Child = Node | string | number | null | undefined | false | Child[];
type Handler = (event: Event) => void;
export type Props = Record<string, string | number | boolean | null | undefined | Handler | Record<string, string>>;

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an HTML element. `on…` properties are listeners, `data` is the dataset, false and null leave an attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props | null = null,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  apply(element, props);
  append(element, children);
  return element;
}

/** Makes an SVG element. */
export function s(tag: string, props: Props | null = null, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag) as SVGElement;
  apply(element, props);
  append(element, children);
  return element;
}

function apply(element: Element, props: Props | null): void {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (typeof value === 'object') Object.assign((element as HTMLElement).dataset, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child === null || child === undefined || child === false) continue;
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces everything inside an element. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

/** The element with this id; the page is ours, so a missing one is a mistake of ours. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found as T;
}

// What each element of a list showed last, so that an unchanged one is left alone with its focus, selection and half-typed text.
const shown = new WeakMap<Element, string>();

/** Makes the children of `parent` show `items`: keyed, in order, and only those redrawn whose content has changed. */
export function reconcile<Item>(
  parent: Element,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  render: (item: Item) => HTMLElement,
  contentOf: (item: Item) => string = (item) => JSON.stringify(item),
): void {
  const existing = new Map([...parent.children].map((child) => [(child as HTMLElement).dataset.key ?? '', child]));
  let place: ChildNode | null = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const content = contentOf(item);
    const old = existing.get(key);
    existing.delete(key);
    if (old && shown.get(old) === content) {
      if (old === place) place = old.nextSibling;
      else parent.insertBefore(old, place);
      continue;
    }
    const fresh = render(item);
    fresh.dataset.key = key;
    shown.set(fresh, content);
    const focus = old ? focusPath(old) : null;
    if (old === place && old) place = old.nextSibling;
    parent.insertBefore(fresh, place);
    old?.remove();
    if (focus !== null) (fresh.querySelectorAll<HTMLElement>(FOCUSABLE)[focus] ?? fresh).focus();
  }
  for (const left of existing.values()) left.remove();
}

const FOCUSABLE = 'a[href], button, input, select, textarea, [tabindex]';

// Where the keyboard was inside an element that is about to be replaced, so that it can go on from there.
function focusPath(element: Element): number | null {
  const active = document.activeElement;
  if (!active || !element.contains(active)) return null;
  const index = [...element.querySelectorAll(FOCUSABLE)].indexOf(active);
  return index === -1 ? null : index;
}

// Line drawings on a 20 by 20 grid, stroked with the colour of the text around them.
const ICONS: Record<string, string> = {
  hash: 'M7.5 3 6 17 M14 3l-1.5 14 M3.5 7.5h14 M2.5 12.5h14',
  lock: 'M5 9h10v8H5z M7 9V6.5a3 3 0 0 1 6 0V9',
  link: 'M8.5 11.5l3-3 M9 6.5l1.8-1.8a3.2 3.2 0 0 1 4.5 4.5L13.5 11 M11 13.5l-1.8 1.8a3.2 3.2 0 0 1-4.5-4.5L6.5 9',
  reply: 'M3 5.5h14v8.5H9L5.5 17v-3H3z',
  smile: 'M10 2.5a7.5 7.5 0 1 1 0 15a7.5 7.5 0 0 1 0-15z M7 12c1.5 2.2 4.5 2.2 6 0 M7.5 7.8v.4 M12.5 7.8v.4',
  more: 'M4.7 10a.3.3 0 1 0 .6 0a.3.3 0 1 0-.6 0 M9.7 10a.3.3 0 1 0 .6 0a.3.3 0 1 0-.6 0 M14.7 10a.3.3 0 1 0 .6 0a.3.3 0 1 0-.6 0',
  close: 'M5 5l10 10 M15 5L5 15',
  check: 'M4 10.5l4 4L16 6',
  send: 'M3 10l14-6-5 13-2.5-5z M9.5 12 17 4',
  route: 'M5 4.5a1.5 1.5 0 1 0 .01 0 M15 15.5a1.5 1.5 0 1 0 .01 0 M5 7.5c0 6 10 1 10 6',
  eye: 'M2.5 10c3.5-6 11.5-6 15 0c-3.5 6-11.5 6-15 0z M10 8a2 2 0 1 0 .01 0',
  sun: 'M10 7a3 3 0 1 0 .01 0 M10 2v2 M10 16v2 M2 10h2 M16 10h2 M4.5 4.5l1.4 1.4 M14.1 14.1l1.4 1.4 M4.5 15.5l1.4-1.4 M14.1 5.9l1.4-1.4',
  home: 'M3 9.5 10 3.5l7 6 M5 8.5V16.5h10V8.5',
  bolt: 'M11 2.5 4.5 11.5H10l-1 6 6.5-9H10z',
  pulse: 'M2 10h4l2-5 4 10 2-5h4',
  ticket: 'M3 6h14v3a1.5 1.5 0 0 0 0 3v3H3v-3a1.5 1.5 0 0 0 0-3z M11.5 6v9',
  issue: 'M10 3a7 7 0 1 0 .01 0 M7 10.2l2.2 2.2L13.2 8',
  chevron: 'M6 8l4 4 4-4',
  plus: 'M10 4v12 M4 10h12',
  external: 'M8 5H4.5v10.5H15V12 M11 4.5h4.5V9 M15.5 4.5 9 11',
  pencil: 'M4 16l.8-3.5L13.5 3.8l2.7 2.7L7.5 15.2z',
  trash: 'M4 6h12 M8 6V4h4v2 M6 6l.7 10.5h6.6L14 6',
};

/** A small drawing beside words; hidden from screen readers, because the words say it. */
export function icon(name: string, size = 18): SVGElement {
  return s(
    'svg',
    { class: 'icon', viewBox: '0 0 20 20', width: size, height: size, 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: ICONS[name] ?? ICONS.more! }),
  );
}

/** The time of day of an ISO time or a Slack ts, as the visitor's own clock shows it. */
export function clockTime(at: string): string {
  return dateOf(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** A day in words that is short and cannot be misread. */
export function dayName(at: string): string {
  return dateOf(at).toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });
}

/** A Date of an ISO time or a Slack ts. */
export function dateOf(at: string): Date {
  return new Date(/^\d+(\.\d+)?$/.test(at) ? Number(at) * 1000 : at);
}

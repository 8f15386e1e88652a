// How a person looks: initials on a colour that is theirs. Drawn here, so that the page needs no picture from anywhere.
import type { PagePerson } from '../model.ts';
import { h, s } from './dom.ts';

// Hues that keep white letters readable at the lightness that the style sheet gives them.
const HUES = [8, 28, 145, 168, 190, 206, 224, 250, 276, 302, 330, 350];

/** A person's picture: initials, or the app's own mark for the bot. */
export function avatar(
  person: Pick<PagePerson, 'name' | 'side'> | undefined,
  size: 'small' | 'normal' = 'normal',
): HTMLElement {
  const name = person?.name ?? '?';
  if (person?.side === 'bot')
    return h('span', { class: `avatar avatar-bot avatar-${size}`, 'aria-hidden': 'true' }, mark());
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join('');
  const sum = [...name].reduce((total, char) => total + char.codePointAt(0)!, 0);
  const element = h('span', { class: `avatar avatar-${size}`, 'aria-hidden': 'true' }, initials);
  element.style.setProperty('--hue', String(HUES[sum % HUES.length]));
  return element;
}

/** The mark of the product: three reports that run together into one line. */
export function mark(): SVGElement {
  return s(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: 'M5 7c9 0 8 9 13 9 M5 25c9 0 8-9 13-9 M5 16h22' }),
    s('circle', { cx: 5, cy: 7, r: 2.2 }),
    s('circle', { cx: 5, cy: 16, r: 2.2 }),
    s('circle', { cx: 5, cy: 25, r: 2.2 }),
    s('circle', { cx: 27, cy: 16, r: 3 }),
  );
}

/** Who somebody is, in the few words beside a name. */
export function roleOf(person: PagePerson): string {
  if (person.side === 'customer') return person.company ?? 'Customer';
  return person.side === 'bot' ? 'App' : person.title;
}

import { describe, expect, it } from 'vitest';
import { createThemeIndex } from '#agents/theme/index.ts';
import { redactText } from '#src/domain/redaction.ts';
import { embedText, encodeVector } from '#src/domain/vector.ts';

const vectorOf = (text: string) => encodeVector(embedText(redactText(text)));

// What three people write about one matter, in their own words. Between the groups nothing is shared but the way people complain.
const MATTERS = [
  [
    'CSV export fails with error 500',
    'exporting to csv is broken since this morning',
    "I can't export the report as CSV, it just errors",
  ],
  [
    'how do I change my password',
    'Where can I change my password please?',
    'need to change the password of my account, how?',
  ],
  [
    'invoice shows wrong VAT',
    'The VAT on our last invoice is wrong',
    'VAT rate on the invoice is incorrect, can you fix the invoice?',
  ],
  [
    'Login with Google keeps looping',
    'google login sends me back to the login page again and again',
    "can't log in with google, endless redirect to login",
  ],
  ['Please add dark mode', 'Would love a dark mode, my eyes hurt at night', 'any plans for dark mode in the app?'],
  [
    'The mobile app crashes when I open the camera',
    'app crash on camera open, iPhone 14',
    'camera crashes the app every time I tap it',
  ],
  [
    'Webhooks arrive twice',
    'we receive every webhook twice since yesterday',
    'duplicate webhook deliveries, each webhook comes two times',
  ],
  [
    'search returns nothing for German umlauts',
    'Search does not find words with umlauts',
    'umlauts in search: no results at all',
  ],
  [
    'dashboard is extremely slow',
    'The dashboard takes a minute to load',
    'why is the dashboard so slow today, loading forever',
  ],
  [
    'no slack notifications since the update',
    'Slack notifications stopped arriving',
    'we do not get notifications in Slack any more',
  ],
  [
    'PDF attachments do not open',
    'attachments in PDF format cannot be opened',
    'opening a pdf attachment gives a blank page',
  ],
  [
    'Time zone of scheduled reports is wrong',
    'scheduled report comes at the wrong time, time zone problem',
    'the time zone of my scheduled reports is off by an hour',
  ],
  [
    'Zapier integration disconnected by itself',
    'our zapier connection drops every day',
    'Zapier keeps disconnecting, have to reconnect zapier daily',
  ],
  [
    'Calendar sync with Outlook is not working',
    'outlook calendar events are not synced',
    'My Outlook calendar stopped syncing on Monday',
  ],
  [
    'translation into French is missing on the settings page',
    'Settings page not translated to French',
    'the french translation of settings is incomplete',
  ],
  [
    'Die Rechnung hat die falsche Adresse',
    'falsche Adresse auf der Rechnung',
    'auf unserer Rechnung steht eine falsche Adresse',
  ],
];

/** Files texts one after another, each under the theme it is given or a new one. */
function fileAll(texts: readonly string[]): string[] {
  const index = createThemeIndex();
  return texts.map((text, at) => {
    const vector = vectorOf(text);
    const themeId = index.assign(vector).themeId ?? `theme-${at}`;
    index.add(`observation-${at}`, themeId, vector);
    return themeId;
  });
}

// Any order will do, as long as it is the same each time: steps that share no factor with the number of texts visit each of them once.
function ordered<T>(items: readonly T[], step: number): T[] {
  return items.map((_, at) => items[(at * step + step) % items.length]!);
}

describe('in a workspace that has seen nothing yet', () => {
  const texts = MATTERS.flatMap((matter, at) => matter.map((text) => ({ text, matter: at })));

  it.each([1, 5, 7, 11, 13, 17, 19, 23, 25])(
    'joins what people say about one matter in their own words, and nothing else (order %i)',
    (step) => {
      const order = ordered(texts, step);
      const themes = fileAll(order.map(({ text }) => text));
      const mattersOf = new Map<string, Set<number>>();
      const themesOf = new Map<number, Set<string>>();
      order.forEach(({ matter }, at) => {
        mattersOf.set(themes[at]!, (mattersOf.get(themes[at]!) ?? new Set()).add(matter));
        themesOf.set(matter, (themesOf.get(matter) ?? new Set()).add(themes[at]!));
      });
      expect([...mattersOf.values()].filter((matters) => matters.size > 1)).toEqual([]);
      expect([...themesOf].filter(([, split]) => split.size > 1).map(([matter]) => MATTERS[matter])).toEqual([]);
    },
  );

  it('joins a first complaint, and keeps unrelated ones apart', () => {
    const [a, b, c, password, invoice] = fileAll([...MATTERS[0]!, MATTERS[1]![0]!, MATTERS[2]![0]!]);
    expect([b, c]).toEqual([a, a]);
    expect(new Set([a, password, invoice]).size).toBe(3);
  });

  it('does not join texts that share only the way people ask for help', () => {
    const themes = fileAll([
      "hello, I can't open the calendar, please help",
      "hello, I can't find my invoices, please help",
      "hello, I can't upload a photo, please help",
      'the map is broken since this morning',
      'printing is broken since this morning',
    ]);
    expect(new Set(themes).size).toBe(5);
  });
});

it('answers no theme and no neighbours when it is empty or the text is', () => {
  const index = createThemeIndex();
  expect(index.assign(vectorOf('CSV export fails'))).toEqual({ themeId: null, score: 0, neighbours: [] });
  index.add('a', 't', vectorOf('CSV export fails'));
  expect(index.assign(vectorOf('')).themeId).toBeNull();
});

it('names the nearest first, with the theme they are in now', () => {
  const index = createThemeIndex();
  index.add('a', 'export', vectorOf('CSV export fails'));
  index.add('b', 'export', vectorOf('the CSV export of reports fails'));
  index.add('c', 'other', vectorOf('invoice shows wrong VAT'));
  const asked = vectorOf('CSV export fails again');
  const before = index.assign(asked);
  expect(before.themeId).toBe('export');
  expect(before.neighbours.slice(0, 2).map(({ observationId }) => observationId)).toEqual(['a', 'b']);
  expect(index.move('a', 'split-off')).toBe(true);
  expect(index.move('b', 'split-off')).toBe(true);
  expect(index.assign(asked).themeId).toBe('split-off');
  expect(index.remove('a')).toBe(true);
  expect(index.remove('b')).toBe(true);
  expect(index.assign(asked).themeId).toBeNull();
  expect([index.remove('a'), index.move('a', 'x'), index.size]).toEqual([false, false, 1]);
});

it('replaces an observation that is added again', () => {
  const index = createThemeIndex();
  index.add('a', 't1', vectorOf('CSV export fails'));
  index.add('a', 't2', vectorOf('invoice shows wrong VAT'));
  expect(index.size).toBe(1);
  expect(index.assign(vectorOf('CSV export fails')).themeId).toBeNull();
  expect(index.assign(vectorOf('invoice shows wrong VAT')).themeId).toBe('t2');
});

it('forgets the oldest when the window is full', () => {
  const index = createThemeIndex({ windowSize: 2 });
  index.add('a', 'export', vectorOf('CSV export fails'));
  index.add('b', 'vat', vectorOf('invoice shows wrong VAT'));
  index.add('c', 'camera', vectorOf('camera crashes the app'));
  expect(index.size).toBe(2);
  expect(index.assign(vectorOf('CSV export fails')).themeId).toBeNull();
  expect(index.assign(vectorOf('invoice shows wrong VAT')).themeId).toBe('vat');
});

it('says how alike the reports of a theme are', () => {
  const index = createThemeIndex();
  index.add('a', 't', vectorOf('CSV export fails'));
  expect([index.tightness('t'), index.tightness('unknown')]).toEqual([1, 0]);
  index.add('b', 't', vectorOf('the CSV export of reports fails'));
  const close = index.tightness('t');
  index.add('c', 't', vectorOf('invoice shows wrong VAT'));
  expect(close).toBeGreaterThan(index.tightness('t'));
  index.clear();
  expect([index.size, index.tightness('t')]).toEqual([0, 0]);
});

it('gives equal answers for equal histories', () => {
  const texts = ordered(MATTERS.flat(), 7);
  expect(fileAll(texts)).toEqual(fileAll(texts));
});

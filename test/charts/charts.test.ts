// Charts: a picture of the right size from any numbers and any words, drawn by a process that comes and goes.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createCharts } from '#src/charts/charts.ts';
import { fitted, printable } from '#src/charts/letters.ts';
import { renderChart } from '#src/charts/render.ts';
import type { Chart } from '#src/domain/chart.ts';
import { quietLog } from '#test/support/quiet.ts';

const charts = createCharts({ log: quietLog });
afterAll(() => charts.close());

const chart: Chart = {
  title: '60 reports in the last 7 days',
  subtitle: ['15 to 22 Nov 2026'],
  unit: 'reports per day',
  labels: ['16 Nov', '17 Nov', '18 Nov', '19 Nov', '20 Nov', '21 Nov', '22 Nov'],
  now: [4, 5, 6, 7, 8, 9, 21],
  before: [4, 3, 4, 5, 5, 4, 6],
  beforeName: '7 days before',
  panelsTitle: 'Top themes',
  panels: [
    { title: 'CSV export fails', note: '12 (was 3)', now: [0, 1, 1, 2, 2, 3, 3], before: [0, 0, 0, 1, 1, 1, 0] },
  ],
  locale: 'en-GB',
};

/** Width and height as the file itself says. */
function sizeOf(png: Buffer): [number, number] {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe('a chart', () => {
  it('is a PNG of double density that is as wide as a message', async () => {
    const { png, width, height } = await charts.draw(chart);
    expect(sizeOf(png)).toEqual([width * 2, height * 2]);
    expect(width).toBeGreaterThan(600);
    expect(width).toBeLessThan(1_000);
    expect(png.length).toBeLessThan(1_000_000);
  });

  it('is drawn by a process of its own again after that was ended, and many at once', async () => {
    const short = createCharts({ log: quietLog, idleMs: 0 });
    for (let round = 0; round < 2; round++) {
      const pictures = await Promise.all([short.draw(chart), short.draw({ ...chart, before: null })]);
      expect(pictures.map(({ png }) => sizeOf(png)[0] > 0)).toEqual([true, true]);
    }
    await short.close();
    await short.close();
  });

  it('says why when it cannot be drawn, and draws the next one', async () => {
    const broken = { ...chart, now: null } as unknown as Chart;
    await expect(charts.draw(broken)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await charts.draw(chart)).png.length).toBeGreaterThan(1_000);
  });

  it('takes any words and any numbers', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 120 }),
      fc.string({ unit: 'grapheme', maxLength: 120 }),
      fc.constantFrom(
        '</text><script>alert(1)</script>',
        '&amp;&#0;\u0000\u202e',
        '日本語のタイトル',
        "'+datum.constructor+'",
        'valueOf',
        '__proto__',
        '😀',
      ),
    );
    const numbers = (length: number) => fc.array(fc.nat({ max: 100_000 }), { minLength: length, maxLength: length });
    const any = fc.integer({ min: 1, max: 31 }).chain((length) =>
      fc.record({
        title: text,
        subtitle: fc.array(text, { maxLength: 2 }),
        unit: text,
        labels: fc.array(text, { minLength: length, maxLength: length }),
        now: numbers(length),
        before: fc.option(numbers(length)),
        beforeName: text,
        panelsTitle: text,
        panels: fc.array(
          fc.record({ title: text, note: text, now: numbers(length), before: fc.option(numbers(length)) }),
          { maxLength: 7 },
        ),
        locale: fc.constantFrom('en-GB', 'de-DE', 'fr-FR', 'ja-JP', 'en-IN'),
      }),
    );
    await fc.assert(
      fc.asyncProperty(any, async (one) => {
        const [width, height] = sizeOf((await renderChart(one)).png);
        expect(width).toBeLessThan(2_400);
        expect(height).toBeLessThan(1_600);
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

describe('words in a chart', () => {
  it('leave out what the font does not have, and say nothing when that is most of it', () => {
    expect(printable('Zahlung läuft ab: Ελλάδα, Москва, 5 €')).toBe('Zahlung läuft ab: Ελλάδα, Москва, 5 €');
    expect(printable('Export 😀 fails\u202e\u0000')).toBe('Export fails');
    expect(printable('日本語のタイトル CSV')).toBe('');
  });

  it('are cut where they would be too wide', () => {
    const cut = fitted('Invoice PDF shows the wrong VAT for customers in Switzerland', 200, 12);
    expect(cut).toMatch(/^Invoice PDF shows.*…$/);
    expect(cut.length).toBeLessThan(36);
    expect(fitted('short', 200, 12)).toBe('short');
  });
});

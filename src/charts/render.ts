// Render: a chart as PNG. Runs in a process of its own (see charts.ts), so that neither its libraries nor its work burden the bot.
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import type { Chart, Picture } from '#src/domain/chart.ts';
import { FONT, specOf } from './spec.ts';

// Slack shows pictures on screens of double density.
const DENSITY = 2;
const FONT_FILES = [
  '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf',
  '@expo-google-fonts/inter/500Medium/Inter_500Medium.ttf',
  '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf',
];

/** What goes to the process and comes back. */
export interface Order {
  id: number;
  chart: Chart;
}
export type Delivered = { id: number; png: Uint8Array; width: number; height: number } | { id: number; error: string };

/** Draws a chart here and now. */
export async function renderChart(chart: Chart): Promise<Picture> {
  const view = new View(parse(compile(specOf(chart)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: DENSITY },
    // The machine may have no fonts, or others: the picture must look the same everywhere.
    font: {
      loadSystemFonts: false,
      fontFiles: FONT_FILES.map((file) => fileURLToPath(import.meta.resolve(file))),
      defaultFontFamily: FONT,
    },
  }).render();
  return { png: image.asPng(), width: Math.round(image.width / DENSITY), height: Math.round(image.height / DENSITY) };
}

/** Answers the orders that come to this process. */
export function serve(): void {
  const answer = (delivered: Delivered) => process.send?.(delivered);
  process.on('message', ({ id, chart }: Order) => {
    renderChart(chart).then(
      ({ png, width, height }) => answer({ id, png, width, height }),
      (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

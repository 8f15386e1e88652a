// Render: a chart as PNG. Runs in a process of its own (see charts.ts), so that neither its libraries nor its work burden the bot.
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { Error as ERRORS_ONLY, logger, parse, View } from 'vega';
import { compile } from 'vega-lite';
import type { Chart, Picture } from '#src/domain/chart.ts';
import { AppError } from '#src/domain/errors.ts';
import { FONT, specOf } from './spec.ts';

// Slack shows pictures on screens of double density.
const DENSITY = 2;

/** What goes to the process and comes back. */
export interface Order {
  id: number;
  chart: Chart;
}
export type Delivered = { id: number; png: Uint8Array; width: number; height: number } | { id: number; error: string };

/** Draws a chart here and now. */
export async function renderChart(chart: Chart): Promise<Picture> {
  // Vega tells what it could not draw, and draws the rest: half a picture is none.
  const failures: string[] = [];
  const log = logger(ERRORS_ONLY);
  log.error = (...parts) => {
    failures.push(parts.map(String).join(' '));
    return log;
  };
  const view = new View(parse(compile(specOf(chart)).spec), { renderer: 'none', logger: log });
  const svg = await view.toSVG();
  view.finalize();
  if (failures.length > 0) throw new AppError('bug', failures.join('; '));
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: DENSITY },
    // The machine may have no fonts, or others: the picture must look the same everywhere.
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: FONT,
    },
  }).render();
  return { png: image.asPng(), width: Math.round(image.width / DENSITY), height: Math.round(image.height / DENSITY) };
}

function fontFiles(): string[] {
  return [
    import.meta.resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf'),
    import.meta.resolve('@expo-google-fonts/inter/500Medium/Inter_500Medium.ttf'),
    import.meta.resolve('@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf'),
  ].map((url) => fileURLToPath(url));
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

// Chart: what a picture of numbers shows, as data. Whoever asks for one brings every word; src/charts draws it.

/** Columns of a present, beside those of a past. */
export interface ChartSeries {
  now: readonly number[];
  /** In the same places, the time before; null when nobody compares. */
  before: readonly number[] | null;
}

/** A small chart below the large one. */
export interface ChartPanel extends ChartSeries {
  title: string;
  /** The number that stands at its end, such as the sum. */
  note: string;
}

export interface Chart extends ChartSeries {
  title: string;
  /** Up to two lines below the title. */
  subtitle: readonly string[];
  /** What the columns count, for the axis: `reports per day`. */
  unit: string;
  /** One per column. */
  labels: readonly string[];
  /** What the line of the time before is called, beside it. */
  beforeName: string;
  /** Above the small charts, which share one scale. */
  panelsTitle: string;
  /** At most six. */
  panels: readonly ChartPanel[];
  /** BCP 47: how numbers on the axis are written. */
  locale: string;
}

/** A picture: PNG at double density, with its size in Slack's points. */
export interface Picture {
  png: Buffer;
  width: number;
  height: number;
}

/** Draws charts. Rejects with AppError('timeout' | 'unavailable') when it cannot; numbers in words are never lost with it. */
export interface Draughtsman {
  draw(chart: Chart): Promise<Picture>;
}

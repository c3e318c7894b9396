/**
 * A label of an axis as a reader finds it in an SVG: its text and where its tick stands, in pixels from the
 * top left of the plot.
 */
export interface DrawnLabel {
  readonly text: string;
  readonly at: number;
}

/** Vega sets the letters of a y-axis so many pixels below their tick, which centres them on it. */
const BASELINE = 4;

/** Labels of one axis of a figure with one panel and no legend beside it, read off its markup. */
export function drawnLabels(svg: string, channel: 'x' | 'y'): DrawnLabel[] {
  const labels = [...svg.matchAll(/<g class="mark-text role-axis-label"[^>]*>(.*?)<\/g>/g)].map(
    ([, group]) => group as string,
  );
  return [...(labels[channel === 'x' ? 0 : 1] ?? '').matchAll(/translate\(([^,]+),([^)]+)\)[^>]*>([^<]*)</g)]
    .map(([, x, y, text]) => ({
      text: text as string,
      at: channel === 'x' ? Number(x) : Number(y) - BASELINE,
    }))
    .filter(({ text }) => text !== '');
}

/** Points of the first line mark with this colour, in pixels from the top left of the plot [n][2]. */
export function drawnLine(svg: string, colour: string): number[][] {
  const path = new RegExp(`<path d="([^"]*)" stroke="${colour}"`).exec(svg)?.[1] ?? '';
  return path.split(/(?=[ML])/).map((command) => command.slice(1).split(',').map(Number));
}

/** The number that a label says. */
export function saidNumber(label: string): number {
  const [mantissa, power] = label.replaceAll('−', '-').split(/×?10(?=[⁰¹²³⁴-⁹⁻])/) as [string, string?];
  if (power === undefined) return Number(mantissa);
  const digits = [...power].map((character) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(character)).map((d) => (d < 0 ? '-' : d));
  return Number(`${mantissa === '' ? 1 : mantissa}e${digits.join('')}`);
}

/** All numbers in the attributes that place something in a drawing; NaN for a word that is no number. */
export function coordinates(svg: string): number[] {
  return [...svg.matchAll(/ (?:d|x|y|x1|x2|y1|y2|width|height|transform|viewBox)="([^"]*)"/g)].flatMap(
    ([, text]) =>
      [...(text as string).matchAll(/NaN|-?Infinity|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|null|undefined/g)].map(
        Number,
      ),
  );
}

import { drawnFraction } from './axis.js';
import { rangeOf, type CurveRange } from './curve-axes.js';
import {
  byFinalValue,
  finalMean,
  lastFiniteIndex,
  stepsOf,
  type CurveSeries,
  type CurveSet,
} from './curve-set.js';
import { placeLabels } from './label-placement.js';
import { escapeMarkup } from './markup.js';
import { formatNumber, type Notation } from './number-format.js';
import type { LineStyle } from './line-style.js';
import { INK, MARGIN, sideMargins } from './panel-spec.js';
import type { Panel, PanelSize } from './panel.js';
import { estimatedTextWidth } from './text-width.js';

/** One line of a legend: a sample of the line, its name and what it reached. */
export interface LegendEntry {
  readonly name: string;
  readonly style: LineStyle;
  /** Empty in legends that several panels share. */
  readonly value: string;
}

const FONT_SIZE = 12.5;
const ROW = 19;
const SAMPLE = 28;
const PADDING = 14;

/** Entries of one set of curves, best final value first. */
export function legendEntries(
  curves: CurveSet,
  styles: ReadonlyMap<string, LineStyle>,
  range: CurveRange = rangeOf(curves),
): LegendEntry[] {
  return byFinalValue(curves.series).map((series) => ({
    name: series.optimizer,
    style: styles.get(series.optimizer) as LineStyle,
    value: finalText(series, curves.xLabel, range),
  }));
}

/**
 * What a curve reached: its final value, with an arrow where that lies outside the figure, or the step of its
 * last finite value. ASCII notation has `^`, `v` and `x` for the arrows and the cross.
 */
export function finalText(
  series: CurveSeries,
  xLabel: string,
  range: CurveRange,
  notation: Notation = 'superscript',
): string {
  const [up, down, cross] = notation === 'superscript' ? ['↑', '↓', '×'] : ['^', 'v', 'x'];
  const final = finalMean(series);
  const last = lastFiniteIndex(series.mean);
  if (last < 0) return 'no finite value';
  if (Number.isNaN(final)) return `${cross} ${xLabel} ${stepsOf(series)[last]}`;
  const arrow = final > range.high ? `${up} ` : final < range.low ? `${down} ` : '';
  return `${arrow}${formatNumber(final, 3, notation)}`;
}

/** Entries that several sets share, best mean rank first, without values. */
export function sharedLegendEntries(
  sets: readonly CurveSet[],
  styles: ReadonlyMap<string, LineStyle>,
): LegendEntry[] {
  const ranks = new Map<string, number[]>();
  for (const set of sets) {
    byFinalValue(set.series).forEach(({ optimizer }, rank) =>
      ranks.set(optimizer, [...(ranks.get(optimizer) ?? []), rank]),
    );
  }
  const meanRank = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return [...ranks]
    .sort(([, a], [, b]) => meanRank(a) - meanRank(b))
    .map(([name]) => ({ name, style: styles.get(name) as LineStyle, value: '' }));
}

function entryWidth({ name, value }: LegendEntry): number {
  return SAMPLE + 8 + estimatedTextWidth(value === '' ? name : `${name}  ${value}`, FONT_SIZE) + 8;
}

function entrySvg({ name, style, value }: LegendEntry, x: number, y: number): string {
  const dash = style.dash.length === 0 ? '' : ` stroke-dasharray="${style.dash.join(',')}"`;
  const weight = style.width >= 3 ? ' font-weight="bold"' : '';
  const after =
    value === ''
      ? ''
      : `<tspan dx="7" fill="${INK.muted}" font-weight="normal">${escapeMarkup(value)}</tspan>`;
  return (
    `<line x1="${fixed(x)}" y1="${fixed(y)}" x2="${fixed(x + SAMPLE)}" y2="${fixed(y)}"` +
    ` stroke="${style.colour}" stroke-width="${style.width}"${dash}/>` +
    `<text x="${fixed(x + SAMPLE + 8)}" y="${fixed(y + 4.3)}" font-size="${FONT_SIZE}" fill="${INK.text}"${weight}>` +
    `${escapeMarkup(name)}${after}</text>`
  );
}

/** Two decimals of a pixel, without trailing zeros. */
export function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}

/**
 * Width that labels beside the panel need, or undefined where they do not fit: too many for the height or too
 * wide for the figure.
 */
export function directLabelWidth(
  entries: readonly LegendEntry[],
  figureWidth: number,
  panelHeight: number,
): number | undefined {
  const width = 16 + entries.reduce((widest, entry) => Math.max(widest, entryWidth(entry)), 0);
  const fits =
    entries.length * ROW <= panelHeight - MARGIN.top - MARGIN.bottom && width <= 0.36 * figureWidth;
  return fits ? Math.ceil(width) : undefined;
}

/**
 * Labels at the right of the panel, each at the height where its curve ends or as near as the others allow,
 * tied to it by a thin leader. Curves that left at the top or ended early have their label at the top.
 */
export function directLabels(entries: readonly LegendEntry[], panel: Panel, size: PanelSize): string {
  const height = size.height - MARGIN.top - MARGIN.bottom;
  const right = size.width - sideMargins(panel).right;
  // Top of the panel first.
  const ordered = entries.toReversed().map((entry) => {
    const line = panel.lines.find(({ name }) => name === entry.name);
    const fraction = drawnFraction(panel.y, line?.y.at(-1) ?? NaN);
    const ended = Number.isNaN(fraction);
    return { entry, ended, y: MARGIN.top + height * (1 - (ended ? 1 : Math.max(0, Math.min(1, fraction)))) };
  });
  const places = placeLabels(
    ordered.map(({ y }) => y),
    ROW,
    MARGIN.top,
    MARGIN.top + height,
  );
  return ordered
    .map(({ entry, ended, y }, i) => {
      const place = places[i] as number;
      const leader = ended
        ? ''
        : `<line x1="${fixed(right + 1)}" y1="${fixed(y)}" x2="${fixed(right + 13)}" y2="${fixed(place)}"` +
          ` stroke="${entry.style.colour}" stroke-width="1" opacity="0.6"/>`;
      return leader + entrySvg(entry, right + 16, place);
    })
    .join('');
}

/** A legend below the figure: one row if it fits, else columns of equal width. */
export function legendBelow(
  entries: readonly LegendEntry[],
  left: number,
  width: number,
): { svg: string; height: number } {
  const widths = entries.map((entry) => entryWidth(entry) + PADDING);
  const widest = widths.reduce((a, b) => Math.max(a, b), 0);
  const inOneRow = widths.reduce((a, b) => a + b, 0) <= width;
  const rows = inOneRow ? 1 : Math.ceil(entries.length / Math.max(1, Math.floor(width / widest)));
  let next = left;
  const svg = entries.map((entry, i) => {
    // Down the columns, so that the order reads as one list.
    const x = inOneRow ? next : left + Math.floor(i / rows) * widest;
    next += widths[i] as number;
    return entrySvg(entry, x, (i % rows) * ROW + ROW / 2);
  });
  return { svg: svg.join(''), height: rows * ROW + 6 };
}

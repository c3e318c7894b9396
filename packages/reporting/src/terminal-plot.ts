import * as z from 'zod/mini';
import { bold, coloured } from './ansi.js';
import { axisFraction, type Axis, type Tick } from './axis.js';
import { rangeOf, stepAxis, valueAxis } from './curve-axes.js';
import {
  byFinalValue,
  curveSetSchema,
  finalMean,
  lastFiniteIndex,
  stepsOf,
  type CurveSeries,
  type CurveSet,
  type CurveSetInput,
} from './curve-set.js';
import { brailleCharacter, dotCanvas, drawLine, type DotCanvas } from './dot-canvas.js';
import { placeLabels } from './label-placement.js';
import { finalText } from './legend.js';
import { oneLine } from './markup.js';
import { optimizerStyles } from './optimizer-style.js';
import { brokenLines, terminalColumns } from './terminal-columns.js';
import { fitted, terminalWidth } from './text-width.js';
import { parseRecord } from './validate.js';

/** Schema of {@link TerminalPlotOptions}. */
export const terminalPlotOptionsSchema = z.object({
  /**
   * Columns of the whole plot; 0 is a terminal that does not know. Below 30 the names and values come without
   * a drawing.
   */
  width: terminalColumns,
  /** Rows from the title to the name of the x-axis; a legend that does not fit beside the plot comes below them. */
  height: z._default(z.int().check(z.minimum(8), z.maximum(400)), 22),
  /** ANSI colours; without them every curve carries its letter. */
  colour: z._default(z.boolean(), false),
  /** Nothing but ASCII: a curve is drawn in its letter. */
  ascii: z._default(z.boolean(), false),
});
export type TerminalPlotOptions = z.input<typeof terminalPlotOptionsSchema>;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A curve with what identifies it in the terminal. */
interface Entry {
  readonly series: CurveSeries;
  readonly letter: string;
  readonly ansi: number;
  readonly name: string;
  /** What it reached. */
  readonly value: string;
}

/** The least a drawing takes in columns, axis included, and what is left of them for the curves. */
const NARROWEST = { plot: 30, canvas: 8 } as const;

/**
 * Curves as text: Braille dots (or ASCII letters) on the same axes as {@link curveFigure}, labels at the
 * right where the curves end, best final value at the bottom. Lines are not padded at their right ends. Where
 * there is no room for a drawing, a list of what each reached.
 *
 * @throws UserError if the curves or the options break a rule of their schema.
 */
export function terminalPlot(curveSet: CurveSetInput, options: TerminalPlotOptions = {}): string {
  const curves = parseRecord('terminalPlot', 'set of curves', curveSetSchema, curveSet);
  const { width, height, colour, ascii } = parseRecord(
    'terminalPlot',
    'options object',
    terminalPlotOptionsSchema,
    options,
  );
  const notation = ascii ? 'exponent' : 'superscript';
  const styles = optimizerStyles(curves.series);
  const range = rangeOf(curves);
  const entries = byFinalValue(curves.series).map((series, i): Entry => ({
    series,
    letter: LETTERS[i % LETTERS.length] as string,
    ansi: styles.get(series.optimizer)?.ansi ?? 7,
    name: oneLine(series.optimizer),
    value: oneLine(finalText(series, curves.xLabel, range, notation)),
  }));

  // Title, name of the y-axis, x-axis with its labels and name.
  const rows = height - 5;
  const y = valueAxis(curves, range, Math.max(2, Math.floor(rows / 2.5)), notation);
  const gutter = 1 + y.ticks.reduce((widest, { label }) => Math.max(widest, terminalWidth(label)), 7);
  const labelWidth =
    3 + entries.reduce((widest, entry) => Math.max(widest, terminalWidth(labelOf(entry))), 0);
  const beside = labelWidth <= 0.45 * width && entries.length <= rows;
  const columns = width - gutter - 1 - (beside ? labelWidth + 1 : 0);
  if (width < NARROWEST.plot || columns < NARROWEST.canvas) return listOf(curves, entries, width, colour);
  const x = stepAxis(curves, Math.max(2, Math.floor(columns / 12)), notation);

  const canvas = dotCanvas(columns, rows, !ascii);
  // The best curve is drawn last and so lies on top.
  entries.toReversed().forEach(({ series }, i) => drawCurve(canvas, series, x, y, entries.length - 1 - i));
  const cells = charactersOf(canvas, entries, ascii);
  // Letters, unless every curve has a colour to itself.
  const ownColours = new Set(entries.map(({ ansi }) => ansi)).size === entries.length;
  if (!ascii && !(colour && ownColours))
    entries.forEach(({ series, letter }, i) =>
      markCurve(cells, canvas, series, x, y, letter, i, entries.length),
    );

  const labels = beside ? labelRows(entries, y, canvas, colour) : [];
  const ticks = labelledRows(y, canvas);
  const lines = cells.map((row, r) => {
    const tick = ticks.get(r);
    const rule = ascii ? (tick === undefined ? '|' : '+') : tick === undefined ? '│' : '┤';
    const label = labels[r] ?? '';
    const drawing = colour ? paintedRow(row, r, canvas, entries) : row.join('');
    return `${fitted(tick ?? '', gutter - 1, 'right', '')} ${rule}${drawing}${label === '' ? '' : ` ${label}`}`.trimEnd();
  });
  const line = (text: string): string => fitted(oneLine(text), width, 'left', ascii ? '...' : '…').trimEnd();
  const title = line(curves.title);
  const margin = ' '.repeat(gutter + 1);
  const centred = Math.max(0, Math.floor((columns - terminalWidth(oneLine(curves.xLabel))) / 2));
  return [
    colour ? bold(title) : title,
    line(curves.yLabel),
    ...lines,
    ...xAxisLines(x, canvas, gutter, ascii),
    line(margin + ' '.repeat(centred) + curves.xLabel),
    ...(beside
      ? []
      : entries.map(
          (entry) => `${' '.repeat(9)}${keyOf(entry, colour)} ${shortLabel(entry, width - 11, ascii)}`,
        )),
  ].join('\n');
}

function labelOf({ name, value }: Entry): string {
  return `${name} ${value}`;
}

/** The label in at most so many columns: the name is cut before the number, which would say another one. */
function shortLabel(entry: Entry, width: number, ascii: boolean): string {
  const ellipsis = ascii ? '...' : '…';
  const room = width - terminalWidth(entry.value) - 1;
  if (terminalWidth(entry.name) <= room) return labelOf(entry);
  if (room < 1 + ellipsis.length) return fitted(labelOf(entry), width, 'left', ellipsis).trimEnd();
  return `${fitted(entry.name, room, 'left', ellipsis).trimEnd()} ${entry.value}`;
}

/** What the plot says, without the plot: the best one last, as there. */
function listOf(curves: CurveSet, entries: readonly Entry[], width: number, colour: boolean): string {
  const lines = (text: string): string[] => brokenLines(oneLine(text), width);
  const title = lines(curves.title);
  return [
    ...(colour ? title.map(bold) : title),
    ...lines(curves.yLabel),
    ...entries
      .toReversed()
      .flatMap((entry) => lines(labelOf(entry)).map((line) => (colour ? coloured(line, entry.ansi) : line))),
  ].join('\n');
}

/** Dot row of a value: 0 at the top. */
function dotRow(axis: Axis, value: number, canvas: DotCanvas): number {
  // Far outside is as good as just outside, and lines to it stay short.
  const fraction = Math.max(-4, Math.min(5, axisFraction(axis, value)));
  return Math.round((1 - fraction) * (canvas.rows * canvas.down - 1));
}

function dotColumn(axis: Axis, value: number, canvas: DotCanvas): number {
  return Math.round(axisFraction(axis, value) * (canvas.columns * canvas.across - 1));
}

function cellRow(axis: Axis, value: number, canvas: DotCanvas): number {
  return Math.floor(dotRow(axis, value, canvas) / canvas.down);
}

function cellColumn(axis: Axis, value: number, canvas: DotCanvas): number {
  return Math.floor(dotColumn(axis, value, canvas) / canvas.across);
}

function drawCurve(canvas: DotCanvas, series: CurveSeries, x: Axis, y: Axis, ink: number): void {
  const steps = stepsOf(series);
  let previous: { column: number; row: number } | undefined;
  series.mean.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      previous = undefined;
      return;
    }
    const point = { column: dotColumn(x, steps[i] as number, canvas), row: dotRow(y, value, canvas) };
    const from = previous ?? point;
    drawLine(canvas, from.column, from.row, point.column, point.row, ink);
    previous = point;
  });
}

/** The canvas as characters [rows][columns]. */
function charactersOf(canvas: DotCanvas, entries: readonly Entry[], ascii: boolean): string[][] {
  return Array.from({ length: canvas.rows }, (_, r) =>
    Array.from({ length: canvas.columns }, (_, c) => {
      const cell = r * canvas.columns + c;
      if (!ascii) return brailleCharacter(canvas.dots[cell] as number);
      return entries[canvas.ink[cell] as number]?.letter ?? ' ';
    }),
  );
}

/** One row of characters, neighbours of one colour under one escape sequence. */
function paintedRow(
  characters: readonly string[],
  row: number,
  canvas: DotCanvas,
  entries: readonly Entry[],
): string {
  let line = '';
  for (let from = 0, to = 0; from < characters.length; from = to) {
    const inkAt = (c: number): number => canvas.ink[row * canvas.columns + c] as number;
    while (to < characters.length && inkAt(to) === inkAt(from)) to++;
    const run = characters.slice(from, to).join('');
    const entry = entries[inkAt(from)];
    line += entry === undefined ? run : coloured(run, entry.ansi);
  }
  return line;
}

/**
 * Writes a curve's letter on it at a few places, staggered so that the letters of neighbours do not hide one
 * another.
 */
function markCurve(
  cells: string[][],
  canvas: DotCanvas,
  series: CurveSeries,
  x: Axis,
  y: Axis,
  letter: string,
  index: number,
  count: number,
): void {
  const steps = stepsOf(series);
  const last = lastFiniteIndex(series.mean);
  const places = [0, 1, 2].map((k) =>
    Math.round(((k + (index + 0.5) / count) / 3) * (series.mean.length - 1)),
  );
  for (const i of [...places, last]) {
    const value = series.mean[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    const line = cells[cellRow(y, value, canvas)];
    if (line === undefined) continue;
    const [row, column] = [cellRow(y, value, canvas), cellColumn(x, steps[i] as number, canvas)];
    line[column] = letter;
    canvas.ink[row * canvas.columns + column] = index;
  }
}

function keyOf({ letter, ansi }: Entry, colour: boolean): string {
  return colour ? coloured(letter, ansi) : letter;
}

/**
 * Labels by row: where the curve ends, or as near as the others allow; at the top for curves that left there
 * or ended early.
 */
function labelRows(entries: readonly Entry[], y: Axis, canvas: DotCanvas, colour: boolean): string[] {
  const { rows } = canvas;
  const ordered = entries.toReversed();
  const wanted = ordered.map(({ series }) => {
    const final = finalMean(series);
    return Number.isNaN(final) ? 0 : Math.max(0, Math.min(rows - 1, cellRow(y, final, canvas)));
  });
  const labels = new Array<string>(rows).fill('');
  let free = 0;
  placeLabels(wanted, 1, 0, rows - 1).forEach((place, i) => {
    const entry = ordered[i] as Entry;
    const row = Math.min(rows - ordered.length + i, Math.max(free, Math.round(place)));
    labels[row] = `${keyOf(entry, colour)} ${labelOf(entry)}`;
    free = row + 1;
  });
  return labels;
}

/** Tick labels by row; of two in one row the first stays. */
function labelledRows(y: Axis, canvas: DotCanvas): Map<number, string> {
  const labels = new Map<number, string>();
  for (const { value, label } of y.ticks.filter((tick) => tick.label !== '')) {
    const row = cellRow(y, value, canvas);
    if (!labels.has(row)) labels.set(row, label);
  }
  return labels;
}

function xAxisLines(x: Axis, canvas: DotCanvas, gutter: number, ascii: boolean): string[] {
  const [corner, line, tick] = ascii ? ['+', '-', '+'] : ['└', '─', '┬'];
  const rule = new Array<string>(canvas.columns).fill(line as string);
  let text = '';
  const place = ({ value, label }: Tick): void => {
    if (label.length > canvas.columns + 1) return;
    const column = cellColumn(x, value, canvas);
    rule[column] = tick as string;
    // Centred below its tick, but not into the label before it.
    const start = Math.max(
      0,
      Math.min(canvas.columns + 1 - label.length, column + 1 - Math.floor(label.length / 2)),
    );
    if (text === '' || start > text.length) text = text.padEnd(start) + label;
  };
  x.ticks.forEach(place);
  return [`${' '.repeat(gutter)}${corner}${rule.join('')}`, ' '.repeat(gutter) + text];
}

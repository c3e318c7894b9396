import { UserError } from '@metadescent/core';
import * as z from 'zod/mini';
import { captionSentences } from './curve-caption.js';
import { rangeOf } from './curve-axes.js';
import { curveSetSchema, type CurveSet, type CurveSetInput } from './curve-set.js';
import {
  directLabels,
  directLabelWidth,
  fixed,
  legendBelow,
  legendEntries,
  sharedLegendEntries,
  type LegendEntry,
} from './legend.js';
import { escapeMarkup } from './markup.js';
import { lineStyleSchema, type LineStyle } from './line-style.js';
import { optimizerStyles } from './optimizer-style.js';
import { FONT, INK, MARGIN } from './panel-spec.js';
import { renderPanel } from './panel-svg.js';
import { curvePanel, type Panel } from './panel.js';
import { estimatedTextWidth } from './text-width.js';
import { parseRecord } from './validate.js';

/** Schema of {@link FigureOptions}. */
export const figureOptionsSchema = z.object({
  /** Pixels. */
  width: z._default(z.number().check(z.minimum(240), z.maximum(4000)), 760),
  /** Of one panel with its axes, in pixels. Default: from the width. */
  height: z.optional(z.number().check(z.minimum(160), z.maximum(4000))),
  /** Draw the titles and the caption inside the figure; pages that set them as text turn it off. */
  annotate: z._default(z.boolean(), true),
  /** Panels in a row of a grid. Default: all of them, at most four. */
  columns: z.optional(z.int().check(z.minimum(1))),
  /** Start of all ids inside, unique on the page. */
  idPrefix: z._default(
    z.string().check(z.regex(/^[A-Za-z][\w-]*$/, 'must be a letter, then letters, digits, - or _')),
    'figure',
  ),
  /** Styles of a whole report, where unknown names must not take one another's. Default: of this figure. */
  styles: z.optional(
    z.custom<ReadonlyMap<string, LineStyle>>(
      (value) =>
        value instanceof Map &&
        [...value.values()].every((style) => lineStyleSchema.safeParse(style).success),
      { error: 'expected a map from optimizers to line styles, as optimizerStyles gives' },
    ),
  ),
});
/** How to draw a figure. */
export type FigureOptions = z.input<typeof figureOptionsSchema>;
type Options = z.output<typeof figureOptionsSchema>;

/**
 * One figure as a self-contained SVG: mean lines with bands, learned optimizers thick, hand-made ones thin
 * and mostly dashed, each labelled at its end with its final value or, where that does not fit, in a legend
 * ordered by it.
 *
 * One diverging curve does not set the scale: see {@link curveRange}; {@link curveCaption} says in words what
 * was cut. Equal input gives equal bytes.
 *
 * @throws UserError if the curves or the options break a rule of their schema.
 * @example
 * (await curveFigure({ title: 'Race', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [3, 2, 1] }] })).startsWith('<svg') // => true
 */
export async function curveFigure(curveSet: CurveSetInput, options: FigureOptions = {}): Promise<string> {
  const curves = parseRecord('curveFigure', 'set of curves', curveSetSchema, curveSet);
  const drawing = parseRecord('curveFigure', 'options object', figureOptionsSchema, options);
  const { width } = drawing;
  const height = drawing.height ?? Math.round(Math.max(260, 0.55 * width));
  const styles = stylesFor([curves], drawing);
  const range = rangeOf(curves);
  const entries = legendEntries(curves, styles, range);
  const labelWidth = directLabelWidth(entries, width, height);
  const size = { width: width - (labelWidth ?? 0), height };
  const panel = curvePanel(curves, styles, tickCounts(size), range);
  const head = drawing.annotate ? heading(curves.title, curves.subtitle, 15, width) : NOTHING;
  const drawn = placed(await renderPanel(panel, size, drawing.idPrefix), 0, head.height, size);
  const labels =
    labelWidth === undefined
      ? legendBelow(entries, MARGIN.left, width - MARGIN.left - MARGIN.right)
      : { svg: directLabels(entries, panel, size), height: 0 };
  const labelTop = head.height + (labelWidth === undefined ? height : 0);
  const foot = drawing.annotate
    ? paragraph(captionSentences(curves, range, styles).join(' '), width)
    : NOTHING;
  const footTop = head.height + height + labels.height;
  return figureSvg(width, footTop + foot.height, curves.title, [
    head.svg,
    drawn,
    shifted(labels.svg, labelTop),
    shifted(foot.svg, footTop),
  ]);
}

/**
 * Several panels side by side with one legend, as the papers print them: each has its own axes and title.
 *
 * @throws UserError if there is no panel, or one breaks a rule of its schema.
 */
export async function figureGrid(
  panels: readonly CurveSetInput[],
  options: FigureOptions = {},
): Promise<string> {
  if (panels.length === 0)
    throw new UserError(
      'figureGrid: a grid needs at least one panel, but got none; pass one set of curves per panel',
    );
  const sets = panels.map((panel, i) =>
    parseRecord('figureGrid', `set of curves number ${i + 1}`, curveSetSchema, panel),
  );
  const drawing = parseRecord('figureGrid', 'options object', figureOptionsSchema, {
    width: 980,
    ...options,
  });
  const styles = stylesFor(sets, drawing);
  const columns = fittingColumns(drawing.columns ?? Math.min(4, sets.length), drawing.width);
  const cells = sets.map((curves, i): Cell => ({
    title: curves.title,
    subtitle: curves.subtitle,
    // Neighbours with the same quantity need its name once.
    panel: (size) => {
      const panel = curvePanel(curves, styles, tickCounts(size));
      return i % columns > 0 && sets[i - 1]?.yLabel === curves.yLabel ? { ...panel, yLabel: '' } : panel;
    },
  }));
  return gridOf(cells, { ...drawing, columns }, sharedLegendEntries(sets, styles), gridCaption(sets, styles));
}

/** The sentences of all panels: what holds for every one is said once, the rest names its panel. */
export function gridCaption(sets: readonly CurveSet[], styles: ReadonlyMap<string, LineStyle>): string[] {
  const captions = sets.map((curves) => captionSentences(curves, undefined, styles));
  const common = (captions[0] ?? []).filter((sentence) =>
    captions.every((caption) => caption.includes(sentence)),
  );
  return [
    ...common,
    ...sets.flatMap(({ title }, i) =>
      (captions[i] as string[]).filter((s) => !common.includes(s)).map((s) => `${title}: ${s}`),
    ),
  ];
}

/** One panel of a grid, drawn when its size is known. */
export interface Cell {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly panel: (size: { width: number; height: number }) => Panel;
}

/** Pixels that a panel of a grid takes at least: room for the longest labels of a y-axis and a little more. */
const NARROWEST = 160;

function fittingColumns(columns: number, width: number): number {
  return Math.max(1, Math.min(columns, Math.floor(width / NARROWEST)));
}

/**
 * Panels in rows of `options.columns`, or fewer where they would be too narrow, a shared legend below them,
 * then the caption.
 */
export async function gridOf(
  cells: readonly Cell[],
  options: Options & { readonly columns: number },
  entries: readonly LegendEntry[],
  caption: readonly string[],
): Promise<string> {
  const { width } = options;
  const columns = fittingColumns(options.columns, width);
  const size = { width: Math.floor(width / columns), height: 0 };
  size.height = options.height ?? Math.round(Math.max(240, Math.min(380, 0.8 * size.width)));
  const heads = cells.map(({ title, subtitle }) => heading(title, subtitle, 13.5, size.width, MARGIN.left));
  const headHeight = Math.max(...heads.map(({ height }) => height));
  const rowHeight = headHeight + size.height + 8;
  const parts: string[] = [];
  for (const [i, cell] of cells.entries()) {
    const [x, y] = [(i % columns) * size.width, Math.floor(i / columns) * rowHeight];
    const panel = await renderPanel(cell.panel(size), size, `${options.idPrefix}-${i + 1}`);
    parts.push(shifted((heads[i] as Part).svg, y, x), placed(panel, x, y + headHeight, size));
  }
  const legendTop = Math.ceil(cells.length / columns) * rowHeight;
  const legend = legendBelow(entries, MARGIN.left, width - MARGIN.left - MARGIN.right);
  const foot = options.annotate ? paragraph(caption.join(' '), width) : NOTHING;
  const footTop = legendTop + legend.height;
  parts.push(shifted(legend.svg, legendTop), shifted(foot.svg, footTop));
  return figureSvg(width, footTop + foot.height, cells.map(({ title }) => title).join('; '), parts);
}

function stylesFor(sets: readonly CurveSet[], { styles }: Options): ReadonlyMap<string, LineStyle> {
  const own = optimizerStyles(sets.flatMap(({ series }) => series));
  return styles === undefined ? own : new Map([...own, ...styles]);
}

/** A label every 80 pixels of width and every 45 of height. */
export function tickCounts(size: { readonly width: number; readonly height: number }): {
  x: number;
  y: number;
} {
  return {
    x: Math.max(2, Math.round((size.width - MARGIN.left - MARGIN.right) / 80)),
    y: Math.max(3, Math.round((size.height - MARGIN.top - MARGIN.bottom) / 45)),
  };
}

interface Part {
  readonly svg: string;
  readonly height: number;
}

const NOTHING: Part = { svg: '', height: 0 };

function heading(
  title: string,
  subtitle: string | undefined,
  fontSize: number,
  width: number,
  left = 8,
): Part {
  const lines = wrapped(title, width - left, fontSize * 1.05).map((line) => ({
    line,
    size: fontSize,
    ink: INK.text,
    weight: ' font-weight="bold"',
  }));
  const below = wrapped(subtitle ?? '', width - left, 12).map((line) => ({
    line,
    size: 12,
    ink: INK.muted,
    weight: '',
  }));
  let y = 0;
  const svg = [...lines, ...below].map(({ line, size, ink, weight }) => {
    y += size * 1.35;
    return `<text x="${left}" y="${fixed(y)}" font-size="${size}" fill="${ink}"${weight}>${escapeMarkup(line)}</text>`;
  });
  return { svg: svg.join(''), height: Math.ceil(y + 6) };
}

function paragraph(text: string, width: number): Part {
  const lines = wrapped(text, width - 16, 12);
  const svg = lines.map(
    (line, i) =>
      `<text x="8" y="${fixed(16 + 16 * i)}" font-size="12" fill="${INK.muted}">${escapeMarkup(line)}</text>`,
  );
  return { svg: svg.join(''), height: lines.length === 0 ? 0 : 16 * lines.length + 12 };
}

function wrapped(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && estimatedTextWidth(longer, fontSize) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function placed(
  contents: string,
  x: number,
  y: number,
  { width, height }: { width: number; height: number },
): string {
  return `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${contents}</svg>`;
}

function shifted(svg: string, y: number, x = 0): string {
  return svg === '' ? '' : `<g transform="translate(${x},${y})">${svg}</g>`;
}

function figureSvg(width: number, height: number, label: string, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
    ` font-family="${FONT}" role="img" aria-label="${escapeMarkup(label)}">${parts.join('')}</svg>`
  );
}

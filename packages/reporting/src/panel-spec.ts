import type { TopLevelSpec } from 'vega-lite';
import { axisFraction, drawnFraction, type Axis, type Tick } from './axis.js';
import { oneLine } from './markup.js';
import { panelMarks, thinned, type Panel, type PanelLine, type PanelPoint, type PanelSize } from './panel.js';
import { estimatedTextWidth } from './text-width.js';

/**
 * Room around the axes for their labels and titles, in pixels; at the sides at least so much: see {@link
 * sideMargins}.
 */
export const MARGIN = { left: 68, right: 12, top: 10, bottom: 46 } as const;

export const INK = { text: '#1f2328', muted: '#57606a', axis: '#8c959f', grid: '#e4e7eb' } as const;
/** Pages override it; a figure on its own falls back to the reader's sans-serif. */
export const FONT = 'sans-serif';

type Layer = Record<string, unknown>;

const LABEL_SIZE = 12;
/** Pixels between the labels of the y-axis and the outer edge of the panel: the axis's title with air. */
const TITLE_ROOM = 22;
/** From an axis to its labels: tick and air. */
const TICK_ROOM = 6;

/**
 * Room beside the plot: the longest label of the y-axis and half of the longest one of the x-axis fit in,
 * because a number that lost its first or last digits at an edge would say another one.
 */
export function sideMargins({ x, y }: Panel): { left: number; right: number } {
  const widest = ({ ticks }: Axis): number =>
    ticks.reduce((width, { label }) => Math.max(width, estimatedTextWidth(label, LABEL_SIZE)), 0);
  return {
    left: Math.max(MARGIN.left, Math.ceil(widest(y)) + TICK_ROOM + TITLE_ROOM),
    right: Math.max(MARGIN.right, Math.ceil(widest(x) / 2)),
  };
}

/**
 * The Vega-Lite spec of a panel whose outer size, margins included, is `size`.
 *
 * Vega gets fractions of the axes and never the values: where a value lies is decided in one place, for every
 * finite double.
 */
export function panelSpec(panel: Panel, size: PanelSize): TopLevelSpec {
  const { left, right } = sideMargins(panel);
  const width = Math.max(1, size.width - left - right);
  const height = size.height - MARGIN.top - MARGIN.bottom;
  const marks = panelMarks(panel);
  // Two points a pixel are as good as all of them.
  const lines = panel.lines.map((line) => ({ line, points: pointsOf(panel, line, 2 * width) }));
  const references = referenceLayers(panel, width);
  const layers: Layer[] = [
    // The axes hang on an empty layer: every other one inherits their scales.
    {
      data: { values: [{}] },
      mark: { type: 'point', opacity: 0 },
      encoding: {
        x: {
          datum: 0,
          ...position(panel.xLabel, { ...tickOptions(panel.x, spacedOut(panel.x, width)), ...X_AXIS }),
        },
        y: {
          datum: 0,
          ...position(panel.yLabel, {
            ...tickOptions(panel.y, panel.y.ticks),
            ...Y_AXIS,
            minExtent: left - TITLE_ROOM,
            maxExtent: left - TITLE_ROOM,
          }),
        },
      },
    },
    ...lines.flatMap(({ line, points }) => bandLayer(line, points)),
    ...references.rules,
    ...lines.map(({ line, points }) => lineLayer(line, points)),
    ...markLayer(panel, marks.lone, { type: 'point', shape: 'circle', filled: true, size: 22 }),
    ...markLayer(panel, marks.ends, {
      type: 'point',
      shape: 'M-1,-1L1,1M-1,1L1,-1',
      strokeWidth: 2,
      size: 40,
    }),
    ...markLayer(panel, marks.exits, {
      type: 'point',
      shape: 'triangle-up',
      filled: true,
      size: 60,
      yOffset: 4,
    }),
    ...references.labels,
  ];
  return {
    width,
    height,
    padding: { ...MARGIN, left, right },
    autosize: { type: 'none' },
    background: 'transparent',
    config: {
      aria: false,
      font: FONT,
      view: { stroke: null },
      axis: {
        domainColor: INK.axis,
        tickColor: INK.axis,
        gridColor: INK.grid,
        labelColor: INK.muted,
        titleColor: INK.text,
        labelFontSize: LABEL_SIZE,
        titleFontSize: 12.5,
        titleFontWeight: 'normal',
        labelLimit: 0,
        titleLimit: 0,
      },
    },
    layer: layers,
  } as unknown as TopLevelSpec;
}

function position(title: string, axis: Layer): Layer {
  return {
    type: 'quantitative',
    scale: { type: 'linear', domain: [0, 1], nice: false, zero: false },
    axis: { title: oneLine(title), ...axis },
  };
}

const X_AXIS = {
  grid: false,
  labelFlush: false,
  labelOverlap: false,
  tickSize: 4,
  titlePadding: 6,
  minExtent: 20,
  maxExtent: 20,
};
const Y_AXIS = {
  grid: true,
  labelOverlap: false,
  tickSize: 4,
  titlePadding: 4,
  domain: false,
};

/** Every tick finds its label by its own place, whatever Vega does with the others. */
function tickOptions(axis: Axis, ticks: readonly Tick[]): Layer {
  const values = ticks.map(({ value }) => Math.max(0, Math.min(1, axisFraction(axis, value))));
  const labels = JSON.stringify(ticks.map(({ label }) => label));
  const label = `${labels}[indexof(${JSON.stringify(values)}, datum.value)]`;
  const minor = { test: `${label} === ''` };
  return {
    values,
    // Vega thins the ticks of an axis to their count, given ones too.
    tickCount: values.length,
    labelExpr: label,
    gridOpacity: { condition: { ...minor, value: 0.45 }, value: 1 },
    tickOpacity: { condition: { ...minor, value: 0.5 }, value: 1 },
  };
}

/** The ticks of a horizontal axis, without the labels that would run into the one before. */
function spacedOut(axis: Axis, width: number): Tick[] {
  let end = -Infinity;
  return axis.ticks.map((tick) => {
    if (tick.label === '') return tick;
    const half = estimatedTextWidth(tick.label, LABEL_SIZE) / 2;
    const middle = axisFraction(axis, tick.value) * width;
    if (middle - half < end) return { ...tick, label: '' };
    end = middle + half + 4;
    return tick;
  });
}

const X = { field: 'x', type: 'quantitative' } as const;
const Y = { field: 'y', type: 'quantitative' } as const;

interface Point {
  readonly x: number;
  readonly y: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Where a value is drawn, or null for a gap. */
function placed(axis: Axis, value: number | undefined): number | null {
  const fraction = value === undefined ? NaN : drawnFraction(axis, value);
  return Number.isNaN(fraction) ? null : fraction;
}

function pointsOf({ x, y }: Panel, line: PanelLine, limit: number): Point[] {
  return thinned(line.y, limit).map((i) => ({
    x: placed(x, line.x[i]) as number,
    y: placed(y, line.y[i]),
    low: placed(y, line.bandLow?.[i]),
    high: placed(y, line.bandHigh?.[i]),
  }));
}

function bandLayer({ style }: PanelLine, points: readonly Point[]): Layer[] {
  if (!points.some(({ low }) => low !== null)) return [];
  return [
    {
      data: { values: points.map(({ x, low, high }) => ({ x, y: low, high })) },
      mark: {
        type: 'area',
        clip: true,
        invalid: 'break-paths-show-path-domains',
        color: style.colour,
        opacity: 0.15,
      },
      encoding: { x: X, y: { ...Y, stack: null }, y2: { field: 'high' } },
    },
  ];
}

function lineLayer({ style }: PanelLine, points: readonly Point[]): Layer {
  return {
    data: { values: points.map(({ x, y }) => ({ x, y })) },
    mark: {
      type: 'line',
      clip: true,
      invalid: 'break-paths-show-path-domains',
      color: style.colour,
      strokeWidth: style.width,
      strokeJoin: 'round',
      ...(style.dash.length > 0 && { strokeDash: style.dash }),
    },
    encoding: { x: X, y: Y },
  };
}

function markLayer(panel: Panel, points: readonly PanelPoint[], mark: Layer): Layer[] {
  if (points.length === 0) return [];
  const colour = { field: 'colour', type: 'nominal', scale: null, legend: null };
  return [
    {
      data: {
        values: points.map(({ x, y, colour: ink }) => ({
          x: placed(panel.x, x),
          y: placed(panel.y, y),
          colour: ink,
        })),
      },
      mark: { opacity: 1, ...mark },
      encoding: { x: X, y: Y, [mark['filled'] === true ? 'fill' : 'stroke']: colour },
    },
  ];
}

/** Reference lines lie below the curves, their labels above all of them, on a white edge that sets them off. */
function referenceLayers(
  { referenceLines, x, y }: Panel,
  width: number,
): { rules: Layer[]; labels: Layer[] } {
  const rules: Layer[] = [];
  const labels: Layer[] = [];
  for (const { axis, value, label } of referenceLines) {
    const of = axis === 'x' ? x : y;
    if (!inside(of, value)) continue;
    const data = { values: [{ [axis]: placed(of, value), label: oneLine(label) }] };
    const encoding = axis === 'x' ? { x: X } : { y: Y };
    rules.push({
      data,
      mark: { type: 'rule', color: INK.axis, strokeDash: [1, 3], strokeWidth: 1.5 },
      encoding,
    });
    const place =
      axis === 'x'
        ? { y: 4, dx: 5, align: 'left', baseline: 'top' }
        : { x: width - 4, dy: -4, align: 'right', baseline: 'bottom' };
    const mark = { type: 'text', fontSize: 11.5, fontStyle: 'italic', ...place };
    const text = { ...encoding, text: { field: 'label', type: 'nominal' } };
    labels.push({
      data,
      mark: { ...mark, stroke: '#ffffff', strokeWidth: 4, strokeJoin: 'round' },
      encoding: text,
    });
    labels.push({ data, mark: { ...mark, color: INK.muted }, encoding: text });
  }
  return { rules, labels };
}

function inside(axis: Axis, value: number): boolean {
  return value >= axis.low && value <= axis.high;
}

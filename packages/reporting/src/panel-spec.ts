import type { TopLevelSpec } from 'vega-lite';
import type { Axis, Tick } from './axis.js';
import { panelMarks, thinned, type Panel, type PanelLine, type PanelPoint } from './panel.js';

/** Pixels. The frame is fixed, so that nothing depends on how wide a machine's fonts are. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** Room around the axes for their labels and titles, in pixels. */
export const MARGIN = { left: 68, right: 12, top: 10, bottom: 46 } as const;

export const INK = { text: '#1f2328', muted: '#57606a', axis: '#8c959f', grid: '#e4e7eb' } as const;
/** Pages override it; a figure on its own falls back to the reader's sans-serif. */
export const FONT = 'sans-serif';

type Layer = Record<string, unknown>;

/** The Vega-Lite spec of a panel whose outer size, margins included, is `size`. */
export function panelSpec(panel: Panel, size: PanelSize): TopLevelSpec {
  const width = size.width - MARGIN.left - MARGIN.right;
  const height = size.height - MARGIN.top - MARGIN.bottom;
  const { exits, ends, lone } = panelMarks(panel);
  // Two points a pixel are as good as all of them.
  const lines = panel.lines.map((line) => ({ line, points: pointsOf(line, 2 * width) }));
  const references = referenceLayers(panel, width);
  const layers: Layer[] = [
    // The axes hang on an empty layer: every other one inherits their scales.
    {
      data: { values: [{}] },
      mark: { type: 'point', opacity: 0 },
      encoding: {
        x: { datum: panel.x.low, ...position(panel.x, panel.xLabel, 'x') },
        y: { datum: panel.y.low, ...position(panel.y, panel.yLabel, 'y') },
      },
    },
    ...lines.flatMap(({ line, points }) => bandLayer(line, points)),
    ...references.rules,
    ...lines.map(({ line, points }) => lineLayer(line, points)),
    ...markLayer(lone, { type: 'point', shape: 'circle', filled: true, size: 22 }),
    ...markLayer(ends, { type: 'point', shape: 'M-1,-1L1,1M-1,1L1,-1', strokeWidth: 2, size: 40 }),
    ...markLayer(exits, { type: 'point', shape: 'triangle-up', filled: true, size: 60, yOffset: 4 }),
    ...references.labels,
  ];
  return {
    width,
    height,
    padding: { ...MARGIN },
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
        labelFontSize: 12,
        titleFontSize: 12.5,
        titleFontWeight: 'normal',
        labelLimit: 0,
        titleLimit: 0,
      },
    },
    layer: layers,
  } as unknown as TopLevelSpec;
}

function position(axis: Axis, title: string, channel: 'x' | 'y'): Layer {
  const scale = { type: axis.scale, domain: [axis.low, axis.high], nice: false, zero: false };
  // A log scale has no option `zero`.
  if (axis.scale === 'log') delete (scale as Partial<typeof scale>).zero;
  return {
    type: 'quantitative',
    scale,
    axis: { title, ...tickOptions(axis.ticks), ...(channel === 'x' ? X_AXIS : Y_AXIS) },
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
  minExtent: 46,
  maxExtent: 46,
  domain: false,
};

/** Vega gives a label its relative place among the ticks; labels were made when the axis was. */
function tickOptions(ticks: readonly Tick[]): Layer {
  const labels = JSON.stringify(ticks.map(({ label }) => label));
  const label = `${labels}[round(datum.index * ${Math.max(1, ticks.length - 1)})]`;
  const minor = { test: `${label} === ''` };
  return {
    values: ticks.map(({ value }) => value),
    labelExpr: label,
    gridOpacity: { condition: { ...minor, value: 0.45 }, value: 1 },
    tickOpacity: { condition: { ...minor, value: 0.5 }, value: 1 },
  };
}

const X = { field: 'x', type: 'quantitative' } as const;
const Y = { field: 'y', type: 'quantitative' } as const;

interface Point {
  readonly x: number;
  readonly y: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

function pointsOf(line: PanelLine, limit: number): Point[] {
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  return thinned(line.y, limit).map((i) => ({
    x: line.x[i] as number,
    y: finite(line.y[i]),
    low: finite(line.bandLow?.[i]),
    high: finite(line.bandHigh?.[i]),
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

function markLayer(points: readonly PanelPoint[], mark: Layer): Layer[] {
  if (points.length === 0) return [];
  const colour = { field: 'colour', type: 'nominal', scale: null, legend: null };
  return [
    {
      data: { values: points },
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
    if (!inside(axis === 'x' ? x : y, value)) continue;
    const data = { values: [{ [axis]: value, label }] };
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

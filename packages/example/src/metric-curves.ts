import type { CurveSetInput, ReportBlockInput } from '@metadescent/reporting';
import type { RunRecord } from '@metadescent/runtime';

/** Records of `metrics.jsonl`. */
export type Metrics = RunRecord['metrics'];

export type MetricSeries = CurveSetInput['series'][number];

/** What is drawn of a metric. */
export interface MetricLine {
  /** Key in the records. */
  readonly metric: string;
  /** Name in the legend. */
  readonly name: string;
  /** Learned rules are drawn thick. Default: `hand-made`. */
  readonly kind?: MetricSeries['kind'];
  /** Default: the value itself. */
  readonly value?: (value: number, record: Metrics[number]) => number;
}

/**
 * The lines of metrics over the records that hold them, at the records' steps plus `shift`; a metric that no
 * record holds has no line. A value that was recorded and is not finite stays, as a gap.
 */
export function metricSeries(records: Metrics, lines: readonly MetricLine[], shift = 0): MetricSeries[] {
  return lines.flatMap(({ metric, name, kind = 'hand-made', value = (x: number) => x }) => {
    const held = records.filter((record) => metric in record);
    if (held.length === 0) return [];
    return [
      {
        optimizer: name,
        kind,
        mean: held.map((record) => value(Number(record[metric]), record)),
        steps: held.map(({ step }) => Number(step) + shift),
      },
    ];
  });
}

/** A panel in a list, whose title names the quantity: none where there is nothing to draw. */
export function panelOf(
  title: string,
  series: MetricSeries[],
  more: Omit<CurveSetInput, 'title' | 'series'>,
): CurveSetInput[] {
  return series.some(({ mean }) => mean.some((value) => Number.isFinite(Number(value))))
    ? [{ title, yLabel: '', ...more, series }]
    : [];
}

/** Panels in rows of at most `columns` in a list: none where there are none. */
export function gridOf(title: string, columns: number, panels: readonly CurveSetInput[]): ReportBlockInput[] {
  return panels.length > 0
    ? [{ type: 'curve-grid', title, columns: Math.min(columns, panels.length), panels }]
    : [];
}

import { CLIP_FACTOR, curveRange, type CurveRange } from './curve-axes.js';
import { lastFiniteIndex, stepsOf, type CurveSeries, type CurveSet } from './curve-set.js';
import { formatNumber } from './number-format.js';

/**
 * What a reader must know beside the picture, in sentences: what the bands are, which curves leave the figure, end early or lose
 * repetitions on the way; then the notes and the reference.
 */
export function curveCaption(curves: CurveSet, range: CurveRange = curveRange(curves)): string[] {
  return [
    ...bandSentence(curves.series),
    ...leavingSentences(curves, range),
    ...curves.series.flatMap((series) => earlyEndSentence(series, curves.xLabel)),
    ...nonPositiveSentence(curves),
    ...lostRepetitionsSentence(curves.series),
    ...curves.notes,
    ...(curves.reference === undefined ? [] : [`Compare ${curves.reference}.`]),
  ];
}

function bandSentence(series: readonly CurveSeries[]): string[] {
  if (!series.some(({ standardError }) => standardError?.some(Number.isFinite))) return [];
  const counts = new Set(
    series.map(({ count }) => (Array.isArray(count) ? (count[0] as number) : (count as number | undefined))),
  );
  const [count] = counts;
  const over = counts.size === 1 && count !== undefined ? ` over ${count} repetitions` : '';
  return [`Lines are means${over}; bands are ± one standard error.`];
}

function leavingSentences(curves: CurveSet, range: CurveRange): string[] {
  const list = (names: ReadonlyMap<string, number>): string =>
    enumerate([...names].map(([name, step]) => `${name} (${curves.xLabel} ${step})`));
  const sentences: string[] = [];
  if (range.above.size > 0) {
    const factor = CLIP_FACTOR[curves.yScale];
    sentences.push(
      `The axis is cut at about ${factor} times the largest starting value; leaving at the top: ${list(range.above)}.`,
    );
  }
  if (range.below.size > 0) {
    sentences.push(
      `The axis is cut at ${formatNumber(range.low, 1)}; leaving at the bottom: ${list(range.below)}.`,
    );
  }
  return sentences;
}

function earlyEndSentence(series: CurveSeries, xLabel: string): string[] {
  const last = lastFiniteIndex(series.mean);
  if (last === series.mean.length - 1) return [];
  if (last < 0) return [`${series.optimizer} has no finite value.`];
  return [`${series.optimizer} has no finite value after ${xLabel} ${stepsOf(series)[last]} (×).`];
}

function nonPositiveSentence({ series, yScale }: CurveSet): string[] {
  if (yScale !== 'log') return [];
  const names = series
    .filter(({ mean }) => mean.some((value) => value <= 0 && Number.isFinite(value)))
    .map((s) => s.optimizer);
  return names.length === 0
    ? []
    : [`A log axis cannot show values ≤ 0; there are such in ${enumerate(names)}.`];
}

function lostRepetitionsSentence(series: readonly CurveSeries[]): string[] {
  const lost = series.flatMap(({ optimizer, count }) => {
    if (!Array.isArray(count)) return [];
    const [first, last] = [count[0] as number, count[count.length - 1] as number];
    return last < first && last > 0 ? [`${optimizer} ${last} of ${first}`] : [];
  });
  return lost.length === 0 ? [] : [`Means are over finite repetitions; at the end ${enumerate(lost)}.`];
}

function enumerate(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

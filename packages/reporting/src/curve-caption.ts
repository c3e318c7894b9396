import { CLIP_FACTOR, rangeOf, type CurveRange } from './curve-axes.js';
import {
  curveSetSchema,
  lastFiniteIndex,
  stepsOf,
  type CurveSeries,
  type CurveSet,
  type CurveSetInput,
} from './curve-set.js';
import { lookOf, type LineStyle } from './line-style.js';
import { oneLine } from './markup.js';
import { formatNumber } from './number-format.js';
import { optimizerStyles } from './optimizer-style.js';
import { parseRecord } from './validate.js';

/**
 * What a reader must know beside the picture, in sentences: what the bands are, which curves leave the
 * figure, end early, have gaps, lose repetitions on the way or look like another one; then the notes and the
 * reference.
 *
 * @throws UserError if the curves break a rule of their schema.
 * @example
 * curveCaption({ title: 'Race', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [3, 2, NaN] }] })
 * // => ['adam has no finite value after step 1 (×).']
 */
export function curveCaption(curveSet: CurveSetInput): string[] {
  return captionSentences(parseRecord('curveCaption', 'set of curves', curveSetSchema, curveSet));
}

/** {@link curveCaption} of curves that have been parsed. */
export function captionSentences(
  curves: CurveSet,
  range: CurveRange = rangeOf(curves),
  styles: ReadonlyMap<string, LineStyle> = optimizerStyles(curves.series),
): string[] {
  return [
    ...bandSentence(curves.series),
    ...leavingSentences(curves, range),
    ...curves.series.flatMap((series) => earlyEndSentence(series, curves.xLabel)),
    ...gapSentence(curves.series, curves.xLabel),
    ...nonPositiveSentence(curves),
    ...lostRepetitionsSentence(curves.series),
    ...sharedLookSentences(curves.series, styles),
    ...curves.notes,
    ...(curves.reference === undefined ? [] : [`Compare ${curves.reference}.`]),
  ].map((sentence) => oneLine(sentence.replace(/\s+/g, ' ')));
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

/** Gaps before the last finite value; what comes after it is said by {@link earlyEndSentence}. */
function gapSentence(series: readonly CurveSeries[], xLabel: string): string[] {
  const gaps = series.flatMap((one) => {
    const before = one.mean.slice(0, Math.max(0, lastFiniteIndex(one.mean)));
    const lost = before.filter((value) => !Number.isFinite(value)).length;
    if (lost === 0) return [];
    const first = before.findIndex((value) => !Number.isFinite(value));
    return [`${one.optimizer} ${lost} of ${one.mean.length} (the first at ${xLabel} ${stepsOf(one)[first]})`];
  });
  return gaps.length === 0 ? [] : [`Gaps are values that are not finite: ${enumerate(gaps)}.`];
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

/** There are more optimizers than looks: whoever reads the figure must not take one curve for the other. */
function sharedLookSentences(
  series: readonly CurveSeries[],
  styles: ReadonlyMap<string, LineStyle>,
): string[] {
  const byLook = new Map<string, string[]>();
  for (const { optimizer } of series) {
    const style = styles.get(optimizer);
    if (style !== undefined) byLook.set(lookOf(style), [...(byLook.get(lookOf(style)) ?? []), optimizer]);
  }
  return [...byLook.values()]
    .filter((names) => names.length > 1)
    .map((names) => `${enumerate(names)} have the same colour and dash.`);
}

function enumerate(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

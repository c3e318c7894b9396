import { checkArgument, parseOptions, type Key } from '@metadescent/core';
import * as z from 'zod/mini';
import { axisPosition, axisValue, parseAxes } from './search-axis.js';
import { bestOf, evaluateCandidates, type EvaluateTrials, type OptionValues } from './trial.js';
import type { Tunable } from './tune-optimizer.js';
import { summariseSearch, type EdgeOptimum, type TuningOutcome, type TuningReport } from './tuning-report.js';

export const randomSearchOptionsSchema = z.strictObject({
  /** How many settings to draw. 32 hit the best tenth of one axis with probability 1 − 0.9³² = 0.97; no source. */
  candidates: z._default(z.int().check(z.minimum(1)), 32),
  /** How many tasks each is run on. */
  tasks: z._default(z.int().check(z.minimum(1)), 10),
  /** An optimum in this outer part of a range (of its logarithm) is reported as near the edge. 0.1, no source. */
  edgeFraction: z._default(z.number().check(z.minimum(0), z.lt(0.5)), 0.1),
  /** Options that are the same for all candidates. */
  fixed: z._default(z.record(z.string(), z.number()), {}),
});
export type RandomSearchOptions = z.input<typeof randomSearchOptionsSchema>;

/**
 * Random search: draws every axis independently and log-uniformly from [from, to] (on the complement scale, 1
 * − value is log-uniform), evaluates all draws on the same tasks in one batch and reports them like
 * `tuneOptimizer`. An axis' `ratio`, `minimum` and `maximum` are not used.
 *
 * It serves where a grid has too many axes, or a trial is too dear to follow an optimum: learning rates of
 * meta-training, for example. The range is never extended; an optimum near its end is flagged with the
 * outcome `near-edge`.
 *
 * Candidate number i depends on the key and i only: more candidates continue the same sequence.
 *
 * @throws UserError if an option or axis is invalid; RangeError if `evaluate` does not return one score per trial.
 * @example
 * const report = await randomSearch(baselineOptimizers.momentum, evaluate, createKey(5), { candidates: 64 });
 */
export async function randomSearch(
  optimizer: Tunable,
  evaluate: EvaluateTrials,
  key: Key,
  options: RandomSearchOptions = {},
): Promise<TuningReport> {
  checkArgument(
    'randomSearch',
    'the optimizer',
    optimizer,
    ['name', 'searched'],
    'pass one of baselineOptimizers, such as baselineOptimizers.adam',
  );
  const {
    candidates: count,
    tasks,
    edgeFraction,
    fixed,
  } = parseOptions('randomSearch', randomSearchOptionsSchema, options);
  const axes = parseAxes('randomSearch', optimizer.searched);
  const lengths = axes.map((axis) => axisPosition(axis, axis.to));
  const draws = key.split(count).map((candidateKey) => candidateKey.uniform(axes.length));
  const settings = draws.map((draw): OptionValues => ({
    ...fixed,
    ...Object.fromEntries(
      axes.map((axis, a) => [axis.name, axisValue(axis, (draw[a] as number) * (lengths[a] as number))]),
    ),
  }));
  const candidates = await evaluateCandidates(optimizer.name, settings, evaluate, {
    tasks,
    origin: 'initial',
    round: 0,
  });
  const best = bestOf(candidates);
  const draw = best && (draws[candidates.indexOf(best)] as Float64Array);
  const edges = axes.flatMap(({ name }, a): EdgeOptimum[] => {
    const at = draw?.[a] ?? 0.5;
    const value = best?.options[name] as number;
    if (at < edgeFraction) return [{ axis: name, side: 'lower', value }];
    return at > 1 - edgeFraction ? [{ axis: name, side: 'upper', value }] : [];
  });
  const outcome: TuningOutcome =
    best === undefined
      ? { kind: 'all-diverged' }
      : edges.length > 0
        ? { kind: 'near-edge', edges }
        : { kind: 'interior' };
  return summariseSearch({
    optimizer: optimizer.name,
    method: 'random',
    tasks,
    axes: axes.map(({ name, from, to }) => ({
      name,
      initial: [from, to],
      extendedBelow: [],
      extendedAbove: [],
    })),
    best,
    outcome,
    candidates,
  });
}

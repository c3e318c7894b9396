import { checkArgument, describeKind, parseOptions, UserError } from '@metadescent/core';
import * as z from 'zod/mini';
import {
  axisAllows,
  axisPosition,
  axisValue,
  parseAxes,
  type ParsedAxis,
  type SearchAxis,
} from './search-axis.js';
import {
  bestOf,
  evaluateCandidates,
  type Candidate,
  type CandidateOrigin,
  type EvaluateTrials,
  type OptionValues,
} from './trial.js';
import {
  summariseSearch,
  type EdgeOptimum,
  type SearchedAxis,
  type TuningOutcome,
  type TuningReport,
} from './tuning-report.js';

/** What can be tuned: a name for the trials and the axes to search; every `BaselineOptimizer` is one. */
export interface Tunable {
  readonly name: string;
  readonly searched: readonly SearchAxis[];
}

export const tuneOptionsSchema = z.strictObject({
  /**
   * How many optimizees each candidate is run on. 10: enough to rank settings that share their random
   * numbers; no source.
   */
  tasks: z._default(z.int().check(z.minimum(1)), 10),
  /**
   * How often the spacing around the optimum is halved (in the logarithm). 2: half decades become eighths of
   * a decade.
   */
  refinements: z._default(z.int().check(z.minimum(0), z.maximum(8)), 2),
  /** Options that are the same for all candidates. */
  fixed: z._default(z.record(z.string(), z.number()), {}),
});
export type TuneOptions = z.input<typeof tuneOptionsSchema>;

/** A candidate and where it lies: grid steps per axis, in units of the finest spacing. */
interface Located {
  readonly place: readonly number[];
  readonly candidate: Candidate;
}

/**
 * Finds the hyper-parameters with the lowest mean score by a geometric grid that follows its optimum.
 *
 * 1. The whole first grid is evaluated (the product of the axes).
 * 2. While the best candidate lies on the edge of the grid, the grid grows by one step over that edge: a
 *   whole new row or column. Where every
 *    candidate diverged, it grows towards smaller values of the first axis.
 * 3. The spacing is halved and all neighbours of the best candidate are evaluated, again until none is
 *   better; as often as `refinements` says.
 *
 * The optimum is thus never left on an edge: the outcome is `interior` (all its neighbours at the finest
 * spacing were evaluated), or names the bound of an axis that stopped the search. An objective with several
 * minima along an axis can still hide a better one from any grid.
 *
 * The search asks `evaluate` for batches of independent trials and depends on their scores alone, not on when
 * or where they were computed. All candidates see the same tasks: common random numbers.
 *
 * @param optimizer what to tune; `{ ...baselineOptimizers.adam, searched: [...] }` searches other axes.
 * @param evaluate runs the trials; `evaluateInline` does so on the spot.
 * @throws UserError if an option or axis is invalid; RangeError if `evaluate` does not return one score per trial.
 * @example
 * const evaluate = evaluateInline({ family, key: createKey(1), horizon: 100 });
 * const { best, outcome } = await tuneOptimizer(baselineOptimizers.adam, evaluate, { tasks: 20 });
 */
export async function tuneOptimizer(
  optimizer: Tunable,
  evaluate: EvaluateTrials,
  options: TuneOptions = {},
): Promise<TuningReport> {
  checkArgument(
    'tuneOptimizer',
    'the optimizer',
    optimizer,
    ['name', 'searched'],
    'pass one of baselineOptimizers, such as baselineOptimizers.adam',
  );
  if (typeof evaluate !== 'function') {
    throw new UserError(
      `tuneOptimizer: the second argument must be the function that runs trials, but is ${describeKind(evaluate)}; pass evaluateInline({ family, key, horizon })`,
    );
  }
  const { tasks, refinements, fixed } = parseOptions('tuneOptimizer', tuneOptionsSchema, options);
  const axes = parseAxes('tuneOptimizer', optimizer.searched);
  const coarse = 2 ** refinements;
  const found = new Map<string, Located>();
  let round = 0;

  const allowed = (place: readonly number[]): boolean =>
    axes.every((axis, a) => axisAllows(axis, (place[a] as number) / coarse));
  const optionsAt = (place: readonly number[]): OptionValues => ({
    ...fixed,
    ...Object.fromEntries(axes.map((axis, a) => [axis.name, axisValue(axis, (place[a] as number) / coarse)])),
  });
  /** Evaluates those of the places that are new and allowed; whether there were any. */
  const visit = async (places: readonly (readonly number[])[], origin: CandidateOrigin): Promise<boolean> => {
    const fresh = places.filter((place) => !found.has(place.join()) && allowed(place));
    if (fresh.length === 0) return false;
    const candidates = await evaluateCandidates(optimizer.name, fresh.map(optionsAt), evaluate, {
      tasks,
      origin,
      round,
    });
    round++;
    fresh.forEach((place, i) => found.set(place.join(), { place, candidate: candidates[i] as Candidate }));
    return true;
  };
  const incumbent = (): Located | undefined => {
    const best = bestOf([...found.values()].map(({ candidate }) => candidate));
    return [...found.values()].find(({ candidate }) => candidate === best);
  };

  const first = axes.map((axis) => ({ low: 0, high: coarse * lastStep(axis) }));
  const grid = first.map((span) => ({ ...span }));
  await visit(latticePoints(grid, coarse), 'initial');
  while (growOverEdge(grid, axes, incumbent()?.place, coarse))
    await visit(latticePoints(grid, coarse), 'extension');
  for (let spacing = coarse / 2; spacing >= 1; spacing /= 2) {
    for (let best = incumbent(); best !== undefined; best = incumbent()) {
      if (!(await visit(neighbours(best.place, spacing), 'refinement'))) break;
    }
  }

  const best = incumbent();
  const edges =
    best === undefined ? [] : axes.flatMap((axis, a) => edgesAt(axis, best.place[a] as number, coarse));
  const outcome: TuningOutcome =
    best === undefined
      ? { kind: 'all-diverged' }
      : edges.length > 0
        ? { kind: 'at-bound', edges }
        : { kind: 'interior' };
  return summariseSearch({
    optimizer: optimizer.name,
    method: 'grid',
    tasks,
    axes: axes.map((axis, a) => describeAxis(axis, first[a] as Span, grid[a] as Span, coarse)),
    best: best?.candidate,
    outcome,
    candidates: [...found.values()].map(({ candidate }) => candidate),
  });
}

/** A stretch of an axis, both ends included, in units of the finest spacing. */
interface Span {
  low: number;
  high: number;
}

/**
 * Lengthens the grid by one step over each edge that `best` lies on, as far as the bounds allow; towards
 * smaller values of the first axis where there is no best because all diverged. Whether it grew.
 */
function growOverEdge(
  grid: readonly Span[],
  axes: readonly ParsedAxis[],
  best: readonly number[] | undefined,
  coarse: number,
): boolean {
  let grown = false;
  axes.forEach((axis, a) => {
    const span = grid[a] as Span;
    const below = best === undefined ? a === 0 : best[a] === span.low;
    const above = best !== undefined && best[a] === span.high;
    if (below && axisAllows(axis, span.low / coarse - 1)) {
      span.low -= coarse;
      grown = true;
    }
    if (above && axisAllows(axis, span.high / coarse + 1)) {
      span.high += coarse;
      grown = true;
    }
  });
  return grown;
}

/** The grid steps from `from` to `to`, the last one not beyond `to` but for rounding. */
function lastStep(axis: ParsedAxis): number {
  return Math.floor(axisPosition(axis, axis.to) + 1e-6);
}

/** All points of the box of spans, `spacing` apart, the last axis fastest. */
function latticePoints(spans: readonly Span[], spacing: number): number[][] {
  return spans.reduce<number[][]>(
    (points, { low, high }) => points.flatMap((point) => steps(low, high, spacing).map((k) => [...point, k])),
    [[]],
  );
}

/** The 3ᵈ − 1 points next to `place`, diagonals included. */
function neighbours(place: readonly number[], spacing: number): number[][] {
  const spans = place.map((k) => ({ low: k - spacing, high: k + spacing }));
  return latticePoints(spans, spacing).filter((point) => point.some((k, a) => k !== place[a]));
}

function steps(low: number, high: number, spacing: number): number[] {
  return Array.from({ length: (high - low) / spacing + 1 }, (_, i) => low + i * spacing);
}

/** The sides of the axis on which the bound forbids the next point at the finest spacing. */
function edgesAt(axis: ParsedAxis, k: number, coarse: number): EdgeOptimum[] {
  const value = axisValue(axis, k / coarse);
  const sides = [
    { side: 'lower', next: k - 1 },
    { side: 'upper', next: k + 1 },
  ] as const;
  return sides
    .filter(({ next }) => !axisAllows(axis, next / coarse))
    .map(({ side }) => ({ axis: axis.name, side, value }));
}

function describeAxis(axis: ParsedAxis, first: Span, grid: Span, coarse: number): SearchedAxis {
  const values = (low: number, high: number): number[] =>
    steps(low, high, coarse).map((k) => axisValue(axis, k / coarse));
  return {
    name: axis.name,
    initial: values(first.low, first.high),
    extendedBelow: values(grid.low, first.low - coarse),
    extendedAbove: values(first.high + coarse, grid.high),
  };
}

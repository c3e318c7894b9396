import { allFinite, checkArgument, type Key, type KeyWords, type Outcome } from '@metadescent/core';
import { checkWhole } from './check-whole.js';
import type { EstimatorContext, GradientEstimator } from './gradient-estimator.js';

/** One segment of one unroll, as far as every rule needs it; a rule adds what is its own. */
export interface SegmentTask<Cursor> {
  /** φ as one vector [n] */
  readonly point: Float32Array;
  /** Everything random about the unroll: optimizee, θ_0, mini-batches. */
  readonly key: KeyWords;
  /** Where the segment before ended; absent at the start of an unroll. */
  readonly cursor?: Cursor;
  /** Steps of this segment, and of the whole unroll. */
  readonly length: number;
  readonly horizon: number;
}

export interface SegmentResult<Cursor> {
  /** ∂L/∂φ of this segment [n] */
  readonly gradient: Float32Array;
  /** Mean of f̂ over the segment's end points, per optimizee. */
  readonly meanObjective: number;
  readonly outcome: Outcome;
  /** Where to go on; absent where a segment is the whole unroll. */
  readonly cursor?: Cursor;
}

/** The unrolls of a round that are under way. */
export interface Unrolls<Cursor> {
  /** Steps taken; 0 where a round begins. */
  readonly steps: number;
  /** Which of the batch go on, each with where it stands. */
  readonly running: readonly { readonly unroll: number; readonly cursor?: Cursor }[];
}

export interface TruncatedBackpropagationOptions<Details extends object = object> {
  /** Unrolls of a round, whose gradients are averaged. */
  readonly batch: number;
  /** Each task's gradient is scaled to at most this norm before averaging. */
  readonly gradientClip: number;
  /** Horizon and truncation of the unrolls of a round; equal, they are backpropagated whole. */
  readonly unrollAt: (round: number) => { readonly horizon: number; readonly segment: number };
  /** The key of the unrolls of a round: unroll i has its `fold(i)`. Default: `key.fold('unrolls').fold(round)`. */
  readonly keyAt?: (key: Key, round: number) => Key;
  /** What a rule's tasks carry besides, such as its loss or which of several families: for unroll i of a round. */
  readonly detailsAt?: (round: number, unroll: number) => Details;
  /** The name of the tasks. Default: `segment`. */
  readonly task?: string;
}

/**
 * Truncated backpropagation through time (Werbos 1990; Andrychowicz et al. 2016, §2.1): a batch of unrolls
 * goes on segment by segment, with one update after each,
 *
 *     signal = (1/B) Σ_b clip(∂L_b/∂φ),   L_b the meta-loss of the segment of unroll b
 *
 * with B the unrolls that were under way. It is the gradient of what a change of φ does within the segment;
 * what it does later is not seen. A round is a batch from its start to its horizon; an unroll that stops
 * being finite leaves the batch and counts as failed.
 *
 * The segment itself is the rule's (`task`): it unrolls and backpropagates.
 */
export function truncatedBackpropagation<Cursor, Details extends object = object>(
  options: TruncatedBackpropagationOptions<Details>,
): GradientEstimator<Unrolls<Cursor>, SegmentTask<Cursor> & Details, SegmentResult<Cursor>> {
  const caller = 'truncatedBackpropagation';
  const advice = 'pass { batch: 2, gradientClip: 1, unrollAt: () => ({ horizon: 100, segment: 20 }) }';
  checkArgument(caller, 'the options', options, ['batch', 'gradientClip', 'unrollAt'], advice);
  const { batch, gradientClip, unrollAt, detailsAt, task = 'segment' } = options;
  const keyAt = options.keyAt ?? ((key, round) => key.fold('unrolls').fold(round));
  checkWhole(caller, 'batch', batch);
  const fresh = (): Unrolls<Cursor> => ({
    steps: 0,
    running: Array.from({ length: batch }, (_, unroll) => ({ unroll })),
  });
  return {
    name: 'truncated-backpropagation',
    task,
    start: fresh,
    tasks({ steps, running }, { point, round, key }: EstimatorContext) {
      const { horizon, segment } = unrollAt(round);
      const keys = keyAt(key, round);
      return running.map(({ unroll, cursor }) => ({
        ...(detailsAt?.(round, unroll) as Details),
        point,
        key: keys.fold(unroll).words,
        length: Math.min(segment, horizon - steps),
        horizon,
        ...(cursor !== undefined && { cursor }),
      }));
    },
    combine(results, { steps, running }, { point, round }) {
      const { horizon, segment } = unrollAt(round);
      const sum = new Float64Array(point.length);
      const length = Math.min(segment, horizon - steps);
      const objective = { sum: 0, steps: 0 };
      const norms: number[] = [];
      const goingOn: { unroll: number; cursor?: Cursor }[] = [];
      let clipped = 0;
      results.forEach(({ gradient, meanObjective, outcome, cursor }, i) => {
        if (outcome.kind !== 'finished' || !allFinite(gradient)) return;
        const own = gradient.slice();
        const norm = clipToNorm(own, gradientClip);
        norms.push(norm);
        objective.sum += meanObjective * length;
        objective.steps += length;
        if (norm > gradientClip) clipped++;
        for (let j = 0; j < sum.length; j++)
          sum[j] = (sum[j] as number) + (own[j] as number) / results.length;
        const { unroll } = running[i] as { unroll: number };
        goingOn.push({ unroll, ...(cursor !== undefined && { cursor }) });
      });
      const roundFinished = steps + segment >= horizon || goingOn.length === 0;
      return {
        signal: goingOn.length > 0 ? sum : undefined,
        cursors: roundFinished ? fresh() : { steps: steps + segment, running: goingOn },
        roundFinished,
        objective,
        norms,
        clipped,
        failed: results.length - goingOn.length,
      };
    },
  };
}

/** Scales `gradient` in place to at most this Euclidean norm; returns the norm before. */
export function clipToNorm(gradient: Float32Array | Float64Array, limit: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) ** 2;
  const norm = Math.sqrt(squares);
  if (norm > limit)
    for (let i = 0; i < gradient.length; i++) gradient[i] = ((gradient[i] as number) * limit) / norm;
  return norm;
}

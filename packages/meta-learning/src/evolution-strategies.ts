import { checkArgument, UserError, type Key } from '@metadescent/core';
import type { AntitheticResult, AntitheticTask, PairCursor } from './antithetic-task.js';
import { checkWhole } from './check-whole.js';
import type { EstimatorContext, GradientEstimator } from './gradient-estimator.js';

/** One pair of unrolls φ ± σε that goes on from update to update. */
export interface Particle {
  /** Unrolls begun so far: the key of the one under way is made of it. */
  readonly unroll: number;
  /** Updates of this unroll so far: each draws a new ε. */
  readonly updates: number;
  /** Steps taken of this unroll. */
  readonly steps: number;
  /** Steps at which this unroll ends: the horizon, or less for the first one of a staggered particle. */
  readonly horizon: number;
  /** Where the two unrolls stand; absent at a start. */
  readonly cursor?: PairCursor;
  /** ξ = Σ ε over the updates of this unroll [n]; absent at a start, and for estimators that do not remember. */
  readonly accumulated?: Float64Array;
}

export interface EvolutionStrategiesOptions {
  /** N: pairs of unrolls. */
  readonly pairs: number;
  /** σ: standard deviation of the perturbations of every entry of φ. */
  readonly sigma: number;
  /** T: steps of an unroll. */
  readonly horizon: number;
  /** K: steps between two updates; the horizon for whole unrolls. */
  readonly segment: number;
  /** Particles begin at different places of their unrolls, so that every update sees all of them. Default true. */
  readonly staggered?: boolean;
}

/**
 * Persistent evolution strategies, PES (Vicol, Metz & Sohl-Dickstein 2021, "Unbiased gradient estimation in
 * unrolled computation graphs with persistent evolution strategies", Algorithm 2), with antithetic pairs:
 *
 *     ξ_i ← ξ_i + ε_i,   ε_i ~ N(0, σ² I)
 *     signal = 1/(2σ²N) Σ_i ξ_i (L_i⁺ − L_i⁻)
 *
 * with L_i^± the mean objective over the K steps of unroll i with φ ± ε_i, continued from where the unrolls
 * with the earlier perturbations stand. ξ remembers all perturbations of an unroll, so that what an earlier
 * one did shows: the estimate of the gradient of mean_t f̂_t over the whole unroll is unbiased (for the
 * objective smoothed by the perturbations), at the cost of one segment per update.
 *
 * Both of a pair see the same optimizee, θ_0 and mini-batches. A particle that reaches its horizon, or of
 * which one half fails, starts again with ξ = 0; particles are staggered over the horizon. Losses are means
 * over the steps that were run, so that a shorter last segment counts as much as it is long.
 *
 * A round is one update.
 */
export function persistentEvolutionStrategies(
  options: EvolutionStrategiesOptions,
): GradientEstimator<readonly Particle[], AntitheticTask, AntitheticResult> {
  return antithetic('persistent-evolution-strategies', options, true);
}

/**
 * Evolution strategies with antithetic pairs (Salimans et al. 2017; Nesterov & Spokoiny 2017):
 *
 *     signal = 1/(2σ²N) Σ_i ε_i (L_i⁺ − L_i⁻),   ε_i ~ N(0, σ² I)
 *
 * On whole unrolls (segment = horizon) it is unbiased for the smoothed meta-loss. On segments it is as
 * short-sighted as truncated backpropagation: a segment starts where φ ± the earlier perturbations led, and
 * what those did is taken as given.
 *
 * A round is one update.
 */
export function evolutionStrategies(
  options: EvolutionStrategiesOptions,
): GradientEstimator<readonly Particle[], AntitheticTask, AntitheticResult> {
  return antithetic('evolution-strategies', options, false);
}

function antithetic(
  name: string,
  options: EvolutionStrategiesOptions,
  persistent: boolean,
): GradientEstimator<readonly Particle[], AntitheticTask, AntitheticResult> {
  const caller = persistent ? 'persistentEvolutionStrategies' : 'evolutionStrategies';
  const advice = 'pass { pairs: 8, sigma: 0.01, horizon: 100, segment: 20 }';
  checkArgument(caller, 'the options', options, ['pairs', 'sigma', 'horizon', 'segment'], advice);
  const { pairs, sigma, horizon, segment, staggered = true } = options;
  checkWhole(caller, 'pairs', pairs);
  checkWhole(caller, 'horizon', horizon);
  checkWhole(caller, 'segment', segment);
  if (!(sigma > 0 && Number.isFinite(sigma)))
    throw new UserError(`${caller}: sigma must be a positive number, but is ${String(sigma)}`);
  /** ε of this update of this particle, in units of σ [n]. */
  const drawOf = (key: Key, particle: number, { unroll, updates }: Particle): Key =>
    key.fold('particle').fold(particle).fold('perturbation').fold(unroll).fold(updates);
  /** Segments of an unroll, of which a staggered particle first runs some only. */
  const segments = Math.ceil(horizon / segment);
  return {
    name,
    task: 'antithetic',
    start: () =>
      Array.from({ length: pairs }, (_, i) => {
        const first = staggered ? (i % segments) + 1 : segments;
        return { unroll: 0, updates: 0, steps: 0, horizon: Math.min(horizon, first * segment) };
      }),
    tasks: (particles, { point, key }: EstimatorContext) =>
      particles.map((particle, i): AntitheticTask => {
        const { unroll, steps, cursor } = particle;
        return {
          point,
          sigma,
          perturbation: drawOf(key, i, particle).words,
          key: key.fold('particle').fold(i).fold('unroll').fold(unroll).words,
          length: Math.min(segment, particle.horizon - steps),
          horizon,
          ...(cursor && { cursor }),
        };
      }),
    combine(results, particles, { point, key }) {
      const sum = new Float64Array(point.length);
      const objective = { sum: 0, steps: 0 };
      let failed = 0;
      const next = particles.map((particle, i): Particle => {
        const { plus, minus, cursor } = results[i] as AntitheticResult;
        const fresh: Particle = { unroll: particle.unroll + 1, updates: 0, steps: 0, horizon };
        if (!Number.isFinite(plus) || !Number.isFinite(minus) || !cursor) {
          failed++;
          return fresh;
        }
        const length = Math.min(segment, particle.horizon - particle.steps);
        objective.sum += 0.5 * (plus + minus) * length;
        objective.steps += length;
        const epsilon = drawOf(key, i, particle).normal(point.length);
        const before = persistent ? particle.accumulated : undefined;
        const accumulated = before ? epsilon.map((e, j) => e + (before[j] as number)) : epsilon;
        // A shorter last segment counts as much as it is long.
        const factor = ((plus - minus) * (length / segment)) / (2 * sigma * particles.length);
        for (let j = 0; j < sum.length; j++)
          sum[j] = (sum[j] as number) + factor * (accumulated[j] as number);
        const steps = particle.steps + length;
        if (steps >= particle.horizon) return fresh;
        return {
          ...particle,
          steps,
          updates: particle.updates + 1,
          cursor,
          ...(persistent && { accumulated }),
        };
      });
      const finished = particles.length - failed;
      return {
        signal: finished > 0 ? sum : undefined,
        cursors: next,
        roundFinished: true,
        objective,
        norms: finished > 0 ? [Math.hypot(...sum)] : [],
        clipped: 0,
        failed,
      };
    },
  };
}

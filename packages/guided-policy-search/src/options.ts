import { parseOptions as parse } from '@metadescent/core';
import * as z from 'zod/mini';

const positive = z.number().check(z.positive());
const oddWindow = z.int().check(
  z.positive(),
  z.refine((n) => n % 2 === 1, { error: 'must be an odd number of steps' }),
);

/**
 * Options of a run, with their defaults and where these come from. `gps-reference` is the public code of
 * Levine, Finn et al. (cbfinn/gps).
 */
export const guidedPolicySearchOptions = z.strictObject({
  /**
   * `badmm`: Bregman ADMM (Li & Malik 2017, §3.4). `mirror-descent`: trust region around the policy's model,
   * no λ and no ν (Montgomery & Levine 2016).
   */
  mode: z._default(z.enum(['badmm', 'mirror-descent']), 'badmm'),
  /** Trajectories sampled per iteration. Li & Malik 2016: 20. */
  trajectories: z._default(z.int().check(z.positive()), 20),
  /** Draw new initial states and noise every iteration instead of common random numbers. */
  freshSamples: z._default(z.boolean(), false),
  /** See `ActorOptions.gainNoise`. */
  gainNoise: z._default(z.number().check(z.nonnegative()), 0),
  /** What generates the samples. `policy` only makes sense where the policy explores as the controller does. */
  sampleFrom: z._default(z.enum(['controller', 'policy']), 'controller'),
  /** Rounds of {policy fit, λ step, η search} per iteration in `badmm`. gps-reference: 4. */
  innerIterations: z._default(z.int().check(z.positive()), 4),
  /** ε per time step and group, in nats. gps-reference and Li & Malik 2016: 0.2. */
  klStep: z._default(positive, 0.2),
  /** Extra entropy weight, in cost units. gps-reference: 0. */
  entropyBonus: z._default(z.number().check(z.nonnegative()), 0),
  eta: z.prefault(
    z.strictObject({
      /** gps-reference: 1 */
      initial: z._default(positive, 1),
      min: z._default(positive, 1e-8),
      max: z._default(positive, 1e16),
      /** Accept |KL − ε| below this share of ε. gps-reference: 0.1. */
      tolerance: z._default(positive, 0.1),
      maxEvaluations: z._default(z.int().check(z.positive()), 50),
    }),
    {},
  ),
  step: z.prefault(
    z.strictObject({
      /**
       * `acceptance`: keep a new controller only where the true cost of noiseless rollouts falls.
       * `predicted`: compare the model's prediction with the next samples (gps-reference). `fixed`: never
       * change. The model's predictions were found to be no guide to the step length where curvatures are
       * only known up to scale, so acceptance is the default.
       */
      rule: z._default(z.enum(['acceptance', 'predicted', 'fixed']), 'acceptance'),
      initial: z._default(positive, 1),
      min: z._default(positive, 0.01),
      max: z._default(positive, 10),
      /** Trajectories per acceptance test; default: `trajectories`. */
      trajectories: z.optional(z.int().check(z.positive())),
      /** A failed step is shortened by this factor … */
      shrink: z._default(positive.check(z.maximum(1)), 0.4),
      /** … at most so many times. */
      attempts: z._default(z.int().check(z.nonnegative()), 2),
    }),
    {},
  ),
  dynamics: z.prefault(
    z.strictObject({
      /** ρ per sample in standardised units. Li & Malik 2016: 1e-3. */
      ridge: z._default(z.number().check(z.nonnegative()), 1e-3),
      actionRidge: z._default(z.number().check(z.nonnegative()), 1e-3),
      window: z._default(oddWindow, 1),
      noiseFloor: z._default(z.number().check(z.nonnegative()), 1e-10),
      /** gps-reference: 1e-6 */
      initialVarianceFloor: z._default(z.number().check(z.nonnegative()), 1e-6),
    }),
    {},
  ),
  /**
   * A mixture prior over (s, a, s'), fitted anew each iteration. gps-reference: 20 to 50 clusters, strength
   * 1. Off by default: thousands of pooled samples do not need it.
   */
  mixture: z.optional(
    z.strictObject({
      clusters: z._default(z.int().check(z.positive()), 20),
      strength: z._default(positive, 1),
      maxPoints: z._default(z.int().check(z.positive()), 2000),
    }),
  ),
  covariance: z.prefault(
    z.strictObject({
      /**
       * Standard deviations of the controller stay within these multiples of the rms mean action of the step,
       * smoothed over `smoothing` steps …
       */
      relativeFloor: z._default(z.number().check(z.nonnegative()), 0.02),
      relativeCap: z._default(positive, 3),
      smoothing: z._default(oddWindow, 21),
      /** … and within these absolute bounds. */
      floor: z._default(positive, 1e-8),
      cap: z._default(positive, Number.MAX_VALUE),
    }),
    {},
  ),
  policyModel: z.prefault(
    z.strictObject({
      /** Ridge per sample in standardised units. Li & Malik 2016: 1e-3. */
      ridge: z._default(z.number().check(z.nonnegative()), 1e-3),
      /** Standard deviation of the policy is at least this. */
      floor: z._default(positive, 1e-6),
    }),
    {},
  ),
  lambda: z.prefault(
    z.strictObject({
      /** α. gps-reference: 0.1; Li & Malik 2016: 0.2. */
      rate: z._default(z.number().check(z.nonnegative()), 0.2),
      precondition: z._default(z.boolean(), true),
      /** In standard deviations of ψ. */
      clip: z._default(positive, 10),
    }),
    {},
  ),
  nu: z.prefault(
    z.strictObject({
      /** gps-reference and Li & Malik 2016: 0.01. 0 makes the policy a pure imitator. */
      initial: z._default(z.number().check(z.nonnegative()), 0.01),
      /** Adapt ν. */
      adapt: z._default(z.boolean(), true),
      upper: z._default(z.number().check(z.nonnegative()), 0.5),
      lower: z._default(z.number().check(z.nonnegative()), 1),
      min: z._default(positive, 1e-4),
      max: z._default(positive, 1e2),
      smoothing: z._default(oddWindow, 21),
    }),
    {},
  ),
  /** Measure the policy's own cost after every iteration, by rollouts of its means. */
  evaluatePolicy: z._default(z.boolean(), true),
});

/** Options after defaults. */
export type GuidedPolicySearchOptions = z.output<typeof guidedPolicySearchOptions>;
/** Options as the user writes them: everything may be left out. */
export type GuidedPolicySearchInput = z.input<typeof guidedPolicySearchOptions>;

/** @throws UserError listing every option that is wrong. */
export function parseOptions(input: GuidedPolicySearchInput = {}): GuidedPolicySearchOptions {
  return parse('guided policy search', guidedPolicySearchOptions, input);
}

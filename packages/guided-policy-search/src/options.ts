import { UserError } from '@metadescent/core';
import { z } from 'zod';

const positive = z.number().positive();
const oddWindow = z
  .int()
  .positive()
  .refine((n) => n % 2 === 1, { error: 'must be an odd number of steps' });

/** Options of a run, with their defaults and where these come from. `gps-reference` is the public code of Levine, Finn et al. (cbfinn/gps). */
export const guidedPolicySearchOptions = z.strictObject({
  /** `badmm`: Bregman ADMM (Li & Malik 2017, §3.4). `mirror-descent`: trust region around the policy's model, no λ and no ν (Montgomery & Levine 2016). */
  mode: z.enum(['badmm', 'mirror-descent']).default('badmm'),
  /** Trajectories sampled per iteration. Li & Malik 2016: 20. */
  trajectories: z.int().positive().default(20),
  /** Draw new initial states and noise every iteration instead of common random numbers. */
  freshSamples: z.boolean().default(false),
  /** See `ActorOptions.gainNoise`. */
  gainNoise: z.number().nonnegative().default(0),
  /** What generates the samples. `policy` only makes sense where the policy explores as the controller does. */
  sampleFrom: z.enum(['controller', 'policy']).default('controller'),
  /** Rounds of {policy fit, λ step, η search} per iteration in `badmm`. gps-reference: 4. */
  innerIterations: z.int().positive().default(4),
  /** ε per time step and group, in nats. gps-reference and Li & Malik 2016: 0.2. */
  klStep: positive.default(0.2),
  /** Extra entropy weight, in cost units. gps-reference: 0. */
  entropyBonus: z.number().nonnegative().default(0),
  eta: z
    .strictObject({
      /** gps-reference: 1 */
      initial: positive.default(1),
      min: positive.default(1e-8),
      max: positive.default(1e16),
      /** Accept |KL − ε| below this share of ε. gps-reference: 0.1. */
      tolerance: positive.default(0.1),
      maxEvaluations: z.int().positive().default(50),
    })
    .prefault({}),
  step: z
    .strictObject({
      /**
       * `acceptance`: keep a new controller only where the true cost of noiseless rollouts falls. `predicted`: compare the model's prediction with the next samples (gps-reference). `fixed`: never
       * change. The model's predictions were found to be no guide to the step length where curvatures are only known up to scale, so acceptance is the default.
       */
      rule: z.enum(['acceptance', 'predicted', 'fixed']).default('acceptance'),
      initial: positive.default(1),
      min: positive.default(0.01),
      max: positive.default(10),
      /** Trajectories per acceptance test; default: `trajectories`. */
      trajectories: z.int().positive().optional(),
      /** A failed step is shortened by this factor … */
      shrink: positive.max(1).default(0.4),
      /** … at most so many times. */
      attempts: z.int().nonnegative().default(2),
    })
    .prefault({}),
  dynamics: z
    .strictObject({
      /** ρ per sample in standardised units. Li & Malik 2016: 1e-3. */
      ridge: z.number().nonnegative().default(1e-3),
      actionRidge: z.number().nonnegative().default(1e-3),
      window: oddWindow.default(1),
      noiseFloor: z.number().nonnegative().default(1e-10),
      /** gps-reference: 1e-6 */
      initialVarianceFloor: z.number().nonnegative().default(1e-6),
    })
    .prefault({}),
  /** A mixture prior over (s, a, s'), fitted anew each iteration. gps-reference: 20 to 50 clusters, strength 1. Off by default: thousands of pooled samples do not need it. */
  mixture: z
    .strictObject({
      clusters: z.int().positive().default(20),
      strength: positive.default(1),
      maxPoints: z.int().positive().default(2000),
    })
    .optional(),
  covariance: z
    .strictObject({
      /** Standard deviations of the controller stay within these multiples of the rms mean action of the step, smoothed over `smoothing` steps … */
      relativeFloor: z.number().nonnegative().default(0.02),
      relativeCap: positive.default(3),
      smoothing: oddWindow.default(21),
      /** … and within these absolute bounds. */
      floor: positive.default(1e-8),
      cap: positive.default(Number.MAX_VALUE),
    })
    .prefault({}),
  policyModel: z
    .strictObject({
      /** Ridge per sample in standardised units. Li & Malik 2016: 1e-3. */
      ridge: z.number().nonnegative().default(1e-3),
      /** Standard deviation of the policy is at least this. */
      floor: positive.default(1e-6),
    })
    .prefault({}),
  lambda: z
    .strictObject({
      /** α. gps-reference: 0.1; Li & Malik 2016: 0.2. */
      rate: z.number().nonnegative().default(0.2),
      precondition: z.boolean().default(true),
      /** In standard deviations of ψ. */
      clip: positive.default(10),
    })
    .prefault({}),
  nu: z
    .strictObject({
      /** gps-reference and Li & Malik 2016: 0.01. 0 makes the policy a pure imitator. */
      initial: z.number().nonnegative().default(0.01),
      /** Adapt ν. */
      adapt: z.boolean().default(true),
      upper: z.number().nonnegative().default(0.5),
      lower: z.number().nonnegative().default(1),
      min: positive.default(1e-4),
      max: positive.default(1e2),
      smoothing: oddWindow.default(21),
    })
    .prefault({}),
  /** Measure the policy's own cost after every iteration, by rollouts of its means. */
  evaluatePolicy: z.boolean().default(true),
});

/** Options after defaults. */
export type GuidedPolicySearchOptions = z.output<typeof guidedPolicySearchOptions>;
/** Options as the user writes them: everything may be left out. */
export type GuidedPolicySearchInput = z.input<typeof guidedPolicySearchOptions>;

/** @throws UserError listing every option that is wrong. */
export function parseOptions(input: GuidedPolicySearchInput = {}): GuidedPolicySearchOptions {
  const result = guidedPolicySearchOptions.safeParse(input);
  if (!result.success)
    throw new UserError(`guided policy search: the options are not valid\n${z.prettifyError(result.error)}`);
  return result.data;
}

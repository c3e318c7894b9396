import { guidedPolicySearchOptions } from '@metadescent/guided-policy-search';
import * as z from 'zod/mini';
import { anyNumber, count, name, optimizerKind, rule, text, wrongLength } from '../record-fields.js';
import type { Parsed, Recorded } from '../record-file.js';
import { trainingFields } from '../training-run.js';

const atLeastOne = z.minLength(1, 'expected at least one');
const angles = { initialAngles: z.optional(z.array(z.number()).check(atLeastOne)) };
const problemSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('linear-regulator'),
    initialMeans: z.optional(
      z.array(z.array(z.number()).check(z.length(4, 'expected x₁, x₂, v₁, v₂'))).check(atLeastOne),
    ),
  }),
  z.strictObject({ kind: z.literal('pendulum'), ...angles }),
  z.strictObject({ kind: z.literal('pendulum-hidden-velocity'), ...angles }),
]);

const stageSchema = z.strictObject({
  name,
  purpose: text,
  /** What a policy is made from is its package's to check; a report reads no more than its kind. */
  policy: z.looseObject({ kind: z.enum(['none', 'linear', 'mlp', 'lstm']) }),
  options: guidedPolicySearchOptions,
  iterations: count,
  after: z.optional(text),
});

/** The `config.json` of a control run. */
export const controlConfigSchema = z.strictObject({
  kind: z.literal('control'),
  ...trainingFields,
  problem: problemSchema,
  stages: z.array(stageSchema).check(atLeastOne),
});
export type ControlConfigInput = Recorded<typeof controlConfigSchema>;
export type ControlConfig = Parsed<typeof controlConfigSchema>;

const groupMetricsSchema = z.strictObject({
  /** How the η search ended; absent where the iteration made no new controller. */
  search: z.optional(z.enum(['converged', 'inactive', 'exhausted', 'infeasible'])),
  evaluations: z.optional(count),
  eta: z.optional(anyNumber),
  /** Σ_t KL(ψ‖centre) where the η search ended, nats. */
  searchKl: z.optional(anyNumber),
  /** The same after the exploration was put within its bounds. */
  kl: anyNumber,
  /** The bound of the search. */
  epsilon: anyNumber,
  predictedBefore: anyNumber,
  predictedAfter: anyNumber,
  /** Share of the next state's variance that the dynamics fit leaves, mean over time. */
  unexplained: z.optional(anyNumber),
  /** Mean KL(ψ‖π) per step, nats. */
  policyKl: anyNumber,
  entropy: anyNumber,
  /** Root mean square of λ and mean of ν over time. */
  lambda: anyNumber,
  nu: anyNumber,
});
export type GroupMetrics = Recorded<typeof groupMetricsSchema>;

/**
 * One line of a control run's metrics: an iteration (see `IterationRecord`) with its sequences over time
 * summarised.
 */
export const controlMetricsSchema = z.strictObject({
  /** Counts iterations over all stages, from 1. */
  step: count,
  stage: name,
  iteration: count,
  outcome: z.enum(['improved', 'rejected', 'restored', 'diverged']),
  sampledCost: anyNumber,
  sampledCostError: anyNumber,
  dropped: count,
  acceptance: z.optional(z.strictObject({ before: anyNumber, after: anyNumber, fraction: anyNumber })),
  stepMultiplier: anyNumber,
  policyLoss: z.optional(z.strictObject({ before: anyNumber, after: anyNumber })),
  groups: z
    .record(z.string(), groupMetricsSchema)
    .check(z.refine((groups) => Object.keys(groups).length > 0, 'expected at least one group')),
  /** Mean cost per trial without noise, on trials that are the same in every iteration: of the controllers … */
  controllerCost: anyNumber,
  /** … and of the policy where the stage has one. */
  policyCost: z.optional(anyNumber),
});
export type ControlMetrics = Recorded<typeof controlMetricsSchema>;

/** What an iteration itself adds to such a line. */
export type IterationMetrics = Omit<ControlMetrics, 'step' | 'stage' | 'controllerCost' | 'policyCost'>;

const trialResultSchema = z.strictObject({
  name,
  kind: optimizerKind,
  /** Trials that ran to the end, over all groups, and those that turned non-finite. */
  finished: count,
  dropped: count,
  /** Mean cost per trial and its standard error. */
  cost: anyNumber,
  costError: anyNumber,
  /** Mean cost as a multiple of the first contender's, on the same trials, and the standard error of that. */
  ratio: anyNumber,
  ratioError: anyNumber,
  /** Trials that ended as they should; absent where the problem does not say. */
  succeeded: z.optional(count),
  /** Of each quantity that is drawn, in each of the trials that are shown [quantities, shown, T + 1] */
  courses: z.array(z.array(z.array(anyNumber).check(atLeastOne))),
});

/** How one contender did in all trials. */
export type TrialResult = Recorded<typeof trialResultSchema>;

/** What `trials.json` of a control run holds. */
export const heldOutTrialsSchema = z
  .strictObject({
    kind: z.literal('held-out-trials'),
    /** Names of the trials that are shown. */
    shown: z.array(name).check(atLeastOne),
    results: z.array(trialResultSchema).check(atLeastOne),
  })
  .check(
    rule(function* ({ shown, results }) {
      const quantities = results[0]?.courses.length ?? 0;
      for (const [i, { courses }] of results.entries()) {
        yield* wrongLength(['results', i, 'courses'], courses, quantities, 'the same quantities for all');
        for (const [q, trials] of courses.entries())
          yield* wrongLength(['results', i, 'courses', q], trials, shown.length, 'one per trial in "shown"');
      }
    }),
  );
export type HeldOutTrials = Recorded<typeof heldOutTrialsSchema>;

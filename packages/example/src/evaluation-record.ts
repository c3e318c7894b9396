import { metaTrainingRecordSchema } from '@metadescent/reporting';
import * as z from 'zod/mini';
import { anyNumber, count, curveFields, name, rule, runFields, text, wrongLength } from './record-fields.js';
import type { Recorded } from './record-file.js';

/** Values of hyper-parameters by name. */
const settings = z.record(z.string(), z.number());

const edges = z.array(z.strictObject({ axis: text, side: z.enum(['lower', 'upper']), value: z.number() }));

/** A tuning report (see `TuningReport`) whose candidates keep only their mean scores. */
const tuningSchema = z.strictObject({
  optimizer: name,
  method: z.enum(['grid', 'random']),
  tasks: count,
  axes: z.array(
    z.strictObject({
      name: text,
      initial: z.array(z.number()),
      extendedBelow: z.array(z.number()),
      extendedAbove: z.array(z.number()),
    }),
  ),
  outcome: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('interior') }),
    z.strictObject({ kind: z.literal('at-bound'), edges }),
    z.strictObject({ kind: z.literal('near-edge'), edges }),
    z.strictObject({ kind: z.literal('all-diverged') }),
  ]),
  candidates: z.array(
    z.strictObject({
      options: settings,
      origin: text,
      round: count,
      score: anyNumber,
      standardError: anyNumber,
      diverged: count,
    }),
  ),
  trials: count,
  divergedTrials: count,
  divergedCandidates: count,
});

/** What every optimizer's part of an evaluation holds. */
const resultFields = {
  optimizer: name,
  /** Of the true objective over the held-out optimizees that were finite there [horizon + 1 each]. */
  ...curveFields,
  /** How the rollouts ended, by the names of core's outcomes. */
  outcomes: z.strictObject({ finished: count, 'non-finite': count, diverged: count }),
};

const optimizerResultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('learned'),
    class: z.literal('learned'),
    ...resultFields,
    /** The rule's settings. */
    hyperparameters: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal('hand-made'),
    /**
     * What it counts in: line-search methods evaluate their mini-batch several times per step and are shown
     * for reference.
     */
    class: z.enum(['first-order', 'line-search']),
    ...resultFields,
    /** The tuned ones. */
    hyperparameters: settings,
    /** Everything that tuning tried. */
    tuning: tuningSchema,
  }),
]);

/** One optimizer's part of an evaluation: what `--json` prints and the report draws. */
export type OptimizerResult = Recorded<typeof optimizerResultSchema>;

const comparisonSchema = z.strictObject({
  /** Absent where every one of them diverged with every setting that tuning tried: then none was raced. */
  bestBaseline: z.optional(name),
  /**
   * What "best" is of: the tuned baselines that evaluate their mini-batch once per step. Line-search methods
   * are left out.
   */
  bestOf: z.literal('first-order'),
  /**
   * Mean objective of the learned optimizer / that of the best baseline at the last step; NaN if either did
   * not finish everywhere, or if there is no best baseline.
   */
  ratio: anyNumber,
  /** Standard error of the ratio, from the paired differences (delta method). */
  ratioStandardError: anyNumber,
  /** The ratio that the paper's plots show, where there is one. */
  publishedRatio: z.optional(z.number()),
});

/** The learned optimizer against the best first-order baseline at the last step, on the same held-out optimizees. */
export type Comparison = Recorded<typeof comparisonSchema>;

/** What a meta-training was to reach on its held-out optimizees, and the best that it reached. */
const targetSchema = z.strictObject({ target: z.number(), reached: z.number() });
export type TrainingTarget = Recorded<typeof targetSchema>;

const evaluationResultSchema = z
  .strictObject({
    experiment: name,
    title: name,
    source: text,
    horizon: z.int().check(z.positive()),
    heldOutOptimizees: z.int().check(z.positive()),
    engine: text,
    optimizers: z.array(optimizerResultSchema).check(z.minLength(1, 'expected at least one optimizer')),
    comparison: comparisonSchema,
    /** Where the learned optimizer was meta-trained to a target just before. */
    training: z.optional(targetSchema),
  })
  .check(
    rule(function* ({ horizon, optimizers }) {
      const seen = new Set<string>();
      for (const [i, result] of optimizers.entries()) {
        for (const field of ['mean', 'standardError', 'count'] as const)
          yield* wrongLength(
            ['optimizers', i, field],
            result[field],
            horizon + 1,
            'one per step, with the start',
          );
        if (seen.has(result.optimizer))
          yield { path: ['optimizers', i, 'optimizer'], message: 'is there twice' };
        seen.add(result.optimizer);
      }
    }),
  );

/** Everything that `evaluate` found out about one experiment. */
export type EvaluationResult = Recorded<typeof evaluationResultSchema>;

/** What `results.json` holds. */
export const evaluationRecordSchema = z.strictObject({
  kind: z.literal('evaluation'),
  title: name,
  facts: z.strictObject(runFields),
  /** Meta-training that was part of it. */
  training: z.optional(metaTrainingRecordSchema),
  results: z.array(evaluationResultSchema).check(z.minLength(1, 'expected at least one result')),
});

/** What `evaluate --out` and the demo keep beside the report, and `report` draws again. */
export type EvaluationRecord = Recorded<typeof evaluationRecordSchema>;

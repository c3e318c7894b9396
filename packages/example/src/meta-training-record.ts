import { lstmRuleSchema, metaTrainingSchema } from '@metadescent/lstm-optimizer';
import * as z from 'zod/mini';
import { anyNumber, count } from './record-fields.js';
import type { Parsed, Recorded } from './record-file.js';
import { trainingFields } from './training-run.js';

/** What the config of a run says of the problem; reports do not read more of it than the kind. */
export const problemSchema = z.looseObject({ kind: z.enum(['quadratics', 'mnist', 'projected-mnist']) });

/** The `config.json` of a meta-training by gradients. */
export const metaTrainingConfigSchema = z.strictObject({
  kind: z.literal('meta-training'),
  ...trainingFields,
  /** Independent functions that one unroll steps at once. */
  stacked: count,
  problem: problemSchema,
  rule: lstmRuleSchema,
  recipe: metaTrainingSchema,
});
export type MetaTrainingConfig = Parsed<typeof metaTrainingConfigSchema>;

/** A line of its metrics: an epoch, counted from 0 (see `EpochRecord`). */
export const epochMetricsSchema = z.strictObject({
  step: count,
  horizon: count,
  learningRate: anyNumber,
  trainingObjective: anyNumber,
  validationScore: anyNumber,
  bestScore: anyNumber,
  gradientNorm: anyNumber,
  clippedShare: anyNumber,
  nonFiniteUnrolls: count,
  failedValidations: count,
  deadWeights: count,
});
export type EpochMetrics = Recorded<typeof epochMetricsSchema>;

import { lstmRuleSchema, pretrainedNames, readoutSearchSchema } from '@metadescent/lstm-optimizer';
import * as z from 'zod/mini';
import { problemSchema } from './meta-training-record.js';
import { anyNumber, count } from './record-fields.js';
import type { Parsed, Recorded } from './record-file.js';
import { trainingFields } from './training-run.js';

/** The `config.json` of a search for a readout. */
export const readoutSearchConfigSchema = z.strictObject({
  kind: z.literal('readout-search'),
  ...trainingFields,
  problem: problemSchema,
  rule: lstmRuleSchema,
  /** Shipped weights that it starts from. */
  startsFrom: z.enum(pretrainedNames),
  recipe: readoutSearchSchema,
});
export type ReadoutSearchConfig = Parsed<typeof readoutSearchConfigSchema>;

/** A line of its metrics: a generation, counted from 1, with a validation every few. */
export const generationMetricsSchema = z.strictObject({
  step: count,
  bestCandidate: anyNumber,
  medianCandidate: anyNumber,
  sigma: anyNumber,
  failedCandidates: count,
  'validation/final': z.optional(anyNumber),
  'validation/mean': z.optional(anyNumber),
});
export type GenerationMetrics = Recorded<typeof generationMetricsSchema>;

import { fineTuningSchema, psdRecipeSchema } from '@metadescent/predicted-step-descent';
import * as z from 'zod/mini';
import { anyNumber, count, rule } from '../record-fields.js';
import type { Parsed } from '../record-file.js';
import { trainingFields } from '../training-run.js';
import { trainingObjectiveSchema } from './training-objectives.js';

/** The `config.json` of a guided policy search on one objective. */
export const searchConfigSchema = z.strictObject({
  kind: z.literal('search'),
  ...trainingFields,
  objective: trainingObjectiveSchema,
  recipe: psdRecipeSchema,
});
export type SearchConfig = Parsed<typeof searchConfigSchema>;

/** The `config.json` of a fine-tuning over a list of objectives. */
export const fineTuningConfigSchema = z.strictObject({
  kind: z.literal('fine-tuning'),
  ...trainingFields,
  /** How the policy that a search found is put beside AdaGrad's step (see `NominalStart`). */
  start: z.strictObject({
    nominalRate: z.number(),
    policyScale: z.number(),
    annealing: z.optional(z.number()),
  }),
  training: z.array(trainingObjectiveSchema),
  validation: z.array(trainingObjectiveSchema).check(z.minLength(1, 'expected at least one objective')),
  recipe: fineTuningSchema,
});
export type FineTuningConfig = Parsed<typeof fineTuningConfigSchema>;

const step = { step: count };

/**
 * What lines of a search hold for certain: an iteration, or a round of distillation (the ones with a
 * regression loss). Groups have keys of their own.
 */
const LINE_KEYS = {
  iteration: ['sampled', 'stepMultiplier', 'dropped'],
  distillation: ['policy', 'controller', 'teacher'],
} as const;

/** A line of a search's metrics (see `searchMetrics`). */
export const searchMetricsSchema = z
  .catchall(z.object(step), anyNumber)
  .check(
    rule((line) => missing(line, 'regressionLoss' in line ? LINE_KEYS.distillation : LINE_KEYS.iteration)),
  );

/**
 * A line of a fine-tuning's metrics: a validation, and what was trained since the one before (see
 * `FineTuningRecord`).
 */
export const fineTuningMetricsSchema = z
  .catchall(z.object(step), anyNumber)
  .check(
    rule((line) =>
      missing(line, ['trainingObjective', 'gradientNorm', 'failedEpisodes', 'score', 'bestScore']),
    ),
  );

function* missing(line: Readonly<Record<string, unknown>>, keys: readonly string[]) {
  for (const key of keys) if (!(key in line)) yield { path: [key], message: 'is missing' };
}

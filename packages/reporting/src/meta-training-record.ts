import { z } from 'zod';
import { recordedNumber } from './recorded-number.js';

const values = z.array(recordedNumber).readonly();

/** Schema of {@link MetaTrainingRecord}. */
export const metaTrainingRecordSchema = z
  .object({
    title: z.string().min(1),
    subtitle: z.string().optional(),
    xLabel: z.string().default('epoch'),
    lossLabel: z.string().default('meta-loss'),
    yScale: z.enum(['log', 'linear']).default('log'),
    /** Default 1 … n [n]. */
    epochs: z.array(z.number()).readonly().optional(),
    /** Meta-loss on training optimizees, per epoch [n]. */
    trainLoss: z.array(recordedNumber).min(1, 'meta-training needs at least one epoch').readonly(),
    /** On validation optimizees; `null` where an epoch was not validated [n]. */
    validationLoss: values.optional(),
    /** Euclidean norm of the meta-gradient, before clipping [n]. */
    metaGradientNorm: values.optional(),
    /** The epoch whose weights were kept. */
    bestEpoch: z.number().optional(),
    notes: z.array(z.string()).readonly().default([]),
  })
  .superRefine((record, context) => {
    for (const field of ['epochs', 'validationLoss', 'metaGradientNorm'] as const) {
      const list = record[field];
      if (list !== undefined && list.length !== record.trainLoss.length) {
        context.addIssue({
          code: 'custom',
          path: [field],
          message: `has ${list.length} entries, but trainLoss has ${record.trainLoss.length}`,
        });
      }
    }
  });

/** The course of one meta-training, after parsing. */
export type MetaTrainingRecord = z.output<typeof metaTrainingRecordSchema>;
export type MetaTrainingRecordInput = z.input<typeof metaTrainingRecordSchema>;

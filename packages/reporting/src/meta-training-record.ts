import * as z from 'zod/mini';
import { recordedNumber } from './recorded-number.js';

const values = z.readonly(z.array(recordedNumber));

/** Schema of {@link MetaTrainingRecord}. */
export const metaTrainingRecordSchema = z
  .object({
    title: z.string().check(z.minLength(1)),
    subtitle: z.optional(z.string()),
    xLabel: z._default(z.string(), 'epoch'),
    lossLabel: z._default(z.string(), 'meta-loss'),
    yScale: z._default(z.enum(['log', 'linear']), 'log'),
    /** Default 1 … n [n]. */
    epochs: z.optional(z.readonly(z.array(z.number()))),
    /** Meta-loss on training optimizees, per epoch [n]. */
    trainLoss: z.readonly(
      z.array(recordedNumber).check(z.minLength(1, 'meta-training needs at least one epoch')),
    ),
    /** On validation optimizees; `null` where an epoch was not validated [n]. */
    validationLoss: z.optional(values),
    /** Euclidean norm of the meta-gradient, before clipping [n]. */
    metaGradientNorm: z.optional(values),
    /** The epoch whose weights were kept. */
    bestEpoch: z.optional(z.number()),
    notes: z._default(z.readonly(z.array(z.string())), []),
  })
  .check(
    z.superRefine((record, context) => {
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
    }),
  );

/** The course of one meta-training, after parsing. */
export type MetaTrainingRecord = z.output<typeof metaTrainingRecordSchema>;
export type MetaTrainingRecordInput = z.input<typeof metaTrainingRecordSchema>;

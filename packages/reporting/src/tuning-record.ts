import { z } from 'zod';
import { recordedNumber } from './recorded-number.js';

const hyperparameters = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

/** Schema of {@link TuningRecord}. */
export const tuningRecordSchema = z.object({
  optimizer: z.string().min(1),
  chosen: hyperparameters,
  /** What was minimised, e.g. `final true objective, mean over 8 optimizees`. */
  criterion: z.string().optional(),
  /** Every candidate with its score; a non-finite score is a candidate that failed. */
  grid: z
    .array(
      z.object({
        parameters: hyperparameters,
        score: recordedNumber,
        standardError: recordedNumber.optional(),
      }),
    )
    .readonly()
    .default([]),
  /** What was done about an optimum on the edge of the grid. */
  edgeNotes: z.array(z.string()).readonly().default([]),
  /** How many candidates ended with non-finite values. Default: the non-finite scores of the grid. */
  nonFiniteCandidates: z.number().int().min(0).optional(),
});

/** How the hyper-parameters of one optimizer were chosen, after parsing. */
export type TuningRecord = z.output<typeof tuningRecordSchema>;
export type TuningRecordInput = z.input<typeof tuningRecordSchema>;

/** Candidates that ended with non-finite values. */
export function nonFiniteCandidates({ grid, nonFiniteCandidates }: TuningRecord): number {
  return nonFiniteCandidates ?? grid.filter(({ score }) => !Number.isFinite(score)).length;
}

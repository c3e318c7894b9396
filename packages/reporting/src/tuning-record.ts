import * as z from 'zod/mini';
import { recordedNumber } from './recorded-number.js';

const hyperparameters = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

/** Schema of {@link TuningRecord}. */
export const tuningRecordSchema = z.object({
  optimizer: z.string().check(z.minLength(1)),
  chosen: hyperparameters,
  /** What was minimised, e.g. `final true objective, mean over 8 optimizees`. */
  criterion: z.optional(z.string()),
  /** Every candidate with its score; a non-finite score is a candidate that failed. */
  grid: z._default(
    z.readonly(
      z.array(
        z.object({
          parameters: hyperparameters,
          score: recordedNumber,
          standardError: z.optional(recordedNumber),
        }),
      ),
    ),
    [],
  ),
  /** What was done about an optimum on the edge of the grid. */
  edgeNotes: z._default(z.readonly(z.array(z.string())), []),
  /** How many candidates ended with non-finite values. Default: the non-finite scores of the grid. */
  nonFiniteCandidates: z.optional(z.int().check(z.minimum(0))),
});

/** How the hyper-parameters of one optimizer were chosen, after parsing. */
export type TuningRecord = z.output<typeof tuningRecordSchema>;
export type TuningRecordInput = z.input<typeof tuningRecordSchema>;

/** Candidates that ended with non-finite values. */
export function nonFiniteCandidates({ grid, nonFiniteCandidates }: TuningRecord): number {
  return nonFiniteCandidates ?? grid.filter(({ score }) => !Number.isFinite(score)).length;
}

import * as z from 'zod/mini';
import { curveSetSchema } from './curve-set.js';
import { metaTrainingRecordSchema } from './meta-training-record.js';
import { resultTableSchema } from './result-table.js';
import { outcomeCountsSchema, runFactsSchema } from './run-facts.js';
import { tuningRecordSchema } from './tuning-record.js';

const block = z.discriminatedUnion('type', [
  z.object({ type: z.literal('paragraph'), text: z.string() }),
  z.object({ type: z.literal('curves'), curves: curveSetSchema }),
  z.object({
    type: z.literal('curve-grid'),
    title: z.optional(z.string()),
    panels: z.readonly(z.array(curveSetSchema).check(z.minLength(1, 'a grid needs at least one panel'))),
    /** Panels in a row on a wide page. Default: all of them, at most four. */
    columns: z.optional(z.int().check(z.minimum(1))),
  }),
  z.object({ type: z.literal('table'), table: resultTableSchema }),
  z.object({
    type: z.literal('tuning'),
    records: z.readonly(
      z.array(tuningRecordSchema).check(z.minLength(1, 'tuning needs at least one record')),
    ),
  }),
  z.object({ type: z.literal('meta-training'), training: metaTrainingRecordSchema }),
  z.object({ type: z.literal('run'), facts: runFactsSchema }),
  z.object({ type: z.literal('outcomes'), outcomes: outcomeCountsSchema }),
]);

/** One piece of a report. */
export type ReportBlock = z.output<typeof block>;
export type ReportBlockInput = z.input<typeof block>;

/** Schema of {@link Report}. */
export const reportSchema = z.object({
  title: z.string().check(z.minLength(1)),
  /** What was found, in a few sentences: one paragraph each. */
  summary: z._default(
    z.union([
      z.pipe(
        z.string(),
        z.transform((text) => [text]),
      ),
      z.array(z.string()),
    ]),
    [],
  ),
  /** Given by the caller: this package has no clock. */
  date: z.optional(z.string()),
  sections: z.readonly(
    z
      .array(z.object({ heading: z.string().check(z.minLength(1)), blocks: z.readonly(z.array(block)) }))
      .check(z.minLength(1, 'a report needs at least one section')),
  ),
});

/** The report of a run or of a set of experiments, after parsing. */
export type Report = z.output<typeof reportSchema>;
/** A {@link Report} as it may be written. */
export type ReportInput = z.input<typeof reportSchema>;

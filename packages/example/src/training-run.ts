import type { ReportInput } from '@metadescent/reporting';
import type { MetricRecord, RunRecord } from '@metadescent/runtime';
import * as z from 'zod/mini';
import { name } from './record-fields.js';
import { parseRecord } from './record-file.js';

/** What every training run's config holds beside its `kind`. */
export const trainingFields = {
  experiment: name,
  preset: z.enum(['quick', 'paper']),
  seed: z.int(),
};

/** A run folder whose config is of one kind of training. */
export type RunOf<Config> = Omit<RunRecord, 'config'> & { readonly config: Config };

/** One kind of training run: what its files hold, and how it is drawn. */
export interface RunKind<Config extends z.ZodMiniType> {
  /** Schema of `config.json`; its `kind` is a literal. */
  readonly config: Config;
  /** Schema of a line of `metrics.jsonl`. */
  readonly metrics: z.ZodMiniType<MetricRecord>;
  /** @param directory of the run, where a report needs more of its files */
  report(run: RunOf<z.output<Config>>, directory: string): ReportInput;
}

const timing = z.array(z.looseObject({ seconds: z.number().check(z.nonnegative()) }));

/** How to come to a run that can be drawn. */
const AGAIN = 'restore the file, or train again in another folder';

/**
 * The report of a run of this kind.
 *
 * @throws UserError that names the file of the run and the fields that break a rule.
 */
export function reportOfKind<Config extends z.ZodMiniType>(
  kind: RunKind<Config>,
  run: RunRecord,
  directory: string,
): ReportInput {
  const config = parseRecord(`${directory}/config.json`, kind.config, run.config, AGAIN);
  const metrics = parseRecord(`${directory}/metrics.jsonl`, z.array(kind.metrics), run.metrics, AGAIN);
  parseRecord(`${directory}/timing.jsonl`, timing, run.timing, AGAIN);
  return kind.report({ ...run, config, metrics }, directory);
}

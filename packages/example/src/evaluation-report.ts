import { describeTuningOutcome } from '@metadescent/optimizers';
import type { CurveSetInput, MetaTrainingRecordInput, OutcomeCountsInput, ReportInput, ResultTableInput, TuningRecordInput } from '@metadescent/reporting';
import type { EvaluationResult, OptimizerResult } from './evaluation.js';

/**
 * The curves of an evaluation: mean and band of the true objective of every optimizer. A line-search method that ends orders of magnitude below the others (it solves a small quadratic exactly) would
 * press all other curves into one line: it is named in a note and left to the table.
 */
export function curvesOf(result: EvaluationResult): CurveSetInput {
  const bestFinal = Math.min(...result.optimizers.filter((entry) => entry.class !== 'line-search').map(finalOf));
  const offScale = result.optimizers.filter((entry) => entry.class === 'line-search' && finalOf(entry) < 0.05 * bestFinal);
  return {
    title: result.title,
    subtitle: `mean ± standard error over ${result.heldOutOptimizees} held-out optimizees`,
    series: result.optimizers.filter((entry) => !offScale.includes(entry)).map(({ optimizer, kind, mean, standardError, count }) => ({ optimizer, kind, mean, standardError, count })),
    notes: offScale.map((entry) => `Not drawn: ${entry.optimizer}, which searches along lines and ends far below the axis, at ${finalOf(entry).toPrecision(2)}.`),
    reference: result.source,
  };
}

/** Final objectives, area under the curve, and how many rollouts finished. */
export function tableOf(result: EvaluationResult): ResultTableInput {
  return {
    title: `${result.title}: true objective`,
    caption: comparisonSentence(result),
    columns: [`step ${result.horizon}`, `step ${Math.round(result.horizon / 2)}`, 'mean over steps', { name: 'tuned', better: 'none' }],
    rows: [...result.optimizers]
      .sort((a, b) => finalOf(a) - finalOf(b))
      .map((entry) => ({
        name: entry.optimizer,
        kind: entry.kind,
        cells: [
          { value: entry.mean.at(-1) as number, standardError: entry.standardError.at(-1) as number },
          at(entry, Math.round(result.horizon / 2)),
          { value: entry.mean.slice(1).reduce((sum, f) => sum + f, 0) / result.horizon },
          settingsText(entry),
        ],
      })),
  };
}

/** One sentence: the ratio at the last step, its uncertainty, and the paper's. */
export function comparisonSentence({ comparison, horizon, heldOutOptimizees }: EvaluationResult): string {
  const { bestBaseline, ratio, ratioStandardError, publishedRatio } = comparison;
  const published = publishedRatio === undefined ? '' : ` (the paper's plots: ${publishedRatio})`;
  return (
    `At step ${horizon} the learned optimizer's mean objective is ${ratio.toFixed(3)} ± ${ratioStandardError.toFixed(3)} times that of the best tuned ` +
    `baseline, ${bestBaseline}${published}; ${heldOutOptimizees} held-out optimizees, common random numbers.`
  );
}

/** What `evaluate --out` and the demo keep beside the report, and `report` draws again. */
export interface EvaluationRecord {
  readonly title: string;
  readonly facts: {
    readonly seed: number;
    readonly wallTimeSeconds: number;
    /** The command line that repeats this. */
    readonly command: string;
  };
  /** Meta-training that was part of it. */
  readonly training?: MetaTrainingRecordInput;
  readonly results: readonly EvaluationResult[];
}

/** One self-contained report of one or more evaluations. */
export function reportOf({ title, facts, training, results }: EvaluationRecord): ReportInput {
  return {
    title,
    summary: results.map((result) => `${result.title}: ${comparisonSentence(result)}`),
    sections: [
      ...results.map((result) => ({
        heading: result.title,
        blocks: [
          { type: 'curves' as const, curves: curvesOf(result) },
          { type: 'table' as const, table: tableOf(result) },
          { type: 'outcomes' as const, outcomes: outcomesOf(result) },
          {
            type: 'paragraph' as const,
            text: 'Every baseline was tuned for this experiment and horizon, on optimizees of the validation split; the comparison is on optimizees of the test split.',
          },
          { type: 'tuning' as const, records: tuningOf(result) },
        ],
      })),
      ...(training ? [{ heading: 'Meta-training', blocks: [{ type: 'meta-training' as const, training }] }] : []),
      {
        heading: 'How to repeat it',
        blocks: [{ type: 'run' as const, facts: { engine: results[0]?.engine ?? 'none', ...facts } }],
      },
    ],
  };
}

function outcomesOf({ optimizers }: EvaluationResult): OutcomeCountsInput {
  return {
    rows: optimizers.map(({ optimizer, outcomes }) => ({
      optimizer,
      finished: outcomes.finished,
      nonFinite: outcomes['non-finite'],
      diverged: outcomes.diverged,
    })),
  };
}

function tuningOf({ optimizers }: EvaluationResult): TuningRecordInput[] {
  return optimizers.flatMap(({ optimizer, hyperparameters, tuning }) =>
    tuning
      ? [
          {
            optimizer,
            chosen: hyperparameters as Record<string, number>,
            criterion: `final true objective, mean over ${tuning.tasks} optimizees`,
            grid: tuning.candidates.map(({ options, score, standardError }) => ({ parameters: options, score, standardError })),
            edgeNotes: [describeTuningOutcome(tuning.outcome)],
            nonFiniteCandidates: tuning.divergedCandidates,
          },
        ]
      : [],
  );
}

function finalOf({ mean, outcomes }: OptimizerResult): number {
  const final = mean.at(-1) as number;
  return outcomes.finished > 0 && Number.isFinite(final) ? final : Infinity;
}

function at({ mean, standardError }: OptimizerResult, step: number): { value: number; standardError: number } {
  return { value: mean[step] as number, standardError: standardError[step] as number };
}

function settingsText({ kind, class: optimizerClass, hyperparameters }: OptimizerResult): string {
  if (kind === 'learned') return 'meta-trained';
  const settings = Object.entries(hyperparameters)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(3)) : String(value)}`)
    .join(', ');
  return optimizerClass === 'line-search' ? `${settings}; line search` : settings;
}

import { describeTuningOutcome } from '@metadescent/optimizers';
import {
  formatNumber,
  type CurveSetInput,
  type OutcomeCountsInput,
  type ReportBlockInput,
  type ReportInput,
  type ResultTableInput,
  type TuningRecordInput,
} from '@metadescent/reporting';
import type {
  EvaluationRecord,
  EvaluationResult,
  OptimizerResult,
  TrainingTarget,
} from './evaluation-record.js';

/** The name of the learned optimizer in evaluations. */
const LEARNED = 'lstm';

/**
 * The curves of an evaluation: mean and band of the true objective of every optimizer. A line-search method
 * that ends orders of magnitude below the others (it solves a small quadratic exactly) would press all other
 * curves into one line: it is named in a note and left to the table.
 */
export function curvesOf(result: EvaluationResult): CurveSetInput {
  const bestFinal = bestFinalOf(result.optimizers);
  const offScale = result.optimizers.filter(
    (entry) =>
      entry.class === 'line-search' && Number.isFinite(bestFinal) && finalOf(entry) < 0.05 * bestFinal,
  );
  return {
    title: result.title,
    subtitle: `mean ± standard error over ${result.heldOutOptimizees} held-out optimizees`,
    series: result.optimizers
      .filter((entry) => !offScale.includes(entry))
      .map(({ optimizer, kind, mean, standardError, count }) => ({
        optimizer,
        kind,
        mean,
        standardError,
        count,
      })),
    notes: offScale.map(
      (entry) =>
        `Not drawn: ${entry.optimizer}, which searches along lines and ends far below the axis, at ${finalOf(entry).toPrecision(2)}.`,
    ),
    reference: result.source,
  };
}

/** Final objectives, area under the curve, and how many rollouts finished. */
export function tableOf(result: EvaluationResult): ResultTableInput {
  const { horizon, heldOutOptimizees, optimizers } = result;
  const half = Math.round(horizon / 2);
  return {
    title: `${result.title}: true objective`,
    caption: findingsOf(result).join(' '),
    columns: [`step ${horizon}`, `step ${half}`, 'mean over steps', { name: 'tuned', better: 'none' }],
    rows: [...optimizers]
      .sort((a, b) => finalOf(a) - finalOf(b))
      .map((entry) => ({
        name: entry.optimizer,
        kind: entry.kind,
        cells: [
          at(entry, horizon, heldOutOptimizees),
          at(entry, half, heldOutOptimizees),
          meanOverSteps(entry, heldOutOptimizees),
          settingsText(entry),
        ],
      })),
  };
}

/** What was found, a sentence each: the ratio, what it leaves out, and whether meta-training came to its target. */
export function findingsOf(result: EvaluationResult): string[] {
  return [
    comparisonSentence(result),
    ...excludedSentence(result),
    ...(result.training ? [targetSentence(result.training)] : []),
  ];
}

/** One sentence: the ratio at the last step, its uncertainty, and the paper's. */
export function comparisonSentence({
  comparison,
  horizon,
  heldOutOptimizees,
  optimizers,
}: EvaluationResult): string {
  const { bestBaseline, ratio, ratioStandardError, publishedRatio } = comparison;
  const published = publishedRatio === undefined ? '' : ` (the paper's plots: ${publishedRatio})`;
  if (bestBaseline === undefined)
    return `The learned optimizer has no first-order baseline to be compared with: each diverged with every setting that tuning tried.`;
  const baseline = `the best tuned first-order baseline, ${bestBaseline}${published}`;
  const over = `${heldOutOptimizees} held-out optimizees, common random numbers.`;
  if (Number.isFinite(ratio))
    return `At step ${horizon} the learned optimizer's mean objective is ${ratio.toFixed(3)} ± ${ratioStandardError.toFixed(3)} times that of ${baseline}; ${over}`;
  const lost = optimizers
    .filter(
      ({ optimizer, outcomes }) =>
        (optimizer === bestBaseline || optimizer === LEARNED) && outcomes.finished < heldOutOptimizees,
    )
    .map(
      ({ optimizer, outcomes }) =>
        `${optimizer} finished ${outcomes.finished} of ${heldOutOptimizees} rollouts`,
    );
  return `At step ${horizon} the learned optimizer cannot be compared with ${baseline}: ${lost.join(', ') || 'a mean is not finite'}; ${over}`;
}

/** Which methods the comparison leaves out, and whether they end lower than those that it counts. */
function excludedSentence({ optimizers }: EvaluationResult): string[] {
  const searches = optimizers.filter((entry) => entry.class === 'line-search');
  if (searches.length === 0) return [];
  const lower = searches
    .filter((entry) => finalOf(entry) < bestFinalOf(optimizers))
    .map(({ optimizer }) => optimizer);
  return [
    `Line searches are left out of "best", because they evaluate their mini-batch several times per step: ` +
      `${searches.map(({ optimizer }) => optimizer).join(', ')}. ` +
      (lower.length > 0
        ? `Of these end lower than all that are counted: ${lower.join(', ')}.`
        : 'None of these ends lower than all that are counted.'),
  ];
}

/** The lowest final objective of the optimizers that are counted. */
function bestFinalOf(optimizers: readonly OptimizerResult[]): number {
  return Math.min(...optimizers.filter((entry) => entry.class !== 'line-search').map(finalOf));
}

/** Whether meta-training came to where it was to stop. */
function targetSentence({ target, reached }: TrainingTarget): string {
  const [wanted, best] = [target, reached].map((value) => formatNumber(value, 3));
  const outcome =
    reached <= target ? `target ${wanted} reached (${best})` : `target ${wanted} not reached (${best})`;
  return `Meta-training, objective on its held-out functions: ${outcome}.`;
}

/** One self-contained report of one or more evaluations. */
export function reportOf({ title, facts, training, results }: EvaluationRecord): ReportInput {
  return {
    title,
    summary: results.flatMap((result) => findingsOf(result).map((finding) => `${result.title}: ${finding}`)),
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
          ...tuningBlocks(result),
        ],
      })),
      ...(training
        ? [{ heading: 'Meta-training', blocks: [{ type: 'meta-training' as const, training }] }]
        : []),
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

function tuningBlocks(result: EvaluationResult): ReportBlockInput[] {
  const records = tuningOf(result);
  return records.length > 0 ? [{ type: 'tuning', records }] : [];
}

function tuningOf({ optimizers }: EvaluationResult): TuningRecordInput[] {
  return optimizers.flatMap((result) =>
    result.kind === 'learned'
      ? []
      : [
          {
            optimizer: result.optimizer,
            chosen: result.hyperparameters,
            criterion: `final true objective, mean over ${result.tuning.tasks} optimizees`,
            grid: result.tuning.candidates.map(({ options, score, standardError }) => ({
              parameters: options,
              score,
              standardError,
            })),
            edgeNotes: [describeTuningOutcome(result.tuning.outcome)],
            nonFiniteCandidates: result.tuning.divergedCandidates,
          },
        ],
  );
}

/**
 * The final objective; infinite for an optimizer that did not finish everywhere, whose mean is over the
 * others alone.
 */
function finalOf({ mean, outcomes }: OptimizerResult): number {
  const final = mean.at(-1) as number;
  const lost = outcomes['non-finite'] + outcomes.diverged;
  return lost === 0 && Number.isFinite(final) ? final : Infinity;
}

type Cell = ResultTableInput['rows'][number]['cells'][number];

/** The mean at a step; where rollouts are missing there, how many: a mean of the others would look like a result. */
function at({ mean, standardError, count }: OptimizerResult, step: number, rollouts: number): Cell {
  const finite = count[step] as number;
  return finite < rollouts
    ? lostText(finite, rollouts)
    : { value: mean[step] as number, standardError: standardError[step] as number };
}

function meanOverSteps({ mean, count }: OptimizerResult, rollouts: number): Cell {
  const fewest = Math.min(...count);
  return fewest < rollouts
    ? lostText(fewest, rollouts)
    : { value: mean.slice(1).reduce((sum, f) => sum + f, 0) / (mean.length - 1) };
}

function lostText(finite: number, rollouts: number): string {
  return `${rollouts - finite} of ${rollouts} not finite`;
}

function settingsText(result: OptimizerResult): string {
  if (result.kind === 'learned') return 'meta-trained';
  const settings = Object.entries(result.hyperparameters)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
    .join(', ');
  return result.class === 'line-search' ? `${settings}; line search` : settings;
}

import {
  formatNumber,
  type CurveSetInput,
  type ReportBlockInput,
  type ReportInput,
  type ResultTableInput,
} from '@metadescent/reporting';
import { gridOf, metricSeries, panelOf, type MetricLine, type Metrics } from '../metric-curves.js';
import { counted, repeatSection, statusSentence } from '../run-sections.js';
import type { RunOf } from '../training-run.js';
import type { FineTuningConfig } from './psd-record.js';
import { describeObjective } from './training-objectives.js';

const RULE = 'PSD+';
/** The first record is from before any meta-update and has step 1. */
const FROM_STEP = -1;

/** The report of a run of `li-malik/psd-plus`, finished or under way. */
export function fineTuningReport(run: RunOf<FineTuningConfig>): ReportInput {
  const { metrics, config } = run;
  const kept = keptRecord(metrics);
  return {
    title: 'Fine-tuning Predicted Step Descent to PSD+',
    summary: [
      statusSentence(run, counted(updatesOf(metrics.at(-1)), 'meta-update')),
      ...(kept
        ? [
            `Best validation score ${formatNumber(Number(kept['score']))} after ${counted(updatesOf(kept), 'meta-update')}; ${formatNumber(Number(metrics[0]!['score']))} before the first.`,
          ]
        : []),
    ],
    sections: [
      ...(kept
        ? [
            { heading: 'Course', blocks: courseOf(metrics, kept, config) },
            { heading: 'Validation objectives', blocks: validationBlocks(metrics, kept, config) },
          ]
        : []),
      repeatSection(run),
    ],
  };
}

function updatesOf(record: Metrics[number] | undefined): number {
  return record ? Number(record['step']) + FROM_STEP : 0;
}

/** The record whose weights a run would end with now. */
function keptRecord(metrics: Metrics): Metrics[number] | undefined {
  return metrics.find(({ score }) => Number(score) === Number(metrics.at(-1)!['bestScore']));
}

function courseOf(metrics: Metrics, kept: Metrics[number], { recipe }: FineTuningConfig): ReportBlockInput[] {
  const panel = (
    title: string,
    yScale: 'log' | 'linear',
    metric: string,
    more: Partial<CurveSetInput> = {},
  ) =>
    panelOf(title, metricSeries(metrics, [{ metric, name: RULE, kind: 'learned' }], FROM_STEP), {
      xLabel: 'meta-update',
      yScale,
      ...more,
    });
  const last = updatesOf(metrics.at(-1));
  const horizons = recipe.curriculum
    .filter(({ fromStep }) => fromStep > 0 && fromStep < last)
    .map(({ fromStep, horizon }) => ({ axis: 'x' as const, value: fromStep, label: `T = ${horizon}` }));
  const failed = metrics.reduce((sum, { failedEpisodes }) => sum + Number(failedEpisodes), 0);
  return gridOf('Training objective, validation score and meta-gradient', 3, [
    ...panel('training objective', 'linear', 'trainingObjective', {
      referenceLines: horizons,
      notes: [
        `The mean over all training episodes since the last validation of mean_t f(x_t) / f(x_0), with t up to the horizon T of these episodes. Episodes that were given up: ${failed}.`,
      ],
    }),
    ...panel('validation score', 'linear', 'score', {
      referenceLines: [{ axis: 'x', value: updatesOf(kept), label: 'kept' }],
      notes: [
        `Mean over the validation objectives of ½ (ln mean_t f + ln f(x_T)), T = ${recipe.horizon}. Lower is better; a difference of 0.01 is one percent.`,
      ],
    }),
    ...panel('norm of the meta-gradient', 'log', 'gradientNorm', {
      referenceLines: horizons.map((line) => ({ ...line, label: '' })),
      notes: ['Median over the same episodes, before clipping.'],
    }),
  ]);
}

function validationBlocks(
  metrics: Metrics,
  kept: Metrics[number],
  { validation, recipe }: FineTuningConfig,
): ReportBlockInput[] {
  const panels = validation.flatMap((objective, o) => {
    const lines: MetricLine[] = [
      { metric: `objective ${o}/mean`, name: 'mean over the rollout' },
      { metric: `objective ${o}/final`, name: 'at its end' },
    ];
    return panelOf(describeObjective(objective), metricSeries(metrics, lines, FROM_STEP), {
      xLabel: 'meta-update',
      yLabel: 'true objective',
      yScale: 'linear',
      notes: [`${counted(recipe.validationEpisodes, 'rollout')} of each objective, the same every time.`],
    });
  });
  return [
    ...gridOf(
      `True objective of rollouts of ${recipe.horizon} steps on the validation objectives`,
      3,
      panels,
    ),
    { type: 'table', table: validationTable(metrics[0]!, kept, validation) },
  ];
}

function validationTable(
  first: Metrics[number],
  kept: Metrics[number],
  validation: FineTuningConfig['validation'],
): ResultTableInput {
  const number = (record: Metrics[number], o: number, name: string) =>
    Number(record[`objective ${o}/${name}`]);
  return {
    title: 'Validation objectives before fine-tuning and with the weights that are kept',
    caption: `Kept: those after ${counted(updatesOf(kept), 'meta-update')}. Objectives are nets on random projections of MNIST that training never sees, as inputs-hidden-classes. Mean: over the rollout. Final: at its end. %: change.`,
    rowLabel: 'objective',
    better: 'none',
    columns: ['mean before', 'mean kept', '%', 'final before', 'final kept', '%'],
    rows: validation.map((objective, o) => ({
      name: describeObjective(objective),
      cells: ['mean', 'final'].flatMap((name) => {
        const [before, after] = [number(first, o, name), number(kept, o, name)];
        return [before, after, 100 * (after / before - 1)];
      }),
    })),
  };
}

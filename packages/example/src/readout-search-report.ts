import { formatNumber, type CurveSetInput, type ReportInput } from '@metadescent/reporting';
import { gridOf, metricSeries, panelOf, type MetricLine, type Metrics } from './metric-curves.js';
import type { ReadoutSearchConfig } from './readout-search-record.js';
import { counted, repeatSection, statusSentence } from './run-sections.js';
import type { RunOf } from './training-run.js';

const FINAL = 'validation/final';
const MEAN = 'validation/mean';

/** The report of a search for a readout, finished or under way. */
export function readoutSearchReport(run: RunOf<ReadoutSearchConfig>): ReportInput {
  const { metrics, config } = run;
  const kept = keptRecord(metrics);
  return {
    title: `Readout search ${config.experiment}`,
    summary: [
      statusSentence(run, counted(metrics.length, 'generation')),
      ...(kept
        ? [
            `Lowest held-out objective at step ${config.recipe.horizon}: ${formatNumber(Number(kept[FINAL]), 4)}, after generation ${Number(kept['step'])}.`,
          ]
        : []),
    ],
    sections: [
      ...(metrics.length > 0
        ? [
            {
              heading: 'Course',
              blocks: [
                { type: 'paragraph' as const, text: originSentence(config) },
                ...gridOf(
                  'Candidates, search distribution and held-out objective',
                  2,
                  panelsOf(metrics, config, kept),
                ),
              ],
            },
          ]
        : []),
      repeatSection(run),
    ],
  };
}

/** The validation whose point a search would end with now: the first of the lowest. */
function keptRecord(metrics: Metrics): Metrics[number] | undefined {
  const finite = metrics.filter((record) => FINAL in record && Number.isFinite(Number(record[FINAL])));
  return finite.length === 0
    ? undefined
    : finite.reduce((a, b) => (Number(b[FINAL]) < Number(a[FINAL]) ? b : a));
}

function originSentence({ startsFrom, rule, recipe }: ReadoutSearchConfig): string {
  const constants = rule.nominal
    ? `, and of the constants of a nominal step (at first η = ${rule.nominal.learningRate}, μ = ${rule.nominal.momentum})`
    : '';
  return `A search by CMA-ES, from the shipped weights "${startsFrom}", of the readout${constants}: ${recipe.population} candidates per generation, ${recipe.rollouts} rollouts of ${recipe.horizon} steps each.`;
}

function panelsOf(
  metrics: Metrics,
  { recipe }: ReadoutSearchConfig,
  kept: Metrics[number] | undefined,
): CurveSetInput[] {
  const panel = (title: string, lines: readonly MetricLine[], more: Partial<CurveSetInput> = {}) =>
    panelOf(title, metricSeries(metrics, lines), { xLabel: 'generation', yScale: 'linear', ...more });
  const keptLine = {
    referenceLines: kept ? [{ axis: 'x' as const, value: Number(kept['step']), label: 'kept' }] : [],
  };
  const failed = metrics.reduce((sum, { failedCandidates }) => sum + Number(failedCandidates), 0);
  return [
    ...panel(
      'score of the candidates',
      [
        { metric: 'bestCandidate', name: 'best candidate' },
        { metric: 'medianCandidate', name: 'median candidate' },
      ],
      {
        notes: [
          `f(θ_T) + ${recipe.meanWeight} · mean_t f̂(θ_t), T = ${recipe.horizon}, on the same optimizees for all candidates of a generation and other ones in the next, so generations differ by chance too; ` +
            `${failed} candidates had a rollout that did not finish.`,
        ],
      },
    ),
    ...panel('step size σ', [{ metric: 'sigma', name: 'σ' }], {
      yScale: 'log',
      notes: ['Of the search distribution; 1 at the start.'],
    }),
    ...panel(
      `held-out objective at step ${recipe.horizon}`,
      [{ metric: FINAL, name: 'mean of the distribution', kind: 'learned' }],
      {
        ...keptLine,
        notes: [
          `The score of the distribution's mean, on the same ${recipe.validationRollouts} held-out optimizees every time.`,
        ],
      },
    ),
    ...panel(
      `held-out objective, mean over ${recipe.horizon} steps`,
      [{ metric: MEAN, name: 'mean of the distribution', kind: 'learned' }],
      {
        ...keptLine,
        notes: ['Of the mini-batch objective, on the same rollouts.'],
      },
    ),
  ];
}

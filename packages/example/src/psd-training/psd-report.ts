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
import type { SearchConfig } from './psd-record.js';

const CONTROLLER = 'GPS controller';
const NOISY = `${CONTROLLER} with noise`;

/**
 * The report of a run of `li-malik/psd`, finished or under way: the search for controllers, then the
 * distillation into the policy.
 */
export function psdReport(run: RunOf<SearchConfig>): ReportInput {
  const { metrics, config } = run;
  const iterations = metrics.filter((record) => !isDistillation(record));
  const rounds = metrics.filter(isDistillation);
  return {
    title: `Meta-training Predicted Step Descent by guided policy search${normalised(config) ? ', on normalised gradients' : ''}`,
    summary: [
      statusSentence(run, progressOf(iterations, rounds)),
      ...(rounds.length > 0 ? [bestRoundSentence(rounds, config)] : []),
    ],
    sections: [
      ...(metrics.length > 0 ? [{ heading: 'Course', blocks: courseOf(iterations, rounds, config) }] : []),
      ...(rounds.length > 0
        ? [
            {
              heading: 'Distillation',
              blocks: [
                {
                  type: 'table' as const,
                  table: distillationTable(rounds, iterations.length, policyName(config)),
                },
              ],
            },
          ]
        : []),
      repeatSection(run),
    ],
  };
}

function progressOf(iterations: Metrics, rounds: Metrics): string {
  const search = `${counted(iterations.length, 'iteration')} of the search`;
  return rounds.length > 0 ? `${search} and ${counted(rounds.length, 'round')} of distillation` : search;
}

function isDistillation(record: Metrics[number]): boolean {
  return 'regressionLoss' in record;
}

function normalised({ recipe }: SearchConfig): boolean {
  return recipe.normalisation !== 'none';
}

/** As in the figures of Li & Malik. */
function policyName(config: SearchConfig): string {
  return normalised(config) ? 'PSD-N' : 'PSD';
}

function courseOf(iterations: Metrics, rounds: Metrics, config: SearchConfig): ReportBlockInput[] {
  const { recipe } = config;
  const after =
    'The policy is trained after the search (policyTraining: afterwards). So λ and ν, which pull controller and policy together, are 0 in every iteration; they are not drawn.';
  return [
    { type: 'curves', curves: costFigure(iterations, rounds, policyName(config)) },
    ...gridOf('Trust region, exploration and acceptance', 3, diagnosticPanels(iterations)),
    ...(recipe.policyTraining === 'afterwards'
      ? [{ type: 'paragraph' as const, text: after }]
      : gridOf('Dual variables that hold controller and policy together', 2, dualPanels(iterations))),
  ];
}

function costFigure(iterations: Metrics, rounds: Metrics, policy: string): CurveSetInput {
  const lines: MetricLine[] = [
    { metric: 'sampled', name: NOISY },
    { metric: 'controller', name: CONTROLLER },
    { metric: 'policy', name: policy, kind: 'learned' },
  ];
  const teacher = rounds.at(-1)?.['teacher'];
  const dropped = iterations.reduce((sum, record) => sum + Number(record['dropped']), 0);
  return {
    title: 'True objective, mean over the steps of a rollout',
    xLabel: rounds.length > 0 ? 'iteration, then round of distillation' : 'iteration',
    yLabel: 'mean true objective',
    series: metricSeries([...iterations, ...rounds], lines),
    referenceLines: teacher === undefined ? [] : [{ axis: 'y', value: Number(teacher), label: 'teacher' }],
    notes: [
      "With noise: the sampled trajectories at the start of the iteration; those of the first iteration are the teacher's. Controller: the adopted controller, without noise.",
      ...(rounds.length > 0
        ? [
            'Rounds of distillation follow the iterations. In these rounds controller, policy and teacher are measured on the same fresh starts.',
          ]
        : []),
      `Sampled trajectories that were dropped because they diverged: ${dropped}.`,
    ],
  };
}

/** One line per coordinate group, in the order of the records. */
function overGroups(records: Metrics, metric: string): MetricLine[] {
  return groupsOf(records).map((group) => ({ metric: `${group}/${metric}`, name: group }));
}

/** The same in units of the bound ε. */
function overBound(records: Metrics, metric: string): MetricLine[] {
  return groupsOf(records).map((group) => ({
    metric: `${group}/${metric}`,
    name: group,
    value: (kl, record) => kl / Number(record[`${group}/epsilon`]),
  }));
}

function groupsOf(records: Metrics): string[] {
  return Object.keys(records[0] ?? {}).flatMap((name) =>
    name.endsWith('/kl') ? [name.slice(0, -'/kl'.length)] : [],
  );
}

function diagnosticPanels(records: Metrics): CurveSetInput[] {
  const panel = (
    title: string,
    yScale: 'log' | 'linear',
    lines: readonly MetricLine[],
    more: Partial<CurveSetInput> = {},
  ) => panelOf(title, metricSeries(records, lines), { xLabel: 'iteration', yScale, ...more });
  const search = (metric: string): MetricLine => ({ metric, name: CONTROLLER });
  return [
    ...panel('KL to the old controller / ε', 'linear', overBound(records, 'kl'), {
      referenceLines: [{ axis: 'y', value: 1, label: 'bound' }],
      notes: [
        'The search for η stops within a tenth of the bound. The exploration is put within its own bounds after the search, which changes the KL divergence once more.',
      ],
    }),
    ...panel(
      'bound ε on the KL, nats',
      'log',
      [{ ...overGroups(records, 'epsilon')[0]!, name: CONTROLLER }],
      { notes: ['The same for all groups; ε = klStep · step multiplier · T.'] },
    ),
    ...panel('η', 'log', overGroups(records, 'eta')),
    ...panel('entropy per step, nats', 'linear', overGroups(records, 'entropy')),
    ...panel('unexplained variance of the dynamics', 'linear', overGroups(records, 'unexplained'), {
      notes: [
        'The share of the variance of the next features that the fitted linear dynamics do not explain, mean over the steps. A model that always predicts the mean has 1.',
      ],
    }),
    ...panel('step multiplier', 'log', [search('stepMultiplier')]),
    ...panel('accepted fraction of the step', 'linear', [search('acceptedFraction')], {
      notes: [
        '1: the whole step to the new controllers was better on the true objective; 0: no part of it was.',
      ],
    }),
    ...(records.some(({ dropped }) => Number(dropped) > 0)
      ? panel('dropped trajectories', 'linear', [search('dropped')])
      : []),
    ...panel(
      'improvement, true / predicted',
      'linear',
      [
        {
          ...search('improvement'),
          value: (improvement, record) => improvement / Number(record['predictedImprovement']),
        },
      ],
      {
        referenceLines: [{ axis: 'y', value: 1, label: 'model exact' }],
        notes: [
          'The improvement of the true objective without noise, divided by the improvement that the fitted models of dynamics and cost predict for the whole step, summed over the groups.',
        ],
      },
    ),
  ];
}

function dualPanels(records: Metrics): CurveSetInput[] {
  const panel = (title: string, yScale: 'log' | 'linear', metric: string) =>
    panelOf(title, metricSeries(records, overGroups(records, metric)), { xLabel: 'iteration', yScale });
  return [
    ...panel('ν, mean over time', 'log', 'nu'),
    ...panel('λ, root mean square over time', 'linear', 'lambda'),
  ];
}

function distillationTable(rounds: Metrics, iterations: number, policy: string): ResultTableInput {
  const columns = ['policy', 'controller', 'teacher', 'regressionLoss'] as const;
  return {
    title: 'Rounds of distillation',
    caption:
      'Mean true objective over the steps of a rollout, without noise, on the same fresh starts in every round. Regression loss: how far the policy is from the actions of the controller after the round.',
    rowLabel: 'round',
    columns: [
      policy,
      { name: CONTROLLER, better: 'none' },
      { name: 'teacher', better: 'none' },
      { name: 'regression loss', better: 'none' },
    ],
    rows: rounds.map((round) => ({
      name: String(Number(round['step']) - iterations),
      cells: columns.map((column) => Number(round[column])),
    })),
  };
}

/** The weights of a run are those of its best round. */
function bestRoundSentence(rounds: Metrics, config: SearchConfig): string {
  const { recipe } = config;
  const best = rounds.reduce((a, b) => (Number(b['policy']) < Number(a['policy']) ? b : a));
  const [policy, controller, teacher] = ['policy', 'controller', 'teacher'].map((name) =>
    formatNumber(Number(best[name]), 4),
  );
  return `Mean true objective over ${recipe.horizon} steps on fresh starts: ${policy} with the policy of the best round of distillation (${policyName(config)}), ${controller} with the controller that it imitates, ${teacher} with the teacher that the search started from.`;
}

import { mean, standardError } from '@metadescent/core';
import type {
  CurveSetInput,
  OutcomeCountsInput,
  ReportBlockInput,
  ReportInput,
  ResultTableInput,
} from '@metadescent/reporting';
import { TRAINING_HORIZON } from './l2l-experiment.js';
import { paperPanels, paperTally, settingOf } from './li-malik-record.js';
import { tallyOf, type Criterion, type Tally } from './panel.js';
import type { FigureRecord, LiMalikRecord, Panel, PanelEntry } from './record-schema.js';
import { ROLLOUT_STEPS, type LiMalikSetting } from './settings.js';

/** The curves of one panel. */
export function curvesOf({ steps, entries }: Panel, title: string, subtitle?: string): CurveSetInput {
  return {
    title,
    ...(subtitle !== undefined && { subtitle }),
    xLabel: 'iteration',
    series: entries.map(({ optimizer, kind, mean: values, standardError: errors, count }) => ({
      optimizer,
      kind,
      mean: values,
      standardError: errors,
      count,
      steps,
    })),
    ...((steps.at(-1) as number) > TRAINING_HORIZON && {
      referenceLines: [{ axis: 'x' as const, value: TRAINING_HORIZON, label: 'horizon of meta-training' }],
    }),
  };
}

/** The final objective, or its mean over the horizon, of every optimizer (rows) on every data set (columns). */
export function tableOf(
  title: string,
  columns: readonly { readonly name: string; readonly panel: Panel }[],
  criteria: readonly Criterion[],
): ResultTableInput {
  const pairs = columns.flatMap((column) => criteria.map((criterion) => ({ ...column, criterion })));
  const names = { finals: 'final', means: 'mean' };
  return {
    title,
    columns: pairs.map(({ name, criterion }) =>
      criteria.length > 1 ? `${name}, ${names[criterion]}` : name,
    ),
    rows: (columns[0]?.panel.entries ?? []).map(({ optimizer, kind }) => ({
      name: optimizer,
      kind,
      cells: pairs.map(({ panel, criterion }) =>
        cellOf(panel.entries.find((entry) => entry.optimizer === optimizer) as PanelEntry, criterion),
      ),
    })),
  };
}

function cellOf(entry: PanelEntry, criterion: Criterion): ResultTableInput['rows'][number]['cells'][number] {
  if (entry.nonFinite > 0) return `${entry.nonFinite} of ${entry.finals.length} not finite`;
  return { value: mean(entry[criterion]), standardError: standardError(entry[criterion]) };
}

/** In how many panels each optimizer is lowest, and how often it diverged. */
export function tallyTable(tallies: readonly Tally[], panels: number): ResultTableInput {
  const wins = ({ won, clearly }: Tally['finals']): string =>
    won === 0 ? '0' : `${won} (${clearly} clearly)`;
  return {
    title: `The paper's panels that were run: ${panels}`,
    caption:
      'A panel is won by the lowest mean over seeds, clearly if the paired difference to the second is more than two standard errors. ' +
      'One optimizer wins each panel, by all digits of the mean; the tables star every mean that reads the same as the lowest. ' +
      'An optimizer with a rollout that is not finite cannot win. ' +
      'Ahead of the others: the panels that a version of Predicted Step Descent wins when its sister versions are left out. ' +
      'Diverged: not finite, or ended above the start.',
    better: 'none',
    columns: [
      'lowest final objective',
      'lowest mean objective',
      'ahead of the others, final',
      'ahead of the others, mean',
      'mean rank by final',
      'rollouts',
      'not finite',
      'ended above the start',
    ],
    rows: tallies.map(
      ({ optimizer, kind, finals, means, aheadOfOthers, meanRank, rollouts, nonFinite, aboveStart }) => ({
        name: optimizer,
        kind,
        cells: [
          wins(finals),
          wins(means),
          String(aheadOfOthers?.finals ?? '–'),
          String(aheadOfOthers?.means ?? '–'),
          meanRank.toFixed(1),
          String(rollouts),
          String(nonFinite),
          String(aboveStart),
        ],
      }),
    ),
  };
}

/**
 * The learned optimizers beyond the horizon that they were trained for: one row per net, mini-batch size and
 * data set.
 */
export function beyondTable({ beyond, facts }: LiMalikRecord): ResultTableInput {
  const optimizers = [...new Set(beyond.map(({ optimizer }) => optimizer))];
  const arenas = [...new Set(beyond.map(({ arena }) => arena))];
  return {
    title: `The learned optimizers at iteration ${TRAINING_HORIZON} and at twice that`,
    caption: `Mean true objective over ${facts.seeds} seeds; in the last columns, rollouts that were not finite or ended above their start.`,
    rowLabel: 'data set, net, mini-batch',
    better: 'none',
    columns: optimizers.flatMap((optimizer) => [
      `${optimizer}, ${TRAINING_HORIZON}`,
      `${optimizer}, ${ROLLOUT_STEPS}`,
      `${optimizer}, diverged`,
    ]),
    rows: arenas.map((arena) => ({
      name: arena,
      cells: optimizers.flatMap((optimizer) => {
        const own = beyond.find((entry) => entry.arena === arena && entry.optimizer === optimizer);
        return own ? [own.atHorizon, own.atTwice, String(own.nonFinite + own.aboveStart)] : ['', '', ''];
      }),
    })),
  };
}

/** What was found, in sentences. */
export function summaryOf(record: LiMalikRecord): string[] {
  const panels = paperPanels(record);
  const tallies = paperTally(record);
  const ranked = (criterion: Criterion) =>
    [...tallies]
      .filter((tally) => tally[criterion].won > 0)
      .sort((a, b) => b[criterion].won - a[criterion].won)
      .map((tally) => `${tally.optimizer} ${tally[criterion].won}`)
      .join(', ');
  const versions = tallies.flatMap(({ optimizer, aheadOfOthers }) =>
    aheadOfOthers ? [`${optimizer} ${aheadOfOthers.finals} and ${aheadOfOthers.means}`] : [],
  );
  const twice = [...new Set(record.beyond.map(({ optimizer }) => optimizer))].map((optimizer) => {
    const own = record.beyond.filter((entry) => entry.optimizer === optimizer);
    const diverged = own.reduce((sum, { nonFinite, aboveStart }) => sum + nonFinite + aboveStart, 0);
    return `${optimizer} ${diverged} of ${own.length * record.facts.seeds}`;
  });
  return [
    ...(panels.length > 0
      ? [
          `Lowest final true objective, of the ${panels.length} panels of the paper that were run: ${ranked('finals')}. Lowest mean over the horizon: ${ranked('means')}. The paper reports Predicted Step Descent as best in all 15.`,
          ...(versions.length > 0
            ? [
                `Each version of Predicted Step Descent was also compared with the other optimizers alone, without its sister versions. Panels in which it has the lowest final objective, and panels in which it has the lowest mean objective: ${versions.join(', ')}.`,
              ]
            : []),
          `Rollouts that diverged in these panels (not finite, or above the start at the end): ${tallies.map((t) => `${t.optimizer} ${t.nonFinite + t.aboveStart}`).join(', ')}, of ${tallies[0]?.rollouts ?? 0} each. At ${ROLLOUT_STEPS} iterations, everywhere: ${twice.join(', ')}.`,
        ]
      : []),
    'All optimizers were tuned or meta-trained on the training objective alone; nothing was tuned again on the data sets shown.',
    ...record.missing.map(({ message }) => `Missing: ${message}`),
  ];
}

/**
 * One self-contained report, laid out like the paper's figures: a row of panels per setting, a column per
 * data set.
 */
export function liMalikReport(record: LiMalikRecord): ReportInput {
  const { facts, datasets, figures, training, tuning, missing, beyond } = record;
  const others = tallyOf(figures.flatMap(({ panels }) => panels));
  return {
    title: 'Learning to Optimize Neural Nets: figures 1 to 5',
    summary: summaryOf(record),
    sections: [
      ...(paperPanels(record).length > 0
        ? [
            {
              heading: 'In how many panels each optimizer is best',
              blocks: [
                { type: 'table' as const, table: tallyTable(paperTally(record), paperPanels(record).length) },
              ],
            },
          ]
        : []),
      {
        heading: 'The training objective, from fresh starts',
        blocks: [
          {
            type: 'curves',
            curves: curvesOf(
              training,
              'MNIST, 48 inputs, 48 hidden units, mini-batches of 64',
              `mean ± standard error over ${facts.seeds} seeds`,
            ),
          },
          {
            type: 'table',
            table: tableOf(
              'The training objective',
              [{ name: 'MNIST', panel: training }],
              ['finals', 'means'],
            ),
          },
        ],
      },
      ...figures.map((figure) => ({
        heading: `The paper's figure ${figure.number}: ${settingOf(figure).title}`,
        blocks: figureBlocks(figure, record),
      })),
      ...(beyond.length > 0
        ? [{ heading: 'Twice the horizon', blocks: [{ type: 'table' as const, table: beyondTable(record) }] }]
        : []),
      {
        heading: 'How it was done',
        blocks: [
          ...methodOf(record).map((text) => ({ type: 'paragraph' as const, text })),
          ...(datasets.length > 0 ? [{ type: 'outcomes' as const, outcomes: outcomesOf(others) }] : []),
          { type: 'tuning', records: tuning },
          {
            type: 'run',
            facts: {
              ...facts,
              more: {
                seeds: String(facts.seeds),
                'data sets': datasets.map(({ title }) => title).join(', ') || 'none',
                missing: missing.map(({ id }) => id).join(', ') || 'none',
              },
            },
          },
        ],
      },
    ],
  };
}

function figureBlocks(figure: FigureRecord, { datasets, missing, facts }: LiMalikRecord): ReportBlockInput[] {
  const setting: LiMalikSetting = settingOf(figure);
  const titleOf = (dataset: string): string => datasets.find(({ id }) => id === dataset)?.title ?? dataset;
  const absent = missing.map(({ message }): ReportBlockInput => ({
    type: 'paragraph',
    text: `Panel missing: ${message}`,
  }));
  if (figure.panels.length === 0) return absent;
  const columns = figure.panels.map((panel) => ({ name: titleOf(panel.dataset), panel }));
  return [
    {
      type: 'curve-grid',
      title: `The paper's figure ${figure.number}: ${setting.title}; mean over ${facts.seeds} seeds`,
      columns: figure.panels.length,
      panels: columns.map(({ name, panel }, i) => ({
        ...curvesOf(panel, `(${'abcd'[i]}) ${name}`),
      })),
    },
    {
      type: 'table',
      table: tableOf(
        `The paper's figure ${figure.number}: true objective at iteration ${setting.horizon}`,
        columns,
        ['finals'],
      ),
    },
    {
      type: 'table',
      table: tableOf(
        `The paper's figure ${figure.number}: mean true objective over ${setting.horizon} iterations`,
        columns,
        ['means'],
      ),
    },
    ...absent,
  ];
}

/** What the paper leaves open, and what was chosen. */
export function methodOf({ datasets, facts }: LiMalikRecord): string[] {
  return [
    `Every data set is projected to 48 or 100 dimensions by a fixed Gaussian matrix, each dimension then shifted to mean 0 and scaled to variance 1. Two-layer ReLU nets with softmax cross-entropy, one output per class; weights and biases start at N(0, 0.1²). Mini-batches are independent draws with replacement.`,
    `The true objective is the mean over 2,000 fixed training examples of the data set, taken at every iteration. All optimizers have the same ${facts.seeds} starts and mini-batches per panel.`,
    `Figures 2 and 5 are the same rollouts, to ${TRAINING_HORIZON} and to ${ROLLOUT_STEPS} iterations. Conjugate gradient and L-BFGS evaluate their mini-batch several times per iteration.`,
    datasets
      .map(({ title, examples, classes }) => `${title}: ${examples} examples, ${classes} classes.`)
      .join(' '),
    // Who reads "faces" must not take one set for the other.
    datasets.some(({ title }) => title === 'FER2013')
      ? 'FER2013 stands in for the Toronto Faces Dataset, which is not public; it has the same seven expressions and is another, harder set.'
      : '',
  ].filter((text) => text !== '');
}

function outcomesOf(tallies: readonly Tally[]): OutcomeCountsInput {
  return {
    title: 'How the rollouts of all panels ended (diverged: finite, but above the start)',
    rows: tallies.map(({ optimizer, rollouts, nonFinite, aboveStart }) => ({
      optimizer,
      finished: rollouts - nonFinite - aboveStart,
      nonFinite,
      diverged: aboveStart,
    })),
  };
}

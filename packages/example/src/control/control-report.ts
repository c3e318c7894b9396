import type { ReportBlockInput, ReportInput, ResultTableInput } from '@metadescent/reporting';
import { counted, repeatSection, statusSentence } from '../run-sections.js';
import type { RunOf } from '../training-run.js';
import type { ControlExperiment } from './control-experiment.js';
import type { ControlTask } from './control-problem.js';
import type { ControlConfig, ControlMetrics, HeldOutTrials, TrialResult } from './control-record.js';
import { courseOf } from './course-figure.js';
import { trajectoriesOf } from './trajectory-figure.js';

/** The report of a control run, finished or under way; without trials where it has not come so far. */
export function controlReport(
  experiment: ControlExperiment,
  task: ControlTask,
  run: RunOf<ControlConfig>,
  trials?: HeldOutTrials,
): ReportInput {
  const { stages } = run.config;
  const records = run.metrics as unknown as readonly ControlMetrics[];
  return {
    title: experiment.title,
    summary: trials
      ? trials.results.map((result) => trialSentence(result, task, trials.results[0]!))
      : [statusSentence(run, counted(records.length, 'iteration'))],
    sections: [
      ...(trials
        ? [
            {
              heading: 'The solved problem',
              blocks: [
                ...trajectoriesOf(task, trials),
                { type: 'table' as const, table: trialTable(task, trials) },
              ],
            },
          ]
        : []),
      ...stages.flatMap((stage) => {
        const own = records.filter((record) => record.stage === stage.name);
        return own.length > 0 ? [{ heading: headingOf(stage), blocks: stageBlocks(stage, own) }] : [];
      }),
      repeatSection(run, { method: experiment.source }),
    ],
  };
}

function headingOf({ name }: ControlConfig['stages'][number]): string {
  return `Course: ${name}`;
}

function stageBlocks(
  stage: ControlConfig['stages'][number],
  records: readonly ControlMetrics[],
): ReportBlockInput[] {
  const origin = stage.after === undefined ? '' : ` It goes on with what "${stage.after}" ended with.`;
  return [
    { type: 'paragraph', text: `${stage.purpose}${origin}` },
    ...courseOf(stage, records),
    { type: 'table', table: outcomeTable(stage, records) },
  ];
}

/** What happened in every iteration, by name. */
export function outcomeTable(
  { name }: { readonly name: string },
  records: readonly ControlMetrics[],
): ResultTableInput {
  return {
    title: `${name}: outcomes`,
    caption:
      'Iteration: improved (a new controller was adopted), rejected (no step passed the test on the true cost), restored or diverged (the best controllers were put back). ' +
      'η search: converged (KL within 10 % of its bound), inactive (the bound does not bind), exhausted (the best feasible η), infeasible (the previous controller stays). ' +
      'KL after bounds: the KL divergence once the exploration is put within its bounds, after the search. Step taken: the part of the way to the new controllers that the acceptance test allowed.',
    rowLabel: 'iteration',
    better: 'none',
    columns: ['outcome', 'η search', 'evaluations', 'KL / bound', 'KL after bounds', 'step taken', 'dropped'],
    rows: records.map(({ iteration, outcome, groups, acceptance, dropped }) => {
      const each = Object.values(groups);
      const searches = [...new Set(each.map(({ search }) => search ?? '–'))];
      return {
        name: String(iteration + 1),
        cells: [
          outcome,
          searches.join(', '),
          range(
            each.map(({ evaluations }) => evaluations),
            0,
          ),
          range(
            each.map(({ searchKl, epsilon }) => searchKl && searchKl / epsilon),
            2,
          ),
          range(
            each.map(({ kl, epsilon }) => kl / epsilon),
            2,
          ),
          acceptance ? `${Math.round(100 * acceptance.fraction)} %` : '–',
          String(dropped),
        ],
      };
    }),
  };
}

/** Smallest and largest value over the groups; a dash where there is none. */
function range(values: readonly (number | undefined)[], digits: number): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '–';
  const ends = [Math.min(...known), Math.max(...known)].map((value) => value.toFixed(digits));
  return ends[0] === ends[1] ? ends[0]! : ends.join(' to ');
}

function trialTable({ success, problem }: ControlTask, { results }: HeldOutTrials): ResultTableInput {
  const conditions = problem.environment.groups.length;
  return {
    title: 'Held-out trials',
    caption: `From initial states that training never saw, without exploration noise, the same for everyone${conditions > 1 ? `; means over ${conditions} regions of initial states` : ''}.`,
    rowLabel: 'who acts',
    columns: [
      'cost per trial',
      { name: `% above ${results[0]!.name}`, better: 'none' },
      ...(success ? [{ name: success.label, better: 'none' as const }] : []),
    ],
    rows: results.map((result) => ({
      name: result.name,
      kind: result.kind,
      cells: [
        { value: result.cost, standardError: result.costError },
        result === results[0]
          ? '–'
          : { value: 100 * (result.ratio - 1), standardError: 100 * result.ratioError },
        ...(success ? [`${result.succeeded} of ${result.finished + result.dropped}`] : []),
      ],
    })),
  };
}

/** One sentence about a contender. */
export function trialSentence(
  { name, finished, dropped, succeeded, cost, ratio }: TrialResult,
  { success }: Pick<ControlTask, 'success'>,
  reference: TrialResult,
): string {
  const relative =
    name === reference.name ? '' : `, ${ratio.toPrecision(4)} times that of the ${reference.name}`;
  const reached = success
    ? `; ${success.label} in ${succeeded} of ${finished + dropped} held-out trials`
    : `, mean of ${finished} held-out trials`;
  return `${name}: cost ${cost.toPrecision(4)}${relative}${reached}.`;
}

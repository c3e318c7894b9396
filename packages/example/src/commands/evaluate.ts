import { stringifyExact } from '@metadescent/runtime';
import { commandText } from '../command-text.js';
import { evaluateExperiment, evaluationStages } from '../evaluation.js';
import { checkDataFolder } from '../data.js';
import type { EvaluationResult } from '../evaluation-record.js';
import { experimentNamed } from '../experiments/registry.js';
import { l2lExperiment } from '../li-malik/l2l-experiment.js';
import { figureNamed, panelExperiments, type PanelExperiment } from '../li-malik/panel-experiments.js';
import { horizonWarnings, lineupOf, type LineupOptions } from '../lineup.js';
import { checkOutputFolder } from '../output-folder.js';
import { writeEvaluation } from '../result-files.js';
import { printResult } from '../result-text.js';
import { checkData, withSession, type WorkOptions } from '../session.js';
import { stageProgress } from '../stage-progress.js';
import { version } from '../version.js';

export interface EvaluateOptions extends WorkOptions, LineupOptions {
  readonly seeds: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly out?: string;
}

/** Goes up when a field of what `--json` prints changes its name or meaning. */
const JSON_SCHEMA = 2;

/** `metadescent evaluate <experiment>`, or all panels of a figure. */
export async function evaluate(name: string, options: EvaluateOptions): Promise<void> {
  const { seed, seeds, json, out } = options;
  const figure = figureNamed(name);
  const experiment = figure ? undefined : experimentNamed(name);
  const { horizon, pretrained } = experiment ?? { ...l2lExperiment, ...figure };
  const { entrants, weights } = lineupOf({ horizon, pretrained }, options);
  if (experiment) checkData(experiment, options);
  else checkDataFolder(options.data);
  if (out !== undefined) checkOutputFolder(out);
  const panels: readonly EvaluatedExperiment[] = experiment
    ? [{ experiment }]
    : panelExperiments(figure!, options.data, (message) => process.stderr.write(`${message}\n`));
  for (const warning of horizonWarnings(entrants, horizon)) process.stderr.write(`warning: ${warning}\n`);

  const began = performance.now();
  const progress = stageProgress(`evaluating ${name}`, panels.length * evaluationStages(entrants));
  const results: EvaluationResult[] = [];
  for (const { experiment: panel, dataset } of panels) {
    const work = { ...options, ...(dataset && { dataset }) };
    results.push(
      await withSession(panel, work, (session) =>
        evaluateExperiment(panel, {
          ...session,
          entrants,
          seed,
          heldOutOptimizees: seeds,
          tuningOptimizees: panel.tuningOptimizees,
          onStage: progress.next,
        }),
      ),
    );
  }
  progress.finish();
  // Files first: whatever becomes of the terminal, the work is kept.
  if (out !== undefined) {
    const path = await writeEvaluation(out, {
      kind: 'evaluation',
      title: figure ? `${figure.name}: ${figure.title}` : results.map(({ title }) => title).join(', '),
      facts: {
        seed,
        wallTimeSeconds: (performance.now() - began) / 1000,
        command: commandOf(name, options),
      },
      results,
    });
    process.stderr.write(`report: ${path}\n`);
  }
  if (!json) return results.forEach(printResult);
  const printed = figure ? { results } : results[0];
  process.stdout.write(`${stringifyExact({ schema: JSON_SCHEMA, version, seed, weights, ...printed }, 2)}\n`);
}

/** An experiment, with its data set where it brings another than that of its problem. */
type EvaluatedExperiment = Pick<PanelExperiment, 'experiment'> & Partial<PanelExperiment>;

/** The command line that does it again. */
function commandOf(name: string, { seeds, seed, optimizers, weights = [] }: EvaluateOptions): string {
  return commandText(
    ...['evaluate', name, '--seeds', String(seeds), '--seed', String(seed)],
    ...(optimizers === undefined ? [] : ['--optimizers', optimizers]),
    ...weights.flatMap((path) => ['--weights', path]),
  );
}

import { stringifyExact } from '@metadescent/runtime';
import { commandText } from '../command-text.js';
import { evaluateExperiment, evaluationStages } from '../evaluation.js';
import { experimentNamed } from '../experiments/registry.js';
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

/** `metadescent evaluate <experiment>` */
export async function evaluate(name: string, options: EvaluateOptions): Promise<void> {
  const experiment = experimentNamed(name);
  const { seed, seeds, json, out } = options;
  const { entrants, weights } = lineupOf(experiment, options);
  checkData(experiment, options);
  if (out !== undefined) checkOutputFolder(out);
  for (const warning of horizonWarnings(entrants, experiment.horizon))
    process.stderr.write(`warning: ${warning}\n`);
  const began = performance.now();
  const progress = stageProgress(`evaluating ${name}`, evaluationStages(entrants));
  const result = await withSession(experiment, options, (session) =>
    evaluateExperiment(experiment, {
      ...session,
      entrants,
      seed,
      heldOutOptimizees: seeds,
      tuningOptimizees: experiment.tuningOptimizees,
      onStage: progress.next,
    }),
  );
  progress.finish();
  // Files first: whatever becomes of the terminal, the work is kept.
  if (out !== undefined) {
    const words = [
      ...['evaluate', name, '--seeds', String(seeds), '--seed', String(seed)],
      ...(options.optimizers === undefined ? [] : ['--optimizers', options.optimizers]),
      ...(options.weights ?? []).flatMap((path) => ['--weights', path]),
    ];
    const path = await writeEvaluation(out, {
      kind: 'evaluation',
      title: result.title,
      facts: {
        seed,
        wallTimeSeconds: (performance.now() - began) / 1000,
        command: commandText(...words),
      },
      results: [result],
    });
    process.stderr.write(`report: ${path}\n`);
  }
  if (!json) return printResult(result);
  process.stdout.write(`${stringifyExact({ schema: JSON_SCHEMA, version, seed, weights, ...result }, 2)}\n`);
}

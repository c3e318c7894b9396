import { pretrained, readTrainedRule, type TrainedRule } from '@metadescent/lstm-optimizer';
import { stringifyExact } from '@metadescent/runtime';
import { commandText } from '../command-text.js';
import { evaluateExperiment, evaluationStages } from '../evaluation.js';
import { experimentNamed } from '../experiments/registry.js';
import { checkOutputFolder } from '../output-folder.js';
import { writeEvaluation } from '../result-files.js';
import { printResult } from '../result-text.js';
import { checkData, withSession, type WorkOptions } from '../session.js';
import { stageProgress } from '../stage-progress.js';
import { version } from '../version.js';
import { readWeightsFile, type WeightsFile } from '../weights-file.js';

export interface EvaluateOptions extends WorkOptions {
  readonly weights?: string;
  readonly seeds: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly out?: string;
}

/** Goes up when a field of what `--json` prints changes its name or meaning. */
const JSON_SCHEMA = 1;

/** `metadescent evaluate <experiment>` */
export async function evaluate(name: string, options: EvaluateOptions): Promise<void> {
  const experiment = experimentNamed(name);
  const { seed, seeds, json, out } = options;
  const file: WeightsFile<TrainedRule> | undefined =
    options.weights === undefined ? undefined : readWeightsFile(options.weights, readTrainedRule);
  checkData(experiment, options);
  if (out !== undefined) checkOutputFolder(out);
  const { rule, weights } = file?.weights ?? pretrained(experiment.pretrained);
  const began = performance.now();
  const progress = stageProgress(`evaluating ${name}`, evaluationStages);
  const result = await withSession(experiment, options, (session) =>
    evaluateExperiment(experiment, {
      ...session,
      rule,
      weights,
      seed,
      heldOutOptimizees: seeds,
      tuningOptimizees: experiment.tuningOptimizees,
      onStage: progress.next,
    }),
  );
  progress.finish();
  // Files first: whatever becomes of the terminal, the work is kept.
  if (out !== undefined) {
    const words = ['evaluate', name, '--seeds', String(seeds), '--seed', String(seed)];
    const path = await writeEvaluation(out, {
      kind: 'evaluation',
      title: result.title,
      facts: {
        seed,
        wallTimeSeconds: (performance.now() - began) / 1000,
        command: commandText(...words, ...(file ? ['--weights', file.path] : [])),
      },
      results: [result],
    });
    process.stderr.write(`report: ${path}\n`);
  }
  if (!json) return printResult(result);
  const source = file ? { path: file.path, sha256: file.sha256 } : { shipped: experiment.pretrained };
  process.stdout.write(
    `${stringifyExact({ schema: JSON_SCHEMA, version, seed, weights: source, ...result }, 2)}\n`,
  );
}

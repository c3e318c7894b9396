import { UserError } from '@metadescent/core';
import { pretrained, readTrainedRule, type TrainedRule } from '@metadescent/lstm-optimizer';
import { stringifyExact } from '@metadescent/runtime';
import { readFileSync } from 'node:fs';
import { evaluateExperiment, evaluationStages } from '../evaluation.js';
import type { EvaluationRecord, EvaluationResult } from '../evaluation-record.js';
import type { Experiment } from '../experiments/experiment.js';
import { experimentNamed } from '../experiments/registry.js';
import { writeEvaluation } from '../result-files.js';
import { printResult } from '../result-text.js';
import { shellCommand } from '../shell-command.js';
import { withSession, type WorkOptions } from '../session.js';
import { stageProgress } from '../stage-progress.js';

export interface EvaluateOptions extends WorkOptions {
  readonly weights?: string;
  readonly seeds: number;
  readonly seed: number;
  readonly json: boolean;
  readonly out?: string;
}

/** `metadescent evaluate <experiment>` */
export async function evaluate(name: string, options: EvaluateOptions): Promise<void> {
  const experiment = experimentNamed(name);
  const { rule, weights } = trainedRule(experiment, options.weights);
  const began = performance.now();
  const progress = stageProgress(`evaluating ${name}`, evaluationStages);
  const result = await withSession(experiment, options, (session) =>
    evaluateExperiment(experiment, {
      ...session,
      rule,
      weights,
      seed: options.seed,
      heldOutOptimizees: options.seeds,
      tuningOptimizees: experiment.tuningOptimizees,
      onStage: progress.next,
    }),
  );
  progress.finish();
  // On the disk before anything is printed: a terminal that fails loses no results.
  const path =
    options.out === undefined
      ? undefined
      : await writeEvaluation(options.out, recordOf(result, options, (performance.now() - began) / 1000));
  if (options.json) process.stdout.write(`${stringifyExact(result, 2)}\n`);
  else printResult(result);
  if (path !== undefined) process.stderr.write(`report: ${path}\n`);
}

function recordOf(
  result: EvaluationResult,
  { seeds, seed, weights }: EvaluateOptions,
  wallTimeSeconds: number,
): EvaluationRecord {
  const words = [
    'npx',
    'metadescent',
    'evaluate',
    result.experiment,
    '--seeds',
    String(seeds),
    '--seed',
    String(seed),
  ];
  const command = shellCommand([...words, ...(weights === undefined ? [] : ['--weights', weights])]);
  return {
    kind: 'evaluation',
    title: result.title,
    facts: { seed, wallTimeSeconds, command },
    results: [result],
  };
}

/**
 * The weights of a file, or those that ship for the experiment.
 *
 * @throws UserError if the file cannot be read or is not a weights file.
 */
function trainedRule(experiment: Experiment, file: string | undefined): TrainedRule {
  if (file === undefined) return pretrained(experiment.pretrained);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      `cannot read the weights ${file} (${code ?? message}); give a .safetensors file written by \`metadescent train\``,
    );
  }
  return readTrainedRule(bytes);
}

import { loadEngine } from '@metadescent/kernels/node';
import { pretrained } from '@metadescent/lstm-optimizer';
import { validationKeys } from '@metadescent/meta-learning';
import { readRun, withInterrupt } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandText } from '../command-text.js';
import { datasetOf } from '../data.js';
import {
  bestBaselineOn,
  evaluateExperiment,
  evaluationStages,
  raceOptimizers,
  tuneBaselines,
} from '../evaluation.js';
import type { EvaluationRecord, EvaluationResult } from '../evaluation-record.js';
import type { Experiment } from '../experiments/experiment.js';
import { experimentNamed, presetOf } from '../experiments/registry.js';
import { runMetaTraining, trainingKey } from '../meta-training-run.js';
import { checkOutputFolder } from '../output-folder.js';
import { checkRunFolder } from '../run-folder.js';
import { printResult } from '../result-text.js';
import { writeEvaluation } from '../result-files.js';
import { checkData, withSession, type Session, type WorkOptions } from '../session.js';
import { stageProgress } from '../stage-progress.js';
import { trainingRecord } from '../training-report.js';

export interface DemoOptions extends WorkOptions {
  readonly out?: string;
  readonly seed: number;
}

/** How many held-out functions and networks are compared, and how many baselines are tuned on. */
const SIZES = {
  quadratics: { heldOutOptimizees: 256, tuningOptimizees: 64 },
  mnist: { heldOutOptimizees: 20, tuningOptimizees: 4 },
};

/**
 * Meta-training stops once its held-out objective is at most this multiple of the best tuned first-order
 * baseline's: clear of it, not by a coin's toss.
 */
const TARGET_RATIO = 0.7;

/**
 * `metadescent demo`, the main job: meta-trains the LSTM optimizer on random quadratics from scratch until it
 * beats every tuned first-order baseline, races the shipped MNIST optimizer on real MNIST, and writes one
 * report. Results are on the disk before they are printed.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const directory = options.out ?? freeFolder('runs/demo');
  checkOutputFolder(directory);
  checkRunFolder(join(directory, 'quadratics'), {
    experiment: 'andrychowicz/quadratics',
    preset: 'quick',
    seed: options.seed,
  });
  const began = performance.now();
  const mnist = experimentNamed('andrychowicz/mnist-nominal');
  checkData(mnist, options);
  // Read now, and again by the workers of part 2: a bad folder is not found out after part 1.
  datasetOf(mnist.problem, loadEngine(options.engine), options.data);
  await withInterrupt(async (signal) => {
    const quadratics = experimentNamed('andrychowicz/quadratics');
    say(`1. Learn to optimise ${quadratics.title.toLowerCase()}, from scratch (${quadratics.source})`);
    const { stacked } = presetOf(quadratics, 'quick');
    const learned = await withSession(quadratics, { ...options, stacked }, (session) =>
      learnAndRace(quadratics, session, options.seed, join(directory, 'quadratics'), signal),
    );
    const recordOf = (results: readonly EvaluationResult[]): EvaluationRecord => ({
      kind: 'evaluation',
      title: 'Learned optimizers against tuned baselines',
      facts: {
        seed: options.seed,
        wallTimeSeconds: (performance.now() - began) / 1000,
        command: commandText('demo', '--seed', String(options.seed)),
      },
      training: trainingRecord(
        'Random quadratics, from scratch',
        readRun(join(directory, 'quadratics')).metrics,
      ),
      results,
    });
    await writeEvaluation(directory, recordOf([learned]));
    printResult(learned);

    say(`\n2. Race the shipped optimizer on real MNIST (${mnist.source})`);
    const progress = stageProgress('MNIST', evaluationStages);
    const raced = await withSession(mnist, options, (session) =>
      evaluateExperiment(mnist, {
        ...session,
        ...pretrained(mnist.pretrained),
        ...SIZES.mnist,
        seed: options.seed,
        onStage: progress.next,
      }),
    );
    progress.finish();
    const path = await writeEvaluation(directory, recordOf([learned, raced]));
    printResult(raced);
    say(`\nreport: ${path}`);
  });
}

/**
 * Tunes the baselines first, then trains until the validation objective is clear of the best first-order one,
 * then compares on the test split.
 */
async function learnAndRace(
  experiment: Experiment,
  session: Session,
  seed: number,
  directory: string,
  signal: AbortSignal,
): Promise<EvaluationResult> {
  const { recipe, stacked } = presetOf(experiment, 'quick');
  const { heldOutOptimizees, tuningOptimizees } = SIZES.quadratics;
  const progress = stageProgress('quadratics', evaluationStages);
  const context = { ...session, seed, onStage: progress.next };
  const tuned = await tuneBaselines(experiment, { ...context, optimizees: tuningOptimizees });
  const best = await bestBaselineOn(
    validationKeys(trainingKey(experiment, seed), recipe.validationUnrolls),
    experiment,
    tuned,
    session.executor,
  );
  progress.log(
    `best tuned first-order baseline: ${best.toPrecision(3)}; training until ${(TARGET_RATIO * best).toPrecision(3)} on the same held-out functions`,
  );
  const target = TARGET_RATIO * best;
  const state = await runMetaTraining(experiment, {
    ...session,
    preset: 'quick',
    recipe,
    stacked,
    seed,
    directory,
    resume: false,
    signal,
    target,
  });
  const result = await raceOptimizers(experiment, {
    ...context,
    rule: experiment.rule,
    weights: state.best.point,
    tuned,
    heldOutOptimizees,
  });
  progress.finish();
  return { ...result, training: { target, reached: state.best.score } };
}

/** The first of `base`, `base-2`, `base-3`, … that does not exist. */
function freeFolder(base: string): string {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? base : `${base}-${n}`;
    if (!existsSync(folder)) return folder;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { printable, UserError } from '@metadescent/core';
import type { ReportInput } from '@metadescent/reporting';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../record-file.js';
import type { RunKind, RunOf } from '../training-run.js';
import { controlEngines } from './control-engines.js';
import { controlExperiments } from './control-experiments.js';
import { controlTask, type ControlTask } from './control-problem.js';
import {
  controlConfigSchema,
  controlMetricsSchema,
  heldOutTrialsSchema,
  type ControlConfig,
  type HeldOutTrials,
} from './control-record.js';
import { controlReport } from './control-report.js';
import { TRIALS_FILE } from './control-run.js';

/** A control run, finished or under way. */
export const controlRun: RunKind<typeof controlConfigSchema> = {
  config: controlConfigSchema,
  metrics: controlMetricsSchema,
  report,
};

/** @throws UserError if the run is of a control problem that is not there any more, or its trials are damaged. */
function report(run: RunOf<ControlConfig>, directory: string): ReportInput {
  const { experiment: name, problem } = run.config;
  const experiment = controlExperiments.find((known) => known.name === name);
  if (!experiment) {
    throw new UserError(
      `${directory}/config.json is of a run of ${printable(name)}, which is not there any more; train another one`,
    );
  }
  // What is drawn needs no kernels of any kind in particular.
  const task = controlTask(problem, controlEngines('wasm'));
  return controlReport(experiment, task, run, readTrials(directory, task));
}

function readTrials(directory: string, { quantities }: ControlTask): HeldOutTrials | undefined {
  const path = join(directory, TRIALS_FILE);
  if (!existsSync(path)) return undefined;
  const again = 'resume the run with `npx metadescent train --resume`';
  const trials = readRecord(path, heldOutTrialsSchema, again);
  const drawn = trials.results[0]?.courses.length ?? 0;
  if (drawn !== quantities.length) {
    throw new UserError(
      `${path} holds courses of ${drawn} quantities, but this problem draws ${quantities.length}: it is of another problem; ${again}`,
    );
  }
  return trials;
}

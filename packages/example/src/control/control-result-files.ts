import { UserError } from '@metadescent/core';
import { renderReport } from '@metadescent/reporting';
import { readRun, writeFileAtomic } from '@metadescent/runtime';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPORT_FILE } from '../result-files.js';
import { controlEngines } from './control-engines.js';
import { controlExperiments } from './control-experiments.js';
import { controlTask } from './control-problem.js';
import { controlReport } from './control-report.js';
import { TRIALS_FILE, type ControlConfig } from './control-run.js';
import type { HeldOutTrials } from './held-out-trials.js';

/** Whether the config of a run is that of a control problem. */
export function isControlConfig(config: unknown): config is ControlConfig {
  return (config as Partial<ControlConfig> | null)?.kind === 'control';
}

/**
 * Writes the `report.html` of a control run's folder, also while it is under way; returns its path.
 *
 * @throws UserError if the folder holds a control problem that is not there any more, or damaged trials.
 */
export async function writeControlReport(directory: string): Promise<string> {
  const record = readRun(directory);
  const config = record.config as ControlConfig;
  const experiment = controlExperiments.find(({ name }) => name === config.experiment);
  if (!experiment) throw new UserError(`${directory} holds a run of ${config.experiment}, which is not there any more; train another one`);
  const path = join(directory, REPORT_FILE);
  // What is drawn needs no kernels of any kind in particular.
  const task = controlTask(config.problem, controlEngines('wasm'));
  writeFileAtomic(path, await renderReport(controlReport(experiment, task, record, readTrials(directory))));
  return path;
}

function readTrials(directory: string): HeldOutTrials | undefined {
  const path = join(directory, TRIALS_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as HeldOutTrials;
  } catch (error) {
    throw new UserError(`${path} is not JSON (${(error as Error).message}): it was changed or damaged; resume the run with \`metadescent train --resume\``);
  }
}

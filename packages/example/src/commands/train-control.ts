import { UserError } from '@metadescent/core';
import { createExecutor, workerCount } from '@metadescent/runtime';
import { controlEngines } from '../control/control-engines.js';
import type { ControlExperiment } from '../control/control-experiment.js';
import { controlTask } from '../control/control-problem.js';
import { trialSentence } from '../control/control-report.js';
import { runControl } from '../control/control-run.js';
import { overWorkers, type GroupTasks } from '../control/group-tasks.js';
import { refuseData } from '../data.js';
import { resumable, runFolderOf } from '../run-folder.js';
import { writeRunReport } from '../run-report.js';
import type { TrainOptions } from './train.js';

/**
 * `metadescent train control/<problem>`: solves it, lets controller and policy act from held-out initial
 * states, and writes the report.
 */
export async function trainControl(experiment: ControlExperiment, options: TrainOptions): Promise<void> {
  const { preset, seed, engine, search, data, resume = false } = options;
  if (search > 0)
    throw new UserError(`${experiment.name} has no learning rate to search for; leave --search out`);
  refuseData(experiment.name, data);
  const wanted = { ...options, experiment: experiment.name };
  const directory = runFolderOf(wanted);
  const engines = controlEngines(engine);
  const task = controlTask(experiment.presets[preset].problem, engines);
  const groups = task.problem.environment.groups.length;
  // What workers share out is groups: a single one is solved in this thread.
  const workers =
    options.workers === undefined && groups <= 1 ? 0 : Math.min(groups, workerCount(options.workers));
  const executor = createExecutor<GroupTasks>({
    workers,
    module: new URL('../control/group-tasks.js', import.meta.url),
    setup: { engine },
  });
  try {
    const { results } = await resumable(directory, wanted, (signal) =>
      runControl(experiment, {
        preset,
        seed,
        directory,
        resume,
        engines,
        signal,
        ...(workers > 0 && { map: overWorkers(executor) }),
      }),
    );
    const path = await writeRunReport(directory);
    for (const result of results) process.stdout.write(`${trialSentence(result, task, results[0]!)}\n`);
    process.stdout.write(`report: ${path}\n`);
  } finally {
    await executor.close();
  }
}

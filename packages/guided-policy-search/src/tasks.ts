import type { GpsEngine } from '@metadescent/kernels/gps';
import type { LinearDynamics } from './dynamics.js';
import { actionScales, fitDynamics, type DynamicsFitOptions } from './fit-dynamics.js';
import type { ControllerProblem } from './lqg.js';
import type { GroupMoments } from './moments.js';
import { withNiwPrior, type NiwPrior } from './niw-prior.js';
import { improveController, type TrustRegionOptions, type TrustRegionResult } from './trust-region.js';
import { invertScales, standardiseController, standardiseCost, standardiseDynamics } from './units.js';

/**
 * The work of one group that needs no other group: pure functions of plain records, so that they can run in
 * any worker, in any order, and give the same bits.
 */
export type GroupTask =
  | {
      readonly kind: 'fit';
      readonly moments: GroupMoments;
      readonly scales: Float64Array;
      readonly options: DynamicsFitOptions;
      /** One per step [T] */
      readonly priors?: readonly NiwPrior[];
    }
  | {
      readonly kind: 'solve';
      /** In the environment's units. */
      readonly problem: ControllerProblem;
      readonly scales: Float64Array;
      readonly options: TrustRegionOptions;
    };

export type GroupTaskResult =
  | { readonly kind: 'fit'; readonly dynamics: LinearDynamics }
  | { readonly kind: 'solve'; readonly result: TrustRegionResult };

/** Runs group tasks, in order of the results. Workers call `runGroupTask` on their own kernels. */
export type GroupTaskMapper = (tasks: readonly GroupTask[]) => Promise<readonly GroupTaskResult[]>;

/** One task on this thread. The solve happens in standardised units; what comes back is in the environment's. */
export function runGroupTask(engine: GpsEngine, task: GroupTask): GroupTaskResult {
  if (task.kind === 'fit') {
    const { priors } = task;
    const moments = priors
      ? { ...task.moments, steps: task.moments.steps.map((step, t) => withNiwPrior(step, priors[t]!)) }
      : task.moments;
    return {
      kind: 'fit',
      dynamics: fitDynamics(engine, moments, task.scales, actionScales(task.moments), task.options),
    };
  }
  const { problem, scales, options } = task;
  const result = improveController(
    engine,
    {
      ...problem,
      dynamics: standardiseDynamics(problem.dynamics, scales),
      cost: standardiseCost(problem.cost, scales),
      previous: standardiseController(problem.previous, scales),
      ...(problem.policy && {
        policy: { ...problem.policy, model: standardiseController(problem.policy.model, scales) },
      }),
    },
    options,
  );
  const inverse = invertScales(scales);
  const restored = <E extends { controller: TrustRegionResult['controller']; mean: Float64Array }>(
    evaluation: E,
  ): E => ({
    ...evaluation,
    controller: standardiseController(evaluation.controller, inverse),
    mean: evaluation.mean.map((x, i) => x * scales[i % scales.length]!),
  });
  return {
    kind: 'solve',
    result: { ...restored(result), previous: { ...restored(result.previous), controller: problem.previous } },
  };
}

/** All tasks on this thread, one after the other. */
export function inlineMapper(engine: GpsEngine): GroupTaskMapper {
  return async (tasks) => tasks.map((task) => runGroupTask(engine, task));
}

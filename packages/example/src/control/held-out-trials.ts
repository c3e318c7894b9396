import { mean, standardError, type Key } from '@metadescent/core';
import type { Actor, Samples } from '@metadescent/guided-policy-search';
import type { ControlTask } from './control-problem.js';
import type { HeldOutTrials, TrialResult } from './control-record.js';

/** Someone who acts in the held-out trials. */
export interface Contender {
  readonly name: string;
  readonly kind: 'learned' | 'hand-made';
  readonly actor: Actor;
}

/** How many trials of a single group are drawn. */
const SHOWN = 4;

/**
 * Lets all contenders act without noise from the same initial states, which training never saw, and against
 * the same disturbances.
 */
export async function heldOutTrials(
  task: ControlTask,
  contenders: readonly Contender[],
  key: Key,
  trials: number,
): Promise<HeldOutTrials> {
  const { groups, horizon, stateSize } = task.problem.environment;
  // One trial of each group, or several of the only one.
  const shown =
    groups.length > 1
      ? groups.map(({ name }, group) => ({ name, group, row: 0 }))
      : Array.from({ length: Math.min(SHOWN, trials) }, (_, row) => ({
          name: `trial ${row + 1}`,
          group: 0,
          row,
        }));
  const results: TrialResult[] = [];
  let reference: number[] | undefined;
  for (const { name, kind, actor } of contenders) {
    const samples = await task.problem.environment.rollout(actor, trials, key);
    const { trajectories, dropped } = samples;
    const costs = Array.from(
      { length: trajectories },
      (_, m) =>
        mean(samples.costs.subarray(m * (horizon + 1), (m + 1) * (horizon + 1))) *
        ((horizon + 1) / groups.length),
    );
    reference ??= costs;
    const ratio = mean(costs) / mean(reference);
    // Paired differences need the same trials on both sides; delta method for the ratio of means.
    const paired =
      costs.length === reference.length ? costs.map((cost, m) => cost - ratio * reference![m]!) : [];
    results.push({
      name,
      kind,
      finished: trajectories * groups.length,
      dropped: dropped * groups.length,
      cost: mean(costs),
      costError: standardError(costs),
      ratio,
      ratioError: standardError(paired) / mean(reference),
      ...(task.success && { succeeded: succeededIn(samples, task.success.reached, horizon, stateSize) }),
      courses: task.quantities.map(({ index }) =>
        shown.map(({ group, row }) =>
          Array.from(
            { length: horizon + 1 },
            (_, t) => samples.groups[group]!.states(t)[row * stateSize + index] ?? NaN,
          ),
        ),
      ),
    });
  }
  return { kind: 'held-out-trials', shown: shown.map(({ name }) => name), results };
}

function succeededIn(
  { groups }: Samples,
  reached: (state: Float64Array) => boolean,
  horizon: number,
  stateSize: number,
): number {
  let count = 0;
  for (const group of groups) {
    const last = group.states(horizon);
    for (let r = 0; r < group.rows; r++)
      if (reached(last.subarray(r * stateSize, (r + 1) * stateSize))) count++;
  }
  return count;
}

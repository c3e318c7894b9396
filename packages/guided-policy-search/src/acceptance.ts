import type { Key } from '@metadescent/core';
import { controllerActor } from './actors.js';
import type { Actor, Environment, Samples } from './environment.js';
import { interpolateControllers, type LinearGaussian } from './linear-gaussian.js';
import { total } from './statistics.js';

/** What the acceptance test decided. */
export interface AcceptanceResult {
  readonly accepted: boolean;
  /** The controllers to go on with: the baseline's where nothing was accepted. */
  readonly controllers: readonly LinearGaussian[];
  /** Which groups lowered the cost on their own. */
  readonly improved: readonly boolean[];
  /** Mean true cost before and after. */
  readonly before: number;
  readonly after: number;
  /** How far towards the candidates: 1 for the full step, 0 for none. */
  readonly fraction: number;
}

/**
 * The acceptance test on the true cost. Every group's candidate is tried alone; those that lower the mean
 * cost of noiseless rollouts are adopted together if together they lower it, too, after shortening the step a
 * few times if they must. Old and new are run from the same seeds.
 *
 * @param baseline acts before the step: the current controllers, or the policy in mirror descent
 * @param from where a shortened step starts [groups]
 */
export async function acceptStep(
  environment: Environment,
  baseline: Actor,
  from: readonly LinearGaussian[],
  candidates: readonly LinearGaussian[],
  key: Key,
  {
    trajectories,
    shrink,
    attempts,
  }: { readonly trajectories: number; readonly shrink: number; readonly attempts: number },
): Promise<AcceptanceResult> {
  const measure = async (actor: Actor) => environment.rollout(actor, trajectories, key);
  const noiseless = (controllers: readonly LinearGaussian[]) =>
    controllerActor(controllers, { noise: false });
  const before = await measure(baseline);
  const reference = meanCost(before);
  const improved: boolean[] = [];
  if (from.length === 1) improved.push(true);
  else if (before.groups.every(({ costs }) => costs)) {
    // Separable costs: one rollout tells all groups apart.
    const after = await measure(noiseless(candidates));
    for (const [g, { costs }] of after.groups.entries()) {
      improved.push(
        after.dropped === 0 &&
          total(costs!) / after.trajectories < total(before.groups[g]!.costs!) / before.trajectories,
      );
    }
  } else {
    for (const g of from.keys()) {
      const alone = await measure(
        noiseless(from.map((controller, other) => (other === g ? candidates[g]! : controller))),
      );
      improved.push(meanCost(alone) < reference);
    }
  }
  let fraction = 1;
  for (let attempt = 0; attempt <= attempts && improved.includes(true); attempt++) {
    const controllers = from.map((controller, g) => {
      if (!improved[g]) return controller;
      return fraction === 1 ? candidates[g]! : interpolateControllers(controller, candidates[g]!, fraction);
    });
    const after = meanCost(await measure(noiseless(controllers)));
    if (after < reference)
      return { accepted: true, controllers, improved, before: reference, after, fraction };
    fraction *= shrink;
  }
  return {
    accepted: false,
    controllers: from,
    improved: improved.map(() => false),
    before: reference,
    after: reference,
    fraction: 0,
  };
}

/**
 * Mean over trajectories of Σ_t cost; Infinity if any trajectory was dropped, so that a diverging controller
 * never passes.
 */
export function meanCost({ costs, trajectories, dropped }: Samples): number {
  return dropped > 0 || trajectories === 0 ? Infinity : total(costs) / trajectories;
}

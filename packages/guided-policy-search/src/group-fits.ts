import type { Key } from '@metadescent/core';
import type { LinearDynamics } from './dynamics.js';
import type { GroupSamples, Samples } from './environment.js';
import type { DynamicsStructure } from './fit-dynamics.js';
import { unexplainedShare } from './fit-quality.js';
import { fitMixture, mixturePrior } from './gaussian-mixture.js';
import { groupMoments, type GroupMoments } from './moments.js';
import type { NiwPrior } from './niw-prior.js';
import type { QuadraticCost } from './quadratic-cost.js';
import type { GuidedPolicySearch } from './state.js';
import { inlineMapper, type GroupTask } from './tasks.js';
import { stateScales } from './units.js';

/** What the samples say about one group. */
export interface GroupFit {
  readonly samples: GroupSamples;
  readonly moments: GroupMoments;
  readonly scales: Float64Array;
  readonly dynamics: LinearDynamics;
  /** See `unexplainedShare` [T] */
  readonly unexplained: Float64Array;
  readonly cost: QuadraticCost;
}

/** Moments, scales, dynamics and costs of all groups; the dynamics fits go through the mapper. */
export async function fitGroups<S>(
  search: GuidedPolicySearch<S>,
  samples: Samples,
  key: Key,
): Promise<readonly GroupFit[]> {
  const { engine, environment, options } = search;
  const parts = samples.groups.map((group, g) => {
    const moments = groupMoments(engine, group, environment);
    const scales = stateScales(moments);
    const structure = structureOf(search.structure, group, g);
    const priors = options.mixture && mixturePriors(search, group, key.fold(g), options.mixture);
    const task: GroupTask = {
      kind: 'fit',
      moments,
      scales,
      options: { ...options.dynamics, ...(structure && { structure }) },
      ...(priors && { priors }),
    };
    return {
      group,
      moments,
      scales,
      task,
      imposed: [...(structure?.knownRows ?? []), ...(structure?.imposedB ?? [])].map(({ row }) => row),
    };
  });
  const fits = await (search.map ?? inlineMapper(engine))(parts.map(({ task }) => task));
  return parts.map(({ group, moments, scales, imposed }, g) => {
    const fit = fits[g];
    if (fit?.kind !== 'fit')
      throw new Error(
        `guided policy search: the mapper returned ${fit?.kind ?? 'nothing'} for the fit of group ${g}; results must come in the order of the tasks`,
      );
    const { stateSize, actionSize, horizon } = environment;
    const cost = search.cost({
      engine,
      group: g,
      horizon,
      stateSize,
      actionSize,
      samples: group,
      costs: group.costs ?? samples.costs,
      moments,
      scales,
    });
    const unexplained = unexplainedShare(moments, fit.dynamics, scales, imposed);
    return { samples: group, moments, scales, dynamics: fit.dynamics, unexplained, cost };
  });
}

function mixturePriors<S>(
  { engine, environment }: GuidedPolicySearch<S>,
  samples: GroupSamples,
  key: Key,
  { clusters, strength, maxPoints }: { clusters: number; strength: number; maxPoints: number },
): readonly NiwPrior[] {
  const { stateSize: D, actionSize: U, horizon: T } = environment;
  const n = 2 * D + U;
  const perStep = Math.max(1, Math.min(samples.rows, Math.floor(maxPoints / T)));
  const chosen = key.fold('points').permutation(samples.rows).subarray(0, perStep);
  const points = new Float64Array(T * perStep * n);
  let states = samples.states(0).slice();
  for (let t = 0; t < T; t++) {
    const actions = samples.actions(t).slice();
    const next = samples.states(t + 1).slice();
    chosen.forEach((row, p) => {
      const at = (t * perStep + p) * n;
      points.set(states.subarray(row * D, (row + 1) * D), at);
      points.set(actions.subarray(row * U, (row + 1) * U), at + D);
      points.set(next.subarray(row * D, (row + 1) * D), at + D + U);
    });
    states = next;
  }
  const mixture = fitMixture(engine, n, points, key.fold('em'), { clusters });
  return Array.from({ length: T }, (_, t) =>
    mixturePrior(engine, mixture, points.subarray(t * perStep * n, (t + 1) * perStep * n), strength),
  );
}

function structureOf<S>(
  structure: GuidedPolicySearch<S>['structure'],
  samples: GroupSamples,
  group: number,
): DynamicsStructure | undefined {
  if (typeof structure === 'function') return structure(samples, group);
  return Array.isArray(structure)
    ? (structure as readonly DynamicsStructure[])[group]
    : (structure as DynamicsStructure | undefined);
}

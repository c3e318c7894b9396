/**
 * Meta-losses: what a meta-learner minimises, a weighted sum of objectives along a trajectory
 *
 *     L(φ) = E_f [ Σ_{t=1..T} w_t f(θ_t) ]      (Andrychowicz et al. 2016, equation 3)
 *
 * The objective at θ_0 does not depend on the optimizer and is left out.
 */
export interface MetaLoss {
  readonly name: string;
  /** w_t for t = 1 … horizon. */
  weight(t: number, horizon: number): number;
}

/** w_t = 1: the area under the learning curve; the paper's choice in all its experiments. */
export const areaUnderCurve: MetaLoss = { name: 'area-under-curve', weight: () => 1 };

/** w_t = 1 at t = T only: the final objective. Its gradient is zero for all truncated segments but the last. */
export const finalObjective: MetaLoss = {
  name: 'final-objective',
  weight: (t, horizon) => (t === horizon ? 1 : 0),
};

/** w_t = t / T: later steps count more. */
export const linearlyIncreasing: MetaLoss = {
  name: 'linearly-increasing',
  weight: (t, horizon) => t / horizon,
};

/** Σ_{t=1..T} w_t f(θ_t) of recorded objectives f(θ_0 … θ_T) [T + 1]. */
export function metaLossOf(loss: MetaLoss, objectives: ArrayLike<number>): number {
  const horizon = objectives.length - 1;
  let sum = 0;
  for (let t = 1; t <= horizon; t++) sum += loss.weight(t, horizon) * (objectives[t] as number);
  return sum;
}

/** The meta-losses by name, for configurations. */
export const metaLosses = {
  'area-under-curve': areaUnderCurve,
  'final-objective': finalObjective,
  'linearly-increasing': linearlyIncreasing,
} as const satisfies Record<string, MetaLoss>;

export type MetaLossName = keyof typeof metaLosses;

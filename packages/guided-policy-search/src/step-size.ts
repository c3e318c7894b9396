/** Step multipliers: the trust region of an iteration is klStep · multiplier · T nats per group. */
export interface StepBounds {
  readonly min: number;
  readonly max: number;
}

const clamp = (x: number, { min, max }: StepBounds) => Math.min(max, Math.max(min, x));

/**
 * The multiplier after comparing a predicted with an actual improvement of the expected cost (positive is
 * better). The actual improvement is modelled as pred · u − (pred − act) · u² in the step length u, whose
 * maximiser is pred / (2 (pred − act)):
 *
 *     factor = clamp( pred / (2 max(10⁻⁴ (1 + |pred|), pred − act)), [0.1, 5] ),      ½ where pred ≤ 0
 */
export function predictedStepMultiplier(
  multiplier: number,
  predicted: number,
  actual: number,
  bounds: StepBounds,
): number {
  if (!Number.isFinite(predicted) || !Number.isFinite(actual) || predicted <= 0)
    return clamp(0.5 * multiplier, bounds);
  const guard = 1e-4 * (1 + Math.abs(predicted));
  const factor = clamp(predicted / (2 * Math.max(guard, predicted - actual)), { min: 0.1, max: 5 });
  return clamp(factor * multiplier, bounds);
}

/**
 * The multiplier after an acceptance test on the true cost: larger where more than 40 % of the groups
 * improved, smaller otherwise; smallest factor where nothing was accepted.
 */
export function acceptanceStepMultiplier(
  multiplier: number,
  improvedShare: number,
  accepted: boolean,
  bounds: StepBounds,
): number {
  const factor = !accepted ? 0.6 : improvedShare > 0.4 ? 1.3 : 0.9;
  return clamp(factor * multiplier, bounds);
}

import {
  copyState,
  keyFromWords,
  rollout,
  type OptimizeeFamily,
  type OptimizerState,
} from '@metadescent/core';
import type { LearnedOptimizer, SegmentResult, SegmentTask, UnrollCursor } from '@metadescent/meta-learning';

/** φ = [ln η, ln(1 − μ)] of momentum: v ← μ v + g, Δθ = −η v. */
export const momentum: LearnedOptimizer = {
  name: 'learned-momentum',
  init: () => Float32Array.of(-6, -0.5),
  flat: (phi) => phi.slice(),
  withFlat: (_, values) => values.slice(),
  optimizer(phi) {
    const { rate, decay } = constants(phi);
    return {
      name: 'learned-momentum',
      coordinatewise: true,
      init: ({ size }): OptimizerState => ({ velocity: new Float32Array(size) }),
      update({ gradient }, state, step) {
        const velocity = state['velocity'] as Float32Array;
        for (let i = 0; i < step.length; i++) {
          velocity[i] = decay * velocity[i]! + gradient[i]!;
          step[i] = -rate * velocity[i]!;
        }
      },
    };
  },
};

function constants([logRate, logDrag]: Float32Array) {
  return { rate: Math.exp(logRate!), decay: 1 - Math.exp(logDrag!) };
}

/**
 * A segment with its gradient, L = (1/T) Σ_{t=1..T} f̂(θ_t), in forward mode: beside θ and v go their
 * derivatives by φ, with the gradients that the rule reads as constants,
 *
 *     ∂θ_{t+1} = ∂θ_t − η v_{t+1} ∂ln η − η ∂v_{t+1},   ∂v_{t+1} = μ ∂v_t + v_t ∂μ,   ∂μ = −(1 − μ) ∂ln(1 − μ)
 */
export function momentumSegment(
  family: OptimizeeFamily,
  { point, key: words, length, cursor }: SegmentTask<UnrollCursor>,
): SegmentResult<UnrollCursor> & { readonly cursor: UnrollCursor } {
  const key = keyFromWords(words);
  const first = cursor?.iteration ?? 0;
  const gradients: Float32Array[] = [];
  const { outcome, objectives, parameters, state } = rollout(
    family.sample(key.fold('optimizee')),
    momentum.optimizer(point),
    {
      horizon: length,
      key: key.fold('rollout'),
      firstIteration: first,
      observers: [({ gradient }) => void gradients.push(gradient.slice())],
      ...(cursor && { initialParameters: cursor.parameters, state: copyState(cursor.state) }),
    },
  );
  const next = { iteration: first + length, parameters, state };
  const gradient = new Float32Array(2);
  if (outcome.kind !== 'finished') return { gradient, meanObjective: NaN, outcome, cursor: next };
  const { rate, decay } = constants(point);
  for (let i = 0; i < parameters.length; i++) {
    let v = (cursor?.state['velocity'] as Float32Array | undefined)?.[i] ?? 0;
    let [velocityByDrag, byRate, byDrag] = [0, 0, 0];
    for (let t = 0; t < length; t++) {
      velocityByDrag = decay * velocityByDrag - (1 - decay) * v;
      v = decay * v + gradients[t]![i]!;
      byRate -= rate * v;
      byDrag -= rate * velocityByDrag;
      gradient[0]! += (gradients[t + 1]![i]! * byRate) / length;
      gradient[1]! += (gradients[t + 1]![i]! * byDrag) / length;
    }
  }
  const sum = objectives.subarray(1).reduce((total, f) => total + f, 0);
  return { gradient, meanObjective: sum / length, outcome, cursor: next };
}

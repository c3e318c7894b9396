import type { OptimizerState } from '@metadescent/core';
import type { Accumulators, ChangeMemory, MomentMemory } from '@metadescent/kernels';
import { GRADIENT_OFFSET, RATIO_OFFSET, relativeChange } from './state-features.js';

/** Decay per step of the average of g: β₁ of Adam (Kingma & Ba 2015). */
const MOMENTUM_DECAY = 0.9;
/**
 * Decay per step of the average of g². Ours, from no paper (RMSprop has 0.9, Adam's β₂ is 0.999), and part of
 * what the shipped weights were trained on: with another value they are other optimizers.
 */
const SQUARE_DECAY = 0.95;
/** Keeps the normalised gradients finite where gradients vanish. */
const ROOT_FLOOR = 1e-12;
/** ln √v is divided by this, so that it is of the order of 1. */
const LOG_UNIT = 5;

/** Which observation features a rule reads. */
export type ObservationSet = 'psi' | 'psi+scale';

/** Number of features per coordinate. */
export function observationInputs(set: ObservationSet): number {
  return set === 'psi' ? 3 : 7;
}

/** Where `psi+scale` has g/√s. */
export const ADAGRAD_PLANE = 5;

/** What has to be remembered of n coordinates between two steps: typed arrays, part of an optimizer's state. */
export type ObservationMemory = OptimizerState &
  ChangeMemory &
  Partial<MomentMemory> & {
    /** Steps observed [1] */
    readonly steps: Int32Array;
    /** f̂ of the step before [1] */
    readonly objective: Float64Array;
  };

/** Memory before the first step. */
export function initialMemory(set: ObservationSet, n: number): ObservationMemory {
  return {
    steps: new Int32Array(1),
    objective: new Float64Array(1),
    gradient: new Float32Array(n),
    previous: new Float32Array(n),
    earlier: new Float32Array(n),
    ...(set === 'psi+scale' && {
      momentum: new Float32Array(n),
      square: new Float32Array(n),
      total: new Float32Array(n),
    }),
  };
}

/**
 * The observation Ψ at the memory's step, of all coordinates (Li & Malik 2017, §3.6; see
 * `observationFeatures` for the formulas), and the memory of the next step.
 *
 * `psi+scale` adds four features that a linear controller could not make use of and that carry the
 * coordinate's own scale, with g = c·∇f̂, m and v decaying averages of g and g² (0.9 and 0.95, corrected for
 * their start at 0) and s = Σ g²:
 *
 *     g / √v,   m / √v,   g / √s,   ln √v / 5
 *
 * @param gradient ∇f̂(x_t) [n]
 * @param parameters x_t [n]
 * @param gradientScale c
 * @param planes overwritten, one plane per feature [I, n]
 */
export function observe(
  kernels: Accumulators,
  memory: ObservationMemory,
  objective: number,
  gradient: Float32Array,
  parameters: Float32Array,
  gradientScale: number,
  planes: Float32Array,
): void {
  const t = memory.steps[0]!;
  const change = t > 0 ? relativeChange(objective, memory.objective[0]!) : 0;
  const n = gradient.length;
  const scale = gradientScale;
  planes.fill(change, 0, n);
  kernels.relativeChanges({
    t,
    scale,
    gradient,
    parameters,
    memory,
    gradientOffset: GRADIENT_OFFSET,
    movementOffset: RATIO_OFFSET,
    planes: planes.subarray(n, 3 * n),
  });
  const { momentum, square, total } = memory;
  if (momentum && square && total) {
    kernels.moments({
      t,
      scale,
      gradient,
      averages: { momentum, square, total },
      momentumDecay: MOMENTUM_DECAY,
      squareDecay: SQUARE_DECAY,
      floor: ROOT_FLOOR,
      logUnit: LOG_UNIT,
      planes: planes.subarray(3 * n),
    });
  }
  memory.objective[0] = objective;
  memory.steps[0] = t + 1;
}

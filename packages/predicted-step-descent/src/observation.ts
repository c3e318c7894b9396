import type { OptimizerState } from '@metadescent/core';
import type { PsdFeatureKernels, PsdMemory } from '@metadescent/kernels';
import { relativeChange } from './state-features.js';

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
  PsdMemory & {
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
  kernels: PsdFeatureKernels,
  memory: ObservationMemory,
  objective: number,
  gradient: Float32Array,
  parameters: Float32Array,
  gradientScale: number,
  planes: Float32Array,
): void {
  const t = memory.steps[0]!;
  const change = t > 0 ? relativeChange(objective, memory.objective[0]!) : 0;
  kernels.observe({ t, change, scale: gradientScale, gradient, parameters, memory, planes });
  memory.objective[0] = objective;
  memory.steps[0] = t + 1;
}

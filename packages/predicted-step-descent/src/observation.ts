import type { OptimizerState } from '@metadescent/core';
import { GRADIENT_OFFSET, RATIO_OFFSET, relativeChange } from './state-features.js';

/** Which observation features a rule reads. */
export type ObservationSet = 'psi' | 'psi+scale';

/** Number of features per coordinate. */
export function observationInputs(set: ObservationSet): number {
  return set === 'psi' ? 3 : 7;
}

/** What has to be remembered of n coordinates between two steps: typed arrays, part of an optimizer's state. */
export type ObservationMemory = OptimizerState & {
  /** Steps observed [1] */
  readonly steps: Int32Array;
  /** f̂ of the step before [1] */
  readonly objective: Float64Array;
  /** ∇f̂, x of the step before, x of the step before that [n] each */
  readonly gradient: Float32Array;
  readonly previous: Float32Array;
  readonly earlier: Float32Array;
};

/** Averages of the gradient and of its square decay by these factors per step (`psi+scale`): those of Adam's first moment and of RMSprop. */
const MOMENTUM = 0.9;
const SQUARE_DECAY = 0.95;
/** Keeps the normalised gradients finite where gradients vanish. */
const TINY = 1e-12;
/** ln √v is divided by this, so that it is of the order of 1. */
const LOG_UNIT = 5;

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
 * The observation Ψ at the memory's step, of all coordinates (Li & Malik 2017, §3.6; see `observationFeatures` for the formulas), and the memory of the next step.
 *
 * `psi+scale` adds four features that a linear controller could not make use of and that carry the coordinate's own scale, with g = c·∇f̂,
 * m and v decaying averages of g and g² (0.9 and 0.95, corrected for their start at 0) and s = Σ g²:
 *
 *     g / √v,   m / √v,   g / √s,   ln √v / 5
 *
 * @param gradient ∇f̂(x_t) [n]
 * @param parameters x_t [n]
 * @param gradientScale c
 * @param planes overwritten, one plane per feature [I, n]
 */
export function observe(
  set: ObservationSet,
  memory: ObservationMemory,
  objective: number,
  gradient: Float32Array,
  parameters: Float32Array,
  gradientScale: number,
  planes: Float32Array,
): void {
  const n = gradient.length;
  const t = memory.steps[0]!;
  const change = t > 0 ? relativeChange(objective, memory.objective[0]!) : 0;
  planes.fill(change, 0, n);
  const { gradient: gradientBefore, previous, earlier } = memory;
  for (let j = 0; j < n; j++) {
    const g = gradientScale * gradient[j]!;
    const before = t > 0 ? gradientScale * gradientBefore[j]! : g;
    planes[n + j] = g / (Math.abs(before) + GRADIENT_OFFSET);
    const x = parameters[j]!;
    const step = t > 0 ? Math.abs(x - previous[j]!) : 0;
    const stepBefore = t > 1 ? Math.abs(previous[j]! - earlier[j]!) : step;
    planes[2 * n + j] = stepBefore / (step + RATIO_OFFSET);
    gradientBefore[j] = gradient[j]!;
    earlier[j] = previous[j]!;
    previous[j] = x;
  }
  if (set === 'psi+scale') observeScale(memory, t, gradientScale, planes);
  memory.objective[0] = objective;
  memory.steps[0] = t + 1;
}

function observeScale(memory: ObservationMemory, t: number, gradientScale: number, planes: Float32Array): void {
  const { gradient } = memory;
  const [momentum, square, total] = ['momentum', 'square', 'total'].map((name) => memory[name] as Float32Array) as [Float32Array, Float32Array, Float32Array];
  const n = gradient.length;
  const momentumCorrection = 1 / (1 - MOMENTUM ** (t + 1));
  const squareCorrection = 1 / (1 - SQUARE_DECAY ** (t + 1));
  for (let j = 0; j < n; j++) {
    const g = gradientScale * gradient[j]!;
    const m = MOMENTUM * momentum[j]! + (1 - MOMENTUM) * g;
    const v = SQUARE_DECAY * square[j]! + (1 - SQUARE_DECAY) * g * g;
    const s = total[j]! + g * g;
    const root = Math.sqrt(v * squareCorrection) + TINY;
    planes[3 * n + j] = g / root;
    planes[4 * n + j] = (m * momentumCorrection) / root;
    planes[5 * n + j] = g / (Math.sqrt(s) + TINY);
    planes[6 * n + j] = Math.log(root) / LOG_UNIT;
    momentum[j] = m;
    square[j] = v;
    total[j] = s;
  }
}

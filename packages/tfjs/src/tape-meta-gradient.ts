import {
  rollout,
  UserError,
  type Key,
  type MetaLoss,
  type Minibatch,
  type Optimizee,
  type Outcome,
  type ParameterLayout,
} from '@metadescent/core';
import { add, engine, mul, sum, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { memoryTensors, tapeOptimizer, tensorsOf, type TapeRule } from './tape-rule.js';

/** Where an unroll stands between two segments. */
export interface TapeCursor {
  readonly iteration: number;
  /** θ [n] */
  readonly parameters: Float32Array;
  readonly memory: Readonly<Record<string, Float32Array>>;
}

export interface TapeSegmentOptions {
  /** Steps of this segment. */
  readonly length: number;
  /** Steps of the whole unroll, for the weights w_t. */
  readonly horizon: number;
  readonly loss: MetaLoss;
  /** As in `rollout`. */
  readonly key: Key;
  /**
   * Also through the gradients that the rule reads: the exact derivative, at one product with the optimizee's
   * Hessian per step. Default false: those gradients are constants.
   */
  readonly secondDerivatives?: boolean;
  /** Where the previous segment ended; absent at the start of an unroll. */
  readonly cursor?: TapeCursor;
}

export interface TapeSegment {
  /** ∂L/∂φ [layout.size]; zero if the segment did not finish. */
  readonly gradient: Float32Array;
  /** L = Σ w_t f̂_t(θ_t) over the end points of the steps; NaN if the segment did not finish. */
  readonly loss: number;
  /** Σ f̂_t(θ_t), unweighted, over the same points; NaN if the segment did not finish. */
  readonly objectiveSum: number;
  readonly outcome: Outcome;
  readonly cursor: TapeCursor;
}

interface Point {
  readonly minibatch: Minibatch &
    Partial<{ hessianVector(p: Float32Array, v: Float32Array, out: Float32Array): void }>;
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  readonly objective: number;
  readonly memory: Readonly<Record<string, Float32Array>>;
}

/**
 * Truncated backpropagation through time for a rule in tf operations, on any optimizee. With λ_t = ∂L/∂θ_t,
 * μ_t = ∂L/∂s_t and J the derivatives of one update, from t = T − 1 down to the start of the segment
 *
 *     ∂L/∂φ += J_φᵀ(λ_{t+1}, μ_{t+1}),   μ_t = J_sᵀ(λ_{t+1}, μ_{t+1})
 *     λ_t = w_t ∇f̂_t + λ_{t+1} + J_θᵀ(λ_{t+1}, μ_{t+1}) + ∇²f̂_t J_gᵀ(λ_{t+1}, μ_{t+1})
 *
 * where the last term, the way through the gradient that the rule reads, is there with `secondDerivatives`
 * only (Andrychowicz et al. 2016, figure 2: the dashed edges). Each J is one tape over one update, so the
 * memory of the tape does not grow with the segment.
 *
 * @throws UserError if second derivatives are asked for and the optimizee has none.
 */
export function unrollOnTape(
  rule: TapeRule,
  layout: ParameterLayout,
  weights: Float32Array,
  optimizee: Optimizee,
  options: TapeSegmentOptions,
): TapeSegment {
  const { length, horizon, loss, key, secondDerivatives = false, cursor } = options;
  const first = cursor?.iteration ?? 0;
  const optimizer = tapeOptimizer(rule, layout, weights);
  const state = cursor ? copyMemory(cursor.memory) : optimizer.init(optimizee.layout);
  const points: Point[] = [];
  // Observers see the memory after a step; the tape starts from the one before it.
  let memory = copyMemory(state);
  const { outcome, parameters } = rollout(optimizee, optimizer, {
    horizon: length,
    key,
    state,
    firstIteration: first,
    ...(cursor && { initialParameters: cursor.parameters }),
    observers: [
      ({ minibatch, parameters: at, gradient, objective }) => {
        points.push({ minibatch, parameters: at.slice(), gradient: gradient.slice(), objective, memory });
        memory = copyMemory(state);
      },
    ],
  });
  const finished = outcome.kind === 'finished';
  const weightOf = (t: number): number => loss.weight(first + t, horizon);
  const sumOf = (weight: (t: number) => number): number =>
    finished ? points.reduce((sum_, { objective }, t) => sum_ + (t > 0 ? weight(t) * objective : 0), 0) : NaN;
  return {
    gradient: finished
      ? backpropagate(rule, layout, weights, points, first, weightOf, secondDerivatives)
      : new Float32Array(layout.size),
    loss: sumOf(weightOf),
    objectiveSum: sumOf(() => 1),
    outcome,
    cursor: {
      iteration: outcome.kind === 'finished' ? first + length : outcome.step,
      parameters,
      memory: state,
    },
  };
}

function backpropagate(
  rule: TapeRule,
  layout: ParameterLayout,
  weights: Float32Array,
  points: readonly Point[],
  first: number,
  weightOf: (t: number) => number,
  secondDerivatives: boolean,
): Float32Array {
  const length = points.length - 1;
  const last = points[length] as Point;
  const n = last.parameters.length;
  const total = new Float32Array(layout.size);
  const curvature = new Float32Array(n);
  let pull = last.gradient.map((g) => weightOf(length) * g);
  let memoryPull: Record<string, Float32Array> = {};
  for (let t = length - 1; t >= 0; t--) {
    const point = points[t] as Point;
    const derivatives = pullBack(rule, layout, weights, point, first + t, pull, memoryPull);
    derivatives.weights.forEach((d, i) => (total[i] = (total[i] as number) + d));
    memoryPull = derivatives.memory;
    const weight = t > 0 ? weightOf(t) : 0;
    pull = pull.map(
      (p, i) => p + (derivatives.parameters[i] as number) + weight * (point.gradient[i] as number),
    );
    if (!secondDerivatives || t === 0) continue;
    if (!point.minibatch.hessianVector) {
      throw new UserError(
        'unrollOnTape: this optimizee has no second derivatives; make it with optimizeeFromFunction or optimizeeFromModel, or leave them out',
      );
    }
    point.minibatch.hessianVector(point.parameters, derivatives.gradient, curvature);
    pull = pull.map((p, i) => p + (curvature[i] as number));
  }
  return total;
}

/** The transposed derivatives of one update applied to (λ, μ). */
function pullBack(
  rule: TapeRule,
  layout: ParameterLayout,
  weights: Float32Array,
  point: Point,
  iteration: number,
  pull: Float32Array,
  memoryPull: Readonly<Record<string, Float32Array>>,
): {
  weights: Float32Array;
  parameters: Float32Array;
  gradient: Float32Array;
  memory: Record<string, Float32Array>;
} {
  const n = point.parameters.length;
  return tidy(() => {
    const phi = tensorsOf(layout, weights);
    const memory = memoryTensors(rule, n, point.memory);
    const [gradient, parameters] = [tensor(point.gradient.slice()), tensor(point.parameters.slice())];
    const inputs = [...Object.values(phi), ...Object.values(memory), gradient, parameters];
    const pairing = (): Tensor => {
      const out = rule.update(phi, { gradient, parameters, objective: point.objective, iteration }, memory);
      const terms = [
        [out.step, pull] as const,
        ...Object.entries(memoryPull).map(
          ([name, values]) => [out.memory?.[name] as Tensor, values] as const,
        ),
      ];
      return terms.reduce<Tensor>(
        (total, [value, with_]) => add(total, sum(mul(value, tensor(with_.slice(), value.shape)))),
        tensor(0),
      );
    };
    const { grads } = engine().gradients(pairing, inputs, undefined, true);
    const read = (i: number): Float32Array =>
      grads[i] ? Float32Array.from(grads[i].dataSync()) : new Float32Array((inputs[i] as Tensor).size);
    const flat = new Float32Array(layout.size);
    layout.groups.forEach(({ offset }, i) => flat.set(read(i), offset));
    const names = Object.keys(memory);
    return {
      weights: flat,
      memory: Object.fromEntries(names.map((name, i) => [name, read(layout.groups.length + i)])),
      gradient: read(inputs.length - 2),
      parameters: read(inputs.length - 1),
    };
  });
}

function copyMemory(memory: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(memory).map(([name, values]) => [name, values.slice()]));
}

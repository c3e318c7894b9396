import {
  checkArgument,
  copyState,
  parameterLayout,
  type Optimizer,
  type OptimizerState,
  type ParameterLayout,
} from '@metadescent/core';
import type { Vector } from './gradient-estimator.js';

/**
 * Moves φ by what an estimator says. State is plain data, part of the checkpoint.
 *
 * @typeParam Signal a gradient [n], or candidates with scores
 */
export interface Updater<State, Signal = Float64Array, Point extends Vector = Float32Array> {
  readonly name: string;
  /** The state before the first update of a vector of n entries. */
  init(n: number): State;
  /** The next point and state; neither argument is changed. */
  update(
    point: Point,
    signal: Signal,
    state: State,
    learningRate: number,
  ): { readonly point: Point; readonly state: State };
}

/** The moments of `metaAdam`. */
export interface MetaAdamState {
  /** m [n] */
  readonly first: Float64Array;
  /** v [n] */
  readonly second: Float64Array;
  /** Updates made. */
  readonly count: number;
}

/**
 * Adam (Kingma & Ba 2015, Algorithm 1, β₁ = 0.9, β₂ = 0.999, ε = 1e-8) on φ with moments in double precision,
 * in the order of operations of the paper's §2:
 *
 *     φ ← φ − α √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε √(1 − β₂ᵗ))
 *
 * A meta-gradient is a sum over hundreds of steps, whose small entries single precision would lose in v.
 */
export function metaAdam(): Updater<MetaAdamState> {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  return {
    name: 'adam',
    init: (n) => ({ first: new Float64Array(n), second: new Float64Array(n), count: 0 }),
    update(from, gradient, state, learningRate) {
      const [point, first, second, count] = [
        from.slice(),
        state.first.slice(),
        state.second.slice(),
        state.count + 1,
      ];
      const rate = (learningRate * Math.sqrt(1 - beta2 ** count)) / (1 - beta1 ** count);
      const floor = epsilon * Math.sqrt(1 - beta2 ** count);
      for (let i = 0; i < point.length; i++) {
        const g = gradient[i] as number;
        const m = (first[i] = beta1 * (first[i] as number) + (1 - beta1) * g);
        const v = (second[i] = beta2 * (second[i] as number) + (1 - beta2) * g * g);
        point[i] = (point[i] as number) - (rate * m) / (Math.sqrt(v) + floor);
      }
      return { point, state: { first, second, count } };
    },
  };
}

/** What an optimizer remembers as an updater. */
export interface OptimizerUpdaterState {
  /** Updates made: the optimizer's iteration. */
  readonly count: number;
  readonly optimizer: OptimizerState;
}

/**
 * Any optimizer as an updater of φ: it sees the meta-gradient as the gradient of one vector, and its step is
 * multiplied by the learning rate (give it the rate 1). It has no objective to look at: `objective` is NaN,
 * and a rule that evaluates its mini-batch again, such as one with a line search, cannot serve.
 *
 * @example
 * updaterOf(lion({ learningRate: 1 }))
 */
export function updaterOf(optimizer: Optimizer): Updater<OptimizerUpdaterState> {
  const advice = 'pass one, such as lion({ learningRate: 1 })';
  checkArgument('updaterOf', 'the optimizer', optimizer, ['name', 'init', 'update'], advice);
  // One layout per length: rules keep what they prepare for a layout by its identity.
  const layouts = new Map<number, ParameterLayout>();
  const layoutOf = (n: number): ParameterLayout => {
    const layout = layouts.get(n) ?? parameterLayout([{ name: 'phi', role: 'vector', layer: 0, shape: [n] }]);
    layouts.set(n, layout);
    return layout;
  };
  return {
    name: optimizer.name,
    init: (n) => ({ count: 0, optimizer: optimizer.init(layoutOf(n)) }),
    update(from, signal, before, learningRate) {
      const [point, state, step] = [from.slice(), copyState(before.optimizer), new Float32Array(from.length)];
      optimizer.update(
        {
          layout: layoutOf(from.length),
          iteration: before.count,
          parameters: from,
          gradient: Float32Array.from(signal),
          objective: NaN,
          minibatch: { evaluate: () => NaN },
        },
        state,
        step,
      );
      for (let i = 0; i < point.length; i++)
        point[i] = (point[i] as number) + learningRate * (step[i] as number);
      return { point, state: { count: before.count + 1, optimizer: state } };
    },
  };
}

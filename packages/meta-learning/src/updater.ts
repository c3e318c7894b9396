import { copyState, parameterLayout, type Optimizer, type OptimizerState } from '@metadescent/core';

/**
 * Moves φ by what an estimator says. State is plain data, part of the checkpoint.
 *
 * @typeParam Signal a gradient [n], or candidates with scores
 */
export interface Updater<State, Signal = Float64Array> {
  readonly name: string;
  /** The state before the first update of a vector of n entries. */
  init(n: number): State;
  /** The next point and state; neither argument is changed. */
  update(
    point: Float32Array,
    signal: Signal,
    state: State,
    learningRate: number,
  ): { readonly point: Float32Array; readonly state: State };
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

/**
 * Any optimizer as an updater of φ: it sees the meta-gradient as the gradient of one vector, and its step is
 * multiplied by the learning rate (give it the rate 1).
 *
 * @example
 * updaterOf(lion({ learningRate: 1 }))
 */
export function updaterOf(optimizer: Optimizer): Updater<OptimizerState> {
  const layoutOf = (n: number) => parameterLayout([{ name: 'phi', role: 'vector', layer: 0, shape: [n] }]);
  return {
    name: optimizer.name,
    init: (n) => optimizer.init(layoutOf(n)),
    update(from, signal, before, learningRate) {
      const [point, state, step] = [from.slice(), copyState(before), new Float32Array(from.length)];
      const minibatch = { evaluate: () => NaN };
      const gradient = Float32Array.from(signal);
      optimizer.update(
        {
          layout: layoutOf(from.length),
          iteration: 0,
          parameters: from,
          gradient,
          objective: NaN,
          minibatch,
        },
        state,
        step,
      );
      for (let i = 0; i < point.length; i++)
        point[i] = (point[i] as number) + learningRate * (step[i] as number);
      return { point, state };
    },
  };
}

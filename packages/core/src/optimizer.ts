import type { Key } from './key.js';
import type { ParameterLayout } from './layout.js';
import type { Minibatch } from './optimizee.js';

/** What an optimizer sees at one step. All arrays are the caller's: read, do not keep. */
export interface Observation {
  /**
   * What the coordinates are: rules that treat groups differently look here. The same object at every step of
   * a rollout.
   */
  readonly layout: ParameterLayout;
  /** Index t of the step, from 0. */
  readonly iteration: number;
  /** θ_t [layout.size] */
  readonly parameters: Float32Array;
  /** ∇f̂(θ_t) on the step's mini-batch [layout.size] */
  readonly gradient: Float32Array;
  /** f̂(θ_t) on the step's mini-batch. */
  readonly objective: number;
  /** The step's mini-batch, for rules that search along a line. */
  readonly minibatch: Minibatch;
}

/**
 * Everything an optimizer remembers between steps: a plain record of typed arrays, so that it can be copied,
 * saved and sent.
 */
export type OptimizerState = Record<string, Float32Array | Float64Array | Int32Array | Uint32Array>;

/**
 * An update rule, hand-made or learned: the same kind of value either way. A learned optimizer is a function
 * from meta-parameters to one of these.
 */
export interface Optimizer<State extends OptimizerState = OptimizerState> {
  readonly name: string;
  /**
   * Whether each coordinate's step depends on that coordinate alone (its parameter, gradient, memory and
   * group) and on the objective: such a rule may be stepped group by group. Default false, which is right
   * for every rule. `optimizerConformance` checks the claim.
   */
  readonly coordinatewise?: boolean;
  /**
   * Whether a step evaluates the mini-batch beyond the one evaluation that every rule gets, as line searches
   * do: comparisons per step show such rules apart. Default false; `optimizerConformance` counts.
   */
  readonly extraEvaluations?: boolean;
  /**
   * The state before the first step.
   *
   * @param key source of whatever the state draws; without one a rule draws the same each time
   */
  init(layout: ParameterLayout, key?: Key): State;
  /**
   * Writes the step Δθ, so that θ_{t+1} = θ_t + Δθ, and updates `state` in place.
   *
   * @param step receives Δθ [layout.size]
   */
  update(observation: Observation, state: State, step: Float32Array): void;
}

/** A deep copy of an optimizer's state. */
export function copyState<State extends OptimizerState>(state: State): State {
  return Object.fromEntries(Object.entries(state).map(([name, array]) => [name, array.slice()])) as State;
}

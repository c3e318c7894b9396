import type { Key } from './key.js';
import type { Optimizee } from './optimizee.js';
import type { Observation, Optimizer, OptimizerState } from './optimizer.js';
import type { Outcome } from './outcome.js';
import { printable } from './printable-text.js';
import { describeKind, isTypedArray } from './typed-array.js';
import { UserError } from './user-error.js';

/**
 * What an observer sees at step t: what the optimizer saw, and what it did. The arrays are reused by the next
 * step: copy what you keep.
 */
export interface RolloutStep extends Observation {
  /** Δθ_t [n]; all zero at the last point, t = horizon, which is evaluated but not stepped from. */
  readonly step: Float32Array;
  /** The optimizer's memory after this step. Read only: it is the one that the next step goes on from. */
  readonly state: Readonly<OptimizerState>;
}

/** Watches a rollout; called once for every t = 0 … horizon. */
export type RolloutObserver = (step: RolloutStep) => void;

export interface RolloutOptions {
  /** Number of steps T ≥ 1. */
  readonly horizon: number;
  /**
   * Source of θ₀ (`fold('initial')`), of the mini-batches (`fold('minibatches')`) and of what the optimizer's
   * state draws (`fold('optimizer')`).
   */
  readonly key: Key;
  /** Start here instead of at a draw of θ₀ [n]; copied. */
  readonly initialParameters?: Float32Array;
  /** Continue with this optimizer state; updated in place. */
  readonly state?: OptimizerState;
  /** Number of the first step, when a rollout continues an earlier one. Default 0. */
  readonly firstIteration?: number;
  /**
   * Also evaluate the true objective at every t divisible by this, and at the end. Default 0: only mini-batch
   * objectives.
   */
  readonly trueObjectiveEvery?: number;
  /** Stop when f̂ passes this multiple of max(1, |f̂(θ₀)|). Default: never. */
  readonly divergenceFactor?: number;
  readonly observers?: readonly RolloutObserver[];
}

/** The record of one optimisation run. */
export interface Trajectory {
  readonly outcome: Outcome;
  /** f̂(θ_t) for t = 0 … T; NaN after an early end [T + 1]. */
  readonly objectives: Float64Array;
  /** f(θ_t) where it was asked for, else NaN; NaN after an early end [T + 1]. */
  readonly trueObjectives: Float64Array;
  /** θ at the end, or the last finite iterate [n]. */
  readonly parameters: Float32Array;
  readonly state: OptimizerState;
}

/**
 * The optimisation loop: T steps of `optimizer` on `optimizee`. Every comparison and every meta-training runs
 * it.
 *
 *     θ_{t+1} = θ_t + Δθ_t,   Δθ_t = optimizer(θ_t, f̂_t(θ_t), ∇f̂_t(θ_t)),   t = 0 … T − 1
 *
 * The objective is evaluated at θ_0 … θ_T (T + 1 values); the last point sees a mini-batch of its own and is
 * not stepped from. A non-finite value ends the rollout with a named outcome; it never travels on.
 *
 * @throws UserError if an argument is not what its type says (the horizon no positive integer, no key,
 *   initial parameters of another
 *   length), or if the first evaluation leaves entries of the gradient unwritten.
 */
export function rollout(optimizee: Optimizee, optimizer: Optimizer, options: RolloutOptions): Trajectory {
  checkArguments(optimizee, optimizer, options);
  const {
    horizon,
    key,
    firstIteration = 0,
    trueObjectiveEvery = 0,
    divergenceFactor = Infinity,
    observers = [],
  } = options;
  const { layout } = optimizee;
  const n = layout.size;
  const parameters = options.initialParameters?.slice() ?? optimizee.initialParameters(key.fold('initial'));
  if (!isTypedArray(parameters, 'Float32Array') || parameters.length !== n) {
    refuse(
      `${printable(optimizee.name)} has ${n} parameters, but the initial ones are ${describeKind(parameters)} of length ` +
        `${(parameters as ArrayLike<number> | undefined)?.length}; give a Float32Array of length ${n}`,
    );
  }
  const state = options.state ?? optimizer.init(layout, key.fold('optimizer'));
  const minibatches = key.fold('minibatches');
  const gradient = new Float32Array(n);
  const step = new Float32Array(n);
  const objectives = new Float64Array(horizon + 1).fill(NaN);
  const trueObjectives = new Float64Array(horizon + 1).fill(NaN);
  let outcome: Outcome = { kind: 'finished' };
  let limit = Infinity;

  for (let t = 0; t <= horizon; t++) {
    const iteration = firstIteration + t;
    const minibatch = optimizee.minibatch(minibatches, iteration);
    if (t === 0) markUnwritten(gradient);
    const objective = minibatch.evaluate(parameters, gradient);
    objectives[t] = objective;
    if (trueObjectiveEvery > 0 && (t % trueObjectiveEvery === 0 || t === horizon)) {
      trueObjectives[t] = optimizee.trueObjective(parameters);
    }
    if (!Number.isFinite(objective)) {
      outcome = { kind: 'non-finite', step: iteration, what: 'objective' };
      break;
    }
    if (t === 0) refuseUnwritten(gradient, optimizee.name);
    if (!allFinite(gradient)) {
      outcome = { kind: 'non-finite', step: iteration, what: 'gradient' };
      break;
    }
    if (t === 0) limit = divergenceFactor * Math.max(1, Math.abs(objective));
    if (objective > limit) {
      outcome = { kind: 'diverged', step: iteration };
      break;
    }
    const observation = { layout, iteration, parameters, gradient, objective, minibatch };
    if (t < horizon) {
      optimizer.update(observation, state, step);
      if (!allFinite(step)) {
        outcome = { kind: 'non-finite', step: iteration, what: 'step' };
        break;
      }
    } else {
      step.fill(0);
    }
    for (const observe of observers) observe({ ...observation, step, state });
    if (t < horizon)
      for (let i = 0; i < n; i++) parameters[i] = (parameters[i] as number) + (step[i] as number);
  }
  return { outcome, objectives, trueObjectives, parameters, state };
}

/** A NaN that no arithmetic makes: quiet, with a payload of its own. */
const UNWRITTEN = 0x7fd1b2e3;

function markUnwritten(gradient: Float32Array): void {
  new Uint32Array(gradient.buffer).fill(UNWRITTEN);
}

/**
 * One look at the first gradient tells an `evaluate` that forgot it, which would otherwise pass for a flat
 * objective.
 */
function refuseUnwritten(gradient: Float32Array, name: string): void {
  const at = new Uint32Array(gradient.buffer).indexOf(UNWRITTEN);
  if (at < 0) return;
  refuse(
    `${printable(name)} left entry ${at} of the gradient unwritten; evaluate(parameters, ` +
      `gradient) must overwrite all ${gradient.length} entries where a gradient is given`,
  );
}

function checkArguments(optimizee: Optimizee, optimizer: Optimizer, options: RolloutOptions): void {
  if (typeof optimizee?.minibatch !== 'function')
    refuse(
      `the first argument must be an optimizee, but is ${describeKind(optimizee)}; sample one from a family`,
    );
  if (typeof optimizer?.update !== 'function')
    refuse(
      `the second argument must be an optimizer, but is ${describeKind(optimizer)}; pass one such as sgd({ learningRate: 0.1 })`,
    );
  const {
    horizon,
    key,
    firstIteration = 0,
    trueObjectiveEvery = 0,
    divergenceFactor = Infinity,
  } = options ?? {};
  if (!Number.isSafeInteger(horizon) || (horizon as number) < 1)
    refuse(`the horizon must be a positive integer, but is ${String(horizon)}`);
  if (typeof key?.fold !== 'function')
    refuse(`the key must be a Key, but is ${describeKind(key)}; pass { horizon, key: createKey(7) }`);
  for (const [name, value] of Object.entries({ firstIteration, trueObjectiveEvery })) {
    if (!Number.isSafeInteger(value) || value < 0)
      refuse(`${name} must be an integer of at least 0, but is ${String(value)}`);
  }
  if (!(divergenceFactor > 0)) refuse(`divergenceFactor must be above 0, but is ${String(divergenceFactor)}`);
}

function refuse(what: string): never {
  throw new UserError(`rollout: ${what}`);
}

/** Whether no entry is NaN or infinite. */
export function allFinite(values: ArrayLike<number>): boolean {
  let product = 0;
  // 0·x is NaN exactly for NaN and ±∞: one pass without branches.
  for (let i = 0; i < values.length; i++) product += 0 * (values[i] as number);
  return product === 0;
}

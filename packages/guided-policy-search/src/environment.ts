import type { Key } from '@metadescent/core';
import type { LinearGaussian } from './linear-gaussian.js';

/**
 * What the engine asks of the world. It knows states, observations, actions and costs of each group, and
 * nothing of what they mean.
 *
 * A group is a set of coordinates that share one controller, one dynamics model and one set of dual variables
 * (convolutional guided policy search, Li & Malik 2017, §3.5). An ordinary control problem has one group of
 * one coordinate; several initial conditions with a controller each are several groups.
 */
export interface Environment {
  /** D, per coordinate */
  readonly stateSize: number;
  /** U, per coordinate */
  readonly actionSize: number;
  /** O, per coordinate: what the policy sees */
  readonly observationSize: number;
  /** T: actions at t = 0 … T − 1, states at t = 0 … T */
  readonly horizon: number;
  readonly groups: readonly { readonly name: string }[];
  /**
   * Runs `trajectories` trajectories. Trajectory m draws its randomness from `key.fold(m)` alone, so equal
   * keys give common random numbers whoever acts. A trajectory that turns non-finite or diverges is left out
   * and counted.
   */
  rollout(actor: Actor, trajectories: number, key: Key): Samples | Promise<Samples>;
}

/** An actor as plain data, from which a worker can make it again (see `actorOf`). */
export type ActorDescription =
  | {
      readonly kind: 'controller';
      readonly controllers: readonly LinearGaussian[];
      readonly noise: boolean;
      readonly gainNoise: number;
    }
  | {
      readonly kind: 'policy';
      /** State of the policy. */
      readonly state: unknown;
      /** Means alone where absent. */
      readonly covariances?: readonly Float64Array[];
    };

/** Chooses actions: a controller with or without noise, or a policy. */
export interface Actor {
  /** What the actor is, for environments that roll out elsewhere. The engine's own actors have one. */
  readonly description?: ActorDescription;
  /** Prepares to act on `rows` coordinates of a group for one trajectory (or a batch of them). */
  start(group: number, rows: number, key: Key): RowActor;
}

export interface RowActor {
  /**
   * Called once for each t = 0, 1, …, T − 1, in order.
   *
   * @param states [rows, D]
   * @param observations [rows, O]
   * @param actions overwritten [rows, U]
   */
  act(t: number, states: Float64Array, observations: Float64Array, actions: Float64Array): void;
}

/** What a rollout returns. */
export interface Samples {
  /** Trajectories that ran to the end. */
  readonly trajectories: number;
  /** Trajectories left out because they turned non-finite or diverged. */
  readonly dropped: number;
  /** True cost per trajectory and step, summed over groups [trajectories, T + 1] */
  readonly costs: Float64Array;
  /** Of each group [groups] */
  readonly groups: readonly GroupSamples[];
}

/**
 * Samples of one group, pooled over trajectories and coordinates: row = trajectory · rowsPerTrajectory +
 * coordinate. Read by time step, so that large state tensors can be rebuilt on the fly; an accessor may
 * return the same array again, and the caller does not keep it.
 */
export interface GroupSamples {
  readonly rows: number;
  readonly rowsPerTrajectory: number;
  /** The group's own share of the cost per trajectory and step, where costs are separable [trajectories, T + 1] */
  readonly costs?: Float64Array;
  /** [rows, D], t = 0 … T */
  states(t: number): Float64Array;
  /** [rows, U], t = 0 … T − 1 */
  actions(t: number): Float64Array;
  /** [rows, O], t = 0 … T − 1 */
  observations(t: number): Float64Array;
  /**
   * Further quantities that a cost expansion regresses on the state, e.g. true gradients [rows, signalCount],
   * t = 0 … T
   */
  signals?(t: number): Float64Array;
  readonly signalCount?: number;
}

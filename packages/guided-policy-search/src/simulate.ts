import { checkArgument } from '@metadescent/core';
import type { Key } from '@metadescent/core';
import type { Actor, Environment, GroupSamples, Samples } from './environment.js';

/**
 * A system with one coordinate per group: ordinary control. Several groups are several copies that never
 * meet, e.g. one per region of initial states.
 */
export interface SimulatedSystem {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly observationSize: number;
  readonly horizon: number;
  /** Names of the groups; default: one. */
  readonly groups?: readonly string[];
  /** s_0 [D] of a group */
  reset(key: Key, group: number): Float64Array;
  /** s_{t+1} [D] */
  step(state: Float64Array, action: Float64Array, t: number, key: Key): Float64Array;
  /** c(s_t, a_t); without an action at t = T */
  cost(state: Float64Array, action: Float64Array | undefined, t: number): number;
  /** o_t [O]; default: the state */
  observe?(state: Float64Array, t: number, key: Key): Float64Array;
}

/**
 * The environment of a simulated system. Trajectories with a non-finite state, action or cost are dropped and
 * counted.
 */
export function simulatedEnvironment(system: SimulatedSystem): Environment {
  checkArgument(
    'simulatedEnvironment',
    'the system',
    system,
    ['stateSize', 'actionSize', 'observationSize', 'horizon'],
    'pass what SimulatedSystem describes',
  );
  const { stateSize: D, actionSize: U, observationSize: O, horizon: T } = system;
  const names = system.groups ?? ['all'];
  const rollout = (actor: Actor, trajectories: number, key: Key): Samples => {
    const kept: Trajectory[][] = [];
    for (let m = 0; m < trajectories; m++) {
      const parts = names.map((_, g) => simulate(system, actor, g, key.fold(m)));
      if (parts.every((part) => part !== undefined)) kept.push(parts as Trajectory[]);
    }
    const count = kept.length;
    const costs = new Float64Array(count * (T + 1));
    const groups = names.map((_, g): GroupSamples => {
      const own = Float64Array.from(kept.flatMap((parts) => Array.from(parts[g]!.costs)));
      own.forEach((x, i) => (costs[i]! += x));
      const gather = (pick: (part: Trajectory) => Float64Array, width: number) => (t: number) => {
        const out = new Float64Array(count * width);
        kept.forEach((parts, m) => out.set(pick(parts[g]!).subarray(t * width, (t + 1) * width), m * width));
        return out;
      };
      return {
        rows: count,
        rowsPerTrajectory: 1,
        costs: own,
        states: gather(({ states }) => states, D),
        actions: gather(({ actions }) => actions, U),
        observations: gather(({ observations }) => observations, O),
      };
    });
    return { trajectories: count, dropped: trajectories - count, costs, groups };
  };
  return {
    stateSize: D,
    actionSize: U,
    observationSize: O,
    horizon: T,
    groups: names.map((name) => ({ name })),
    rollout,
  };
}

interface Trajectory {
  readonly states: Float64Array;
  readonly actions: Float64Array;
  readonly observations: Float64Array;
  readonly costs: Float64Array;
}

function simulate(system: SimulatedSystem, actor: Actor, group: number, key: Key): Trajectory | undefined {
  const { stateSize: D, actionSize: U, observationSize: O, horizon: T } = system;
  const states = new Float64Array((T + 1) * D);
  const actions = new Float64Array(T * U);
  const observations = new Float64Array(T * O);
  const costs = new Float64Array(T + 1);
  const world = key.fold('world').fold(group);
  const act = actor.start(group, 1, key);
  let state = system.reset(world.fold('reset'), group);
  const action = new Float64Array(U);
  for (let t = 0; t <= T; t++) {
    if (!state.every(Number.isFinite)) return undefined;
    states.set(state, t * D);
    if (t === T) {
      costs[t] = system.cost(state, undefined, t);
      break;
    }
    const observation = system.observe ? system.observe(state, t, world.fold('observe').fold(t)) : state;
    observations.set(observation, t * O);
    act.act(t, state, Float64Array.from(observation), action);
    if (!action.every(Number.isFinite)) return undefined;
    actions.set(action, t * U);
    costs[t] = system.cost(state, action.slice(), t);
    state = system.step(state, action.slice(), t, world.fold('step').fold(t));
  }
  return costs.every(Number.isFinite) ? { states, actions, observations, costs } : undefined;
}

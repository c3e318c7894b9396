import { checkArgument } from '@metadescent/core';
import type { Key } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { taylorCost } from '../cost-expansion.js';
import { zeroController } from '../linear-gaussian.js';
import { parseOptions, type GuidedPolicySearchInput } from '../options.js';
import { tablePolicy } from '../policies/table-policy.js';
import type { Policy } from '../policy.js';
import { runGuidedPolicySearch, type RunOptions } from '../run.js';
import { simulatedEnvironment } from '../simulate.js';
import { continueState } from '../state.js';
import type { ControlProblem } from './linear-regulator.js';

/** Seconds per time step. */
const STEP = 0.05;
const HORIZON = 80;
/** g / l in s⁻²; mass and length are 1. */
const GRAVITY = 9.81;
/** Friction in s⁻¹. */
const FRICTION = 0.1;
/** Largest torque: half of what holding the pendulum level takes, so it must swing back first. */
export const PENDULUM_TORQUE = 5;
/** Standard deviations of the initial angle and angular velocity around hanging at rest. */
const INITIAL_DEVIATION = [0.1, 0.1];
const COST = { angle: 1, velocity: 0.05, action: 0.01 };
/**
 * Weight of the state's cost: it hardly counts at first. A constant weight rewards leaning to one side as far
 * as the torque allows, which is a local optimum.
 */
const ramp = (t: number) => (t / HORIZON) ** 6;

/** Where swing-ups begin. */
export interface SwingUpOptions {
  /**
   * Mean initial angles in radians: one group, and so one controller, for each, under one policy if the
   * policy is shared. Default: [0], hanging.
   */
  readonly initialAngles?: readonly number[];
}

/**
 * Torque-limited pendulum swing-up: state (θ, θ̇) with θ = 0 hanging and θ = π upright,
 *
 *     θ̈ = −(g/l) sin θ − b θ̇ + u_max tanh(a / u_max),      cost ½(t/T)⁶ ((θ − π)² + 0.05 θ̇²) + ½·0.01 a²
 *
 * integrated by two semi-implicit Euler steps per time step. A policy sees (cos θ, sin θ, θ̇).
 */
export function pendulum(options: SwingUpOptions = {}): ControlProblem {
  checkArgument('pendulum', 'the options', options, [], 'pass { initialAngles }, or nothing');
  return swingUp(options, 3, ([angle, velocity]) =>
    Float64Array.of(Math.cos(angle!), Math.sin(angle!), velocity!),
  );
}

/**
 * The same with a policy that sees the angle alone, (cos θ, sin θ): the velocity, without which the swing-up
 * cannot be driven, has to be remembered. The controller still sees the state.
 */
export function hiddenVelocityPendulum(options: SwingUpOptions = {}): ControlProblem {
  checkArgument('hiddenVelocityPendulum', 'the options', options, [], 'pass { initialAngles }, or nothing');
  return swingUp(options, 2, ([angle]) => Float64Array.of(Math.cos(angle!), Math.sin(angle!)));
}

function swingUp(
  { initialAngles = [0] }: SwingUpOptions,
  observationSize: number,
  observe: (state: Float64Array) => Float64Array,
): ControlProblem {
  const size = { stateSize: 2, actionSize: 1, horizon: HORIZON };
  const environment = simulatedEnvironment({
    ...size,
    observationSize,
    ...(initialAngles.length > 1 && { groups: initialAngles.map((angle) => `from ${angle} rad`) }),
    reset: (key: Key, group) =>
      key.normal(2).map((x, i) => (i === 0 ? initialAngles[group]! : 0) + INITIAL_DEVIATION[i]! * x),
    step: (state, action) => pendulumStep(state, action[0]!),
    cost: (state, action, t) => pendulumCost(state, action?.[0] ?? 0, t),
    observe,
  });
  const cost = taylorCost((t, state, action) => ({
    value: pendulumCost(state, action?.[0] ?? 0, t),
    state: [ramp(t) * COST.angle * (state[0]! - Math.PI), ramp(t) * COST.velocity * state[1]!],
    stateState: [ramp(t) * COST.angle, 0, 0, ramp(t) * COST.velocity],
    ...(action && { action: [COST.action * action[0]!], actionAction: [COST.action] }),
  }));
  return { environment, cost, initialControllers: initialAngles.map(() => zeroController(size, 4)) };
}

/** One time step of the pendulum's exact dynamics. */
export function pendulumStep(state: ArrayLike<number>, action: number): Float64Array {
  let [angle, velocity] = [state[0]!, state[1]!];
  const torque = PENDULUM_TORQUE * Math.tanh(action / PENDULUM_TORQUE);
  for (let half = 0; half < 2; half++) {
    velocity += (STEP / 2) * (torque - GRAVITY * Math.sin(angle) - FRICTION * velocity);
    angle += (STEP / 2) * velocity;
  }
  return Float64Array.of(angle, velocity);
}

function pendulumCost(state: ArrayLike<number>, action: number, t: number): number {
  return (
    0.5 *
    (ramp(t) * (COST.angle * (state[0]! - Math.PI) ** 2 + COST.velocity * state[1]! ** 2) +
      COST.action * action ** 2)
  );
}

/** Upright and slow at the end: within 0.3 rad and 1 rad/s. */
export function isUpright(state: ArrayLike<number>): boolean {
  return Math.abs(state[0]! - Math.PI) < 0.3 && Math.abs(state[1]!) < 1;
}

/** One stage of a search: options, and how many iterations it has. */
export interface SearchStage {
  readonly iterations: number;
  readonly options: GuidedPolicySearchInput;
}

const COMMON: GuidedPolicySearchInput = {
  klStep: 0.5,
  freshSamples: true,
  dynamics: { ridge: 1e-6, actionRidge: 1e-6 },
};

/**
 * How a swing-up is solved from scratch: first the controller alone until it swings up reliably (cheap), then
 * Bregman ADMM with the policy, on many and widely scattered trajectories of a controller that is still
 * refined and now stays where the policy can follow.
 */
export const swingUpStages: Readonly<Record<'controller' | 'policy', SearchStage>> = {
  controller: {
    iterations: 25,
    options: {
      ...COMMON,
      innerIterations: 1,
      nu: { initial: 0 },
      covariance: { floor: 0.3 },
      evaluatePolicy: false,
    },
  },
  policy: {
    iterations: 4,
    options: {
      ...COMMON,
      innerIterations: 2,
      nu: { initial: 0.01 },
      covariance: { floor: 1 },
      trajectories: 128,
    },
  },
};

/** What `solvePendulum` needs besides the problem. */
export interface PendulumRun<S> {
  readonly engine: GpsEngine;
  readonly key: Key;
  readonly onIteration?: RunOptions<S>['onIteration'];
}

/**
 * Solves a swing-up from scratch in the two stages of `swingUpStages`. The second goes on from the first one's state.
 */
export async function solvePendulum<S>(problem: ControlProblem, policy: Policy<S>, run: PendulumRun<S>) {
  checkArgument('solvePendulum', 'the problem', problem, ['environment'], 'pass pendulum()');
  checkArgument(
    'solvePendulum',
    'the policy',
    policy,
    ['init', 'fit'],
    'pass one of the policies, such as tablePolicy()',
  );
  checkArgument(
    'solvePendulum',
    'the third argument',
    run,
    ['engine', 'key'],
    'pass { engine: wasmGpsEngine(), key: createKey(1) }',
  );
  const { engine, key, onIteration } = run;
  const { controller, policy: imitation } = swingUpStages;
  const common = { ...problem, engine, key };
  const first = await runGuidedPolicySearch(
    { ...common, policy: tablePolicy(), options: parseOptions(controller.options) },
    { iterations: controller.iterations },
  );
  const search = { ...common, policy, options: parseOptions(imitation.options) };
  const { state, records } = await runGuidedPolicySearch(search, {
    iterations: controller.iterations + imitation.iterations,
    state: continueState(search, first.state),
    ...(onIteration && { onIteration }),
  });
  return { state, records: [...first.records, ...records] };
}

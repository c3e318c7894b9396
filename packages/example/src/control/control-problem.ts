import { createKey } from '@metadescent/core';
import {
  createLqgSolver,
  hiddenVelocityPendulum,
  isUpright,
  linearPolicy,
  linearRegulator,
  mlpPolicy,
  pendulum,
  recurrentPolicy,
  regulatorCost,
  regulatorDynamics,
  tablePolicy,
  zeroController,
  type ControlProblem,
  type LinearGaussian,
  type Policy,
} from '@metadescent/guided-policy-search';
import type { ControlEngines } from './control-engines.js';
import type { ControlProblemSpecification, PolicySpecification } from './control-experiment.js';

/** A quantity of the state that the report draws over time. */
export interface Quantity {
  readonly name: string;
  /** Index in the state. */
  readonly index: number;
  /** A line to compare with. */
  readonly goal: { readonly value: number; readonly label: string };
}

/** A control problem with what the report has to know of it. */
export interface ControlTask {
  readonly problem: ControlProblem;
  readonly secondsPerStep: number;
  readonly quantities: readonly Quantity[];
  /** When a trial counts as solved, by its last state; absent where only the cost counts. */
  readonly success?: { readonly label: string; readonly reached: (state: Float64Array) => boolean };
  /** The best controller there is, one per group, where it is known. */
  readonly optimum?: { readonly name: string; readonly controllers: readonly LinearGaussian[] };
}

/** The problem that a specification describes. */
export function controlTask(
  specification: ControlProblemSpecification,
  { search: engine }: ControlEngines,
): ControlTask {
  if (specification.kind === 'linear-regulator') {
    const problem = linearRegulator(specification);
    return {
      problem,
      secondsPerStep: 0.1,
      quantities: ['first', 'second'].map((mass, index) => ({
        name: `position of the ${mass} mass`,
        index,
        goal: { value: 0, label: 'at rest' },
      })),
      optimum: {
        name: 'Riccati optimum',
        controllers: problem.initialControllers.map(() => riccatiController(engine)),
      },
    };
  }
  return {
    problem: (specification.kind === 'pendulum' ? pendulum : hiddenVelocityPendulum)(specification),
    secondsPerStep: 0.05,
    quantities: [{ name: 'angle, rad', index: 0, goal: { value: Math.PI, label: 'upright' } }],
    success: { label: 'upright at the end', reached: isUpright },
  };
}

/**
 * LQG on the true model without a trust region, which is the Riccati recursion; the entropy bonus only gives
 * the Gaussian a width.
 */
function riccatiController(engine: ControlEngines['search']): LinearGaussian {
  const dynamics = regulatorDynamics();
  const solved = createLqgSolver(engine, {
    dynamics,
    cost: regulatorCost(),
    previous: zeroController(dynamics, 1),
    entropyBonus: 1e-9,
  }).solve(0);
  if (!('controller' in solved))
    throw new Error(`riccatiController: LQG on the true model failed at step ${solved.failedAt}`);
  return solved.controller;
}

/** The policy that a specification describes. Its state is plain data, whatever its kind. */
export function policyOf(
  specification: PolicySpecification,
  { search, networks }: ControlEngines,
): Policy<unknown> {
  switch (specification.kind) {
    case 'none':
      return tablePolicy();
    case 'linear':
      return linearPolicy({ shared: specification.shared ?? false });
    case 'mlp':
      return mlpPolicy(search, specification.options);
    case 'lstm':
      return recurrentPolicy(networks, specification.options);
  }
}

/** What reports call the learned linear-Gaussian controllers. */
export const CONTROLLER = 'GPS controller';

/** The key of everything random in the training of a control problem; `held-out` trials have their own. */
export const controlKey = (seed: number) => createKey(seed).fold('control');

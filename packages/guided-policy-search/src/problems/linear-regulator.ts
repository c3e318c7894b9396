import { checkArgument, type Key } from '@metadescent/core';
import { Matrix } from 'ml-matrix';
import { taylorCost, type CostExpansion } from '../cost-expansion.js';
import { dynamicsFromMatrices, type LinearDynamics } from '../dynamics.js';
import type { Environment } from '../environment.js';
import { zeroController, type LinearGaussian } from '../linear-gaussian.js';
import { costFromMatrices, type QuadraticCost } from '../quadratic-cost.js';
import { simulatedEnvironment } from '../simulate.js';

/** A control problem, ready for guided policy search. */
export interface ControlProblem {
  readonly environment: Environment;
  readonly cost: CostExpansion;
  readonly initialControllers: readonly LinearGaussian[];
}

/** Time step in seconds. */
const STEP = 0.1;
const HORIZON = 30;
/** Standard deviation of the random push per step, on the velocities. */
const PUSH = 0.02;
/**
 * Two masses on a line, coupled by springs to each other and to walls, each with its motor: state (x₁, x₂,
 * v₁, v₂), action (u₁, u₂).
 */
const A = [
  1,
  0,
  STEP,
  0,
  0,
  1,
  0,
  STEP,
  -2 * STEP,
  STEP,
  1 - 0.1 * STEP,
  0,
  STEP,
  -2 * STEP,
  0,
  1 - 0.1 * STEP,
];
const B = [0, 0, 0, 0, STEP, 0, 0, STEP];
const STATE_COST = [1, 1, 0.1, 0.1];
const ACTION_COST = 0.1;
const INITIAL_MEAN: readonly number[] = [1, -0.5, 0, 0];
const INITIAL_DEVIATION = 0.3;

/** Where regulators begin. */
export interface RegulatorOptions {
  /**
   * Mean initial states (x₁, x₂, v₁, v₂): one group, and so one controller, for each. Default: one, (1, −½,
   * 0, 0).
   */
  readonly initialMeans?: readonly (readonly number[])[];
}

/**
 * Linear-quadratic regulator with unknown dynamics: two coupled masses are to be brought to rest. Guided
 * policy search sees only samples; the optimum is known from the Riccati recursion on the true model
 * (`regulatorDynamics`, `regulatorCost`).
 */
export function linearRegulator(options: RegulatorOptions = {}): ControlProblem {
  checkArgument('linearRegulator', 'the options', options, [], 'pass { initialMeans }, or nothing');
  const { initialMeans = [INITIAL_MEAN] } = options;
  const size = { stateSize: 4, actionSize: 2, horizon: HORIZON };
  const environment = simulatedEnvironment({
    ...size,
    observationSize: 4,
    ...(initialMeans.length > 1 && { groups: initialMeans.map((mean) => `from (${mean.join(', ')})`) }),
    reset: (key: Key, group) => key.normal(4).map((x, i) => initialMeans[group]![i]! + INITIAL_DEVIATION * x),
    step(state, action, _t, key) {
      const push = key.normal(2);
      return Float64Array.from({ length: 4 }, (_, i) => {
        let next = i < 2 ? 0 : PUSH * push[i - 2]!;
        for (let j = 0; j < 4; j++) next += A[i * 4 + j]! * state[j]!;
        for (let u = 0; u < 2; u++) next += B[i * 2 + u]! * action[u]!;
        return next;
      });
    },
    cost: quadraticCost,
  });
  const cost = taylorCost((_t, state, action) => ({
    value: quadraticCost(state, action),
    state: state.map((x, i) => STATE_COST[i]! * x),
    stateState: Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? STATE_COST[i / 5]! : 0)),
    ...(action && {
      action: action.map((a) => ACTION_COST * a),
      actionAction: Float64Array.of(ACTION_COST, 0, 0, ACTION_COST),
    }),
  }));
  return { environment, cost, initialControllers: initialMeans.map(() => zeroController(size, 1)) };
}

function quadraticCost(state: Float64Array, action: Float64Array | undefined): number {
  return (
    0.5 * state.reduce((sum, x, i) => sum + STATE_COST[i]! * x * x, 0) +
    0.5 * ACTION_COST * (action?.reduce((sum, a) => sum + a * a, 0) ?? 0)
  );
}

/**
 * The true dynamics of `linearRegulator`, which guided policy search is not shown: the scale against which a
 * solution can be measured exactly.
 */
export function regulatorDynamics(initialMean: readonly number[] = INITIAL_MEAN): LinearDynamics {
  const F = Matrix.zeros(4, 4);
  F.set(2, 2, PUSH ** 2);
  F.set(3, 3, PUSH ** 2);
  const step = { A: Matrix.from1DArray(4, 4, A), B: Matrix.from1DArray(4, 2, B), c: Matrix.zeros(4, 1), F };
  return dynamicsFromMatrices(
    Array.from({ length: HORIZON }, () => step),
    { mean: Matrix.columnVector([...initialMean]), covariance: Matrix.eye(4, 4, INITIAL_DEVIATION ** 2) },
  );
}

/** The true cost of `linearRegulator`. */
export function regulatorCost(): QuadraticCost {
  const C = Matrix.diag(STATE_COST);
  const R = Matrix.eye(2, 2, ACTION_COST);
  return costFromMatrices([...Array.from({ length: HORIZON }, () => ({ C, R })), { C }], 2);
}

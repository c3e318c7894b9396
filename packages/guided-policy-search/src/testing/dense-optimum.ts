import { Matrix, solve } from 'ml-matrix';
import type { LinearDynamics } from '../dynamics.js';
import { stateCostAt, type QuadraticCost } from '../quadratic-cost.js';

/**
 * The deterministic optimum of a linear-quadratic problem by brute force: all states and actions stacked into
 * one vector, one dense linear system (the KKT conditions) for the equality-constrained quadratic programme.
 *
 * @returns actions [T, U] and states [T + 1, D] from s_0 = the initial mean
 */
export function denseOptimum(
  dynamics: LinearDynamics,
  cost: QuadraticCost,
): { actions: Float64Array; states: Float64Array } {
  const { stateSize: D, actionSize: U, horizon: T } = dynamics;
  const states = (T + 1) * D;
  const n = states + T * U;
  const m = states;
  const kkt = Matrix.zeros(n + m, n + m);
  const right = Matrix.zeros(n + m, 1);
  for (let t = 0; t <= T; t++) {
    const C = stateCostAt(cost, t);
    for (let i = 0; i < D; i++) {
      right.set(t * D + i, 0, -cost.d[t * D + i]!);
      for (let j = 0; j < D; j++) kkt.set(t * D + i, t * D + j, C[i * D + j]!);
    }
    if (t === T || !cost.action) continue;
    for (let u = 0; u < U; u++) {
      const row = states + t * U + u;
      right.set(row, 0, -cost.action.r[t * U + u]!);
      for (let w = 0; w < U; w++) kkt.set(row, states + t * U + w, cost.action.R[(t * U + u) * U + w]!);
      for (let i = 0; i < D; i++) {
        const value = cost.action.N[(t * U + u) * D + i]!;
        kkt.set(row, t * D + i, value);
        kkt.set(t * D + i, row, value);
      }
    }
  }
  const constrain = (row: number, column: number, value: number) => {
    kkt.set(n + row, column, value);
    kkt.set(column, n + row, value);
  };
  for (let i = 0; i < D; i++) {
    constrain(i, i, 1);
    right.set(n + i, 0, dynamics.initialMean[i]!);
  }
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < D; i++) {
      const row = (t + 1) * D + i;
      constrain(row, row, 1);
      for (let j = 0; j < D; j++) constrain(row, t * D + j, -dynamics.A[(t * D + i) * D + j]!);
      for (let u = 0; u < U; u++) constrain(row, states + t * U + u, -dynamics.B[(t * D + i) * U + u]!);
      right.set(n + row, 0, dynamics.c[t * D + i]!);
    }
  }
  const x = solve(kkt, right).to1DArray();
  return { states: Float64Array.from(x.slice(0, states)), actions: Float64Array.from(x.slice(states, n)) };
}

import { checkArgument } from '@metadescent/core';
import { weightedLoss, type ObservationSequences, type Policy, type PolicyContext } from '../policy.js';
import { solvePositive } from './weighted-least-squares.js';

/** State of a linear policy. */
export interface LinearPolicyState extends PolicyContext {
  /** Weights with the constant last, a copy per group also where they are shared [groups, U, O + 1] */
  readonly weights: Float64Array;
}

/**
 * A stationary linear policy μ = W [o; 1], one per group or one for all, fitted exactly by weighted least squares.
 *
 * @param options `ridge`: added to the mean Gram matrix's diagonal, relative to it. Default 1e-8. `shared`:
 *   one W for all groups. Default false.
 */
export function linearPolicy(
  options: { readonly ridge?: number; readonly shared?: boolean } = {},
): Policy<LinearPolicyState> {
  checkArgument('linearPolicy', 'the options', options, [], 'pass { ridge, shared }, or nothing');
  const { ridge = 1e-8, shared = false } = options;
  return {
    name: 'linear',
    init: (context) => ({
      ...context,
      weights: new Float64Array(context.groups * context.actionSize * (context.observationSize + 1)),
    }),
    fit(state, data) {
      const { actionSize: U, observationSize: O, horizon: T } = state;
      const n = O + 1;
      const size = U * n;
      const weights = state.weights.slice();
      const loss = (s: LinearPolicyState) =>
        data.reduce((sum, part, g) => sum + weightedLoss(meansOf(s, g, part), part, U) / data.length, 0);
      // Σ P_t ⊗ x xᵀ over steps and rows; x = [o; 1].
      let gram = new Float64Array(size * size);
      let right = new Float64Array(size);
      data.forEach((part, group) => {
        for (let t = 0; t < T; t++) {
          const observations = part.observations(t);
          const second = new Float64Array(n * n);
          const cross = new Float64Array(U * n);
          const x = new Float64Array(n).fill(1);
          for (let r = 0; r < part.rows; r++) {
            for (let i = 0; i < O; i++) x[i] = observations[r * O + i]!;
            for (let i = 0; i < n; i++) {
              for (let j = 0; j < n; j++) second[i * n + j]! += x[i]! * x[j]!;
              for (let u = 0; u < U; u++)
                cross[u * n + i]! += x[i]! * part.targets[(t * part.rows + r) * U + u]!;
            }
          }
          for (let u = 0; u < U; u++) {
            for (let w = 0; w < U; w++) {
              const p = part.precision[(t * U + u) * U + w]!;
              for (let i = 0; i < n; i++) {
                right[u * n + i]! += p * cross[w * n + i]!;
                for (let j = 0; j < n; j++) gram[(u * n + i) * size + w * n + j]! += p * second[i * n + j]!;
              }
            }
          }
        }
        if (shared && group + 1 < data.length) return;
        for (let i = 0; i < size; i++) gram[i * size + i]! *= 1 + ridge;
        const solution = solvePositive(size, gram, right);
        for (let g = shared ? 0 : group; g <= group; g++) weights.set(solution, g * size);
        gram = new Float64Array(size * size);
        right = new Float64Array(size);
      });
      const fitted = { ...state, weights };
      return { state: fitted, lossBefore: loss(state), lossAfter: loss(fitted) };
    },
    means: meansOf,
    start: (state, group, rows) => (_t, observations, means) =>
      apply(state, group, rows, observations, means),
  };
}

function meansOf(
  state: LinearPolicyState,
  group: number,
  { rows, observations }: ObservationSequences,
): Float64Array {
  const width = rows * state.actionSize;
  const means = new Float64Array(state.horizon * width);
  for (let t = 0; t < state.horizon; t++)
    apply(state, group, rows, observations(t), means.subarray(t * width, (t + 1) * width));
  return means;
}

function apply(
  { weights, actionSize: U, observationSize: O }: LinearPolicyState,
  group: number,
  rows: number,
  observations: Float64Array,
  means: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    for (let u = 0; u < U; u++) {
      const at = (group * U + u) * (O + 1);
      let sum = weights[at + O]!;
      for (let i = 0; i < O; i++) sum += weights[at + i]! * observations[r * O + i]!;
      means[r * U + u] = sum;
    }
  }
}

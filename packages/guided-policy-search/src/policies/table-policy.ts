import { checkArgument } from '@metadescent/core';
import { symmetrise } from '../symmetric.js';
import { weightedLoss, type Policy, type PolicyContext, type PolicyTargets } from '../policy.js';
import { solvePositive } from './weighted-least-squares.js';

/** State of a table policy. */
export interface TableState extends PolicyContext {
  /** Mean actions [groups, entries, U]; entries is T, or 1 if stationary */
  readonly table: Float64Array;
}

/**
 * A policy that ignores observations: one mean action per time step, or one for all of them. The fit is
 * exact: μ = (Σ P)⁻¹ Σ P y.
 *
 * @param options `stationary`: one action for all steps
 */
export function tablePolicy(options: { readonly stationary?: boolean } = {}): Policy<TableState> {
  checkArgument('tablePolicy', 'the options', options, [], 'pass { stationary: true }, or nothing');
  const { stationary = false } = options;
  const entriesOf = ({ horizon }: PolicyContext) => (stationary ? 1 : horizon);
  const entryAt = (t: number) => (stationary ? 0 : t);
  const meansOf = (
    { table, actionSize: U, ...context }: TableState,
    group: number,
    rows: number,
    T: number,
  ) => {
    const entries = entriesOf({ actionSize: U, ...context });
    return Float64Array.from(
      { length: T * rows * U },
      (_, i) => table[(group * entries + entryAt(Math.floor(i / (rows * U)))) * U + (i % U)]!,
    );
  };
  return {
    name: stationary ? 'constant' : 'table',
    init: (context) => ({
      ...context,
      table: new Float64Array(context.groups * entriesOf(context) * context.actionSize),
    }),
    fit(state, data) {
      const { actionSize: U, horizon: T } = state;
      const entries = entriesOf(state);
      const table = state.table.slice();
      const loss = (s: TableState) =>
        data.reduce(
          (sum, part, g) => sum + weightedLoss(meansOf(s, g, part.rows, T), part, U) / data.length,
          0,
        );
      data.forEach((part, group) => {
        const gram = new Float64Array(entries * U * U);
        const right = new Float64Array(entries * U);
        for (let t = 0; t < T; t++) accumulate(part, t, U, entryAt(t), gram, right);
        for (let entry = 0; entry < entries; entry++) {
          const P = gram.subarray(entry * U * U, (entry + 1) * U * U);
          symmetrise(U, P);
          table.set(
            solvePositive(U, P, right.subarray(entry * U, (entry + 1) * U)),
            (group * entries + entry) * U,
          );
        }
      });
      const fitted = { ...state, table };
      return { state: fitted, lossBefore: loss(state), lossAfter: loss(fitted) };
    },
    means: (state, group, { rows }) => meansOf(state, group, rows, state.horizon),
    start: (state, group, rows) => {
      const means = meansOf(state, group, rows, state.horizon);
      const width = rows * state.actionSize;
      return (t, _observations, out) => out.set(means.subarray(t * width, (t + 1) * width));
    },
  };
}

function accumulate(
  { rows, targets, precision }: PolicyTargets,
  t: number,
  U: number,
  entry: number,
  gram: Float64Array,
  right: Float64Array,
): void {
  for (let u = 0; u < U; u++) {
    for (let w = 0; w < U; w++) {
      const p = precision[(t * U + u) * U + w]!;
      gram[(entry * U + u) * U + w]! += rows * p;
      for (let r = 0; r < rows; r++) right[entry * U + u]! += p * targets[(t * rows + r) * U + w]!;
    }
  }
}

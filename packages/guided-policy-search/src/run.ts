import { improve } from './iteration.js';
import {
  initialState,
  type GuidedPolicySearch,
  type GuidedPolicySearchState,
  type IterationRecord,
} from './state.js';

export interface RunOptions<S> {
  /** Iterations in total, those of `state` included. */
  readonly iterations: number;
  /** Where to go on; from the start if absent. */
  readonly state?: GuidedPolicySearchState<S>;
  /** Called after each iteration; return `false` to stop. */
  readonly onIteration?: (
    record: IterationRecord,
    state: GuidedPolicySearchState<S>,
  ) => boolean | void | Promise<boolean | void>;
}

/**
 * Runs guided policy search. Stopping after any iteration and going on from the state gives the same bits as running through.
 */
export async function runGuidedPolicySearch<S>(
  search: GuidedPolicySearch<S>,
  { iterations, state: start, onIteration }: RunOptions<S>,
): Promise<{ readonly state: GuidedPolicySearchState<S>; readonly records: readonly IterationRecord[] }> {
  let state = start ?? initialState(search);
  const records: IterationRecord[] = [];
  while (state.iteration < iterations) {
    const result = await improve(search, state);
    state = result.state;
    records.push(result.record);
    if ((await onIteration?.(result.record, state)) === false) break;
  }
  return { state, records };
}

import { checkArgument } from '@metadescent/core';
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
 * Runs guided policy search. Stopping after any iteration and going on from the state gives the same bits as
 * running through.
 *
 * @throws UserError if a part of the search is missing.
 */
export async function runGuidedPolicySearch<S>(
  search: GuidedPolicySearch<S>,
  options: RunOptions<S>,
): Promise<{ readonly state: GuidedPolicySearchState<S>; readonly records: readonly IterationRecord[] }> {
  const caller = 'runGuidedPolicySearch';
  const needed = ['environment', 'policy', 'cost', 'initialControllers', 'engine', 'options', 'key'];
  checkArgument(
    caller,
    'the search',
    search,
    needed,
    'pass { ...pendulum(), policy, engine, options: parseOptions(), key: createKey(1) }',
  );
  checkArgument(
    caller,
    'the engine',
    search.engine,
    ['gemm', 'detail'],
    'pass wasmGpsEngine() or bestGpsEngine(), or the `engine` of nativeGpsEngine()',
  );
  checkArgument(caller, 'the second argument', options, ['iterations'], 'pass { iterations: 10 }');
  const { iterations, state: start, onIteration } = options;
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

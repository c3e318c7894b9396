import { createKey } from '@metadescent/core';
import type { Policy, PolicyContext, PolicyTargets } from './policy.js';

/**
 * Checks what every `Policy` promises, on small synthetic data: call it in one line from the spec of an
 * implementation.
 *
 * - a fit lowers the loss on targets the policy can represent (`targets`), and gives the same bits for the same key
 * - neither `fit` nor acting changes a state in place; states survive `structuredClone`
 * - `means` along a sequence are what `start` gives step by step, row by row
 *
 * @param targets y of a step, row and action, in terms of the observation; default: a constant per action
 * @throws Error that names the promise broken
 */
export async function checkPolicy<S>(
  policy: Policy<S>,
  { observationSize = 2, actionSize = 2, horizon = 5, groups = 2 }: Partial<PolicyContext> = {},
  targets: (observation: Float64Array, t: number, u: number) => number = (_o, _t, u) => 0.5 + u,
): Promise<void> {
  const context: PolicyContext = { observationSize, actionSize, horizon, groups };
  const rows = 12;
  const key = createKey(42);
  const data = Array.from({ length: groups }, (_, g): PolicyTargets => {
    const observations = Array.from({ length: horizon }, (_, t) =>
      key
        .fold('o')
        .fold(g)
        .fold(t)
        .normal(rows * observationSize),
    );
    const y = new Float64Array(horizon * rows * actionSize);
    for (let t = 0; t < horizon; t++) {
      for (let r = 0; r < rows; r++) {
        const observation = observations[t]!.subarray(r * observationSize, (r + 1) * observationSize);
        for (let u = 0; u < actionSize; u++) y[(t * rows + r) * actionSize + u] = targets(observation, t, u);
      }
    }
    const precision = Float64Array.from({ length: horizon * actionSize ** 2 }, (_, i) =>
      (i % actionSize ** 2) % (actionSize + 1) === 0 ? 1 : 0,
    );
    return { rows, rowsPerTrajectory: 2, observations: (t) => observations[t]!, targets: y, precision };
  });
  const bits = (value: unknown) =>
    JSON.stringify(value, (_, entry: unknown) =>
      ArrayBuffer.isView(entry) ? Array.from(entry as Float64Array) : entry,
    );
  const must = (holds: boolean, promise: string) => {
    if (!holds) throw new Error(`checkPolicy: "${policy.name}" breaks a promise: ${promise}`);
  };
  const start = policy.init(context, key.fold('init'));
  must(
    bits(policy.init(context, key.fold('init'))) === bits(start),
    'init gives the same state for the same key',
  );
  const untouched = bits(start);
  const fit = await policy.fit(start, data, { key: key.fold('fit'), phase: 'clone' });
  must(bits(start) === untouched, 'fit does not change the state in place');
  must(fit.lossAfter < fit.lossBefore, `fit lowers the loss (${fit.lossBefore} to ${fit.lossAfter})`);
  const again = await policy.fit(start, data, { key: key.fold('fit'), phase: 'clone' });
  must(bits(again.state) === bits(fit.state), 'fit gives the same bits for the same key');
  const state = structuredClone(fit.state);
  const trained = bits(state);
  for (let g = 0; g < groups; g++) {
    const means = policy.means(state, g, data[g]!);
    must(
      means.length === horizon * rows * actionSize && means.every(Number.isFinite),
      'means are finite [T, rows, U]',
    );
    const act = policy.start(state, g, rows);
    for (let t = 0; t < horizon; t++) {
      const out = new Float64Array(rows * actionSize);
      act(t, data[g]!.observations(t), out);
      for (let i = 0; i < out.length; i++) {
        const wanted = means[t * rows * actionSize + i]!;
        must(
          Math.abs(out[i]! - wanted) <= 1e-5 * (1 + Math.abs(wanted)),
          `acting step by step gives the means of the sequence (group ${g}, t = ${t}: ${out[i]} against ${wanted})`,
        );
      }
    }
  }
  must(bits(state) === trained, 'acting does not change the state in place');
}

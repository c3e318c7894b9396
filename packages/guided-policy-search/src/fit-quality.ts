import type { LinearDynamics } from './dynamics.js';
import type { GroupMoments } from './moments.js';

/**
 * How much of the next state the fitted dynamics leave unexplained, per step: with the residual covariance F
 * and in units of σ,
 *
 *     Σ_i F_ii / σ_i²  ÷  Σ_i Var(s′_i) / σ_i²
 *
 * over all dimensions that are fitted: those that are known, or whose response to actions is imposed, say
 * nothing of the data. 0 is a perfect model, 1 one that knows no more than the mean; a little more than the
 * data's own noise is right, since the ridge and the noise floor are in F. On the samples that the model was
 * fitted to. 0 where nothing varies.
 *
 * @param scales σ [D]
 * @param imposed dimensions that are left out
 * @returns [T]
 */
export function unexplainedShare(
  moments: GroupMoments,
  { F }: LinearDynamics,
  scales: Float64Array,
  imposed: readonly number[] = [],
): Float64Array {
  const { stateSize: D, actionSize: U } = moments;
  const out = new Set(imposed);
  return Float64Array.from(moments.steps, ({ size, covariance }, t) => {
    let residual = 0;
    let variance = 0;
    for (let i = 0; i < D; i++) {
      if (out.has(i)) continue;
      residual += F[(t * D + i) * D + i]! / scales[i]! ** 2;
      variance += covariance[(D + U + i) * (size + 1)]! / scales[i]! ** 2;
    }
    return variance > 0 ? residual / variance : 0;
  });
}

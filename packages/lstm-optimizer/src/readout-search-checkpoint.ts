import { isTypedArray, UserError, type TensorFile } from '@metadescent/core';
import type { LstmRule } from './lstm-rule.js';
import { readoutDimensions, type ReadoutSearchState } from './readout-search.js';

/** A search's state as tensors, for a checkpoint. */
export function searchStateToTensors({ distribution, best }: ReadoutSearchState): TensorFile {
  const { generation, mean, sigma, covariance, covariancePath, sigmaPath } = distribution;
  const vector = (data: Float64Array) => ({ shape: [data.length], data });
  return {
    tensors: {
      mean: vector(mean),
      covariance: vector(covariance),
      'path/covariance': vector(covariancePath),
      'path/sigma': vector(sigmaPath),
      counters: vector(Float64Array.of(generation, sigma, best?.generation ?? -1, best?.score ?? Infinity)),
      'best/point': vector(best?.point ?? mean),
    },
    metadata: { format: 'metadescent/lstm-optimizer/readout-search-state' },
  };
}

/**
 * The state that `searchStateToTensors` stored.
 *
 * @throws UserError if tensors are missing or of another length than the rule's search has dimensions.
 */
export function searchStateFromTensors(
  rule: LstmRule,
  { tensors }: Pick<TensorFile, 'tensors'>,
): ReadoutSearchState {
  const d = readoutDimensions(rule);
  const take = (name: string, length: number): Float64Array => {
    const data = Object.hasOwn(tensors, name) ? tensors[name]?.data : undefined;
    if (!isTypedArray(data, 'Float64Array') || data.length !== length) {
      throw new UserError(
        `the checkpoint's "${name}" has ${data?.length ?? 'no'} entries, but ${length} 64-bit floats are needed: ` +
          'it belongs to another rule, or is damaged; start a new run folder',
      );
    }
    return Float64Array.from(data);
  };
  const [generation, sigma, bestGeneration, score] = take('counters', 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return {
    distribution: {
      generation,
      sigma,
      mean: take('mean', d),
      covariance: take('covariance', d * d),
      covariancePath: take('path/covariance', d),
      sigmaPath: take('path/sigma', d),
    },
    ...(bestGeneration >= 0 && { best: { point: take('best/point', d), score, generation: bestGeneration } }),
  };
}

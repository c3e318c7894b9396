import type { Key, Minibatch } from '@metadescent/core';
import type { NetworkKernel } from '@metadescent/kernels';
import { gatherRows } from './data/gather-rows.js';
import type { LabelledDataset } from './data/labelled-dataset.js';

/**
 * Hands batches of one data set to one kernel. The kernel may keep the arrays, so they are only changed right
 * before the next `setBatch`.
 */
export interface BatchLoader {
  /** The kernel's batch becomes these examples [batch]. */
  load(indices: Uint32Array): void;
}

/** @param capacity the largest batch */
export function batchLoader(kernel: NetworkKernel, dataset: LabelledDataset, capacity: number): BatchLoader {
  const { inputSize } = dataset;
  const inputs = new Float32Array(capacity * inputSize);
  const labels = new Uint8Array(capacity);
  const { outputs } = kernel;
  const targets =
    kernel.specification.loss === 'squared-error' ? new Float32Array(capacity * outputs) : undefined;
  return {
    load(indices) {
      const batch = indices.length;
      gatherRows(dataset, indices, inputs, labels);
      if (targets) {
        targets.fill(0);
        for (let b = 0; b < batch; b++) targets[b * outputs + (labels[b] as number)] = 1;
      }
      kernel.setBatch(
        inputs.subarray(0, batch * inputSize),
        targets?.subarray(0, batch * outputs) ?? labels.subarray(0, batch),
      );
    },
  };
}

/**
 * The examples of step `step` in the stream of `key`: `batchSize` independent uniform draws, with replacement
 * [batchSize].
 *
 * No epochs and no shuffling: any step can be asked for first, at the same cost, and every mini-batch
 * gradient is an unbiased estimate that is independent of all others, as the stochastic objective of both
 * papers assumes. The code that Andrychowicz et al. released draws in the same way.
 */
export function minibatchRows(key: Key, step: number, batchSize: number, count: number): Uint32Array {
  return key.fold(step).integers(batchSize, count);
}

/**
 * Mini-batches that share one kernel. A mini-batch gathers its examples when it is evaluated and the kernel
 * holds another one: evaluating the same one again, as line searches do, costs no gathering, and interleaving
 * several is allowed.
 */
export function minibatchStream(
  kernel: NetworkKernel,
  dataset: LabelledDataset,
  batchSize: number,
): (key: Key, step: number) => Minibatch {
  const { load } = batchLoader(kernel, dataset, batchSize);
  let loaded: { readonly key: Key; readonly step: number } | undefined;
  return (key, step) => {
    let rows: Uint32Array | undefined;
    return {
      evaluate(parameters, gradient) {
        if (!loaded || loaded.step !== step || !sameKey(loaded.key, key)) {
          rows ??= minibatchRows(key, step, batchSize, dataset.count);
          load(rows);
          loaded = { key, step };
        }
        return kernel.evaluate(parameters, gradient);
      },
    };
  };
}

function sameKey(a: Key, b: Key): boolean {
  return a.words[0] === b.words[0] && a.words[1] === b.words[1];
}

/**
 * Up to this many floats of inputs and activations (64 MiB) stay in the kernel between evaluations; larger
 * sets are streamed in chunks of …
 */
const RESIDENT_FLOATS = 2 ** 24;
/** … this many (16 MiB). */
const CHUNK_FLOATS = 2 ** 22;

/**
 * The mean loss over fixed examples, and its gradient. A set of moderate size is handed to the kernel once; a
 * larger one in chunks at every evaluation, so that memory does not grow with it. Chunk results are summed in
 * double precision in a fixed order: equal inputs give equal bits.
 *
 * @param kernel used for nothing else
 * @param indices the examples; their order decides the chunks
 * @param chunkRows examples per chunk; for tests
 */
export function fixedSetObjective(
  kernel: NetworkKernel,
  dataset: LabelledDataset,
  indices: Uint32Array,
  chunkRows: number = chunkRowsFor(kernel, indices.length),
): Minibatch['evaluate'] {
  const count = indices.length;
  if (chunkRows >= count) {
    batchLoader(kernel, dataset, count).load(indices);
    return (parameters, gradient) => kernel.evaluate(parameters, gradient);
  }
  const { load } = batchLoader(kernel, dataset, chunkRows);
  const part = new Float32Array(kernel.parameterCount);
  const sums = new Float64Array(kernel.parameterCount);
  return (parameters, gradient) => {
    let objective = 0;
    sums.fill(0);
    for (let begin = 0; begin < count; begin += chunkRows) {
      const chunk = indices.subarray(begin, begin + chunkRows);
      const weight = chunk.length / count;
      load(chunk);
      objective += weight * kernel.evaluate(parameters, gradient && part);
      if (gradient)
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (part[i] as number);
    }
    gradient?.set(sums);
    return objective;
  };
}

function chunkRowsFor(kernel: NetworkKernel, count: number): number {
  const { floatsPerExample } = kernel;
  return count * floatsPerExample <= RESIDENT_FLOATS
    ? count
    : Math.max(1, Math.floor(CHUNK_FLOATS / floatsPerExample));
}

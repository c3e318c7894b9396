import { checkArgument } from '@metadescent/core';
import type { LabelledDataset } from './labelled-dataset.js';

/**
 * The same data set on shared memory: sent to a worker (`postMessage`, `workerData`), it arrives as a
 * reference, and all threads read one copy. Arrays that are shared already are kept. Share the whole before
 * splitting it: the parts then share too. Nobody may write to it afterwards.
 *
 * @throws Error where there is no SharedArrayBuffer: in a browser page that is not cross-origin isolated.
 * @example
 * shareDataset(dataset).inputs.buffer instanceof SharedArrayBuffer // => true
 */
export function shareDataset(dataset: LabelledDataset): LabelledDataset {
  checkArgument(
    'shareDataset',
    'the data set',
    dataset,
    ['inputs', 'labels', 'classes'],
    'pass a data set, such as labelledDataset gives',
  );
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new Error(
      'shareDataset: there is no SharedArrayBuffer here; serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or send the data set as it is',
    );
  }
  const { inputs, labels, rows } = dataset;
  return {
    ...dataset,
    inputs: inputs.BYTES_PER_ELEMENT === 1 ? shared(Uint8Array, inputs) : shared(Float32Array, inputs),
    labels: shared(Uint8Array, labels),
    ...(rows && { rows: shared(Uint32Array, rows) }),
  };
}

type Stored = Uint8Array | Uint32Array | Float32Array;

function shared<A extends Stored>(Constructor: new (buffer: SharedArrayBuffer) => A, array: Stored): A {
  // By its tag, not with instanceof: the buffer may come from another realm.
  if (Object.prototype.toString.call(array.buffer) === '[object SharedArrayBuffer]') return array as A;
  const copy = new Constructor(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

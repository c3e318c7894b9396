import { UnsortedSegmentSum, type TensorInfo, type UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { wasmKernel } from './wasm-kernel.js';

/**
 * out[s] = Σ_{i: segmentIds[i] = s} x[i]: the gradient of gathering rows, as an embedding does. Rows whose id
 * is not in [0, numSegments) are dropped, as on the cpu backend.
 */
export const unsortedSegmentSum = wasmKernel(
  UnsortedSegmentSum,
  (
    { x, segmentIds }: { x: TensorInfo; segmentIds: TensorInfo },
    { numSegments }: UnsortedSegmentSumAttrs,
    backend,
  ) => {
    const inner = x.shape.slice(segmentIds.shape.length);
    const rowSize = inner.reduce((product, side) => product * side, 1);
    const out = backend.makeOutput([numSegments, ...inner], x.dtype);
    const [values, ids, sums] = [x, segmentIds, out].map((info) => backend.typedArrayFromHeap(info)) as [
      Float32Array,
      Int32Array,
      Float32Array,
    ];
    sums.fill(0);
    ids.forEach((id, row) => {
      if (id < 0 || id >= numSegments) return;
      for (let i = 0; i < rowSize; i++) {
        sums[id * rowSize + i] = (sums[id * rowSize + i] as number) + (values[row * rowSize + i] as number);
      }
    });
    return out;
  },
);

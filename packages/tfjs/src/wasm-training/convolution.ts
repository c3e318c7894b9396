import {
  backend_util,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  Conv3DBackpropFilterV2,
  Conv3DBackpropInputV2,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropInputV2Attrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sharedEngine } from '../shared-engine.js';
import {
  gatherPatches,
  outputsPerExample,
  patchSize,
  planeSizes,
  scatterPatches,
  volumeSizes,
  type ConvSizes,
} from './patches.js';
import { floats, wasmKernel, type WasmBackend } from './wasm-kernel.js';

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** tfjs has no such kernel for wasm. */
export const conv2dBackpropFilter = wasmKernel(
  Conv2DBackpropFilter,
  (
    { x, dy }: { x: TensorInfo; dy: TensorInfo },
    { strides, pad, dataFormat, dimRoundingMode, filterShape }: Conv2DBackpropFilterAttrs,
    backend,
  ) => {
    checkFormat(Conv2DBackpropFilter, dataFormat);
    const sizes = planeSizes(
      backend_util.computeConv2DInfo(x.shape as Shape4, filterShape, strides, 1, pad, dimRoundingMode),
    );
    return filterGradient(x, dy, filterShape, sizes, backend);
  },
);

/** tfjs has this kernel, as plain loops; this one is several times faster. */
export const conv2dBackpropInput = wasmKernel(
  Conv2DBackpropInput,
  (
    { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
    { strides, pad, dataFormat, dimRoundingMode, inputShape }: Conv2DBackpropInputAttrs,
    backend,
  ) => {
    checkFormat(Conv2DBackpropInput, dataFormat);
    const sizes = planeSizes(
      backend_util.computeConv2DInfo(inputShape, filter.shape as Shape4, strides, 1, pad, dimRoundingMode),
    );
    return inputGradient(dy, filter, inputShape, sizes, backend);
  },
);

/** tfjs 4.22 has this kernel; it differs from the cpu backend's in our tests. */
export const conv3dBackpropFilter = wasmKernel(
  Conv3DBackpropFilterV2,
  (
    { x, dy }: { x: TensorInfo; dy: TensorInfo },
    { strides, pad, filterShape }: Conv3DBackpropFilterV2Attrs,
    backend,
  ) => {
    const sizes = volumeSizes(
      backend_util.computeConv3DInfo(x.shape as Shape5, filterShape, strides, 1, pad),
    );
    return filterGradient(x, dy, filterShape, sizes, backend);
  },
);

/** tfjs 4.22 has this kernel; it differs from the cpu backend's in our tests. */
export const conv3dBackpropInput = wasmKernel(
  Conv3DBackpropInputV2,
  (
    { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
    { strides, pad, inputShape }: Conv3DBackpropInputV2Attrs,
    backend,
  ) => {
    const sizes = volumeSizes(
      backend_util.computeConv3DInfo(inputShape, filter.shape as Shape5, strides, 1, pad),
    );
    return inputGradient(dy, filter, inputShape, sizes, backend);
  },
);

/**
 * ∂L/∂filter of y = conv(x, filter): with P the patches of x [batch · outputs, patch] and dy as a matrix
 * [batch · outputs, outChannels],
 *
 *     dfilter = Pᵀ dy   [patch, outChannels]
 *
 * as matrix products over a few examples at a time.
 */
function filterGradient(
  x: TensorInfo,
  dy: TensorInfo,
  filterShape: readonly number[],
  sizes: ConvSizes,
  backend: WasmBackend,
): TensorInfo {
  const out = backend.makeOutput(filterShape, 'float32');
  const [input, gradient] = [floats(backend, x), floats(backend, dy)];
  const sum = new Float32Array(patchSize(sizes) * sizes.outChannels);
  forChunks(sizes, (first, count, patches) => {
    gatherPatches(input, sizes, first, count, patches);
    sharedEngine().gemm({
      m: patchSize(sizes),
      n: sizes.outChannels,
      k: count * outputsPerExample(sizes),
      a: patches,
      transposeA: true,
      b: rowsOf(gradient, sizes, first, count),
      c: sum,
      beta: first === 0 ? 0 : 1,
    });
  });
  floats(backend, out).set(sum);
  return out;
}

/**
 * ∂L/∂x of y = conv(x, filter): the gradients of the patches, dP = dy filterᵀ, added back to where the
 * patches came from.
 */
function inputGradient(
  dy: TensorInfo,
  filter: TensorInfo,
  inputShape: readonly number[],
  sizes: ConvSizes,
  backend: WasmBackend,
): TensorInfo {
  const out = backend.makeOutput(inputShape, 'float32');
  const [gradient, weights, input] = [floats(backend, dy), floats(backend, filter), floats(backend, out)];
  input.fill(0);
  forChunks(sizes, (first, count, patches) => {
    sharedEngine().gemm({
      m: count * outputsPerExample(sizes),
      n: patchSize(sizes),
      k: sizes.outChannels,
      a: rowsOf(gradient, sizes, first, count),
      b: weights,
      transposeB: true,
      c: patches,
    });
    scatterPatches(patches, sizes, first, count, input);
  });
  return out;
}

function checkFormat(kernel: string, dataFormat: 'NHWC' | 'NCHW'): void {
  if (dataFormat === 'NHWC') return;
  throw new Error(
    `${kernel}: the wasm backend convolves NHWC only, but the data format is ${dataFormat}; transpose the input`,
  );
}

/**
 * Runs over the batch, as many examples at a time as have patches of about 8 MiB: larger matrices gain
 * nothing and leave the cache.
 */
function forChunks(
  sizes: ConvSizes,
  work: (first: number, count: number, patches: Float32Array) => void,
): void {
  const perExample = outputsPerExample(sizes) * patchSize(sizes);
  const step = Math.max(1, Math.min(sizes.batchSize, Math.floor(2 ** 21 / perExample)));
  const room = new Float32Array(step * perExample);
  for (let first = 0; first < sizes.batchSize; first += step) {
    const count = Math.min(step, sizes.batchSize - first);
    work(first, count, room.subarray(0, count * perExample));
  }
}

/** The rows of dy [count · outputs, outChannels] of the examples from `first` on. */
function rowsOf(dy: Float32Array, sizes: ConvSizes, first: number, count: number): Float32Array {
  const perExample = outputsPerExample(sizes) * sizes.outChannels;
  return dy.subarray(first * perExample, (first + count) * perExample);
}

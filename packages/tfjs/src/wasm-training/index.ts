import { getKernel, registerKernel, unregisterKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import {
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv3dBackpropFilter,
  conv3dBackpropInput,
} from './convolution.js';
import { depthwiseConv2dBackpropFilter, depthwiseConv2dBackpropInput } from './depthwise-conv2d.js';
import { maxPoolGrad } from './max-pool.js';
import { resizeNearestNeighborGrad } from './resize-nearest-neighbor.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

/**
 * The kernels that training on tfjs's wasm backend lacks, has too slow, or (as of tfjs 4.22) has wrong or
 * different from the cpu backend.
 */
export const wasmTrainingKernels: readonly KernelConfig[] = [
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv3dBackpropFilter,
  conv3dBackpropInput,
  depthwiseConv2dBackpropFilter,
  depthwiseConv2dBackpropInput,
  maxPoolGrad,
  resizeNearestNeighborGrad,
  unsortedSegmentSum,
];

/**
 * Lets any tfjs model that trains on the cpu backend train on the wasm backend: registers
 * `wasmTrainingKernels` there, in place of what the backend has under these names. Call it once, after
 * importing @tensorflow/tfjs-backend-wasm (which registers its own); further calls change nothing.
 *
 * @returns the names of the kernels registered by this call
 * @example
 * registerWasmTraining();
 * await tf.setBackend('wasm');
 */
export function registerWasmTraining(): string[] {
  return wasmTrainingKernels.flatMap((kernel) => {
    const { kernelName, backendName } = kernel;
    const present = getKernel(kernelName, backendName);
    if (present === kernel) return [];
    if (present) unregisterKernel(kernelName, backendName);
    registerKernel(kernel);
    return [kernelName];
  });
}

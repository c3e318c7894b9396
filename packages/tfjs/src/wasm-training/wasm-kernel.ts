import type {
  backend_util,
  DataType,
  KernelConfig,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from '@tensorflow/tfjs-core';

/** What these kernels use of tfjs's wasm backend. */
export interface WasmBackend {
  /** A tensor on the backend's heap, its values not set. Allocating may move the heap: take views afterwards. */
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  /** The values of a tensor as a view of the heap. */
  typedArrayFromHeap(info: TensorInfo): backend_util.TypedArray;
}

/** Single-precision values of a tensor, a view of the heap. */
export function floats(backend: WasmBackend, info: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(info) as Float32Array;
}

/**
 * A kernel of the wasm backend. tfjs hands every kernel untyped inputs and attributes whose real types belong
 * to the kernel's name; this is the one place that says so.
 */
export function wasmKernel<Inputs, Attributes>(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes, backend: WasmBackend) => TensorInfo,
): KernelConfig {
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({
      inputs,
      attrs,
      backend,
    }: {
      inputs: NamedTensorInfoMap;
      attrs?: NamedAttrMap;
      backend: unknown;
    }) => compute(inputs as Inputs, attrs as Attributes, backend as WasmBackend),
  };
}

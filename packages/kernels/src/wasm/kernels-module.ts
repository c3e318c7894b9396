import { type KernelMemory, createMemory, lazyModule } from './kernel-memory.js';
import { wasmBase64 } from './kernels.gen.js';

const kernelsModule = lazyModule('wasmEngine', wasmBase64);

/** An instance of the kernels of `KernelEngine`. */
export function createKernelMemory(): KernelMemory {
  return createMemory(kernelsModule());
}

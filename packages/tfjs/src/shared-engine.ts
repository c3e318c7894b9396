import { wasmEngine, type KernelEngine } from '@metadescent/kernels';

let shared: KernelEngine | undefined;

/** The WebAssembly engine, made when it is first needed: hand-made rules need none. */
export function sharedEngine(): KernelEngine {
  return (shared ??= wasmEngine());
}

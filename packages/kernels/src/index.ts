export type * from './accumulators/accumulators.js';
export type * from './engine/kernel-engine.js';
export { typescriptEngine } from './engine/typescript-engine.js';
export { wasmEngine } from './engine/wasm-engine.js';
export type * from './gemm/gemm.js';
export type * from './lstm/lstm-kernel.js';
export type * from './network/mlp-kernel.js';
export type { PeakProbe } from './peak-probe/peak-probe.js';
export { wasmPeakProbe } from './peak-probe/peak-probe-wasm.js';

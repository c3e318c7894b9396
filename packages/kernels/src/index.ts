export * from './engine.js';
export type * from './psd-features.js';
export { typescriptEngine } from './typescript/engine.js';
export * from './gps.js';
export { wasmEngine } from './wasm/engine.js';
export type { PeakProbe } from './peak-probe.js';
export { wasmPeakProbe } from './wasm/peak-probe.js';

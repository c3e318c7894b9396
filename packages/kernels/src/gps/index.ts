export type {
  ActionPenalty,
  GpsEngine,
  GpsGemm,
  GpsSyrk,
  LqgController,
  LqgKernel,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from './gps-engine.js';
export { typescriptGpsEngine } from './gps-typescript.js';
export { wasmGpsEngine } from './gps-wasm.js';

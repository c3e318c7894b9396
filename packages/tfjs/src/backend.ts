import {
  cpuCandidate,
  loadFirst,
  wasmCandidate,
  type LoadBackendOptions,
  type LoadedBackend,
} from './backend-candidates.js';

export type { BackendName, LoadBackendOptions, LoadedBackend } from './backend-candidates.js';

/**
 * Starts the fastest tfjs backend that a page or worker can have without a graphics card: WebAssembly (with
 * SIMD where the browser has it, and with the kernels for training), else plain JavaScript. One line says why
 * where the first choice does not run.
 *
 * @throws UserError if none runs.
 * @example
 * const { detail } = await loadBackend({ wasmPaths: '/tfjs/' });
 */
export function loadBackend(options: LoadBackendOptions = {}): Promise<LoadedBackend> {
  return loadFirst([wasmCandidate, cpuCandidate], options);
}

import {
  cpuCandidate,
  loadFirst,
  wasmCandidate,
  type BackendCandidate,
  type LoadBackendOptions,
  type LoadedBackend,
} from '../backend-candidates.js';

export type { BackendName, LoadBackendOptions, LoadedBackend } from '../backend-candidates.js';

/**
 * The C library. Its package downloads it when it is installed, and as of 4.22 it does not run on Node 23 and
 * later.
 */
const nodeCandidate: BackendCandidate = {
  name: 'node',
  backend: 'tensorflow',
  optional: '@tensorflow/tfjs-node',
  async register() {
    // As a string, because the package need not be there to compile and lint this one.
    await import('@tensorflow/tfjs-node' as string);
  },
  detail: async () => 'tfjs node (libtensorflow)',
};

/**
 * Starts the fastest tfjs backend of this Node: @tensorflow/tfjs-node where it is installed and works, else
 * WebAssembly (with the kernels for training), else plain JavaScript. One line says why where one that is
 * installed, or was asked for, does not run.
 *
 * @throws UserError if none runs.
 * @example
 * const { detail } = await loadBackend();
 */
export function loadBackend(options: LoadBackendOptions = {}): Promise<LoadedBackend> {
  return loadFirst([nodeCandidate, wasmCandidate, cpuCandidate], options);
}

import { checkArgument, UserError } from '@metadescent/core';
import { add, env, setBackend, tidy } from '@tensorflow/tfjs-core';
import { sayOnConsole, type Listener } from './say.js';
import { registerWasmTraining } from './wasm-training/index.js';

export interface LoadBackendOptions {
  /** Only these, in this order. Default: all that there are, the fastest first. */
  readonly candidates?: readonly BackendName[];
  /**
   * Where the page serves the `.wasm` files of @tensorflow/tfjs-backend-wasm, as its `setWasmPaths` takes it;
   * in Node they are found.
   */
  readonly wasmPaths?: string;
  /** Receives the line that says why a faster backend does not run; the console's warnings by default. */
  readonly onMessage?: Listener;
}

export type BackendName = 'node' | 'wasm' | 'cpu';

/** The backend that runs, for run records. */
export interface LoadedBackend {
  readonly name: BackendName;
  /** e.g. `tfjs wasm simd`; give it as the engine of a report. */
  readonly detail: string;
  /**
   * Why each faster one does not run; nothing of one that comes with a package of its own which is not
   * installed, unless it was asked for.
   */
  readonly refused: readonly string[];
}

/** One way to compute: makes its backend known to tfjs, or throws. */
export interface BackendCandidate {
  readonly name: BackendName;
  /** Name that tfjs has for it. */
  readonly backend: string;
  /** The package it comes with, where that need not be installed. */
  readonly optional?: string;
  register(options: LoadBackendOptions): Promise<void>;
  /** Asked once it runs. */
  detail(): Promise<string>;
}

/** WebAssembly, with the kernels for training. */
export const wasmCandidate: BackendCandidate = {
  name: 'wasm',
  backend: 'wasm',
  async register({ wasmPaths }) {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
    registerWasmTraining();
  },
  detail: async () =>
    `tfjs wasm ${(await env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'simd' : 'without simd'}`,
};

/** Plain JavaScript: always there, and slow. */
export const cpuCandidate: BackendCandidate = {
  name: 'cpu',
  backend: 'cpu',
  async register() {
    await import('@tensorflow/tfjs-backend-cpu');
  },
  detail: async () => 'tfjs cpu',
};

/**
 * Takes the first candidate that loads and computes.
 *
 * @throws UserError if none does.
 */
export async function loadFirst(
  candidates: readonly BackendCandidate[],
  options: LoadBackendOptions,
): Promise<LoadedBackend> {
  checkArgument(
    'loadBackend',
    'the options',
    options,
    [],
    'pass { candidates, wasmPaths, onMessage }, or nothing',
  );
  const wanted = options.candidates?.map((name) => {
    const found = candidates.find((candidate) => candidate.name === name);
    if (!found)
      throw new UserError(
        `loadBackend: there is no backend "${name}" here; choose from ${candidates.map((candidate) => candidate.name).join(', ')}`,
      );
    return found;
  });
  const refused: string[] = [];
  for (const candidate of wanted ?? candidates) {
    try {
      await candidate.register(options);
      if (!(await setBackend(candidate.backend))) throw new Error('it does not start');
      // Some builds load and then fail at the first operation.
      if (tidy(() => add(1, 1).dataSync()[0]) !== 2) throw new Error('1 + 1 is not 2 on it');
    } catch (error) {
      // A backend that nobody asked for and nobody installed is no news.
      if (wanted || !(candidate.optional && isNotInstalled(error, candidate.optional)))
        refused.push(`${candidate.name} cannot be had: ${firstLine(error)}`);
      continue;
    }
    const loaded = { name: candidate.name, detail: await candidate.detail(), refused };
    if (refused.length > 0)
      (options.onMessage ?? sayOnConsole)(`backend: ${loaded.detail} (${refused.join('; ')})`);
    return loaded;
  }
  throw new UserError(
    `loadBackend: ${refused.join('; ')}; install @tensorflow/tfjs-backend-wasm or @tensorflow/tfjs-backend-cpu`,
  );
}

/** Node gives the code, bundlers and test runners only a message. */
function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const missing =
    code === 'ERR_MODULE_NOT_FOUND' ||
    code === 'MODULE_NOT_FOUND' ||
    /cannot find (package|module)/i.test(String(message));
  return missing && String(message).includes(`'${name}'`);
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').slice(0, 160).replace(/[.\s]+$/, '');
}

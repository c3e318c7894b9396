import { UserError } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { typescriptGpsEngine, wasmGpsEngine, type GpsEngine } from '@metadescent/kernels/gps';
import { bestGpsEngine, loadEngine, nativeGpsEngine, type EngineChoice } from '@metadescent/kernels/node';
import { announceEngine } from '../announce-engine.js';

/** The kernels of guided policy search and those of network policies, of one kind. */
export interface ControlEngines {
  readonly search: GpsEngine;
  readonly networks: KernelEngine;
}

/**
 * The engines of that name.
 *
 * @throws UserError if `native` was asked for and cannot be had (the message says why).
 */
export function controlEngines(choice: EngineChoice): ControlEngines {
  return { search: announceEngine(searchEngine(choice)), networks: announceEngine(loadEngine(choice)) };
}

function searchEngine(choice: EngineChoice): GpsEngine {
  switch (choice) {
    case 'auto':
      return bestGpsEngine();
    case 'wasm':
      return wasmGpsEngine();
    case 'typescript':
      return typescriptGpsEngine();
    case 'native': {
      const { engine, reason } = nativeGpsEngine();
      if (!engine)
        throw new UserError(
          `the native engine cannot be had: ${reason}; install a C compiler and koffi, or choose wasm`,
        );
      return engine;
    }
  }
}

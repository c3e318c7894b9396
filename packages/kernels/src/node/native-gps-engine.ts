import type { NativeTarget } from '../engine/native-functions.js';
import { compiledGpsEngine } from '../gps/gps-compiled.js';
import type { GpsEngine } from '../gps/gps-engine.js';
import { nativeGpsFunctions, nativeGpsMemory } from '../gps/gps-native.js';
import { wasmGpsEngine } from '../gps/gps-wasm.js';
import { availableTargets, loadNativeLibrary, nativeNote } from './native-library.js';
import { NativeUnavailable } from './native-unavailable.js';

/** The native engine, or why there is none. */
export type NativeGpsEngine =
  | { readonly engine: GpsEngine; readonly reason?: undefined }
  | { readonly engine?: undefined; readonly reason: string };

/**
 * The guided-policy-search kernels in native code, for the best instruction set that this processor has or
 * for `target`. The first use on a machine may compile for a few seconds.
 */
export function nativeGpsEngine(target?: NativeTarget): NativeGpsEngine {
  try {
    const targets = availableTargets();
    const chosen = target ?? targets[0]!;
    if (!targets.includes(chosen))
      return { reason: `this processor runs ${targets.join(', ')}, but not ${chosen}` };
    const library = loadNativeLibrary(chosen);
    const functions = nativeGpsFunctions(library, chosen);
    return {
      engine: compiledGpsEngine(
        'native',
        `native ${chosen}`,
        () => nativeGpsMemory(functions),
        nativeNote(chosen),
      ),
    };
  } catch (error) {
    if (error instanceof NativeUnavailable) return { reason: error.message };
    throw error;
  }
}

/** Native where it can be had, else WebAssembly, whose `note` then says why not native. */
export function bestGpsEngine(): GpsEngine {
  const { engine, reason } = nativeGpsEngine();
  if (engine) return engine;
  return { ...wasmGpsEngine(), note: `not native: ${reason}` };
}

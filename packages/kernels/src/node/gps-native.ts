import {
  compiledGpsEngine,
  gpsFunctionNames,
  type GpsFunctionName,
  type GpsFunctions,
  type GpsMemory,
} from '../gps-compiled.js';
import type { GpsEngine } from '../gps-engine.js';
import { wasmGpsEngine } from '../gps-wasm.js';
import { type NativeTarget, availableTargets, loadNativeLibrary, nativeNote } from './native-library.js';
import { NativeUnavailable } from './native-unavailable.js';

/** The native engine, or why there is none. */
export type NativeGpsEngine =
  | { readonly engine: GpsEngine; readonly reason?: undefined }
  | { readonly engine?: undefined; readonly reason: string };

const doubles = (count: number) => new Array<string>(count).fill('double *').join(', ');

/** Result and parameters of the C functions. */
const SIGNATURES: Record<GpsFunctionName, readonly [result: string, parameters: string]> = {
  gps_gemm_scratch: ['int', 'int'],
  gps_gemm: ['void', 'int, int, int, double *, double *, double *, int, int, double, double, double *'],
  gps_syrk_scratch: ['int', 'int'],
  gps_syrk: ['void', 'int, int, double *, double *, double *, double, double, double *'],
  gps_column_means: ['void', 'int, int, double *, double *'],
  gps_cholesky: ['int', 'int, double *, double *'],
  gps_cholesky_solve: ['void', 'int, double *, int, double *'],
  gps_lqg_scratch: ['int', 'int *'],
  gps_lqg_backward: ['int', `int *, int *, ${doubles(16)}, double, ${doubles(6)}`],
  gps_lqg_forward: ['void', `int *, int *, ${doubles(28)}`],
};

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
    const functions = Object.fromEntries(
      gpsFunctionNames.map((name) => [
        name,
        library.func(`${SIGNATURES[name][0]} ${name}_${chosen}(${SIGNATURES[name][1]})`),
      ]),
    ) as unknown as GpsFunctions;
    return {
      engine: compiledGpsEngine(
        'native',
        `native ${chosen}`,
        () => nativeMemory(functions),
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

/** C sees the arrays themselves; only scratch has to be kept, one array per place on the stack. */
function nativeMemory(functions: GpsFunctions): GpsMemory {
  const scratch: Float64Array[] = [];
  let used = 0;
  return {
    functions,
    place: (values) => values,
    reserve(count) {
      let room = scratch[used];
      if (!room || room.length < count) room = scratch[used] = new Float64Array(count);
      used++;
      return room;
    },
    read() {},
    mark: () => used,
    release: (mark) => {
      used = mark;
    },
  };
}

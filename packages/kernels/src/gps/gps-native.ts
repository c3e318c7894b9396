import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
import { gpsFunctionNames, type GpsFunctionName, type GpsFunctions, type GpsMemory } from './gps-compiled.js';

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

/** Declares the functions of c/gps-*.c. */
export function nativeGpsFunctions(library: NativeLibrary, target: NativeTarget): GpsFunctions {
  return Object.fromEntries(
    gpsFunctionNames.map((name) => [
      name,
      library.func(`${SIGNATURES[name][0]} ${name}_${target}(${SIGNATURES[name][1]})`),
    ]),
  ) as unknown as GpsFunctions;
}

/** C sees the arrays themselves; only scratch has to be kept, one array per place on the stack. */
export function nativeGpsMemory(functions: GpsFunctions): GpsMemory {
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

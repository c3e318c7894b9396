import type { GpsEngine } from '../gps/gps-engine.js';
import { wasmGpsEngine } from '../gps/gps-wasm.js';
import { nativeGpsEngine } from '../node/native-gps-engine.js';
import { typescriptGpsEngine } from '../gps/gps-typescript.js';

/**
 * Every guided-policy-search engine of this machine, the native one for each instruction set that the
 * processor has; one spec runs on all of them.
 */
export function gpsEnginesUnderTest(): { label: string; engine: GpsEngine }[] {
  const native = (['avx512', 'avx2', 'neon', 'baseline'] as const).flatMap(
    (target) => nativeGpsEngine(target).engine ?? [],
  );
  return [typescriptGpsEngine(), wasmGpsEngine(), ...native].map((engine) => ({
    label: engine.detail,
    engine,
  }));
}

import type { KernelEngine } from '../engine/kernel-engine.js';
import { nativeEngine } from '../node/native-engine.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { wasmEngine } from '../engine/wasm-engine.js';

/**
 * Every engine of this machine, the native one for each instruction set that the processor has; one spec runs
 * on all of them.
 */
export function enginesUnderTest(): { label: string; engine: KernelEngine }[] {
  const native = (['avx512', 'avx2', 'neon', 'baseline'] as const).flatMap(
    (target) => nativeEngine(target).engine ?? [],
  );
  return [typescriptEngine(), wasmEngine(), ...native].map((engine) => ({ label: engine.detail, engine }));
}

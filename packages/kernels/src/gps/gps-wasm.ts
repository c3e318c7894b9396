import { compiledGpsEngine, type GpsFunctions, type GpsMemory } from './gps-compiled.js';
import type { GpsEngine } from './gps-engine.js';
import { createMemory, lazyModule } from '../wasm/kernel-memory.js';
import { wasmBase64 } from './gps.gen.js';

const gpsModule = lazyModule('wasmGpsEngine', wasmBase64);

/**
 * The guided-policy-search kernels in WebAssembly (SIMD): everywhere, and the same bits everywhere.
 *
 * @throws Error where WebAssembly SIMD is missing.
 */
export function wasmGpsEngine(): GpsEngine {
  return compiledGpsEngine('wasm', 'wasm simd128', wasmMemory);
}

/** An instance of its own, whose heap is a stack of arrays that start on cache lines. */
function wasmMemory(): GpsMemory {
  const memory = createMemory(gpsModule());
  let top = memory.base;
  const allocate = (bytes: number): number => {
    const start = top;
    top = Math.ceil((start + bytes) / 64) * 64;
    memory.reserve(top);
    return start;
  };
  return {
    functions: memory.exports as unknown as GpsFunctions,
    place(values) {
      const start = allocate(values.byteLength);
      memory.write(start, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return start;
    },
    reserve: (doubles) => allocate(doubles * 8),
    read: (place, into) =>
      memory.read(place as number, new Float32Array(into.buffer, into.byteOffset, into.length * 2)),
    mark: () => top,
    release: (mark) => {
      top = Math.max(mark, memory.base);
    },
  };
}

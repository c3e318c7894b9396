import type { PeakProbe } from './peak-probe.js';
import { createKernelMemory } from '../wasm/kernels-module.js';

/** The peak of WebAssembly SIMD. */
export function wasmPeakProbe(): PeakProbe {
  const { peak_probe_flops, peak_probe } = createKernelMemory().exports as unknown as {
    peak_probe_flops(): number;
    peak_probe(iterations: number): number;
  };
  return { flopsPerIteration: peak_probe_flops(), run: (iterations) => void peak_probe(iterations) };
}

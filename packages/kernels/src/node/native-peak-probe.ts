import type { PeakProbe } from '../peak-probe/peak-probe.js';
import type { NativeTarget } from '../engine/native-functions.js';
import { loadNativeLibrary } from './native-library.js';

/**
 * The peak of one native instruction set.
 *
 * @throws NativeUnavailable if its library cannot be had.
 */
export function nativePeakProbe(target: NativeTarget): PeakProbe {
  const library = loadNativeLibrary(target);
  const flops = library.func(`int peak_probe_flops_${target}()`);
  const probe = library.func(`float peak_probe_${target}(int)`);
  return { flopsPerIteration: flops() as number, run: (iterations) => void probe(iterations) };
}

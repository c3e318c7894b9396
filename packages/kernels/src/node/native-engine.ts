import type { BareEngine } from '../engine/bare-engine.js';
import { checkedEngine } from '../engine/checked-engine.js';
import type { KernelEngine } from '../engine/kernel-engine.js';
import type { NativeTarget } from '../engine/native-functions.js';
import { availableTargets, loadNativeLibrary, nativeNote } from './native-library.js';
import { NativeUnavailable } from './native-unavailable.js';
import { nativeGemm } from '../gemm/gemm-native.js';
import { nativePreprocessGradient } from '../preprocess/preprocess-native.js';
import { nativeLstm } from '../lstm/lstm-native.js';
import { nativeNetwork } from '../network/network-native.js';
import { nativeAccumulators } from '../accumulators/accumulators-native.js';

/** The native engine, or why there is none. */
export type NativeEngine =
  | { readonly engine: KernelEngine; readonly reason?: undefined }
  | { readonly engine?: undefined; readonly reason: string };

const loaded = new Map<NativeTarget | 'best', NativeEngine>();

/**
 * The kernels in native code, for the best instruction set that this processor has or for `target`. Loaded
 * once per realm; the first use on a machine may compile for a few seconds (see native-library.ts).
 *
 * @example
 * const { engine, reason } = nativeEngine();
 * engine?.name ?? reason // => 'native'
 */
export function nativeEngine(target?: NativeTarget): NativeEngine {
  const key = target ?? 'best';
  let result = loaded.get(key);
  if (!result) {
    result = load(target);
    loaded.set(key, result);
  }
  return result;
}

function load(wanted: NativeTarget | undefined): NativeEngine {
  try {
    const targets = availableTargets();
    const target = wanted ?? (targets[0] as NativeTarget);
    if (!targets.includes(target)) {
      return { reason: `this processor runs ${targets.join(', ')}, but not ${target}` };
    }
    return { engine: checkedEngine(engineFor(target)) };
  } catch (error) {
    if (error instanceof NativeUnavailable) return { reason: error.message };
    throw error;
  }
}

function engineFor(target: NativeTarget): BareEngine {
  const library = loadNativeLibrary(target);
  return {
    name: 'native',
    detail: `native ${target}`,
    note: nativeNote(target),
    lstm: nativeLstm(library, target),
    network: nativeNetwork(library, target),
    accumulators: nativeAccumulators(library, target),
    preprocessGradient: nativePreprocessGradient(library, target),
    gemm: nativeGemm(library, target),
  };
}

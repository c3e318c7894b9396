import type { BareEngine } from '../bare-engine.js';
import { checkedEngine } from '../checked-engine.js';
import type { KernelEngine } from '../engine.js';
import { type NativeTarget, availableTargets, loadNativeLibrary, nativeNote } from './native-library.js';
import { NativeUnavailable } from './native-unavailable.js';
import { nativeLstm } from './native-lstm.js';
import { nativeMlp } from './native-mlp.js';
import { nativePsdFeatures } from './native-psd-features.js';

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
  const preprocess = library.func(
    `void preprocess_gradient_${target}(const float *, int, float, float, float, float *)`,
  );
  const gemmSize = library.func(`int gemm_size_${target}(int, int)`);
  const gemm = library.func(
    `void gemm_${target}(int, int, int, const float *, int, const float *, int, float *, float, float, float *)`,
  );
  let gemmWorkspace = new Float32Array(0);

  return {
    name: 'native',
    detail: `native ${target}`,
    note: nativeNote(target),
    lstm: nativeLstm(library, target),
    mlp: nativeMlp(library, target),
    psdFeatures: nativePsdFeatures(library, target),
    preprocessGradient(n, gradient, p, features) {
      preprocess(gradient, n, Math.exp(-p), Math.exp(p), 1 / p, features);
    },
    gemm({ m, n, k, a, b, c, transposeA, transposeB, alpha, beta }) {
      const size = gemmSize(n, k);
      if (gemmWorkspace.length < size) gemmWorkspace = new Float32Array(size);
      gemm(m, n, k, a, Number(transposeA), b, Number(transposeB), c, alpha, beta, gemmWorkspace);
    },
  };
}

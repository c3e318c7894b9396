import type { BareEngine } from '../engine/bare-engine.js';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';

/** Declares the function of c/preprocess.c; returns the log/sign preprocessing. */
export function nativePreprocessGradient(
  library: NativeLibrary,
  target: NativeTarget,
): BareEngine['preprocessGradient'] {
  const preprocess = library.func(
    `void preprocess_gradient_${target}(const float *, int, float, float, float, float *)`,
  );
  return (n, gradient, p, features) => {
    preprocess(gradient, n, Math.exp(-p), Math.exp(p), 1 / p, features);
  };
}

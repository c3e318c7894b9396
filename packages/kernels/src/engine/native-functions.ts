/** An instruction set that the C kernels are compiled for. */
export type NativeTarget = 'avx512' | 'avx2' | 'neon' | 'baseline';

/** A loaded library of C functions; `func` declares one of them by its C prototype. */
export interface NativeLibrary {
  func(prototype: string): NativeFunction;
}

// Numbers, arrays, or null for an array that is absent; what comes back is what the prototype says.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type NativeFunction = (...args: (number | ArrayBufferView | null)[]) => any;

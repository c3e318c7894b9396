import '@jest/expect';
declare module '@jest/expect' {
  interface Matchers<R extends void | Promise<void>, T> {
    /** Every entry satisfies |a − e| ≤ atol + rtol·|e|. */
    toBeAllClose(expected: ArrayLike<number>, tolerance?: { rtol?: number; atol?: number }): R;
  }
}
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T> {
    /** Every entry satisfies |a − e| ≤ atol + rtol·|e|. */
    toBeAllClose(expected: ArrayLike<number>, tolerance?: { rtol?: number; atol?: number }): R;
  }
}

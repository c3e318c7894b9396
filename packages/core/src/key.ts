import { checkArgument } from './check-argument.js';
import { UserError } from './user-error.js';

/**
 * Counter-based splittable randomness: Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3"; the generator that JAX uses by default).
 *
 * A `Key` is a value. Every draw is a pure function of (key, counter), so results depend neither on the
 * number of workers nor on the order of the work. Draw once from a key, or `fold` / `split` it first: two
 * draws from the same key give the same numbers.
 */

/** 64 bits of key material as two unsigned 32-bit words; structured-cloneable, so it can be sent to a worker. */
export type KeyWords = readonly [number, number];

/** An immutable source of randomness. */
export interface Key {
  /** The key material: `keyFromWords(key.words)` is the same key. */
  readonly words: KeyWords;
  /**
   * The child key number `index` (an integer in [0, 2³²)) or of that name. Children are independent of each
   * other and of the parent's draws.
   */
  fold(index: number | string): Key;
  /** `n` independent children: `[fold(0), …, fold(n − 1)]`. */
  split(n: number): Key[];
  /** One 32-bit unsigned integer. */
  bits(): number;
  /** `n` independent draws from U[0, 1), multiples of 2⁻⁵³ [n]. */
  uniform(n: number): Float64Array;
  /** `n` independent draws from N(0, 1), by Box–Muller in double precision [n]. */
  normal(n: number): Float64Array;
  /** `n` independent integers, uniform on {0, …, bound − 1} (bias below 2⁻²¹ for bounds up to 2³²) [n]. */
  integers(n: number, bound: number): Uint32Array;
  /** A uniformly random permutation of 0 … n − 1 (Fisher–Yates) [n]. */
  permutation(n: number): Uint32Array;
}

/**
 * The key of a seed (a non-negative safe integer; its low and high 32-bit words become the key material).
 *
 * @throws UserError if the seed is not an integer in [0, 2⁵³).
 * @example
 * createKey(7).fold('data').normal(3).length // => 3
 */
export function createKey(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UserError(`createKey: the seed must be an integer in [0, 2^53), but is ${seed}`);
  }
  return keyFromWords([Math.floor(seed / 2 ** 32), seed >>> 0]);
}

/** The key with this material (see `Key.words`), for example on the far side of a worker message. */
export function keyFromWords(words: KeyWords): Key {
  checkArgument('keyFromWords', 'the words', words, ['0', '1'], 'pass the `words` of a key');
  return new ThreefryKey(words[0] >>> 0, words[1] >>> 0);
}

/** Purposes share one key without overlap: the second counter word says what a block is for. */
const DRAW = 0;
const FOLD_INDEX = 1;
const FOLD_NAME = 2;

class ThreefryKey implements Key {
  readonly words: KeyWords;

  constructor(k0: number, k1: number) {
    this.words = Object.freeze([k0, k1] as const);
  }

  fold(index: number | string): Key {
    const named = typeof index === 'string';
    if (!named && (!Number.isInteger(index) || index < 0 || index >= 2 ** 32)) {
      throw new UserError(`Key.fold: the index must be an integer in [0, 2^32), but is ${index}`);
    }
    const out = new Uint32Array(2);
    threefry2x32(
      this.words[0],
      this.words[1],
      named ? fnv1a(index) : index,
      named ? FOLD_NAME : FOLD_INDEX,
      out,
    );
    return new ThreefryKey(out[0] as number, out[1] as number);
  }

  split(n: number): Key[] {
    return Array.from({ length: checkedCount('split', n) }, (_, i) => this.fold(i));
  }

  bits(): number {
    const out = new Uint32Array(2);
    threefry2x32(this.words[0], this.words[1], 0, DRAW, out);
    return out[0] as number;
  }

  uniform(n: number): Float64Array {
    const draws = new Float64Array(checkedCount('uniform', n));
    const out = new Uint32Array(2);
    for (let i = 0; i < n; i++) draws[i] = this.#unit(i, out);
    return draws;
  }

  normal(n: number): Float64Array {
    const draws = new Float64Array(checkedCount('normal', n));
    const out = new Uint32Array(2);
    for (let i = 0; i < n; i += 2) {
      // 1 − u lies in (0, 1], where the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - this.#unit(i, out)));
      const angle = 2 * Math.PI * this.#unit(i + 1, out);
      draws[i] = radius * Math.cos(angle);
      if (i + 1 < n) draws[i + 1] = radius * Math.sin(angle);
    }
    return draws;
  }

  integers(n: number, bound: number): Uint32Array {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new UserError(`Key.integers: the bound must be an integer in [1, 2^32], but is ${bound}`);
    }
    const draws = new Uint32Array(checkedCount('integers', n));
    const out = new Uint32Array(2);
    for (let i = 0; i < n; i++) draws[i] = Math.floor(this.#unit(i, out) * bound);
    return draws;
  }

  permutation(n: number): Uint32Array {
    const order = new Uint32Array(checkedCount('permutation', n));
    const out = new Uint32Array(2);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.#unit(i, out) * (i + 1));
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
    }
    return order;
  }

  /** Block `counter` as a double in [0, 1): the top 53 of its 64 bits. */
  #unit(counter: number, out: Uint32Array): number {
    threefry2x32(this.words[0], this.words[1], counter, DRAW, out);
    return ((out[0] as number) * 2 ** 21 + ((out[1] as number) >>> 11)) * 2 ** -53;
  }
}

function checkedCount(name: string, n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 31) {
    throw new UserError(`Key.${name}: the count must be an integer in [0, 2^31], but is ${n}`);
  }
  return n;
}

/**
 * One block of Threefry-2x32-20: encrypts the counter (c0, c1) under the key (k0, k1) into `out` [2].
 * Checked against the Random123 known-answer vectors.
 */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  // Rotations (13, 15, 26, 6) and (17, 29, 16, 24) alternate; the key is injected after every fourth round.
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + k1) | 0;
  x1 = (x1 + k2 + 1) | 0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + k2) | 0;
  x1 = (x1 + k0 + 2) | 0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + k0) | 0;
  x1 = (x1 + k1 + 3) | 0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + k1) | 0;
  x1 = (x1 + k2 + 4) | 0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  out[0] = (x0 + k2) | 0;
  out[1] = (x1 + k0 + 5) | 0;
}

/** 32-bit FNV-1a over UTF-16 code units: names of sub-streams to counters. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * What update rules remember and see of their coordinates: moving averages, sums, ratios of neighbouring
 * steps, standardised network inputs. Elementwise and in double precision inside, so that all engines give
 * the same bits (but for the last digits of one logarithm). No constants of any rule: a rule gives its own.
 * Every call checks its arguments, as `KernelEngine` says.
 */
export interface Accumulators {
  /**
   * Relative changes of gradient and iterate at step t, with g = scale · gradient, x = parameters, and primes
   * for one and two steps before, which are what `memory` holds:
   *
   *     g / (|g′| + gradientOffset),   |x′ − x″| / (|x − x′| + movementOffset)
   *
   * At t = 0 the first divides by |g| + gradientOffset and the second is 0; at t = 1 the second takes |x − x′|
   * for |x′ − x″|. The memory becomes that of step t + 1.
   */
  relativeChanges(step: RelativeChanges): void;
  /**
   * Moments of the gradient at step t, with g = scale · gradient:
   *
   *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   s ← s + g²
   *
   * and what they say of g, with m̂ = m / (1 − β₁^(t+1)) and r = √(v / (1 − β₂^(t+1))) + floor:
   *
   *     g / r,   m̂ / r,   g / (√s + floor),   ln r / logUnit
   */
  moments(step: Moments): void;
  /**
   * Inputs of a network: inputs[i, at + j] ← (planes[i, first + j] − mean[i]) / deviation[i] for `count`
   * coordinates j, clamped to ±limit; a NaN stays one.
   */
  standardise(run: Standardisation): void;
  /** mean ← the mean of scale · values over `width` rows of a ring, summed from row `oldest` on. */
  ringMean(mean: RingMean): void;
  /** ratio ← now / (|before| + offset). `now` and `before` may be one array. */
  ratios(ratios: Ratios): void;
  /** ratio ← |late − early| / (|now − before| + offset). Some of the four may be one array. */
  changeRatios(ratios: ChangeRatios): void;
  /** Columns that lie anywhere in memory, put side by side in rows. */
  interleave(interleaving: Interleaving): void;
}

export interface RelativeChanges {
  /** Steps seen before. */
  readonly t: number;
  readonly scale: number;
  /** [n] */
  readonly gradient: Float32Array;
  /** [n] */
  readonly parameters: Float32Array;
  readonly memory: ChangeMemory;
  readonly gradientOffset: number;
  readonly movementOffset: number;
  /** Overwritten [2, n] */
  readonly planes: Float32Array;
}

/** Updated in place; all [n], zeros before the first step. */
export interface ChangeMemory {
  /** The gradient of the step before, unscaled; x′; x″. */
  readonly gradient: Float32Array;
  readonly previous: Float32Array;
  readonly earlier: Float32Array;
}

export interface Moments {
  /** Steps seen before. */
  readonly t: number;
  readonly scale: number;
  /** [n] */
  readonly gradient: Float32Array;
  readonly averages: MomentMemory;
  /** β₁ in [0, 1) */
  readonly momentumDecay: number;
  /** β₂ in [0, 1) */
  readonly squareDecay: number;
  /** Keeps the quotients finite where gradients vanish. */
  readonly floor: number;
  /** What the logarithm is divided by. */
  readonly logUnit: number;
  /** Overwritten [4, n] */
  readonly planes: Float32Array;
}

/** m, v and s, updated in place; all [n], zeros before the first step. */
export interface MomentMemory {
  readonly momentum: Float32Array;
  readonly square: Float32Array;
  readonly total: Float32Array;
}

export interface Standardisation {
  /** [I, n] */
  readonly planes: Float32Array;
  readonly first: number;
  readonly count: number;
  /** [I] */
  readonly mean: Float64Array;
  /** [I] */
  readonly deviation: Float64Array;
  readonly limit: number;
  /** Overwritten in columns at … at + count − 1 [I, m] */
  readonly inputs: Float32Array;
  readonly at: number;
}

export interface RingMean {
  /** The ring [rows, n] */
  readonly values: Float64Array;
  readonly oldest: number;
  readonly width: number;
  readonly scale: number;
  /** Overwritten [n] */
  readonly mean: Float64Array;
}

export interface Ratios {
  /** [n] */
  readonly now: Float64Array;
  /** [n] */
  readonly before: Float64Array;
  readonly offset: number;
  /** Overwritten [n] */
  readonly ratio: Float64Array;
}

export interface ChangeRatios {
  /** [n] */
  readonly late: Float64Array;
  /** [n] */
  readonly early: Float64Array;
  /** [n] */
  readonly now: Float64Array;
  /** [n] */
  readonly before: Float64Array;
  readonly offset: number;
  /** Overwritten [n] */
  readonly ratio: Float64Array;
}

export interface Interleaving {
  /** Rows. */
  readonly count: number;
  /** The columns from left to right, in groups that take their numbers from one array each. */
  readonly groups: readonly ColumnGroup[];
  /** Overwritten; W is the number of columns of all groups [count, W] */
  readonly rows: Float64Array;
}

export interface ColumnGroup {
  readonly values: Float64Array;
  /** Where each column begins in `values`; −1 for a column of zeros. */
  readonly starts: Int32Array;
  /** Whether a column is one number, the same in all rows, instead of `count` numbers. Default false. */
  readonly shared?: boolean;
}

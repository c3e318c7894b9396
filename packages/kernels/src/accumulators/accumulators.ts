/**
 * The features of Predicted Step Descent (Li & Malik 2017, §3.6) of n coordinates, step by step. Elementwise
 * and in double precision inside, so that all engines give the same bits (but for the last digits of one
 * logarithm). Every call checks its arguments, as `KernelEngine` says.
 */
export interface PsdFeatureKernels {
  /**
   * The observation Ψ at step t, with g = scale · gradient, x = parameters, and primes for one and two steps
   * before, which are what `memory` holds:
   *
   *     change,   g / (|g′| + 1),   |x′ − x″| / (|x − x′| + 0.1)
   *
   * At t = 0 the second divides by |g| + 1 and the third is 0; at t = 1 the third takes |x − x′| for |x′ −
   * x″|. Where the memory has averages, four planes more:
   *
   *     g / √v,   m / √v,   g / √s,   ln √v / 5
   *
   * with m and v decaying averages of g and g² (0.9 and 0.95 per step, corrected for their start at 0) and s
   * = Σ g²; roots are kept above 0 by 10⁻¹². The memory becomes that of step t + 1.
   */
  observe(step: PsdObservation): void;
  /**
   * Inputs of a network: inputs[i, at + j] ← (planes[i, first + j] − mean[i]) / deviation[i] for `count`
   * coordinates j, clamped to ±limit; a NaN stays one.
   */
  standardise(run: PsdStandardisation): void;
  /** mean ← the mean of scale · values over `width` rows of a ring, summed from row `oldest` on. */
  recentMean(mean: PsdRecentMean): void;
  /**
   * slot ← now / (|before| + 1): the newest gradient feature, from recent means. `now` and `before` may be
   * one array. All [n].
   */
  gradientSlot(now: Float64Array, before: Float64Array, slot: Float64Array): void;
  /**
   * slot ← |late − early| / (|now − before| + 0.1): the newest ratio feature, from recent means of which some
   * may be one array. All [n].
   */
  ratioSlot(
    late: Float64Array,
    early: Float64Array,
    now: Float64Array,
    before: Float64Array,
    slot: Float64Array,
  ): void;
  /**
   * States (x, Φ) put together from slots of several steps: iterate, H objective slots (equal for all), H + 1
   * gradient slots, H ratio slots per coordinate.
   */
  states(states: PsdStates): void;
}

export interface PsdObservation {
  /** Steps seen before. */
  readonly t: number;
  /** The relative change of the objective, which all coordinates share. */
  readonly change: number;
  readonly scale: number;
  /** [n] */
  readonly gradient: Float32Array;
  /** [n] */
  readonly parameters: Float32Array;
  readonly memory: PsdMemory;
  /** Overwritten [3, n], or [7, n] with averages. */
  readonly planes: Float32Array;
}

/** Updated in place; all [n], zeros before the first step. */
export interface PsdMemory {
  /** The gradient of the step before, unscaled; x′; x″. */
  readonly gradient: Float32Array;
  readonly previous: Float32Array;
  readonly earlier: Float32Array;
  /** m, v and s, all or none. */
  readonly momentum?: Float32Array;
  readonly square?: Float32Array;
  readonly total?: Float32Array;
}

export interface PsdStandardisation {
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

export interface PsdRecentMean {
  /** The ring [rows, n] */
  readonly values: Float64Array;
  readonly oldest: number;
  readonly width: number;
  readonly scale: number;
  /** Overwritten [n] */
  readonly mean: Float64Array;
}

export interface PsdStates {
  /** Where the values of slot i begin in `gradient` and `ratio`; −1 for a slot that is 0 [H + 1] */
  readonly rows: Int32Array;
  /** The objective slots [H] */
  readonly objective: Float64Array;
  readonly gradient: Float64Array;
  readonly ratio: Float64Array;
  /** [count] */
  readonly iterates: Float64Array;
  /** Overwritten [count, 2 + 3H] */
  readonly states: Float64Array;
}

/** Decay per step of the average of g: β₁ of Adam (Kingma & Ba 2015). */
export const PSD_MOMENTUM = 0.9;
/**
 * Decay per step of the average of g². Ours, from no paper (RMSprop has 0.9, Adam's β₂ is 0.999), and part of
 * what the shipped weights were trained on: with another value they are other optimizers.
 */
export const PSD_SQUARE_DECAY = 0.95;

/** What makes up for averages that started at 0, after t + 1 steps. */
export function psdCorrections(t: number): { momentum: number; square: number } {
  return { momentum: 1 / (1 - PSD_MOMENTUM ** (t + 1)), square: 1 / (1 - PSD_SQUARE_DECAY ** (t + 1)) };
}

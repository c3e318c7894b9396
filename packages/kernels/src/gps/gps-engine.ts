/**
 * The contract of the double-precision kernels of guided policy search: small dense linear algebra, pooled
 * second moments, and the fused backward and forward passes of the linear-quadratic-Gaussian regulator (LQG).
 *
 * All arrays are row-major `Float64Array`s. D is the state size, U the action size, T the horizon. Every call
 * checks its arguments before it touches memory, on every engine alike (checked-gps-engine.ts): a TypeError
 * or RangeError names the function, the argument, what it must be and what it is. Arrays may be views into
 * larger buffers and may lie in shared memory, which no other thread may write during the call. An array that
 * is written must not share memory with another array of the call, unless said otherwise.
 */
export interface GpsEngine {
  readonly name: 'typescript' | 'wasm' | 'native';
  /** What exactly runs, for run records: e.g. `native avx512`. */
  readonly detail: string;
  /** As in `KernelEngine`. */
  readonly note?: string;
  /**
   * C ← αAB + βC; A is [m, k] and B [k, n], after transposition where asked for (then stored [k, m], [n, k]).
   * β = 0 ignores what C held.
   */
  gemm(options: GpsGemm): void;
  /**
   * C ← αAᵀA + βC for A [rows, n], both triangles of C [n, n] written, exactly symmetric. With `offset`, A's
   * rows are shifted first: Σ (x − offset)(x − offset)ᵀ.
   */
  syrk(options: GpsSyrk): void;
  /** means ← the means of the columns of A [rows, n], rows at least 1; means [n]. */
  columnMeans(rows: number, n: number, a: Float64Array, means: Float64Array): void;
  /**
   * Cholesky factor L of a symmetric positive-definite matrix, LLᵀ = A. Reads the lower triangle of `a` [n,
   * n], writes L to `factor` [n, n] with zeros above the diagonal. `a` and `factor` may be the same array.
   *
   * @returns 0, or 1 + the index of the first pivot that is not positive (then `factor` is undefined).
   */
  cholesky(n: number, a: Float64Array, factor: Float64Array): number;
  /**
   * Solves A X = B in place of B [n, columns], given the Cholesky factor L [n, n] of A.
   */
  choleskySolve(n: number, factor: Float64Array, columns: number, b: Float64Array): void;
  /** An LQG problem of this shape: it owns its working memory, so make one per group and reuse it. */
  lqg(shape: LqgShape): LqgKernel;
}

export interface GpsGemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0. */
  readonly beta?: number;
}

export interface GpsSyrk {
  readonly rows: number;
  readonly n: number;
  readonly a: Float64Array;
  readonly c: Float64Array;
  /** Subtracted from every row of A [n]; default zero. */
  readonly offset?: Float64Array;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0. */
  readonly beta?: number;
}

export interface LqgShape {
  readonly stateSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /** Number of rank-one terms of the state cost, or `dense` for full matrices. */
  readonly costRank: number | 'dense';
}

/** N(K_t s + k_t, P_t⁻¹) as a quadratic penalty on the action: ½ (a − K_t s − k_t)ᵀ P_t (a − K_t s − k_t). */
export interface ActionPenalty {
  /** [T, U, D] */
  readonly K: Float64Array;
  /** [T, U] */
  readonly k: Float64Array;
  /** Symmetric positive semidefinite [T, U, U]. */
  readonly precision: Float64Array;
}

/**
 * The problem of one η-evaluation (Li & Malik 2017, §3.4). Dynamics s' = A_t s + B_t a + c_t + N(0, F_t), s_0
 * ~ N(μ_0, Σ_0). Minimised over ψ_t = N(K_t s + k_t, G_t):
 *
 *     Σ_t E[ ½sᵀC_t s + d_tᵀs + h_t + ½aᵀR_t a + aᵀN_t s + r_tᵀa ]  +
 *       Σ_t E[policy penalty] + η Σ_t E[previous penalty]  −  Σ_t (ω_t + η) H(ψ_t)
 *
 * The terms linear in a (the multiplier −λ_t) are part of r. With penalties that are KL terms, this is the
 * Lagrangian up to constants.
 */
export interface LqgProblem {
  /** [T, D, D] */
  readonly A: Float64Array;
  /** [T, D, U] */
  readonly B: Float64Array;
  /** [T, D] */
  readonly c: Float64Array;
  /** [T, D, D], symmetric positive semidefinite; never inverted. */
  readonly F: Float64Array;
  /** The rows of B that may be non-zero, ascending, for all t; all rows if absent. The others are not read. */
  readonly actionRows?: readonly number[];
  /** [D] */
  readonly initialMean: Float64Array;
  /** [D, D] */
  readonly initialCovariance: Float64Array;
  /** Dense: C [T + 1, D, D]. Rank q: C_t = Σ_i w_ti r_ti r_tiᵀ as `factor` r [T + 1, q, D], `weight` w [T + 1, q]. */
  readonly cost:
    { readonly C: Float64Array } | { readonly factor: Float64Array; readonly weight: Float64Array };
  /** [T + 1, D] */
  readonly d: Float64Array;
  /** [T + 1] */
  readonly h: Float64Array;
  /** R [T, U, U] symmetric, N [T, U, D], r [T, U]. */
  readonly action?: { readonly R: Float64Array; readonly N: Float64Array; readonly r: Float64Array };
  /** The trust region's centre ψ'; its penalty is multiplied by η. */
  readonly previous: ActionPenalty;
  /** The policy's linear-Gaussian model π̃, its precision already multiplied by ν_t. */
  readonly policy?: ActionPenalty;
  /** ω_t = ν_t + any entropy bonus [T] */
  readonly entropyWeight: Float64Array;
}

/** A time-varying linear-Gaussian controller, filled by `backward`. */
export interface LqgController {
  /** [T, U, D] */
  readonly K: Float64Array;
  /** [T, U] */
  readonly k: Float64Array;
  /** Covariances [T, U, U] */
  readonly G: Float64Array;
}

/** Value functions ½sᵀV_t s + v_tᵀs + const in cost units (not divided by an entropy weight). */
export interface LqgValues {
  /** [T + 1, D, D] */
  readonly V: Float64Array;
  /** [T + 1, D] */
  readonly v: Float64Array;
}

/** What `forward` accumulates; the covariances themselves are not kept. */
export interface LqgMoments {
  /** E[cost] per step, including action costs without the policy and trust-region penalties [T + 1] */
  readonly cost: Float64Array;
  /**
   * Twice the quadratic part of KL(ψ‖ψ') per step: E[(a − K's − k')ᵀP'(a − K's − k')] over s and a, trace of
   * P'G included [T]
   */
  readonly previous: Float64Array;
  /** The same for the policy penalty, in its ν-multiplied units; zeros without one [T] */
  readonly policy: Float64Array;
  /** State means [T + 1, D] */
  readonly mean: Float64Array;
  /** State covariance at T [D, D] */
  readonly finalCovariance: Float64Array;
}

/**
 * The two passes of LQG for one loaded problem.
 *
 * Backward (Joseph form; `W` = V_{t+1}, P₁ = ηP', P₂ = policy precision):
 *
 *     Q_aa = P₁ + P₂ + R + BᵀWB,   Q_as = BᵀWA − P₁K' − P₂K̃ + N,   q_a = Bᵀ(w + Wc) − P₁k' − P₂k̃ + r
 *     K = −Q_aa⁻¹Q_as,   k = −Q_aa⁻¹q_a,   G = (ω + η)Q_aa⁻¹,   Ā = A + BK,   c̄ = c + Bk
 *     V = C + ĀᵀWĀ + (K−K')ᵀP₁(K−K') + (K−K̃)ᵀP₂(K−K̃) + KᵀRK + KᵀN + NᵀK
 *     v = d + Āᵀ(w + Wc̄) + (K−K')ᵀP₁(k−k') + (K−K̃)ᵀP₂(k−k̃) + Kᵀ(Rk + r) + Nᵀk
 *
 * Forward: Σ' = ĀΣĀᵀ + BGBᵀ + F, μ' = Āμ + c̄.
 */
export interface LqgKernel {
  readonly shape: LqgShape;
  /** Takes the problem. The arrays are copied or kept: do not change or transfer them before the next `load`. */
  load(problem: LqgProblem): void;
  /**
   * @param eta η ≥ 0
   * @param controller overwritten
   * @param values overwritten if given
   * @returns −1, or the time step at which Q_aa was not positive definite or not finite (then what is left is
   *   undefined).
   */
  backward(eta: number, controller: LqgController, values?: LqgValues): number;
  /** Moments of the loaded problem's dynamics under a controller. */
  forward(controller: LqgController, moments: LqgMoments): void;
}

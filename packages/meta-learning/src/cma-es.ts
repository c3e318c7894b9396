import type { Key } from '@metadescent/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Updater } from './updater.js';

/**
 * The search distribution N(mean, sigma² C) in d dimensions with its evolution paths: everything that the
 * next generation depends on.
 */
export interface CmaState {
  /** Generations finished. */
  readonly generation: number;
  /** [d] */
  readonly mean: Float64Array;
  readonly sigma: number;
  /** C, row-major [d, d] */
  readonly covariance: Float64Array;
  /** p_c, p_σ [d] */
  readonly covariancePath: Float64Array;
  readonly sigmaPath: Float64Array;
}

/** The start of a search: mean 0, standard deviation 1 in every direction; scale the problem accordingly. */
export function initialCmaState(d: number): CmaState {
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < d; i++) covariance[i * d + i] = 1;
  return {
    generation: 0,
    mean: new Float64Array(d),
    sigma: 1,
    covariance,
    covariancePath: new Float64Array(d),
    sigmaPath: new Float64Array(d),
  };
}

/** The candidates of the next generation, mean + sigma · B D z with C = B D² Bᵀ and z ~ N(0, I) [population][d] */
export function cmaCandidates(state: CmaState, population: number, key: Key): Float64Array[] {
  const { mean, sigma } = state;
  const d = mean.length;
  const { axes, lengths } = principalAxes(state);
  return key.split(population).map((from) => {
    const z = from.normal(d);
    const candidate = mean.slice();
    for (let j = 0; j < d; j++)
      for (let i = 0; i < d; i++) candidate[i]! += sigma * axes.get(i, j) * lengths[j]! * z[j]!;
    return candidate;
  });
}

/**
 * One generation of CMA-ES, the covariance matrix adaptation evolution strategy (Hansen 2016, "The CMA
 * evolution strategy: a tutorial", figure 6, with its default constants and positive weights alone):
 * minimises with nothing but the ranking of the candidates.
 *
 * Candidates that tie share the weights of their ranks: their order in the list says nothing. Where all tie
 * (every candidate diverged, say), the generation carries no information, and the distribution stays as it
 * is.
 *
 * @param candidates those of `cmaCandidates` of this state
 * @param scores smaller is better; Infinity or NaN is worst
 */
export function cmaUpdate(
  state: CmaState,
  candidates: readonly Float64Array[],
  scores: readonly number[],
): CmaState {
  const { mean, sigma, covariance, covariancePath, sigmaPath, generation } = state;
  const d = mean.length;
  const { weights, mass, cSigma, damping, cPath, c1, cMu, expectedNorm } = constants(d, candidates.length);
  const selected = rankedWeights(weights, scores);
  if (selected === undefined) return { ...state, generation: generation + 1 };
  const steps = selected.map(({ candidate }) => candidates[candidate]!.map((x, i) => (x - mean[i]!) / sigma));
  const step = mean.map((_, i) => selected.reduce((sum, { weight }, k) => sum + weight * steps[k]![i]!, 0));

  const whitened = whiten(state, step);
  const nextSigmaPath = sigmaPath.map(
    (p, i) => (1 - cSigma) * p + Math.sqrt(cSigma * (2 - cSigma) * mass) * whitened[i]!,
  );
  const norm = Math.hypot(...nextSigmaPath);
  const stalled =
    norm / Math.sqrt(1 - (1 - cSigma) ** (2 * (generation + 1))) >= (1.4 + 2 / (d + 1)) * expectedNorm
      ? 1
      : 0;
  const nextPath = covariancePath.map(
    (p, i) => (1 - cPath) * p + (1 - stalled) * Math.sqrt(cPath * (2 - cPath) * mass) * step[i]!,
  );
  const nextCovariance = covariance.map((c, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    const rankMu = selected.reduce((sum, { weight }, k) => sum + weight * steps[k]![i]! * steps[k]![j]!, 0);
    return (
      (1 - c1 - cMu + stalled * c1 * cPath * (2 - cPath)) * c +
      c1 * nextPath[i]! * nextPath[j]! +
      cMu * rankMu
    );
  });
  return {
    generation: generation + 1,
    mean: mean.map((m, i) => m + sigma * step[i]!),
    sigma: sigma * Math.exp((cSigma / damping) * (norm / expectedNorm - 1)),
    covariance: nextCovariance,
    covariancePath: nextPath,
    sigmaPath: nextSigmaPath,
  };
}

/** What an updater over ranks is told: points, and what each is worth. */
export interface ScoredCandidates {
  /** [population][d] */
  readonly candidates: readonly Float64Array[];
  /** Smaller is better; Infinity or NaN is worst [population] */
  readonly scores: readonly number[];
}

/**
 * CMA-ES as an updater over ranks: φ is the mean of the distribution, and the state is the distribution. It
 * starts from mean 0, whatever φ starts from, and has no learning rate. Goes with `candidateSearch`.
 */
export function cmaUpdater(): Updater<CmaState, ScoredCandidates, Float64Array> {
  return {
    name: 'cma-es',
    init: initialCmaState,
    update(_, { candidates, scores }, state) {
      const next = cmaUpdate(state, candidates, scores);
      return { point: next.mean, state: next };
    },
  };
}

/** The candidates that count, best first, each with its weight; undefined where all scores tie. */
function rankedWeights(
  weights: readonly number[],
  scores: readonly number[],
): { readonly candidate: number; readonly weight: number }[] | undefined {
  const worth = scores.map((score) => (Number.isNaN(score) ? Infinity : score));
  const order = [...worth.keys()].sort((a, b) => (worth[a] === worth[b] ? a - b : worth[a]! - worth[b]!));
  if (worth[order[0]!] === worth[order.at(-1)!]) return undefined;
  const selected = [];
  for (let from = 0, to; from < weights.length; from = to) {
    to = from + 1;
    while (to < order.length && worth[order[to]!] === worth[order[from]!]) to++;
    const shared = weights.slice(from, to).reduce((sum, w) => sum + w, 0) / (to - from);
    selected.push(...order.slice(from, to).map((candidate) => ({ candidate, weight: shared })));
  }
  return selected;
}

/** Hansen 2016, table 1. */
function constants(d: number, population: number) {
  const raw = Array.from(
    { length: population >> 1 },
    (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1),
  );
  const total = raw.reduce((a, b) => a + b, 0);
  const weights = raw.map((w) => w / total);
  const mass = 1 / weights.reduce((sum, w) => sum + w * w, 0);
  const cSigma = (mass + 2) / (d + mass + 5);
  const c1 = 2 / ((d + 1.3) ** 2 + mass);
  return {
    weights,
    mass,
    cSigma,
    damping: 1 + 2 * Math.max(0, Math.sqrt((mass - 1) / (d + 1)) - 1) + cSigma,
    cPath: (4 + mass / d) / (d + 4 + (2 * mass) / d),
    c1,
    cMu: Math.min(1 - c1, (2 * (mass - 2 + 1 / mass)) / ((d + 2) ** 2 + mass)),
    expectedNorm: Math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d)),
  };
}

/** C^(−1/2) y */
function whiten(state: CmaState, y: Float64Array): Float64Array {
  const d = y.length;
  const { axes, lengths } = principalAxes(state);
  const result = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let along = 0;
    for (let i = 0; i < d; i++) along += axes.get(i, j) * y[i]!;
    for (let i = 0; i < d; i++) result[i]! += (axes.get(i, j) * along) / lengths[j]!;
  }
  return result;
}

function principalAxes({ mean, covariance }: CmaState): { axes: Matrix; lengths: number[] } {
  const d = mean.length;
  const rows = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d }, (_, j) => 0.5 * (covariance[i * d + j]! + covariance[j * d + i]!)),
  );
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  return {
    axes: eigenvectorMatrix,
    lengths: realEigenvalues.map((value) => Math.sqrt(Math.max(value, 1e-20))),
  };
}

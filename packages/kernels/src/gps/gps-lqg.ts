import type { BareLqg } from './bare-gps-engine.js';
import type {
  ActionPenalty,
  LqgController,
  LqgMoments,
  LqgProblem,
  LqgShape,
  LqgValues,
} from './gps-engine.js';
import {
  addCongruence,
  addMatrixVector,
  dot,
  quadraticForm,
  symmetrise,
  transpose,
} from './gps-matrix-sums.js';
import { choleskyAt, gpsCholeskySolve } from './gps-linear-algebra.js';

/** `GpsEngine.lqg` in plain loops: the oracle of the compiled ones. The equations stand at `LqgKernel`. */
export function gpsLqg(shape: LqgShape): BareLqg {
  let loaded: { readonly problem: LqgProblem; readonly rows: readonly number[] } | undefined;
  return {
    load(problem, rows) {
      loaded = { problem, rows };
    },
    backward: (eta, controller, values) =>
      backward(shape, loaded!.problem, loaded!.rows, eta, controller, values),
    forward(controller, moments) {
      forward(shape, loaded!.problem, loaded!.rows, controller, moments);
    },
  };
}

function backward(
  { stateSize: D, actionSize: U, horizon: T, costRank }: LqgShape,
  problem: LqgProblem,
  rows: readonly number[],
  eta: number,
  { K, k, G }: LqgController,
  values: LqgValues | undefined,
): number {
  const { A, B, c, action, entropyWeight } = problem;
  let V = stateCost(problem, D, costRank, T);
  let v = problem.d.slice(T * D, (T + 1) * D);
  values?.V.set(V, T * D * D);
  values?.v.set(v, T * D);
  const Qaa = new Float64Array(U * U);
  const Qas = new Float64Array(U * D);
  const qa = new Float64Array(U);
  const VB = new Float64Array(D * U);
  const factor = new Float64Array(U * U);
  const penalties = [
    { penalty: problem.previous, weight: eta },
    ...(problem.policy ? [{ penalty: problem.policy, weight: 1 }] : []),
  ];
  for (let t = T - 1; t >= 0; t--) {
    const At = A.subarray(t * D * D, (t + 1) * D * D);
    const Bt = B.subarray(t * D * U, (t + 1) * D * U);
    const ct = c.subarray(t * D, (t + 1) * D);
    VB.fill(0);
    for (let i = 0; i < D; i++) {
      for (const j of rows) for (let u = 0; u < U; u++) VB[i * U + u]! += V[i * D + j]! * Bt[j * U + u]!;
    }
    const y = v.slice();
    addMatrixVector(D, D, V, ct, y);
    Qaa.fill(0);
    Qas.fill(0);
    qa.fill(0);
    for (let u = 0; u < U; u++) {
      for (const j of rows) {
        const b = Bt[j * U + u]!;
        qa[u]! += b * y[j]!;
        for (let w = 0; w < U; w++) Qaa[u * U + w]! += b * VB[j * U + w]!;
      }
      for (let i = 0; i < D; i++) {
        const weight = VB[i * U + u]!;
        for (let j = 0; j < D; j++) Qas[u * D + j]! += weight * At[i * D + j]!;
      }
    }
    for (const { penalty, weight } of penalties) {
      for (let u = 0; u < U; u++) {
        for (let w = 0; w < U; w++) {
          const p = weight * penalty.precision[(t * U + u) * U + w]!;
          Qaa[u * U + w]! += p;
          qa[u]! -= p * penalty.k[t * U + w]!;
          for (let j = 0; j < D; j++) Qas[u * D + j]! -= p * penalty.K[(t * U + w) * D + j]!;
        }
      }
    }
    if (action) {
      for (let i = 0; i < U * U; i++) Qaa[i]! += action.R[t * U * U + i]!;
      for (let i = 0; i < U * D; i++) Qas[i]! += action.N[t * U * D + i]!;
      for (let i = 0; i < U; i++) qa[i]! += action.r[t * U + i]!;
    }
    symmetrise(U, Qaa);
    if (choleskyAt(U, Qaa, factor, 0, 0) !== 0) return t;
    const Kt = K.subarray(t * U * D, (t + 1) * U * D);
    const kt = k.subarray(t * U, (t + 1) * U);
    const Gt = G.subarray(t * U * U, (t + 1) * U * U);
    for (let i = 0; i < U * D; i++) Kt[i] = -Qas[i]!;
    for (let i = 0; i < U; i++) kt[i] = -qa[i]!;
    Gt.fill(0);
    for (let u = 0; u < U; u++) Gt[u * U + u] = entropyWeight[t]! + eta;
    gpsCholeskySolve(U, factor, D, Kt);
    gpsCholeskySolve(U, factor, 1, kt);
    gpsCholeskySolve(U, factor, U, Gt);
    symmetrise(U, Gt);

    const { Acl, ccl } = closedLoop(D, U, At, Bt, ct, rows, Kt, kt);
    const next = stateCost(problem, D, costRank, t);
    addCongruence(D, V, Acl, next);
    const x = v.slice();
    addMatrixVector(D, D, V, ccl, x);
    const nextV = problem.d.slice(t * D, (t + 1) * D);
    for (let i = 0; i < D; i++) for (let j = 0; j < D; j++) nextV[j]! += Acl[i * D + j]! * x[i]!;
    for (const { penalty, weight } of penalties)
      addPenaltyValue(D, U, t, penalty, weight, Kt, kt, next, nextV);
    if (action) addActionCostValue(D, U, t, action, Kt, kt, next, nextV);
    symmetrise(D, next);
    V = next;
    v = nextV;
    let trace = 0;
    for (let i = 0; i < D; i++) trace += V[i * D + i]! + v[i]!;
    if (!Number.isFinite(trace)) return t;
    values?.V.set(V, t * D * D);
    values?.v.set(v, t * D);
  }
  return -1;
}

function forward(
  { stateSize: D, actionSize: U, horizon: T, costRank }: LqgShape,
  problem: LqgProblem,
  rows: readonly number[],
  { K, k, G }: LqgController,
  moments: LqgMoments,
): void {
  const { A, B, c, F, d, h, action } = problem;
  let S = problem.initialCovariance.slice();
  let mean = problem.initialMean.slice();
  moments.policy.fill(0);
  for (let t = 0; t <= T; t++) {
    moments.mean.set(mean, t * D);
    let cost = h[t]! + dot(D, d, t * D, mean, 0);
    if (costRank === 'dense') {
      const C = (problem.cost as { C: Float64Array }).C;
      for (let i = 0; i < D; i++) {
        for (let j = 0; j < D; j++)
          cost += 0.5 * C[(t * D + i) * D + j]! * (S[i * D + j]! + mean[i]! * mean[j]!);
      }
    } else {
      const { factor, weight } = problem.cost as { factor: Float64Array; weight: Float64Array };
      for (let q = 0; q < costRank; q++) {
        const at = (t * costRank + q) * D;
        const along = dot(D, factor, at, mean, 0);
        cost +=
          0.5 * weight[t * costRank + q]! * (along * along + quadraticForm(D, factor, at, factor, at, S));
      }
    }
    if (t === T) {
      moments.cost[t] = cost;
      break;
    }
    const Kt = K.subarray(t * U * D, (t + 1) * U * D);
    const kt = k.subarray(t * U, (t + 1) * U);
    const Gt = G.subarray(t * U * U, (t + 1) * U * U);
    if (action) {
      const a = kt.slice();
      addMatrixVector(U, D, Kt, mean, a);
      for (let u = 0; u < U; u++) {
        cost += a[u]! * (action.r[t * U + u]! + dot(D, action.N, (t * U + u) * D, mean, 0));
        cost += quadraticForm(D, action.N, (t * U + u) * D, Kt, u * D, S);
        for (let w = 0; w < U; w++) {
          const covariance = Gt[u * U + w]! + quadraticForm(D, Kt, u * D, Kt, w * D, S);
          cost += 0.5 * action.R[(t * U + u) * U + w]! * (a[u]! * a[w]! + covariance);
        }
      }
    }
    moments.cost[t] = cost;
    moments.previous[t] = expectedPenalty(D, U, t, problem.previous, Kt, kt, Gt, mean, S);
    if (problem.policy) moments.policy[t] = expectedPenalty(D, U, t, problem.policy, Kt, kt, Gt, mean, S);

    const At = A.subarray(t * D * D, (t + 1) * D * D);
    const Bt = B.subarray(t * D * U, (t + 1) * D * U);
    const { Acl, ccl } = closedLoop(D, U, At, Bt, c.subarray(t * D, (t + 1) * D), rows, Kt, kt);
    addMatrixVector(D, D, Acl, mean, ccl);
    mean = ccl;
    const next = F.slice(t * D * D, (t + 1) * D * D);
    addCongruence(D, S, transpose(D, Acl), next);
    for (const i of rows) {
      for (const j of rows) {
        for (let u = 0; u < U; u++) {
          for (let w = 0; w < U; w++) next[i * D + j]! += Bt[i * U + u]! * Gt[u * U + w]! * Bt[j * U + w]!;
        }
      }
    }
    symmetrise(D, next);
    S = next;
  }
  moments.finalCovariance.set(S);
}

/** C_t as a dense matrix [D, D], a copy. */
function stateCost({ cost }: LqgProblem, D: number, rank: LqgShape['costRank'], t: number): Float64Array {
  if ('C' in cost) return cost.C.slice(t * D * D, (t + 1) * D * D);
  const C = new Float64Array(D * D);
  for (let q = 0; q < (rank as number); q++) {
    const at = (t * (rank as number) + q) * D;
    const w = cost.weight[t * (rank as number) + q]!;
    for (let i = 0; i < D; i++)
      for (let j = 0; j < D; j++) C[i * D + j]! += w * (cost.factor[at + i]! * cost.factor[at + j]!);
  }
  return C;
}

/** A + BK [D, D] and c + Bk [D]: only the rows that an action can reach differ from A and c. */
function closedLoop(
  D: number,
  U: number,
  A: Float64Array,
  B: Float64Array,
  c: Float64Array,
  rows: readonly number[],
  K: Float64Array,
  k: Float64Array,
) {
  const Acl = A.slice();
  const ccl = c.slice();
  for (const i of rows) {
    for (let u = 0; u < U; u++) {
      const b = B[i * U + u]!;
      ccl[i]! += b * k[u]!;
      for (let j = 0; j < D; j++) Acl[i * D + j]! += b * K[u * D + j]!;
    }
  }
  return { Acl, ccl };
}

/** V += (K−K')ᵀP(K−K'), v += (K−K')ᵀP(k−k') for P = weight · precision. */
function addPenaltyValue(
  D: number,
  U: number,
  t: number,
  penalty: ActionPenalty,
  weight: number,
  K: Float64Array,
  k: Float64Array,
  V: Float64Array,
  v: Float64Array,
): void {
  for (let u = 0; u < U; u++) {
    for (let w = 0; w < U; w++) {
      const p = weight * penalty.precision[(t * U + u) * U + w]!;
      const dk = k[w]! - penalty.k[t * U + w]!;
      for (let i = 0; i < D; i++) {
        const e = p * (K[u * D + i]! - penalty.K[(t * U + u) * D + i]!);
        v[i]! += e * dk;
        for (let j = 0; j < D; j++) V[i * D + j]! += e * (K[w * D + j]! - penalty.K[(t * U + w) * D + j]!);
      }
    }
  }
}

/** V += KᵀRK + KᵀN + NᵀK, v += Kᵀ(Rk + r) + Nᵀk. */
function addActionCostValue(
  D: number,
  U: number,
  t: number,
  { R, N, r }: NonNullable<LqgProblem['action']>,
  K: Float64Array,
  k: Float64Array,
  V: Float64Array,
  v: Float64Array,
): void {
  for (let u = 0; u < U; u++) {
    let Rk = r[t * U + u]!;
    for (let w = 0; w < U; w++) Rk += R[(t * U + u) * U + w]! * k[w]!;
    for (let i = 0; i < D; i++) {
      const n = N[(t * U + u) * D + i]!;
      v[i]! += K[u * D + i]! * Rk + n * k[u]!;
      for (let j = 0; j < D; j++)
        V[i * D + j]! += K[u * D + i]! * N[(t * U + u) * D + j]! + n * K[u * D + j]!;
    }
    for (let w = 0; w < U; w++) {
      const p = R[(t * U + u) * U + w]!;
      for (let i = 0; i < D; i++)
        for (let j = 0; j < D; j++) V[i * D + j]! += K[u * D + i]! * p * K[w * D + j]!;
    }
  }
}

/** E[(a − K's − k')ᵀP(a − K's − k')] for a ~ N(Ks + k, G), s ~ N(mean, S). */
function expectedPenalty(
  D: number,
  U: number,
  t: number,
  penalty: ActionPenalty,
  K: Float64Array,
  k: Float64Array,
  G: Float64Array,
  mean: Float64Array,
  S: Float64Array,
): number {
  const dK = new Float64Array(U * D);
  const shift = new Float64Array(U);
  for (let i = 0; i < U * D; i++) dK[i] = K[i]! - penalty.K[t * U * D + i]!;
  for (let u = 0; u < U; u++) shift[u] = k[u]! - penalty.k[t * U + u]!;
  addMatrixVector(U, D, dK, mean, shift);
  let sum = 0;
  for (let u = 0; u < U; u++) {
    for (let w = 0; w < U; w++) {
      const second = G[u * U + w]! + shift[u]! * shift[w]! + quadraticForm(D, dK, u * D, dK, w * D, S);
      sum += penalty.precision[(t * U + u) * U + w]! * second;
    }
  }
  return sum;
}

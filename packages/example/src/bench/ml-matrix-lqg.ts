import type { LqgController, LqgProblem, LqgShape } from '@metadescent/kernels/gps';
import { Matrix } from 'ml-matrix';

/** A problem of one scalar action and a rank-one cost as ml-matrix matrices: made once, outside the measurement. */
export interface MatrixProblem {
  readonly A: readonly Matrix[];
  readonly B: readonly Matrix[];
  readonly c: readonly Matrix[];
  readonly F: readonly Matrix[];
  readonly r: readonly Matrix[];
  readonly d: readonly Matrix[];
  readonly K: readonly Matrix[];
  readonly k: readonly number[];
  readonly precision: readonly number[];
  readonly mean: Matrix;
  readonly covariance: Matrix;
}

/** @throws Error unless the action is scalar and the cost has rank one. */
export function toMatrixProblem(
  { stateSize: D, actionSize, horizon: T, costRank }: LqgShape,
  problem: LqgProblem,
): MatrixProblem {
  if (actionSize !== 1 || costRank !== 1 || !('factor' in problem.cost))
    throw new Error('toMatrixProblem: needs a scalar action and a cost of rank one');
  const cut = (values: Float64Array, rows: number, columns: number) =>
    Array.from({ length: values.length / (rows * columns) }, (_, t) =>
      Matrix.from1DArray(
        rows,
        columns,
        Array.from(values.subarray(t * rows * columns, (t + 1) * rows * columns)),
      ),
    );
  return {
    A: cut(problem.A, D, D),
    B: cut(problem.B, D, 1),
    c: cut(problem.c, D, 1),
    F: cut(problem.F, D, D),
    r: cut(problem.cost.factor, 1, D),
    d: cut(problem.d, D, 1),
    K: cut(problem.previous.K, 1, D),
    k: Array.from(problem.previous.k),
    precision: Array.from(problem.previous.precision, (x) => x),
    mean: cut(problem.initialMean, D, 1)[0]!,
    covariance: cut(problem.initialCovariance, D, D).slice(0, T)[0]!,
  };
}

/**
 * One η-evaluation in plain ml-matrix, the same Joseph recursion as the kernels; returns the controller and Σ
 * E[cost].
 */
export function matrixEvaluation(p: MatrixProblem, eta: number): { controller: LqgController; cost: number } {
  const T = p.A.length;
  const D = p.mean.rows;
  const gains: Matrix[] = new Array(T);
  const offsets: number[] = new Array(T);
  const variances: number[] = new Array(T);
  let V = p.r[T]!.transpose().mmul(p.r[T]!);
  let v = p.d[T]!;
  for (let t = T - 1; t >= 0; t--) {
    const [A, B, c, previous] = [p.A[t]!, p.B[t]!, p.c[t]!, p.K[t]!];
    const alpha = eta * p.precision[t]!;
    const VB = V.mmul(B);
    const Qaa = alpha + B.dot(VB);
    const K = VB.transpose().mmul(A).sub(Matrix.mul(previous, alpha)).div(-Qaa);
    const k = -(B.dot(Matrix.add(v, V.mmul(c))) - alpha * p.k[t]!) / Qaa;
    const closed = Matrix.add(A, B.mmul(K));
    const shifted = Matrix.add(c, Matrix.mul(B, k));
    const gap = Matrix.sub(K, previous);
    v = Matrix.add(p.d[t]!, closed.transpose().mmul(Matrix.add(v, V.mmul(shifted)))).add(
      gap.transpose().mul(alpha * (k - p.k[t]!)),
    );
    V = closed
      .transpose()
      .mmul(V.mmul(closed))
      .add(p.r[t]!.transpose().mmul(p.r[t]!))
      .add(gap.transpose().mmul(gap).mul(alpha));
    V = Matrix.add(V, V.transpose()).mul(0.5);
    gains[t] = K;
    offsets[t] = k;
    variances[t] = eta / Qaa;
  }
  let mean = p.mean;
  let S = p.covariance;
  let cost = 0;
  for (let t = 0; t <= T; t++) {
    const along = p.r[t]!.mmul(mean).get(0, 0);
    cost += 0.5 * (along * along + p.r[t]!.mmul(S).mmul(p.r[t]!.transpose()).get(0, 0)) + p.d[t]!.dot(mean);
    if (t === T) break;
    const [B, K] = [p.B[t]!, gains[t]!];
    const gap = Matrix.sub(K, p.K[t]!);
    gap.mmul(S).mmul(gap.transpose());
    const closed = Matrix.add(p.A[t]!, B.mmul(K));
    mean = closed.mmul(mean).add(p.c[t]!).add(Matrix.mul(B, offsets[t]!));
    S = closed.mmul(S).mmul(closed.transpose()).add(B.mmul(B.transpose()).mul(variances[t]!)).add(p.F[t]!);
    S = Matrix.add(S, S.transpose()).mul(0.5);
  }
  const K = new Float64Array(T * D);
  gains.forEach((gain, t) => K.set(gain.to1DArray(), t * D));
  return { controller: { K, k: Float64Array.from(offsets), G: Float64Array.from(variances) }, cost };
}

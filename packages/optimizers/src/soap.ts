import { parseOptions, type Optimizer, type OptimizerState } from '@metadescent/core';
import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import * as z from 'zod/mini';
import { gram, matrixGroups, product, transpose, type MatrixGroup } from './matrix-groups.js';

/** The options of `soap`; the defaults are those of the authors' code. */
export const soapOptionsSchema = z.strictObject({
  /** η. Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.003),
  /** β₁, the decay of the first moment. */
  beta1: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.95),
  /** β₂, the decay of the second moment and of the two covariances. */
  beta2: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.95),
  /** ε, added outside the root. */
  epsilon: z._default(z.number().check(z.positive()), 1e-8),
  /** f, steps between two renewals of the eigenvectors. */
  preconditionEvery: z._default(z.int().check(z.minimum(1)), 10),
  /**
   * A side of a matrix with more entries than this is not rotated. The original's limit is 10,000; 256 keeps
   * a renewal below a second here.
   */
  maximumDimension: z._default(z.int().check(z.minimum(1)), 256),
});
export type SoapOptions = z.input<typeof soapOptionsSchema>;

/**
 * SOAP (Vyas et al. 2024, "SOAP: improving and stabilizing Shampoo using Adam", Algorithm 3): Adam in the
 * eigenbasis of Shampoo's preconditioner. On each weight matrix or kernel G_t [rows, columns]
 *
 *     L_t = β₂ L_{t−1} + (1 − β₂) G_t G_tᵀ,   R_t = β₂ R_{t−1} + (1 − β₂) G_tᵀ G_t
 *     G′ = Q_Lᵀ G_t Q_R,   M_t = β₁ M_{t−1} + (1 − β₁) G_t,   V_t = β₂ V_{t−1} + (1 − β₂) G′²
 *     Δθ_t = −η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · Q_L [ (Q_Lᵀ M_t Q_R) / (√V_t + ε) ] Q_Rᵀ
 *
 * with Q_L and Q_R the eigenvectors of L and R: exact at the start, and renewed every f steps by one power
 * iteration and a QR decomposition, the columns in the order of their eigenvalues. Everything that is no
 * matrix takes Adam's step with the same constants.
 *
 * As in the authors' code the first observation only starts the covariances: its step is zero, so that a
 * gradient is never seen in a basis that it made, and t counts the steps after it.
 *
 * State: `firstMoment` and `secondMoment` [n], `count` [1] (observations), and per matrix `left/<name>`,
 * `leftBasis/<name>` [rows²] and `right/<name>`, `rightBasis/<name>` [columns²]; a side that is too large has
 * none.
 *
 * @throws UserError if an option is out of range.
 */
export function soap(options: SoapOptions = {}): Optimizer {
  const hyper = parseOptions('soap', soapOptionsSchema, options);
  return {
    name: 'soap',
    init: (layout) => ({
      firstMoment: new Float32Array(layout.size),
      secondMoment: new Float32Array(layout.size),
      count: new Uint32Array(1),
      ...Object.fromEntries(
        matrixGroups(layout).flatMap(({ name, rows, columns }) => [
          ...sideOf('left', name, rows, hyper.maximumDimension),
          ...sideOf('right', name, columns, hyper.maximumDimension),
        ]),
      ),
    }),
    update({ gradient, layout }, state, step) {
      const { learningRate, beta1, beta2, epsilon, preconditionEvery } = hyper;
      const count = state['count'] as Uint32Array;
      const t = count[0] as number;
      count[0] = t + 1;
      const matrices = matrixGroups(layout);
      if (t === 0) {
        for (const matrix of matrices) startBases(matrix, gradient, state, beta2);
        step.fill(0);
        return;
      }
      const [first, second] = [state['firstMoment'] as Float32Array, state['secondMoment'] as Float32Array];
      const scale = (-learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      for (let i = 0; i < gradient.length; i++)
        first[i] = beta1 * (first[i] as number) + (1 - beta1) * (gradient[i] as number);
      let at = 0;
      for (const matrix of [...matrices, undefined]) {
        const upTo = matrix?.offset ?? layout.size;
        for (; at < upTo; at++) {
          second[at] = beta2 * (second[at] as number) + (1 - beta2) * (gradient[at] as number) ** 2;
          step[at] = (scale * (first[at] as number)) / (Math.sqrt(second[at] as number) + epsilon);
        }
        if (matrix) at += rotatedAdam(matrix, gradient, state, step, { beta2, epsilon, scale });
      }
      for (const matrix of matrices) {
        covary(matrix, gradient, state, beta2);
        if (t % preconditionEvery === 0) renewBases(matrix, state);
      }
    },
  };
}

function sideOf(
  side: 'left' | 'right',
  name: string,
  size: number,
  maximum: number,
): [string, Float64Array][] {
  if (size > maximum) return [];
  return [
    [`${side}/${name}`, new Float64Array(size * size)],
    [`${side}Basis/${name}`, new Float64Array(size * size)],
  ];
}

interface Sides {
  readonly left: Float64Array | undefined;
  readonly leftBasis: Float64Array | undefined;
  readonly right: Float64Array | undefined;
  readonly rightBasis: Float64Array | undefined;
}

function sidesOf({ name }: MatrixGroup, state: OptimizerState): Sides {
  const array = (key: string) => state[`${key}/${name}`] as Float64Array | undefined;
  return {
    left: array('left'),
    leftBasis: array('leftBasis'),
    right: array('right'),
    rightBasis: array('rightBasis'),
  };
}

/** A group's entries in double precision [rows, columns]. */
function matrixOf({ offset, rows, columns }: MatrixGroup, flat: Float32Array): Float64Array {
  return Float64Array.from(flat.subarray(offset, offset + rows * columns));
}

/** L ← β₂ L + (1 − β₂) G Gᵀ, R ← β₂ R + (1 − β₂) Gᵀ G. */
function covary(matrix: MatrixGroup, gradient: Float32Array, state: OptimizerState, beta2: number): void {
  const { rows, columns } = matrix;
  const { left, right } = sidesOf(matrix, state);
  const g = matrixOf(matrix, gradient);
  const average = (into: Float64Array, fresh: Float64Array) =>
    fresh.forEach((x, i) => (into[i] = beta2 * (into[i] as number) + (1 - beta2) * x));
  if (left) average(left, gram(g, rows, columns));
  if (right) average(right, gram(transpose(g, rows, columns), columns, rows));
}

function startBases(matrix: MatrixGroup, gradient: Float32Array, state: OptimizerState, beta2: number): void {
  covary(matrix, gradient, state, beta2);
  const { left, leftBasis, right, rightBasis } = sidesOf(matrix, state);
  if (left && leftBasis) leftBasis.set(eigenvectors(left, matrix.rows));
  if (right && rightBasis) rightBasis.set(eigenvectors(right, matrix.columns));
}

/** Adam's second moment and step in the rotated coordinates of one matrix; returns its size. */
function rotatedAdam(
  matrix: MatrixGroup,
  gradient: Float32Array,
  state: OptimizerState,
  step: Float32Array,
  { beta2, epsilon, scale }: { readonly beta2: number; readonly epsilon: number; readonly scale: number },
): number {
  const { offset, rows, columns } = matrix;
  const sides = sidesOf(matrix, state);
  const rotated = rotate(matrixOf(matrix, gradient), sides, rows, columns);
  const direction = rotate(matrixOf(matrix, state['firstMoment'] as Float32Array), sides, rows, columns);
  const second = state['secondMoment'] as Float32Array;
  rotated.forEach((g, i) => {
    const v = beta2 * (second[offset + i] as number) + (1 - beta2) * g * g;
    second[offset + i] = v;
    direction[i] = (direction[i] as number) / (Math.sqrt(v) + epsilon);
  });
  rotateBack(direction, sides, rows, columns).forEach((d, i) => (step[offset + i] = scale * d));
  return rows * columns;
}

/** Q_Lᵀ A Q_R. */
function rotate(
  a: Float64Array,
  { leftBasis, rightBasis }: Sides,
  rows: number,
  columns: number,
): Float64Array {
  const left = leftBasis ? product(transpose(leftBasis, rows, rows), a, rows, rows, columns) : a;
  return rightBasis ? product(left, rightBasis, rows, columns, columns) : left;
}

/** Q_L A Q_Rᵀ. */
function rotateBack(
  a: Float64Array,
  { leftBasis, rightBasis }: Sides,
  rows: number,
  columns: number,
): Float64Array {
  const left = leftBasis ? product(leftBasis, a, rows, rows, columns) : a;
  return rightBasis ? product(left, transpose(rightBasis, columns, columns), rows, columns, columns) : left;
}

/** Renews both bases, and moves the second moments along with the columns that change places. */
function renewBases(matrix: MatrixGroup, state: OptimizerState): void {
  const { offset, rows, columns } = matrix;
  const { left, leftBasis, right, rightBasis } = sidesOf(matrix, state);
  const second = state['secondMoment'] as Float32Array;
  const rowOrder = left && leftBasis ? renewBasis(left, leftBasis, rows) : undefined;
  const columnOrder = right && rightBasis ? renewBasis(right, rightBasis, columns) : undefined;
  const before = second.slice(offset, offset + rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      second[offset + i * columns + j] = before[
        (rowOrder?.[i] ?? i) * columns + (columnOrder?.[j] ?? j)
      ] as number;
    }
  }
}

/** One power iteration and a QR decomposition, in place; returns which of the old columns each new one comes from. */
function renewBasis(covariance: Float64Array, basis: Float64Array, size: number): number[] {
  const image = product(covariance, basis, size, size, size);
  const eigenvalues = Array.from({ length: size }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (basis[i * size + j] as number) * (image[i * size + j] as number);
    return sum;
  });
  const order = eigenvalues
    .map((_, j) => j)
    .sort((a, b) => (eigenvalues[b] as number) - (eigenvalues[a] as number) || a - b);
  const sorted = new Matrix(
    Array.from({ length: size }, (_, i) => order.map((j) => image[i * size + j] as number)),
  );
  basis.set(new QrDecomposition(sorted).orthogonalMatrix.to1DArray());
  return order;
}

/** Eigenvectors of a symmetric matrix as columns, the largest eigenvalue first [size, size]. */
function eigenvectors(symmetric: Float64Array, size: number): number[] {
  const { eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(size, size, symmetric), {
    assumeSymmetric: true,
  });
  return eigenvectorMatrix.flipRows().to1DArray();
}

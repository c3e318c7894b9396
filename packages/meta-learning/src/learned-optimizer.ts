import type { Key, Optimizer } from '@metadescent/core';

/**
 * A learned optimizer: a function from meta-parameters φ to an ordinary optimizer, with what a meta-trainer
 * needs to know of φ.
 *
 * @typeParam Phi the meta-parameters, in whatever form the rule likes them: one flat vector, a record of matrices
 */
export interface LearnedOptimizer<Phi = Float32Array> {
  readonly name: string;
  /** A draw of φ before meta-training. */
  init(key: Key): Phi;
  /** What is learned of φ as one vector: what estimators perturb and updaters move. A fresh array [size]. */
  flat(phi: Phi): Float32Array;
  /** φ with other learned values [size]; everything else of `phi` is kept. */
  withFlat(phi: Phi, values: Float32Array): Phi;
  /** The optimizer that φ stands for. */
  optimizer(phi: Phi): Optimizer;
}

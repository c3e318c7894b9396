import type { Key } from './key.js';
import type { ParameterLayout } from './layout.js';

/**
 * The noisy objective of one step: a fixed mini-batch. Evaluating it twice at the same parameters gives the
 * same value, which is what line searches and secant pairs need.
 */
export interface Minibatch {
  /**
   * f̂(θ), and its gradient where `gradient` is given (overwritten).
   *
   * @param parameters θ [layout.size]
   * @param gradient receives ∇f̂(θ) [layout.size]
   */
  evaluate(parameters: Float32Array, gradient?: Float32Array): number;
}

/**
 * One objective function to minimise. Values may become non-finite (the optimizer may walk anywhere); they
 * are returned as they are, and `rollout` turns them into a named outcome.
 */
export interface Optimizee {
  readonly name: string;
  readonly layout: ParameterLayout;
  /** A draw of initial parameters θ₀ [layout.size]; a fresh array each time. */
  initialParameters(key: Key): Float32Array;
  /** The mini-batch of step `step` in the stream of `key`; random access, so any step can be asked for first. */
  minibatch(key: Key, step: number): Minibatch;
  /**
   * The true objective f(θ): no sampling noise. What it is taken over (a stated subset, the whole set) is the
   * optimizee's to document.
   *
   * @param gradient receives ∇f(θ) where given [layout.size]
   */
  trueObjective(parameters: Float32Array, gradient?: Float32Array): number;
}

/** A distribution over optimizees that share one layout. */
export interface OptimizeeFamily {
  readonly name: string;
  readonly layout: ParameterLayout;
  /** How many independent functions an optimizee of this family is the sum of. Default 1. */
  readonly parts?: number;
  /** One optimizee; the same key gives the same optimizee. */
  sample(key: Key): Optimizee;
}

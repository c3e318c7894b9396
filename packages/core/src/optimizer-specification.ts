import type { Optimizer } from './optimizer.js';
import type { TensorFile } from './safetensors.js';
import type { ScheduleSpecification } from './schedule.js';

/** An optimizer as plain data: what a command line names, a record keeps and a worker is sent. */
export interface OptimizerSpecification {
  /** Its name in a registry. */
  readonly name: string;
  /** Options of a hand-made rule, as its schema has them. */
  readonly options?: unknown;
  /** What was learned, as its file holds it; a learned rule with shipped weights takes those by default. */
  readonly weights?: TensorFile;
  /** What every step is multiplied by, see `scaled`. */
  readonly schedule?: ScheduleSpecification;
}

/**
 * What a comparison counts a rule among: `papers`, the hand-made rules that the two papers compare with;
 * `line-search`, hand-made rules that evaluate their mini-batch several times per step; `today`, hand-made
 * rules of today's practice; `learned`, rules with trained weights.
 */
export const optimizerClasses = ['papers', 'line-search', 'today', 'learned'] as const;
export type OptimizerClass = (typeof optimizerClasses)[number];

/**
 * One hyper-parameter and where to look for it: a geometric grid from `from` to `to`, in ascending order,
 *
 *     value_k = from · ratioᵏ                 scale `log`
 *     1 − value_k = (1 − from) · ratio⁻ᵏ      scale `complement`
 *
 * that may be extended as far as `minimum` and `maximum`.
 */
export interface SearchAxis {
  /** The option's name, e.g. `learningRate`. */
  readonly name: string;
  /**
   * `log`, the default: the value is spaced geometrically. `complement`: 1 − value is, for momenta and decays
   * just below 1.
   */
  readonly scale?: 'log' | 'complement' | undefined;
  /** The smallest value of the first grid. */
  readonly from: number;
  /** The largest value of the first grid. */
  readonly to: number;
  /** Factor between neighbours of the first grid. Default √10: two points per decade; no source. */
  readonly ratio?: number | undefined;
  /** Where extensions of the grid stop. */
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * How a name becomes an optimizer, and what is known of it before it is made.
 *
 * @typeParam Engine what computes learned rules; hand-made ones need none
 */
export interface OptimizerEntry<Engine = unknown> {
  readonly name: string;
  readonly class: OptimizerClass;
  /**
   * The rule of a specification, apart from its schedule.
   *
   * @param engine called only by rules that compute with one
   * @throws UserError if the options or the weights are refused.
   */
  create(specification: OptimizerSpecification, engine: () => Engine): Optimizer;
  /**
   * The hyper-parameters to search before the rule is compared with others; the first is the one that
   * prevents divergence when it is small. None for rules that have nothing to tune.
   */
  readonly searched?: readonly SearchAxis[];
  /** The metadata `format` of the files whose weights it takes. */
  readonly weightsFormat?: string;
  /** What the rule is, apart from its weights, as plain data for records. */
  describe?(specification: OptimizerSpecification): Readonly<Record<string, unknown>>;
  /** Steps for which the weights were trained, where that is known. */
  trainedHorizon?(specification: OptimizerSpecification): number | undefined;
}

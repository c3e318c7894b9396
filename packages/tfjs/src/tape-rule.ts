import { checkArgument, UserError, type Key, type Optimizer, type ParameterLayout } from '@metadescent/core';
import { tensor, tidy, zeros, type Tensor } from '@tensorflow/tfjs-core';
import { variableGroups } from './variable-groups.js';

/** What a rule written in tf operations sees of one step, all coordinates at once. */
export interface TapeObservation {
  /** ∇f̂(θ_t) [n] */
  readonly gradient: Tensor;
  /** θ_t [n] */
  readonly parameters: Tensor;
  /** f̂(θ_t) */
  readonly objective: number;
  /** t, from 0. */
  readonly iteration: number;
}

/**
 * An update rule written with tf operations, to be meta-trained through the tape:
 *
 *     (Δθ_t, s_{t+1}) = update(φ, (∇f̂_t, θ_t, f̂_t, t), s_t)
 *
 * Its type parameters name the tensors of φ and of the memory: `TapeRule<'logRate', 'velocity'>`.
 */
export interface TapeRule<Weights extends string = string, Memory extends string = string> {
  readonly name: string;
  /** A draw of φ before meta-training. */
  readonly initial: (key: Key) => Readonly<Record<Weights, Tensor>>;
  /** What is remembered per coordinate, by name, and how many numbers of it; zero at the start. Default: nothing. */
  readonly memory?: Readonly<Record<Memory, number>>;
  /** Pure, in operations that tfjs can differentiate. The memory of width w is [n, w], or [n] where w is 1. */
  update(
    weights: Readonly<Record<Weights, Tensor>>,
    seen: TapeObservation,
    memory: Readonly<Record<Memory, Tensor>>,
  ): { readonly step: Tensor; readonly memory?: Readonly<Record<Memory, Tensor>> };
}

/** The layout of a rule's meta-parameters φ as one flat vector. */
export function ruleLayout(rule: TapeRule, key: Key): ParameterLayout {
  checkArgument('ruleLayout', 'the rule', rule, ['name', 'initial'], 'pass a TapeRule');
  return variableGroups(
    tidy(() => Object.entries(rule.initial(key)).map(([name, { shape }]) => ({ name, shape }))),
  );
}

/** A draw of φ [ruleLayout(rule).size]. */
export function initialRuleWeights(rule: TapeRule, key: Key): Float32Array {
  const layout = ruleLayout(rule, key);
  const flat = new Float32Array(layout.size);
  tidy(() => {
    const drawn = rule.initial(key);
    for (const { name, offset } of layout.groups)
      flat.set((drawn[name] as Tensor).dataSync() as Float32Array, offset);
  });
  return flat;
}

/** Flat values as tensors by name; inside a `tidy`. */
export function tensorsOf(layout: ParameterLayout, flat: Float32Array): Record<string, Tensor> {
  return Object.fromEntries(
    layout.groups.map(({ name, offset, size, shape }) => [
      name,
      tensor(flat.slice(offset, offset + size), [...shape]),
    ]),
  );
}

/** The memory of n coordinates as tensors; inside a `tidy`. */
export function memoryTensors(
  { memory = {} }: TapeRule,
  n: number,
  values: Readonly<Record<string, Float32Array>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(memory).map(([name, width]) => {
      const shape = width === 1 ? [n] : [n, width];
      return [name, values[name] ? tensor(values[name].slice(), shape) : zeros(shape)];
    }),
  );
}

/**
 * A rule written in tf operations, with these meta-parameters, as an ordinary optimizer.
 *
 * @param weights φ; read at every step
 * @throws UserError (from `update`) if the rule's step has another size than the parameters.
 */
export function tapeOptimizer(
  rule: TapeRule,
  layout: ParameterLayout,
  weights: Float32Array,
): Optimizer<Record<string, Float32Array>> {
  checkArgument('tapeOptimizer', 'the rule', rule, ['name', 'initial'], 'pass a TapeRule');
  return {
    name: rule.name,
    init: ({ size }) =>
      Object.fromEntries(
        Object.entries(rule.memory ?? {}).map(([name, width]) => [name, new Float32Array(width * size)]),
      ),
    update({ gradient, parameters, objective, iteration }, state, step) {
      tidy(() => {
        const seen = {
          gradient: tensor(gradient.slice()),
          parameters: tensor(parameters.slice()),
          objective,
          iteration,
        };
        const out = rule.update(
          tensorsOf(layout, weights),
          seen,
          memoryTensors(rule, parameters.length, state),
        );
        if (out.step.size !== step.length) {
          throw new UserError(
            `tapeOptimizer: the step of "${rule.name}" has ${out.step.size} entries for ${step.length} parameters; return one number per coordinate, shape [n]`,
          );
        }
        step.set(out.step.dataSync() as Float32Array);
        for (const [name, values] of Object.entries(state)) {
          const next = out.memory?.[name];
          if (!next)
            throw new UserError(
              `tapeOptimizer: "${rule.name}" has a memory "${name}", but its update returned none; return every memory of the rule`,
            );
          values.set(next.dataSync() as Float32Array);
        }
      });
    },
  };
}

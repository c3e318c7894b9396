import { checkArgument, type Optimizer, type OptimizerState, type ParameterLayout } from '@metadescent/core';
import type { KernelEngine, LstmKernel } from '@metadescent/kernels';
import type { NetworkCoordinates } from '@metadescent/lstm-optimizer';
import { initialSquares, normaliseGradient } from './gradient-normalisation.js';
import { ADAGRAD_PLANE, initialMemory, observe, type ObservationMemory } from './observation.js';
import {
  annealingAt,
  checkWeights,
  createPsdKernel,
  lstmWeightCount,
  networkCoordinates,
  type PsdWeights,
} from './psd-rule.js';

/** Whitened inputs are clamped to ±10: off the training distribution a network extrapolates from there. */
export const INPUT_LIMIT = 10;

/**
 * Watches the inputs of a network at a step: whitened and clamped feature planes [I, size], in the order of
 * the network's runs. Reused: copy what you keep.
 */
export type InputObserver = (network: number, inputs: Float32Array) => void;

/**
 * Predicted Step Descent as an ordinary optimizer (Li & Malik 2017): the mean of the learned policy,
 *
 *     (y_t, memory) = LSTM(Ψ_t, memory),   Δx_t = outputScale · y_t
 *
 * (divided by √(1 + t/τ) where the rule has an annealing τ, and less α₀ g/√(Σ g²) where it has a nominal rate
 * α₀; neither is in the paper)
 *
 * on the observation features Ψ of §3.6, for every coordinate alone, with weights shared within a coordinate
 * group and across groups of one role (see `networkOf`). Pure, and good for any layout.
 *
 * Not `coordinatewise`: which network a coordinate has depends on the place of its layer among all layers.
 *
 * State: what Ψ needs of the two steps before (`squares`: Σ g², where the features see normalised gradients),
 * and one LSTM state per network (`lstm/first/weight` …, opaque order; see `LstmKernel.stateIndex`).
 *
 * @param weights the rule and what was learned; read at every step
 * @param onInputs for trainers: sees what each network sees
 * @throws UserError if weights and rule do not fit together.
 * @example
 * rollout(optimizee, predictedStepDescent(pretrained('psd').weights, engine), { horizon: 400, key })
 */
export function predictedStepDescent(
  weights: PsdWeights,
  engine: KernelEngine,
  onInputs?: InputObserver,
): Optimizer {
  checkWeights(weights);
  checkArgument(
    'predictedStepDescent',
    'the engine',
    engine,
    ['lstm', 'accumulators'],
    'pass one such as wasmEngine()',
  );
  const { rule } = weights;
  const { accumulators } = engine;
  const kernel = createPsdKernel(rule, engine);
  const plans = new WeakMap<ParameterLayout, StepPlan>();
  const planOf = (layout: ParameterLayout): StepPlan => {
    let plan = plans.get(layout);
    if (!plan) plans.set(layout, (plan = stepPlan(weights, layout, kernel)));
    return plan;
  };
  return {
    name: 'predicted step descent',
    init(layout) {
      const state: OptimizerState = {
        ...initialMemory(rule.inputs, layout.size),
        ...(rule.normalisation !== 'none' && { squares: initialSquares(rule.normalisation, layout.size) }),
      };
      for (const { stateName, coordinates } of planOf(layout).networks)
        state[stateName] = new Float32Array(kernel.stateSize(coordinates.size));
      return state;
    },
    update({ layout, gradient, parameters, objective }, state, step) {
      const { planes, seen, networks } = planOf(layout);
      const annealed = annealingAt(rule, (state as ObservationMemory).steps[0]!);
      const normalised = normaliseGradient(
        rule.normalisation,
        gradient,
        state['squares'] as Float32Array,
        seen,
      );
      observe(
        accumulators,
        state as ObservationMemory,
        objective,
        normalised,
        parameters,
        rule.gradientScale,
        planes,
      );
      for (const { index, coordinates, stateName, lstm, mean, deviation, inputs, outputs } of networks) {
        let column = 0;
        for (const { offset, size } of coordinates.runs) {
          accumulators.standardise({
            planes,
            first: offset,
            count: size,
            mean,
            deviation,
            limit: INPUT_LIMIT,
            inputs,
            at: column,
          });
          column += size;
        }
        onInputs?.(index, inputs);
        kernel.step(lstm, inputs, state[stateName] as Float32Array, outputs);
        const scale = annealed * weights.outputScale[index]!;
        let at = 0;
        for (const { offset, size } of coordinates.runs) {
          const nominal = ADAGRAD_PLANE * layout.size + offset;
          for (let i = 0; i < size; i++) {
            step[offset + i] = scale * outputs[at + i]!;
            if (rule.nominalRate > 0) step[offset + i]! -= rule.nominalRate * planes[nominal + i]!;
          }
          at += size;
        }
      }
    },
  };
}

/** Scratch for one layout: nothing here outlives a step. */
interface StepPlan {
  readonly planes: Float32Array;
  /** Gradients as the features see them [n] */
  readonly seen: Float32Array;
  readonly networks: readonly {
    readonly index: number;
    readonly coordinates: NetworkCoordinates;
    readonly stateName: string;
    readonly lstm: Float32Array;
    readonly mean: Float64Array;
    readonly deviation: Float64Array;
    readonly inputs: Float32Array;
    readonly outputs: Float32Array;
  }[];
}

function stepPlan(
  { rule, lstm, mean, deviation }: PsdWeights,
  layout: ParameterLayout,
  { shape }: LstmKernel,
): StepPlan {
  const count = lstmWeightCount(rule);
  return {
    planes: new Float32Array(shape.inputs * layout.size),
    seen: new Float32Array(layout.size),
    networks: networkCoordinates(rule, layout).flatMap((coordinates, index) =>
      coordinates.size === 0
        ? []
        : [
            {
              index,
              coordinates,
              stateName: `lstm/${coordinates.name}`,
              lstm: lstm.subarray(index * count, (index + 1) * count),
              mean: mean.subarray(index * shape.inputs, (index + 1) * shape.inputs),
              deviation: deviation.subarray(index * shape.inputs, (index + 1) * shape.inputs),
              inputs: new Float32Array(shape.inputs * coordinates.size),
              outputs: new Float32Array(coordinates.size),
            },
          ],
    ),
  };
}

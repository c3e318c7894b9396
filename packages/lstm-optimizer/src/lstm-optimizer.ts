import { checkArgument, type Optimizer, type ParameterLayout } from '@metadescent/core';
import type { KernelEngine, LstmKernel, LstmTrace } from '@metadescent/kernels';
import { orient, randomOrientation } from './orientation.js';
import {
  assignCoordinates,
  createLstmKernel,
  gather,
  inputCount,
  preprocess,
  weightCount,
  type LstmRule,
  type NetworkCoordinates,
} from './lstm-rule.js';

/**
 * The coordinatewise LSTM optimizer as an ordinary optimizer (Andrychowicz et al. 2016, §2.1 and figure 3):
 *
 *     (g_t, h_{t+1}) = m(∇f(θ_t), h_t, φ),   Δθ_t = outputScale · g_t
 *
 * A rule with a nominal step adds Nesterov's, v_t = μ v_{t−1} + ∇f(θ_t) and Δθ_t = outputScale · g_t − η
 * (∇f(θ_t) + μ v_t); the paper has none.
 *
 * Every coordinate runs the same small network with a state of its own. State, zeros at the start: one array
 * per network, `lstm/<name>` (opaque order, see `LstmKernel.stateIndex`); with random orientation also
 * `orientation/<name>`, the sign of each coordinate; with a nominal step `velocity`, v.
 *
 * @param rule validated by `lstmRuleSchema`
 * @param weights φ [weightCount(rule)]; read at every step, so a trainer may change it between rollouts
 * @param recording where a trainer wants the steps recorded for their backpropagation
 * @throws UserError if an argument is missing or of another kind; RangeError if `weights` has another length.
 */
export function lstmOptimizer(
  rule: LstmRule,
  weights: Float32Array,
  engine: KernelEngine,
  recording?: StepRecording,
): Optimizer {
  const advice = "pass the rule and the weights of pretrained('mnist'), and an engine such as wasmEngine()";
  checkArgument('lstmOptimizer', 'the rule', rule, ['hidden', 'layers', 'networks', 'preprocessing'], advice);
  checkArgument('lstmOptimizer', 'the weights', weights, ['length'], advice);
  checkArgument('lstmOptimizer', 'the engine', engine, ['lstm'], advice);
  const wanted = weightCount(rule);
  if (weights.length !== wanted) {
    throw new RangeError(
      `lstmOptimizer: this rule has ${wanted} weights, but ${weights.length} were given; load the weights that belong to the rule`,
    );
  }
  const kernel = recording?.kernel ?? createLstmKernel(rule, engine);
  const perNetwork = wanted / rule.networks.length;
  const plans = new WeakMap<ParameterLayout, StepPlan[]>();

  const planOf = (layout: ParameterLayout): StepPlan[] => {
    let plan = plans.get(layout);
    if (!plan) {
      plan = assignCoordinates(rule, layout).flatMap((network, i) =>
        network.size === 0
          ? []
          : [stepPlan(rule, network, weights.subarray(i * perNetwork, (i + 1) * perNetwork))],
      );
      plans.set(layout, plan);
    }
    return plan;
  };

  return {
    name: 'lstm',
    // A network for certain layers goes by a place among all layers, which a group alone does not have.
    coordinatewise: rule.networks.every(({ layers }) => layers === undefined),
    init: (layout, key) =>
      Object.fromEntries(
        planOf(layout)
          .flatMap(({ network }) => [
            [stateNameOf(network), new Float32Array(kernel.stateSize(network.size))],
            ...(rule.orientation === 'none'
              ? []
              : [
                  [
                    orientationNameOf(network),
                    randomOrientation(
                      network.size,
                      rule.orientation === 'drawn' ? key?.fold(network.name) : undefined,
                    ),
                  ],
                ]),
          ])
          .concat(rule.nominal ? [['velocity', new Float32Array(layout.size)]] : []),
      ),
    update({ layout, gradient }, state, step) {
      for (const { network, weights: own, local, features, outputs } of planOf(layout)) {
        gather(network, gradient, local);
        const orientation = state[orientationNameOf(network)] as Float32Array | undefined;
        orient(local, orientation);
        preprocess(rule, engine, local, features);
        kernel.step(
          own,
          features,
          state[stateNameOf(network)] as Float32Array,
          outputs,
          recording?.traces.get(network.name),
        );
        orient(outputs, orientation);
        let at = 0;
        for (const { offset, size } of network.runs) {
          for (let i = 0; i < size; i++) step[offset + i] = rule.outputScale * (outputs[at + i] as number);
          at += size;
        }
      }
      if (rule.nominal) addNominalStep(rule.nominal, gradient, state['velocity'] as Float32Array, step);
    },
  };
}

/** v ← μ v + g, step ← step − η (g + μ v). */
function addNominalStep(
  { learningRate, momentum }: NonNullable<LstmRule['nominal']>,
  gradient: Float32Array,
  velocity: Float32Array,
  step: Float32Array,
): void {
  for (let i = 0; i < step.length; i++) {
    const g = gradient[i] as number;
    const v = momentum * (velocity[i] as number) + g;
    velocity[i] = v;
    step[i] = (step[i] as number) - learningRate * (g + momentum * v);
  }
}

/** Forward steps that leave a trace. */
export interface StepRecording {
  /** The kernel that steps, to which the traces belong. */
  readonly kernel: LstmKernel;
  /** By the name of the network; networks without one are stepped without. */
  readonly traces: ReadonlyMap<string, LstmTrace>;
}

/** Scratch for one network on one layout: nothing here outlives a step. */
interface StepPlan {
  readonly network: NetworkCoordinates;
  readonly weights: Float32Array;
  readonly local: Float32Array;
  readonly features: Float32Array;
  readonly outputs: Float32Array;
}

function stepPlan(rule: LstmRule, network: NetworkCoordinates, weights: Float32Array): StepPlan {
  return {
    network,
    weights,
    local: new Float32Array(network.size),
    features: new Float32Array(inputCount(rule) * network.size),
    outputs: new Float32Array(network.size),
  };
}

/** Name of a network's array in the optimizer's state. */
export function stateNameOf(network: NetworkCoordinates): string {
  return `lstm/${network.name}`;
}

/** Name of the signs of a network's coordinates in the optimizer's state. */
export function orientationNameOf(network: NetworkCoordinates): string {
  return `orientation/${network.name}`;
}

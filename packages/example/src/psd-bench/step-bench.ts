import {
  createKey,
  median,
  type Minibatch,
  type Optimizer,
  type OptimizerState,
  type ParameterLayout,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { mlpParameterLayout } from '@metadescent/optimizees';
import { adam } from '@metadescent/optimizers';
import {
  initialPsdWeights,
  predictedStepDescent,
  pretrained,
  pretrainedPsdNames,
  psdRuleSchema,
} from '@metadescent/predicted-step-descent';
import { cpuSeconds } from '../bench/cpu-time.js';

/** One optimizer on one net. */
export interface StepBenchRow {
  readonly optimizer: string;
  readonly coordinates: number;
  /** Median milliseconds of processor time of one step, the gradient not counted. */
  readonly milliseconds: number;
  /** Bytes of state per coordinate. */
  readonly stateBytes: number;
}

const nets = [
  [48, 48, 10],
  [100, 200, 10],
];

/**
 * What a step costs: ADAM, the shipped policies and the policy of the paper's size, taking turns on the nets
 * of Li & Malik 2017, so that a busy machine is unfair to nobody.
 */
export function benchSteps(engine: KernelEngine, repetitions: number): StepBenchRow[] {
  const optimizers: Record<string, Optimizer> = {
    ADAM: adam({ learningRate: 0.01 }),
    ...Object.fromEntries(
      pretrainedPsdNames.map((name) => {
        const { weights } = pretrained(name);
        return [`${name} (${weights.rule.hidden} cells)`, predictedStepDescent(weights, engine)];
      }),
    ),
    'paper (128 cells)': predictedStepDescent(
      initialPsdWeights(psdRuleSchema.parse({}), createKey(1)),
      engine,
    ),
  };
  return nets.flatMap((sizes) => {
    const layout = mlpParameterLayout(sizes);
    const contenders = Object.entries(optimizers).map(([name, optimizer]) => ({
      name,
      ...stepping(optimizer, layout),
      times: [] as number[],
    }));
    for (let r = 0; r <= repetitions; r++) {
      for (const { step, times } of contenders) {
        const seconds = cpuSeconds(() => step(r));
        // The first one compiles.
        if (r > 0) times.push(1000 * seconds);
      }
    }
    return contenders.map(({ name, state, times }) => ({
      optimizer: name,
      coordinates: layout.size,
      milliseconds: median(times),
      stateBytes: Object.values(state).reduce((sum, { byteLength }) => sum + byteLength, 0) / layout.size,
    }));
  });
}

function stepping(
  optimizer: Optimizer,
  layout: ParameterLayout,
): { readonly state: OptimizerState; step(iteration: number): void } {
  const state = optimizer.init(layout);
  const parameters = Float32Array.from(createKey(1).normal(layout.size), (x) => 0.1 * x);
  const gradient = Float32Array.from(createKey(2).normal(layout.size), (x) => 0.01 * x);
  const minibatch: Minibatch = { evaluate: () => 1 };
  const step = new Float32Array(layout.size);
  return {
    state,
    step: (iteration) =>
      optimizer.update({ layout, iteration, parameters, gradient, objective: 1, minibatch }, state, step),
  };
}

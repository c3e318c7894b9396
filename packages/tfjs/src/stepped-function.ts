import type { Minibatch, ParameterLayout } from '@metadescent/core';
import { engine, tidy, variableGrads, type Scalar, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { assignFlat, gatherFlat, scalarOf } from './flat-variables.js';
import { fromLayerStates, notingLayerStates, type LayerStates } from './layer-states.js';

/**
 * The function that a step minimises: evaluated once for the step itself, and again by rules that search
 * along a line.
 */
export interface SteppedFunction {
  /** The step's own evaluation: all that it leaves behind in the model (moving averages, states of layers) stays. */
  own(): Scalar;
  /**
   * Its trials. Each writes the variables that are stepped, so whoever asks has to write them again
   * afterwards; whatever else a trial changes is put back: other variables, as the moving averages of batch
   * normalisation, and the states of stateful layers, from which it starts where the step's own evaluation
   * did.
   */
  minibatch(layout: ParameterLayout, variables: readonly Variable[]): Minibatch;
  /** Releases what was noted for trials. */
  forget(): void;
}

export function steppedFunction(f: () => Scalar): SteppedFunction {
  let states: LayerStates | undefined;
  return {
    own() {
      const noted = notingLayerStates(f);
      states = noted.states;
      return noted.value;
    },
    minibatch: (layout, variables) => ({
      evaluate(parameters, gradient) {
        assignFlat(layout, variables, parameters);
        const trial = (): number => evaluate(f, layout, variables, gradient);
        return puttingBackOthers(variables, () => (states ? fromLayerStates(states, trial) : trial()));
      },
    }),
    forget() {
      states?.forget();
      states = undefined;
    },
  };
}

/**
 * tfjs-layers keeps a tensor per metric at every call of its loss function. `fit` reads and releases those of
 * the first call only, `trainOnBatch` those of all calls: so those of further calls are released here, and
 * can still be read.
 */
function evaluate(
  f: () => Scalar,
  layout: ParameterLayout,
  variables: readonly Variable[],
  gradient?: Float32Array,
): number {
  const kept: Tensor[] = [];
  const watched = (): Scalar => {
    const value = f();
    for (const made of engine().state.activeScope?.track ?? [])
      if (made.kept && made.id !== value.id) kept.push(made);
    return value;
  };
  try {
    if (!gradient) return tidy(() => scalarOf(watched()));
    return tidy(() => {
      const { value, grads } = variableGrads(watched, [...variables]);
      gatherFlat(
        layout,
        variables.map(({ name }) => grads[name]),
        gradient,
      );
      return scalarOf(value);
    });
  } finally {
    for (const metric of kept) {
      const values = metric.dataSync();
      metric.dispose();
      metric.data = () => Promise.resolve(values) as never;
    }
  }
}

/** Runs `f` and gives all variables but these the values back that they had. */
export function puttingBackOthers<T>(variables: readonly Variable[], f: () => T): T {
  const stepped = new Set(variables.map(({ id }) => id));
  // A clone shares the data of its original: nothing is copied.
  const others = Object.values(engine().registeredVariables)
    .filter(({ id }) => !stepped.has(id))
    .map((variable) => ({ variable, before: variable.clone() }));
  try {
    return f();
  } finally {
    for (const { variable, before } of others) {
      if (!variable.isDisposed && variable.dataId !== before.dataId) variable.assign(before);
      before.dispose();
    }
  }
}

import { UserError, type ParameterLayout } from '@metadescent/core';
import {
  add,
  engine,
  mul,
  sum,
  tensor,
  tidy,
  variableGrads,
  type Scalar,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { assignFlat, gatherFlat, scalarOf } from './flat-variables.js';

/** An objective whose parameters are tf variables, seen as a function of a flat vector. */
export interface TapedObjective<Batch> {
  /** f(θ; batch), and its gradient where wanted [layout.size] */
  evaluate(parameters: Float32Array, batch: Batch, gradient?: Float32Array): number;
  /**
   * The product of the Hessian with a vector, ∇²f(θ; batch) v, by differentiating ∇f·v. The first product is
   * held against a difference of gradients: some operations of tfjs (softmaxCrossEntropy is one) give wrong
   * second derivatives without a word.
   *
   * @param product overwritten [layout.size]
   * @throws UserError if tfjs cannot differentiate an operation twice, or does it wrongly.
   */
  hessianVector(parameters: Float32Array, batch: Batch, vector: Float32Array, product: Float32Array): void;
}

/** Every evaluation writes the variables. */
export function tapedObjective<Batch>(
  layout: ParameterLayout,
  variables: Variable[],
  f: (batch: Batch) => Scalar,
): TapedObjective<Batch> {
  const byVariable = (grads: Record<string, Tensor>) => variables.map(({ name }) => grads[name]);
  let checked = false;

  const evaluate: TapedObjective<Batch>['evaluate'] = (parameters, batch, gradient) => {
    assignFlat(layout, variables, parameters);
    return tidy(() => {
      if (!gradient) return scalarOf(f(batch));
      const { value, grads } = variableGrads(() => f(batch), variables);
      gatherFlat(layout, byVariable(grads), gradient);
      return scalarOf(value);
    });
  };

  const differentiateTwice: TapedObjective<Batch>['hessianVector'] = (parameters, batch, vector, product) => {
    assignFlat(layout, variables, parameters);
    tidy(() => {
      const blocks = layout.groups.map(({ offset, size, shape }) =>
        tensor(vector.slice(offset, offset + size), [...shape]),
      );
      const slope = (): Scalar => {
        const gradients = byVariable(variableGrads(() => f(batch), variables).grads);
        const tape = engine().state.activeTape;
        if (tape) producersFirst(tape);
        // Nothing times every variable: without it, tfjs refuses a slope that does not depend on any of them,
        // as a linear objective's.
        return gradients.reduce<Tensor>(
          (total, gradient, i) =>
            add(
              total,
              add(
                gradient ? sum(mul(gradient, blocks[i] as Tensor)) : 0,
                mul(0, sum(variables[i] as Variable)),
              ),
            ),
          tensor(0),
        ) as Scalar;
      };
      try {
        gatherFlat(layout, byVariable(variableGrads(slope, variables).grads), product);
      } catch (error) {
        throw new UserError(
          `hessianVector: tfjs cannot differentiate this objective twice (${(error as Error).message}); leave second derivatives out, or replace the operation`,
        );
      }
    });
  };

  return {
    evaluate,
    hessianVector(parameters, batch, vector, product) {
      differentiateTwice(parameters, batch, vector, product);
      const length = euclideanNorm(vector);
      if (checked || length === 0) return;
      checked = true;
      const gradientAt = (shift: number): Float32Array => {
        const gradient = new Float32Array(layout.size);
        evaluate(
          parameters.map((x, i) => x + (shift * (vector[i] as number)) / length),
          batch,
          gradient,
        );
        return gradient;
      };
      const [before, after] = [gradientAt(-DIFFERENCE_STEP), gradientAt(DIFFERENCE_STEP)];
      const difference = after.map((g, i) => ((g - (before[i] as number)) * length) / (2 * DIFFERENCE_STEP));
      const error = euclideanNorm(difference.map((d, i) => d - (product[i] as number)));
      // Single precision leaves a difference about 10⁻⁷ / step of the gradient uncertain.
      if (error <= 0.02 * euclideanNorm(difference) + 1e-4 * length * euclideanNorm(after)) return;
      throw new UserError(
        'hessianVector: tfjs differentiates this objective twice, but the result is not the change of its gradient: an operation in it has a gradient that hides what it depends on, ' +
          'as softmaxCrossEntropy has; write it with elementary operations, or leave second derivatives out',
      );
    },
  };
}

/** Length of the step, in parameter space, of the difference that second derivatives are held against. */
const DIFFERENCE_STEP = 3e-3;

function euclideanNorm(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, x) => total + x * x, 0));
}

type Tape = NonNullable<ReturnType<typeof engine>['state']['activeTape']>;

/**
 * Puts every node of a tape after the nodes that made its inputs. tfjs (4.22) records the copy of an output
 * that an operation saves for its gradient before the operation itself, and walks the tape backwards in the
 * order of recording: in second derivatives, what flows through such copies (of tanh, sigmoid, exp, softmax,
 * …) would be lost without a word.
 */
function producersFirst(tape: Tape): void {
  const maker = new Map<number, Tape[number]>();
  for (const node of tape) for (const output of node.outputs) maker.set(output.id, node);
  const sorted = new Set<Tape[number]>();
  const place = (node: Tape[number]): void => {
    if (sorted.has(node)) return;
    for (const input of Object.values(node.inputs)) {
      const before = maker.get(input.id);
      if (before && before !== node) place(before);
    }
    sorted.add(node);
  };
  tape.forEach(place);
  tape.splice(0, tape.length, ...sorted);
}

import {
  add,
  matMul,
  mean,
  mul,
  square,
  sub,
  tanh,
  tensor,
  tidy,
  variable,
  type Optimizer,
  type Scalar,
  type Variable,
} from '@tensorflow/tfjs-core';
import { createKey } from '@metadescent/core';

/**
 * A small regression with a matrix, a bias and a scalar, whose gradients are of the order of `scale`: f =
 * scale · mean (tanh(xW + b)·s − y)².
 */
export function regression(name: string, scale = 1): { variables: Variable[]; loss: () => Scalar } {
  const key = createKey(5);
  const draw = (what: string, shape: number[], deviation = 1) =>
    tensor(
      Float32Array.from(key.fold(what).normal(shape.reduce((a, b) => a * b, 1)), (x) => deviation * x),
      shape,
    );
  const variables = [
    variable(draw('W', [4, 3]), true, `${name}/layer/kernel`),
    variable(draw('b', [3]), true, `${name}/layer/bias`),
    variable(tensor(1.5), true, `${name}/scale`),
  ] as [Variable, Variable, Variable];
  const [x, y] = [draw('x', [16, 4]), draw('y', [16, 3], 4)];
  const [w, b, s] = variables;
  return {
    variables,
    loss: () => tidy(() => mul(scale, mean(square(sub(mul(tanh(add(matMul(x, w), b)), s), y)))) as Scalar),
  };
}

/** All parameters after each of `steps` steps of `optimizer` [steps][n]. */
export function trace(
  optimizer: Optimizer,
  { variables, loss }: ReturnType<typeof regression>,
  steps: number,
): Float32Array[] {
  return Array.from({ length: steps }, () => {
    optimizer.minimize(loss, false, variables);
    return Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
  });
}

import { UserError, type ParameterLayout } from '@metadescent/core';
import { engine, tensor, tidy, type Tensor, type Variable } from '@tensorflow/tfjs-core';

/**
 * The trainable ones of these variables; of all variables where no list is given.
 *
 * @throws UserError if there are none, or if one is not of single precision.
 */
export function trainableVariables(caller: string, list: readonly Variable[] | undefined): Variable[] {
  const all = list ?? Object.values(engine().registeredVariables);
  const trainable = all.filter((variable) => variable.trainable);
  if (trainable.length === 0) {
    throw new UserError(
      `${caller}: there is nothing to train: ${all.length === 0 ? 'no variables' : `none of ${all.length} variables is trainable`}; ` +
        'check that the model has layers with weights and that `trainable` is not false',
    );
  }
  const other = trainable.find(({ dtype }) => dtype !== 'float32');
  if (other)
    throw new UserError(
      `${caller}: variables must be float32, but "${other.name}" is ${other.dtype}; cast it, or make it not trainable`,
    );
  return trainable;
}

/** Reads tensors one after another into `flat` [layout.size]; absent ones become zeros. */
export function gatherFlat(
  layout: ParameterLayout,
  tensors: readonly (Tensor | undefined)[],
  flat: Float32Array,
): void {
  layout.groups.forEach(({ offset, size }, i) => {
    const values = tensors[i]?.dataSync();
    if (values) flat.set(values as Float32Array, offset);
    else flat.fill(0, offset, offset + size);
  });
}

/** Writes `flat` [layout.size] into the variables. */
export function assignFlat(
  layout: ParameterLayout,
  variables: readonly Variable[],
  flat: Float32Array,
): void {
  tidy(() => {
    layout.groups.forEach(({ offset, size }, i) => {
      const variable = variables[i] as Variable;
      // A copy, because some backends keep the array that they are given.
      variable.assign(tensor(flat.slice(offset, offset + size), variable.shape));
    });
  });
}

/** The number in a scalar. */
export function scalarOf(value: Tensor): number {
  return value.dataSync()[0] as number;
}

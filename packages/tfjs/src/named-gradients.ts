import { allFinite, printable, UserError } from '@metadescent/core';
import { engine, Tensor, type NamedTensorMap, type Variable } from '@tensorflow/tfjs-core';
import type { NamedTensor } from './saved-state.js';

/** Gradients as `applyGradients` is given them. */
export type GivenGradients = NamedTensorMap | readonly NamedTensor[];

/** A variable and its gradient; undefined where the objective does not depend on it. */
export interface VariableGradient {
  readonly variable: Variable;
  readonly gradient: Tensor | undefined;
}

/**
 * The variables that gradients are named after, each with its gradient.
 *
 * @param finite whether gradients must be finite
 * @throws UserError that names the variable, what is wanted of its gradient and what was given.
 */
export function variableGradients(given: GivenGradients, finite: boolean): VariableGradient[] {
  if (typeof given !== 'object' || given === null) {
    throw refused(
      `gradients must be a record of tensors by the names of their variables, or a list of { name, tensor }, but are ${printable(String(given))}`,
    );
  }
  const entries = Array.isArray(given)
    ? (given as readonly NamedTensor[])
    : Object.entries(given as NamedTensorMap).map(([name, tensor]) => ({ name, tensor }));
  const seen = new Set<string>();
  return entries.map((entry: { name?: unknown; tensor?: Tensor | null } | null) => {
    const variable = registered(entry?.name);
    const { name } = variable;
    if (seen.has(name)) throw refused(`variable "${name}" has two gradients; add them up, or leave one out`);
    seen.add(name);
    const gradient = entry?.tensor ?? undefined;
    if (gradient) checkGradient(variable, gradient, finite);
    return { variable, gradient };
  });
}

function registered(name: unknown): Variable {
  const { registeredVariables } = engine();
  const variable =
    typeof name === 'string' && Object.hasOwn(registeredVariables, name)
      ? registeredVariables[name]
      : undefined;
  if (!variable)
    throw refused(
      `there is no variable "${printable(String(name))}"; name the gradients as their variables are named`,
    );
  if (!variable.trainable)
    throw refused(
      `variable "${variable.name}" is not trainable; leave its gradient out, or set its \`trainable\``,
    );
  return variable;
}

function checkGradient({ name, shape, dtype }: Variable, gradient: Tensor, finite: boolean): void {
  const of = `the gradient of variable "${name}"`;
  if (!(gradient instanceof Tensor))
    throw refused(`${of} must be a tensor of shape [${shape}], but is ${printable(String(gradient))}`);
  if (gradient.isDisposed)
    throw refused(`${of} is disposed; give it before it is disposed, or keep it out of tidy with tf.keep`);
  if (gradient.shape.join() !== shape.join() || gradient.shape.length !== shape.length) {
    throw refused(
      `${of} must have shape [${shape}], but has [${gradient.shape}]; reshape it, or name the variable that it belongs to`,
    );
  }
  if (gradient.dtype !== dtype) throw refused(`${of} must be ${dtype}, but is ${gradient.dtype}; cast it`);
  if (finite && !allFinite(gradient.dataSync() as Float32Array)) {
    throw refused(
      `${of}, shape [${shape}], is not finite; leave this step out, or let a guard act: new LearnedOptimizer(…, { guard: true })`,
    );
  }
}

function refused(what: string): UserError {
  return new UserError(`LearnedOptimizer.applyGradients: ${what}; no step was taken`);
}

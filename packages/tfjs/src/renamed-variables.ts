import { UserError } from '@metadescent/core';
import type { VariableDescription } from './variable-groups.js';

/**
 * Which present variable each saved one is (saved name → present name). Names decide, where all saved ones are present or all present ones saved; a saved one that is absent
 * then keeps its name. In a process that already has a variable of that name, tfjs gives a loaded model's variable another one (`kernel` → `kernel_1`): elsewhere, variables
 * with equal names up to such endings and equal shapes are the same, in order.
 *
 * @throws UserError listing what has no counterpart. `allowUnknown` accepts present variables without one.
 */
export function renamedVariables(
  saved: readonly VariableDescription[],
  present: readonly VariableDescription[],
  allowUnknown: boolean,
): Map<string, string> {
  const within = (some: readonly VariableDescription[], all: readonly VariableDescription[]): boolean => some.every(({ name }) => all.some((other) => other.name === name));
  const names = within(saved, present) || within(present, saved) ? new Map(saved.map(({ name }) => [name, name])) : inOrder(saved, present);
  for (const { name, shape } of saved) {
    const now = present.find((variable) => variable.name === names.get(name));
    if (now && now.shape.join() !== shape.join()) {
      throw new UserError(`LearnedOptimizer: variable "${now.name}" has shape [${now.shape}], but was saved with [${shape}]; load the model that was saved with this optimizer`);
    }
  }
  const claimed = new Set(names.values());
  const unknown = present.filter(({ name }) => !claimed.has(name));
  const listed = (list: readonly VariableDescription[]): string => list.map(({ name, shape }) => `"${name}" [${shape}]`).join(', ');
  if (unknown.length > 0 && !allowUnknown) {
    throw new UserError(
      `LearnedOptimizer: the loaded state knows nothing of ${listed(unknown)}; it was saved for ${listed(saved)}. ` +
        "Load the model that was saved with it, or let such variables start afresh with { unknownVariables: 'fresh' }",
    );
  }
  return names;
}

function inOrder(saved: readonly VariableDescription[], present: readonly VariableDescription[]): Map<string, string> {
  const open = [...present];
  const names = new Map<string, string>();
  for (const { name, shape } of saved) {
    const at = open.findIndex((variable) => stem(variable.name) === stem(name) && variable.shape.join() === shape.join());
    if (at < 0) continue;
    names.set(name, (open[at] as VariableDescription).name);
    open.splice(at, 1);
  }
  return names;
}

/** A name without the numbers that make it unique, in every part: `dense_Dense2/kernel_1` → `dense_Dense/kernel`. */
function stem(name: string): string {
  return name.replace(/_?\d+(?=\/|$)/g, '');
}

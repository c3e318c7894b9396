import { printable, UserError } from '@metadescent/core';
import type { VariableDescription } from './variable-groups.js';

/**
 * Which present variable each saved one is (saved name → present name), see `counterparts`. Saved ones that
 * are absent, as those of frozen layers, keep their names.
 *
 * @throws UserError listing what has no counterpart. `allowUnknown` accepts present variables without one.
 */
export function renamedVariables(
  saved: readonly VariableDescription[],
  present: readonly VariableDescription[],
  allowUnknown: boolean,
): Map<string, string> {
  const names = counterparts(saved, present);
  for (const { name, shape } of saved) {
    const now = present.find((variable) => variable.name === names.get(name));
    if (now && now.shape.join() !== shape.join()) {
      throw new UserError(
        `LearnedOptimizer: variable "${now.name}" has shape [${now.shape}], but was saved with [${shape}]; load the model that was saved with this optimizer`,
      );
    }
  }
  const claimed = new Set(names.values());
  const unknown = present.filter(({ name }) => !claimed.has(name));
  const listed = (list: readonly VariableDescription[]): string =>
    list.map(({ name, shape }) => `"${printable(name)}" [${shape}]`).join(', ');
  if (unknown.length > 0 && !allowUnknown) {
    throw new UserError(
      `LearnedOptimizer: the loaded state knows nothing of ${listed(unknown)}, or cannot tell which they are; it was saved for ${listed(saved)}. ` +
        "Load the model that was saved with it, or let such variables start afresh with { unknownVariables: 'fresh' }",
    );
  }
  for (const { name } of saved)
    if (!names.has(name) && present.every((variable) => variable.name !== name)) names.set(name, name);
  return names;
}

/**
 * The saved variables that are among the present ones (saved name → present name), each found at most once.
 * The first of these ways that finds all of the one side decides:
 *
 * 1. equal names;
 * 2. names that are equal but for an ending, with equal shapes: in a process that already has a variable of
 *   that name, tfjs gives a loaded model's variable another one
 *    (`kernel` → `kernel_1`);
 * 3. whatever it finds: names that are equal but for all their numbers, with equal shapes, as in a model that
 *   the same code made again. Those are paired in order where
 * there are as many on either side; where there are not, nobody can tell which of them is missing, and none
 *    is paired.
 */
export function counterparts(
  saved: readonly VariableDescription[],
  present: readonly VariableDescription[],
): Map<string, string> {
  const byName = paired(saved, present, ({ name }) => name);
  const byEnding = paired(
    saved,
    present,
    ({ name, shape }) => `${name.replace(/_\d+$/, '')} ${shape.join()}`,
  );
  const all = Math.min(saved.length, present.length);
  return (
    [byName, byEnding].find(({ size }) => size === all) ??
    paired(saved, present, ({ name, shape }) => `${stem(name)} ${shape.join()}`)
  );
}

function paired(
  saved: readonly VariableDescription[],
  present: readonly VariableDescription[],
  keyOf: (variable: VariableDescription) => string,
): Map<string, string> {
  const [before, now] = [saved, present].map((list) => grouped(list, keyOf)) as [
    Map<string, VariableDescription[]>,
    Map<string, VariableDescription[]>,
  ];
  const names = new Map<string, string>();
  for (const [key, some] of before) {
    const others = now.get(key);
    if (others?.length === some.length)
      some.forEach(({ name }, i) => names.set(name, (others[i] as VariableDescription).name));
  }
  return names;
}

function grouped(
  list: readonly VariableDescription[],
  keyOf: (variable: VariableDescription) => string,
): Map<string, VariableDescription[]> {
  const groups = new Map<string, VariableDescription[]>();
  for (const variable of list)
    groups.set(keyOf(variable), [...(groups.get(keyOf(variable)) ?? []), variable]);
  return groups;
}

/** A name without the numbers that make it unique, in every part: `dense_Dense2/kernel_1` → `dense_Dense/kernel`. */
function stem(name: string): string {
  return name.replace(/_?\d+(?=\/|$)/g, '');
}

/** Entries that are kept by name go by their new names (name → new name). */
export function renameKeys<T>(entries: Map<string, T>, names: ReadonlyMap<string, string>): void {
  const moved = [...names].flatMap(([name, to]) =>
    entries.has(name) ? [[to, entries.get(name) as T] as const] : [],
  );
  for (const name of names.keys()) entries.delete(name);
  for (const [name, entry] of moved) entries.set(name, entry);
}

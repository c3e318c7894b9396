import {
  UserError,
  parameterLayout,
  type ParameterBlock,
  type ParameterLayout,
  type ParameterRole,
} from '@metadescent/core';
import * as z from 'zod/mini';

/** What is known of a tf variable: enough to say which coordinate group it is. */
export interface VariableDescription {
  /** e.g. `dense_Dense1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
}

const roles = ['weight', 'bias', 'kernel', 'scale', 'vector'] as const satisfies readonly ParameterRole[];

/**
 * Corrections to the roles and layers that `variableGroups` reads off names and shapes: the first key that a
 * variable's name contains wins. Plain data, so that it is saved with a model.
 */
export const groupOverridesSchema = z.record(
  z.string().check(z.minLength(1)),
  z.strictObject({ role: z.optional(z.enum(roles)), layer: z.optional(z.int().check(z.minimum(0))) }),
);
export type GroupOverrides = z.infer<typeof groupOverridesSchema>;

/**
 * The coordinate groups of tf variables: one group per variable, in order, with its role and layer.
 *
 * Role, by the last part of the name and then by the shape: `…bias`, `…beta` are biases; `…gamma`, `…alpha`
 * scales; of the rest, three or more axes make a kernel and two a weight matrix (also an embedding, which is
 * one). A vector that follows a kernel or matrix with as many outputs is its bias, as in models written with
 * bare variables; other vectors and scalars are vectors.
 *
 * Layer: variables whose names share the part before the last slash are one layer; bare variables start a
 * layer at each kernel or matrix. Layers count from 0 in the order of the variables.
 *
 * @throws UserError where a name is repeated or a variable has no entries.
 * @example
 * const [kernel, bias] = [{ name: 'dense_1/kernel', shape: [4, 3] }, { name: 'dense_1/bias', shape: [3] }];
 * variableGroups([kernel, bias]).groups.map((group) => group.role) // => ['weight', 'bias']
 */
export function variableGroups(
  variables: readonly VariableDescription[],
  overrides: GroupOverrides = {},
): ParameterLayout {
  const layers = new Map<string, number>();
  let depth = -1;
  let bare = -1;
  const blocks: ParameterBlock[] = [];
  variables.forEach(({ name, shape }) => {
    const role = roleOf(name, shape, blocks.at(-1));
    const slash = name.lastIndexOf('/');
    if (slash > 0) {
      const prefix = name.slice(0, slash);
      if (!layers.has(prefix)) layers.set(prefix, ++depth);
    } else if (bare < 0 || role === 'weight' || role === 'kernel') bare = ++depth;
    const layer = slash > 0 ? (layers.get(name.slice(0, slash)) as number) : bare;
    const override = Object.entries(overrides).find(([part]) => name.includes(part))?.[1];
    blocks.push({ name, role: override?.role ?? role, layer: override?.layer ?? layer, shape });
  });
  try {
    return parameterLayout(blocks);
  } catch (error) {
    throw new UserError(
      `variableGroups: ${(error as Error).message}; give every variable a name of its own and a shape without zeros`,
    );
  }
}

function roleOf(name: string, shape: readonly number[], before: ParameterBlock | undefined): ParameterRole {
  // tfjs appends _1, _2, … to names that are taken.
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/_\d+$/, '');
  if (/(bias|beta)$/.test(last)) return 'bias';
  if (/(gamma|alpha)$/.test(last)) return 'scale';
  if (shape.length >= 3) return 'kernel';
  if (shape.length === 2) return 'weight';
  const follows = before !== undefined && before.shape.length >= 2 && before.shape.at(-1) === shape[0];
  return shape.length === 1 && follows ? 'bias' : 'vector';
}
